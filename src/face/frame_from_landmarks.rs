//! The face frame that aligns landmarks to the template of all models.

use crate::geometry::{FaceFrame, Point};

/// Landmarks of an aligned face in the unit square, in the detector's order: eyes, nose, corners of the mouth. All
/// models are trained on faces aligned to this template.
pub const TEMPLATE_IN_UNIT: [Point; 5] =
    [[0.2991, 0.2969], [0.7009, 0.2969], [0.5, 0.5223], [0.3348, 0.7076], [0.6652, 0.7076]];

/// The landmarks that determine the frame: eyes and corners of the mouth. The nose moves most when the head turns.
pub const FITTED_LANDMARKS: [usize; 4] = [0, 1, 3, 4];

/// The frame that aligns a face to the template: the least-squares similarity transform from eyes and corners of the
/// mouth (Umeyama 1991). `None` when the landmarks coincide or are not finite.
#[must_use]
pub fn fit_frame(landmarks_in_photo: &[Point; 5]) -> Option<FaceFrame> {
    let mean = |points: &[Point; 5]| {
        FITTED_LANDMARKS.iter().fold([0.0; 2], |[x, y], &i| [x + points[i][0] / 4.0, y + points[i][1] / 4.0])
    };
    let [from_x, from_y] = mean(&TEMPLATE_IN_UNIT);
    let [to_x, to_y] = mean(landmarks_in_photo);
    // The transform is w ↦ c·w with complex c: c = Σ conj(from)·to / Σ |from|².
    let (mut real, mut imaginary, mut power) = (0.0, 0.0, 0.0);
    for i in FITTED_LANDMARKS {
        let (u, v) = (TEMPLATE_IN_UNIT[i][0] - from_x, TEMPLATE_IN_UNIT[i][1] - from_y);
        let (x, y) = (landmarks_in_photo[i][0] - to_x, landmarks_in_photo[i][1] - to_y);
        real += u * x + v * y;
        imaginary += u * y - v * x;
        power += u * u + v * v;
    }
    let (real, imaginary) = (real / power, imaginary / power);
    let side_px = real.hypot(imaginary);
    let (du, dv) = (0.5 - from_x, 0.5 - from_y);
    let center_in_photo = [to_x + real * du - imaginary * dv, to_y + imaginary * du + real * dv];
    let frame = FaceFrame { center_in_photo, side_px, angle_radians: imaginary.atan2(real) };
    let is_usable = side_px > 1.0 && side_px.is_finite() && center_in_photo.iter().all(|value| value.is_finite());
    is_usable.then_some(frame)
}

/// Where the landmarks of an aligned face lie in this frame, in photo pixels.
#[must_use]
pub fn template_landmarks(frame: &FaceFrame) -> [Point; 5] {
    let map = frame.photo_from_unit();
    TEMPLATE_IN_UNIT.map(|point| map.apply(point))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fitting_a_transformed_template_recovers_the_frame(
            x in -50.0f32..5000.0, y in -50.0f32..5000.0, side_px in 20.0f32..3000.0, angle_radians in -1.5f32..1.5,
        ) {
            let frame = FaceFrame { center_in_photo: [x, y], side_px, angle_radians };
            let found = fit_frame(&template_landmarks(&frame)).unwrap();
            for (a, b) in found.corners_in_photo().into_iter().zip(frame.corners_in_photo()) {
                prop_assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 1e-3 * side_px + 0.01, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn coinciding_landmarks_give_no_frame() {
        assert_eq!(fit_frame(&[[7.0, 7.0]; 5]), None);
        assert_eq!(fit_frame(&[[f32::NAN, 0.0]; 5]), None);
    }
}
