//! The detector's network: runs it on one input and decodes its output.

use std::sync::OnceLock;

use safetensors::SafeTensors;

use super::detect::Detection;
use super::detector_input::DetectorInput;
use super::layers::{Convolution, FeatureMap, SeparableConvolution};
use crate::geometry::Similarity;

/// `YuNet`, March 2023 (`OpenCV` Zoo, MIT licence).
static YUNET: &[u8] = include_bytes!("../../models/yunet.safetensors");
/// Pixels per cell of the three output grids.
const STRIDES: [usize; 3] = [8, 16, 32];
/// Values per output cell: class, object, box (4) and landmarks (5 × 2).
const CELL_VALUES: usize = 16;

/// The network's layers, in the names of the paper's figure 2.
struct Yunet {
    stem: Convolution,
    /// Each stage but the first has two layers.
    stages: [Vec<SeparableConvolution>; 6],
    /// For strides 8, 16 and 32.
    necks: [SeparableConvolution; 3],
    /// The four heads of each stride as one layer: [`CELL_VALUES`] channels.
    heads: [SeparableConvolution; 3],
}

impl Yunet {
    /// The embedded network. The first call loads it.
    ///
    /// # Panics
    /// If the embedded file is damaged. A test loads it.
    fn embedded() -> &'static Self {
        static NETWORK: OnceLock<Yunet> = OnceLock::new();
        NETWORK.get_or_init(|| {
            let file = SafeTensors::deserialize(YUNET).expect("the embedded network is a safetensors file");
            let layer = |name: String| SeparableConvolution::load(&file, &name);
            let stage = |stage: usize| {
                let layers = if stage == 0 { 1 } else { 2 };
                (0..layers).map(|index| layer(format!("backbone.{stage}.{index}"))).collect()
            };
            Self {
                stem: Convolution::load(&file, "stem"),
                stages: std::array::from_fn(stage),
                necks: STRIDES.map(|stride| layer(format!("neck.{stride}"))),
                heads: STRIDES.map(|stride| layer(format!("head.{stride}"))),
            }
        })
    }

    /// `[side, side, 3]` to a grid of cells for each stride. `side` is a multiple of 32. Class and object are logits.
    fn forward(&self, input: &FeatureMap) -> [FeatureMap; 3] {
        let relu = |layer: &SeparableConvolution, map: &FeatureMap| layer.apply(map, 0.0);
        let stage = |index: usize, map: &FeatureMap| {
            let [first, second] = &self.stages[index][..] else { unreachable!("these stages have two layers") };
            relu(second, &relu(first, map))
        };
        let quarter = self.stages[0][0].apply_and_pool(&self.stem.halve(input));
        let eighth = self.stages[2][1].apply_and_pool(&relu(&self.stages[2][0], &stage(1, &quarter)));
        let mut maps = [stage(3, &eighth), FeatureMap::default(), FeatureMap::default()];
        for index in 1..STRIDES.len() {
            maps[index] = stage(3 + index, &maps[index - 1].max_pooled());
        }
        maps[2] = relu(&self.necks[2], &maps[2]);
        for index in [1, 0] {
            let (finer, coarser) = maps.split_at_mut(index + 1);
            finer[index].add_enlarged(&coarser[0]);
            finer[index] = relu(&self.necks[index], &finer[index]);
        }
        std::array::from_fn(|index| self.heads[index].apply(&maps[index], f32::NEG_INFINITY))
    }
}

/// Runs the network and decodes every output cell with at least this score.
pub(super) fn run_network(input: &DetectorInput, min_score: f32) -> Vec<Detection> {
    let mut detections = Vec::new();
    for (stride, grid) in STRIDES.into_iter().zip(Yunet::embedded().forward(&input.pixels)) {
        for (cell, values) in grid.values.as_chunks::<CELL_VALUES>().0.iter().enumerate() {
            let [class, object, boxes @ ..] = values;
            let score = (sigmoid(*class) * sigmoid(*object)).sqrt();
            if score >= min_score {
                let (column, row) = (cell % grid.side, cell / grid.side);
                let (values, points) = boxes.split_at(4);
                detections.push(decode_cell(&input.photo_from_input, score, (column, row, stride), values, points));
            }
        }
    }
    detections
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::layers::tests::{golden_values, test_map};

    /// A hundred times the rounding of sums of 64 products of values near 1.
    const TOLERANCE: f32 = 100.0 * f32::EPSILON;

    #[test]
    fn outputs_agree_with_another_implementation() {
        let grids = Yunet::embedded().forward(&test_map(64, 3, |byte| byte));
        let found: Vec<f32> = grids.into_iter().flat_map(|grid| grid.values).collect();
        let expected = golden_values("yunet");
        assert_eq!(found.len(), expected.len());
        for (index, (found, expected)) in found.into_iter().zip(expected).enumerate() {
            let found = if index % CELL_VALUES < 2 { sigmoid(found) } else { found };
            assert!((found - expected).abs() < TOLERANCE * expected.abs().max(1.0), "{index}: {found} and {expected}");
        }
    }
}
