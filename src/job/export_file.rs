//! Writes a fill into a file, in the format of the file's name, and tells what the format cost.
//!
//! A PNG holds everything: all pixels outside the fill exactly, and the record that repeats the fill. Whoever exports
//! another format is told what is different.

use std::path::Path;

use image::DynamicImage;
use rayon::prelude::*;

use super::provenance::SOURCE_TYPE;
use super::{ExportContent, Provenance, png_metadata};
use crate::fs::{Overwrite, write_atomically};
use crate::mask::Mask;
use crate::photo::{
    DecodeLimits, EncodedPicture, MAX_JPEG_XMP_BYTES, Photo, PictureFormat, PixelData, SaveError, decode,
    encode_picture, with_source_type,
};

/// A picture to export.
pub struct ExportFile<'a> {
    pub photo: &'a Photo,
    /// The filled photo, or the layer.
    pub pixels: &'a DynamicImage,
    /// The pixels that were filled.
    pub filled: &'a Mask,
    pub content: ExportContent,
    /// `None` to record nothing.
    pub provenance: Option<&'a Provenance>,
}

impl ExportFile<'_> {
    /// Writes the file. The extension of `path` decides the format; without a known one, it is PNG. `jpeg_quality` is 1 to
    /// 100. Returns what the format changed or could not hold, as sentences for the user, without a full stop.
    ///
    /// # Errors
    /// When the format cannot hold the picture, or the file cannot be written or may not be replaced.
    pub fn save(&self, path: &Path, jpeg_quality: u8, overwrite: Overwrite) -> Result<Vec<String>, SaveError> {
        let format = PictureFormat::from_path(path).unwrap_or_default();
        let mut metadata = png_metadata(self.photo, self.content, self.provenance);
        let mut lost = Vec::new();
        if format != PictureFormat::Png && self.provenance.is_some() {
            metadata.texts.clear();
            lost.push("Only a PNG keeps the record that `countenance replay` needs".to_owned());
        }
        if format == PictureFormat::Jpeg
            && self.provenance.is_some()
            && metadata.xmp.as_ref().is_some_and(|packet| packet.len() > MAX_JPEG_XMP_BYTES)
        {
            // That parts are generated is worth more than the rest of the packet.
            metadata.xmp = Some(with_source_type(None, SOURCE_TYPE).into_bytes().into());
            lost.push("Left out, because this JPEG cannot hold it: the photo's XMP (longer than 64 KB)".to_owned());
        }
        let EncodedPicture { bytes, notes } = encode_picture(self.pixels, &metadata, format, jpeg_quality)?;
        write_atomically(path, &bytes, overwrite)?;
        let exactness = match self.content {
            ExportContent::Photo => self.exactness(format, &bytes),
            ExportContent::Layer => None,
        };
        Ok(exactness.into_iter().chain(notes).chain(lost).collect())
    }

    /// How exactly the file keeps the pixels outside the fill. `None` for PNG, and where another note tells it.
    fn exactness(&self, format: PictureFormat, file: &[u8]) -> Option<String> {
        let name = format.name();
        match format {
            PictureFormat::Png => None,
            PictureFormat::Jpeg => {
                let saved = decode(file, DecodeLimits { max_pixels: u64::MAX }).ok();
                let difference = saved.map(|saved| difference_outside(&self.photo.pixels, &saved.pixels, self.filled));
                Some(match difference {
                    Some(Some((mean, most))) => {
                        format!("{name}: pixels outside the fill differ by {mean:.1} levels on average, at most {most}")
                    }
                    Some(None) => format!("{name}: no pixel lies outside the fill"),
                    None => format!("{name}: pixels outside the fill are only nearly those of the photo"),
                })
            }
            PictureFormat::WebP if matches!(PixelData::of(self.pixels), PixelData::Bits16 { .. }) => None,
            PictureFormat::Tiff | PictureFormat::WebP => {
                Some(format!("{name}: every pixel outside the fill is exactly the photo's"))
            }
        }
    }
}

/// Refuses a format that cannot hold the photo, before the slow work of a fill. Transparency under the hole does not
/// count, because the fill replaces it.
///
/// # Errors
/// When a side is too long for the format, or a pixel outside the hole is transparent and the format is JPEG.
pub fn check_export(photo: &Photo, hole: &Mask, content: ExportContent, path: &Path) -> Result<(), SaveError> {
    let format = PictureFormat::from_path(path).unwrap_or_default();
    format.check_size(&photo.pixels)?;
    let is_transparent = || content == ExportContent::Layer || has_transparency_outside(&photo.pixels, hole);
    if !format.holds_transparency() && is_transparent() {
        return Err(SaveError::Transparency);
    }
    Ok(())
}

fn has_transparency_outside(pixels: &DynamicImage, hole: &Mask) -> bool {
    fn any<T: Copy + PartialEq>(data: &[T], channels: usize, hole: &Mask, opaque: T) -> bool {
        let row_samples = (hole.width() as usize * channels).max(1);
        (0..hole.height()).zip(data.chunks_exact(row_samples)).any(|(y, row)| {
            let pixels = row.chunks_exact(channels).zip(hole.row(y, 0..hole.width()));
            pixels.into_iter().any(|(pixel, is_hole)| !is_hole && pixel.last().is_some_and(|alpha| *alpha != opaque))
        })
    }
    if !pixels.color().has_alpha() {
        return false;
    }
    match PixelData::of(pixels) {
        PixelData::Bits8 { data, channels } => any(data, channels, hole, u8::MAX),
        PixelData::Bits16 { data, channels } => any(&data, channels, hole, u16::MAX),
    }
}

/// Mean and largest difference of the channels outside these pixels, in levels of 8 bits. `None` when nothing is
/// outside. Both pictures have the same size.
fn difference_outside(photo: &DynamicImage, saved: &DynamicImage, filled: &Mask) -> Option<(f64, u8)> {
    let (photo, saved) = (photo.to_rgb8(), saved.to_rgb8());
    let row_bytes = (photo.width() as usize * 3).max(1);
    let rows = photo.par_chunks_exact(row_bytes).zip(saved.par_chunks_exact(row_bytes)).zip(0..filled.height());
    let (sum, count, most) = rows
        .map(|((photo, saved), y)| {
            let pixels = photo.as_chunks::<3>().0.iter().zip(saved.as_chunks::<3>().0);
            let known = pixels.zip(filled.row(y, 0..filled.width())).filter(|(_, is_filled)| !is_filled);
            known.fold((0_u64, 0_u64, 0_u8), |totals, ((photo, saved), _)| {
                photo.iter().zip(saved).fold(totals, |(sum, count, most), (a, b)| {
                    let difference = a.abs_diff(*b);
                    (sum + u64::from(difference), count + 1, most.max(difference))
                })
            })
        })
        .reduce(|| (0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2.max(b.2)));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    (count > 0).then(|| (sum as f64 / count as f64, most))
}

#[cfg(test)]
mod tests;
