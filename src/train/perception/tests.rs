//! The judges and what they see.
//!
//! `assets/fixtures/judges-16.safetensors` tells what a `PyTorch` program in double precision came to: two steps on pictures of 16×16
//! pixels, with torch's own `interpolate`, `spectral_norm`, `BatchNorm2d` and `Adam`. Whatever goes in is made up of [`sines`]; `end` holds
//! the first values of each of the judges' tensors after the last step.

use std::collections::BTreeMap;

use burn::tensor::TensorData;
use safetensors::SafeTensors;

use super::*;
use crate::train::draws::{Purpose, prior, stream};
use crate::train::net::{TensorState, read};

const SIZE: usize = 16;
/// Losses in single precision, relative to one at least. `PyTorch` in single precision is off by 0.0004.
const TOLD: f32 = 2e-3;
/// The gradient, relative to its length: `PyTorch` in single precision is off by 0.007.
const GRADIENT: f32 = 0.03;
/// Where the judges got, relative to their way. Adam makes much of small gradients, and so of rounding: a shift whose gradients
/// almost cancel each other is off by a tenth, most others by less than a hundredth.
const WAY: f32 = 0.15;
const ADAM: AdamSettings = AdamSettings { beta1: 0.5, beta2: 0.99 };

fn pictures(count: usize, seed: u64) -> Tensor<4> {
    let values = prior(&mut stream(seed, Purpose::Samples), count * 3 * SIZE * SIZE);
    Tensor::from_data(TensorData::new(values, [count, 3, SIZE, SIZE]), &Device::flex())
}

fn perception() -> Perception {
    let state = Judges::initial(&mut stream(5, Purpose::Weights));
    Perception::new(AlexNet::made_up(SIZE), 7, &state, &Device::flex())
}

#[expect(clippy::cast_precision_loss, reason = "lengths and numbers of small tensors")]
pub(super) fn count(length: usize) -> f64 {
    length as f64
}

/// Numbers that look random, and which any language can repeat.
#[expect(clippy::cast_possible_truncation, reason = "numbers in single precision, from sines in double")]
pub(super) fn sines(length: usize, amplitude: f64, speed: f64, phase: f64) -> Vec<f32> {
    (0..length).map(count).map(|index| (amplitude * (speed * (index * index) + phase).sin()) as f32).collect()
}

/// The judges that the `PyTorch` program begins with.
fn made_up_judges() -> Judges {
    let mut state = Judges::initial(&mut stream(5, Purpose::Weights));
    for (name, tensor) in &mut state.tensors {
        let (level, rest) = name.split_once('.').unwrap();
        let (convolution, what) = rest.split_once('.').unwrap();
        let index = ["first", "second", "last"].iter().position(|name| *name == convolution).unwrap();
        let phase = level.parse::<f64>().unwrap() + 0.1 * count(index);
        let outputs = [96, 128, 1][index];
        let length = tensor.values.len();
        let made_up = |amplitude: f64, speed: f64| sines(length, amplitude, speed, phase);
        let values = match what {
            "weight" => made_up((2.0 / count(length / outputs)).sqrt(), 0.43),
            "norm.scale" => made_up(0.2, 0.23).into_iter().map(|value| value + 1.0).collect(),
            "singular" => made_up(1.0, 0.37),
            _ => made_up(0.1, 0.29),
        };
        *tensor = TensorState::new(values, tensor.moments.is_some());
    }
    let mixture =
        |level: usize, channels: usize| sines(64 * channels, 2.0 / count(channels).sqrt(), 0.53, count(level));
    Judges::new(7, &state, &Device::flex()).with_mixtures(mixture)
}

