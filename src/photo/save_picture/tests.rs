use image::{ColorType, Rgb, RgbImage};

use super::*;
use crate::photo::exif::tests::sample_block;
use crate::photo::metadata::{PhotoText, PixelDensity};
use crate::photo::test_pictures::{PHOTO_COLOR_TYPES, to_color_type, varied_picture};
use crate::photo::{DecodeLimits, Photo, decode};

const NOT_PNG: [PictureFormat; 3] = [PictureFormat::Jpeg, PictureFormat::Tiff, PictureFormat::WebP];

fn encode(pixels: &DynamicImage, metadata: &PngMetadata<'_>, format: PictureFormat) -> EncodedPicture {
    encode_picture(pixels, metadata, format, 92).unwrap()
}

fn encode_plain(pixels: &DynamicImage, format: PictureFormat) -> Vec<u8> {
    encode(pixels, &PngMetadata::default(), format).bytes
}

fn opened(bytes: &[u8]) -> Photo {
    decode(bytes, DecodeLimits::default()).unwrap()
}

/// A smooth picture, as photos are.
fn smooth(width: u32, height: u32) -> DynamicImage {
    let wave = |at: u32, speed: u32| 128.0 + 90.0 * (f64::from(at * speed) * 0.01).sin();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "38 to 218")]
    let pixel = |x: u32, y: u32| Rgb([wave(x, 3), wave(y, 4), wave(x + y, 2)].map(|value| value as u8));
    RgbImage::from_fn(width, height, pixel).into()
}

/// A photo with all kinds of metadata.
fn photo_with_metadata(pixels: DynamicImage) -> Photo {
    let mut photo = Photo::from_pixels(pixels);
    let space: &[u8] = if photo.pixels.color().has_color() { b"RGB " } else { b"GRAY" };
    photo.metadata.icc_profile = Some([&[7; 16][..], space, &vec![9; 70_000]].concat());
    photo.metadata.exif = Some(sample_block(1, None));
    photo.metadata.xmp = Some(crate::photo::with_source_type(None, "http://example.org/made").into_bytes());
    photo.metadata.iptc = Some(b"\x1C\x02\x50\0\x03Ann".to_vec());
    photo.metadata.density = PixelDensity::per_inch(300.0, 150.0);
    photo
}

#[test]
fn tiff_keeps_every_value_of_every_kind_of_pixels() {
    for color in PHOTO_COLOR_TYPES {
        // Several strips, the last one shorter.
        for (width, height) in [(1, 1), (45, 33), (901, 777)] {
            let pixels = varied_picture(color, width, height);
            let bytes = encode_plain(&pixels, PictureFormat::Tiff);
            assert!(opened(&bytes).pixels == pixels, "{color:?} {width}×{height}");
            // The `image` crate reads no grey with alpha.
            if ![ColorType::La8, ColorType::La16].contains(&color) {
                assert!(image::load_from_memory(&bytes).unwrap() == pixels, "{color:?} {width}×{height}");
            }
        }
    }
}

#[test]
fn webp_keeps_every_value_of_8_bits() {
    for color in PHOTO_COLOR_TYPES {
        let pixels = varied_picture(color, 45, 33);
        let read = opened(&encode_plain(&pixels, PictureFormat::WebP)).pixels;
        assert_eq!(read.color(), if color.has_alpha() { ColorType::Rgba8 } else { ColorType::Rgb8 });
        assert!(read.to_rgba8() == pixels.to_rgba8(), "{color:?}");
    }
}

#[test]
fn colours_of_transparent_pixels_survive() {
    let mut pixels = varied_picture(ColorType::Rgba8, 40, 30).into_rgba8();
    pixels.pixels_mut().step_by(3).for_each(|pixel| pixel.0[3] = 0);
    for format in [PictureFormat::Tiff, PictureFormat::WebP] {
        assert!(opened(&encode_plain(&pixels.clone().into(), format)).pixels.into_rgba8() == pixels, "{format:?}");
    }
}

