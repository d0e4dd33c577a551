//! Tasks for opening a photo, and for the samples' thumbnails.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::{TaskResult, task_failed};
use crate::app::sample_portraits::SamplePortrait;
use crate::geometry::FaceFrame;
use crate::hash::sha256_of_bytes;
use crate::photo::{DecodeLimits, Photo, PhotoError, decode};
use crate::project::PhotoOrigin;

/// A photo, its display name, its face frame if known in advance (samples), and its origin.
type OpenedPhoto = (Photo, String, Option<FaceFrame>, PhotoOrigin);

pub(super) fn photo_result(photo: anyhow::Result<OpenedPhoto>) -> TaskResult {
    match photo {
        Ok((photo, name, frame, origin)) => TaskResult::PhotoOpened { photo: Arc::new(photo), name, frame, origin },
        Err(error) => task_failed(&error.context("Photo not opened")),
    }
}

pub(super) fn open_photo(path: &Path) -> anyhow::Result<OpenedPhoto> {
    // Read once, so that the hash belongs to exactly the bytes that are decoded.
    let bytes = std::fs::read(path).map_err(|source| PhotoError::Read { path: path.into(), source })?;
    let photo = Photo { source: Some(path.into()), ..decode(&bytes, DecodeLimits::default())? };
    let origin = PhotoOrigin::File { path: path.into(), relative_path: None, sha256: sha256_of_bytes(&bytes) };
    Ok((photo, display_name(path), None, origin))
}

/// Display name of a photo file: its name without extension.
pub(super) fn display_name(path: &Path) -> String {
    path.file_stem().map_or_else(|| "photo".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

pub(super) fn open_sample(sample: SamplePortrait) -> anyhow::Result<OpenedPhoto> {
    let photo = decode(sample.image_bytes(), DecodeLimits::default())?;
    let name = sample.file_stem();
    Ok((photo, name.to_owned(), Some(sample.face_frame()), PhotoOrigin::Sample(name.to_owned())))
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
