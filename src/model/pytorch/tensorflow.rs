//! TensorFlow's variables under `PyTorch`'s names and in its layouts.
//!
//! The names are those of carpedm20's DCGAN, which Brandon Amos's completion builds on: `generator/g_h1/w`,
//! `discriminator/d_bn1/moving_mean` and so on. Early versions have no scope before `g_` and `d_`.
//!
//! | variable | layout here | layout in `PyTorch` |
//! | --- | --- | --- |
//! | `w` | `[height, width, in, out]`, transposed `[height, width, out, in]` | `[out, in, height, width]`, transposed `[in, out, …]` |
//! | `Matrix` | `[in, out]`, the pixels of the 4×4 side before the channels | `[out, in]`, channels before pixels |

use std::collections::BTreeMap;

use crate::model::WeightTensor;
use crate::model::plan::{DENSE_TAPS, NetworkRole};
use crate::model::weight_file::WeightTensors;

/// Names of the variables and of the same tensors in `PyTorch`.
const SUFFIXES: [(&str, &str); 8] = [
    ("w", "weight"),
    ("Matrix", "weight"),
    ("biases", "bias"),
    ("bias", "bias"),
    ("gamma", "weight"),
    ("beta", "bias"),
    ("moving_mean", "running_mean"),
    ("moving_variance", "running_var"),
];

/// Converts a checkpoint if its variables are TensorFlow's. Variables of optimisers are left out.
pub(super) fn to_pytorch(tensors: &BTreeMap<String, WeightTensor>) -> Option<WeightTensors> {
    if !tensors.keys().any(|name| matches!(name.rsplit_once('/'), Some((_, "w" | "Matrix")))) {
        return None;
    }
    Some(tensors.iter().filter_map(|(name, tensor)| convert(name, tensor)).collect())
}

/// Whether this is the last part of the name of one of these variables.
pub(super) fn is_suffix(suffix: &str) -> bool {
    SUFFIXES.iter().any(|(name, _)| *name == suffix)
}

fn convert(name: &str, tensor: &WeightTensor) -> Option<(String, WeightTensor)> {
    let (path, variable) = name.rsplit_once('/')?;
    let (_, suffix) = SUFFIXES.iter().find(|(name, _)| *name == variable)?;
    let scope = match path.split_once('/').unwrap_or(("", path)) {
        ("", layer) if layer.starts_with("g_") => "generator.",
        ("", layer) if layer.starts_with("d_") => "discriminator.",
        _ => "",
    };
    let path = format!("{scope}{}", path.replace('/', "."));
    let is_generator = path.starts_with(NetworkRole::Generator.name());
    let tensor = match (&tensor.shape[..], variable) {
        (&[height, width, first, second], "w") => convolution([height, width, first, second], &tensor.values),
        (&[inputs, outputs], "Matrix") if is_generator => {
            transposed([inputs, outputs], &tensor.values, |output| channels_first(outputs, output))
        }
        (&[inputs, outputs], "Matrix") => {
            let columns = transposed([inputs, outputs], &tensor.values, |output| output).values;
            let rows = (0..inputs * outputs).map(|i| i / inputs * inputs + channels_first(inputs, i % inputs));
            WeightTensor { shape: vec![outputs, inputs], values: rows.map(|index| columns[index]).collect() }
        }
        // Only a linear layer has a `bias`; a convolution has `biases`.
        (&[outputs], "bias") if is_generator => WeightTensor {
            shape: vec![outputs],
            values: (0..outputs).map(|output| tensor.values[channels_first(outputs, output)]).collect(),
        },
        _ => tensor.clone(),
    };
    Some((format!("{path}.{suffix}"), tensor))
}

/// The index with pixels before channels, of an index with channels before pixels.
fn channels_first(length: usize, index: usize) -> usize {
    if length.is_multiple_of(DENSE_TAPS) {
        index % DENSE_TAPS * (length / DENSE_TAPS) + index / DENSE_TAPS
    } else {
        index
    }
}

/// Transposes a matrix `[inputs, outputs]`. Row `i` of the result is column `column(i)`.
fn transposed([inputs, outputs]: [usize; 2], values: &[f32], column: impl Fn(usize) -> usize) -> WeightTensor {
    let value = |index: usize| values[index % inputs * outputs + column(index / inputs)];
    WeightTensor { shape: vec![outputs, inputs], values: (0..inputs * outputs).map(value).collect() }
}

/// Reverses the axes to `[second, first, height, width]`. SAME padding puts tap 0 of a 5×5 kernel one pixel before the
/// pixel that it halves to, as tap 1 of a 6×6 kernel here.
fn convolution([height, width, first, second]: [usize; 4], values: &[f32]) -> WeightTensor {
    let shift = usize::from((height, width) == (5, 5));
    let shape = [second, first, height + shift, width + shift];
    let mut reversed = vec![0.0; shape.iter().product()];
    for (index, value) in values.iter().enumerate() {
        let (row, column) = (index / (second * first * width), index / (second * first) % width);
        let (channel, tap) =
            (index % second * first + index / second % first, (row + shift) * shape[3] + column + shift);
        reversed[channel * shape[2] * shape[3] + tap] = *value;
    }
    WeightTensor { shape: shape.to_vec(), values: reversed }
}
