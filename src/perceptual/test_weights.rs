//! Deterministic weights for tests, which programs in any language can reproduce.

use std::path::Path;

use burn::tensor::Device;
use safetensors::tensor::{Dtype, TensorView};

use super::alexnet::{AlexNetConvShape, CONV_SHAPES};
use super::{AlexNet, level_channels};
use crate::model::WeightTensor;

impl AlexNet {
    /// The network with these weights.
    pub fn synthetic() -> Self {
        let layers = synthetic_layers();
        let borrowed: Vec<_> = layers.iter().map(|(weight, bias)| (weight, bias)).collect();
        Self::new(&borrowed, &Device::flex())
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of small tensors")]
pub fn to_f64(length: usize) -> f64 {
    length as f64
}

/// Pseudorandom values that any language can reproduce.
#[expect(clippy::cast_possible_truncation, reason = "single precision values, computed in double")]
pub fn synthetic_values(length: usize, amplitude: f64, speed: f64, phase: f64) -> Vec<f32> {
    (0..length).map(to_f64).map(|index| (amplitude * (speed * (index * index) + phase).sin()) as f32).collect()
}

/// Weight and bias of each convolution.
fn synthetic_layers() -> Vec<(WeightTensor, WeightTensor)> {
    let synthetic = |(layer, shape): (usize, &AlexNetConvShape)| {
        let [taps, layer] = [shape.inputs * shape.side * shape.side, layer].map(to_f64);
        let values = synthetic_values(shape.weight_shape().iter().product(), 2.0 / taps.sqrt(), 0.71, layer);
        let bias = synthetic_values(shape.outputs, 0.1, 0.31, layer);
        (
            WeightTensor { shape: shape.weight_shape().to_vec(), values },
            WeightTensor { shape: vec![shape.outputs], values: bias },
        )
    };
    CONV_SHAPES.iter().enumerate().map(synthetic).collect()
}

/// Learned weights of LPIPS: 0 to 0.2 for the channels of each level.
pub fn synthetic_heads() -> Vec<Vec<f32>> {
    let head = |(level, channels): (usize, usize)| {
        synthetic_values(channels, 0.1, 0.17, to_f64(level)).into_iter().map(|value| value + 0.1).collect()
    };
    level_channels().into_iter().enumerate().map(head).collect()
}

/// Writes the convolutions as a file with torchvision's names.
pub fn write_synthetic(path: &Path) {
    write_synthetic_with_heads(path, &[]);
}

/// As [`write_synthetic`], with the learned weights `lpips0`, `lpips1` and so on.
pub fn write_synthetic_with_heads(path: &Path, heads: &[Vec<f32>]) {
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let mut tensors = Vec::new();
    for ((weight, bias), index) in synthetic_layers().iter().zip([0, 3, 6, 8, 10]) {
        for (part, weights) in [("weight", weight), ("bias", bias)] {
            tensors.push((format!("features.{index}.{part}"), weights.shape.clone(), bytes(&weights.values)));
        }
    }
    for (level, head) in heads.iter().enumerate() {
        tensors.push((format!("lpips{level}"), vec![1, head.len(), 1, 1], bytes(head)));
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).expect("the shape matches the values"))
    });
    std::fs::write(path, safetensors::serialize(views, None).expect("valid tensors serialize"))
        .expect("the test folder is writable");
}
