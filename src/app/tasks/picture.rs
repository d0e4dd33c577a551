//! Renders a fill into its photo at full size, for export or for the screen.
//!
//! A [`Picture`] is a snapshot: it shares photo, hole and fill with the document, so the user can keep editing during
//! the rendering.

use std::path::Path;
use std::sync::Arc;

use super::Done;
use crate::app::document::Look;
use crate::blend::Composer;
use crate::face::FaceFrame;
use crate::job::{Content, FillOutcome, Made, Recipe};
use crate::mask::Mask;
use crate::photo::{Overwrite, Photo, SaveError, save_png};

/// Everything needed to render one fill into its photo.
#[derive(Clone)]
pub struct Picture {
    pub photo: Arc<Photo>,
    pub hole: Arc<Mask>,
    pub frame: FaceFrame,
    pub outcome: Arc<FillOutcome>,
    pub look: Look,
}

impl Picture {
    fn made(&self) -> Made<'_> {
        Made {
            photo: &self.photo,
            hole: &self.hole,
            frame: self.frame,
            blend: self.look.blend,
            outcome: &self.outcome,
            candidate: self.look.candidate,
        }
    }
}

pub(super) fn export(
    path: &Path,
    picture: &Picture,
    content: Content,
    record: bool,
    overwrite: Overwrite,
) -> Result<(), SaveError> {
    // Check before the slow work. Writing checks again, atomically.
    if overwrite == Overwrite::Refuse && path.exists() {
        return Err(SaveError::Exists { path: path.to_owned() });
    }
    let made = picture.made();
    let Some(pixels) = made.picture(content) else { return Ok(()) };
    let recipe = record.then(|| Recipe::new(&made)).transpose()?;
    save_png(path, &pixels, &made.extras(content, recipe.as_ref()), overwrite)
}

pub(super) fn compose(fill_index: usize, picture: &Picture) -> Done {
    let Some(candidate) = picture.outcome.candidates.get(picture.look.candidate) else { return Done::Cancelled };
    let composer = Composer::new(&picture.photo, &picture.hole, &picture.frame, picture.look.blend, None);
    let patch = composer.patch(&candidate.pixels, picture.outcome.size_px);
    Done::Composed { fill_index, photo: Arc::clone(&picture.photo), look: picture.look, patch }
}
