//! Turns a checkpoint into the tensors of a model file.

use std::collections::BTreeMap;
use std::path::Path;

use super::layout::{SourceLayer, SourceNetworks, find_networks, input_and_output_axes};
use super::{ImportError, LATENT_SCALE, SOURCE_PRIOR, checkpoint, tensorflow};
use crate::model::batch_norm::{BATCH_NORM_EPSILON, BatchNorm};
use crate::model::plan::{ConvKernel, LayerKind, NetworkPlan, NetworkRole};
use crate::model::weight_file::{self, WeightTensors};
use crate::model::{ModelError, WeightTensor};

/// The latent distribution that the generator was trained with. The weights do not reveal it, so the user chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourcePrior {
    /// Standard normal (`torch.randn`), as in the `PyTorch` example.
    Normal,
    /// Uniform in [-1, 1], as in this program.
    Uniform,
}

impl SourcePrior {
    /// Ratio of the source's standard deviation to ours, which is 1/√3.
    fn latent_scale(self) -> f32 {
        match self {
            Self::Normal => 3_f32.sqrt(),
            Self::Uniform => 1.0,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Uniform => weight_file::LATENT_PRIOR,
        }
    }
}

/// Tensors and metadata of an imported checkpoint, ready to be written as a model file.
#[derive(Debug)]
pub struct ImportedModel {
    /// The prior that was given or assumed.
    pub prior: SourcePrior,
    pub tensors: WeightTensors,
    pub metadata: BTreeMap<String, String>,
}

/// Reads a checkpoint and converts its networks: `BatchNorm` folded, latents uniform. Without a prior, that of the usual
/// training programs is assumed: uniform with TensorFlow's names, otherwise normal.
///
/// # Errors
/// When the file cannot be read or does not hold a DCGAN. The message lists the layers found.
pub fn import(path: &Path, prior: impl Into<Option<SourcePrior>>) -> Result<ImportedModel, ImportError> {
    let checkpoint = checkpoint::read(path)?;
    let (checkpoint, usual_prior) = match tensorflow::to_pytorch(&checkpoint) {
        Some(renamed) => (renamed, SourcePrior::Uniform),
        None => (checkpoint, SourcePrior::Normal),
    };
    let prior = prior.into().unwrap_or(usual_prior);
    let networks = find_networks(&checkpoint)?;
    let mut tensors = WeightTensors::new();
    for (role, layers) in &networks {
        for (layer, plan) in layers.iter().zip(network_plan(*role, layers).layers) {
            let (mut weight, bias) = fold_batch_norm(*role, layer);
            if plan.kind == LayerKind::Project {
                weight.values.iter_mut().for_each(|value| *value *= prior.latent_scale());
            }
            tensors.insert(plan.weight_name(), weight);
            tensors.insert(plan.bias_name(), bias);
        }
    }
    let (image_size_px, latent_dim) = infer_sizes(&networks)?;
    let mut metadata = weight_file::required_metadata(image_size_px, latent_dim);
    let source = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    metadata.extend([
        ("imported_from".to_string(), source),
        (SOURCE_PRIOR.to_string(), prior.id().to_string()),
        (LATENT_SCALE.to_string(), prior.latent_scale().to_string()),
    ]);
    Ok(ImportedModel { prior, tensors, metadata })
}

/// A layer's weight and bias with its `BatchNorm` folded in.
fn fold_batch_norm(role: NetworkRole, layer: &SourceLayer<'_>) -> (WeightTensor, WeightTensor) {
    let mut weight = layer.weight.clone().into_owned();
    let shape = weight.shape.clone();
    let (channels, outputs) =
        (shape[input_and_output_axes(role).1], shape[input_and_output_axes(role).1] * layer.pixels);
    if layer.pixels > 1 {
        // As one output per pixel and channel.
        weight.shape = vec![shape[0], outputs];
    }
    let mut bias = layer.bias.map_or_else(|| vec![0.0; outputs], |bias| bias.values.clone());
    if let Some(norm) = &layer.norm {
        let spread = |tensor: &WeightTensor| -> Vec<f32> {
            let copies = outputs / tensor.values.len();
            tensor.values.iter().flat_map(|value| std::iter::repeat_n(*value, copies)).collect()
        };
        let norm = BatchNorm {
            weight: &spread(norm.weight),
            bias: &spread(norm.bias),
            running_mean: &spread(norm.running_mean),
            running_variance: &spread(norm.running_variance),
            epsilon: BATCH_NORM_EPSILON,
        };
        norm.fold_into(&mut weight, role.output_axis(), &mut bias);
    }
    weight.shape = shape;
    let bias_shape = if layer.pixels > 1 { vec![channels, 4, 4] } else { vec![channels] };
    (weight, WeightTensor { shape: bias_shape, values: bias })
}

/// The plan of a network with these layers.
fn network_plan(role: NetworkRole, layers: &[SourceLayer<'_>]) -> NetworkPlan {
    let (inputs, outputs) = input_and_output_axes(role);
    let first = layers.first().map(|layer| layer.weight.shape[inputs]);
    let channels: Vec<usize> =
        first.into_iter().chain(layers.iter().map(|layer| layer.weight.shape[outputs])).collect();
    let mut plan = NetworkPlan::new(role, &channels);
    for (plan, layer) in plan.layers.iter_mut().zip(layers) {
        plan.kernel = ConvKernel::new(layer.weight.shape[2]).unwrap_or(ConvKernel::DCGAN);
    }
    plan
}

/// Picture side and latent dimension.
fn infer_sizes(networks: &SourceNetworks<'_>) -> Result<(u32, usize), ImportError> {
    let layers = networks.get(&NetworkRole::Generator).map_or(&[][..], Vec::as_slice);
    let plan = network_plan(NetworkRole::Generator, layers);
    let latent_dim = plan.layers.first().map_or(0, |first| first.inputs);
    let side = plan.layers.last().map_or(0, |last| u32::try_from(last.output_side).unwrap_or(u32::MAX));
    if !(16..=256).contains(&side) {
        let (key, expected) = ("image_size", "generators of 16 to 256 pixels can be used");
        return Err(ModelError::Metadata { key, found: side.to_string(), expected }.into());
    }
    if !weight_file::LATENT_DIMS.contains(&latent_dim) {
        let (key, expected) = ("latent_dim", "generators with 1 to 4096 latent numbers can be used");
        return Err(ModelError::Metadata { key, found: latent_dim.to_string(), expected }.into());
    }
    Ok((side, latent_dim))
}
