//! Maps of the losses over the crop, for one picture: how much each known pixel counts, where the picture differs from
//! the photo, and how each loss would change it.
//!
//! The context maps are computed on the CPU: they need only the known pixels. The gradient of the prior loss needs the
//! discriminator, on its device. The gradients are those of the picture, not of the latent: the generator cannot make
//! every change that they ask for.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::context_loss::ContextTarget;
use super::operations::{SearchPass, prior_loss};
use super::problem::SearchProblem;
use super::{ContextSettings, Settings};
use crate::face_picture::FacePicture;
use crate::model::{Networks, read_values};

/// What the context loss sees in one picture. All maps are `[side, side]`, zero where no pixel is known.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextMaps {
    /// W, each 0 to 1.
    pub weights: Vec<f32>,
    /// `|G(z) − y|`, the mean over the channels, in grey levels (0 to 255).
    pub residual: Vec<f32>,
    /// `−∂context/∂G(z)`, the sum over the channels: positive where the loss asks for a lighter pixel, negative for a
    /// darker one.
    pub pull: Vec<f32>,
}

impl SearchProblem {
    /// The context maps of a picture of the problem's size.
    #[must_use]
    pub fn context_maps(&self, context: &ContextSettings, picture: &FacePicture) -> ContextMaps {
        let target = ContextTarget::new(self, context);
        let values = picture.pixels.as_flattened();
        let mut gradient = vec![0.0; values.len()];
        target.loss(values, &mut gradient);
        let known_pixels = target.pixels.as_chunks::<3>().0.iter().zip(&target.known);
        let residual = known_pixels.zip(&picture.pixels).map(|((photo, known), drawn)| {
            let sum: f32 = photo.iter().zip(drawn).map(|(photo, drawn)| (drawn - photo).abs()).sum();
            known * sum / 3.0 * GREY_LEVELS_PER_UNIT
        });
        ContextMaps {
            residual: residual.collect(),
            pull: gradient.as_chunks::<3>().0.iter().map(|channels| -channels.iter().sum::<f32>()).collect(),
            weights: target.weights,
        }
    }

    /// How strongly each pixel of a picture changes the prior loss: the length of `∂prior/∂G(z)` over the channels,
    /// `[side, side]`. `None` without a discriminator.
    ///
    /// # Panics
    /// When a GPU is lost or out of memory.
    #[must_use]
    pub fn prior_map(&self, networks: &Arc<Networks>, settings: &Settings, picture: &FacePicture) -> Option<Vec<f32>> {
        if !networks.has_discriminator() {
            return None;
        }
        let settings = Settings { candidates: 1, ..*settings };
        let pass = SearchPass::new(networks.clone(), self, &settings);
        let channels = pass.picture_channels();
        let variable = picture_tensor(picture, channels, networks).autodiff().require_grad();
        let loss = prior_loss(variable.clone(), &pass);
        let gradient = variable.grad(&loss.backward())?;
        let length = |pixel: &[f32]| pixel.iter().take(3).map(|value| value * value).sum::<f32>().sqrt();
        Some(read_values(gradient).chunks_exact(channels).map(length).collect())
    }
}

/// The picture as a batch of one, `[1, side, side, channels]`. A fourth channel is zero.
fn picture_tensor(picture: &FacePicture, channels: usize, networks: &Networks) -> Tensor<4> {
    let padding = &[0.0; 4][3..channels];
    let values: Vec<f32> = picture.pixels.iter().flat_map(|pixel| [pixel, padding].concat()).collect();
    let shape = [1, picture.side_px, picture.side_px, channels];
    Tensor::from_data(TensorData::new(values, shape), &networks.device())
}

