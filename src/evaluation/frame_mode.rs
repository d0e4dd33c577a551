//! The face frame of a search: the true one, or the one that the program finds beside the hole.

use serde::{Deserialize, Serialize};

use crate::face::{FITTED_LANDMARKS, TEMPLATE_IN_UNIT};
use crate::geometry::{FaceFrame, FrameNumbers};

/// Where the face frame of a search comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameMode {
    /// The true frame, from the landmarks of the whole photo. Measures the fill alone.
    Known,
    /// Found without the pixels under the hole, as in the program. Measures frame and fill together.
    Found,
}

impl FrameMode {
    /// All modes, in the order of reports.
    pub const ALL: [Self; 2] = [Self::Known, Self::Found];

    /// The name on the command line and in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Found => "found",
        }
    }
}

/// The face frame of one fill.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameStats {
    pub frame_mode: FrameMode,
    /// The frame of the search; the true frame if the method is not a search.
    pub frame: FrameNumbers,
    pub true_frame: FrameNumbers,
    /// See [`frame_error`]. `None` for the true frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_error: Option<f64>,
}

impl FrameStats {
    /// Describes a frame that a search used.
    #[must_use]
    pub fn new(frame_mode: FrameMode, frame: &FaceFrame, true_frame: &FaceFrame) -> Self {
        let error = (frame_mode == FrameMode::Found).then(|| frame_error(frame, true_frame));
        Self { frame_mode, frame: frame.numbers(), true_frame: true_frame.numbers(), frame_error: error }
    }
}

/// The mean distance between the eyes and corners of the mouth of two frames' templates, divided by the distance of the
/// eyes in the true frame. 0: the same frame. 0.1: off by about the width of an iris.
#[must_use]
pub fn frame_error(frame: &FaceFrame, true_frame: &FaceFrame) -> f64 {
    let (map, true_map) = (frame.photo_from_unit(), true_frame.photo_from_unit());
    let distance = |landmark: usize| {
        let point = TEMPLATE_IN_UNIT[landmark];
        let ([x, y], [true_x, true_y]) = (map.apply(point), true_map.apply(point));
        f64::from((x - true_x).hypot(y - true_y))
    };
    let eye_distance = f64::from((TEMPLATE_IN_UNIT[1][0] - TEMPLATE_IN_UNIT[0][0]) * true_frame.side_px);
    FITTED_LANDMARKS.into_iter().map(distance).sum::<f64>() / 4.0 / eye_distance
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE_FRAME: FaceFrame = FaceFrame { center_in_photo: [300.0, 200.0], side_px: 250.0, angle_radians: 0.1 };

    #[test]
    fn frame_errors_follow_their_definition() {
        assert!(frame_error(&TRUE_FRAME, &TRUE_FRAME).abs() < 1e-9);
        // Every landmark moves by 5 pixels, and the eyes are 0.4018 · 250 pixels apart.
        let moved = FaceFrame { center_in_photo: [303.0, 204.0], ..TRUE_FRAME };
        assert!((frame_error(&moved, &TRUE_FRAME) - 5.0 / 100.45).abs() < 1e-5);
        let turned = FaceFrame { angle_radians: 0.2, ..TRUE_FRAME };
        assert!(frame_error(&turned, &TRUE_FRAME) > 0.05);
    }

    #[test]
    fn only_found_frames_have_an_error() {
        let turned = FaceFrame { angle_radians: 0.2, ..TRUE_FRAME };
        assert_eq!(FrameStats::new(FrameMode::Known, &TRUE_FRAME, &TRUE_FRAME).frame_error, None);
        let found = FrameStats::new(FrameMode::Found, &turned, &TRUE_FRAME);
        assert_eq!(found.frame_error, Some(frame_error(&turned, &TRUE_FRAME)));
        assert_eq!((found.frame, found.true_frame), (turned.numbers(), TRUE_FRAME.numbers()));
    }
}
