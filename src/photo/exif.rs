//! Edits EXIF blocks in place: upright orientation, matching sizes, no pictures.
//!
//! A block is a TIFF file without pixels (CIPA DC-008-2023, section 4.5). It is never rewritten as a whole: maker notes
//! hold offsets in private formats, so every byte must keep its position. Only a few bytes are overwritten.

mod pictures;
mod tiff_block;

use image::metadata::Orientation;

use super::embedded_picture::blank_pictures;
use super::metadata::PixelDensity;
use tiff_block::TiffBlock;

/// The JPEG marker. Some WebP and PNG writers put it in front of the block.
const JPEG_MARKER: &[u8] = b"Exif\0\0";

/// Tags of the first directory.
mod tag {
    pub const IMAGE_WIDTH: u16 = 0x0100;
    pub const IMAGE_LENGTH: u16 = 0x0101;
    pub const BITS_PER_SAMPLE: u16 = 0x0102;
    pub const PHOTOMETRIC_INTERPRETATION: u16 = 0x0106;
    pub const SAMPLES_PER_PIXEL: u16 = 0x0115;
    pub const X_RESOLUTION: u16 = 0x011A;
    pub const Y_RESOLUTION: u16 = 0x011B;
    pub const RESOLUTION_UNIT: u16 = 0x0128;
    /// Offset of the directory with the camera's tags.
    pub const EXIF_DIRECTORY: u16 = 0x8769;
    /// The other tags are those of the camera's directory.
    pub const COLOR_SPACE: u16 = 0xA001;
    pub const PIXEL_X_DIMENSION: u16 = 0xA002;
    pub const PIXEL_Y_DIMENSION: u16 = 0xA003;
}

/// The block without the markers in front of it: some programs write more than one.
fn without_markers(mut block: &[u8]) -> &[u8] {
    while let Some(rest) = block.strip_prefix(JPEG_MARKER) {
        block = rest;
    }
    block
}

/// Adapts a block to upright RGB pixels. Also returns the orientation that the file's pixels had: `outer`, which the
/// format itself tells, or that of the block.
///
/// Sets the orientation to upright and swaps what belongs to width and height for a quarter turn. Unlinks the thumbnail
/// and blanks all pictures, because other programs would still show the old face. Parts that cannot be read stay
/// unchanged.
pub(super) fn make_upright(mut block: Vec<u8>, outer: Option<Orientation>) -> (Vec<u8>, Option<Orientation>) {
    block.drain(..block.len() - without_markers(&block).len());
    let own = Orientation::remove_from_exif_chunk(&mut block);
    let orientation = outer.or(own);
    if let Some(mut tiff) = TiffBlock::new(&mut block) {
        pictures::blank_tagged_pictures(&mut tiff);
        // `None` only means that there was nothing to unlink or to change.
        let _ = tiff.unlink_second_directory();
        let _ = describe_as_rgb(&mut tiff);
        if orientation.is_some_and(swaps_sides) {
            let _ = swap_sides(&mut tiff);
        }
    }
    blank_pictures(&mut block);
    // In a broken block, zeros may have completed a marker, or made another part readable.
    block.drain(..block.len() - without_markers(&block).len());
    let _ = Orientation::remove_from_exif_chunk(&mut block);
    (block, orientation)
}

/// Whether an orientation is a quarter turn, mirrored or not.
pub(super) fn swaps_sides(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// The print size that a block tells (section 4.6.5, table 4).
pub(super) fn density(block: &[u8]) -> Option<PixelDensity> {
    let mut block = without_markers(block).to_vec();
    let tiff = TiffBlock::new(&mut block)?;
    let first = tiff.first_directory()?;
    let (x, y) = (tiff.rational_value(first, tag::X_RESOLUTION)?, tiff.rational_value(first, tag::Y_RESOLUTION)?);
    match tiff.short_value(first, tag::RESOLUTION_UNIT) {
        None | Some(2) => PixelDensity::per_inch(x, y),
        Some(3) => PixelDensity::per_centimetre(x, y),
        // No unit: not worth keeping.
        _ => None,
    }
}

/// The entries of a block's first directory, 12 bytes each. `None` when it cannot be read.
pub(super) fn first_directory(block: &[u8]) -> Option<Vec<[u8; 12]>> {
    let mut block = block.to_vec();
    let tiff = TiffBlock::new(&mut block)?;
    let entries = tiff.entries(tiff.first_directory()?)?;
    entries.map(|offset| tiff.bytes.get(offset..)?.first_chunk().copied()).collect()
}

fn swap_sides(tiff: &mut TiffBlock<'_>) -> Option<()> {
    let first = tiff.first_directory()?;
    tiff.swap_entries(first, tag::IMAGE_WIDTH, tag::IMAGE_LENGTH);
    if tiff.rational_value(first, tag::X_RESOLUTION) != tiff.rational_value(first, tag::Y_RESOLUTION) {
        tiff.swap_entries(first, tag::X_RESOLUTION, tag::Y_RESOLUTION);
    }
    let camera = tiff.u32_value(first, tag::EXIF_DIRECTORY)?;
    tiff.swap_entries(camera, tag::PIXEL_X_DIMENSION, tag::PIXEL_Y_DIMENSION)
}

/// Photoshop describes a CMYK picture by its tags. Its pixels are decoded to sRGB.
fn describe_as_rgb(tiff: &mut TiffBlock<'_>) -> Option<()> {
    const SEPARATED: u16 = 5;
    const RGB: u16 = 2;
    const UNCALIBRATED: u16 = 0xFFFF;
    const SRGB: u16 = 1;
    let first = tiff.first_directory()?;
    if tiff.short_value(first, tag::PHOTOMETRIC_INTERPRETATION) != Some(SEPARATED) {
        return None;
    }
    tiff.set_short_value(first, tag::PHOTOMETRIC_INTERPRETATION, RGB)?;
    tiff.set_short_value(first, tag::SAMPLES_PER_PIXEL, 3);
    tiff.set_count(first, tag::BITS_PER_SAMPLE, 3);
    let camera = tiff.u32_value(first, tag::EXIF_DIRECTORY)?;
    if tiff.short_value(camera, tag::COLOR_SPACE) == Some(UNCALIBRATED) {
        tiff.set_short_value(camera, tag::COLOR_SPACE, SRGB)?;
    }
    Some(())
}

#[cfg(test)]
pub(super) mod tests;
