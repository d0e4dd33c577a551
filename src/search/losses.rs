//! The context and the prior loss.

use burn::tensor::Tensor;
use burn::tensor::activation::softplus;

use super::problem::Target;
use super::{ContextSettings, Norm, PriorForm, Reduction};

/// How far pictures are from the known pixels: `[candidates, 3, size, size]` in [-1, 1] to `[candidates]`, 0 for a perfect match.
///
/// `Σ W⊙|G(z) − y|` (arXiv 1607.07539, equation 2; the blog's contextual loss), or that divided by `Σ W`; and the same of the
/// differences between neighbours, times `settings.gradient`, and of those to the mirrored photo, times `settings.symmetry`.
pub(super) fn context(pictures: Tensor<4>, target: &Target, settings: &ContextSettings) -> Tensor<1> {
    let difference = pictures.clone() - target.pixels.clone();
    // Without a single weighted pixel the sum is zero too.
    let reduce = |sums: Tensor<1>, weight_sum: f32| match settings.reduction {
        Reduction::Sum => sums,
        Reduction::Mean => sums.div_scalar(weight_sum.max(f32::MIN_POSITIVE)),
    };
    let weighted = |difference: Tensor<4>, weights: &Tensor<4>| {
        let size = match settings.norm {
            Norm::L1 => difference.abs(),
            Norm::L2 => difference.square(),
        };
        let [candidates, channels, height, width] = size.dims();
        let weighted = size * weights.clone();
        weighted.reshape([candidates, channels * height * width]).sum_dim(1).reshape([candidates])
    };
    let mut loss = reduce(weighted(difference.clone(), &target.weights), target.weight_sum);
    if let Some(mirror) = &target.mirror {
        let mirrored = weighted(mirror.differences(pictures), &mirror.counted);
        loss = loss + reduce(mirrored, target.weight_sum).mul_scalar(settings.symmetry);
    }
    if settings.gradient == 0.0 {
        return loss;
    }
    let neighbours = |axis: usize| {
        let pairs = difference.dims()[axis] - 1;
        difference.clone().narrow(axis, 1, pairs) - difference.clone().narrow(axis, 0, pairs)
    };
    let pairs = weighted(neighbours(3), &target.right_weights) + weighted(neighbours(2), &target.below_weights);
    loss + reduce(pairs, target.pair_weight_sum).mul_scalar(settings.gradient)
}

/// How implausible D finds pictures: logits `[candidates]` to `[candidates]`.
pub(super) fn prior(logits: Tensor<1>, form: PriorForm) -> Tensor<1> {
    match form {
        PriorForm::NonSaturating => softplus(-logits, 1.0),
        // log(1 − sigmoid(d)) = −softplus(d), without the rounding of 1 − sigmoid near one.
        PriorForm::Saturating => -softplus(logits, 1.0),
    }
}
