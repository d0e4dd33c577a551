//! Model files: self-describing `.safetensors`. Names, shapes and values are checked before any network is built.

use std::collections::BTreeMap;
use std::path::PathBuf;

use half::f16;
use half::slice::HalfFloatSliceExt as _;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};

use super::directions::{networks_sha256, take_direction_shapes, take_directions};
use super::{Architecture, LatentDirection, LayerPlan, ModelInfo};
use crate::fs::WriteError;
use crate::hash::sha256_of_bytes;

mod write;

pub(crate) use write::serialize_safetensors;
pub use write::{StoragePrecision, WeightTensors, required_metadata, write_model};

/// How many numbers a latent may have.
pub(super) const LATENT_DIMS: std::ops::RangeInclusive<usize> = 1..=4096;

/// Required value of the metadata key `format`.
const FORMAT_NAME: &str = "countenance-gan-1";
/// Required value of the metadata key `prior`: the distribution of the latents.
pub(super) const LATENT_PRIOR: &str = "uniform(-1,1)";

/// Why a model file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("cannot read the model {path}: check that the file exists and can be read", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the model file is damaged or not a safetensors file ({reason}): download or copy it again")]
    NotSafetensors { reason: String },
    #[error("this is not a Countenance model: its metadata has {found} where format = {FORMAT_NAME} is needed")]
    Format { found: String },
    #[error("the model's metadata says {key} = {found}: {expected}")]
    Metadata { key: &'static str, found: String, expected: &'static str },
    #[error("the model has no tensor {name}")]
    MissingTensor { name: String },
    #[error("the model has a tensor {name} that does not belong there")]
    UnexpectedTensor { name: String },
    #[error("the model's tensor {name} has shape {found:?} where {expected:?} is needed")]
    Shape { name: String, found: Vec<usize>, expected: Vec<usize> },
    #[error("the model's tensor {name} has numbers of type {found}: use F16 or F32")]
    Dtype { name: String, found: String },
    #[error("the model's tensor {name} holds a value that is not finite (at index {index})")]
    NotFinite { name: String, index: usize },
    #[error("{found} values were given for the tensor {name} of shape {shape:?}")]
    Count { name: String, found: usize, shape: Vec<usize> },
    #[error("the model cannot be saved")]
    Save(#[from] WriteError),
}

/// One tensor of a layer, in `PyTorch`'s layout: a weight (transposed convolution `[in, out, size, size]`, convolution
/// `[out, in, size, size]`) or a bias `[out]` (`[out, 4, 4]` if each pixel has its own).
#[derive(Clone, Debug, PartialEq)]
pub struct WeightTensor {
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// A model file in memory. Every name, shape and value has been checked.
pub struct ModelFile {
    pub info: ModelInfo,
    pub architecture: Architecture,
    /// Directions in latent space, if the file holds any.
    pub directions: Vec<LatentDirection>,
    /// Those of the networks.
    tensors: WeightTensors,
    precision: StoragePrecision,
}

impl ModelFile {
    /// Parses and checks a whole file.
    ///
    /// # Errors
    /// Names the first problem.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        let (info, architecture, file) = Self::parse_header(name, bytes)?;
        let mut tensors = decode_tensors(&file)?;
        let directions = take_directions(&info.metadata, &mut tensors)?;
        let is_single = file.iter().any(|(_, view)| view.dtype() == Dtype::F32);
        let precision = if is_single { StoragePrecision::Single } else { StoragePrecision::Half };
        Ok(Self { info, architecture, directions, tensors, precision })
    }

