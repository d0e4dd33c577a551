//! ICC profile, EXIF and XMP survive from every format to PNG and back.

use std::borrow::Cow;

use super::*;
use crate::photo::embedded_picture::tests::{holds_picture, old_face, old_face_base64};
use crate::photo::exif::tests::sample_block;
use crate::photo::{ColorEncoding, PhotoText};

const WIDTH: u32 = 16;
const HEIGHT: u32 = 8;

fn xmp(orientation: u8) -> Vec<u8> {
    format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description rdf:about='' xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation='{orientation}'>\
         <tiff:Artist>Jürgen</tiff:Artist></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    .into_bytes()
}

/// The metadata of a test file.
struct TestMetadata {
    icc: Vec<u8>,
    exif: Vec<u8>,
    xmp: Vec<u8>,
}

fn metadata(orientation: u8) -> TestMetadata {
    let thumbnail = Some(&b"\xFF\xD8old face\xFF\xD9"[..]);
    TestMetadata { icc: profile(*b"RGB "), exif: sample_block(orientation.into(), thumbnail), xmp: xmp(orientation) }
}

fn png(metadata: &TestMetadata) -> Vec<u8> {
    let png_metadata = PngMetadata {
        icc_profile: Some(&metadata.icc),
        exif: Some(&metadata.exif),
        xmp: Some(Cow::Borrowed(&metadata.xmp)),
        ..PngMetadata::default()
    };
    encode_png(&picture(ColorType::Rgb8, WIDTH, HEIGHT), &png_metadata).unwrap()
}

fn jpeg(metadata: &TestMetadata) -> Vec<u8> {
    let bytes = encoded(&picture(ColorType::Rgb8, WIDTH, HEIGHT), ImageFormat::Jpeg);
    let segment = |marker: u8, mark: &[u8], content: &[u8]| {
        let length = u16::try_from(2 + mark.len() + content.len()).unwrap().to_be_bytes();
        [&[0xFF, marker], &length[..], mark, content].concat()
    };
    [
        bytes[..2].to_vec(),
        segment(0xE1, b"Exif\0\0", &metadata.exif),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0", &metadata.xmp),
        segment(0xE2, b"ICC_PROFILE\0\x01\x01", &metadata.icc),
        bytes[2..].to_vec(),
    ]
    .concat()
}

/// `mark` is put in front of the EXIF block, as some writers do.
fn webp(metadata: &TestMetadata, mark: &[u8]) -> Vec<u8> {
    let simple = encoded(&picture(ColorType::Rgb8, WIDTH, HEIGHT), ImageFormat::WebP);
    assert_eq!(&simple[12..16], b"VP8L");
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        [kind, &length[..], content, &[0][..content.len() % 2]].concat()
    };
    let (width, height) = (u8::try_from(WIDTH - 1).unwrap(), u8::try_from(HEIGHT - 1).unwrap());
    // Flags: ICC profile, EXIF and XMP are present.
    let header = [0b10_1100, 0, 0, 0, width, 0, 0, height, 0, 0];
    let chunks = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &header),
        chunk(b"ICCP", &metadata.icc),
        simple[12..].to_vec(),
        chunk(b"EXIF", &[mark, &metadata.exif].concat()),
        chunk(b"XMP ", &metadata.xmp),
    ];
    chunk(b"RIFF", &chunks.concat())
}

/// An uncompressed TIFF with an orientation tag.
fn tiff(metadata: &TestMetadata, orientation: u8) -> Vec<u8> {
    let pixels = picture(ColorType::Rgb8, WIDTH, HEIGHT);
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let entries = 12;
    let depths_at = 8 + 2 + entries * 12 + 4;
    let pixels_at = depths_at + 6;
    let xmp_at = pixels_at + length(pixels.as_bytes());
    let icc_at = xmp_at + length(&metadata.xmp);
    [
        b"II\x2A\0\x08\0\0\0".to_vec(),
        u16::try_from(entries).unwrap().to_le_bytes().to_vec(),
        entry(256, 3, 1, WIDTH),
        entry(257, 3, 1, HEIGHT),
        entry(258, 3, 3, depths_at),
        entry(259, 3, 1, 1),
        entry(262, 3, 1, 2),
        entry(273, 4, 1, pixels_at),
        entry(274, 3, 1, orientation.into()),
        entry(277, 3, 1, 3),
        entry(278, 3, 1, HEIGHT),
        entry(279, 4, 1, length(pixels.as_bytes())),
        entry(700, 1, length(&metadata.xmp), xmp_at),
        entry(34675, 7, length(&metadata.icc), icc_at),
        vec![0; 4],
        [8, 0].repeat(3),
        pixels.as_bytes().to_vec(),
        metadata.xmp.clone(),
        metadata.icc.clone(),
    ]
    .concat()
}

