use proptest::prelude::*;

use super::*;
use crate::photo::embedded_picture::tests::{holds_picture, old_face, old_face_base64};

const THUMBNAIL: &[u8] = b"\xFF\xD8the old face\xFF\xD9";

/// An EXIF block as a camera writes it, little endian: orientation, maker, sizes, and an optional thumbnail.
pub(in crate::photo) fn sample_block(orientation: u16, thumbnail: Option<&[u8]>) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    // Header 8, first directory 2 + 3 × 12 + 4 = 42, camera's directory 2 + 2 × 12 + 4 = 30, thumbnail's the same.
    let (camera, thumbnail_directory, data) = (50, 80, 110);
    let mut block = b"II\x2A\0\x08\0\0\0".to_vec();
    block.extend(3u16.to_le_bytes());
    block.extend(entry(0x010F, 2, 4, u32::from_le_bytes(*b"Ann\0")));
    block.extend(entry(0x0112, 3, 1, orientation.into()));
    block.extend(entry(tag::EXIF_DIRECTORY, 4, 1, camera));
    block.extend(if thumbnail.is_some() { thumbnail_directory } else { 0u32 }.to_le_bytes());
    block.extend(2u16.to_le_bytes());
    block.extend(entry(tag::PIXEL_X_DIMENSION, 3, 1, 16));
    block.extend(entry(tag::PIXEL_Y_DIMENSION, 4, 1, 8));
    block.extend([0; 4]);
    if let Some(thumbnail) = thumbnail {
        block.extend(2u16.to_le_bytes());
        block.extend(entry(0x0201, 4, 1, data));
        block.extend(entry(0x0202, 4, 1, u32::try_from(thumbnail.len()).unwrap()));
        block.extend([0; 4]);
        block.extend(thumbnail);
    }
    block
}

fn differing(one: &[u8], other: &[u8]) -> Vec<usize> {
    assert_eq!(one.len(), other.len());
    (0..one.len()).filter(|&at| one[at] != other[at]).collect()
}

#[test]
fn upright_block_without_thumbnail_stays_unchanged() {
    let block = sample_block(1, None);
    assert_eq!(make_upright(block.clone(), None), (block, Some(Orientation::NoTransforms)));
}

#[test]
fn quarter_turn_resets_orientation_and_swaps_sides() {
    let (block, orientation) = make_upright(sample_block(6, None), None);
    assert_eq!(orientation, Some(Orientation::Rotate90));
    assert_eq!(Orientation::from_exif_chunk(&block), Some(Orientation::NoTransforms));
    let mut expected = sample_block(1, None);
    // Type and value: 16 as a short was the width, 8 as a long the height.
    (expected[54], expected[66], expected[60], expected[72]) = (4, 3, 8, 16);
    assert_eq!(block, expected);
    let (block, _) = make_upright(sample_block(3, None), None);
    assert_eq!(block, sample_block(1, None), "a half turn keeps the sides");
}

#[test]
fn only_the_thumbnail_is_removed() {
    let before = sample_block(1, Some(THUMBNAIL));
    let (after, _) = make_upright(before.clone(), None);
    assert!(!after.windows(3).any(|bytes| bytes == b"old"));
    assert_eq!(after[46..50], [0; 4], "no second directory");
    assert!(differing(&before, &after).iter().all(|at| (46..50).contains(at) || *at >= 110));
}

#[test]
fn data_that_is_not_a_thumbnail_stays() {
    let before = sample_block(1, Some(b"maker's note"));
    let (after, _) = make_upright(before.clone(), None);
    assert_eq!(differing(&before, &after), [46]);
}

#[test]
fn jpeg_markers_are_removed() {
    for count in 1..3 {
        let marked = [&JPEG_MARKER.repeat(count)[..], &sample_block(8, None)].concat();
        assert_eq!(make_upright(marked, None), make_upright(sample_block(8, None), None));
    }
}

#[test]
fn big_endian_blocks_are_read() {
    let mut block = b"MM\0\x2A\0\0\0\x08\0\x02".to_vec();
    block.extend(b"\x01\0\0\x03\0\0\0\x01\0\x10\0\0");
    block.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0");
    block.extend(b"\0\0\0\x26\0\0");
    let (after, orientation) = make_upright(block.clone(), None);
    assert_eq!(orientation, Some(Orientation::Rotate90));
    assert_eq!(differing(&block, &after), [31, 37]);
}

/// A little-endian block of directories, each with its offset, entries (tag, type, count, value) and link; then data.
fn block_of(directories: &[(usize, &[[u32; 4]], u32)], data: &[(usize, &[u8])]) -> Vec<u8> {
    let mut block = b"II\x2A\0\x08\0\0\0".to_vec();
    let mut put = |at: usize, bytes: &[u8]| {
        block.resize(block.len().max(at + bytes.len()), 0);
        block[at..at + bytes.len()].copy_from_slice(bytes);
    };
    for (at, entries, link) in directories {
        let entries = entries.iter().flat_map(|&[tag, kind, count, value]| {
            let [tag, kind] = [tag, kind].map(|number| u16::try_from(number).unwrap().to_le_bytes());
            [&tag[..], &kind, &count.to_le_bytes(), &value.to_le_bytes()].concat()
        });
        let entries: Vec<u8> = entries.collect();
        let count = u16::try_from(entries.len() / 12).unwrap().to_le_bytes();
        put(*at, &[&count[..], &entries, &link.to_le_bytes()].concat());
    }
    for (at, bytes) in data {
        put(*at, bytes);
    }
    block
}