#[test]
fn jpeg_is_close_and_quality_decides_how_close() {
    for color in [ColorType::L8, ColorType::Rgb8, ColorType::Rgb16, ColorType::Rgba8] {
        let pixels = to_color_type(smooth(150, 99), color);
        let saved =
            |quality| encode_picture(&pixels, &PngMetadata::default(), PictureFormat::Jpeg, quality).unwrap().bytes;
        let mean_difference = |bytes: &[u8]| {
            let (read, pixels) = (opened(bytes).pixels.into_rgb8(), pixels.to_rgb8());
            let sum: u32 = read.iter().zip(pixels.iter()).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            f64::from(sum) / f64::from(u32::try_from(pixels.len()).unwrap())
        };
        let (good, poor) = (saved(92), saved(10));
        let (fine, coarse) = (mean_difference(&good), mean_difference(&poor));
        assert!(fine < 1.5 && coarse > 2.0 * fine, "{color:?}: {fine} and {coarse}");
        assert!(poor.len() < good.len(), "{color:?}");
        let independent = image::load_from_memory(&good).unwrap();
        assert_eq!(independent.color().has_color(), color.has_color());
    }
}

#[test]
fn profile_exif_xmp_and_print_size_survive() {
    for pixels in [smooth(60, 40), DynamicImage::ImageLuma8(smooth(60, 40).into_luma8())] {
        let has_color = pixels.color().has_color();
        let photo = photo_with_metadata(pixels);
        for format in NOT_PNG {
            let file = encode(&photo.pixels, &photo.png_metadata(), format);
            let read = opened(&file.bytes).metadata;
            let has_profile = has_color || format != PictureFormat::WebP;
            assert!(read.icc_profile == photo.metadata.icc_profile.clone().filter(|_| has_profile), "{format:?}");
            assert_eq!(read.xmp, photo.metadata.xmp, "{format:?}");
            assert_eq!(read.iptc, photo.metadata.iptc.clone().filter(|_| format != PictureFormat::WebP), "{format:?}");
            let exif = read.exif.unwrap();
            let text = |block: &[u8]| block.windows(3).any(|bytes| bytes == b"Ann");
            assert!(text(&exif), "{format:?}: the maker's name");
            if format != PictureFormat::Tiff {
                assert_eq!(Some(exif), photo.metadata.exif, "{format:?}");
            }
            if format != PictureFormat::WebP {
                assert_eq!(read.density, photo.metadata.density, "{format:?}");
            }
        }
    }
}

#[test]
fn files_are_not_turned_again() {
    // The camera held upright: the file's pixels lie on the side.
    let block = sample_block(6, Some(b"\xFF\xD8the old face\xFF\xD9"));
    let metadata = PngMetadata { exif: Some(&block), ..PngMetadata::default() };
    let photo = opened(&encode(&smooth(64, 40), &metadata, PictureFormat::Jpeg).bytes);
    assert_eq!((photo.width(), photo.height()), (40, 64));
    for format in PictureFormat::ALL {
        let file = encode(&photo.pixels, &photo.png_metadata(), format).bytes;
        let again = opened(&file);
        assert_eq!((again.width(), again.height()), (40, 64), "{format:?}");
        if format != PictureFormat::Jpeg {
            assert!(again.pixels.to_rgb8() == photo.pixels.to_rgb8(), "{format:?}");
        }
        assert!(!file.windows(12).any(|bytes| bytes == b"the old face"), "{format:?}: the thumbnail");
        // Another reader's orientation.
        let mut exif = again.metadata.exif.unwrap();
        let orientation = image::metadata::Orientation::remove_from_exif_chunk(&mut exif);
        assert!(matches!(orientation, None | Some(image::metadata::Orientation::NoTransforms)), "{format:?}");
    }
}