#[test]
fn two_steps_are_those_of_pytorch() {
    let file = SafeTensors::deserialize(include_bytes!("../../../assets/fixtures/judges-16.safetensors")).unwrap();
    let values =
        |data: &[u8]| -> Vec<f32> { data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect() };
    let expected: BTreeMap<String, Vec<f32>> =
        file.iter().map(|(name, view)| (name.to_string(), values(view.data()))).collect();
    let mut perception = Perception { features: AlexNet::made_up(SIZE), judges: made_up_judges() };
    for step in 0..2 {
        let pictures = |count: usize, amplitude: f64, speed: f64, phase: f64| {
            let values = sines(count * 3 * SIZE * SIZE, amplitude, speed, phase);
            Tensor::<4>::from_data(TensorData::new(values, [count, 3, SIZE, SIZE]), &Device::flex())
        };
        let real = pictures(4, 0.8, 0.011 + 0.002 * count(step), 0.0);
        let shown = pictures(8, 0.7, 0.007 + 0.003 * count(step), 1.0);
        let verdict = perception.judge(real, shown, 6, &ADAM, 1e-3);
        let told =
            [("judges_loss", verdict.judges_loss), ("opinion", verdict.opinion), ("difference", verdict.difference)];
        for (name, found) in told {
            let (found, expected) = (read(found)[0], expected[name][step]);
            assert!((found - expected).abs() < TOLD * expected.abs().max(1.0), "{step} {name}: {found} for {expected}");
        }
        let found = read(verdict.to_shown);
        let expected = &expected["to_shown"][step * found.len()..][..found.len()];
        let (error, whole) = (distance(&found, expected), distance(expected, &vec![0.0; expected.len()]));
        assert!(error < GRADIENT * whole, "{step}: the gradient is off by {error} of {whole}");
    }
    let (start, end) = (made_up_judges().state(), perception.state());
    assert_eq!(expected.len(), 4 + end.tensors.len());
    for (name, tensor) in &end.tensors {
        let expected = &expected[&format!("end/{name}")][..];
        let first = |tensor: &TensorState| tensor.values[..expected.len()].to_vec();
        let (error, way) = (distance(&first(tensor), expected), distance(&first(&start.tensors[name]), expected));
        assert!(error <= WAY * way, "{name} is off by {error} after a way of {way}");
    }
}

fn distance(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| (one - other) * (one - other)).sum::<f32>().sqrt()
}

#[test]
fn levels_have_the_sides_and_channels_that_memory_is_reckoned_with() {
    let levels = AlexNet::made_up(SIZE).levels(pictures(2, 3));
    let shapes: Vec<[usize; 4]> = levels.iter().map(Tensor::dims).collect();
    assert_eq!(shapes, [[2, 64, 15, 15], [2, 192, 7, 7], [2, 384, 3, 3], [2, 256, 3, 3], [2, 256, 3, 3]]);
    let numbers: usize = shapes.iter().map(|shape| shape[1..].iter().product::<usize>()).sum();
    assert_eq!(numbers_of_a_picture(SIZE), numbers as u64);
}

#[test]
fn pictures_are_enlarged_between_their_pixels() {
    let flat = Tensor::<4>::full([1, 3, SIZE, SIZE], 0.3, &Device::flex());
    let [first, ..] = &AlexNet::made_up(SIZE).levels(flat)[..] else { panic!("no levels") };
    // Inside, a flat picture looks the same everywhere.
    let inside = read(first.clone().slice([0..1, 0..64, 2..13, 2..13]));
    for channel in inside.chunks(121) {
        assert!(channel.iter().all(|value| (value - channel[0]).abs() < 1e-4), "{channel:?}");
    }
}