/// A file of every format with metadata, and whether its EXIF can be read.
fn files(orientation: u8) -> Vec<(&'static str, Vec<u8>, bool)> {
    let metadata = metadata(orientation);
    vec![
        ("PNG", png(&metadata), true),
        ("JPEG", jpeg(&metadata), true),
        ("WebP", webp(&metadata, b""), true),
        ("WebP with a mark", webp(&metadata, b"Exif\0\0"), true),
        ("TIFF", tiff(&metadata, orientation), false),
    ]
}

#[test]
fn metadata_survives_from_every_format_to_png() {
    for (format, bytes, has_exif) in files(1) {
        let photo = decoded(&bytes);
        assert_eq!((photo.width(), photo.height()), (WIDTH, HEIGHT), "{format}");
        let (exif, _) = crate::photo::exif::make_upright(metadata(1).exif, None);
        assert_eq!(photo.metadata.exif, has_exif.then_some(exif), "{format}");
        assert_eq!(photo.metadata.icc_profile, Some(metadata(1).icc), "{format}");
        assert_eq!(photo.metadata.xmp, Some(xmp(1)), "{format}");
        let again = decoded(&encode_png(&photo.pixels, &photo.png_metadata()).unwrap());
        assert_eq!(again.png_metadata(), photo.png_metadata(), "{format}");
        assert_eq!(again.pixels, photo.pixels, "{format}");
    }
}

#[test]
fn orientation_is_applied_only_once() {
    for (format, bytes, has_exif) in files(6) {
        let photo = decoded(&bytes);
        assert_eq!((photo.width(), photo.height()), (HEIGHT, WIDTH), "{format}: turned upright");
        assert_eq!(photo.metadata.xmp, Some(xmp(1)), "{format}");
        let exif = photo.metadata.exif.as_deref().and_then(Orientation::from_exif_chunk);
        assert_eq!(exif, has_exif.then_some(Orientation::NoTransforms), "{format}");
        let again = decoded(&encode_png(&photo.pixels, &photo.png_metadata()).unwrap());
        assert_eq!(again.pixels, photo.pixels, "{format}: not turned again");
    }
}

#[test]
fn no_thumbnail_is_exported() {
    for (format, bytes, _) in files(1) {
        let photo = decoded(&bytes);
        let exported = encode_png(&photo.pixels, &photo.png_metadata()).unwrap();
        assert!(!exported.windows(8).any(|window| window == b"old face"), "{format}");
    }
}

#[test]
fn photo_with_broken_metadata_opens() {
    let broken = TestMetadata { icc: vec![1, 2, 3], exif: vec![0xFF; 7], xmp: vec![0xFE, 0xFF, 0, 60] };
    // A PNG cannot hold such XMP in the first place.
    for (format, bytes) in [("JPEG", jpeg(&broken)), ("WebP", webp(&broken, b"")), ("TIFF", tiff(&broken, 77))] {
        let photo = decoded(&bytes);
        assert_eq!((photo.width(), photo.height(), &photo.metadata.icc_profile), (WIDTH, HEIGHT, &None), "{format}");
        let again = decoded(&encode_png(&photo.pixels, &photo.png_metadata()).unwrap());
        assert_eq!((again.pixels, again.metadata.xmp), (photo.pixels, photo.metadata.xmp), "{format}");
    }
}

#[test]
fn photo_without_metadata_gets_none() {
    let photo = decoded(&encoded(&picture(ColorType::Rgb8, 3, 3), ImageFormat::Png));
    assert_eq!(photo.png_metadata(), PngMetadata::default());
}

/// Metadata of every kind, as an export has it.
fn all_metadata() -> PhotoMetadata {
    PhotoMetadata {
        icc_profile: Some(profile(*b"RGB ")),
        exif: Some(sample_block(1, None)),
        xmp: Some(xmp(1)),
        iptc: Some(b"\x1C\x02\x50\0\x03Ann".to_vec()),
        density: PixelDensity::per_inch(300.0, 150.0),
        color_encoding: ColorEncoding { gamma: Some(45_455), cicp: Some([1, 13, 0, 1]), ..ColorEncoding::default() },
        texts: vec![PhotoText { keyword: "Author".into(), text: "Jürgen 漢字".into() }],
    }
}

