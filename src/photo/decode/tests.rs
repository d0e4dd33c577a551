mod metadata;

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::tiff::TiffEncoder;
use image::{ImageEncoder, ImageFormat};
use proptest::prelude::*;

use super::*;
use crate::fs::Overwrite;
use crate::photo::test_pictures::{PHOTO_COLOR_TYPES, varied_picture as picture};
use crate::photo::{PngMetadata, encode_png, save_png};

fn encoded(pixels: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn decoded(bytes: &[u8]) -> Photo {
    decode(bytes, DecodeLimits::default()).unwrap()
}

fn refused(bytes: &[u8]) -> PhotoError {
    decode(bytes, DecodeLimits::default()).unwrap_err()
}

/// A profile with only the colour space filled in.
fn profile(space: [u8; 4]) -> Vec<u8> {
    let mut profile = vec![7; 128];
    profile[16..20].copy_from_slice(&space);
    profile
}

#[test]
fn png_keeps_colour_type_depth_and_profile() {
    for color in PHOTO_COLOR_TYPES {
        for (width, height) in [(1, 1), (7, 5)] {
            let pixels = picture(color, width, height);
            let icc = profile(if color.has_color() { *b"RGB " } else { *b"GRAY" });
            let photo = decoded(&encode_png(&pixels, &PngMetadata::only_profile(Some(&icc))).unwrap());
            assert_eq!(photo.pixels, pixels, "{color:?}");
            assert_eq!(photo.metadata.icc_profile, Some(icc), "{color:?}");
        }
    }
}

#[test]
fn profile_for_other_pixels_is_dropped() {
    let photo = decoded(
        &encode_png(&picture(ColorType::Rgb8, 3, 3), &PngMetadata::only_profile(Some(&profile(*b"CMYK")))).unwrap(),
    );
    assert_eq!(photo.metadata.icc_profile, None);
}

#[test]
fn format_is_detected_without_the_name() {
    let pixels = picture(ColorType::Rgb8, 9, 6);
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let path = folder.path().join("photo.misnamed");
        std::fs::write(&path, encoded(&pixels, format)).unwrap();
        let photo = open(&path, DecodeLimits::default()).unwrap();
        assert_eq!((photo.width(), photo.height()), (9, 6), "{format:?}");
        assert_eq!(photo.source, Some(path));
        if format != ImageFormat::Jpeg {
            assert_eq!(photo.pixels, pixels, "{format:?}");
        }
    }
}

#[test]
fn floating_point_becomes_sixteen_bits() {
    let pixels = picture(ColorType::Rgb32F, 4, 3);
    let photo = decoded(&encoded(&pixels, ImageFormat::Tiff));
    assert_eq!(photo.pixels, DynamicImage::ImageRgb16(pixels.to_rgb16()));
    assert_eq!(photo.pixels.color(), ColorType::Rgb16);
}

/// A JPEG of 4×2 pixels, dark left and bright right, with an orientation in hand-made EXIF.
fn jpeg_with_orientation(orientation: u8) -> Vec<u8> {
    let pixels = image::GrayImage::from_fn(16, 8, |x, _| image::Luma([if x < 8 { 20 } else { 230 }]));
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).write_image(&pixels, 16, 8, image::ExtendedColorType::L8).unwrap();
    let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let segment = [&[0xFF, 0xE1], &length[..], &exif].concat();
    [&bytes[..2], &segment, &bytes[2..]].concat()
}

#[test]
fn exif_orientation_is_applied() {
    let luma = |photo: &Photo, x, y| photo.pixels.to_luma8().get_pixel(x, y).0[0];
    let plain = decoded(&jpeg_with_orientation(1));
    assert_eq!((plain.width(), plain.height()), (16, 8));
    assert!(luma(&plain, 2, 4) < 60 && luma(&plain, 13, 4) > 190);
    // 6: turned clockwise to be upright, so the left side comes to the top.
    let turned = decoded(&jpeg_with_orientation(6));
    assert_eq!((turned.width(), turned.height()), (8, 16));
    assert!(luma(&turned, 4, 2) < 60 && luma(&turned, 4, 13) > 190);
    // 3: upside down.
    let upside_down = decoded(&jpeg_with_orientation(3));
    assert!(luma(&upside_down, 2, 4) > 190 && luma(&upside_down, 13, 4) < 60);
}

