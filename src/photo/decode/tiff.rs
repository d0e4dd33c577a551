//! Decodes TIFF files: classic and `BigTIFF`, in both byte orders.
//!
//! The `tiff` crate decompresses strips and tiles. What they mean is read here: which page is the photo, where its
//! chunks belong, and what its channels are. Every kind of file that would come out wrong is refused, with the reason.

mod chunk;
mod color;
mod directory;
mod exif_block;
mod layout;
mod metadata;
mod pages;
mod raw_file;
mod samples;
mod supported;
mod tag;

use image::ImageError;
use image::error::{LimitError, LimitErrorKind};

use super::{DecodeLimits, DecodedFile, PhotoError, image_crate};
use crate::catch_panic::catch_panic;
use chunk::broken;
use directory::{Directory, TiffFile};
use layout::{Colors, Layout};
use samples::{NumberRange, Value};

/// Whether a file starts as a TIFF or a `BigTIFF`.
pub(super) fn is_tiff(start: &[u8]) -> bool {
    matches!(start.get(..4), Some(b"II*\0" | b"MM\0*" | b"II+\0" | b"MM\0+"))
}

pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    // Versions of the `tiff` crate panic on some broken files.
    catch_panic(|| decode_photo(bytes, limits)).unwrap_or_else(|reason| Err(broken(reason)))
}

fn decode_photo(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    let file = TiffFile::new(bytes).ok_or_else(|| broken("its header is wrong"))?;
    let pages = pages::list_pages(&file);
    // Many writers put the directories at the end.
    let first = pages.first().ok_or(PhotoError::CutShort)?;
    let choice = pages::choose(&file, &pages)?;
    let page = pages.get(choice.page).unwrap_or(first);
    let parent = page.parent.and_then(|parent| pages.get(parent)).map(|parent| &parent.directory);
    let layout = Layout::read(&file, &page.directory, limits)?;
    let mut warnings = Vec::new();
    match choice.other_pages {
        0 => {}
        1 => warnings.push("the file holds another page, which is left out".into()),
        count => warnings.push(format!("the file holds {count} other pages, which are left out")),
    }
    if choice.is_marked_reduced {
        warnings.push("the file says that its picture is a smaller copy of another one".into());
    }
    let left_out = layout.samples - layout.kept_samples().len();
    match left_out {
        0 => {}
        1 => warnings.push("the file has an extra channel, which is left out".into()),
        count => warnings.push(format!("the file has {count} extra channels, which are left out")),
    }
    let mut metadata = metadata::read(&file, &page.directory, &first.directory);
    let source = (&file, &page.directory);
    let pixels = if layout.format.bits <= 8 {
        let values = read_values::<u8>(source, &layout, limits, &mut warnings)?;
        color::to_picture(values, &layout, source, &mut metadata, &mut warnings)
    } else {
        let values = read_values::<u16>(source, &layout, limits, &mut warnings)?;
        color::to_picture(values, &layout, source, &mut metadata, &mut warnings)
    }?;
    let orientation = metadata::orientation(&file, &page.directory, parent);
    Ok(DecodedFile { pixels, metadata, orientation, warnings })
}

/// Decodes all chunks of a page: the kept samples of each pixel.
fn read_values<T: Value>(
    (file, page): (&TiffFile<'_>, &Directory),
    layout: &Layout,
    limits: DecodeLimits,
    warnings: &mut Vec<String>,
) -> Result<Vec<T>, PhotoError> {
    let kept = layout.kept_samples();
    check_memory::<T>(layout, kept.len(), limits)?;
    let jpeg_tables = file.tag_bytes(page, tag::JPEG_TABLES);
    let mut values = vec![T::default(); layout.width * layout.height * kept.len()];
    let mut range = NumberRange::default();
    let chunks = &layout.chunks;
    let planes = if layout.is_planar { layout.samples } else { 1 };
    for plane in (0..planes).filter(|plane| !layout.is_planar || kept.contains(plane)) {
        for index in 0..chunks.across * chunks.down {
            let (left, top) = (index % chunks.across * chunks.width, index / chunks.across * chunks.height);
            let height = chunks.height.min(layout.height - top);
            let number = plane * chunks.across * chunks.down + index;
            let chunk = chunk::decode(file, layout, (number, height), jpeg_tables, warnings)?;
            samples::place(&chunk, layout, (left, top, plane), &kept, &mut values, &mut range);
        }
    }
    if range.is_too_dark(layout.format) {
        let reason =
            format!("its numbers of {} bits use so little of their range that it would be black", layout.format.bits);
        return Err(PhotoError::UnsupportedTiff { reason });
    }
    let kept_bits = if layout.colors == Colors::Cmyk { 8 } else { 16 };
    if layout.format.bits > kept_bits {
        warnings.push(format!("the {} bits per channel of the file are reduced to {kept_bits}", layout.format.bits));
    }
    if let Some(percent) = range.percent_cut() {
        warnings.push(format!(
            "{percent:.1} % of the file's numbers are darker than black or brighter than white, and are cut"
        ));
    }
    // Damage of several chunks is told once.
    warnings.dedup();
    Ok(values)
}

/// Refuses a page whose pixels and largest chunk need more memory than is allowed.
fn check_memory<T>(layout: &Layout, channels: usize, limits: DecodeLimits) -> Result<(), PhotoError> {
    let pixels = layout.width as u64 * layout.height as u64;
    let chunk_pixels = layout.chunks.width as u64 * layout.chunks.height.min(layout.height) as u64;
    let chunk_bits = chunk_pixels.saturating_mul((layout.chunk_samples() * layout.format.bits) as u64);
    let needed = pixels.saturating_mul((channels * size_of::<T>()) as u64).saturating_add(chunk_bits / 8);
    if image_crate::memory_limits(limits).max_alloc.is_some_and(|allowed| needed > allowed) {
        let cause = ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory));
        return Err(PhotoError::TooMuchMemory { cause });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
