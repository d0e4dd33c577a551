//! Tests of the losses on pretrained features.
//!
//! `assets/fixtures/projected-discriminators-16.safetensors` holds the results of a `PyTorch` program in double
//! precision: two steps on images of 16×16 pixels, with torch's `interpolate`, `spectral_norm`, `BatchNorm2d` and
//! `Adam`. All inputs come from [`synthetic_values`]. `end` holds the first values of each discriminator tensor
//! after the last step.

use std::collections::BTreeMap;

use burn::tensor::TensorData;
use safetensors::SafeTensors;

use super::*;
use crate::perceptual::test_weights::{synthetic_values, to_f64};
use crate::train::net::{TensorState, read_values};
use crate::train::rng::{RngStream, rng_for, sample_prior};

const SIZE: usize = 16;
/// Tolerance of losses, relative to the loss or to 1 if it is smaller, for single-precision rounding.
const LOSS_TOLERANCE: f32 = 2e-3;
/// Tolerance of the gradient, relative to its length. `PyTorch` in single precision needs a quarter of it.
const GRADIENT_TOLERANCE: f32 = 0.03;
/// Tolerance of a tensor's change, relative to that change. Adam amplifies the rounding of small gradients, most of all
/// for shifts whose gradients nearly cancel.
const CHANGE_TOLERANCE: f32 = 0.15;
const ADAM: AdamSettings = AdamSettings { beta1: 0.5, beta2: 0.99 };

fn images(count: usize, seed: u64) -> Tensor<4> {
    let values = sample_prior(&mut rng_for(seed, RngStream::Samples), count * 3 * SIZE * SIZE);
    Tensor::from_data(TensorData::new(values, [count, 3, SIZE, SIZE]), &Device::flex())
}

fn feature_losses() -> FeatureLosses {
    let state = ProjectedDiscriminators::initial(&mut rng_for(5, RngStream::InitialWeights));
    FeatureLosses::new(AlexNet::synthetic().enlarging(SIZE), 7, &state, &Device::flex())
}

/// The discriminators with the initial state of the `PyTorch` program.
fn synthetic_discriminators() -> ProjectedDiscriminators {
    let mut state = ProjectedDiscriminators::initial(&mut rng_for(5, RngStream::InitialWeights));
    for (name, tensor) in &mut state.tensors {
        let (level, name) = name.split_once('.').unwrap();
        let (convolution, part) = name.split_once('.').unwrap();
        let index = ["first", "second", "last"].iter().position(|name| *name == convolution).unwrap();
        let phase = level.parse::<f64>().unwrap() + 0.1 * to_f64(index);
        let outputs = [96, 128, 1][index];
        let length = tensor.values.len();
        let sine = |amplitude: f64, speed: f64| synthetic_values(length, amplitude, speed, phase);
        let values = match part {
            "weight" => sine((2.0 / to_f64(length / outputs)).sqrt(), 0.43),
            "norm.scale" => sine(0.2, 0.23).into_iter().map(|value| value + 1.0).collect(),
            "singular" => sine(1.0, 0.37),
            _ => sine(0.1, 0.29),
        };
        *tensor = TensorState::new(values, tensor.moments.is_some());
    }
    let projection = |level: usize, channels: usize| {
        synthetic_values(64 * channels, 2.0 / to_f64(channels).sqrt(), 0.53, to_f64(level))
    };
    ProjectedDiscriminators::new(7, &state, &Device::flex()).with_projections(projection)
}

#[test]
fn two_steps_match_pytorch() {
    let file =
        SafeTensors::deserialize(include_bytes!("../../../assets/fixtures/projected-discriminators-16.safetensors"))
            .unwrap();
    let values =
        |data: &[u8]| -> Vec<f32> { data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect() };
    let expected: BTreeMap<String, Vec<f32>> =
        file.iter().map(|(name, view)| (name.to_string(), values(view.data()))).collect();
    let mut losses =
        FeatureLosses { alexnet: AlexNet::synthetic().enlarging(SIZE), discriminators: synthetic_discriminators() };
    for step in 0..2 {
        let images = |count: usize, amplitude: f64, speed: f64, phase: f64| {
            let values = synthetic_values(count * 3 * SIZE * SIZE, amplitude, speed, phase);
            Tensor::<4>::from_data(TensorData::new(values, [count, 3, SIZE, SIZE]), &Device::flex())
        };
        let real = images(4, 0.8, 0.011 + 0.002 * to_f64(step), 0.0);
        let shown = images(8, 0.7, 0.007 + 0.003 * to_f64(step), 1.0);
        let feedback = losses.train_and_score(real, shown, 6, &ADAM, 1e-3);
        let losses = [
            ("judges_loss", feedback.discriminator_loss),
            ("opinion", feedback.realness),
            ("difference", feedback.perceptual_distance),
        ];
        for (name, found) in losses {
            let (found, expected) = (read_values(found)[0], expected[name][step]);
            assert!(
                (found - expected).abs() < LOSS_TOLERANCE * expected.abs().max(1.0),
                "{step} {name}: {found} for {expected}"
            );
        }
        let found = read_values(feedback.to_shown);
        let expected = &expected["to_shown"][step * found.len()..][..found.len()];
        let (error, whole) = (distance(&found, expected), distance(expected, &vec![0.0; expected.len()]));
        assert!(error < GRADIENT_TOLERANCE * whole, "{step}: the gradient is off by {error} of {whole}");
    }
    let (start, end) = (synthetic_discriminators().state(), losses.state());
    assert_eq!(expected.len(), 4 + end.tensors.len());
    for (name, tensor) in &end.tensors {
        let expected = &expected[&format!("end/{name}")][..];
        let first = |tensor: &TensorState| tensor.values[..expected.len()].to_vec();
        let (error, change) = (distance(&first(tensor), expected), distance(&first(&start.tensors[name]), expected));
        assert!(error <= CHANGE_TOLERANCE * change, "{name} is off by {error} after a change of {change}");
    }
}