#[test]
fn tiff_follows_the_byte_order_of_the_exif_block() {
    // One entry: the maker's name.
    let block = [&b"MM\0\x2A\0\0\0\x08\0\x01"[..], b"\x01\x0F\0\x02\0\0\0\x04Ann\0", &[0; 4]].concat();
    let broken = b"MM\0\x2A\xFF\0\0\0".to_vec();
    for color in [ColorType::Rgb16, ColorType::L8, ColorType::La16] {
        let pixels = varied_picture(color, 33, 21);
        for (block, is_kept) in [(&block, true), (&broken, false)] {
            let density = PixelDensity::per_inch(72.0, 72.0);
            let metadata = PngMetadata { exif: Some(block), density, ..PngMetadata::default() };
            let file = encode(&pixels, &metadata, PictureFormat::Tiff).bytes;
            assert_eq!(file.starts_with(b"MM"), is_kept);
            let read = opened(&file);
            assert!(read.pixels == pixels, "{color:?}");
            assert_eq!(read.metadata.density, density);
            assert_eq!(read.metadata.exif.is_some_and(|exif| exif.windows(3).any(|bytes| bytes == b"Ann")), is_kept);
        }
    }
}

#[test]
fn jpeg_refuses_transparency_only_where_there_is_some() {
    let mut pixels = smooth(20, 20).into_rgba8();
    encode_plain(&pixels.clone().into(), PictureFormat::Jpeg);
    pixels.get_pixel_mut(19, 19).0[3] = 254;
    for pixels in [DynamicImage::from(pixels.clone()), to_color_type(pixels.into(), ColorType::La16)] {
        let error = encode_picture(&pixels, &PngMetadata::default(), PictureFormat::Jpeg, 92).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"a JPEG cannot hold transparency: choose .png, .tif or .webp");
        }
    }
}

#[test]
fn what_a_format_cannot_hold_is_told() {
    let mut photo = photo_with_metadata(to_color_type(smooth(20, 20), ColorType::L16));
    let comment = |keyword: &str| PhotoText { keyword: keyword.into(), text: "hello".into() };
    photo.metadata.texts = vec![comment("Comment"), comment("Author")];
    let notes = |photo: &Photo, format| encode(&photo.pixels, &photo.png_metadata(), format).notes.join("\n");
    assert_eq!(notes(&photo, PictureFormat::Png), "");
    insta::assert_snapshot!(notes(&photo, PictureFormat::Jpeg), @r"
    JPEG holds 8 bits per channel: the 16 of the photo are rounded
    Left out, because this JPEG cannot hold it: texts of a PNG
    ");
    insta::assert_snapshot!(notes(&photo, PictureFormat::Tiff), @"Left out, because this TIFF cannot hold it: texts and comments");
    insta::assert_snapshot!(notes(&photo, PictureFormat::WebP), @r"
    WebP holds 8 bits per channel: the 16 of the photo are rounded
    Left out, because this WebP cannot hold it: grey profile, IPTC, texts and comments
    ");
    let file = encode(&photo.pixels, &photo.png_metadata(), PictureFormat::Jpeg).bytes;
    assert_eq!(opened(&file).metadata.texts, [comment("Comment")]);
    photo.metadata.texts.clear();
    photo.metadata.xmp = Some(vec![b' '; 70_000]);
    photo.metadata.exif.as_mut().unwrap().resize(70_000, 0);
    insta::assert_snapshot!(notes(&photo, PictureFormat::Jpeg), @r"
    JPEG holds 8 bits per channel: the 16 of the photo are rounded
    Left out, because this JPEG cannot hold it: EXIF (longer than 64 KB), XMP (longer than 64 KB)
    ");
}

#[test]
fn colours_that_only_a_png_can_name_are_told() {
    let mut photo = Photo::from_pixels(smooth(20, 20));
    let is_told = |photo: &Photo| {
        NOT_PNG
            .map(|format| encode(&photo.pixels, &photo.png_metadata(), format).notes.join(""))
            .map(|notes| notes.starts_with("Colours may look different"))
    };
    assert_eq!(is_told(&photo), [false; 3]);
    photo.metadata.color_encoding.gamma = Some(SRGB_GAMMA);
    assert_eq!(is_told(&photo), [false; 3]);
    photo.metadata.color_encoding.gamma = Some(100_000);
    assert_eq!(is_told(&photo), [true; 3]);
    photo.metadata.color_encoding.srgb_intent = Some(0);
    assert_eq!(is_told(&photo), [false; 3]);
    photo.metadata.color_encoding.cicp = Some([9, 16, 0, 1]);
    assert_eq!(is_told(&photo), [true; 3]);
}
