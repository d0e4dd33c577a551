//! Face detection with `YuNet` (Wu et al. 2023, "`YuNet`: A Tiny Millisecond-level Face Detector"), on the CPU.
//!
//! The network's input is 640×640 pixels. A photo is run through it twice: once as large as fits, for small faces, and
//! once smaller with its border repeated, because faces that fill the image are detected better with a margin. Tilted
//! and small faces are then refined in another pass, upright and at a good size: otherwise their landmarks would be off
//! by up to a fifth of the face. Faces with a low score may not be upright, see [`orientation`](super::orientation).

use std::ops::Range;

use image::RgbImage;
use rayon::prelude::*;
use serde::Serialize;

use super::detector_input::DetectorInput;
use super::hole_filling::rgb8;
use super::orientation::{find_turned_faces, turn_between};
use super::yunet::run_network;
use super::{CropError, fit_frame};
use crate::geometry::{Point, Similarity};
use crate::photo::Photo;

/// Side of the network's input in pixels, as given in the model file.
pub(super) const INPUT_PX: usize = 640;
/// Minimum score of a face. `OpenCV`'s example uses 0.9, but turned and partly hidden faces score lower.
pub(super) const MIN_SCORE: f32 = 0.6;
/// Boxes that overlap more than this (intersection over union) are one face, as in `OpenCV`'s `FaceDetectorYN`.
const MAX_OVERLAP: f32 = 0.3;
/// Share of the input's side that the photo takes in the second pass.
const SECOND_PASS_SHARE: f32 = 0.45;
/// Widths in the input at which faces and landmarks are detected best. Of two detections of one face, the one within
/// this range is kept.
const RELIABLE_WIDTH_PX: std::ops::RangeInclusive<f32> = 48.0..=320.0;

/// A face that is rotated by more than this, in radians (5°), is refined.
const MAX_UNREFINED_RADIANS: f32 = 0.09;
/// A face whose frame is narrower than this in the first pass is refined too: its rotation cannot be measured.
const MIN_UNREFINED_FRAME_PX: f32 = 110.0;
/// A refinement that rotates the face by more than this, in radians (8°), is repeated.
const CONVERGED_RADIANS: f32 = 0.14;
/// Input size, scale and minimum score of a refinement.
pub(super) const REFINEMENT: RefinementPass =
    RefinementPass { input_px: INPUT_PX, frame_px: 200.0, min_score: MIN_SCORE };
/// Largest number of faces that are refined, the largest first, which bounds the time.
const MAX_REFINED_FACES: usize = 4;

/// One detected face, in photo pixels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Detection {
    /// 0 to 1.
    pub score: f32,
    /// `[x, y, width, height]`.
    #[serde(rename = "box")]
    pub box_in_photo: [f32; 4],
    /// Right eye (left in the image), left eye, nose, right and left corner of the mouth.
    #[serde(rename = "landmarks")]
    pub landmarks_in_photo: [Point; 5],
}