fn distance(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| (one - other) * (one - other)).sum::<f32>().sqrt()
}

#[test]
fn the_image_gradient_matches_finite_differences() {
    let (real, shown) = (images(4, 1), images(8, 2));
    let mut losses = feature_losses();
    // With a learning rate of 0 the discriminators do not change.
    let feedback = losses.train_and_score(real.clone(), shown.clone(), 6, &ADAM, 0.0);
    let loss = |shown: &Tensor<4>| {
        let real_maps = losses.alexnet.feature_maps(real.clone());
        let levels = losses.alexnet.feature_maps(shown.clone());
        let fakes: Vec<Tensor<4>> = levels.iter().map(|level| level.clone().narrow(0, 0, 6).autodiff()).collect();
        let realness = read_values(losses.discriminators.realness(&fakes))[0];
        let reconstructed = levels.iter().map(|level| level.clone().narrow(0, 4, 4).autodiff());
        PERCEPTUAL_WEIGHT * read_values(perceptual_distance(reconstructed.zip(real_maps)))[0]
            - REALNESS_WEIGHT * realness
    };
    let to_shown = read_values(feedback.to_shown);
    // Checks the gradient of one image of each kind: from the prior, and a reconstruction with and without adversarial
    // loss. The steps are small, because a `BatchNorm` over six positions is strongly curved.
    let length = to_shown.len() / 8;
    for image in [1, 5, 7] {
        let range = image * length..(image + 1) * length;
        let norm = to_shown[range.clone()].iter().map(|value| value * value).sum::<f32>().sqrt();
        let step = 1e-3;
        let moved = |sign: f32| {
            let mut values = read_values(shown.clone());
            let gradient = to_shown[range.clone()].iter();
            values[range.clone()].iter_mut().zip(gradient).for_each(|(v, g)| *v += sign * step * g / norm);
            loss(&Tensor::from_data(TensorData::new(values, [8, 3, SIZE, SIZE]), &Device::flex()))
        };
        let expected = (moved(1.0) - moved(-1.0)) / (2.0 * step);
        assert!((norm - expected).abs() < 0.03 * expected.abs(), "image {image}: {norm} for {expected}");
    }
}

#[test]
fn only_different_faces_have_a_perceptual_distance() {
    let real = images(4, 1);
    let distance = |reconstructed: Tensor<4>| {
        let shown = Tensor::cat(vec![images(4, 2), reconstructed], 0);
        read_values(feature_losses().train_and_score(real.clone(), shown, 6, &ADAM, 1e-3).perceptual_distance)[0]
    };
    let (same, other) = (distance(real.clone()), distance(images(4, 8)));
    assert!(same < 1e-6 && other > 0.05, "{same} {other}");
}

#[test]
fn discriminators_learn_to_tell_images_apart() {
    let (flat, noise) = (Tensor::full([6, 3, SIZE, SIZE], 0.3, &Device::flex()), images(6, 2));
    let mut losses = feature_losses();
    let mut history = Vec::new();
    for _ in 0..12 {
        let shown = Tensor::cat(vec![noise.clone(), noise.clone()], 0);
        history.push(read_values(losses.train_and_score(flat.clone(), shown, 9, &ADAM, 2e-3).discriminator_loss)[0]);
    }
    assert!(history[11] < 0.5 * history[0], "{history:?}");
}

#[test]
fn the_largest_singular_value_is_found() {
    let mut losses = feature_losses();
    let shown = images(8, 2);
    for _ in 0..30 {
        losses.train_and_score(images(4, 1), shown.clone(), 6, &ADAM, 0.0);
    }
    // After enough power iterations, no vector grows by more than the singular value found.
    let state = losses.state();
    let name = "1.second";
    let weight = &state.tensors[&format!("{name}.weight")].values;
    let left = &state.tensors[&format!("{name}.singular")].values;
    let taps = weight.len() / left.len();
    let times = |vector: &[f32]| -> Vec<f32> {
        (0..taps)
            .map(|tap| vector.iter().enumerate().map(|(row, value)| value * weight[row * taps + tap]).sum())
            .collect()
    };
    let length = |vector: &[f32]| vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let largest = length(&times(left));
    for seed in 0..20 {
        let other = sample_prior(&mut rng_for(seed, RngStream::Samples), left.len());
        assert!(length(&times(&other)) <= 1.01 * largest * length(&other));
    }
    assert!((length(left) - 1.0).abs() < 1e-4);
}