/// Grey levels (0 to 255) in a unit of the networks' pictures (-1 to 1).
pub(super) const GREY_LEVELS_PER_UNIT: f32 = 127.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cpu::CpuPrecision;
    use crate::model::gpu::tests::any_gpu;
    use crate::model::{ModelFile, TINY_MODEL};
    use crate::search::tests::rules::{SIZE_PX, one_sided};
    use crate::search::{Norm, Preset, Reduction};

    fn picture() -> FacePicture {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let value = |index: usize| (index as f32 * 0.7).sin();
        let pixels = (0..SIZE_PX * SIZE_PX).map(|index| [value(3 * index), value(3 * index + 1), value(3 * index + 2)]);
        FacePicture { side_px: SIZE_PX, pixels: pixels.collect() }
    }

    fn mean_l1() -> ContextSettings {
        ContextSettings { reduction: Reduction::Mean, norm: Norm::L1, window_px: 5, focus: 0.5, gradient: 0.0 }
    }

    #[test]
    fn maps_are_zero_in_the_hole() {
        let problem = one_sided();
        let maps = problem.context_maps(&ContextSettings { gradient: 1.0, ..mean_l1() }, &picture());
        let hole = || (0..problem.known.len()).filter(|&pixel| problem.known[pixel] == 0.0);
        assert!(hole().count() > 0);
        for map in [&maps.weights, &maps.residual, &maps.pull] {
            assert!(hole().all(|pixel| map[pixel] == 0.0) && map.iter().any(|value| *value != 0.0));
        }
    }

    #[test]
    fn residual_and_weights_add_up_to_the_loss() {
        let (problem, picture) = (one_sided(), picture());
        let maps = problem.context_maps(&mean_l1(), &picture);
        let weighted: f32 = maps.weights.iter().zip(&maps.residual).map(|(weight, residual)| weight * residual).sum();
        let mean = weighted / maps.weights.iter().sum::<f32>() / GREY_LEVELS_PER_UNIT;
        let mut gradient = vec![0.0; 3 * SIZE_PX * SIZE_PX];
        let loss = ContextTarget::new(&problem, &mean_l1()).loss(picture.pixels.as_flattened(), &mut gradient);
        assert!((mean - loss).abs() < 1e-5, "{mean} {loss}");
    }

    #[test]
    fn pull_points_towards_the_photo() {
        let (problem, picture) = (one_sided(), picture());
        let area = SIZE_PX * SIZE_PX;
        let maps = problem.context_maps(&mean_l1(), &picture);
        let mut compared = 0;
        for pixel in (0..area).filter(|&pixel| problem.known[pixel] > 0.0) {
            let difference = |channel: usize| problem.pixels[channel * area + pixel] - picture.pixels[pixel][channel];
            let differences = [difference(0), difference(1), difference(2)];
            // Where all channels ask for the same direction, the sum does, too.
            if differences.iter().all(|difference| *difference > 0.0) {
                assert!(maps.pull[pixel] > 0.0, "{pixel}");
                compared += 1;
            } else if differences.iter().all(|difference| *difference < 0.0) {
                assert!(maps.pull[pixel] < 0.0, "{pixel}");
                compared += 1;
            }
        }
        assert!(compared > 10, "{compared}");
    }

    #[test]
    fn prior_map_predicts_the_prior_loss_on_every_device() {
        const STEP: f32 = 0.02;
        let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
        let with_gpu = any_gpu().map(|gpu| Networks::load_on_gpu(&file, &gpu).unwrap());
        let tiny = Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap();
        for networks in std::iter::once(tiny).chain(with_gpu).map(Arc::new) {
            let (problem, settings) = (one_sided(), Preset::Best.settings());
            let map = problem.prior_map(&networks, &settings, &picture()).unwrap();
            let loss = |picture: &FacePicture| {
                let pass = SearchPass::new(networks.clone(), &problem, &Settings { candidates: 1, ..settings });
                read_values(prior_loss(picture_tensor(picture, pass.picture_channels(), &networks), &pass))[0]
            };
            let largest = map.iter().copied().fold(0.0, f32::max);
            for pixel in (0..SIZE_PX * SIZE_PX).step_by(37) {
                let slope = |channel: usize| {
                    let [mut above, mut below] = [picture(), picture()];
                    above.pixels[pixel][channel] += STEP;
                    below.pixels[pixel][channel] -= STEP;
                    (loss(&above) - loss(&below)) / (2.0 * STEP)
                };
                let length = (0..3).map(|channel| slope(channel).powi(2)).sum::<f32>().sqrt();
                assert!((length - map[pixel]).abs() < 0.05 * largest, "{pixel}: {length} and {}", map[pixel]);
            }
        }
    }
}
