//! The default recipe: G, D and an encoder of masked faces learn together.
//!
//! G draws images from the prior and from `E(M⊙x, M)` for random masks. The latter are reconstructions of the whole
//! face, hole included, and must also fool D. So E learns what the search needs, and G learns to draw every face.
//! Faces become recognisable in far fewer images than with the blog recipe (see face-64 in `models/README.md`, trained
//! without face augmentation and without strong discriminator augmentation).

use burn::tensor::Tensor;
use burn::tensor::activation::softplus;

use super::{DiscriminatorStep, real_loss, step_values};
use crate::train::batch::DeviceBatch;
use crate::train::discriminator_augment::{AugmentBatch, adapted_strength};
use crate::train::net::{AdamSettings, ForwardPass, GradientTargets, TrainNet, graph_leaf, read_values};
use crate::train::trainer::{EncoderNets, StepMetrics, TrainNets, Trainer};

/// β1 is that of DCGAN. β2 is smaller than Adam's default, because the gradients change during adversarial training.
const ADAM: AdamSettings = AdamSettings { beta1: 0.5, beta2: 0.99 };
/// Steps over which the learning rate rises from 0.
const WARM_UP_STEPS: u64 = 200;
/// Weight of the mean pixel difference between the reconstruction and the true face.
const RECONSTRUCTION_WEIGHT: f32 = 12.0;
/// Weight of the difference in D's inner layers (Larsen et al. 2016, arXiv 1512.09300). It prevents blur.
const LAYER_DIFFERENCE_WEIGHT: f32 = 4.0;
/// Steps between two updates of the augmentation strength. Reading D's logits stalls a GPU.
const ADAPT_INTERVAL_STEPS: u64 = 8;
/// Weight of the loss on the latents' moments.
const MOMENT_WEIGHT: f32 = 5.0;
/// Half-life of the moving average, in faces. Shorter ones gave worse results for face-64.
const AVERAGE_HALF_LIFE_FACES: f32 = 80_000.0;
/// Upper bound of the averaging factor for running statistics. They are averages already, so they need less smoothing.
const MAX_STATISTICS_KEEP: f32 = 0.99;

/// The results of E and G for a batch.
struct Generated {
    encoder_pass: ForwardPass,
    /// E's output as a leaf: `[batch, latent_dim, 1, 1]`.
    encoder_output: Tensor<4>,
    /// The same latents in the graph of `encoder_output`, `[batch, latent_dim]`.
    latents: Tensor<2>,
    generator_pass: ForwardPass,
    /// G's images, reconstructions first, as a leaf of another graph: `[2 · batch, 3, size, size]`.
    images: Tensor<4>,
}

