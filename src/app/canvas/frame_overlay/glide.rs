//! Lets the drawn face frame glide when the program moves it, so that the eye can follow. Only the drawing glides: the
//! data changes at once.

use egui::{Context, Id};

use crate::geometry::FaceFrame;

/// Duration of a glide.
const GLIDE_SECS: f32 = 0.15;
/// A change below this share of the frame's side is not worth a glide.
const TINY_SHARE: f32 = 0.01;

/// The glide in progress.
#[derive(Debug, Default)]
pub(in super::super) struct FrameGlide {
    /// The last frame to draw; `None` for a new photo.
    target: Option<FaceFrame>,
    duration_secs: f32,
}

impl FrameGlide {
    /// The frame to draw on the way to `target`. A new photo and a drag are followed at once.
    pub fn shown_frame(&mut self, context: &Context, target: FaceFrame, is_dragged: bool) -> FaceFrame {
        if is_dragged || self.target.is_none_or(|previous| previous != target) {
            let glides = !is_dragged && self.target.is_some_and(|previous| is_visible_change(&previous, &target));
            self.duration_secs = if glides { GLIDE_SECS } else { 0.0 };
            self.target = Some(target);
        }
        let animated = |part: &str, value| {
            context.animate_value_with_time(Id::unique(("face frame", part)), value, self.duration_secs)
        };
        let [x, y] = target.center_in_photo;
        FaceFrame {
            center_in_photo: [animated("x", x), animated("y", y)],
            side_px: animated("side", target.side_px),
            angle_radians: animated("angle", target.angle_radians),
        }
    }
}

fn is_visible_change(from: &FaceFrame, to: &FaceFrame) -> bool {
    let mut distances =
        from.corners_in_photo().into_iter().zip(to.corners_in_photo()).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]));
    distances.any(|distance| distance > TINY_SHARE * to.side_px)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: FaceFrame = FaceFrame { center_in_photo: [100.0, 80.0], side_px: 60.0, angle_radians: 0.0 };
    const TO: FaceFrame = FaceFrame { center_in_photo: [130.0, 80.0], side_px: 66.0, angle_radians: 0.1 };

    /// Draws one window frame at this time.
    fn shown_at(
        context: &Context,
        glide: &mut FrameGlide,
        secs: f64,
        target: FaceFrame,
        is_dragged: bool,
    ) -> FaceFrame {
        let mut shown = target;
        let input = egui::RawInput { time: Some(secs), ..Default::default() };
        let output = context.run_ui(input, |_| shown = glide.shown_frame(context, target, is_dragged));
        output.drop_without_applying_deltas();
        shown
    }

    #[test]
    fn a_moved_frame_glides_to_its_place() {
        let (context, mut glide) = (Context::default(), FrameGlide::default());
        assert_eq!(shown_at(&context, &mut glide, 1.0, FROM, false), FROM);
        shown_at(&context, &mut glide, 1.02, TO, false);
        let [x, _] = shown_at(&context, &mut glide, 1.08, TO, false).center_in_photo;
        assert!((101.0..129.0).contains(&x), "{x}");
        assert_eq!(shown_at(&context, &mut glide, 1.4, TO, false), TO);
    }

    #[test]
    fn drags_tiny_changes_and_new_photos_jump() {
        let (context, mut glide) = (Context::default(), FrameGlide::default());
        assert_eq!(shown_at(&context, &mut glide, 1.0, FROM, false), FROM);
        assert_eq!(shown_at(&context, &mut glide, 1.01, TO, true), TO);
        let tiny = FaceFrame { side_px: 66.3, ..TO };
        assert_eq!(shown_at(&context, &mut glide, 1.02, tiny, false), tiny);
        glide = FrameGlide::default();
        assert_eq!(shown_at(&context, &mut glide, 1.03, FROM, false), FROM);
    }
}
