//! Edits EXIF blocks in place: upright orientation, matching sizes, no thumbnail.
//!
//! A block is a TIFF file without pixels (CIPA DC-008-2023, section 4.5). It is never rewritten as a whole: maker notes
//! hold offsets in private formats, so every byte must keep its position. Only a few bytes are overwritten.

use image::metadata::Orientation;

/// The JPEG marker. Some WebP writers put it in front of the block.
const JPEG_MARKER: &[u8] = b"Exif\0\0";

const IMAGE_WIDTH: u16 = 0x0100;
const IMAGE_LENGTH: u16 = 0x0101;
/// Offset and length of the thumbnail, in bytes.
const THUMBNAIL_OFFSET: u16 = 0x0201;
const THUMBNAIL_LENGTH: u16 = 0x0202;
/// Offset of the directory with the camera's tags.
const EXIF_DIRECTORY: u16 = 0x8769;
const PIXEL_X_DIMENSION: u16 = 0xA002;
const PIXEL_Y_DIMENSION: u16 = 0xA003;

/// Size of an entry: tag, type, count, value.
const ENTRY_BYTES: usize = 12;

/// Adapts a block to upright pixels. Also returns the orientation that the file's pixels had.
///
/// Sets the orientation to upright and swaps width and height for a quarter turn. Unlinks and blanks the thumbnail,
/// because file managers would still show the old face. Parts that cannot be read stay unchanged.
pub(super) fn make_upright(mut block: Vec<u8>) -> (Vec<u8>, Option<Orientation>) {
    if block.starts_with(JPEG_MARKER) {
        block.drain(..JPEG_MARKER.len());
    }
    let orientation = Orientation::remove_from_exif_chunk(&mut block);
    if let Some(mut tiff) = TiffBlock::new(&mut block) {
        // `None` only means that there was nothing to drop or swap.
        let _ = tiff.drop_thumbnail();
        if orientation.is_some_and(swaps_sides) {
            let _ = tiff.swap_sides();
        }
    }
    (block, orientation)
}

fn swaps_sides(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// Access to the directories of a block. Every access is checked, because offsets come from the file.
struct TiffBlock<'a> {
    bytes: &'a mut [u8],
    is_big_endian: bool,
}

impl<'a> TiffBlock<'a> {
    fn new(bytes: &'a mut [u8]) -> Option<Self> {
        let is_big_endian = match bytes.get(..4)? {
            b"II\x2A\0" => false,
            b"MM\0\x2A" => true,
            _ => return None,
        };
        Some(Self { bytes, is_big_endian })
    }

    fn u16_at(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    /// Reads an offset or a length.
    fn u32_at(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let value = if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        usize::try_from(value).ok()
    }

    fn first_directory(&self) -> Option<usize> {
        self.u32_at(4)
    }

    /// Offset of each entry of a directory.
    fn entries(&self, directory: usize) -> Option<impl Iterator<Item = usize> + use<>> {
        let count = usize::from(self.u16_at(directory)?);
        let first = directory.checked_add(2)?;
        let last = first.checked_add(count * ENTRY_BYTES)?;
        (last <= self.bytes.len()).then(|| (first..last).step_by(ENTRY_BYTES))
    }

    /// Offset of the entry of a tag.
    fn entry(&self, directory: usize, tag: u16) -> Option<usize> {
        self.entries(directory)?.find(|&at| self.u16_at(at) == Some(tag))
    }

    /// The 32-bit value of a tag.
    fn u32_value(&self, directory: usize, tag: u16) -> Option<usize> {
        self.u32_at(self.entry(directory, tag)? + 8)
    }

    /// Unlinks the second directory, which only describes the thumbnail (section 4.5.2), and blanks the thumbnail.
    fn drop_thumbnail(&mut self) -> Option<()> {
        let first = self.first_directory()?;
        let link = first + 2 + self.entries(first)?.count() * ENTRY_BYTES;
        let second = self.u32_at(link)?;
        self.bytes.get_mut(link..link + 4)?.fill(0);
        let start = self.u32_value(second, THUMBNAIL_OFFSET)?;
        let end = start.checked_add(self.u32_value(second, THUMBNAIL_LENGTH)?)?;
        // A wrong offset may point to other data, which must stay.
        let thumbnail = self.bytes.get_mut(start..end).filter(|bytes| bytes.starts_with(&[0xFF, 0xD8]))?;
        thumbnail.fill(0);
        Some(())
    }

    fn swap_sides(&mut self) -> Option<()> {
        let first = self.first_directory()?;
        let camera = self.u32_value(first, EXIF_DIRECTORY);
        self.swap_entries(first, IMAGE_WIDTH, IMAGE_LENGTH);
        self.swap_entries(camera?, PIXEL_X_DIMENSION, PIXEL_Y_DIMENSION)
    }

    /// Swaps two entries, except their tags.
    fn swap_entries(&mut self, directory: usize, one: u16, other: u16) -> Option<()> {
        let (one, other) = (self.entry(directory, one)?, self.entry(directory, other)?);
        for offset in 2..ENTRY_BYTES {
            self.bytes.swap(one + offset, other + offset);
        }
        Some(())
    }
}

/// An EXIF block as a camera writes it, little endian: orientation, maker, sizes, and an optional thumbnail.
#[cfg(test)]
pub(super) fn sample_block(orientation: u16, thumbnail: Option<&[u8]>) -> Vec<u8> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THUMBNAIL: &[u8] = b"\xFF\xD8the old face\xFF\xD9";

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
}