/// Runs one training step.
pub(in crate::train) fn step(trainer: &mut Trainer, batch: &DeviceBatch) -> StepMetrics {
    let (step, settings) = (trainer.step, &trainer.settings);
    let rate = settings.learning_rate * ratio(step + 1, WARM_UP_STEPS).min(1.0);
    let TrainNets { generator, discriminator, encoder_nets, feature_losses } = &mut trainer.nets;
    let Some(EncoderNets { encoder, latent_discriminator }) = encoder_nets else { return StepMetrics::new() };
    let (Some(known), Some(augments)) = (&batch.known_masks, &batch.augments) else { return StepMetrics::new() };
    let [count, _, _, _] = batch.real_faces.dims();
    let generated = generate(encoder, generator, batch, known);

    // D sees real faces, half of their reconstructions with the same augmentation, and faces from the prior.
    let real = augments[0].apply(batch.real_faces.clone());
    let shown = augment_generated(&generated.images, count, augments);
    let shown_values = shown.clone().without_autodiff();
    let fakes = count + count / 2;
    let (mut metrics, logits) = DiscriminatorStep {
        real: real.clone(),
        fake: shown_values.clone().narrow(0, 0, fakes),
        penalty: batch.penalty_noise.clone().map(|noise| (noise, settings.r1)),
        adam: &ADAM,
        rate,
    }
    .run(discriminator);
    if (step + 1).is_multiple_of(ADAPT_INTERVAL_STEPS) {
        #[expect(clippy::cast_precision_loss, reason = "counts of faces, far below 2^24")]
        let seen_count = ADAPT_INTERVAL_STEPS as f32 * settings.batch as f32;
        trainer.augment_strength = adapted_strength(trainer.augment_strength, mean_sign(logits[0].clone()), seen_count);
    }

    // The latent discriminator sees latents of the prior and of the encoder.
    let leaves = latent_discriminator.leaves();
    let prior = batch.prior_latents.clone().autodiff().reshape([count, generated.latents.dims()[1]]);
    let latents = generated.latents.clone().without_autodiff().autodiff();
    let loss = softplus(-latent_discriminator.logits(&leaves, prior), 1.0).mean()
        + softplus(latent_discriminator.logits(&leaves, latents), 1.0).mean();
    latent_discriminator.train_step(&leaves, &loss, &ADAM, rate);
    metrics.push(("critic_loss", loss.without_autodiff()));

    // G's losses: D, the discriminators on pretrained features, and the difference to the true faces.
    let (mut to_shown, adversarial, layer_difference) =
        discriminator_feedback(discriminator, real.clone(), &shown_values, fakes);
    let mut feature_metrics = StepMetrics::new();
    if let Some(feature_losses) = feature_losses {
        let feedback = feature_losses.train_and_score(real, shown_values, fakes, &ADAM, rate);
        to_shown = to_shown + feedback.to_shown;
        feature_metrics.extend([
            ("judges_loss", feedback.discriminator_loss),
            ("judges_opinion", feedback.realness),
            ("seen_difference", feedback.perceptual_distance),
        ]);
    }
    let reconstructions = generated.images.clone().narrow(0, 0, count);
    let difference = (reconstructions - batch.real_faces.clone().autodiff()).abs().mean();
    let sum = (shown * to_shown.autodiff()).sum() + difference.clone().mul_scalar(RECONSTRUCTION_WEIGHT);
    let gradients = sum.backward();
    let to_images = generated.images.grad(&gradients).unwrap_or_else(|| generated.generator_pass.output.zeros_like());
    let to_latents = generator.backward(generated.generator_pass, to_images, Vec::new());

    // E's losses: the gradient from G, the latent discriminator, and the moments of the prior.
    let constants = latent_discriminator.constants();
    let loss = softplus(-latent_discriminator.logits(&constants, generated.latents.clone()), 1.0).mean();
    let moments = moment_loss(generated.latents.clone());
    let mut sum = loss + moments.clone().mul_scalar(MOMENT_WEIGHT);
    if let Some(to_latents) = to_latents {
        let to_encoded = to_latents.narrow(0, 0, count).reshape(generated.latents.dims());
        sum = sum + (generated.latents.clone() * to_encoded.autodiff()).sum();
    }
    let to_output = generated.encoder_output.grad(&sum.backward());
    let to_output = to_output.unwrap_or_else(|| generated.encoder_pass.output.zeros_like());
    encoder.backward(generated.encoder_pass, to_output, Vec::new());

    metrics.extend([
        ("g_loss", adversarial),
        ("g_gradient", generator.gradient_norm()),
        ("e_gradient", encoder.gradient_norm()),
        ("redraw", difference.without_autodiff()),
        ("features", layer_difference),
        ("moments", moments.without_autodiff()),
        ("code_deviation", generated.latents.without_autodiff().square().mean().sqrt()),
    ]);
    metrics.extend(feature_metrics);
    generator.adam_step(&ADAM, rate);
    encoder.adam_step(&ADAM, rate);
    update_averages(trainer, count);
    trainer.last_values = Some(step_values(&batch.prior_latents, logits));
    metrics
}

/// Encodes the masked faces, and draws images from these latents and from the prior.
fn generate(encoder: &mut TrainNet, generator: &mut TrainNet, batch: &DeviceBatch, known: &Tensor<4>) -> Generated {
    let masked = Tensor::cat(vec![batch.real_faces.clone() * known.clone(), known.clone()], 1);
    let encoder_pass = encoder.forward(masked, GradientTargets::PARAMETERS);
    let [count, latent_dim, _, _] = encoder_pass.output.dims();
    let encoder_output = graph_leaf(encoder_pass.output.clone());
    let latents = encoder_output.clone().reshape([count, latent_dim]);
    let all_latents = Tensor::cat(vec![encoder_pass.output.clone(), batch.prior_latents.clone()], 0);
    let generator_pass = generator.forward(all_latents, GradientTargets::BOTH);
    let images = graph_leaf(generator_pass.output.clone());
    Generated { encoder_pass, encoder_output, latents, generator_pass, images }
}

/// Augments the generated images for D: first those from the prior, then the reconstructions.
fn augment_generated(images: &Tensor<4>, count: usize, [real, prior]: &[AugmentBatch; 2]) -> Tensor<4> {
    let part = |start: usize| images.clone().narrow(0, start, count);
    Tensor::cat(vec![prior.with_autodiff().apply(part(count)), real.with_autodiff().apply(part(0))], 0)
}

