//! Opens one photo of a batch, and finds its hole and the faces to fill.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::hole_choice::HoleSource;
use crate::app::tasks::{OpenedPhoto, open_photo};
use crate::face::{FaceAtHole, face_frames, find_faces, find_frame, find_landmarks, template_landmarks};
use crate::geometry::FaceFrame;
use crate::job::{FacePart, FacesInTurn, SplitFace, split_hole};
use crate::mask::{Mask, load_mask};
use crate::photo::{Photo, pictures_with_stem};
use crate::project::PhotoOrigin;

/// A photo that is ready to be filled.
pub(super) struct PreparedPhoto {
    pub photo: Arc<Photo>,
    pub origin: PhotoOrigin,
    /// The whole hole.
    pub hole: Mask,
    /// The faces to fill, in order. Not empty.
    pub parts: VecDeque<FacePart>,
    /// The photo with the fills so far.
    pub turns: FacesInTurn,
}

impl PreparedPhoto {
    /// Opens a photo, and finds its hole and its faces. Slow.
    pub(super) fn open(path: &Path, source: &HoleSource) -> anyhow::Result<Self> {
        let OpenedPhoto { photo, origin, .. } = open_photo(path)?;
        let (hole, parts) = if let HoleSource::Masks(folder) = source {
            masked_faces(path, &photo, folder)?
        } else {
            let (hole, frame) = hole_on_face(&photo, source)?;
            let parts = split_hole(&hole, &[frame]);
            (hole, parts)
        };
        if parts.is_empty() {
            bail!("the hole lies in none of the faces found: open the photo in the editor and place the face frame");
        }
        let turns = FacesInTurn::new(Arc::clone(&photo), hole.clone());
        Ok(Self { photo, origin, hole, parts: parts.into(), turns })
    }
}

/// The hole of a mask file, and all faces under it.
fn masked_faces(path: &Path, photo: &Photo, folder: &Path) -> anyhow::Result<(Mask, Vec<FacePart>)> {
    let stem = path.file_stem().unwrap_or_default();
    let masks = pictures_with_stem(folder, stem);
    let masks = masks.with_context(|| format!("cannot list the masks in {}", folder.display()))?;
    let mask_path = match masks.as_slice() {
        [mask] => mask,
        [] => bail!("there is no mask for this photo in {}: add {}.png", folder.display(), stem.display()),
        [first, second, ..] => {
            bail!("{} and {} are both masks for this photo: remove one", first.display(), second.display())
        }
    };
    let hole = load_mask(mask_path, photo.width(), photo.height())?.mask;
    if hole.is_empty() || hole.is_full() {
        bail!("the mask {} must be white in the hole and black elsewhere", mask_path.display());
    }
    let found = find_faces(photo, &hole)?;
    let split = |&FaceAtHole { frame, is_certain, .. }: &FaceAtHole| SplitFace { frame, is_certain };
    let mut faces: Vec<SplitFace> = found.at_hole.iter().map(split).collect();
    if faces.is_empty() {
        let whole_photo = FaceFrame::centered(photo.width(), photo.height());
        faces.push(found.frame.unwrap_or(whole_photo).into());
    }
    let parts = split_hole(&hole, &faces);
    Ok((hole, parts))
}

/// A hole on the largest face, and the frame that is found beside it.
fn hole_on_face(photo: &Photo, source: &HoleSource) -> anyhow::Result<(Mask, FaceFrame)> {
    let (width, height) = (photo.width(), photo.height());
    let frame = face_frames(photo)?.first().copied();
    let frame = frame.context("no face is found: open the photo in the editor and place the face frame")?;
    let hole = match source {
        HoleSource::Region(region) => {
            let found = find_landmarks(photo, &Mask::empty(width, height), &frame)?;
            region.hole_in_photo(width, height, &found.unwrap_or_else(|| template_landmarks(&frame)))
        }
        HoleSource::Preset { preset, crop_size_px, seed } => {
            return Ok((preset.hole_in_photo(width, height, &frame, *crop_size_px, *seed), frame));
        }
        HoleSource::Moved { hole, frame: from } => hole.moved_to_face(from, [width, height], &frame),
        HoleSource::Masks(_) => bail!("a mask has its own place"),
    };
    let beside_hole = find_frame(photo, &hole)?.filter(|beside| beside.is_of_same_face(&frame));
    Ok((hole, beside_hole.unwrap_or(frame)))
}
