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

    fn u16_at(&self, offset: usize) -> Option<u16> {
        let bytes = self.bytes.get(offset..offset.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    /// Reads an offset or a length.
    fn u32_at(&self, offset: usize) -> Option<usize> {
        let bytes = self.bytes.get(offset..offset.checked_add(4)?)?.try_into().ok()?;
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
        self.entries(directory)?.find(|&offset| self.u16_at(offset) == Some(tag))
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

#[cfg(test)]
pub(super) mod tests;
