//! Attributes of a face that its landmarks and pixels tell without a trained classifier.

use super::Crop;
use crate::geometry::Point;

/// How far a face is turned to the side: the nose's distance from the middle of eyes and mouth, along the line of the
/// eyes, in eye distances. 0 faces the camera; positive is to the picture's right. `None` when the eyes coincide.
#[must_use]
pub fn yaw(landmarks: &[Point; 5]) -> Option<f32> {
    let [right_eye, left_eye, nose, right_corner, left_corner] = *landmarks;
    let (dx, dy) = (left_eye[0] - right_eye[0], left_eye[1] - right_eye[1]);
    let middle = |axis: usize| (right_eye[axis] + left_eye[axis] + right_corner[axis] + left_corner[axis]) / 4.0;
    let yaw = ((nose[0] - middle(0)) * dx + (nose[1] - middle(1)) * dy) / (dx * dx + dy * dy);
    yaw.is_finite().then_some(yaw)
}

/// Width of the mouth in eye distances: a smile widens it. `None` when the eyes coincide.
#[must_use]
pub fn mouth_width(landmarks: &[Point; 5]) -> Option<f32> {
    let distance = |a: usize, b: usize| (landmarks[a][0] - landmarks[b][0]).hypot(landmarks[a][1] - landmarks[b][1]);
    let width = distance(3, 4) / distance(0, 1);
    width.is_finite().then_some(width)
}

/// From which side a face is lit: the mean brightness of its right half in the picture, less that of its left half, in
/// the networks' units (-1 to 1). Positive is lit from the right. `None` when no pixel of a half is known.
#[must_use]
pub fn side_light(crop: &Crop) -> Option<f32> {
    let side = crop.size_px as usize;
    // Forehead to mouth, without the background.
    let (inner, rows) = (side / 5..side * 4 / 5, side / 5..side * 4 / 5);
    let mean = |is_right: bool| {
        let columns = inner.clone().filter(move |column| (*column >= side / 2) == is_right);
        let pixels = rows.clone().flat_map(|row| columns.clone().map(move |column| row * side + column));
        let (mut sum, mut count) = (0.0, 0.0);
        for pixel in pixels.filter(|pixel| crop.known[*pixel] > 0.0) {
            sum += (0..3).map(|channel| crop.pixels[channel * side * side + pixel]).sum::<f32>() / 3.0;
            count += 1.0;
        }
        (count > 0.0).then(|| sum / count)
    };
    Some(mean(true)? - mean(false)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::face::TEMPLATE_IN_UNIT;
    use crate::geometry::FaceFrame;

    #[test]
    fn moved_nose_changes_the_yaw() {
        assert!(yaw(&TEMPLATE_IN_UNIT).unwrap().abs() < 1e-6);
        let mut turned = TEMPLATE_IN_UNIT;
        // A tenth of the distance between the eyes, 0.4018.
        turned[2][0] += 0.04018;
        assert!((yaw(&turned).unwrap() - 0.1).abs() < 1e-5);
        assert_eq!(yaw(&[[1.0, 1.0]; 5]), None);
    }

    proptest! {
        #[test]
        fn measures_ignore_rotation_and_scale(
            angle_radians in -3.0f32..3.0, side_px in 20.0f32..2000.0, shift in -0.2f32..0.2,
        ) {
            let mut landmarks = TEMPLATE_IN_UNIT;
            landmarks[2][0] += shift;
            landmarks[3][0] -= shift / 2.0;
            let frame = FaceFrame { center_in_photo: [300.0, 200.0], side_px, angle_radians };
            let map = frame.photo_from_unit();
            let moved = landmarks.map(|point| map.apply(point));
            for measure in [yaw, mouth_width] {
                prop_assert!((measure(&moved).unwrap() - measure(&landmarks).unwrap()).abs() < 1e-2);
            }
        }
    }

    #[test]
    fn a_wider_mouth_is_measured_in_eye_distances() {
        let mut landmarks = TEMPLATE_IN_UNIT;
        let before = mouth_width(&landmarks).unwrap();
        landmarks[4][0] += 0.04018;
        assert!((mouth_width(&landmarks).unwrap() - before - 0.1).abs() < 1e-5);
        assert_eq!(mouth_width(&[[1.0, 1.0]; 5]), None);
    }

    #[test]
    fn light_is_the_difference_of_the_known_halves() {
        let value = |index: usize| if index % 10 >= 5 { 0.5 } else { -0.25 };
        let crop = |known: Vec<f32>| Crop { size_px: 10, pixels: (0..300).map(value).collect(), known };
        assert!((side_light(&crop(vec![1.0; 100])).unwrap() - 0.75).abs() < 1e-6);
        let right_known = (0..100).map(|index| if index % 10 >= 5 { 1.0 } else { 0.0 }).collect();
        assert_eq!(side_light(&crop(right_known)), None);
    }
}