#[test]
fn unknown_formats_are_refused_with_advice() {
    assert!(matches!(refused(b""), PhotoError::Empty));
    for bytes in [&b"just text, no picture at all"[..], b"\x89"] {
        let error = refused(bytes);
        assert!(matches!(error, PhotoError::UnknownFormat | PhotoError::OtherKind(_)), "{error:?}");
        assert!(error.to_string().contains("PNG, JPEG, WebP, TIFF or BMP"), "{error}");
    }
}

#[test]
fn missing_file_is_named() {
    let error = open(Path::new("no/such/photo.png"), DecodeLimits::default()).unwrap_err();
    assert!(matches!(error, PhotoError::Read { .. }));
    insta::assert_snapshot!(error, @"there is no file no/such/photo.png: check the name");
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path(), DecodeLimits::default()).unwrap_err().to_string();
    assert!(error.contains("is a folder") || cfg!(not(unix)), "{error}");
}

#[test]
fn an_error_is_told_once() {
    let broken = refused(&encoded(&picture(ColorType::Rgb8, 64, 48), ImageFormat::Png)[..200]);
    assert!(std::error::Error::source(&broken).is_none());
    insta::assert_snapshot!(broken, @"the file is broken or cut short: open another copy of it");
}

#[test]
fn a_film_is_refused_by_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.jpg");
    let film = std::fs::File::create(&path).unwrap();
    std::io::Write::write_all(&mut &film, b"\0\0\0\x14ftypqt  \0\0\0\0qt  ").unwrap();
    // A hole of 100 GB takes no space, and reading it would fail.
    film.set_len(100_000_000_000).unwrap();
    assert!(matches!(open(&path, DecodeLimits::default()), Err(PhotoError::OtherKind(_))));
}

#[test]
fn a_panic_of_a_decoder_is_an_error() {
    let half_a_colour = include_bytes!("../../../assets/fuzz/png/found-half-colour.png");
    assert!(matches!(refused(half_a_colour), PhotoError::Broken { .. }));
}

#[test]
fn truncated_files_are_refused_in_every_format() {
    let pixels = picture(ColorType::Rgb8, 64, 48);
    for format in FORMATS {
        let bytes = encoded(&pixels, format);
        for share in [3, 10, 50, 90] {
            let error = refused(&bytes[..(bytes.len() * share / 100).max(13)]);
            assert!(
                matches!(error, PhotoError::Broken { .. } | PhotoError::CutShort | PhotoError::UnknownFormat),
                "{format:?} at {share} %: {error:?}"
            );
        }
    }
}