#[test]
fn the_gradient_to_the_pictures_is_that_of_opinion_and_difference() {
    let (real, shown) = (pictures(4, 1), pictures(8, 2));
    let mut one = perception();
    // A learning rate of nothing: the judges stay as they are.
    let verdict = one.judge(real.clone(), shown.clone(), 6, &ADAM, 0.0);
    let loss = |shown: &Tensor<4>| {
        let truth = one.features.levels(real.clone());
        let levels = one.features.levels(shown.clone());
        let judged: Vec<Tensor<4>> = levels.iter().map(|level| level.clone().narrow(0, 0, 6).autodiff()).collect();
        let opinion = read(one.judges.opinion(&judged))[0];
        let redrawn = levels.iter().map(|level| level.clone().narrow(0, 4, 4).autodiff());
        DIFFERENCE_WEIGHT * read(difference(redrawn.zip(truth)))[0] - OPINION_WEIGHT * opinion
    };
    let to_shown = read(verdict.to_shown);
    // Along the gradient to one picture each: invented, redrawn and judged, redrawn only. The steps are small, since a judge's
    // `BatchNorm` over six places bends everything.
    let length = to_shown.len() / 8;
    for picture in [1, 5, 7] {
        let own = picture * length..(picture + 1) * length;
        let norm = to_shown[own.clone()].iter().map(|value| value * value).sum::<f32>().sqrt();
        let step = 1e-3;
        let moved = |sign: f32| {
            let mut values = read(shown.clone());
            let to_own = to_shown[own.clone()].iter();
            values[own.clone()].iter_mut().zip(to_own).for_each(|(v, g)| *v += sign * step * g / norm);
            loss(&Tensor::from_data(TensorData::new(values, [8, 3, SIZE, SIZE]), &Device::flex()))
        };
        let expected = (moved(1.0) - moved(-1.0)) / (2.0 * step);
        assert!((norm - expected).abs() < 0.03 * expected.abs(), "picture {picture}: {norm} for {expected}");
    }
}

#[test]
fn redrawn_faces_that_are_the_true_ones_differ_by_nothing_and_others_by_something() {
    let real = pictures(4, 1);
    let of = |redrawn: Tensor<4>| {
        let shown = Tensor::cat(vec![pictures(4, 2), redrawn], 0);
        read(perception().judge(real.clone(), shown, 6, &ADAM, 1e-3).difference)[0]
    };
    let (same, other) = (of(real.clone()), of(pictures(4, 8)));
    assert!(same < 1e-6 && other > 0.05, "{same} {other}");
}

#[test]
fn judges_learn_to_tell_pictures_apart() {
    let (flat, noise) = (Tensor::full([6, 3, SIZE, SIZE], 0.3, &Device::flex()), pictures(6, 2));
    let mut perception = perception();
    let mut losses = Vec::new();
    for _ in 0..12 {
        let shown = Tensor::cat(vec![noise.clone(), noise.clone()], 0);
        losses.push(read(perception.judge(flat.clone(), shown, 9, &ADAM, 2e-3).judges_loss)[0]);
    }
    assert!(losses[11] < 0.5 * losses[0], "{losses:?}");
}

#[test]
fn weights_are_divided_by_their_largest_singular_value() {
    let mut perception = perception();
    let shown = pictures(8, 2);
    for _ in 0..30 {
        perception.judge(pictures(4, 1), shown.clone(), 6, &ADAM, 0.0);
    }
    // After enough power iterations no vector is made longer than by the singular value found.
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
        let other = prior(&mut stream(seed, Purpose::Samples), left.len());
        assert!(length(&times(&other)) <= 1.01 * largest * length(&other));
    }
    assert!((length(left) - 1.0).abs() < 1e-4);
}

#[test]
fn a_file_gives_the_same_network_and_other_files_are_refused_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alexnet.safetensors");
    alexnet::write_made_up(&path);
    let read_net = AlexNet::read(&path, SIZE, &Device::flex()).unwrap();
    let [of_file, of_numbers] =
        [read_net, AlexNet::made_up(SIZE)].map(|net| read(net.levels(pictures(1, 3)).remove(4)));
    assert_eq!(of_file, of_numbers);

    let refused = |path: &std::path::Path| AlexNet::read(path, SIZE, &Device::flex()).err().unwrap().to_string();
    let missing = refused(&folder.path().join("no.pth"));
    assert!(missing.contains("no.pth") && missing.contains("give torchvision's alexnet"), "{missing}");
    let other = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
    let other = refused(&other);
    assert!(other.contains("no weight of the shape [64, 3, 11, 11]"), "{other}");
    std::fs::write(&path, [7; 100]).unwrap();
    assert!(refused(&path).contains("alexnet.safetensors"));
}
