//! Fast face detection in small images, for folders of many thousands.

use super::detect::{DetectError, Detection, MIN_SCORE, RefinementPass, detect, refine_landmarks, suppress_overlaps};
use super::detector_input::DetectorInput;
use super::fit_frame;
use super::hole_filling::rgb8;
use super::orientation::turn_whole_faces;
use super::yunet::run_network;
use crate::geometry::Point;
use crate::photo::Photo;

/// Photos up to this many pixels on the longer side are assumed to show mainly a face.
const MAX_FAST_PX: u32 = 400;
/// Input side of the first pass. A face that fills the image is then some 80 pixels wide, the size that the network
/// detects best. `prepare` filters faces by the scores of this pass.
const FIRST_PASS_PX: usize = 160;
/// Share of the first pass's input that the image takes. Around it, its border is repeated, a tenth of its side wide.
const FIRST_PASS_SHARE: f32 = 1.0 / 1.2;
/// The refinement pass. Landmarks are the mean of both passes: the frame's size then has a much smaller error than with
/// either alone.
const REFINEMENT: RefinementPass = RefinementPass { input_px: 160, frame_px: 100.0, min_score: MIN_SCORE };
/// A refinement that moves the frame's centre by more than this share of its side has found another face.
const MAX_CENTER_SHIFT: f32 = 0.15;
/// A refinement that changes the side by more than this factor has found another face, too.
const MAX_SIZE_RATIO: f32 = 1.4;
/// Largest number of faces that are refined, the largest first.
const MAX_REFINED_FACES: usize = 2;

/// Like [`detect`], but runs small photos through the network at a small size. The usual size is used only when that
/// finds no face, or one that is not upright. Otherwise, scores are those of the first pass.
///
/// # Errors
/// When the photo cannot be scaled down.
pub fn detect_fast(photo: &Photo) -> Result<Vec<Detection>, DetectError> {
    if photo.width().max(photo.height()) > MAX_FAST_PX {
        return detect(photo);
    }
    let rgb = rgb8(photo);
    let mut detections = run_network(&DetectorInput::whole_photo(&rgb, FIRST_PASS_PX, FIRST_PASS_SHARE)?, MIN_SCORE);
    if detections.is_empty() {
        return detect(photo);
    }
    detections.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut faces = suppress_overlaps(detections.into_iter());
    if turn_whole_faces(&rgb, &mut faces) > 0.0 {
        // Faces on their side are not all found in an upright photo.
        return detect(photo);
    }
    for face in faces.iter_mut().take(MAX_REFINED_FACES) {
        let mut refined = face.clone();
        refine_landmarks(&rgb, REFINEMENT, &mut refined);
        if is_same_face(&face.landmarks_in_photo, &refined.landmarks_in_photo) {
            for (point, refined) in face.landmarks_in_photo.iter_mut().zip(refined.landmarks_in_photo) {
                *point = [point[0].midpoint(refined[0]), point[1].midpoint(refined[1])];
            }
        }
    }
    Ok(faces)
}

/// Whether two passes found the same face.
fn is_same_face(first: &[Point; 5], refined: &[Point; 5]) -> bool {
    let (Some(first), Some(refined)) = (fit_frame(first), fit_frame(refined)) else { return false };
    let [dx, dy] = [0, 1].map(|axis| first.center_in_photo[axis] - refined.center_in_photo[axis]);
    let ratio = refined.side_px / first.side_px;
    dx.hypot(dy) <= MAX_CENTER_SHIFT * first.side_px && (1.0 / MAX_SIZE_RATIO..=MAX_SIZE_RATIO).contains(&ratio)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use image::DynamicImage;
    use image::imageops::{self, FilterType};

    use super::*;
    use crate::face::TEMPLATE_IN_UNIT;
    use crate::geometry::FaceFrame;
    use crate::photo::{self, DecodeLimits};

    /// The face of a sample photo with some of its surroundings, 224 pixels wide.
    fn chip() -> Photo {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/grace_hopper.jpg");
        let whole = photo::open(&path, DecodeLimits::default()).unwrap();
        let frame = fit_frame(&detect(&whole).unwrap()[0].landmarks_in_photo).unwrap();
        let [x, y] = frame.center_in_photo;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the face is well inside")]
        let [left, top, side] =
            [x - 0.6 * frame.side_px, y - 0.6 * frame.side_px, 1.2 * frame.side_px].map(|v| v as u32);
        let cut = imageops::crop_imm(&whole.pixels.to_rgb8(), left, top, side, side).to_image();
        Photo::from_pixels(DynamicImage::ImageRgb8(imageops::resize(&cut, 224, 224, FilterType::Triangle)))
    }

    #[test]
    fn fast_and_full_detection_find_the_same_frame() {
        let chip = chip();
        let (fast, full) = (detect_fast(&chip).unwrap(), detect(&chip).unwrap());
        assert_eq!((fast.len(), full.len()), (1, 1));
        let [fast, full] = [fast, full].map(|faces| fit_frame(&faces[0].landmarks_in_photo).unwrap());
        // Bounds on the error of 95 % of faces; neither method is ground truth.
        let apart = |a: f32, b: f32| (a - b).abs() / full.side_px;
        assert!(apart(fast.side_px, full.side_px) < 0.08, "{fast:?} {full:?}");
        assert!((0..2).all(|axis| apart(fast.center_in_photo[axis], full.center_in_photo[axis]) < 0.04));
        assert!((fast.angle_radians - full.angle_radians).abs() < 0.08, "{fast:?} {full:?}");
    }

    #[test]
    fn passes_that_found_different_faces_do_not_agree() {
        let frame = FaceFrame { center_in_photo: [100.0, 80.0], side_px: 60.0, angle_radians: 0.1 };
        let landmarks = |frame: FaceFrame| TEMPLATE_IN_UNIT.map(|point| frame.photo_from_unit().apply(point));
        let agrees = |other: FaceFrame| is_same_face(&landmarks(frame), &landmarks(other));
        assert!(agrees(FaceFrame { center_in_photo: [106.0, 80.0], side_px: 75.0, ..frame }));
        assert!(!agrees(FaceFrame { center_in_photo: [112.0, 80.0], ..frame }));
        assert!(!agrees(FaceFrame { side_px: 90.0, ..frame }));
        assert!(!agrees(FaceFrame { side_px: 40.0, ..frame }));
        assert!(!is_same_face(&landmarks(frame), &[[5.0; 2]; 5]));
    }

    #[test]
    fn no_face_is_found_in_a_plain_image() {
        let plain = Photo::from_pixels(DynamicImage::new_rgb8(100, 80));
        assert!(detect_fast(&plain).unwrap().is_empty());
    }
}
