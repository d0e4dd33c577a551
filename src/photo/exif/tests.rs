use proptest::prelude::*;

use super::*;

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
    block.extend(entry(EXIF_DIRECTORY, 4, 1, camera));
    block.extend(if thumbnail.is_some() { thumbnail_directory } else { 0u32 }.to_le_bytes());
    block.extend(2u16.to_le_bytes());
    block.extend(entry(PIXEL_X_DIMENSION, 3, 1, 16));
    block.extend(entry(PIXEL_Y_DIMENSION, 4, 1, 8));
    block.extend([0; 4]);
    if let Some(thumbnail) = thumbnail {
        block.extend(2u16.to_le_bytes());
        block.extend(entry(THUMBNAIL_OFFSET, 4, 1, data));
        block.extend(entry(THUMBNAIL_LENGTH, 4, 1, u32::try_from(thumbnail.len()).unwrap()));
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
    assert_eq!(make_upright(block.clone()), (block, Some(Orientation::NoTransforms)));
}

#[test]
fn quarter_turn_resets_orientation_and_swaps_sides() {
    let (block, orientation) = make_upright(sample_block(6, None));
    assert_eq!(orientation, Some(Orientation::Rotate90));
    assert_eq!(Orientation::from_exif_chunk(&block), Some(Orientation::NoTransforms));
    let mut expected = sample_block(1, None);
    // Type and value: 16 as a short was the width, 8 as a long the height.
    (expected[54], expected[66], expected[60], expected[72]) = (4, 3, 8, 16);
    assert_eq!(block, expected);
    let (block, _) = make_upright(sample_block(3, None));
    assert_eq!(block, sample_block(1, None), "a half turn keeps the sides");
}

#[test]
fn only_the_thumbnail_is_removed() {
    let before = sample_block(1, Some(THUMBNAIL));
    let (after, _) = make_upright(before.clone());
    assert!(!after.windows(3).any(|bytes| bytes == b"old"));
    assert_eq!(after[46..50], [0; 4], "no second directory");
    assert!(differing(&before, &after).iter().all(|at| (46..50).contains(at) || *at >= 110));
}

#[test]
fn data_that_is_not_a_thumbnail_stays() {
    let before = sample_block(1, Some(b"maker's note"));
    let (after, _) = make_upright(before.clone());
    assert_eq!(differing(&before, &after), [46]);
}

#[test]
fn jpeg_marker_is_removed() {
    let marked = [JPEG_MARKER, &sample_block(8, None)].concat();
    assert_eq!(make_upright(marked), make_upright(sample_block(8, None)));
}

#[test]
fn big_endian_blocks_are_read() {
    let mut block = b"MM\0\x2A\0\0\0\x08\0\x02".to_vec();
    block.extend(b"\x01\0\0\x03\0\0\0\x01\0\x10\0\0");
    block.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0");
    block.extend(b"\0\0\0\x26\0\0");
    let (after, orientation) = make_upright(block.clone());
    assert_eq!(orientation, Some(Orientation::Rotate90));
    assert_eq!(differing(&block, &after), [31, 37]);
}

proptest! {
    #[test]
    fn broken_blocks_never_panic(at in 0usize..125, value: u8, length in 0usize..126) {
        let mut block = sample_block(6, Some(THUMBNAIL));
        let length = length.min(block.len());
        block[at.min(124)] = value;
        block.truncate(length);
        let (after, _) = make_upright(block);
        prop_assert_eq!(after.len(), length);
    }
}
