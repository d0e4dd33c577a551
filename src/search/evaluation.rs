//! One evaluation of latents: their pictures, the total loss, and its gradient.
//!
//! `ẑ = argmin context(A(G(z))) + λ·prior(D(G(z)))` (arXiv 1607.07539, section 3), on every device. `A` is the identity
//! for a fill, and the degradation of the photo for the other tasks: D sees the picture itself.

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
        let batches = self.pass.batches(self.latents.clone());
        Evaluation::concatenate(batches.into_iter().map(|latents| self.evaluate_batch(latents)).collect())
    }

    fn evaluate_batch(&self, latents: Tensor<2>) -> Evaluation {
        let variable = latents.clone().autodiff().require_grad();
        let pictures = generate(variable.clone(), &self.pass);
        let context = context_loss(self.pass.observe(pictures.clone()), &self.pass);
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
