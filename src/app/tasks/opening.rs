//! Tasks for opening a photo: decode it and detect its faces. Also decodes the samples' thumbnails.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::{Done, failed};
use crate::app::messages::Message;
use crate::app::samples::Sample;
use crate::face::{FaceFrame, detect, fit_frame};
use crate::photo::{DecodeLimits, Photo, PhotoError, decode};
use crate::project::{PhotoOrigin, sha256_of};

/// A photo, its display name, its face frame if known in advance (samples), and its origin.
type Opened = (Photo, String, Option<FaceFrame>, PhotoOrigin);

pub(super) fn opened(photo: anyhow::Result<Opened>) -> Done {
    match photo {
        Ok((photo, name, frame, origin)) => Done::Photo { photo: Arc::new(photo), name, frame, origin },
        Err(error) => failed(&error.context("Photo not opened")),
    }
}

pub(super) fn open_photo(path: &Path) -> anyhow::Result<Opened> {
    // Read once, so that the hash belongs to exactly the bytes that are decoded.
    let bytes = std::fs::read(path).map_err(|source| PhotoError::Read { path: path.into(), source })?;
    let photo = Photo { source: Some(path.into()), ..decode(&bytes, DecodeLimits::default())? };
    let origin = PhotoOrigin::File { path: path.into(), relative_path: None, sha256: sha256_of(&bytes) };
    Ok((photo, name_of(path), None, origin))
}

/// Display name of a photo file: its name without extension.
pub(super) fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(|| "photo".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

pub(super) fn open_sample(sample: Sample) -> anyhow::Result<Opened> {
    let photo = decode(sample.bytes(), DecodeLimits::default())?;
    let name = sample.file_stem();
    Ok((photo, name.to_owned(), Some(sample.frame()), PhotoOrigin::Sample(name.to_owned())))
}

pub(super) fn find_faces(photo: Arc<Photo>) -> Done {
    match detect(&photo) {
        Ok(faces) => {
            let frames = faces.iter().filter_map(|face| fit_frame(&face.landmarks_in_photo)).collect();
            Done::Faces { photo, frames, problem: None }
        }
        Err(error) => {
            let error = anyhow::Error::new(error).context("Face detection failed");
            Done::Faces { photo, frames: Vec::new(), problem: Some(Message::from_error(&error)) }
        }
    }
}

/// Side of a sample's thumbnail in pixels: sharp at 200 % scale.
const THUMBNAIL_SIDE_PX: u32 = 288;

pub(super) fn thumbnail(sample: Sample) -> anyhow::Result<egui::ColorImage> {
    let pixels = image::load_from_memory(sample.bytes()).context("sample not decoded")?;
    let square = pixels.resize_to_fill(THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX, image::imageops::FilterType::Triangle);
    let rgba = square.to_rgba8();
    let side = THUMBNAIL_SIDE_PX as usize;
    Ok(egui::ColorImage::from_rgba_unmultiplied([side, side], rgba.as_raw()))
}