#[test]
fn previews_in_maker_notes_are_blanked() {
    let preview = old_face(image::ImageFormat::Jpeg);
    let text = old_face_base64(image::ImageFormat::Jpeg);
    for picture in [&preview[..], text.as_bytes()] {
        let note = [b"Nikon\0\x02\x10\0\0MM\0\x2A", picture, b"\0lens"].concat();
        let length = u32::try_from(note.len()).unwrap();
        let directories: [(usize, &[[u32; 4]], u32); 2] =
            [(8, &[[0x8769, 4, 1, 40]], 0), (40, &[[0x927C, 7, length, 80]], 0)];
        let before = block_of(&directories, &[(80, &note)]);
        let (after, _) = make_upright(before.clone(), None);
        assert!(holds_picture(&before) && !holds_picture(&after));
        let changed = differing(&before, &after);
        assert!(changed.iter().all(|at| (94..94 + picture.len()).contains(at)), "only the preview");
        assert!(after[94..94 + picture.len()].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn previews_of_other_formats_are_blanked() {
    let strips: &[[u32; 4]] = &[[0x0111, 4, 2, 200], [0x0117, 3, 2, 0x0003_0005]];
    let tiles: &[[u32; 4]] = &[[0x0144, 3, 1, 230], [0x0145, 4, 1, 6]];
    let jpeg: &[[u32; 4]] = &[[0x0201, 4, 1, 250], [0x0202, 4, 1, 9]];
    let offsets = [210u32.to_le_bytes(), 220u32.to_le_bytes()].concat();
    let data: [(usize, &[u8]); 5] =
        [(200, &offsets), (210, b"strip"), (220, b"end!"), (230, b"a tile"), (250, b"\xFF\xD8the old")];
    // The second directory, one behind it, and one below the first.
    let directories: [(usize, &[[u32; 4]], u32); 4] =
        [(8, &[[0x014A, 4, 1, 130]], 40), (40, strips, 90), (90, tiles, 0), (130, jpeg, 0)];
    let (after, _) = make_upright(block_of(&directories, &data), None);
    assert_eq!(after[22..26], [0; 4], "no second directory");
    let expected = [(200, offsets.as_slice()), (210, &[0; 5]), (220, b"\0\0\0!"), (230, &[0; 6]), (250, &[0; 9])];
    for (at, bytes) in expected {
        assert_eq!(&after[at..at + bytes.len()], bytes, "{at}");
    }
}

#[test]
fn strips_that_point_to_other_values_blank_nothing() {
    let first: &[[u32; 4]] = &[[0x010F, 2, 8, 60], [0x0111, 4, 1, 0], [0x0117, 4, 1, 70]];
    let before = block_of(&[(8, first, 0)], &[(60, b"Annacam\0"), (68, b"??")]);
    let (after, _) = make_upright(before.clone(), None);
    assert_eq!(differing(&before, &after), [68, 69]);
}

#[test]
fn encrypted_note_with_pictures_is_blanked() {
    let before =
        block_of(&[(8, &[[0x8769, 4, 1, 40]], 0), (40, &[[0x927C, 7, 12, 80]], 0)], &[(80, b"HDRP\x02secrets+")]);
    assert_eq!(make_upright(before, None).0[80..], [&[0; 12][..], b"+"].concat());
}

#[test]
fn tags_of_cmyk_become_those_of_rgb() {
    let first: &[[u32; 4]] = &[[0x0102, 3, 4, 120], [0x0106, 3, 1, 5], [0x0115, 3, 1, 4], [0x8769, 4, 1, 80]];
    let depths: &[u8] = &[8, 0, 8, 0, 8, 0, 8, 0];
    let cmyk = |uncalibrated| block_of(&[(8, first, 0), (80, &[[0xA001, 3, 1, uncalibrated]], 0)], &[(120, depths)]);
    let (after, _) = make_upright(cmyk(0xFFFF), None);
    assert_eq!(differing(&cmyk(0xFFFF), &after), [14, 30, 42, 90, 91]);
    assert_eq!((after[14], after[30], after[42], after[90], after[91]), (3, 2, 3, 1, 0));
}

#[test]
fn print_size_is_read_and_turned() {
    let block = |unit: u32, orientation: u32| {
        let first: &[[u32; 4]] =
            &[[0x0112, 3, 1, orientation], [0x011A, 5, 1, 80], [0x011B, 5, 1, 88], [0x0128, 3, 1, unit]];
        let numbers: Vec<u8> = [600u32, 2, 150, 1].iter().flat_map(|number| number.to_le_bytes()).collect();
        block_of(&[(8, first, 0)], &[(80, &numbers)])
    };
    assert_eq!(density(&block(2, 1)), PixelDensity::per_inch(300.0, 150.0));
    assert_eq!(density(&block(3, 1)), PixelDensity::per_centimetre(300.0, 150.0));
    assert_eq!(density(&block(1, 1)), None);
    assert_eq!(density(&make_upright(block(2, 6), None).0), PixelDensity::per_inch(150.0, 300.0));
}

proptest! {
    #[test]
    fn broken_blocks_never_panic(at in 0usize..125, value: u8, length in 0usize..126) {
        let mut block = sample_block(6, Some(THUMBNAIL));
        let length = length.min(block.len());
        block[at.min(124)] = value;
        block.truncate(length);
        let (after, _) = make_upright(block, None);
        prop_assert_eq!(after.len(), length);
    }
}