/// Why face detection failed.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    #[error("the photo could not be scaled down: place the face frame by hand")]
    Resize(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Crop(#[from] CropError),
}

/// A refinement pass: the side of the network's input, the side of the face frame in it, and the minimum score.
#[derive(Clone, Copy)]
pub(super) struct RefinementPass {
    pub input_px: usize,
    pub frame_px: f32,
    pub min_score: f32,
}

/// Detects all faces of a photo, any way up, the largest first. Runs the network twice, and up to twice more per refined
/// face; more often for faces with a low score, or if there is none.
///
/// # Errors
/// When the photo cannot be scaled down.
pub fn detect(photo: &Photo) -> Result<Vec<Detection>, DetectError> {
    let rgb = rgb8(photo);
    let mut faces = find_turned_faces(&rgb, detect_unrefined(&rgb, 0..1, MIN_SCORE, |_| true)?, None)?;
    for face in faces.iter_mut().filter(|face| needs_refinement(&rgb, face)).take(MAX_REFINED_FACES) {
        refine_landmarks(&rgb, REFINEMENT, face);
    }
    Ok(faces)
}

/// The faces with at least this score that `accept` lets pass, the largest first, in the photo turned by each of these
/// numbers of quarters. Runs the network twice for each.
pub(super) fn detect_unrefined(
    rgb: &RgbImage,
    quarters: Range<u8>,
    min_score: f32,
    accept: impl Fn(&Detection) -> bool,
) -> Result<Vec<Detection>, DetectError> {
    let inputs: Vec<DetectorInput> = [1.0, SECOND_PASS_SHARE]
        .into_iter()
        .map(|share| DetectorInput::whole_photo(rgb, INPUT_PX, share))
        .collect::<Result<_, _>>()?;
    let passes: Vec<(&DetectorInput, u8)> =
        quarters.flat_map(|quarters| inputs.iter().map(move |input| (input, quarters))).collect();
    let run = |&(input, quarters): &(&DetectorInput, u8)| match quarters {
        0 => run_network(input, min_score),
        _ => run_network(&input.turned(quarters), min_score),
    };
    let found: Vec<Vec<Detection>> = passes.par_iter().map(run).collect();
    let mut detections = Vec::new();
    for ((input, quarters), faces) in passes.into_iter().zip(found) {
        for face in faces.into_iter().filter(&accept) {
            let width = face.box_in_photo[2 + usize::from(quarters % 2)];
            let is_reliable = RELIABLE_WIDTH_PX.contains(&(width / input.photo_from_input.scale));
            detections.push(((face.score >= MIN_SCORE, is_reliable), face));
        }
    }
    detections.sort_by(|(rank_a, a), (rank_b, b)| rank_b.cmp(rank_a).then(b.score.total_cmp(&a.score)));
    Ok(suppress_overlaps(detections.into_iter().map(|(_, face)| face)))
}

/// Whether the landmarks of a face in this photo may be inaccurate, because the face is rotated or small.
pub(super) fn needs_refinement(rgb: &RgbImage, face: &Detection) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "sides are far below 2^24")]
    let first_scale = rgb.width().max(rgb.height()) as f32 / INPUT_PX as f32;
    fit_frame(&face.landmarks_in_photo).is_some_and(|frame| {
        frame.angle_radians.abs() > MAX_UNREFINED_RADIANS || frame.side_px / first_scale < MIN_UNREFINED_FRAME_PX
    })
}

/// Suppresses overlapping detections and sorts the others, the largest first. Of two that overlap, the first is kept.
pub(super) fn suppress_overlaps(detections: impl Iterator<Item = Detection>) -> Vec<Detection> {
    let mut kept: Vec<Detection> = Vec::new();
    for face in detections {
        if kept.iter().all(|other| intersection_over_union(&face.box_in_photo, &other.box_in_photo) <= MAX_OVERLAP) {
            kept.push(face);
        }
    }
    kept.sort_by(|a, b| (b.box_in_photo[2] * b.box_in_photo[3]).total_cmp(&(a.box_in_photo[2] * a.box_in_photo[3])));
    kept
}

/// Refines the landmarks of a face, twice if the first time rotates it much.
pub(super) fn refine_landmarks(rgb: &RgbImage, pass: RefinementPass, face: &mut Detection) {
    for _ in 0..2 {
        if refine_once(rgb, pass, face) < CONVERGED_RADIANS {
            break;
        }
    }
}

/// Detects the landmarks again in the face, rotated upright and scaled to a good size. Returns by how much that turns
/// the face, in radians.
fn refine_once(rgb: &RgbImage, pass: RefinementPass, face: &mut Detection) -> f32 {
    let Some(frame) = fit_frame(&face.landmarks_in_photo) else { return 0.0 };
    let scale = frame.side_px / pass.frame_px;
    #[expect(clippy::cast_precision_loss, reason = "some hundred pixels")]
    let half = pass.input_px as f32 / 2.0;
    let rotated = Similarity { scale, angle_radians: frame.angle_radians, translation: [0.0, 0.0] };
    let [x, y] = rotated.apply([half, half]);
    let [center_x, center_y] = frame.center_in_photo;
    let photo_from_input = Similarity { translation: [center_x - x, center_y - y], ..rotated };
    let input = DetectorInput::aligned_part(rgb, pass.input_px, photo_from_input);
    let distance = |other: &Detection| {
        let [nose_x, nose_y] = other.landmarks_in_photo[2];
        (nose_x - center_x).hypot(nose_y - center_y)
    };
    let nearby = run_network(&input, pass.min_score).into_iter().filter(|other| distance(other) < frame.side_px / 3.0);
    let Some(refined) = nearby.max_by(|a, b| a.score.total_cmp(&b.score)) else { return 0.0 };
    face.landmarks_in_photo = refined.landmarks_in_photo;
    fit_frame(&face.landmarks_in_photo).map_or(0.0, |refined| turn_between(&frame, &refined))
}

/// Intersection over union of two boxes.
fn intersection_over_union(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let overlap = |axis: usize| ((a[axis] + a[axis + 2]).min(b[axis] + b[axis + 2]) - a[axis].max(b[axis])).max(0.0);
    let intersection = overlap(0) * overlap(1);
    intersection / (a[2] * a[3] + b[2] * b[3] - intersection).max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests;
