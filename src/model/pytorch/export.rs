//! Writes a model under the tensor names of the `PyTorch` DCGAN example.

use std::collections::BTreeMap;
use std::path::Path;

use super::{LATENT_SCALE, SOURCE_PRIOR};
use crate::fs::{Overwrite, write_atomically};
use crate::model::batch_norm::BATCH_NORM_EPSILON;
use crate::model::plan::{LayerKind, NetworkRole};
use crate::model::weight_file::{LATENT_PRIOR, StoragePrecision, WeightTensors, serialize_safetensors};
use crate::model::{ModelError, ModelFile, WeightTensor};

/// Summary of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportSummary {
    /// Names of the exported networks, as in `netG`.
    pub networks: Vec<&'static str>,
    /// Layers with a bias where the `PyTorch` example has none. Loading them there needs `bias=True`.
    pub layers_with_bias: Vec<String>,
    /// Layers that are linear, to 4×4 pixels with the channels before the pixels, where the example has a convolution.
    pub linear_layers: Vec<String>,
    /// The generator's latent distribution: `normal` or `uniform(-1,1)`.
    pub prior: String,
}

/// Writes a model as plain safetensors in f32, under the names of the `PyTorch` example (`netG.main.0.weight` …). Each
/// `BatchNorm` is written with statistics that only add the layer's bias.
///
/// # Errors
/// When the file cannot be written.
pub fn export(file: &ModelFile, path: &Path, overwrite: Overwrite) -> Result<ExportSummary, ModelError> {
    let metadata = &file.info.metadata;
    let latent_scale = metadata.get(LATENT_SCALE).and_then(|scale| scale.parse::<f32>().ok());
    let latent_scale = latent_scale.filter(|scale| scale.is_finite() && *scale > 0.0).unwrap_or(1.0);
    let prior = metadata.get(SOURCE_PRIOR).map_or(LATENT_PRIOR, String::as_str).to_string();
    let (mut tensors, mut networks) = (WeightTensors::new(), Vec::new());
    let (mut layers_with_bias, mut linear_layers) = (Vec::new(), Vec::new());
    for plan in file.architecture.networks() {
        let network = match plan.role {
            NetworkRole::Generator => "netG",
            NetworkRole::Discriminator => "netD",
            NetworkRole::Encoder => "netE",
        };
        networks.push(network);
        // Index in `nn.Sequential`, where `BatchNorm` and activations count too.
        let mut index = 0;
        for layer in &plan.layers {
            let mut weight = file.tensor(&layer.weight_name())?.clone();
            let bias = file.tensor(&layer.bias_name())?;
            if layer.kind == LayerKind::Project {
                weight.values.iter_mut().for_each(|value| *value /= latent_scale);
            }
            let path = format!("{network}.main.{index}");
            let bias = if layer.has_pixel_bias {
                weight = to_linear(&weight, layer.inputs);
                let values = bias.values.clone();
                tensors.insert(format!("{path}.bias"), WeightTensor { shape: vec![values.len()], values });
                linear_layers.push(path.clone());
                &WeightTensor { shape: vec![layer.outputs], values: vec![0.0; layer.outputs] }
            } else {
                bias
            };
            tensors.insert(format!("{path}.weight"), weight);
            if layer.has_norm {
                insert_bias_only_batch_norm(&mut tensors, &format!("{network}.main.{}", index + 1), bias);
            } else if bias.values.iter().any(|value| *value != 0.0) {
                tensors.insert(format!("{path}.bias"), bias.clone());
                layers_with_bias.push(path);
            }
            index += 2 + usize::from(layer.has_norm);
        }
    }
    let metadata = BTreeMap::from([("format".to_string(), "pt".to_string()), ("prior".to_string(), prior.clone())]);
    write_atomically(path, &serialize_safetensors(&tensors, &metadata, StoragePrecision::Single)?, overwrite)?;
    Ok(ExportSummary { networks, layers_with_bias, linear_layers, prior })
}

/// A projection `[latent, channels, 4, 4]` as the weight of a linear layer, `[channels · 16, latent]`.
fn to_linear(weight: &WeightTensor, inputs: usize) -> WeightTensor {
    let outputs = weight.values.len() / inputs;
    let value = |index: usize| weight.values[index % inputs * outputs + index / inputs];
    WeightTensor { shape: vec![outputs, inputs], values: (0..inputs * outputs).map(value).collect() }
}

/// Adds a `BatchNorm` that only adds the bias.
fn insert_bias_only_batch_norm(tensors: &mut WeightTensors, name: &str, bias: &WeightTensor) {
    let filled_with = |value: f32| WeightTensor { shape: bias.shape.clone(), values: vec![value; bias.values.len()] };
    tensors.insert(format!("{name}.weight"), filled_with(1.0));
    tensors.insert(format!("{name}.bias"), bias.clone());
    tensors.insert(format!("{name}.running_mean"), filled_with(0.0));
    tensors.insert(format!("{name}.running_var"), filled_with(1.0 - BATCH_NORM_EPSILON));
}
