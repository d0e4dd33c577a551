//! Tasks for opening a photo, and for the samples' thumbnails.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use crate::app::sample_portraits::SamplePortrait;
use crate::geometry::FaceFrame;
use crate::hash::sha256_of_bytes;
use crate::photo::{DecodeLimits, Photo, decode, read_file};
use crate::project::PhotoOrigin;

/// A photo, and where its face is known to be.
pub struct OpenedPhoto {
    pub photo: Arc<Photo>,
    pub name: String,
    pub frame: Option<FaceFrame>,
    pub origin: PhotoOrigin,
}

/// Reads a photo.
///
/// # Errors
/// When the file cannot be read or decoded.
pub fn open_photo(path: &Path) -> anyhow::Result<OpenedPhoto> {
    // Read once, so that the hash belongs to exactly the bytes that are decoded.
    let bytes = read_file(path)?;
    let photo = Photo { source: Some(path.into()), ..decode(&bytes, DecodeLimits::default())? };
    let origin = PhotoOrigin::File { path: path.into(), relative_path: None, sha256: sha256_of_bytes(&bytes) };
    Ok(OpenedPhoto { photo: Arc::new(photo), name: display_name(path), frame: None, origin })
}

/// Display name of a photo file: its name without extension.
pub(super) fn display_name(path: &Path) -> String {
    path.file_stem().map_or_else(|| "photo".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// Decodes a sample.
///
/// # Errors
/// None: the samples are part of the program.
pub fn open_sample(sample: SamplePortrait) -> anyhow::Result<OpenedPhoto> {
    let name = sample.file_stem().to_owned();
    let photo = Arc::new(decode(sample.image_bytes(), DecodeLimits::default())?);
    let origin = PhotoOrigin::Sample(name.clone());
    Ok(OpenedPhoto { photo, name, frame: Some(sample.face_frame()), origin })
}

/// Side of a sample's thumbnail in pixels: sharp at 200 % scale.
const THUMBNAIL_SIDE_PX: u32 = 288;

/// A sample's thumbnail.
///
/// # Errors
/// None: the samples are part of the program.
pub fn sample_thumbnail(sample: SamplePortrait) -> anyhow::Result<egui::ColorImage> {
    let pixels = image::load_from_memory(sample.image_bytes()).context("sample not decoded")?;
    let square = pixels.resize_to_fill(THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX, image::imageops::FilterType::Triangle);
    let rgba = square.to_rgba8();
    let side = THUMBNAIL_SIDE_PX as usize;
    Ok(egui::ColorImage::from_rgba_unmultiplied([side, side], rgba.as_raw()))
}
