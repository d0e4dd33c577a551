//! The blog's recipe (Amos 2016, after carpedm20's DCGAN-tensorflow): one step of D, then two of G with the same
//! latents.
//!
//! There is no augmentation, no moving average and no encoder.

use super::{DiscriminatorStep, should_be_real};
use crate::train::batch::DeviceBatch;
use crate::train::net::{AdamSettings, Wants, leaf};
use crate::train::trainer::{Told, Trainer};

/// The blog's `--beta1`, and TensorFlow's default β2.
const ADAM: AdamSettings = AdamSettings { beta1: 0.5, beta2: 0.999 };
/// Steps of G for each step of D, so that D's loss does not go to zero.
const MOVES: usize = 2;

/// Runs one training step.
pub(in crate::train) fn step(trainer: &mut Trainer, batch: &DeviceBatch) -> Told {
    let rate = trainer.settings.learning_rate;
    let (nets, device) = (&mut trainer.nets, trainer.place.device.clone());
    let mut drawn = Some(nets.generator.forward(batch.prior.clone()));
    let (mut told, _) = DiscriminatorStep {
        real: batch.real.clone(),
        fake: drawn.as_ref().map_or_else(|| batch.real.clone(), |pass| pass.output.clone()),
        penalty: batch.noise.clone().map(|noise| (noise, trainer.settings.r1)),
        adam: &ADAM,
        rate,
    }
    .take(&mut nets.discriminator);
    for index in 1..=MOVES {
        // The first step reuses the images that D has just seen.
        let pass = drawn.take().unwrap_or_else(|| nets.generator.forward(batch.prior.clone()));
        let judged = nets.discriminator.forward(pass.output.clone());
        let logits = leaf(judged.output.clone());
        let loss = should_be_real(logits.clone());
        let gradient = logits.grad(&loss.backward()).unwrap_or_else(|| judged.output.zeros_like());
        let to_pictures = nets.discriminator.backward(judged, gradient, Vec::new(), Wants::INPUT);
        let to_pictures = to_pictures.unwrap_or_else(|| pass.output.zeros_like());
        nets.generator.backward(pass, to_pictures, Vec::new(), Wants::PARAMETERS);
        if index == MOVES {
            told.push(("g_loss", loss.without_autodiff()));
            told.push(("g_gradient", nets.generator.gradient_norm(&device)));
        }
        nets.generator.step(&ADAM, rate);
    }
    // The export uses the moving averages. In this recipe they equal the current weights.
    nets.generator.average(0.0, 0.0);
    nets.discriminator.average(0.0, 0.0);
    told
}
