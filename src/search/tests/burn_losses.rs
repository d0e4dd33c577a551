//! The losses as burn tensors with autodiff. Tests compare the hand-written losses with them.

use burn::tensor::activation::softplus;
use burn::tensor::{Device, Tensor, TensorData};

use crate::mask::{context_weights, pair_weights};
use crate::model::burn_reference::BurnReference;
use crate::search::problem::SearchProblem;
use crate::search::{ContextSettings, Norm, PriorForm, Reduction, Settings};

/// Result of an evaluation, for each candidate.
pub(in crate::search) struct ReferenceEvaluation {
    /// Planar.
    pub pictures: Vec<f32>,
    pub gradient: Vec<f32>,
    pub context: Vec<f32>,
    pub prior: Vec<f32>,
    pub total: Vec<f32>,
}

/// Generates the pictures of latents `[candidates, latent_dim]` and computes losses and gradient.
pub(in crate::search) fn evaluate(
    reference: &BurnReference,
    problem: &SearchProblem,
    settings: &Settings,
    latents: &[f32],
) -> ReferenceEvaluation {
    let target = TensorTarget::new(problem, &settings.context, &reference.device);
    let candidates = settings.candidates as usize;
    let data = TensorData::new(latents.to_vec(), [candidates, latents.len() / candidates]);
    let latents = Tensor::<2>::from_data(data, &reference.device).require_grad();
    let pictures = reference.generator.forward(latents.clone());
    let context = context(pictures.clone(), &target, &settings.context);
    let (prior, total) = match &reference.discriminator {
        Some(discriminator) if settings.uses_discriminator() => {
            let prior = prior(discriminator.forward(pictures.clone()), settings.prior);
            let total = context.clone() + prior.clone().mul_scalar(settings.lambda);
            (prior, total)
        }
        _ => (context.zeros_like(), context.clone()),
    };
    // Candidates are independent, so the gradient of the sum contains the gradient of each.
    let gradients = total.clone().sum().backward();
    ReferenceEvaluation {
        pictures: values(pictures),
        gradient: values(latents.grad(&gradients).unwrap()),
        context: values(context),
        prior: values(prior),
        total: values(total),
    }
}

pub(in crate::search) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// A problem as tensors.
struct TensorTarget {
    /// `[1, 3, size, size]`, zero in the hole.
    pixels: Tensor<4>,
    /// `[1, 1, size, size]`: W, zero in the hole.
    weights: Tensor<4>,
    /// `Σ W` over pixels and channels.
    weight_sum: f32,
    /// `[1, 1, size, size - 1]`: weight of each pixel's difference to the pixel on its right.
    right_weights: Tensor<4>,
    /// `[1, 1, size - 1, size]`: weight of each pixel's difference to the pixel below.
    below_weights: Tensor<4>,
    /// `Σ` of both pair weights over channels.
    pair_weight_sum: f32,
}

impl TensorTarget {
    fn new(problem: &SearchProblem, context: &ContextSettings, device: &Device) -> Self {
        let size = problem.size_px;
        let weights = context_weights(&problem.known, size, context.window_px as usize, context.focus);
        let without_hole = |(&value, &known): (&f32, &f32)| if known > 0.0 { value } else { 0.0 };
        let planes = problem.pixels.chunks(size * size);
        let pixels: Vec<f32> = planes.flat_map(|plane| plane.iter().zip(&problem.known).map(without_hole)).collect();
        let weight_sum = 3.0 * weights.iter().sum::<f32>();
        let [right, below] = pair_weights(&weights, &problem.known, size);
        let pair_weight_sum = 3.0 * right.iter().chain(&below).sum::<f32>();
        let plane = |values: Vec<f32>| Tensor::<4>::from_data(TensorData::new(values, [1, 1, size, size]), device);
        Self {
            pixels: Tensor::from_data(TensorData::new(pixels, [1, 3, size, size]), device),
            weights: plane(weights),
            weight_sum,
            right_weights: plane(right).narrow(3, 0, size - 1),
            below_weights: plane(below).narrow(2, 0, size - 1),
            pair_weight_sum,
        }
    }
}

/// Context loss: pictures `[candidates, 3, size, size]` in [-1, 1] to `[candidates]`; 0 for a perfect match.
///
/// `Σ W⊙|G(z) − y|` (arXiv 1607.07539, equation 2; the blog's contextual loss), or that divided by `Σ W`. Adds the same
/// for the differences between neighbours, times `settings.gradient`.
fn context(pictures: Tensor<4>, target: &TensorTarget, settings: &ContextSettings) -> Tensor<1> {
    let difference = pictures - target.pixels.clone();
    // If no pixel has a weight, the sum is zero too.
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
    let loss = reduce(weighted(difference.clone(), &target.weights), target.weight_sum);
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

/// Prior loss: logits `[candidates]` to `[candidates]`.
fn prior(logits: Tensor<1>, form: PriorForm) -> Tensor<1> {
    match form {
        PriorForm::NonSaturating => softplus(-logits, 1.0),
        // log(1 − sigmoid(d)) = −softplus(d), without the rounding error of 1 − sigmoid near one.
        PriorForm::Saturating => -softplus(logits, 1.0),
    }
}