/// Computes G's losses from D: the adversarial loss of the first `fakes` images of `shown`, and the difference of D's
/// inner layers between the reconstructions (the last images) and the real ones. Returns the gradient of their weighted
/// sum with respect to `shown`, and the two losses.
fn discriminator_feedback(
    discriminator: &mut TrainNet,
    real: Tensor<4>,
    shown: &Tensor<4>,
    fakes: usize,
) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let [count, _, _, _] = real.dims();
    let real_pass = discriminator.forward_with_feature_maps(real, GradientTargets::NONE);
    let pass = discriminator.forward_with_feature_maps(shown.clone(), GradientTargets::INPUT);
    let logits = graph_leaf(pass.output.clone());
    let maps: Vec<Tensor<2>> = pass.feature_maps.iter().map(|map| graph_leaf(map.clone())).collect();
    let adversarial = real_loss(logits.clone().narrow(0, 0, fakes));
    #[expect(clippy::cast_precision_loss, reason = "a network has about ten layers")]
    let weight = 1.0 / maps.len().max(1) as f32;
    let differences = maps.iter().zip(real_pass.feature_maps).map(|(map, real)| {
        let reconstructed = map.clone().narrow(0, count, count);
        (reconstructed - real.autodiff()).abs().mean().mul_scalar(weight)
    });
    let difference = differences.reduce(|sum, difference| sum + difference);
    let mut loss = adversarial.clone();
    if let Some(difference) = &difference {
        loss = loss + difference.clone().mul_scalar(LAYER_DIFFERENCE_WEIGHT);
    }
    let gradients = loss.backward();
    let to_output = logits.grad(&gradients).unwrap_or_else(|| pass.output.zeros_like());
    let to_map =
        |leaf: &Tensor<2>| leaf.grad(&gradients).unwrap_or_else(|| leaf.clone().without_autodiff().zeros_like());
    let to_maps = maps.iter().map(to_map).collect();
    let to_shown = discriminator.backward(pass, to_output, to_maps);
    let adversarial = adversarial.without_autodiff();
    let difference = difference.map_or_else(|| adversarial.zeros_like(), Tensor::without_autodiff);
    (to_shown.unwrap_or_else(|| shown.zeros_like()), adversarial, difference)
}

/// The share of positive logits minus the share of negative ones. Waits for the device.
fn mean_sign(logits: Tensor<4>) -> f32 {
    read_values(logits.sign().mean()).first().copied().unwrap_or(0.0)
}

/// Squared differences between the moments of the latents over the batch and those of the uniform prior: mean 0,
/// variance 1/3, fourth moment 1/5. `[batch, latent_dim]` to `[1]`.
fn moment_loss(latents: Tensor<2>) -> Tensor<1> {
    let [count, _] = latents.dims();
    let mean = latents.clone().mean_dim(0);
    let fourth = latents.clone().square().square().mean_dim(0);
    #[expect(clippy::cast_precision_loss, reason = "counts of faces, far below 2^24")]
    let unbiased = count as f32 / (count as f32 - 1.0).max(1.0);
    let variance = (latents - mean.clone()).square().mean_dim(0).mul_scalar(unbiased);
    mean.square().mean()
        + variance.add_scalar(-1.0 / 3.0).square().mean().mul_scalar(4.0)
        + fourth.add_scalar(-0.2).square().mean().mul_scalar(4.0)
}

/// Updates the moving averages of G and E. D's average is its current weights, because the search needs those.
fn update_averages(trainer: &mut Trainer, count: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts of faces, far below 2^24")]
    let keep = 0.5f32.powf(count as f32 / AVERAGE_HALF_LIFE_FACES);
    // Early in training the average follows the weights closely.
    let keep = keep.min(ratio(trainer.step + 1, trainer.step + 100));
    trainer.nets.generator.update_averages(keep, keep.min(MAX_STATISTICS_KEEP));
    if let Some(encoder_nets) = &mut trainer.nets.encoder_nets {
        encoder_nets.encoder.update_averages(keep, keep.min(MAX_STATISTICS_KEEP));
    }
    trainer.nets.discriminator.update_averages(0.0, 0.0);
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a ratio of counts below 2^52, used in single precision"
)]
fn ratio(part: u64, whole: u64) -> f32 {
    (part as f64 / whole as f64) as f32
}
