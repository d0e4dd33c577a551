//! Compares the networks with `PyTorch`'s numbers (`assets/fixtures/golden.safetensors`), and their gradients with finite
//! differences.

use super::*;
use crate::model::plan::ConvKernel;
use crate::model::weight_file::{
    StoragePrecision, WeightTensors, read_tensors, required_metadata, serialize_safetensors,
};
use crate::model::{LayerKind, ModelChoice, NetworkRole, TINY_MODEL, WeightTensor, load};

static GOLDEN: &[u8] = include_bytes!("../../../assets/fixtures/golden.safetensors");

/// Tolerance relative to the largest value: sums of several thousand products in another order.
const RELATIVE: f32 = 1e-4;
/// Tolerance of the worst value: each factor has eight bits, and errors grow through all layers.
const RELATIVE_IN_BF16: f32 = 0.06;
/// Tolerance of a finite difference, relative to the largest one: single-precision rounding, divided by the step.
const RELATIVE_OF_DIFFERENCES: f32 = 0.01;
/// Steps of the finite differences. A kink of `ReLU` within a step spoils the difference, so the next is tried.
const STEPS: [f32; 3] = [2e-3, 5e-4, 1e-4];

pub(in crate::model) fn assert_close(name: &str, found: &[f32], expected: &[f32], relative: f32) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    assert!(scale > 0.0, "{name}: nothing to compare");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= relative * scale, "{name}[{index}]: {found} where {expected} is expected");
    }
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

/// The results of one step for a batch.
struct Evaluation {
    pictures: Vec<f32>,
    logits: Vec<f32>,
    /// The latent gradient of `Σ logits·a + Σ pictures·b`.
    gradient: Vec<f32>,
}

/// The weights `a` and `b` of the logits and pictures in the sum that is differentiated.
struct SumWeights {
    logits: Vec<f32>,
    pictures: Vec<f32>,
}

impl SumWeights {
    fn noise(file: &ModelFile, batch: usize) -> Self {
        let values = 3 * (file.info.image_size_px as usize).pow(2);
        Self { logits: noise(batch, 2), pictures: noise(batch * values, 3) }
    }

    /// `Σ logits·a + Σ pictures·b`.
    fn sum(&self, evaluation: &Evaluation) -> f64 {
        let products = |values: &[f32], weights: &[f32]| -> f64 {
            values.iter().zip(weights).map(|(value, weight)| f64::from(*value) * f64::from(*weight)).sum()
        };
        products(&evaluation.logits, &self.logits) + products(&evaluation.pictures, &self.pictures)
    }
}

fn evaluate(
    networks: &CpuNetworks,
    latents: &[f32],
    weights: &SumWeights,
    activations: &mut CpuActivations,
) -> Evaluation {
    let batch = weights.logits.len();
    let pictures = networks.generate(batch, latents, activations);
    let logits = networks.discriminate(batch, &pictures, activations).unwrap();
    let mut gradient = networks.discriminate_backward(&weights.logits, activations).unwrap();
    gradient.iter_mut().zip(&weights.pictures).for_each(|(gradient, weight)| *gradient += weight);
    let gradient = networks.generate_backward(batch, &pictures, &mut gradient, activations);
    Evaluation { pictures, logits, gradient }
}

fn tiny() -> ModelFile {
    ModelFile::parse("tiny", TINY_MODEL).unwrap()
}

/// Networks of 16 pixels with random weights and kernels of this size. The projection has a bias for each pixel.
pub(in crate::model) fn with_kernel(size: usize) -> ModelFile {
    let mut tensors = WeightTensors::new();
    for role in NetworkRole::ALL {
        for layer in &mut NetworkPlan::with_width(role, 16, 6, 5).layers {
            if !layer.kind.is_dense() {
                layer.kernel = ConvKernel::new(size).unwrap();
            }
            layer.has_pixel_bias = layer.kind == LayerKind::Project;
            let tensor = |shape: Vec<usize>, seed: u32| {
                let values = noise(shape.iter().product(), seed).iter().map(|value| value / 4.0).collect();
                WeightTensor { shape, values }
            };
            tensors.insert(layer.weight_name(), tensor(layer.weight_shape().to_vec(), 11));
            tensors.insert(layer.bias_name(), tensor(layer.bias_shape(), 12));
        }
    }
    let bytes = serialize_safetensors(&tensors, &required_metadata(16, 5), StoragePrecision::Single).unwrap();
    ModelFile::parse("random", &bytes).unwrap()
}

/// Both ways to prepare weights in f32.
const MODES: [LoadMode; 2] = [LoadMode::Optimized(CpuPrecision::Single), LoadMode::Direct];

#[test]
fn networks_match_pytorch() {
    let (_, golden) = read_tensors(GOLDEN).unwrap();
    let golden = |name: &str| golden[name].values.clone();
    let file = load(&ModelChoice::Face64).unwrap();
    for mode in MODES {
        let networks = CpuNetworks::load(&file, mode).unwrap();
        let weights = SumWeights::noise(&file, 4);
        let found = evaluate(&networks, &golden("z"), &weights, &mut CpuActivations::default());
        assert_close("g", &planar(4, 3, &found.pictures), &golden("g"), RELATIVE);
        assert_close("d", &found.logits, &golden("d"), RELATIVE);
        let problem = planar(1, 64 * 64, &golden("y"));
        let guess = networks.encode(1, &problem, &golden("known")).unwrap();
        assert_close("encoder.z", &guess, &golden("encoder.z"), RELATIVE);
    }
}

