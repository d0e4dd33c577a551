//! Losses on pretrained features: discriminators beside D, and a perceptual distance.
//!
//! D must learn image features from few faces, but a network trained on a million photos has them already (Projected
//! GANs, Sauer et al. 2021, arXiv 2111.01007). And a difference in such features predicts visible differences between a
//! face and its reconstruction better than a difference of pixels (LPIPS, Zhang et al. 2018, arXiv 1801.03924). The
//! network is [`alexnet`]. It is not trained here, its weights come from a file of the user, and the exported model
//! does not contain it.

mod alexnet;
mod projected_discriminators;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor};

use super::net::{AdamSettings, NetState, graph_leaf};
#[cfg(test)]
pub(super) use alexnet::write_synthetic;
pub(super) use alexnet::{AlexNet, features_per_image, weight_count};
pub(super) use projected_discriminators::{ProjectedDiscriminators, parameter_lengths, statistic_lengths};

/// Learning rate of these discriminators, relative to that of the other networks.
const LEARNING_RATE_FACTOR: f32 = 2.0;
/// Weight of the adversarial loss, summed over all levels. With 1 a narrow G lost its reconstructions
/// (`models/README.md`).
const REALNESS_WEIGHT: f32 = 0.03;
/// Weight of the perceptual distance between a reconstruction and the true face.
const PERCEPTUAL_WEIGHT: f32 = 3.0;
/// Prevents division by zero where all features are zero.
const DIRECTION_EPSILON: f32 = 1e-6;

/// The pretrained network, and the discriminators on its features.
pub(super) struct FeatureLosses {
    features: AlexNet,
    discriminators: ProjectedDiscriminators,
}

/// The losses of a step and their gradient.
pub(super) struct FeatureFeedback {
    /// Gradient of G's losses to the images.
    pub to_shown: Tensor<4>,
    /// Hinge loss of the discriminators, `[1]`.
    pub discriminator_loss: Tensor<1>,
    /// Mean logit of the generated images, summed over all levels, `[1]`. Larger means more real.
    pub realness: Tensor<1>,
    /// Perceptual distance between the true faces and their reconstructions, 0 to 4, `[1]`.
    pub perceptual_distance: Tensor<1>,
}

impl FeatureLosses {
    pub fn new(features: AlexNet, seed: u64, state: &NetState, device: &Device) -> Self {
        Self { features, discriminators: ProjectedDiscriminators::new(seed, state, device) }
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
        let truth = self.features.feature_maps(real);
        let pictures = graph_leaf(shown);
        let seen = self.features.with_autodiff().feature_maps(pictures.clone());
        let levels: Vec<Tensor<4>> = seen.iter().map(|level| graph_leaf(level.clone().without_autodiff())).collect();

        let fixed: Vec<Tensor<4>> =
            levels.iter().map(|level| level.clone().without_autodiff().narrow(0, 0, fakes)).collect();
        let judges_loss = self.discriminators.train_step(&truth, &fixed, adam, rate * LEARNING_RATE_FACTOR);

        let judged: Vec<Tensor<4>> = levels.iter().map(|level| level.clone().narrow(0, 0, fakes)).collect();
        let opinion = self.discriminators.realness(&judged);
        let redrawn = levels.iter().map(|level| level.clone().narrow(0, all - count, count));
        let difference = perceptual_distance(redrawn.zip(truth));
        let sum = opinion.clone().mul_scalar(-REALNESS_WEIGHT) + difference.clone().mul_scalar(PERCEPTUAL_WEIGHT);
        let gradients = sum.backward();
        // The gradient of Σ level·gradient to the images, with the gradient held constant, is the backward pass.
        let pulled = seen.into_iter().zip(&levels).filter_map(|(level, leaf)| {
            let gradient = leaf.grad(&gradients)?;
            Some((level * gradient.autodiff()).sum())
        });
        let pulled = pulled.reduce(|sum, part| sum + part);
        let to_shown = pulled.and_then(|pulled| pictures.grad(&pulled.backward()));
        FeatureFeedback {
            to_shown: to_shown.unwrap_or_else(|| pictures.without_autodiff().zeros_like()),
            discriminator_loss: judges_loss,
            realness: opinion.without_autodiff(),
            perceptual_distance: difference.without_autodiff(),
        }
    }

    pub fn state(&self) -> NetState {
        self.discriminators.state()
    }
}

/// The perceptual distance: the squared distance between the unit feature vectors at each position, averaged over
/// positions, images and levels. 0 to 4, `[1]`.
fn perceptual_distance(pairs: impl ExactSizeIterator<Item = (Tensor<4>, Tensor<4>)>) -> Tensor<1> {
    let count = pairs.len().max(1);
    let of_level = |(one, other): (Tensor<4>, Tensor<4>)| {
        let between = unit_features(one) - unit_features(other.autodiff());
        between.square().sum_dim(1).mean()
    };
    #[expect(clippy::cast_precision_loss, reason = "five levels")]
    let share = 1.0 / count as f32;
    let sum = pairs.map(of_level).reduce(|sum, level| sum + level);
    sum.map_or_else(|| Tensor::zeros([1], &Device::flex()), |sum| sum.mul_scalar(share))
}

/// Scales the feature vector at each position to length one. `[batch, channels, height, width]`.
fn unit_features(features: Tensor<4>) -> Tensor<4> {
    let length = features.clone().square().sum_dim(1).add_scalar(DIRECTION_EPSILON).sqrt();
    features / length
}
