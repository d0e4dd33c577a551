//! Judges that know pictures: they look at faces through the features of a network that was trained on photos, and play against
//! G beside D.
//!
//! D must find out by itself what pictures consist of, from the few faces that there are; a network that has seen a million
//! photos knows it already (Projected GANs, Sauer et al. 2021, arXiv 2111.01007). And a redrawn face that differs from the true one
//! in what such a network sees differs to people too, more than one whose pixels differ (LPIPS, Zhang et al. 2018, arXiv
//! 1801.03924). That network is [`alexnet`], fixed; its weights come from a file that the user has, and nothing of it gets into
//! the model.

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

/// The judges learn so much faster than the rest.
const RATE: f32 = 2.0;
/// Weight of the judges' opinion, all levels together. With 1 a narrow G forgot the faces that it should redraw (`models/README.md`).
const OPINION_WEIGHT: f32 = 0.03;
/// Weight of the difference between a redrawn face and the true one.
const DIFFERENCE_WEIGHT: f32 = 3.0;
/// Against division by nothing where no feature answers.
const LEAST_SQUARE: f32 = 1e-6;

/// The features, and the judges that look through them.
pub(super) struct Perception {
    features: AlexNet,
    judges: Judges,
}

/// What G is told about the pictures of a step.
pub(super) struct Verdict {
    /// The gradient of opinion and difference to the pictures.
    pub to_shown: Tensor<4>,
    /// How badly the judges tell real pictures from drawn ones (hinge loss), `[1]`.
    pub judges_loss: Tensor<1>,
    /// How real they find the drawn ones, all levels together, `[1]`.
    pub opinion: Tensor<1>,
    /// How differently the true faces and the redrawn ones are seen, 0 to 4, `[1]`.
    pub difference: Tensor<1>,
}

impl Perception {
    pub fn new(features: AlexNet, seed: u64, state: &NetState, device: &Device) -> Self {
        Self { features, judges: Judges::new(seed, state, device) }
    }

    /// One step: the judges learn to tell `real` pictures from the first `fakes` of those `shown`, then say what they think of these;
    /// the last of those shown are the real ones redrawn. All without autodiff.
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
        // The gradient of Σ level·gradient to the pictures is what that gradient comes to there.
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

/// How differently pictures answer: at each place the squared distance between the features' directions, the mean over all places,
/// pictures and levels. 0 to 4, `[1]`.
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

/// Features `[batch, channels, height, width]` of length one at each place.
fn direction(features: Tensor<4>) -> Tensor<4> {
    let length = features.clone().square().sum_dim(1).add_scalar(LEAST_SQUARE).sqrt();
    features / length
}