#[test]
fn export_keeps_everything_when_opened_again() {
    let pixels = picture(ColorType::Rgb8, WIDTH, HEIGHT);
    let photo = Photo { metadata: all_metadata(), ..Photo::from_pixels(pixels) };
    let again = decoded(&encode_png(&photo.pixels, &photo.png_metadata()).unwrap());
    assert_eq!(again.metadata, photo.metadata);
    assert_eq!(again.color_metadata().texts, Vec::new());
    let colors = decoded(&encode_png(&photo.pixels, &photo.color_metadata()).unwrap()).metadata;
    let PhotoMetadata { icc_profile, density, color_encoding, .. } = all_metadata();
    assert_eq!(colors, PhotoMetadata { icc_profile, density, color_encoding, ..PhotoMetadata::default() });
}

#[test]
fn print_size_turns_with_the_pixels() {
    let jfif = [&b"\xFF\xE0\0\x10JFIF\0\x01\x01\x01"[..], &[1, 44, 0, 150, 0, 0]].concat();
    let bytes = jpeg(&metadata(6));
    // Not the header that the encoder wrote, which says nothing: the first one counts.
    let bytes = [&bytes[..2], &jfif, &bytes[2..]].concat();
    assert_eq!(decoded(&bytes).metadata.density, PixelDensity::per_inch(150.0, 300.0));
}

#[test]
fn orientation_that_only_xmp_tells_stays() {
    let bytes = jpeg(&TestMetadata { exif: b"II\x2A\0".to_vec(), ..metadata(6) });
    let photo = decoded(&bytes);
    assert_eq!((photo.width(), photo.height()), (WIDTH, HEIGHT));
    assert_eq!(photo.metadata.xmp, Some(xmp(6)));
}

#[test]
fn no_picture_is_left_in_any_metadata() {
    let jpeg_face = old_face(ImageFormat::Jpeg);
    let base64 = old_face_base64(ImageFormat::Jpeg);
    let exif = [sample_block(1, Some(&jpeg_face)), jpeg_face.clone(), base64.clone().into_bytes()].concat();
    let packet = String::from_utf8(xmp(1)).unwrap();
    let with_face = packet.replace("<tiff:Artist>", &format!("<tiff:Face>{base64}</tiff:Face><tiff:Artist>"));
    let data_set = [&b"\x1C\x02\xCA"[..], &u16::try_from(jpeg_face.len()).unwrap().to_be_bytes(), &jpeg_face].concat();
    let pixels = picture(ColorType::Rgb8, WIDTH, HEIGHT);
    for xmp in [with_face.clone(), with_face.replace("</tiff:Artist>", "")] {
        let texts = vec![PhotoText { keyword: "Comment".into(), text: format!("data:image/jpeg;base64,{base64}") }];
        let metadata = PhotoMetadata {
            exif: Some(exif.clone()),
            xmp: Some(xmp.into_bytes()),
            iptc: Some(data_set.clone()),
            texts,
            ..PhotoMetadata::default()
        };
        let photo = Photo { metadata, ..Photo::from_pixels(pixels.clone()) };
        let photo = decoded(&encode_png(&photo.pixels, &photo.png_metadata()).unwrap());
        let PhotoMetadata { exif, xmp, iptc, texts, .. } = &photo.metadata;
        for bytes in [exif, xmp, iptc].into_iter().flatten() {
            assert!(!holds_picture(bytes), "{}", bytes.escape_ascii());
        }
        assert_eq!(*texts, []);
        assert!(exif.as_ref().unwrap().windows(3).any(|name| name == b"Ann"), "the camera stays");
    }
}

#[test]
fn webp_chunks_without_flags_are_read() {
    let mut bytes = webp(&metadata(6), b"");
    let flags = 12 + 8;
    bytes[flags] &= !0b1100;
    let name = bytes.windows(4).position(|window| window == b"XMP ").unwrap();
    bytes[name + 3] = 0;
    let photo = decoded(&bytes);
    assert_eq!((photo.width(), photo.height()), (HEIGHT, WIDTH), "turned by EXIF");
    assert_eq!(photo.metadata.xmp, Some(xmp(1)));
}
