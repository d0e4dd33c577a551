//! Losses on pretrained features: discriminators beside D, and a perceptual distance.
//!
//! D must learn image features from few faces, but a network trained on a million photos has them already (Projected
//! GANs, Sauer et al. 2021, arXiv 2111.01007). And a difference in such features predicts visible differences between a
//! face and its reconstruction better than a difference of pixels (LPIPS, Zhang et al. 2018, arXiv 1801.03924). The
//! network is [`alexnet`]. It is not trained here, its weights come from a file of the user, and the exported model
//! does not contain it.

mod alexnet;
mod judges;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor};

use super::net::{AdamSettings, NetState, leaf};
#[cfg(test)]
pub(super) use alexnet::write_made_up;
pub(super) use alexnet::{AlexNet, numbers_of_a_picture, weights};
pub(super) use judges::{Judges, parameters, statistics};

/// Learning rate of these discriminators, relative to that of the other networks.
const RATE: f32 = 2.0;
/// Weight of the adversarial loss, summed over all levels. With 1 a narrow G lost its reconstructions
/// (`models/README.md`).
const OPINION_WEIGHT: f32 = 0.03;
/// Weight of the perceptual distance between a reconstruction and the true face.
const DIFFERENCE_WEIGHT: f32 = 3.0;
/// Prevents division by zero where all features are zero.
const LEAST_SQUARE: f32 = 1e-6;

/// The pretrained network, and the discriminators on its features.
pub(super) struct Perception {
    features: AlexNet,
    judges: Judges,
}

/// The losses of a step and their gradient.
pub(super) struct Verdict {
    /// Gradient of G's losses to the images.
    pub to_shown: Tensor<4>,
    /// Hinge loss of the discriminators, `[1]`.
    pub judges_loss: Tensor<1>,
    /// Mean logit of the generated images, summed over all levels, `[1]`. Larger means more real.
    pub opinion: Tensor<1>,
    /// Perceptual distance between the true faces and their reconstructions, 0 to 4, `[1]`.
    pub difference: Tensor<1>,
}

impl Perception {
    pub fn new(features: AlexNet, seed: u64, state: &NetState, device: &Device) -> Self {
        Self { features, judges: Judges::new(seed, state, device) }
    }

    /// One step: trains the discriminators on `real` and the first `fakes` images of `shown`, then computes G's losses.
    /// The last images of `shown` are the reconstructions of `real`. All tensors are without autodiff.
    pub fn judge(
        &mut self,
        real: Tensor<4>,
        shown: Tensor<4>,
        fakes: usize,
        adam: &AdamSettings,
        rate: f32,
    ) -> Verdict {
        let [count, _, _, _] = real.dims();
        let [all, _, _, _] = shown.dims();
        let truth = self.features.levels(real);
        let pictures = leaf(shown);
        let seen = self.features.with_autodiff().levels(pictures.clone());
        let levels: Vec<Tensor<4>> = seen.iter().map(|level| leaf(level.clone().without_autodiff())).collect();

        let fixed: Vec<Tensor<4>> =
            levels.iter().map(|level| level.clone().without_autodiff().narrow(0, 0, fakes)).collect();
        let judges_loss = self.judges.learn(&truth, &fixed, adam, rate * RATE);

        let judged: Vec<Tensor<4>> = levels.iter().map(|level| level.clone().narrow(0, 0, fakes)).collect();
        let opinion = self.judges.opinion(&judged);
        let redrawn = levels.iter().map(|level| level.clone().narrow(0, all - count, count));
        let difference = difference(redrawn.zip(truth));
        let sum = opinion.clone().mul_scalar(-OPINION_WEIGHT) + difference.clone().mul_scalar(DIFFERENCE_WEIGHT);
        let gradients = sum.backward();
        // The gradient of Σ level·gradient to the images, with the gradient held constant, is the backward pass.
        let pulled = seen.into_iter().zip(&levels).filter_map(|(level, leaf)| {
            let gradient = leaf.grad(&gradients)?;
            Some((level * gradient.autodiff()).sum())
        });
        let pulled = pulled.reduce(|sum, part| sum + part);
        let to_shown = pulled.and_then(|pulled| pictures.grad(&pulled.backward()));
        Verdict {
            to_shown: to_shown.unwrap_or_else(|| pictures.without_autodiff().zeros_like()),
            judges_loss,
            opinion: opinion.without_autodiff(),
            difference: difference.without_autodiff(),
        }
    }

    pub fn state(&self) -> NetState {
        self.judges.state()
    }
}

/// The perceptual distance: the squared distance between the unit feature vectors at each position, averaged over
/// positions, images and levels. 0 to 4, `[1]`.
fn difference(pairs: impl ExactSizeIterator<Item = (Tensor<4>, Tensor<4>)>) -> Tensor<1> {
    let count = pairs.len().max(1);
    let of_level = |(one, other): (Tensor<4>, Tensor<4>)| {
        let between = direction(one) - direction(other.autodiff());
        between.square().sum_dim(1).mean()
    };
    #[expect(clippy::cast_precision_loss, reason = "five levels")]
    let share = 1.0 / count as f32;
    let sum = pairs.map(of_level).reduce(|sum, level| sum + level);
    sum.map_or_else(|| Tensor::zeros([1], &Device::flex()), |sum| sum.mul_scalar(share))
}

/// Scales the feature vector at each position to length one. `[batch, channels, height, width]`.
fn direction(features: Tensor<4>) -> Tensor<4> {
    let length = features.clone().square().sum_dim(1).add_scalar(LEAST_SQUARE).sqrt();
    features / length
}