    /// Parses and checks everything but the tensor values.
    pub(super) fn parse_header<'a>(
        name: &str,
        bytes: &'a [u8],
    ) -> Result<(ModelInfo, Architecture, SafeTensors<'a>), ModelError> {
        let metadata = read_metadata(bytes)?;
        let (image_size_px, latent_dim) = check_metadata(&metadata)?;

        let file = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
        let mut shapes = file.iter().map(|(name, view)| (name.to_string(), view.shape().to_vec())).collect();
        take_direction_shapes(&metadata, latent_dim, &mut shapes)?;
        let architecture = Architecture::from_shapes(image_size_px, latent_dim, &shapes)?;
        let expected = architecture.expected_tensors();
        for (tensor, shape) in &expected {
            let found = shapes.get(tensor).ok_or_else(|| ModelError::MissingTensor { name: tensor.clone() })?;
            if found != shape {
                return Err(ModelError::Shape { name: tensor.clone(), found: found.clone(), expected: shape.clone() });
            }
        }
        if let Some(name) = shapes.keys().find(|tensor| !expected.contains_key(*tensor)) {
            return Err(ModelError::UnexpectedTensor { name: name.clone() });
        }
        let info = ModelInfo {
            name: name.to_string(),
            sha256: networks_sha256(&metadata, sha256_of_bytes(bytes)),
            image_size_px,
            latent_dim,
            has_discriminator: architecture.discriminator.is_some(),
            has_encoder: architecture.encoder.is_some(),
            metadata,
        };
        Ok((info, architecture, file))
    }

    /// The storage format of the weights: single if any tensor has it.
    pub(super) fn precision(&self) -> StoragePrecision {
        self.precision
    }

    /// All tensors of the networks by name.
    pub(crate) fn tensors(&self) -> &WeightTensors {
        &self.tensors
    }

    /// A tensor that [`parse`](Self::parse) has found.
    pub(super) fn tensor(&self, name: &str) -> Result<&WeightTensor, ModelError> {
        self.tensors.get(name).ok_or_else(|| ModelError::MissingTensor { name: name.to_string() })
    }

    /// A layer's bias: `[out]`, or `[pixel, out]` if each pixel has its own.
    pub(super) fn channels_last_bias(&self, layer: &LayerPlan) -> Result<Vec<f32>, ModelError> {
        let bias = &self.tensor(&layer.bias_name())?.values;
        let pixels = bias.len() / layer.outputs;
        let rows = (0..pixels).flat_map(|pixel| (0..layer.outputs).map(move |channel| channel * pixels + pixel));
        Ok(rows.map(|index| bias[index]).collect())
    }
}

/// The metadata and the tensors of any safetensors file.
///
/// # Errors
/// When it is not a safetensors file, or a value is not finite or of another type than F16 and F32.
pub(super) fn read_tensors(bytes: &[u8]) -> Result<(BTreeMap<String, String>, WeightTensors), ModelError> {
    let metadata = read_metadata(bytes)?;
    Ok((metadata, decode_tensors(&SafeTensors::deserialize(bytes).map_err(not_safetensors)?)?))
}

fn read_metadata(bytes: &[u8]) -> Result<BTreeMap<String, String>, ModelError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    Ok(header.metadata().clone().unwrap_or_default().into_iter().collect())
}

#[expect(clippy::needless_pass_by_value, reason = "used with `map_err`")]
fn not_safetensors(error: SafeTensorError) -> ModelError {
    ModelError::NotSafetensors { reason: error.to_string() }
}

fn decode_tensors(file: &SafeTensors<'_>) -> Result<WeightTensors, ModelError> {
    file.iter()
        .map(|(tensor, view)| {
            let values = decode_values(tensor, &view)?;
            Ok((tensor.to_string(), WeightTensor { shape: view.shape().to_vec(), values }))
        })
        .collect()
}

/// Checks the required metadata. Returns the picture's side in pixels and the latent dimension.
fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(u32, usize), ModelError> {
    let get = |key: &str| metadata.get(key).map_or("nothing", String::as_str);
    if get("format") != FORMAT_NAME {
        return Err(ModelError::Format { found: get("format").to_string() });
    }
    let wrong =
        |key: &'static str, expected: &'static str| ModelError::Metadata { key, found: get(key).to_string(), expected };
    if get("architecture") != "dcgan" {
        return Err(wrong("architecture", "this program supports dcgan"));
    }
    if get("prior") != LATENT_PRIOR {
        return Err(wrong("prior", "this program supports uniform(-1,1)"));
    }
    if get("batch_norm") != "folded" {
        return Err(wrong("batch_norm", "fold BatchNorm into the convolutions first"));
    }
    let image_size_px: u32 = get("image_size")
        .parse()
        .ok()
        .filter(|size: &u32| size.is_power_of_two() && (16..=256).contains(size))
        .ok_or_else(|| wrong("image_size", "use a power of two from 16 to 256"))?;
    let latent_dim: usize = get("latent_dim")
        .parse()
        .ok()
        .filter(|dim| LATENT_DIMS.contains(dim))
        .ok_or_else(|| wrong("latent_dim", "use 1 to 4096"))?;
    Ok((image_size_px, latent_dim))
}

/// The values of a tensor as f32. Fails if one is not finite.
fn decode_values(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, ModelError> {
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        Dtype::F16 => {
            view.data().chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]])).collect::<Vec<_>>().to_f32_vec()
        }
        other => return Err(ModelError::Dtype { name: name.to_string(), found: format!("{other:?}") }),
    };
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(ModelError::NotFinite { name: name.to_string(), index }),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests;
