//! EXIF, IPTC, XMP, profile and print size.

use super::directory::kind;
use super::*;
use crate::photo::PixelDensity;

fn page() -> TestPage {
    TestPage::new(2, 1, 2, &[1, 2, 3, 4, 5, 6])
}

fn camera() -> TestPage {
    TestPage::default()
        .with(33434, Field::Ratio(vec![[1, 250]]))
        .with(36867, Field::Text("2024:05:06 07:08:09"))
        .with(37500, Field::Raw(7, 20, b"Maker's note inside!".to_vec()))
        .short(40961, 1)
        .child(40965, TestPage::default().with(1, Field::Text("R98")))
}

fn metadata(form: Form, page: TestPage) -> crate::photo::PhotoMetadata {
    opened(&write(form, &[page])).metadata
}

#[test]
fn exif_block_keeps_descriptions_camera_and_place() {
    let page = page()
        .with(270, Field::Text("A sunny day"))
        .with(271, Field::Text("Camera"))
        .with(33432, Field::Text("(c) Anna"))
        .child(34665, camera())
        .child(
            34853,
            TestPage::default().with(1, Field::Text("N")).with(2, Field::Ratio(vec![[48, 1], [12, 1], [0, 1]])),
        );
    for form in FORMS {
        let block = metadata(form, page.clone()).exif.unwrap();
        let file = TiffFile::new(&block).unwrap();
        assert_eq!(file.is_big_endian, form.is_big_endian);
        let first = file.directory(file.first_directory().unwrap()).unwrap();
        assert_eq!(first.next, None);
        let tags: Vec<u16> = first.entries().iter().map(|entry| entry.tag).collect();
        assert_eq!(tags, [270, 271, 33432, 34665, 34853], "{form:?}");
        assert_eq!(file.tag_bytes(&first, 270), Some(&b"A sunny day\0"[..]));
        assert_eq!(file.tag_bytes(&first, 33432), Some(&b"(c) Anna\0"[..]));
        let below = |from: &Directory, tag| file.directory(file.unsigned(from, tag).unwrap()).unwrap();
        let camera = below(&first, 34665);
        assert_eq!(file.number_list(&camera, 33434), Some(vec![1.0 / 250.0]));
        assert_eq!(file.tag_bytes(&camera, 36867), Some(&b"2024:05:06 07:08:09\0"[..]));
        assert_eq!(file.unsigned(&camera, 40961), Some(1));
        assert!(!camera.has(37500), "a maker's note cannot move");
        assert_eq!(file.tag_bytes(&below(&camera, 40965), 1), Some(&b"R98\0"[..]));
        assert_eq!(file.number_list(&below(&first, 34853), 2), Some(vec![48.0, 12.0, 0.0]));
    }
}

#[test]
fn plain_file_has_no_exif_block() {
    let density = page().with(282, Field::Ratio(vec![[300, 1]])).with(283, Field::Ratio(vec![[150, 1]]));
    assert_eq!(metadata(Form::default(), density).exif, None);
}

#[test]
fn description_beside_a_thumbnail_is_kept() {
    let thumbnail = TestPage::new(1, 1, 2, &[1, 2, 3]).short(254, 1);
    let first = thumbnail.with(315, Field::Text("Anna")).with(700, Field::Raw(1, 7, b"<x:xmp>".to_vec()));
    let file = opened(&write(Form::default(), &[first, page().with(271, Field::Text("Camera"))]));
    let exif = String::from_utf8_lossy(&file.metadata.exif.unwrap()).into_owned();
    assert!(exif.contains("Anna") && exif.contains("Camera"), "{exif}");
    assert_eq!(file.metadata.xmp.as_deref(), Some(&b"<x:xmp>"[..]));
}

#[test]
fn huge_values_are_left_out() {
    let page = page().with(270, Field::Raw(2, 70_000, vec![b'a'; 70_000])).with(271, Field::Text("Camera"));
    let exif = metadata(Form::default(), page).exif.unwrap();
    assert!(exif.len() < 100, "{}", exif.len());
    // The same bytes under a thousand tags.
    let many = (0..1000).fold(TestPage::default(), |page, tag| page.with(tag, Field::Raw(7, 60_000, vec![1; 60_000])));
    let metadata = metadata(Form::default(), self::page().child(34665, many));
    assert_eq!(metadata.exif, None);
}

#[test]
fn profile_and_xmp_are_kept() {
    let page = page().with(34675, Field::Raw(7, 5, b"icc!!".to_vec())).with(700, Field::Raw(1, 5, b"<xmp>".to_vec()));
    let metadata = metadata(Form::default(), page);
    assert_eq!(metadata.icc_profile.as_deref(), Some(&b"icc!!"[..]));
    assert_eq!(metadata.xmp.as_deref(), Some(&b"<xmp>"[..]));
}

#[test]
fn iptc_is_read_from_both_places() {
    let records = b"\x1C\x02\x50\0\x03Ann";
    let of = |page| metadata(Form::default(), page).iptc;
    assert_eq!(of(page().with(33723, Field::Raw(7, 8, records.to_vec()))).as_deref(), Some(&records[..]));
    // As 32-bit numbers: with the bytes in order, and swapped.
    let long = |bytes: &[u8]| page().with(33723, Field::Raw(kind::LONG, 2, bytes.to_vec()));
    assert_eq!(of(long(records)).as_deref(), Some(&records[..]));
    assert_eq!(of(long(b"\0\x50\x02\x1Cnn\x41\x03")).as_deref(), Some(&b"\x1C\x02\x50\0\x03Ann"[..]));
    let resource = [&b"8BIM\x04\x04\0\0\0\0\0\x08"[..], records].concat();
    assert_eq!(of(page().with(34377, Field::Raw(7, 20, resource))).as_deref(), Some(&records[..]));
    assert_eq!(of(page()), None);
}

#[test]
fn print_size_has_its_unit() {
    let of = |x, y, unit| {
        let page = page().with(282, Field::Ratio(vec![x])).with(283, Field::Ratio(vec![y])).short(296, unit);
        metadata(Form::default(), page).density
    };
    let density = |x, y, is_per_metre| Some(PixelDensity { x, y, is_per_metre });
    assert_eq!(of([300, 1], [600, 2], 2), density(11_811, 11_811, true));
    assert_eq!(of([118, 1], [59, 1], 3), density(11_800, 5900, true));
    assert_eq!(of([2, 1], [1, 1], 1), density(2000, 1000, false));
    assert_eq!(of([1, 1], [1, 1], 1), None);
    assert_eq!(of([0, 0], [1, 1], 2), None);
}
