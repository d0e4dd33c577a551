//! Tasks for opening a photo, and for the samples' thumbnails.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::{TaskResult, file_name, task_failed};
use crate::app::sample_portraits::SamplePortrait;
use crate::hash::sha256_of_bytes;
use crate::photo::{DecodeLimits, Photo, PhotoError, decode, read_file};
use crate::project::PhotoOrigin;

pub(super) fn open_photo(path: &Path) -> TaskResult {
    match read_photo(path) {
        Ok((photo, origin)) => {
            TaskResult::PhotoOpened { photo: Arc::new(photo), name: display_name(path), frame: None, origin }
        }
        Err(error) => {
            let headline = format!("Photo not opened: {}", file_name(path));
            task_failed(&anyhow::Error::new(error).context(headline))
        }
    }
}

fn read_photo(path: &Path) -> Result<(Photo, PhotoOrigin), PhotoError> {
    // Read once, so that the hash belongs to exactly the bytes that are decoded.
    let bytes = read_file(path)?;
    let photo = Photo { source: Some(path.into()), ..decode(&bytes, DecodeLimits::default())? };
    Ok((photo, PhotoOrigin::File { path: path.into(), relative_path: None, sha256: sha256_of_bytes(&bytes) }))
}

/// Display name of a photo file: its name without extension.
pub(super) fn display_name(path: &Path) -> String {
    path.file_stem().map_or_else(|| "photo".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

pub(super) fn open_sample(sample: SamplePortrait) -> TaskResult {
    let name = sample.file_stem().to_owned();
    match decode(sample.image_bytes(), DecodeLimits::default()) {
        Ok(photo) => {
            let (photo, frame) = (Arc::new(photo), Some(sample.face_frame()));
            TaskResult::PhotoOpened { photo, frame, origin: PhotoOrigin::Sample(name.clone()), name }
        }
        Err(error) => task_failed(&anyhow::Error::new(error).context(format!("Photo not opened: {name}"))),
    }
}

/// Side of a sample's thumbnail in pixels: sharp at 200 % scale.
const THUMBNAIL_SIDE_PX: u32 = 288;

pub(super) fn sample_thumbnail(sample: SamplePortrait) -> anyhow::Result<egui::ColorImage> {
    let pixels = image::load_from_memory(sample.image_bytes()).context("sample not decoded")?;
    let square = pixels.resize_to_fill(THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX, image::imageops::FilterType::Triangle);
    let rgba = square.to_rgba8();
    let side = THUMBNAIL_SIDE_PX as usize;
    Ok(egui::ColorImage::from_rgba_unmultiplied([side, side], rgba.as_raw()))
}
