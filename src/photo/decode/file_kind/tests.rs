use super::*;
use crate::photo::{DecodeLimits, PhotoError, decode};

fn name_of(bytes: &[u8]) -> &'static str {
    kind_of(bytes).map_or("", |kind| kind.name)
}

/// A file that starts with the box `ftyp` with these brands.
fn with_brands(major: [u8; 4], compatible: &[[u8; 4]]) -> Vec<u8> {
    let size = u32::try_from(16 + 4 * compatible.len()).unwrap().to_be_bytes();
    [&size, b"ftyp", &major, &[0; 4], &compatible.concat()[..], &[0; 64]].concat()
}

#[test]
fn iso_files_are_told_by_brands() {
    let name = |major: &[u8; 4], compatible: &[[u8; 4]]| name_of(&with_brands(*major, compatible));
    assert_eq!(name(b"heic", &[*b"mif1", *b"heic"]), "a HEIC picture");
    assert_eq!(name(b"mif1", &[*b"mif1", *b"heic"]), "a HEIC picture");
    assert_eq!(name(b"mif1", &[*b"miaf", *b"avif"]), "an AVIF picture");
    assert_eq!(name(b"avif", &[*b"mif1"]), "an AVIF picture");
    assert_eq!(name(b"mif1", &[]), "a HEIF picture");
    assert_eq!(name(b"crx ", &[*b"isom"]), "a camera's raw file");
    for film in [b"qt  ", b"isom", b"mp42", b"M4V ", b"3gp4"] {
        assert_eq!(name(film, &[*b"isom"]), "a film or a sound recording");
    }
    assert_eq!(name_of(b"\0\0\0\x08wide\0\0\x10\0mdat"), "a film or a sound recording");
    // A box that ends early, and a size that is not true.
    assert_eq!(name_of(b"\0\0\0\x18ftypheic"), "a HEIC picture");
    assert_eq!(name_of(b"\xFF\xFF\xFF\xFFftypavif\0"), "an AVIF picture");
}

#[test]
fn signatures_name_the_kind() {
    let cases: [(&[u8], &str); 13] = [
        (b"8BPS\0\x01", "a Photoshop document"),
        (b"GIF89a\x01\0\x01\0", "a GIF"),
        (b"\xFF\x0A\xFA\x1F", "a JPEG XL picture"),
        (b"\0\0\0\x0CJXL \x0D\x0A\x87\x0A", "a JPEG XL picture"),
        (b"\0\0\0\x0CjP  \x0D\x0A\x87\x0A", "a JPEG 2000 picture"),
        (b"FUJIFILMCCD-RAW 0201", "a camera's raw file"),
        (b"II\x1A\0\0\0HEAPCCDR", "a camera's raw file"),
        (b"qoif\0\0\0\x01", "a QOI picture"),
        (b"P6\n10 10\n255\n", "a PNM picture (PBM, PGM, PPM, PAM or PFM)"),
        (b"%PDF-1.7 document", "a PDF"),
        (b"\0\0\x01\0\x01\0\x10\x10", "an icon"),
        (b"PK\x03\x04\x14\0", "a ZIP archive or an office document"),
        (b"\0\x05\x16\x07\0\x02\0\0Mac OS X", "what macOS stores beside a file"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(name_of(bytes), expected);
        assert!(matches!(decode(bytes, DecodeLimits::default()), Err(PhotoError::OtherKind(_))), "{expected}");
    }
    let krita = [b"PK\x03\x04".as_slice(), &[0; 26], b"mimetypeapplication/x-kritaPK"].concat();
    assert_eq!(name_of(&krita), "a Krita document");
    let dicom = [&[0; 128], b"DICM".as_slice()].concat();
    assert_eq!(name_of(&dicom), "a DICOM picture");
}

#[test]
fn targa_is_told_by_header_or_end() {
    let header = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 10, 0, 24, 0];
    assert_eq!(name_of(&header), "a Targa picture");
    let mut wrong = header;
    wrong[16] = 7;
    assert_eq!(name_of(&wrong), "");
    let end = [&wrong[..], b"\0TRUEVISION-XFILE.\0"].concat();
    assert_eq!(name_of(&end), "a Targa picture");
}

#[test]
fn text_files_are_told_apart() {
    for page in
        ["<!DOCTYPE html><title>403</title>", "\u{feff}\n <HTML>", "<?xml version='1.0'?><html>", "<!-- x --><html>"]
    {
        assert_eq!(name_of(page.as_bytes()), "a web page that a browser saved in place of the picture", "{page}");
    }
    assert_eq!(name_of(b"<html>caf\xE9"), "a web page that a browser saved in place of the picture");
    assert_eq!(name_of(b"<?xml version=\"1.0\"?>\n<svg width=\"10\">"), "an SVG drawing");
    assert_eq!(
        name_of(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"),
        "a pointer of Git LFS to a file that was not downloaded"
    );
    assert_eq!(name_of(b"just text, no picture at all"), "a text file");
    assert_eq!(name_of(b"P5 is a page"), "a text file");
    assert_eq!(name_of(b"\xFF\xFEa\0b\0"), "a text file");
    assert_eq!(name_of(b"\xFF\xFE\0\xA3\x11\xAF\x0A\0"), "");
    // Cut in the middle of a character.
    assert_eq!(name_of(&"ä".repeat(START_BYTES).as_bytes()[1..]), "");
    assert_eq!(name_of(&[b"x".as_slice(), "ä".repeat(START_BYTES).as_bytes()].concat()), "a text file");
}

#[test]
fn zeros_and_noise_have_other_names() {
    assert_eq!(name_of(&[0; 5000]), "a file of zeros");
    assert_eq!(kind_of_start(b""), None);
    let noise: Vec<u8> = (0..5000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(name_of(&noise), "");
    assert!(matches!(decode(&noise, DecodeLimits::default()), Err(PhotoError::UnknownFormat)));
}

#[test]
fn texts_name_the_kind_and_the_way_out() {
    insta::assert_snapshot!(kind_of(&with_brands(*b"heic", &[])).unwrap(), @"this is a HEIC picture, which cannot be opened: export it as JPEG or PNG and open that (an iPhone takes JPEGs with Settings, Camera, Formats, Most Compatible)");
    insta::assert_snapshot!(kind_of(b"<html>").unwrap(), @"this is a web page that a browser saved in place of the picture: open the picture itself in the browser, and save that");
}
