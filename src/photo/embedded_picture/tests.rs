use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::{DynamicImage, ImageFormat, RgbImage};
use proptest::prelude::*;

use super::*;

/// A small picture of a face that must not be exported, as a file of this format.
pub(in crate::photo) fn old_face(format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(24, 16, |x, y| {
        image::Rgb([x * 10, y * 15, x * y].map(|level| u8::try_from(level % 256).unwrap()))
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The old face as base64.
pub(in crate::photo) fn old_face_base64(format: ImageFormat) -> String {
    BASE64.encode(old_face(format))
}

/// Whether bytes hold a picture, also as base64. A stricter search than the program's.
pub(in crate::photo) fn holds_picture(bytes: &[u8]) -> bool {
    let raw: [&[u8]; 3] = [b"\xFF\xD8\xFF", b"\x89PNG", b"WEBPVP8"];
    let starts = raw.into_iter().chain(BASE64_STARTS);
    starts.into_iter().any(|start| bytes.windows(start.len()).any(|window| window == start))
}

const FORMATS: [ImageFormat; 3] = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];

#[test]
fn pictures_are_blanked_in_place() {
    for format in FORMATS {
        for picture in [old_face(format), old_face_base64(format).into_bytes()] {
            let mut bytes = [b"before ", &picture[..], b"\0behind"].concat();
            blank_pictures(&mut bytes);
            assert_eq!(bytes, [b"before ", &vec![0; picture.len()][..], b"\0behind"].concat(), "{format:?}");
        }
    }
}

#[test]
fn progressive_and_nested_jpegs_are_blanked_whole() {
    let inner = old_face(ImageFormat::Jpeg);
    let length = u16::try_from(inner.len() + 2).unwrap().to_be_bytes();
    // A thumbnail in a segment, two scans, a restart marker, fill bytes.
    let outer = [
        b"\xFF\xD8\xFF\xE1",
        &length[..],
        &inner,
        b"\xFF\xDA\0\x03\0\x12\xFF\xD3\xFF\0\x9F\xFF\xFF\xDA\0\x02\x07\xFF\xD9",
    ]
    .concat();
    let mut bytes = [&outer[..], b"GPS"].concat();
    blank_pictures(&mut bytes);
    assert_eq!(bytes, [&vec![0; outer.len()][..], b"GPS"].concat());
}

#[test]
fn preview_with_a_changed_first_byte_is_blanked() {
    let mut bytes = [b"\xFF\xD8\xFF\xDB\0\x03\x07\xFF\xDA\0\x02the old face\xFF\xD9", &b"behind"[..]].concat();
    bytes[0] = 0x03;
    blank_pictures(&mut bytes);
    assert_eq!(bytes, [&[3][..], &[0; 24], b"behind"].concat());
    let mut number = b"\x01\xD8\xFF\xDB\0\x03\x07\x08\x09".to_vec();
    blank_pictures(&mut number);
    assert_eq!(number, b"\x01\xD8\xFF\xDB\0\x03\x07\x08\x09", "a number that only looks alike");
}

#[test]
fn picture_without_an_end_is_blanked_to_the_end() {
    for format in FORMATS {
        let picture = old_face(format);
        let mut bytes = [b"before", &picture[..picture.len() - 4]].concat();
        blank_pictures(&mut bytes);
        assert!(bytes.starts_with(b"before") && bytes[6..].iter().all(|byte| *byte == 0), "{format:?}");
    }
    let mut damaged = b"\xFF\xD8\xFF\xE0\0\x02lost its way\xFF\xD9behind".to_vec();
    blank_pictures(&mut damaged);
    assert_eq!(damaged, [&[0; 20][..], b"behind"].concat(), "the next end marker ends it");
}

#[test]
fn base64_pictures_are_cut_out_of_texts() {
    for format in FORMATS {
        let mut picture = old_face_base64(format);
        picture.insert_str(70, "&#xA;\n");
        let text = format!("data:image/x;base64,{picture}\" naïve");
        assert!(holds_base64_picture(&text));
        assert_eq!(without_base64_pictures(&text), "data:image/x;base64,\" naïve");
    }
    for text in ["", "see /9j/ and iVBORw0KGgo", "a/9j/"] {
        assert!(!holds_base64_picture(text));
        assert_eq!(without_base64_pictures(text), text);
    }
}

proptest! {
    #[test]
    fn broken_pictures_never_panic(at in 0usize..900, value: u8, from in 0usize..900, cut in 0usize..900) {
        let mut bytes = FORMATS.map(old_face).concat();
        let length = bytes.len();
        bytes[at % length] = value;
        bytes.truncate(length - cut % length);
        let mut bytes = bytes.split_off(from % bytes.len().max(1));
        let length = bytes.len();
        blank_pictures(&mut bytes);
        prop_assert_eq!(bytes.len(), length);
    }
}
