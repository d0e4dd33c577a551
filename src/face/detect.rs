//! Face detection with `YuNet` (Wu et al. 2023, "`YuNet`: A Tiny Millisecond-level Face Detector"), run on the CPU by
//! tract.
//!
//! The network's input is 640×640 pixels. A photo is run through it twice: once as large as fits, for small faces, and
//! once smaller with its border repeated, because faces that fill the image are detected better with a margin. Tilted
//! and small faces are then refined in another pass, upright and at a good size: otherwise their landmarks would be off
//! by up to a fifth of the face.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use image::RgbImage;
use serde::Serialize;
use tract_onnx::prelude::*;

use super::detector_input::DetectorInput;
use super::{CropError, fit_frame};
use crate::geometry::{Point, Similarity};
use crate::photo::Photo;

/// `YuNet`, March 2023 (`OpenCV` Zoo, MIT licence).
static YUNET: &[u8] = include_bytes!("../../models/face_detection_yunet_2023mar.onnx");
/// Side of the network's input in pixels, as given in the model file.
pub(super) const INPUT_PX: usize = 640;
/// Pixels per cell of the three output grids.
const STRIDES: [usize; 3] = [8, 16, 32];
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
    #[error("the face detector failed: place the face frame by hand")]
    Network(#[source] tract_onnx::prelude::TractError),
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

type YunetModel = Arc<TypedRunnableModel>;

/// Detects all faces of a photo, the largest first. Runs the network twice, and up to twice more per refined face.
///
/// # Errors
/// When the network cannot be run.
pub fn detect(photo: &Photo) -> Result<Vec<Detection>, DetectError> {
    // Borrowed if the photo is RGB8 already, because copying a large one is slow.
    let rgb = photo.pixels.as_rgb8().map_or_else(|| Cow::Owned(photo.pixels.to_rgb8()), Cow::Borrowed);
    let mut faces = detect_unrefined(&rgb, MIN_SCORE, |_| true)?;
    for face in faces.iter_mut().filter(|face| needs_refinement(&rgb, face)).take(MAX_REFINED_FACES) {
        refine_landmarks(&rgb, REFINEMENT, face)?;
    }
    Ok(faces)
}

/// The faces with at least this score that `accept` lets pass, the largest first. Runs the network twice.
pub(super) fn detect_unrefined(
    rgb: &RgbImage,
    min_score: f32,
    accept: impl Fn(&Detection) -> bool,
) -> Result<Vec<Detection>, DetectError> {
    let mut detections = Vec::new();
    for share in [1.0, SECOND_PASS_SHARE] {
        let input = DetectorInput::whole_photo(rgb, INPUT_PX, share)?;
        let scale = input.photo_from_input.scale;
        for face in run_network(&input, min_score)?.into_iter().filter(&accept) {
            let is_reliable = RELIABLE_WIDTH_PX.contains(&(face.box_in_photo[2] / scale));
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
pub(super) fn refine_landmarks(rgb: &RgbImage, pass: RefinementPass, face: &mut Detection) -> Result<(), DetectError> {
    for _ in 0..2 {
        if refine_once(rgb, pass, face)?.abs() < CONVERGED_RADIANS {
            break;
        }
    }
    Ok(())
}

/// Detects the landmarks again in the face, rotated upright and scaled to a good size. Returns the change of the face's
/// angle, in radians.
fn refine_once(rgb: &RgbImage, pass: RefinementPass, face: &mut Detection) -> Result<f32, DetectError> {
    let Some(frame) = fit_frame(&face.landmarks_in_photo) else { return Ok(0.0) };
    let scale = frame.side_px / pass.frame_px;
    #[expect(clippy::cast_precision_loss, reason = "some hundred pixels")]
    let half = pass.input_px as f32 / 2.0;
    let rotated = Similarity { scale, angle_radians: frame.angle_radians, translation: [0.0, 0.0] };
    let [x, y] = rotated.apply([half, half]);
    let [center_x, center_y] = frame.center_in_photo;
    let photo_from_input = Similarity { translation: [center_x - x, center_y - y], ..rotated };
    let input = DetectorInput::aligned_part(rgb, pass.input_px, photo_from_input)?;
    let distance = |other: &Detection| {
        let [nose_x, nose_y] = other.landmarks_in_photo[2];
        (nose_x - center_x).hypot(nose_y - center_y)
    };
    let nearby = run_network(&input, pass.min_score)?.into_iter().filter(|other| distance(other) < frame.side_px / 3.0);
    let Some(refined) = nearby.max_by(|a, b| a.score.total_cmp(&b.score)) else { return Ok(0.0) };
    face.landmarks_in_photo = refined.landmarks_in_photo;
    Ok(fit_frame(&face.landmarks_in_photo).map_or(0.0, |refined| refined.angle_radians - frame.angle_radians))
}

/// The network for a square input of this side, a multiple of 32. Loaded once per side.
fn model_for_side(input_px: usize) -> Result<YunetModel, DetectError> {
    static MODELS: Mutex<BTreeMap<usize, YunetModel>> = Mutex::new(BTreeMap::new());
    let mut models = MODELS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(model) = models.get(&input_px) {
        return Ok(model.clone());
    }
    // The model file fixes shapes for 640 pixels, but its layers do not depend on them.
    let model = tract_onnx::onnx()
        .with_ignore_output_shapes(true)
        .with_ignore_value_info(true)
        .model_for_read(&mut &*YUNET)
        .and_then(|model| model.with_input_fact(0, f32::fact([1, 3, input_px, input_px]).into()))
        .and_then(tract_onnx::prelude::InferenceModelExt::into_optimized)
        .and_then(tract_onnx::prelude::IntoRunnable::into_runnable)
        .map_err(DetectError::Network)?;
    models.insert(input_px, model.clone());
    Ok(model)
}

/// Runs the network and decodes every output cell with at least this score.
pub(super) fn run_network(input: &DetectorInput, min_score: f32) -> Result<Vec<Detection>, DetectError> {
    let model = model_for_side(input.side_px)?;
    let outputs = model.run(tvec!(input.tensor.clone().into())).map_err(DetectError::Network)?;
    let mut detections = Vec::new();
    for (level, stride) in STRIDES.into_iter().enumerate() {
        let values = |group: usize| {
            outputs[3 * group + level].view().as_slice::<f32>().map(<[f32]>::to_vec).map_err(DetectError::Network)
        };
        let (class, object, boxes, points) = (values(0)?, values(1)?, values(2)?, values(3)?);
        let columns = input.side_px / stride;
        for cell in 0..columns * columns {
            let score = (class[cell].clamp(0.0, 1.0) * object[cell].clamp(0.0, 1.0)).sqrt();
            if score >= min_score {
                let (column, row) = (cell % columns, cell / columns);
                let (values, points) = (&boxes[4 * cell..], &points[10 * cell..]);
                detections.push(decode_cell(&input.photo_from_input, score, (column, row, stride), values, points));
            }
        }
    }
    Ok(detections)
}

/// Decodes one output cell to photo pixels. The box is upright in the input.
#[expect(clippy::cast_precision_loss, reason = "cell numbers are small")]
fn decode_cell(
    photo_from_input: &Similarity,
    score: f32,
    (column, row, stride): (usize, usize, usize),
    values: &[f32],
    points: &[f32],
) -> Detection {
    let (column, row, stride) = (column as f32, row as f32, stride as f32);
    let (width, height) = (values[2].exp() * stride, values[3].exp() * stride);
    let corner = [(column + values[0]) * stride - width / 2.0, (row + values[1]) * stride - height / 2.0];
    let [x, y] = photo_from_input.apply(corner);
    let scale = photo_from_input.scale;
    Detection {
        score,
        box_in_photo: [x, y, width * scale, height * scale],
        landmarks_in_photo: std::array::from_fn(|k| {
            photo_from_input.apply([(column + points[2 * k]) * stride, (row + points[2 * k + 1]) * stride])
        }),
    }
}

/// Intersection over union of two boxes.
fn intersection_over_union(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let overlap = |axis: usize| ((a[axis] + a[axis + 2]).min(b[axis] + b[axis + 2]) - a[axis].max(b[axis])).max(0.0);
    let intersection = overlap(0) * overlap(1);
    intersection / (a[2] * a[3] + b[2] * b[3] - intersection).max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests;
