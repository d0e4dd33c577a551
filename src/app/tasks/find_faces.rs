//! Tasks that look for faces: all of them in a new photo, and the one around the hole.

use std::sync::Arc;

use super::TaskResult;
use crate::app::toasts::UserMessage;
use crate::catch_panic::catch_panic;
use crate::face::{face_frames, find_frame};
use crate::mask::Mask;
use crate::photo::Photo;

pub(super) fn find_faces(photo: Arc<Photo>) -> TaskResult {
    match face_frames(&photo) {
        Ok(frames) => TaskResult::FacesDetected { photo, frames, error: None },
        Err(error) => {
            let error = detection_failed(anyhow::Error::new(error));
            TaskResult::FacesDetected { photo, frames: Vec::new(), error: Some(error) }
        }
    }
}

/// Finds the face frame from the known pixels only. Always gives a [`TaskResult::FrameFound`], even after a panic: the
/// fill may be waiting for it.
pub(super) fn find_face_frame(photo: Arc<Photo>, hole: Mask) -> TaskResult {
    let found = catch_panic(|| find_frame(&photo, &hole).map_err(anyhow::Error::new))
        .unwrap_or_else(|_| Err(anyhow::anyhow!("internal error: place the face frame by hand")));
    let (frame, error) = match found {
        Ok(frame) => (frame, None),
        Err(error) => (None, Some(detection_failed(error))),
    };
    TaskResult::FrameFound { photo, hole, frame, error }
}

fn detection_failed(error: anyhow::Error) -> UserMessage {
    UserMessage::from_error(&error.context("Face detection failed"))
}
