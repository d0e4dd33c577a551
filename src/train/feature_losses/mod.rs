//! Losses on pretrained features: discriminators beside D, and a perceptual distance.
//!
//! D must learn image features from few faces, but a network trained on a million photos has them already (Projected
//! GANs, Sauer et al. 2021, arXiv 2111.01007). Distances between such features also match visible differences better
//! than distances between pixels (LPIPS, Zhang et al. 2018, arXiv 1801.03924). The network is [`AlexNet`]. Its weights
//! come from the user's file and stay fixed. The exported model does not contain it.

mod projected_discriminators;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor};

use super::net::{AdamSettings, NetState, graph_leaf};
use crate::perceptual::{AlexNet, unit_features};
pub(super) use projected_discriminators::{ProjectedDiscriminators, parameter_lengths, statistic_lengths};

/// Learning rate of these discriminators, relative to that of the other networks.
const LEARNING_RATE_FACTOR: f32 = 2.0;
/// Weight of the adversarial loss, summed over all levels. With 1, a narrow G reconstructed faces worse
/// (`models/README.md`).
const REALNESS_WEIGHT: f32 = 0.03;
/// Weight of the perceptual distance between a reconstruction and the true face.
const PERCEPTUAL_WEIGHT: f32 = 3.0;
/// Added to the squared length of a feature vector: prevents division by zero where all features are zero.
const DIRECTION_EPSILON: f32 = 1e-6;

/// The pretrained network, and the discriminators on its features.
pub(super) struct FeatureLosses {
    alexnet: AlexNet,
    discriminators: ProjectedDiscriminators,
}

/// The losses of a step, and the gradient of G's losses.
pub(super) struct FeatureFeedback {
    /// Gradient of G's losses with respect to `shown`.
    pub to_shown: Tensor<4>,
    /// Hinge loss of the discriminators, `[1]`.
    pub discriminator_loss: Tensor<1>,
    /// Mean logit of the generated images, summed over all levels, `[1]`. Larger means more real.
    pub realness: Tensor<1>,
    /// Perceptual distance between the true faces and their reconstructions, 0 to 4, `[1]`.
    pub perceptual_distance: Tensor<1>,
}

impl FeatureLosses {
    pub fn new(alexnet: AlexNet, seed: u64, state: &NetState, device: &Device) -> Self {
        Self { alexnet, discriminators: ProjectedDiscriminators::new(seed, state, device) }
    }

    /// One step: trains the discriminators on `real` and the first `fakes` images of `shown`, then computes G's losses.
    /// The last images of `shown` are the reconstructions of `real`. All tensors are without autodiff.
    pub fn train_and_score(
        &mut self,
        real: Tensor<4>,
        shown: Tensor<4>,
        fakes: usize,
        adam: &AdamSettings,
        rate: f32,
    ) -> FeatureFeedback {
        let [count, _, _, _] = real.dims();
        let [all, _, _, _] = shown.dims();
        let real_maps = self.alexnet.feature_maps(real);
        let images = graph_leaf(shown);
        let shown_maps = self.alexnet.with_autodiff().feature_maps(images.clone());
        let leaves: Vec<Tensor<4>> = shown_maps.iter().map(|map| graph_leaf(map.clone().without_autodiff())).collect();
        let fake_leaves: Vec<Tensor<4>> = leaves.iter().map(|leaf| leaf.clone().narrow(0, 0, fakes)).collect();

        let fake_maps: Vec<Tensor<4>> = fake_leaves.iter().map(|leaf| leaf.clone().without_autodiff()).collect();
        let rate = rate * LEARNING_RATE_FACTOR;
        let discriminator_loss = self.discriminators.train_step(&real_maps, &fake_maps, adam, rate);

        let realness = self.discriminators.realness(&fake_leaves);
        let reconstructed = leaves.iter().map(|leaf| leaf.clone().narrow(0, all - count, count));
        let distance = perceptual_distance(reconstructed.zip(real_maps));
        let loss = realness.clone().mul_scalar(-REALNESS_WEIGHT) + distance.clone().mul_scalar(PERCEPTUAL_WEIGHT);
        let gradients = loss.backward();
        // Backward pass through AlexNet: differentiates Σ map·gradient, with the gradient as a constant.
        let products = shown_maps.into_iter().zip(&leaves).filter_map(|(map, leaf)| {
            let gradient = leaf.grad(&gradients)?;
            Some((map * gradient.autodiff()).sum())
        });
        let sum = products.reduce(|sum, product| sum + product);
        let to_shown = sum.and_then(|sum| images.grad(&sum.backward()));
        FeatureFeedback {
            to_shown: to_shown.unwrap_or_else(|| images.without_autodiff().zeros_like()),
            discriminator_loss,
            realness: realness.without_autodiff(),
            perceptual_distance: distance.without_autodiff(),
        }
    }

    pub fn state(&self) -> NetState {
        self.discriminators.state()
    }
}

/// The squared distance between the unit feature vectors at each position, averaged over positions, images and levels:
/// 0 to 4, `[1]`.
fn perceptual_distance(pairs: impl ExactSizeIterator<Item = (Tensor<4>, Tensor<4>)>) -> Tensor<1> {
    let count = pairs.len().max(1);
    let level_distance = |(one, other): (Tensor<4>, Tensor<4>)| {
        let difference = unit_features(one, DIRECTION_EPSILON) - unit_features(other.autodiff(), DIRECTION_EPSILON);
        difference.square().sum_dim(1).mean()
    };
    #[expect(clippy::cast_precision_loss, reason = "five levels")]
    let weight = 1.0 / count as f32;
    let sum = pairs.map(level_distance).reduce(|sum, level| sum + level);
    sum.map_or_else(|| Tensor::zeros([1], &Device::flex()), |sum| sum.mul_scalar(weight))
}
