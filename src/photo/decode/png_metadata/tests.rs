use super::*;
use crate::photo::test_pictures::varied_picture;
use crate::photo::{Photo, PngMetadata, encode_png};

/// A chunk with a right checksum.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    let checked = [&kind[..], data].concat();
    let crc = !checked.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step));
    [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &checked, &crc.to_be_bytes()].concat()
}

/// A PNG with these chunks in front of the pixels and behind them.
fn png(in_front: &[Vec<u8>], behind: &[Vec<u8>]) -> Vec<u8> {
    let bytes = encode_png(&varied_picture(image::ColorType::Rgb8, 5, 4), &PngMetadata::default()).unwrap();
    let end = bytes.len() - 12;
    [&bytes[..33], &in_front.concat(), &bytes[33..end], &behind.concat(), &bytes[end..]].concat()
}

fn text(keyword: &str, text: &[u8]) -> Vec<u8> {
    chunk(*b"tEXt", &[keyword.as_bytes(), b"\0", text].concat())
}

fn raw(kind: &str, bytes: &[u8]) -> Vec<u8> {
    text(&format!("{}{kind}", raw_profile::KEYWORD_START), raw_profile::encode("any", bytes).as_bytes())
}

#[test]
fn chunks_behind_the_pixels_are_read() {
    let xmp = chunk(*b"iTXt", &[XMP_KEYWORD.as_bytes(), &[0; 5], b"<x/>"].concat());
    let gamma = chunk(*b"gAMA", &100_000u32.to_be_bytes());
    let metadata = read(&png(&[], &[chunk(*b"eXIf", b"II\x2A\0block"), xmp, text("Author", b"Ann"), gamma]));
    assert_eq!(metadata.exif.as_deref(), Some(&b"II\x2A\0block"[..]));
    assert_eq!(metadata.xmp.as_deref(), Some(&b"<x/>"[..]));
    assert_eq!(metadata.texts, [PhotoText { keyword: "Author".into(), text: "Ann".into() }]);
    assert_eq!(metadata.color_encoding.gamma, None, "a colour space must be in front");
}

#[test]
fn colour_space_and_print_size_survive_a_round_trip() {
    let numbers: Vec<u8> = (1..=8u32).flat_map(|number| (number * 10_000).to_be_bytes()).collect();
    let display: Vec<u8> = (1..=24).collect();
    let chunks = [
        chunk(*b"gAMA", &100_000u32.to_be_bytes()),
        chunk(*b"cHRM", &numbers),
        chunk(*b"cICP", &[9, 16, 0, 1]),
        chunk(*b"mDCV", &display),
        chunk(*b"cLLI", &[0, 0, 1, 0, 0, 0, 0, 7]),
        chunk(*b"pHYs", &[0, 0, 0x2E, 0x23, 0, 0, 0x2E, 0x24, 1]),
    ];
    let metadata = read(&png(&chunks, &[]));
    assert_eq!(
        metadata.color_encoding,
        ColorEncoding {
            gamma: Some(100_000),
            chromaticities: Some([1, 2, 3, 4, 5, 6, 7, 8].map(|number| number * 10_000)),
            srgb_intent: None,
            cicp: Some([9, 16, 0, 1]),
            mastering_display: Some(display.try_into().unwrap()),
            content_light: Some([256, 7]),
        }
    );
    assert_eq!(metadata.density, Some(PixelDensity { x: 0x2E23, y: 0x2E24, is_per_metre: true }));
    let photo = Photo { metadata, ..Photo::from_pixels(varied_picture(image::ColorType::Rgb8, 5, 4)) };
    assert_eq!(read(&encode_png(&photo.pixels, &photo.png_metadata()).unwrap()), photo.metadata);
}

