//! Tests of the losses on pretrained features.
//!
//! `assets/fixtures/judges-16.safetensors` holds the results of a `PyTorch` program in double precision: two steps on
//! images of 16×16 pixels, with torch's `interpolate`, `spectral_norm`, `BatchNorm2d` and `Adam`. All inputs are made
//! of [`synthetic_values`]. `end` holds the first values of each of the discriminators' tensors after the last step.

use std::collections::BTreeMap;

use burn::tensor::TensorData;
use safetensors::SafeTensors;

use super::*;
use crate::train::net::{TensorState, read_values};
use crate::train::rng::{RngStream, rng_for, sample_prior};

const SIZE: usize = 16;
/// Tolerance of losses, relative to at least one. It leaves room for the rounding of single precision.
const LOSS_TOLERANCE: f32 = 2e-3;
/// Tolerance of the gradient, relative to its length. `PyTorch` in single precision needs a quarter of it.
const GRADIENT_TOLERANCE: f32 = 0.03;
/// Tolerance of a tensor's change, relative to that change. Adam amplifies the rounding of small gradients, most of all
/// for shifts whose gradients nearly cancel.
const CHANGE_TOLERANCE: f32 = 0.15;
const ADAM: AdamSettings = AdamSettings { beta1: 0.5, beta2: 0.99 };

fn pictures(count: usize, seed: u64) -> Tensor<4> {
    let values = sample_prior(&mut rng_for(seed, RngStream::Samples), count * 3 * SIZE * SIZE);
    Tensor::from_data(TensorData::new(values, [count, 3, SIZE, SIZE]), &Device::flex())
}

fn perception() -> FeatureLosses {
    let state = ProjectedDiscriminators::initial(&mut rng_for(5, RngStream::InitialWeights));
    FeatureLosses::new(AlexNet::synthetic(SIZE), 7, &state, &Device::flex())
}

#[expect(clippy::cast_precision_loss, reason = "lengths of small tensors")]
pub(super) fn to_f64(length: usize) -> f64 {
    length as f64
}

/// Pseudorandom values that any language can reproduce.
#[expect(clippy::cast_possible_truncation, reason = "single precision values, computed in double")]
pub(super) fn synthetic_values(length: usize, amplitude: f64, speed: f64, phase: f64) -> Vec<f32> {
    (0..length).map(to_f64).map(|index| (amplitude * (speed * (index * index) + phase).sin()) as f32).collect()
}

/// The discriminators with the initial state of the `PyTorch` program.
fn synthetic_discriminators() -> ProjectedDiscriminators {
    let mut state = ProjectedDiscriminators::initial(&mut rng_for(5, RngStream::InitialWeights));
    for (name, tensor) in &mut state.tensors {
        let (level, rest) = name.split_once('.').unwrap();
        let (convolution, what) = rest.split_once('.').unwrap();
        let index = ["first", "second", "last"].iter().position(|name| *name == convolution).unwrap();
        let phase = level.parse::<f64>().unwrap() + 0.1 * to_f64(index);
        let outputs = [96, 128, 1][index];
        let length = tensor.values.len();
        let made_up = |amplitude: f64, speed: f64| synthetic_values(length, amplitude, speed, phase);
        let values = match what {
            "weight" => made_up((2.0 / to_f64(length / outputs)).sqrt(), 0.43),
            "norm.scale" => made_up(0.2, 0.23).into_iter().map(|value| value + 1.0).collect(),
            "singular" => made_up(1.0, 0.37),
            _ => made_up(0.1, 0.29),
        };
        *tensor = TensorState::new(values, tensor.moments.is_some());
    }
    let mixture = |level: usize, channels: usize| {
        synthetic_values(64 * channels, 2.0 / to_f64(channels).sqrt(), 0.53, to_f64(level))
    };
    ProjectedDiscriminators::new(7, &state, &Device::flex()).with_projections(mixture)
}

