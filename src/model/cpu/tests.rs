//! Compares the hand-written networks with burn's, forward and backward.

use burn::tensor::{Tensor, TensorData};

use super::*;
use crate::model::burn_reference::BurnReference;
use crate::model::{ModelChoice, TINY_MODEL, load};

/// Tolerance relative to the largest value: sums of several thousand products in another order.
const RELATIVE: f32 = 1e-4;

/// Tolerance of the worst value: each factor has eight bits, and errors grow through all layers.
const RELATIVE_IN_BF16: f32 = 0.06;

pub(in crate::model) fn assert_close(name: &str, found: &[f32], expected: &[f32], relative: f32) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    assert!(scale > 0.0, "{name}: nothing to compare");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= relative * scale, "{name}[{index}]: {found} where {expected} is expected");
    }
}

fn to_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

pub(in crate::model) fn noise(length: usize, seed: u32) -> Vec<f32> {
    let value = |index: usize| {
        let hash = u32::try_from(index).unwrap().wrapping_mul(2_654_435_761).wrapping_add(seed * 40_503);
        f32::from(u16::try_from(hash.wrapping_mul(2_246_822_519) >> 16).unwrap()) / 32768.0 - 1.0
    };
    (0..length).map(value).collect()
}

/// `[batch, side, side, channels]` to `[batch, channels, side, side]`.
fn planar(batch: usize, channels: usize, values: &[f32]) -> Vec<f32> {
    let area = values.len() / batch / channels;
    let value_at = |index: usize| {
        let (image, channel, pixel) = (index / (channels * area), index / area % channels, index % area);
        values[(image * area + pixel) * channels + channel]
    };
    (0..values.len()).map(value_at).collect()
}

/// Compares pictures, logits, the latent gradient of `Σ logits·a + Σ pictures·b`, and the encoder's output.
fn compare(file: &ModelFile, mode: LoadMode, batch: usize, relative: f32) {
    let burn = BurnReference::load(file);
    let device = burn.device.clone();
    let networks = CpuNetworks::load(file, mode).unwrap();
    let (side, latent_dim) = (file.info.image_size_px as usize, file.info.latent_dim);
    let latents = noise(batch * latent_dim, 1);
    let (a, b) = (noise(batch, 2), noise(batch * side * side * 3, 3));

    let mut activations = CpuActivations::default();
    // A larger batch first: its leftovers in the buffers must not change the result.
    let larger = networks.generate(batch + 3, &noise((batch + 3) * latent_dim, 9), &mut activations);
    networks.discriminate(batch + 3, &larger, &mut activations);
    let pictures = networks.generate(batch, &latents, &mut activations);
    let logits = networks.discriminate(batch, &pictures, &mut activations).unwrap();
    let area = side * side * 3;
    let mut gradient = networks.discriminate_backward(&a, &mut activations).unwrap();
    gradient.iter_mut().zip(&b).for_each(|(gradient, b)| *gradient += b);
    let gradient = networks.generate_backward(batch, &pictures, &mut gradient, &mut activations);

    let z = Tensor::<2>::from_data(TensorData::new(latents, [batch, latent_dim]), &device).require_grad();
    let burn_pictures = burn.generator.forward(z.clone());
    let burn_logits = burn.discriminator.as_ref().unwrap().forward(burn_pictures.clone());
    assert_close("pictures", &planar(batch, 3, &pictures), &to_values(burn_pictures.clone()), relative);
    assert_close("logits", &logits, &to_values(burn_logits.clone()), relative);
    let a = Tensor::<1>::from_data(TensorData::new(a, [batch]), &device);
    let b = Tensor::<4>::from_data(TensorData::new(planar(batch, 3, &b), [batch, 3, side, side]), &device);
    let gradients = ((burn_logits * a).sum() + (burn_pictures * b).sum()).backward();
    assert_close("gradient", &gradient, &to_values(z.grad(&gradients).unwrap()), relative);

    let known: Vec<f32> = noise(batch * side * side, 4).iter().map(|value| f32::from(*value > -0.3)).collect();
    let inputs = noise(batch * area, 5);
    let guess = networks.encode(batch, &inputs, &known).unwrap();
    let inputs = Tensor::<4>::from_data(TensorData::new(planar(batch, 3, &inputs), [batch, 3, side, side]), &device);
    let known = Tensor::<4>::from_data(TensorData::new(known, [batch, 1, side, side]), &device);
    assert_close("guess", &guess, &to_values(burn.encoder.as_ref().unwrap().forward(inputs, known)), RELATIVE);
}

#[test]
fn tiny_networks_agree_with_burn() {
    for batch in [1, 2, 5] {
        compare(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), LoadMode::Direct, batch, RELATIVE);
    }
}

#[test]
fn built_in_networks_agree_with_burn() {
    for mode in [LoadMode::Optimized(CpuPrecision::Single), LoadMode::Direct] {
        compare(&load(&ModelChoice::Face64).unwrap(), mode, 2, RELATIVE);
    }
}

#[test]
fn bfloat16_networks_agree_with_burn_approximately() {
    if CpuPrecision::fastest() == CpuPrecision::Bf16 {
        compare(&load(&ModelChoice::Face128).unwrap(), LoadMode::Optimized(CpuPrecision::Bf16), 2, RELATIVE_IN_BF16);
    }
}

#[test]
fn hole_pixels_do_not_reach_the_encoder() {
    let networks = CpuNetworks::load(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), LoadMode::Direct).unwrap();
    let known: Vec<f32> = noise(256, 4).iter().map(|value| f32::from(*value > 0.0)).collect();
    let pictures = noise(768, 5);
    let mut changed = pictures.clone();
    for (pixel, known) in changed.chunks_exact_mut(3).zip(&known) {
        if *known <= 0.0 {
            pixel.fill(f32::NAN);
        }
    }
    assert_eq!(networks.encode(1, &pictures, &known), networks.encode(1, &changed, &known));
}
