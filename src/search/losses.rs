//! The context and the prior loss.

use burn::tensor::Tensor;
use burn::tensor::activation::softplus;

use super::problem::Target;
use super::{ContextSettings, Norm, PriorForm, Reduction};

/// How far pictures are from the known pixels: `[candidates, 3, size, size]` in [-1, 1] to `[candidates]`, 0 for a perfect match.
///
/// `Σ W⊙|G(z) − y|` (arXiv 1607.07539, equation 2; the blog's contextual loss), or that divided by `Σ W`.
pub(super) fn context(pictures: Tensor<4>, target: &Target, settings: &ContextSettings) -> Tensor<1> {
    let [candidates, _, _, _] = pictures.dims();
    let difference = pictures - target.pixels.clone();
    let difference = match settings.norm {
        Norm::L1 => difference.abs(),
        Norm::L2 => difference.square(),
    };
    let weighted = difference * target.weights.clone();
    let [_, channels, height, width] = weighted.dims();
    let sums = weighted.reshape([candidates, channels * height * width]).sum_dim(1).reshape([candidates]);
    match settings.reduction {
        Reduction::Sum => sums,
        // Without a single weighted pixel the sum is zero too.
        Reduction::Mean => sums.div_scalar(target.weight_sum.max(f32::MIN_POSITIVE)),
    }
}

/// How implausible D finds pictures: logits `[candidates]` to `[candidates]`.
pub(super) fn prior(logits: Tensor<1>, form: PriorForm) -> Tensor<1> {
    match form {
        PriorForm::NonSaturating => softplus(-logits, 1.0),
        // log(1 − sigmoid(d)) = −softplus(d), without the rounding of 1 − sigmoid near one.
        PriorForm::Saturating => -softplus(logits, 1.0),
    }
}
