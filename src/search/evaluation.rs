//! One evaluation of latents: their pictures, the total loss, and its gradient.
//!
//! `ẑ = argmin context(A(G(z))) + λ·prior(D(G(z)))` (arXiv 1607.07539, section 3), on every device. `A` is the identity
//! for a fill, and the degradation of the photo for the other tasks: D sees the picture itself.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::Tensor;

use super::operations::{SearchPass, context_loss, generate, prior_loss};
use super::search_loop::Search;
use super::total_loss::{LossTensors, ScoredLatents};

/// Latents with their losses and pictures, and the gradient of the total loss with respect to the latents.
pub(super) struct Evaluation {
    pub scored: ScoredLatents,
    pub gradient: Tensor<2>,
    /// `[candidates, side, side, channels]` in [-1, 1].
    pub pictures: Tensor<4>,
}

impl Search {
    /// Generates the pictures of the latents and computes the losses and the gradient.
    pub(super) fn evaluate(&self) -> Evaluation {
        let batches = self.pass.batches(self.latents.clone());
        let lambda = self.settings.lambda;
        let times_lambda = self.has_prior_loss().then_some(|prior: Tensor<1>| prior.mul_scalar(lambda));
        let evaluate = |latents| Evaluation::new(&self.pass, latents, times_lambda);
        Evaluation::concatenate(batches.into_iter().map(evaluate).collect())
    }

    /// Whether D is evaluated.
    pub(super) fn has_prior_loss(&self) -> bool {
        self.settings.uses_discriminator() && self.networks.has_discriminator()
    }
}

impl Evaluation {
    /// Evaluates latents in one forward pass. `times_lambda` multiplies the prior losses by λ; `None` leaves them out.
    pub fn new(
        pass: &Arc<SearchPass>,
        latents: Tensor<2>,
        times_lambda: Option<impl Fn(Tensor<1>) -> Tensor<1>>,
    ) -> Self {
        let variable = latents.clone().autodiff().require_grad();
        let pictures = generate(variable.clone(), pass);
        let context = context_loss(pass.observe(pictures.clone()), pass);
        let (prior, total) = match times_lambda {
            Some(times_lambda) => {
                let prior = prior_loss(pictures.clone(), pass);
                (Some(prior.clone()), context.clone() + times_lambda(prior))
            }
            None => (None, context.clone()),
        };
        // The candidates are independent: each gets the gradient of its own loss.
        let gradient = variable.grad(&total.backward()).expect("the total loss depends on the latents");
        let context = context.inner();
        let losses = LossTensors {
            prior: prior.map_or_else(|| context.zeros_like(), Tensor::inner),
            context,
            total: total.inner(),
        };
        Self { scored: ScoredLatents { latents, losses }, gradient, pictures: pictures.inner() }
    }

    /// The part of these candidates.
    pub fn rows(&self, rows: Range<usize>) -> Self {
        Self {
            scored: self.scored.rows(rows.clone()),
            gradient: self.gradient.clone().slice([rows.clone()]),
            pictures: self.pictures.clone().slice([rows]),
        }
    }

    /// The candidates of all evaluations.
    fn concatenate(mut evaluations: Vec<Self>) -> Self {
        if evaluations.len() == 1 {
            return evaluations.remove(0);
        }
        let losses = LossTensors {
            context: concatenated(&evaluations, |evaluation| &evaluation.scored.losses.context),
            prior: concatenated(&evaluations, |evaluation| &evaluation.scored.losses.prior),
            total: concatenated(&evaluations, |evaluation| &evaluation.scored.losses.total),
        };
        let latents = concatenated(&evaluations, |evaluation| &evaluation.scored.latents);
        Self {
            scored: ScoredLatents { latents, losses },
            gradient: concatenated(&evaluations, |evaluation| &evaluation.gradient),
            pictures: concatenated(&evaluations, |evaluation| &evaluation.pictures),
        }
    }
}

/// One tensor of each evaluation, joined along the candidates.
fn concatenated<const D: usize>(evaluations: &[Evaluation], part: fn(&Evaluation) -> &Tensor<D>) -> Tensor<D> {
    Tensor::cat(evaluations.iter().map(|evaluation| part(evaluation).clone()).collect(), 0)
}
