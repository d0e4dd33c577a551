//! The place of a fill: what is prepared for it is kept while many pictures are drawn there.

use std::sync::{Arc, Weak};

use crate::blend::Blend;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::Photo;
use crate::restore::ImageTask;

/// The hole of a fill, and how the fill is blended into it. The pointer is weak, so that the place does not keep a closed
/// photo in memory.
#[derive(Clone, Debug)]
pub struct FillPlace {
    pub photo: Weak<Photo>,
    pub hole: Mask,
    pub frame: FaceFrame,
    pub blend: Blend,
    pub task: ImageTask,
}

impl FillPlace {
    #[must_use]
    pub fn new(photo: &Arc<Photo>, hole: &Mask, frame: FaceFrame, blend: impl Into<Blend>) -> Self {
        Self { photo: Arc::downgrade(photo), hole: hole.clone(), frame, blend: blend.into(), task: ImageTask::Fill }
    }

    /// The same place for another task.
    #[must_use]
    pub fn of_task(self, task: ImageTask) -> Self {
        Self { task, ..self }
    }

    /// What `cache` holds for this place. If it is of another place, `prepare` makes it.
    pub fn get_or_prepare<T>(self, cache: &mut Option<(Self, T)>, prepare: impl FnOnce() -> T) -> &T {
        let cached = cache.take().filter(|(place, _)| *place == self);
        let (_, prepared) = cache.insert(cached.unwrap_or_else(|| (self, prepare())));
        prepared
    }
}

impl PartialEq for FillPlace {
    fn eq(&self, other: &Self) -> bool {
        self.photo.ptr_eq(&other.photo)
            && self.hole == other.hole
            && (self.frame, self.blend, self.task) == (other.frame, other.blend, other.task)
    }
}
