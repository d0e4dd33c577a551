//! Blanks the pictures that tags of an EXIF block point to: thumbnails and previews that need no JPEG.

use std::ops::Range;

use super::tag::EXIF_DIRECTORY;
use super::tiff_block::TiffBlock;

/// Offset and length of a JPEG thumbnail, in bytes.
const THUMBNAIL: [u16; 2] = [0x0201, 0x0202];
/// Offsets and lengths of the parts of other pictures: strips and tiles (TIFF 6.0).
const PICTURE_PARTS: [[u16; 2]; 2] = [[0x0111, 0x0117], [0x0144, 0x0145]];
/// Offsets of further directories: with pictures, GPS, interoperability.
const DIRECTORIES: [u16; 4] = [0x014A, EXIF_DIRECTORY, 0x8825, 0xA005];
const MAKER_NOTE: u16 = 0x927C;
/// How a maker's note of Google's camera starts. It is encrypted, and holds the picture at several stages of its
/// making (`Image::ExifTool::Google`).
const GOOGLE_NOTE: &[u8] = b"HDRP";

/// Most directories that are read. Cameras write up to seven.
const MAX_DIRECTORIES: usize = 64;

/// Overwrites the pictures with zeros. Bytes that belong to anything else stay, because offsets may be wrong.
pub(super) fn blank_tagged_pictures(tiff: &mut TiffBlock<'_>) {
    let directories = all_directories(tiff);
    let mut is_kept = vec![false; tiff.bytes.len()];
    for &directory in &directories {
        let link = tiff.link(directory).unwrap_or(directory);
        let values = tiff.entries(directory).into_iter().flatten().filter_map(|entry| tiff.value_range(entry));
        for range in values.chain([0..8, directory..link + 4]) {
            is_kept.get_mut(range).unwrap_or_default().fill(true);
        }
    }
    for &directory in &directories {
        for range in picture_ranges(tiff, directory) {
            let is_kept = is_kept.get(range.clone()).unwrap_or_default();
            let bytes = tiff.bytes.get_mut(range).unwrap_or_default();
            bytes.iter_mut().zip(is_kept).filter(|(_, is_kept)| !**is_kept).for_each(|(byte, _)| *byte = 0);
        }
        for range in [thumbnail_range(tiff, directory), google_note_range(tiff, directory)].into_iter().flatten() {
            tiff.bytes.get_mut(range).unwrap_or_default().fill(0);
        }
    }
}

/// All directories, without those of maker notes: their formats are private.
fn all_directories(tiff: &TiffBlock<'_>) -> Vec<usize> {
    let mut found: Vec<usize> = tiff.first_directory().into_iter().collect();
    let mut next = 0;
    while let Some(&directory) = found.get(next) {
        next += 1;
        let linked = tiff.link(directory).and_then(|link| tiff.u32_at(link));
        let below = DIRECTORIES.into_iter().filter_map(|tag| tiff.numbers(directory, tag)).flatten();
        for other in linked.into_iter().chain(below) {
            if other != 0 && found.len() < MAX_DIRECTORIES && !found.contains(&other) {
                found.push(other);
            }
        }
    }
    found
}

/// The parts of the picture that a directory describes, other than a JPEG.
fn picture_ranges(tiff: &TiffBlock<'_>, directory: usize) -> Vec<Range<usize>> {
    let parts = PICTURE_PARTS.into_iter().filter_map(|[offsets, lengths]| {
        let (offsets, lengths) = (tiff.numbers(directory, offsets)?, tiff.numbers(directory, lengths)?);
        Some(offsets.into_iter().zip(lengths))
    });
    let size = tiff.bytes.len();
    parts.flatten().map(|(start, length)| start.min(size)..start.saturating_add(length).min(size)).collect()
}

/// The JPEG thumbnail of a directory. A wrong offset may point to other data, which must stay.
fn thumbnail_range(tiff: &TiffBlock<'_>, directory: usize) -> Option<Range<usize>> {
    let [offset, length] = THUMBNAIL.map(|tag| tiff.u32_value(directory, tag));
    let start = offset?;
    let range = start..start.checked_add(length?)?.min(tiff.bytes.len());
    tiff.bytes.get(range.clone())?.starts_with(&[0xFF, 0xD8]).then_some(range)
}

fn google_note_range(tiff: &TiffBlock<'_>, directory: usize) -> Option<Range<usize>> {
    let range = tiff.value_range(tiff.entry(directory, MAKER_NOTE)?)?;
    tiff.bytes.get(range.clone())?.starts_with(GOOGLE_NOTE).then_some(range)
}
