//! Writes model files.

use std::collections::BTreeMap;
use std::path::Path;

use half::f16;
use serde_json::json;

use super::{FORMAT_NAME, LATENT_PRIOR, ModelError, ModelFile, WeightTensor};
use crate::fs::{Overwrite, write_atomically};
use crate::model::ModelInfo;
use crate::model::plan::LEAKY_SLOPE;

/// The safetensors header is padded to a multiple of this.
const HEADER_ALIGNMENT: usize = 8;

/// Tensors by their name in a model file, as in `generator.up.0.weight`.
pub type WeightTensors = BTreeMap<String, WeightTensor>;

/// Storage format of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoragePrecision {
    /// f16: half the size, about four digits, at most 65504.
    Half,
    /// f32.
    Single,
}

/// The required metadata of a model with these sizes. More keys may be added.
#[must_use]
pub fn required_metadata(image_size_px: u32, latent_dim: usize) -> BTreeMap<String, String> {
    [
        ("format", FORMAT_NAME.to_string()),
        ("architecture", "dcgan".to_string()),
        ("image_size", image_size_px.to_string()),
        ("latent_dim", latent_dim.to_string()),
        ("prior", LATENT_PRIOR.to_string()),
        ("batch_norm", "folded".to_string()),
        ("leaky_slope", LEAKY_SLOPE.to_string()),
    ]
    .map(|(key, value)| (key.to_string(), value))
    .into()
}

/// Writes a model file atomically. The tensors hold a generator with `BatchNorm` folded in, and optionally a
/// discriminator and an encoder. The same tensors and metadata give the same bytes.
///
/// # Errors
/// When the file cannot be written, or could not be read back: a tensor is missing, has a wrong shape or a value that
/// is not finite (large values overflow with [`StoragePrecision::Half`]), or required metadata is missing.
pub fn write_model(
    path: &Path,
    tensors: &WeightTensors,
    metadata: &BTreeMap<String, String>,
    precision: StoragePrecision,
    overwrite: Overwrite,
) -> Result<ModelInfo, ModelError> {
    let bytes = serialize_safetensors(tensors, metadata, precision)?;
    let name = path.file_stem().map_or_else(|| "model".into(), |stem| stem.to_string_lossy().into_owned());
    let info = ModelFile::parse(&name, &bytes)?.info;
    write_atomically(path, &bytes, overwrite)?;
    Ok(info)
}

/// Serialises tensors and metadata as safetensors. The safetensors crate writes the metadata in random order, which
/// would change the file's hash from run to run.
pub(crate) fn serialize_safetensors(
    tensors: &WeightTensors,
    metadata: &BTreeMap<String, String>,
    precision: StoragePrecision,
) -> Result<Vec<u8>, ModelError> {
    let (dtype, to_bytes): (_, fn(f32) -> Vec<u8>) = match precision {
        StoragePrecision::Half => ("F16", |value| f16::from_f32(value).to_le_bytes().to_vec()),
        StoragePrecision::Single => ("F32", |value| value.to_le_bytes().to_vec()),
    };
    let mut header = serde_json::Map::from_iter([("__metadata__".to_string(), json!(metadata))]);
    let mut data = Vec::new();
    for (name, WeightTensor { shape, values }) in tensors {
        if shape.iter().product::<usize>() != values.len() {
            return Err(ModelError::Count { name: name.clone(), found: values.len(), shape: shape.clone() });
        }
        let start = data.len();
        data.extend(values.iter().flat_map(|&value| to_bytes(value)));
        header.insert(name.clone(), json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, data.len()] }));
    }
    let mut text = serde_json::Value::Object(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(HEADER_ALIGNMENT), b' ');
    let length = (text.len() as u64).to_le_bytes();
    Ok([&length[..], &text, &data].concat())
}
