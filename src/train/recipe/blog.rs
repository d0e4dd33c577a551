//! The blog's recipe (Amos 2016, after carpedm20's DCGAN-tensorflow): one step of D, then two of G with the same
//! latents.
//!
//! There is no augmentation, no moving average and no encoder.

use super::{DiscriminatorStep, real_loss, step_values};
use crate::train::batch::DeviceBatch;
use crate::train::net::{AdamSettings, GradientTargets, graph_leaf};
use crate::train::trainer::{StepMetrics, Trainer};

/// The blog's `--beta1`, and TensorFlow's default β2.
const ADAM: AdamSettings = AdamSettings { beta1: 0.5, beta2: 0.999 };
/// Steps of G for each step of D, so that D's loss does not go to zero.
const GENERATOR_STEPS: usize = 2;

/// Runs one training step.
pub(in crate::train) fn step(trainer: &mut Trainer, batch: &DeviceBatch) -> StepMetrics {
    let rate = trainer.settings.learning_rate;
    let nets = &mut trainer.nets;
    let latents = || batch.prior_latents.clone();
    let mut generated = Some(nets.generator.forward(latents(), GradientTargets::PARAMETERS));
    let (mut metrics, logits) = DiscriminatorStep {
        real: batch.real_faces.clone(),
        fake: generated.as_ref().map_or_else(|| batch.real_faces.clone(), |pass| pass.output.clone()),
        penalty: batch.penalty_noise.clone().map(|noise| (noise, trainer.settings.r1)),
        adam: &ADAM,
        rate,
    }
    .run(&mut nets.discriminator);
    for index in 1..=GENERATOR_STEPS {
        // G's first step reuses the images that D has just seen.
        let draw_again = || nets.generator.forward(latents(), GradientTargets::PARAMETERS);
        let pass = generated.take().unwrap_or_else(draw_again);
        let d_pass = nets.discriminator.forward(pass.output.clone(), GradientTargets::INPUT);
        let logits = graph_leaf(d_pass.output.clone());
        let loss = real_loss(logits.clone());
        let gradient = logits.grad(&loss.backward()).unwrap_or_else(|| d_pass.output.zeros_like());
        let to_images = nets.discriminator.backward(d_pass, gradient, Vec::new());
        let to_images = to_images.unwrap_or_else(|| pass.output.zeros_like());
        nets.generator.backward(pass, to_images, Vec::new());
        if index == GENERATOR_STEPS {
            metrics.push(("g_loss", loss.without_autodiff()));
            metrics.push(("g_gradient", nets.generator.gradient_norm()));
        }
        nets.generator.adam_step(&ADAM, rate);
    }
    // The export uses the moving averages. In this recipe they equal the current weights.
    nets.generator.update_averages(0.0, 0.0);
    nets.discriminator.update_averages(0.0, 0.0);
    trainer.last_values = Some(step_values(&batch.prior_latents, logits));
    metrics
}
