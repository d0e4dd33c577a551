//! Estimates the memory of a run before it starts.

use super::layer_tensors::parameter_count;
use super::settings::{TrainRecipe, TrainSettings};
use super::trainer::network_plans;
use crate::model::{NetworkPlan, NetworkRole};
use crate::perceptual;

/// Bytes of a value in single precision.
const BYTES_PER_VALUE: u64 = 4;
/// Copies of each weight. Training keeps five: the weight, its gradient, Adam's two moments and the moving average.
/// Writing a checkpoint copies all but the gradient twice, as values and as bytes.
const WEIGHT_COPIES: u64 = 5 + 2 * 4;
/// Memory that autodiff keeps for a layer, as a multiple of its output.
const AUTODIFF_FACTOR: u64 = 6;
/// Images per face that pass through the pretrained network: the face, its reconstruction and a generated one.
const FEATURE_PASSES: u64 = 3;

/// Estimates the bytes that the networks of a run use.
pub(super) fn estimated_bytes(settings: &TrainSettings) -> u64 {
    let plans = network_plans(settings);
    let weights: u64 = plans.iter().map(|plan| parameter_count(plan) as u64).sum();
    let batch = u64::from(settings.batch);
    // Images whose activations are in memory at the same time, with half batches rounded up.
    let images_in_passes = |role: NetworkRole| match (settings.recipe, role) {
        (TrainRecipe::Encoder, NetworkRole::Discriminator) => 3 * batch,
        (TrainRecipe::Encoder, NetworkRole::Generator) | (TrainRecipe::Blog, NetworkRole::Discriminator) => 2 * batch,
        _ => batch,
    };
    let activations: u64 = plans.iter().map(|plan| images_in_passes(plan.role) * activations_per_image(plan)).sum();
    let feature_values = settings.features.as_ref().map_or(0, |_| {
        let features = perceptual::features_per_image(settings.size_px as usize);
        perceptual::weight_count() + FEATURE_PASSES * batch * AUTODIFF_FACTOR * features
    });
    let im2col_sizes = plans.iter().map(|plan| images_in_passes(plan.role) * largest_im2col_matrix(plan));
    let im2col_values = im2col_sizes.max().unwrap_or(0);
    BYTES_PER_VALUE * (WEIGHT_COPIES * weights + activations + im2col_values + feature_values)
}

/// Values that a forward pass keeps per image.
fn activations_per_image(plan: &NetworkPlan) -> u64 {
    let outputs = plan.layers.iter().map(|layer| (layer.output_side.pow(2) * layer.outputs) as u64);
    AUTODIFF_FACTOR * outputs.sum::<u64>()
}

/// Values of the largest im2col matrix, per image.
fn largest_im2col_matrix(plan: &NetworkPlan) -> u64 {
    let values = plan.layers.iter().map(|layer| {
        let channels = layer.inputs.min(layer.outputs).max(1);
        (layer.smaller_side().pow(2) * layer.kernel.taps() * channels) as u64
    });
    values.max().unwrap_or(0)
}

/// Free memory in bytes, if the system reports it. Linux only.
pub(super) fn available_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_grows_with_width_and_size() {
        let bytes = |width, size_px| estimated_bytes(&TrainSettings { size_px, width, ..TrainSettings::default() });
        let mebibytes = |width, size_px| bytes(width, size_px) >> 20;
        assert!((700..2500).contains(&mebibytes(64, 64)), "{} MiB", mebibytes(64, 64));
        assert!(mebibytes(8, 64) < mebibytes(64, 64) / 5 && mebibytes(64, 128) > 2 * mebibytes(64, 64));
    }
}