#[test]
fn srgb_is_written_only_without_a_profile() {
    let photo = Photo::from_pixels(varied_picture(image::ColorType::Rgb8, 5, 4));
    let color_encoding = ColorEncoding { srgb_intent: Some(1), gamma: Some(45_455), ..ColorEncoding::default() };
    let with = |icc_profile| PngMetadata { icc_profile, color_encoding, ..PngMetadata::default() };
    assert_eq!(read(&encode_png(&photo.pixels, &with(None)).unwrap()).color_encoding, color_encoding);
    let beside = read(&encode_png(&photo.pixels, &with(Some(&[7; 200]))).unwrap());
    assert_eq!((beside.icc_profile, beside.color_encoding.srgb_intent), (Some(vec![7; 200]), None));
    assert_eq!(beside.color_encoding.gamma, Some(45_455));
}

#[test]
fn ratio_of_a_pixels_sides_is_kept() {
    let density = |bytes: [u8; 9]| read(&png(&[chunk(*b"pHYs", &bytes)], &[])).density;
    assert_eq!(density([0, 0, 0, 4, 0, 0, 0, 3, 0]), Some(PixelDensity { x: 4, y: 3, is_per_metre: false }));
    assert_eq!((density([0, 0, 0, 1, 0, 0, 0, 1, 0]), density([0, 0, 0, 0, 0, 0, 0, 0, 1])), (None, None));
}

#[test]
fn raw_profiles_of_imagemagick_are_read() {
    let iptc = b"\x1C\x02\x50\0\x03Ann";
    let resources = [&b"8BIM\x04\x04\0\0\0\0\0\x08"[..], iptc].concat();
    let read_raw = |kind: &str, bytes: &[u8]| read(&png(&[raw(kind, bytes)], &[]));
    assert_eq!(read_raw("exif", b"Exif\0\0II\x2A\0block").exif.as_deref(), Some(&b"Exif\0\0II\x2A\0block"[..]));
    assert_eq!(read_raw("APP1", b"Exif\0\0II\x2A\0block").exif.as_deref(), Some(&b"Exif\0\0II\x2A\0block"[..]));
    assert_eq!(read_raw("APP1", b"http://ns.adobe.com/xap/1.0/\0<x/>").xmp.as_deref(), Some(&b"<x/>"[..]));
    assert_eq!(read_raw("xmp", b"<x/>").xmp.as_deref(), Some(&b"<x/>"[..]));
    assert_eq!(read_raw("iptc", iptc).iptc.as_deref(), Some(&iptc[..]));
    assert_eq!(read_raw("iptc", &resources).iptc.as_deref(), Some(&iptc[..]));
    assert_eq!(read_raw("8bim", &resources).iptc.as_deref(), Some(&iptc[..]));
    assert_eq!(read_raw("icm", b"profile").icc_profile.as_deref(), Some(&b"profile"[..]));
    let both = read(&png(&[raw("exif", b"II\x2A\0old"), chunk(*b"eXIf", b"II\x2A\0new")], &[]));
    assert_eq!(both.exif.as_deref(), Some(&b"II\x2A\0new"[..]));
}

#[test]
fn texts_for_people_are_kept() {
    let chunks = [
        text("Copyright", b"\xA9 Ann"),
        text("Comment", "müßig".as_bytes()),
        text("date:modify", b"now"),
        text("Thumb::URI", b"file:///home/ann"),
        text("signature", b"0123"),
        text("countenance", b"{}"),
        text("Raw profile type odd", b"no hex"),
    ];
    let text = |keyword: &str, text: &str| PhotoText { keyword: keyword.into(), text: text.into() };
    let expected = [text("Copyright", "© Ann"), text("Comment", "müßig")];
    assert_eq!(read(&png(&chunks, &[])).texts, expected);
}

#[test]
fn cut_files_are_read_as_far_as_they_go() {
    let bytes = png(&[text("Author", b"Ann")], &[text("Title", b"Party")]);
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).texts.len() <= 2);
    }
    assert_eq!(read(&bytes).texts.len(), 2);
}
