//! Which page of a file is opened.

use super::*;

const SUB_DIRECTORIES: u16 = 330;

fn photo() -> TestPage {
    TestPage::new(8, 6, 1, &varied(48))
}

/// Another picture.
fn small() -> TestPage {
    TestPage::new(4, 3, 1, &[77; 12])
}

fn reduced() -> TestPage {
    small().short(254, 1)
}

fn check(pages: &[TestPage], warning: &str) {
    for form in FORMS {
        let file = opened(&write(form, pages));
        assert_eq!(file.pixels, grey(8, 6, varied(48)), "{form:?}");
        assert_eq!(file.warnings.join("; "), warning);
    }
}

#[test]
fn thumbnails_and_masks_are_passed_over() {
    check(&[reduced(), photo()], "");
    check(&[photo(), reduced()], "");
    check(&[small().short(255, 2), photo().short(255, 1)], "");
    check(&[photo(), TestPage::with_bits((16, 12), 4, (1, 1), vec![0; 24]).short(254, 4)], "");
    // A page that is larger than its thumbnail, but not by its size in the file.
    check(&[TestPage::new(16, 12, 1, &[5; 192]).short(254, 1), photo()], "");
}

#[test]
fn pyramid_levels_without_marks_are_no_pages() {
    check(&[TestPage::new(2, 2, 1, &[9; 4]), small(), photo()], "");
}

#[test]
fn photo_below_its_thumbnail_is_found() {
    check(&[reduced().child(SUB_DIRECTORIES, photo())], "");
    check(&[reduced().child(SUB_DIRECTORIES, reduced()).child(SUB_DIRECTORIES, photo())], "");
}

#[test]
fn other_pages_are_told() {
    let other = TestPage::new(8, 6, 1, &[3; 48]);
    check(&[photo(), other.clone()], "the file holds another page, which is left out");
    let pages = [photo(), other.clone(), other, TestPage::new(4, 1, 1, &[1; 4])];
    check(&pages, "the file holds 3 other pages, which are left out");
}

#[test]
fn only_smaller_copies_are_refused() {
    let marked = photo().short(254, 1);
    check(std::slice::from_ref(&marked), "the file says that its picture is a smaller copy of another one");
    let text = message(&write(Form::default(), &[reduced(), marked]));
    assert!(text.contains("it holds only smaller copies of a picture"), "{text}");
    assert!(message(&write(Form::default(), &[TestPage::default()])).contains("it holds no picture"));
}

#[test]
fn raw_files_are_named() {
    let sensor = |photometric| TestPage::with_bits((8, 6), photometric, (16, 1), vec![0; 96]);
    let files = [
        b"II*\0\x10\0\0\0CR\x02\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        write(FORMS[1], &[reduced().child(SUB_DIRECTORIES, photo()).child(SUB_DIRECTORIES, sensor(32803))]),
        write(Form::default(), &[photo(), sensor(34892)]),
        write(Form::default(), &[photo().short(259, 34713)]),
        write(Form::default(), &[reduced().with(50706, Field::Long(vec![1]))]),
    ];
    for file in files {
        let text = message(&file);
        assert!(text.contains("a camera's raw file") && text.contains("develop"), "{text}");
    }
    // Pixels right behind the header that look like Canon's mark.
    let like_canon = TestPage::new(2, 1, 1, b"CR").with(254, Field::Long(vec![0]));
    assert_eq!(pixels(like_canon), grey(2, 1, b"CR".to_vec()));
    // A developed photo in a DNG.
    check(&[photo().with(50706, Field::Long(vec![1]))], "");
}

#[test]
fn orientation_is_that_of_the_page() {
    use image::metadata::Orientation::{Rotate90, Rotate180};
    let orientation = |pages: &[TestPage]| opened(&write(Form::default(), pages)).orientation;
    assert_eq!(orientation(&[photo().short(274, 6)]), Some(Rotate90));
    assert_eq!(orientation(&[photo().short(274, 1)]), None);
    assert_eq!(orientation(&[photo().short(274, 9)]), None);
    assert_eq!(orientation(&[reduced().short(274, 6), photo()]), None);
    assert_eq!(orientation(&[reduced().short(274, 6), photo().short(274, 3)]), Some(Rotate180));
    assert_eq!(orientation(&[reduced().short(274, 6).child(SUB_DIRECTORIES, photo())]), Some(Rotate90));
}
