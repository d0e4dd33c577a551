//! What a search must agree with.

use burn::tensor::{Device, Tensor, TensorData};

use super::ContextSettings;
use super::mirror::{Mirror, MirrorOnDevice};
use crate::mask::{context_weights, pair_weights, steps_to_known};

/// So far from known pixels they still say what belongs there.
const SHALLOW_PX: u32 = 6;

/// The known pixels of one crop, and how much each of them counts.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Side of the crop in pixels.
    pub size_px: usize,
    /// RGB in [-1, 1], `[3, size, size]`; what lies in the hole is never read.
    pub pixels: Vec<f32>,
    /// `[size, size]`: 1 where known, 0 in the hole.
    pub known: Vec<f32>,
}

/// A problem on the device.
pub(super) struct Target {
    /// `[1, 3, size, size]`, zero in the hole.
    pub pixels: Tensor<4>,
    /// `[1, 1, size, size]`: 0 or 1.
    pub known: Tensor<4>,
    /// `[1, 1, size, size]`: W, zero in the hole.
    pub weights: Tensor<4>,
    /// `Σ W` over pixels and channels.
    pub weight_sum: f32,
    /// `[1, 1, size, size - 1]`: of each pixel with the one to its right.
    pub right_weights: Tensor<4>,
    /// `[1, 1, size - 1, size]`: of each pixel with the one below.
    pub below_weights: Tensor<4>,
    /// Of both together, over channels.
    pub pair_weight_sum: f32,
    /// What the other half of the face says, if it is asked.
    pub mirror: Option<MirrorOnDevice>,
    /// See [`Problem::deep_share`].
    pub deep_share: f32,
}

impl Problem {
    /// The share of the crop, 0 to 1, that lies deep in the hole, where the known pixels say little: about two fifths when half a
    /// face is hidden, a tenth in the middle of a quarter, nothing among scattered pixels.
    fn deep_share(&self) -> f32 {
        let deep = steps_to_known(&self.known, self.size_px).into_iter().filter(|&steps| steps > SHALLOW_PX).count();
        #[expect(clippy::cast_precision_loss, reason = "crops have far fewer than 2^24 pixels")]
        let share = deep as f32 / self.known.len().max(1) as f32;
        share
    }

    /// Uploads the known pixels with the weights that `context` asks for.
    pub(super) fn on_device(&self, context: &ContextSettings, device: &Device) -> Target {
        let size = self.size_px;
        let weights = context_weights(&self.known, size, context.window_px as usize, context.focus);
        // Blanked here, so that no value from under the hole even reaches the device.
        let pixels: Vec<f32> = self
            .pixels
            .chunks(size * size)
            .flat_map(|plane| {
                plane.iter().zip(&self.known).map(|(&value, &known)| if known > 0.0 { value } else { 0.0 })
            })
            .collect();
        let weight_sum = 3.0 * weights.iter().sum::<f32>();
        let [right, below] = pair_weights(&weights, &self.known, size);
        let pair_weight_sum = 3.0 * right.iter().chain(&below).sum::<f32>();
        let mirror = Mirror::of(self, context).filter(|_| weight_sum > 0.0);
        let plane = |values: Vec<f32>| Tensor::<4>::from_data(TensorData::new(values, [1, 1, size, size]), device);
        Target {
            pixels: Tensor::from_data(TensorData::new(pixels, [1, 3, size, size]), device),
            known: plane(self.known.clone()),
            weights: plane(weights),
            weight_sum,
            right_weights: plane(right).narrow(3, 0, size - 1),
            below_weights: plane(below).narrow(2, 0, size - 1),
            pair_weight_sum,
            mirror: mirror.map(|mirror| mirror.on_device(device)),
            deep_share: self.deep_share(),
        }
    }
}