/// A PNG with the header of a picture of this size, but the data of a single pixel.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encode_png(&picture(ColorType::Rgb8, 1, 1), &PngMetadata::default()).unwrap();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// PNG's checksum (its specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[test]
fn huge_picture_is_refused_by_its_header() {
    let error = refused(&png_header(50_000, 50_000));
    assert!(matches!(error, PhotoError::TooLarge { width: 50_000, height: 50_000, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("50000×50000") && text.contains("120 megapixels"), "{text}");

    let mut bmp = encoded(&picture(ColorType::Rgb8, 1, 1), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&50_000u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&50_000u32.to_le_bytes());
    assert!(matches!(refused(&bmp), PhotoError::TooLarge { .. } | PhotoError::Broken { .. }));
}

#[test]
fn pixel_limit_is_inclusive() {
    let bytes = encode_png(&picture(ColorType::Rgb8, 20, 10), &PngMetadata::default()).unwrap();
    assert!(decode(&bytes, DecodeLimits { max_pixels: 200 }).is_ok());
    assert!(matches!(decode(&bytes, DecodeLimits { max_pixels: 199 }), Err(PhotoError::TooLarge { .. })));
}

#[test]
fn sixteen_bit_tiff_keeps_its_depth() {
    let pixels = picture(ColorType::Rgb16, 6, 4);
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes).write_image(pixels.as_bytes(), 6, 4, ColorType::Rgb16.into()).unwrap();
    assert_eq!(decoded(&bytes.into_inner()).pixels, pixels);
}

#[test]
fn saving_replaces_no_file_without_permission() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.png");
    let names =
        || std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let (first, second) = (picture(ColorType::Rgba16, 3, 2), picture(ColorType::L8, 5, 5));
    save_png(&path, &first, &PngMetadata::default(), Overwrite::Refuse).unwrap();
    let error = save_png(&path, &second, &PngMetadata::default(), Overwrite::Refuse).unwrap_err();
    assert!(matches!(error, crate::photo::SaveError::Write(crate::fs::WriteError::Exists { .. })), "{error:?}");
    assert_eq!(open(&path, DecodeLimits::default()).unwrap().pixels, first);
    save_png(&path, &second, &PngMetadata::default(), Overwrite::Allow).unwrap();
    assert_eq!(open(&path, DecodeLimits::default()).unwrap().pixels, second);
    assert_eq!(names(), ["out.png"]);

    let missing =
        save_png(&folder.path().join("none/out.png"), &first, &PngMetadata::default(), Overwrite::Allow).unwrap_err();
    assert!(matches!(missing, crate::photo::SaveError::Write(crate::fs::WriteError::NoFolder { .. })), "{missing:?}");
    let folder_itself = save_png(folder.path(), &first, &PngMetadata::default(), Overwrite::Allow).unwrap_err();
    assert!(
        matches!(folder_itself, crate::photo::SaveError::Write(crate::fs::WriteError::IsFolder { .. })),
        "{folder_itself:?}"
    );
    assert_eq!(names(), ["out.png"]);
}

#[cfg(target_os = "linux")]
#[test]
fn read_only_folder_is_refused() {
    // Nobody, not even root, may create files in /proc.
    let error =
        save_png(Path::new("/proc/out.png"), &picture(ColorType::L8, 1, 1), &PngMetadata::default(), Overwrite::Allow);
    assert!(!Path::new("/proc/out.png").exists());
    let text = error.unwrap_err().to_string();
    assert!(text.contains("/proc") && text.contains("another"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn broken_files_never_panic(
        format in 0..FORMATS.len(),
        cut in 0usize..4000,
        changes in prop::collection::vec((0usize..4000, any::<u8>()), 0..6),
    ) {
        let mut bytes = encoded(&picture(ColorType::Rgb8, 19, 11), FORMATS[format]);
        for (index, value) in changes {
            let length = bytes.len();
            bytes[index % length] = value;
        }
        bytes.truncate(cut.max(1));
        if let Ok(photo) = decode(&bytes, DecodeLimits { max_pixels: 1_000_000 }) {
            prop_assert!(photo.width() > 0 && u64::from(photo.width()) * u64::from(photo.height()) <= 1_000_000);
        }
    }
}

#[test]
fn cmyk_jpeg_opens_as_rgb() {
    let photo = decode(include_bytes!("../../../assets/fixtures/cmyk.jpg"), DecodeLimits::default()).unwrap();
    assert_eq!((photo.pixels.color(), photo.width(), photo.height()), (ColorType::Rgb8, 16, 12));
    let found = photo.pixels.to_rgb8().get_pixel(8, 6).0;
    assert!(found.iter().zip([200u8, 60, 30]).all(|(a, b)| a.abs_diff(b) < 8), "{found:?}");
}

#[test]
fn animated_webp_opens_its_first_frame() {
    let photo = decode(include_bytes!("../../../assets/fixtures/animated.webp"), DecodeLimits::default()).unwrap();
    assert_eq!(photo.pixels.to_rgb8().get_pixel(8, 6).0, [200, 60, 30]);
}
