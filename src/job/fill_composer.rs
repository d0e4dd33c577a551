//! Draws generated pictures into the photo, as the task wants it: in the hole, or as a restored face.

use crate::blend::{Blend, Composer, FillPatch, Restorer};
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::Photo;
use crate::restore::ImageTask;

/// Everything about one hole or face that does not depend on the generated picture.
pub enum FillComposer {
    Hole(Box<Composer>),
    Face(Box<Restorer>),
}

impl FillComposer {
    /// Prepares for one hole, or for the face in the frame. `max_side_px` limits the patch's longer side; `None` is full
    /// size. No photo pixel under the hole is read.
    #[must_use]
    pub fn new(
        photo: &Photo,
        hole: &Mask,
        frame: &FaceFrame,
        blend: Blend,
        task: ImageTask,
        max_side_px: Option<u32>,
    ) -> Self {
        if task.is_fill() {
            Self::Hole(Box::new(Composer::new(photo, hole, frame, blend, max_side_px)))
        } else {
            Self::Face(Box::new(Restorer::new(photo, hole, frame, task, max_side_px, true)))
        }
    }

    /// Draws one generated picture.
    #[must_use]
    pub fn render(&self, picture: &FacePicture) -> FillPatch {
        match self {
            Self::Hole(composer) => composer.render(picture),
            Self::Face(restorer) => restorer.render(picture),
        }
    }
}
