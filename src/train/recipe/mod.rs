//! The two training recipes. Each module has the training step of one.
//!
//! A step does not use a single autodiff graph. The forward pass of each network returns plain tensors (see
//! [`super::net`]). A loss takes the tensors it needs as leaves and is differentiated by them. The networks then run
//! their backward passes with these gradients, from the last to the first.

pub(super) mod blog;
pub(super) mod encoder;
#[cfg(test)]
mod tests;

use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{Gradients, Tensor};

use super::batch::PENALTY_NOISE_STD;
use super::net::{AdamSettings, ForwardPass, GradientTargets, TrainNet, graph_leaf};
use super::trainer::{StepMetrics, StepValues};

/// Mean binary cross-entropy of logits with the target "real", `[1]`.
fn real_loss(logits: Tensor<4>) -> Tensor<1> {
    softplus(-logits, 1.0).mean()
}

/// Mean binary cross-entropy of logits with the target "fake", `[1]`.
fn fake_loss(logits: Tensor<4>) -> Tensor<1> {
    softplus(logits, 1.0).mean()
}

/// The inputs of a discriminator step, which both recipes share. `BatchNorm` sees real and generated images separately.
struct DiscriminatorStep<'a> {
    /// `[batch, 3, size, size]`, without autodiff, like all tensors here.
    real: Tensor<4>,
    /// `[any, 3, size, size]`.
    fake: Tensor<4>,
    /// Noise shaped as `real`, and the weight of the gradient penalty.
    penalty: Option<(Tensor<4>, f32)>,
    adam: &'a AdamSettings,
    rate: f32,
}

impl DiscriminatorStep<'_> {
    /// One step of D. Returns its metrics (loss, mean probability of "real" for real and generated images, gradient
    /// norm), and its logits on real and on generated images.
    ///
    /// The gradient penalty is R1, `weight/2 · ‖∇D‖²` on real images, estimated along one random direction per image:
    /// the squared change of D under a little noise, divided by the squared noise (Seaweed APT, arXiv 2501.08316). So
    /// no second-order gradient is needed.
    fn run(self, discriminator: &mut TrainNet) -> (StepMetrics, [Tensor<4>; 2]) {
        let mut forward = |images: Tensor<4>| discriminator.forward(images, GradientTargets::PARAMETERS);
        let on_fake = forward(self.fake);
        let noisy = self.penalty.map(|(noise, weight)| (forward(self.real.clone() + noise), weight));
        let on_real = forward(self.real);
        let (real, fake) = (graph_leaf(on_real.output.clone()), graph_leaf(on_fake.output.clone()));
        let mut loss = real_loss(real.clone()) + fake_loss(fake.clone());
        let loss_metric = loss.clone().without_autodiff();
        let noisy = noisy.map(|(pass, weight)| {
            let logits = graph_leaf(pass.output.clone());
            let change = (logits.clone() - real.clone()).square().mean();
            loss = loss.clone() + change.mul_scalar(weight / (2.0 * PENALTY_NOISE_STD * PENALTY_NOISE_STD));
            (pass, logits)
        });
        let gradients = loss.backward();
        backward_parameters(discriminator, on_real, &real, &gradients);
        backward_parameters(discriminator, on_fake, &fake, &gradients);
        if let Some((pass, logits)) = noisy {
            backward_parameters(discriminator, pass, &logits, &gradients);
        }
        let gradient = discriminator.gradient_norm();
        discriminator.adam_step(self.adam, self.rate);
        let [real, fake] = [real, fake].map(Tensor::without_autodiff);
        let mean_probability = |logits: &Tensor<4>| sigmoid(logits.clone()).mean();
        let metrics = vec![
            ("d_loss", loss_metric),
            ("d_real", mean_probability(&real)),
            ("d_fake", mean_probability(&fake)),
            ("d_gradient", gradient),
        ];
        (metrics, [real, fake])
    }
}

/// The values of a step for the histograms. The first generated images come from the prior, one for each latent.
fn step_values(latents: &Tensor<4>, [real, fake]: [Tensor<4>; 2]) -> StepValues {
    let [count, _, _, _] = latents.dims();
    let flat = |tensor: Tensor<4>| tensor.flatten::<1>(0, 3);
    StepValues {
        latents: flat(latents.clone()),
        real_probabilities: flat(sigmoid(real)),
        fake_probabilities: flat(sigmoid(fake.narrow(0, 0, count))),
    }
}

/// Runs a backward pass from the output gradient and collects the parameters' gradients.
fn backward_parameters(net: &mut TrainNet, pass: ForwardPass, output: &Tensor<4>, gradients: &Gradients) {
    if let Some(gradient) = output.grad(gradients) {
        net.backward(pass, gradient, Vec::new());
    }
}
