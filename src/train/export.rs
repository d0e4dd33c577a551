//! Exports the networks as a model file: averaged weights, `BatchNorm` folded, half precision.

use std::collections::BTreeMap;

use super::TrainError;
use super::net::NetState;
use super::settings::TrainSettings;
use super::trainer::{TrainState, network_plans};
use crate::model::weight_file::{StoragePrecision, WeightTensors, required_metadata, serialize_safetensors};
use crate::model::{BATCH_NORM_EPSILON, BatchNorm, LayerPlan, ModelFile, WeightTensor};

/// Returns the bytes of the model file, and the model as read back from them.
///
/// # Errors
/// When a value is not finite in half precision.
pub(super) fn to_model_file(settings: &TrainSettings, state: &TrainState) -> Result<(Vec<u8>, ModelFile), TrainError> {
    let mut tensors = WeightTensors::new();
    for plan in network_plans(settings) {
        let Some(net) = state.nets.get(plan.role.name()) else { continue };
        for layer in &plan.layers {
            let (weight, bias) = fold_batch_norm(layer, net);
            tensors.insert(layer.weight_name(), weight);
            tensors.insert(layer.bias_name(), bias);
        }
    }
    let mut metadata = required_metadata(settings.size_px, settings.latent_dim as usize);
    metadata.extend(training_metadata(settings, state));
    let bytes = serialize_safetensors(&tensors, &metadata, StoragePrecision::Half)?;
    let file = ModelFile::parse("model", &bytes)?;
    Ok((bytes, file))
}

/// The metadata about the training.
fn training_metadata(settings: &TrainSettings, state: &TrainState) -> BTreeMap<String, String> {
    let images = state.step.saturating_mul(u64::from(settings.batch));
    let pairs = [
        ("alignment", "yunet5-v1".to_string()),
        ("images_seen", images.to_string()),
        ("steps", state.step.to_string()),
        ("recipe", settings.recipe.id().into()),
        ("seed", settings.seed.to_string()),
        ("trained_with", format!("countenance {}", env!("CARGO_PKG_VERSION"))),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

/// A layer's averaged weight and bias, with its `BatchNorm` folded in (running statistics).
fn fold_batch_norm(layer: &LayerPlan, net: &NetState) -> (WeightTensor, WeightTensor) {
    let averaged = |name: &str, length: usize| net.tensor(&format!("{}.{name}", layer.name), length).averaged;
    let values = averaged("weight", layer.weight_len());
    let mut weight = WeightTensor { shape: layer.weight_shape().to_vec(), values };
    let per_channel = |name: &str| averaged(name, layer.outputs);
    let mut bias = if layer.has_norm { vec![0.0; layer.outputs] } else { per_channel("bias") };
    if layer.has_norm {
        let (scale, shift) = (per_channel("norm.scale"), per_channel("norm.shift"));
        let (mean, variance) = (per_channel("norm.mean"), per_channel("norm.variance"));
        let norm = BatchNorm {
            weight: &scale,
            bias: &shift,
            running_mean: &mean,
            running_variance: &variance,
            epsilon: BATCH_NORM_EPSILON,
        };
        norm.fold_into(&mut weight, layer.role.output_axis(), &mut bias);
    }
    (weight, WeightTensor { shape: vec![layer.outputs], values: bias })
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;
    use crate::model::cpu::{CpuActivations, CpuNetworks, LoadMode};
    use crate::train::net::{GradientTargets, TrainNet, read_values};
    use crate::train::rng::{RngStream, rng_for, sample_prior};

    #[test]
    fn the_exported_model_matches_the_trained_network() {
        let settings = TrainSettings { size_px: 16, width: 3, latent_dim: 4, ..TrainSettings::default() };
        let mut state = TrainState::initial(&settings);
        let values = sample_prior(&mut rng_for(1, RngStream::Samples), 64 * 4);
        let latents = || Tensor::<4>::from_data(TensorData::new(values.clone(), [64, 4, 1, 1]), &Device::flex());
        let mut net = TrainNet::new(&network_plans(&settings)[0], &state.nets["generator"], &Device::flex());
        for _ in 0..120 {
            net.forward(latents(), GradientTargets::NONE);
        }
        net.update_averages(0.0, 0.0);
        let output = net.forward(latents(), GradientTargets::NONE).output;
        let expected = read_values(output.permute([0, 2, 3, 1]));
        state.nets.insert("generator".into(), net.state());
        let (_, file) = to_model_file(&settings, &state).unwrap();
        let mut activations = CpuActivations::default();
        let pictures = CpuNetworks::load(&file, LoadMode::Direct).unwrap().generate(64, &values, &mut activations);
        let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        // Half precision keeps three digits. The model has the unbiased variance, training uses the biased one.
        let worst = expected.iter().zip(pictures).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest > 0.01 && worst < 0.02 * largest, "{worst} of {largest}");
    }

    #[test]
    fn values_beyond_half_precision_are_named() {
        let settings = TrainSettings { size_px: 16, width: 2, latent_dim: 3, ..TrainSettings::default() };
        let mut state = TrainState::initial(&settings);
        state.nets.get_mut("discriminator").unwrap().tensors.get_mut("score.weight").unwrap().averaged[0] = 1e6;
        let error = to_model_file(&settings, &state).err().unwrap();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("discriminator.score.weight"), "{cause}");
    }
}
