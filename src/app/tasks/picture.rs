//! A fill drawn into its photo at full size: as a file, or for the screen.
//!
//! What would surprise: a [`Picture`] shares photo, hole and fill with the document it was taken from, so that the user
//! can go on working while it is drawn.

use std::path::Path;
use std::sync::Arc;

use super::Done;
use crate::app::document::Look;
use crate::blend::{Composer, apply};
use crate::face::FaceFrame;
use crate::job::FillOutcome;
use crate::mask::Mask;
use crate::photo::{Overwrite, Photo, SaveError, save_png};

/// One fill to be drawn into the photo.
#[derive(Clone)]
pub struct Picture {
    pub photo: Arc<Photo>,
    pub hole: Arc<Mask>,
    pub frame: FaceFrame,
    pub outcome: Arc<FillOutcome>,
    pub look: Look,
}

pub(super) fn export(path: &Path, picture: &Picture, overwrite: Overwrite) -> Result<(), SaveError> {
    // The file is looked for before the work is done, and again (without a gap) when it is written.
    if overwrite == Overwrite::Refuse && path.exists() {
        return Err(SaveError::Exists { path: path.to_owned() });
    }
    let Some(candidate) = picture.outcome.candidates.get(picture.look.candidate) else { return Ok(()) };
    let pixels = apply(
        &picture.photo,
        &picture.hole,
        &picture.frame,
        picture.look.blend,
        &candidate.pixels,
        picture.outcome.size_px,
    );
    save_png(path, &pixels, &picture.photo.extras(), overwrite)
}

pub(super) fn compose(fill_index: usize, picture: &Picture) -> Done {
    let Some(candidate) = picture.outcome.candidates.get(picture.look.candidate) else { return Done::Cancelled };
    let composer = Composer::new(&picture.photo, &picture.hole, &picture.frame, picture.look.blend, None);
    let patch = composer.patch(&candidate.pixels, picture.outcome.size_px);
    Done::Composed { fill_index, photo: Arc::clone(&picture.photo), look: picture.look, patch }
}
