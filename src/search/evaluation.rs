//! One evaluation of latents: their pictures, the total loss, and its gradient.
//!
//! `ẑ = argmin context(G(z)) + λ·prior(D(G(z)))` (arXiv 1607.07539, section 3), on every device.

use burn::tensor::Tensor;

use super::operations::{context_loss, generate, prior_loss};
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
        let batches = self.latents.clone().split(self.pass.max_batch(), 0);
        let mut evaluations = batches.into_iter().map(|latents| self.evaluate_batch(latents));
        let first = evaluations.next().expect("there is at least one candidate");
        evaluations.fold(first, Evaluation::concatenate)
    }

    fn evaluate_batch(&self, latents: Tensor<2>) -> Evaluation {
        let variable = latents.clone().autodiff().require_grad();
        let pictures = generate(variable.clone(), &self.pass);
        let context = context_loss(pictures.clone(), &self.pass);
        let has_prior = self.settings.uses_discriminator() && self.networks.has_discriminator();
        let prior = has_prior.then(|| prior_loss(pictures.clone(), &self.pass));
        let total = match &prior {
            Some(prior) => context.clone() + prior.clone().mul_scalar(self.settings.lambda),
            None => context.clone(),
        };
        // The candidates are independent: each gets the gradient of its own loss.
        let gradient = variable.grad(&total.backward()).expect("the total loss depends on the latents");
        let context = context.inner();
        let losses = LossTensors {
            prior: prior.map_or_else(|| context.zeros_like(), Tensor::inner),
            context,
            total: total.inner(),
        };
        Evaluation { scored: ScoredLatents { latents, losses }, gradient, pictures: pictures.inner() }
    }
}

impl Evaluation {
    /// The candidates of both.
    fn concatenate(self, other: Self) -> Self {
        fn join<const D: usize>(first: Tensor<D>, second: Tensor<D>) -> Tensor<D> {
            Tensor::cat(vec![first, second], 0)
        }
        let (ours, theirs) = (self.scored.losses, other.scored.losses);
        let losses = LossTensors {
            context: join(ours.context, theirs.context),
            prior: join(ours.prior, theirs.prior),
            total: join(ours.total, theirs.total),
        };
        Self {
            scored: ScoredLatents { latents: join(self.scored.latents, other.scored.latents), losses },
            gradient: join(self.gradient, other.gradient),
            pictures: join(self.pictures, other.pictures),
        }
    }
}
