//! The detector's network: runs it on one input and decodes its output.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tract_onnx::prelude::*;

use super::detect::{DetectError, Detection};
use super::detector_input::DetectorInput;
use crate::geometry::Similarity;

/// `YuNet`, March 2023 (`OpenCV` Zoo, MIT licence).
static YUNET: &[u8] = include_bytes!("../../models/face_detection_yunet_2023mar.onnx");
/// Pixels per cell of the three output grids.
const STRIDES: [usize; 3] = [8, 16, 32];

type YunetModel = Arc<TypedRunnableModel>;

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

/// Decodes one output cell to photo pixels. The box is upright in the input; in the photo, it is turned by full quarters.
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
    let [x, y] = photo_from_input.apply([(column + values[0]) * stride, (row + values[1]) * stride]);
    let (sin, cos) = photo_from_input.angle_radians.sin_cos();
    let (across, down) = if sin.abs() > cos.abs() { (height, width) } else { (width, height) };
    let [width, height] = [across, down].map(|side| side * photo_from_input.scale);
    Detection {
        score,
        box_in_photo: [x - width / 2.0, y - height / 2.0, width, height],
        landmarks_in_photo: std::array::from_fn(|k| {
            photo_from_input.apply([(column + points[2 * k]) * stride, (row + points[2 * k + 1]) * stride])
        }),
    }
}