#[test]
fn latent_gradient_matches_finite_differences() {
    let cases = MODES.into_iter().flat_map(|mode| [(tiny(), mode, 1), (tiny(), mode, 3)]);
    for (file, mode, batch) in cases.chain([4, 5, 6].map(|size| (with_kernel(size), LoadMode::Direct, 2))) {
        let networks = CpuNetworks::load(&file, mode).unwrap();
        let (weights, mut activations) = (SumWeights::noise(&file, batch), CpuActivations::default());
        let latents = noise(batch * file.info.latent_dim, 1);
        let gradient = evaluate(&networks, &latents, &weights, &mut activations).gradient;
        let mut moved_sum = |index: usize, by: f32| {
            let mut latents = latents.clone();
            latents[index] += by;
            weights.sum(&evaluate(&networks, &latents, &weights, &mut activations))
        };
        let largest = gradient.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        assert!(largest > 0.0, "nothing to compare");
        for (index, slope) in gradient.iter().enumerate() {
            assert_slope(*slope, largest, |by| moved_sum(index, by));
        }
    }
}

/// The layers of the built-in models are wide enough for Winograd's algorithm.
#[test]
fn large_networks_match_a_finite_difference() {
    let file = load(&ModelChoice::Face64).unwrap();
    for mode in MODES {
        let networks = CpuNetworks::load(&file, mode).unwrap();
        let (weights, mut activations) = (SumWeights::noise(&file, 1), CpuActivations::default());
        let latents = noise(file.info.latent_dim, 1);
        let gradient = evaluate(&networks, &latents, &weights, &mut activations).gradient;
        let length = gradient.iter().map(|value| value * value).sum::<f32>().sqrt();
        let moved_sum = |by: f32| {
            let moved = |(latent, gradient): (&f32, &f32)| latent + by * gradient / length;
            let latents: Vec<f32> = latents.iter().zip(&gradient).map(moved).collect();
            weights.sum(&evaluate(&networks, &latents, &weights, &mut activations))
        };
        assert_slope(length, length, moved_sum);
    }
}

/// Compares a slope with the central differences of a sum. The tolerance is relative to `scale`.
fn assert_slope(slope: f32, scale: f32, mut moved_sum: impl FnMut(f32) -> f64) {
    let mut matches = |step: f32| {
        let difference = (moved_sum(step) - moved_sum(-step)) / (2.0 * f64::from(step));
        (difference - f64::from(slope)).abs() <= f64::from(RELATIVE_OF_DIFFERENCES * scale)
    };
    assert!(STEPS.iter().any(|step| matches(*step)), "{slope} matches no difference");
}

#[test]
fn leftovers_of_a_larger_batch_change_nothing() {
    let file = tiny();
    let networks = CpuNetworks::load(&file, LoadMode::Direct).unwrap();
    let (weights, latents) = (SumWeights::noise(&file, 2), noise(2 * file.info.latent_dim, 1));
    let expected = evaluate(&networks, &latents, &weights, &mut CpuActivations::default());
    let mut activations = CpuActivations::default();
    let larger = noise(5 * file.info.latent_dim, 9);
    evaluate(&networks, &larger, &SumWeights::noise(&file, 5), &mut activations);
    let found = evaluate(&networks, &latents, &weights, &mut activations);
    assert_eq!(found.pictures, expected.pictures);
    assert_eq!(found.logits, expected.logits);
    assert_eq!(found.gradient, expected.gradient);
}

#[test]
fn bfloat16_networks_agree_approximately() {
    if CpuPrecision::fastest() != CpuPrecision::Bf16 {
        return;
    }
    let file = load(&ModelChoice::Face128).unwrap();
    let (weights, latents) = (SumWeights::noise(&file, 2), noise(2 * file.info.latent_dim, 1));
    let [found, expected] = [CpuPrecision::Bf16, CpuPrecision::Single].map(|precision| {
        let networks = CpuNetworks::load(&file, LoadMode::Optimized(precision)).unwrap();
        evaluate(&networks, &latents, &weights, &mut CpuActivations::default())
    });
    assert_close("pictures", &found.pictures, &expected.pictures, RELATIVE_IN_BF16);
    assert_close("logits", &found.logits, &expected.logits, RELATIVE_IN_BF16);
    assert_close("gradient", &found.gradient, &expected.gradient, RELATIVE_IN_BF16);
}

#[test]
fn encoder_rows_do_not_depend_on_the_batch() {
    let networks = CpuNetworks::load(&tiny(), LoadMode::Direct).unwrap();
    let (pictures, known) =
        (noise(3 * 768, 5), noise(3 * 256, 4).iter().map(|value| f32::from(*value > -0.3)).collect::<Vec<_>>());
    let one = |(picture, known): (&[f32], &[f32])| networks.encode(1, picture, known).unwrap();
    let expected: Vec<f32> = pictures.chunks(768).zip(known.chunks(256)).flat_map(one).collect();
    assert_close("guess", &networks.encode(3, &pictures, &known).unwrap(), &expected, RELATIVE);
}

#[test]
fn hole_pixels_do_not_reach_the_encoder() {
    let networks = CpuNetworks::load(&tiny(), LoadMode::Direct).unwrap();
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