#[test]
fn two_steps_match_pytorch() {
    let file = SafeTensors::deserialize(include_bytes!("../../../assets/fixtures/judges-16.safetensors")).unwrap();
    let values =
        |data: &[u8]| -> Vec<f32> { data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect() };
    let expected: BTreeMap<String, Vec<f32>> =
        file.iter().map(|(name, view)| (name.to_string(), values(view.data()))).collect();
    let mut perception =
        FeatureLosses { features: AlexNet::synthetic(SIZE), discriminators: synthetic_discriminators() };
    for step in 0..2 {
        let pictures = |count: usize, amplitude: f64, speed: f64, phase: f64| {
            let values = synthetic_values(count * 3 * SIZE * SIZE, amplitude, speed, phase);
            Tensor::<4>::from_data(TensorData::new(values, [count, 3, SIZE, SIZE]), &Device::flex())
        };
        let real = pictures(4, 0.8, 0.011 + 0.002 * to_f64(step), 0.0);
        let shown = pictures(8, 0.7, 0.007 + 0.003 * to_f64(step), 1.0);
        let verdict = perception.train_and_score(real, shown, 6, &ADAM, 1e-3);
        let losses = [
            ("judges_loss", verdict.discriminator_loss),
            ("opinion", verdict.realness),
            ("difference", verdict.perceptual_distance),
        ];
        for (name, found) in losses {
            let (found, expected) = (read_values(found)[0], expected[name][step]);
            assert!(
                (found - expected).abs() < LOSS_TOLERANCE * expected.abs().max(1.0),
                "{step} {name}: {found} for {expected}"
            );
        }
        let found = read_values(verdict.to_shown);
        let expected = &expected["to_shown"][step * found.len()..][..found.len()];
        let (error, whole) = (distance(&found, expected), distance(expected, &vec![0.0; expected.len()]));
        assert!(error < GRADIENT_TOLERANCE * whole, "{step}: the gradient is off by {error} of {whole}");
    }
    let (start, end) = (synthetic_discriminators().state(), perception.state());
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
fn feature_shapes_match_the_memory_estimate() {
    let levels = AlexNet::synthetic(SIZE).feature_maps(pictures(2, 3));
    let shapes: Vec<[usize; 4]> = levels.iter().map(Tensor::dims).collect();
    assert_eq!(shapes, [[2, 64, 15, 15], [2, 192, 7, 7], [2, 384, 3, 3], [2, 256, 3, 3], [2, 256, 3, 3]]);
    let numbers: usize = shapes.iter().map(|shape| shape[1..].iter().product::<usize>()).sum();
    assert_eq!(features_per_image(SIZE), numbers as u64);
}

#[test]
fn flat_images_stay_flat_when_enlarged() {
    let flat = Tensor::<4>::full([1, 3, SIZE, SIZE], 0.3, &Device::flex());
    let [first, ..] = &AlexNet::synthetic(SIZE).feature_maps(flat)[..] else { panic!("no levels") };
    // Away from the edges, a flat image has the same features everywhere.
    let inside = read_values(first.clone().slice([0..1, 0..64, 2..13, 2..13]));
    for channel in inside.chunks(121) {
        assert!(channel.iter().all(|value| (value - channel[0]).abs() < 1e-4), "{channel:?}");
    }
}

#[test]
fn the_image_gradient_matches_finite_differences() {
    let (real, shown) = (pictures(4, 1), pictures(8, 2));
    let mut one = perception();
    // With a learning rate of 0 the discriminators do not change.
    let verdict = one.train_and_score(real.clone(), shown.clone(), 6, &ADAM, 0.0);
    let loss = |shown: &Tensor<4>| {
        let truth = one.features.feature_maps(real.clone());
        let levels = one.features.feature_maps(shown.clone());
        let judged: Vec<Tensor<4>> = levels.iter().map(|level| level.clone().narrow(0, 0, 6).autodiff()).collect();
        let opinion = read_values(one.discriminators.realness(&judged))[0];
        let redrawn = levels.iter().map(|level| level.clone().narrow(0, 4, 4).autodiff());
        PERCEPTUAL_WEIGHT * read_values(perceptual_distance(redrawn.zip(truth)))[0] - REALNESS_WEIGHT * opinion
    };
    let to_shown = read_values(verdict.to_shown);
    // Checks the gradient to one image of each kind: from the prior, a judged reconstruction, an unjudged
    // reconstruction. The steps are small, because a `BatchNorm` over six positions is strongly curved.
    let length = to_shown.len() / 8;
    for picture in [1, 5, 7] {
        let own = picture * length..(picture + 1) * length;
        let norm = to_shown[own.clone()].iter().map(|value| value * value).sum::<f32>().sqrt();
        let step = 1e-3;
        let moved = |sign: f32| {
            let mut values = read_values(shown.clone());
            let to_own = to_shown[own.clone()].iter();
            values[own.clone()].iter_mut().zip(to_own).for_each(|(v, g)| *v += sign * step * g / norm);
            loss(&Tensor::from_data(TensorData::new(values, [8, 3, SIZE, SIZE]), &Device::flex()))
        };
        let expected = (moved(1.0) - moved(-1.0)) / (2.0 * step);
        assert!((norm - expected).abs() < 0.03 * expected.abs(), "picture {picture}: {norm} for {expected}");
    }
}

#[test]
fn only_different_faces_have_a_perceptual_distance() {
    let real = pictures(4, 1);
    let of = |redrawn: Tensor<4>| {
        let shown = Tensor::cat(vec![pictures(4, 2), redrawn], 0);
        read_values(perception().train_and_score(real.clone(), shown, 6, &ADAM, 1e-3).perceptual_distance)[0]
    };
    let (same, other) = (of(real.clone()), of(pictures(4, 8)));
    assert!(same < 1e-6 && other > 0.05, "{same} {other}");
}

#[test]
fn discriminators_learn_to_tell_images_apart() {
    let (flat, noise) = (Tensor::full([6, 3, SIZE, SIZE], 0.3, &Device::flex()), pictures(6, 2));
    let mut perception = perception();
    let mut losses = Vec::new();
    for _ in 0..12 {
        let shown = Tensor::cat(vec![noise.clone(), noise.clone()], 0);
        losses.push(read_values(perception.train_and_score(flat.clone(), shown, 9, &ADAM, 2e-3).discriminator_loss)[0]);
    }
    assert!(losses[11] < 0.5 * losses[0], "{losses:?}");
}

#[test]
fn the_largest_singular_value_is_found() {
    let mut perception = perception();
    let shown = pictures(8, 2);
    for _ in 0..30 {
        perception.train_and_score(pictures(4, 1), shown.clone(), 6, &ADAM, 0.0);
    }
    // After enough power iterations, no vector grows by more than the singular value found.
    let state = perception.state();
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

#[test]
fn weights_are_read_and_other_files_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alexnet.safetensors");
    alexnet::write_synthetic(&path);
    let read_net = AlexNet::read(&path, SIZE, &Device::flex()).unwrap();
    let [of_file, of_numbers] =
        [read_net, AlexNet::synthetic(SIZE)].map(|net| read_values(net.feature_maps(pictures(1, 3)).remove(4)));
    assert_eq!(of_file, of_numbers);

    let refused = |path: &std::path::Path| AlexNet::read(path, SIZE, &Device::flex()).err().unwrap().to_string();
    let missing = refused(&folder.path().join("no.pth"));
    assert!(missing.contains("no.pth") && missing.contains("use torchvision's alexnet"), "{missing}");
    let other = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
    let other = refused(&other);
    assert!(other.contains("no weight of the shape [64, 3, 11, 11]"), "{other}");
    std::fs::write(&path, [7; 100]).unwrap();
    assert!(refused(&path).contains("alexnet.safetensors"));
}
