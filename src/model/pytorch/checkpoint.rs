//! Reads the tensors of a checkpoint by name.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use half::{bf16, f16};
use pytorch_reader::{DType, PytorchError, PytorchReader};
use safetensors::tensor::Dtype;
use safetensors::{SafeTensorError, SafeTensors};

use super::{ImportError, tensorflow, tensorflow_checkpoint};
use crate::model::WeightTensor;

/// Name suffixes of parameters and running statistics, and the names of LPIPS's learned weights in a file of features.
/// Other tensors (optimizer state, counters) are skipped.
const PARAMETER_SUFFIXES: [&str; 9] =
    ["weight", "bias", "running_mean", "running_var", "lpips0", "lpips1", "lpips2", "lpips3", "lpips4"];

/// Reads every parameter of a checkpoint. Nested dictionaries become dots in the names.
///
/// # Errors
/// When the file cannot be read, has an unknown format, or a parameter has an unsupported number type.
pub fn read(path: &Path) -> Result<BTreeMap<String, WeightTensor>, ImportError> {
    let unreadable = |source| ImportError::Read { path: path.into(), source };
    if let Some(index) = tensorflow_checkpoint::index_path(path) {
        return tensorflow_checkpoint::read(&index);
    }
    if !path.is_file() {
        return Err(unreadable(std::io::ErrorKind::NotFound.into()));
    }
    if looks_like_safetensors(path).map_err(unreadable)? {
        return read_safetensors(path, &fs::read(path).map_err(unreadable)?);
    }
    let reader = PytorchReader::new(path).map_err(|error| match error {
        PytorchError::Io(source) => unreadable(source),
        _ if fs::read(path).is_ok_and(|bytes| tensorflow_checkpoint::is_table(&bytes)) => {
            let reason = "TensorFlow's first format: run models/tensorflow_to_safetensors.py on it".into();
            ImportError::Format { path: path.into(), reason }
        }
        other => ImportError::Format { path: path.into(), reason: other.to_string() },
    })?;
    let parameters = reader.into_tensors().into_iter().filter(|(name, _)| is_parameter(name));
    parameters
        .map(|(name, tensor)| {
            let damaged = |error: std::io::Error| ImportError::Tensor { name: name.clone(), reason: error.to_string() };
            let format = float_format(tensor.dtype())
                .ok_or_else(|| ImportError::Dtype { name: name.clone(), found: format!("{:?}", tensor.dtype()) })?;
            let values = format.decode(&tensor.read().map_err(damaged)?, Endian::Native);
            Ok((name.clone(), WeightTensor { shape: tensor.shape().to_vec(), values }))
        })
        .collect()
}

fn read_safetensors(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, WeightTensor>, ImportError> {
    let invalid = |error: SafeTensorError| ImportError::Format { path: path.into(), reason: error.to_string() };
    let file = SafeTensors::deserialize(bytes).map_err(invalid)?;
    file.iter()
        .filter(|(name, _)| is_parameter(name))
        .map(|(name, view)| {
            let format = match view.dtype() {
                Dtype::F64 => FloatFormat::F64,
                Dtype::F32 => FloatFormat::F32,
                Dtype::F16 => FloatFormat::F16,
                Dtype::BF16 => FloatFormat::Bf16,
                other => return Err(ImportError::Dtype { name: name.into(), found: format!("{other:?}") }),
            };
            let values = format.decode(view.data(), Endian::Little);
            Ok((name.to_string(), WeightTensor { shape: view.shape().to_vec(), values }))
        })
        .collect()
}

/// A safetensors file begins with the 8-byte length of a JSON header, then the header.
fn looks_like_safetensors(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    fs::File::open(path)?.take(9).read_to_end(&mut start)?;
    Ok(start.get(8) == Some(&b'{') && start[4..8] == [0; 4])
}

pub(super) fn is_parameter(name: &str) -> bool {
    let suffix = name.rsplit(['.', '/']).next().unwrap_or(name);
    PARAMETER_SUFFIXES.contains(&suffix) || (name.contains('/') && tensorflow::is_suffix(suffix))
}

/// A floating-point format.
#[derive(Clone, Copy)]
pub(super) enum FloatFormat {
    F64,
    F32,
    F16,
    Bf16,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Endian {
    Little,
    Native,
}

fn float_format(dtype: DType) -> Option<FloatFormat> {
    match dtype {
        DType::F64 => Some(FloatFormat::F64),
        DType::F32 => Some(FloatFormat::F32),
        DType::F16 => Some(FloatFormat::F16),
        DType::BF16 => Some(FloatFormat::Bf16),
        _ => None,
    }
}

impl FloatFormat {
    pub(super) fn decode(self, bytes: &[u8], endian: Endian) -> Vec<f32> {
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "weights are stored in f32")]
            Self::F64 => decode_floats(bytes, endian, |bytes| f64::from_le_bytes(bytes) as f32),
            Self::F32 => decode_floats(bytes, endian, f32::from_le_bytes),
            Self::F16 => decode_floats(bytes, endian, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Self::Bf16 => decode_floats(bytes, endian, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        }
    }
}

/// Decodes numbers of `BYTES` bytes each.
fn decode_floats<const BYTES: usize>(bytes: &[u8], endian: Endian, number: impl Fn([u8; BYTES]) -> f32) -> Vec<f32> {
    let swap_bytes = endian == Endian::Native && cfg!(target_endian = "big");
    let chunks = bytes.as_chunks::<BYTES>().0.iter();
    chunks
        .map(|&(mut chunk)| {
            if swap_bytes {
                chunk.reverse();
            }
            number(chunk)
        })
        .collect()
}
