//! The convolutions of torchvision's `AlexNet` (Krizhevsky 2014, arXiv 1404.5997), trained on `ImageNet`. They give
//! five levels of features, from edges to parts of objects.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::activation::relu;
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};

use super::FeaturesError;
use crate::model::WeightTensor;
use crate::model::pytorch::read_checkpoint;

/// Mean and standard deviation of the colour channels over `ImageNet`, for values from 0 to 1. For values in [-1, 1]
/// they become (−.030, −.088, −.188) and (.458, .448, .450), the input scaling of LPIPS.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
/// Bounds of the side that training images are resized to. They are enlarged by half, because the network was trained
/// on larger ones. Below the minimum, the pooling layers run out of pixels.
const MIN_INPUT_SIDE: usize = 64;
const MAX_INPUT_SIDE: usize = 192;

/// The shape of one convolution, and whether max pooling over 3×3 with stride 2 comes before it.
pub(super) struct AlexNetConvShape {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) side: usize,
    stride: usize,
    padding: usize,
    is_pooled: bool,
}

pub(super) const CONV_SHAPES: [AlexNetConvShape; 5] = [
    AlexNetConvShape { outputs: 64, inputs: 3, side: 11, stride: 4, padding: 2, is_pooled: false },
    AlexNetConvShape { outputs: 192, inputs: 64, side: 5, stride: 1, padding: 2, is_pooled: true },
    AlexNetConvShape { outputs: 384, inputs: 192, side: 3, stride: 1, padding: 1, is_pooled: true },
    AlexNetConvShape { outputs: 256, inputs: 384, side: 3, stride: 1, padding: 1, is_pooled: false },
    AlexNetConvShape { outputs: 256, inputs: 256, side: 3, stride: 1, padding: 1, is_pooled: false },
];

/// Number of channels of each level.
#[must_use]
pub fn level_channels() -> [usize; 5] {
    CONV_SHAPES.map(|shape| shape.outputs)
}

impl AlexNetConvShape {
    pub(super) fn weight_shape(&self) -> [usize; 4] {
        [self.outputs, self.inputs, self.side, self.side]
    }
}

/// The network on a device.
#[derive(Clone)]
pub struct AlexNet {
    /// Weight and bias of each convolution.
    layers: Vec<(Tensor<4>, Tensor<1>)>,
    /// `[1, 3, 1, 1]`.
    mean: Tensor<4>,
    deviation: Tensor<4>,
    /// `[1, 1, to, from]`: bilinear weights that resize rows. The transpose resizes columns. `None` keeps the size.
    row_matrix: Option<Tensor<4>>,
}

impl AlexNet {
    /// Reads the weights from torchvision's file, or from the same tensors under other names. Images keep their size.
    ///
    /// # Errors
    /// When the file cannot be read or lacks one of the tensors, or a value is not finite.
    pub fn read(path: &Path, device: &Device) -> Result<Self, FeaturesError> {
        let invalid = |reason| FeaturesError::Convolutions { path: path.to_path_buf(), reason };
        let tensors = read_checkpoint(path).map_err(|error| invalid(error.to_string()))?;
        Self::from_tensors(&tensors, device).map_err(invalid)
    }

    /// The network with the convolutions among these tensors, which are found by their shapes. The error says which one
    /// is missing.
    pub(super) fn from_tensors(tensors: &BTreeMap<String, WeightTensor>, device: &Device) -> Result<Self, String> {
        let mut layers = Vec::new();
        for shape in &CONV_SHAPES {
            let (name, weight) = tensors
                .iter()
                .find(|(name, weight)| name.ends_with("weight") && weight.shape == shape.weight_shape())
                .ok_or_else(|| format!("no weight of the shape {:?}", shape.weight_shape()))?;
            let bias_name = format!("{}bias", name.strip_suffix("weight").unwrap_or_default());
            let bias = tensors
                .get(&bias_name)
                .filter(|bias| bias.shape == [shape.outputs])
                .ok_or_else(|| format!("no tensor {bias_name} of {} values", shape.outputs))?;
            if !weight.values.iter().chain(&bias.values).all(|value| value.is_finite()) {
                return Err(format!("{name} or its bias is not finite"));
            }
            layers.push((weight, bias));
        }
        Ok(Self::new(&layers, device))
    }

    pub(super) fn new(layers: &[(&WeightTensor, &WeightTensor)], device: &Device) -> Self {
        let upload_layer = |(weight, bias): &(&WeightTensor, &WeightTensor)| {
            let shape: [usize; 4] = std::array::from_fn(|axis| weight.shape[axis]);
            let weight = TensorData::new(weight.values.clone(), shape);
            (Tensor::from_data(weight, device), Tensor::from_floats(bias.values.as_slice(), device))
        };
        // Images are in [-1, 1].
        let colors = |values: [f32; 3]| Tensor::from_data(TensorData::new(values.to_vec(), [1, 3, 1, 1]), device);
        Self {
            layers: layers.iter().map(upload_layer).collect(),
            mean: colors(MEAN.map(|mean| 2.0 * mean - 1.0)),
            deviation: colors(DEVIATION.map(|deviation| 2.0 * deviation)),
            row_matrix: None,
        }
    }

    /// The same network for training, for images of side `size_px`: they are enlarged by half, to at most 192 pixels.
    #[must_use]
    pub fn enlarging(self, size_px: usize) -> Self {
        let side = input_side(size_px);
        let weights = TensorData::new(bilinear_matrix(size_px, side), [1, 1, side, size_px]);
        Self { row_matrix: Some(Tensor::from_data(weights, &self.mean.device())), ..self }
    }

    /// The same network, for images with autodiff.
    #[must_use]
    pub fn with_autodiff(&self) -> Self {
        let Self { layers, mean, deviation, row_matrix } = self.clone();
        Self {
            layers: layers.into_iter().map(|(weight, bias)| (weight.autodiff(), bias.autodiff())).collect(),
            mean: mean.autodiff(),
            deviation: deviation.autodiff(),
            row_matrix: row_matrix.map(Tensor::autodiff),
        }
    }

    /// Computes the features of images `[batch, 3, size, size]` in [-1, 1]: `[batch, channels, side, side]` per level.
    /// They are at least 64 pixels wide, unless they are [enlarged](Self::enlarging).
    #[must_use]
    pub fn feature_maps(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut x = (images - self.mean.clone()) / self.deviation.clone();
        if let Some(rows) = self.row_matrix.clone() {
            let [batch, planes, _, _] = x.dims();
            let [_, _, to, from] = rows.dims();
            let rows = rows.expand([batch, planes, to, from]);
            x = rows.clone().matmul(x).matmul(rows.transpose());
        }
        let mut feature_maps = Vec::with_capacity(CONV_SHAPES.len());
        for (shape, (weight, bias)) in CONV_SHAPES.iter().zip(&self.layers) {
            if shape.is_pooled {
                x = max_pool2d(x, MaxPoolOptions::new([3, 3]).with_stride([2, 2]));
            }
            let options = ConvOptions::new([shape.stride; 2], [shape.padding; 2], [1, 1], 1);
            x = relu(conv2d(x, weight.clone(), Some(bias.clone()), options));
            feature_maps.push(x.clone());
        }
        feature_maps
    }
}

/// The side that training images of this side are resized to.
fn input_side(size_px: usize) -> usize {
    (size_px * 3 / 2).clamp(MIN_INPUT_SIDE, MAX_INPUT_SIDE)
}

/// Matrix of bilinear weights that resizes `from` rows to `to` rows. Edge rows are repeated.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions in an image of some hundred pixels"
)]
fn bilinear_matrix(from: usize, to: usize) -> Vec<f32> {
    let mut weights = vec![0.0; to * from];
    for (row, weights) in weights.chunks_exact_mut(from).enumerate() {
        let position = ((row as f32 + 0.5) * from as f32 / to as f32 - 0.5).clamp(0.0, (from - 1) as f32);
        let first = position as usize;
        let fraction = position - first as f32;
        weights[first] += 1.0 - fraction;
        weights[(first + 1).min(from - 1)] += fraction;
    }
    weights
}

/// Number of feature values per training image of this side, over all levels.
#[must_use]
pub fn features_per_image(size_px: usize) -> u64 {
    let mut side = input_side(size_px);
    let level_values = |shape: &AlexNetConvShape| {
        if shape.is_pooled {
            side = (side - 3) / 2 + 1;
        }
        side = (side + 2 * shape.padding - shape.side) / shape.stride + 1;
        (side * side * shape.outputs) as u64
    };
    CONV_SHAPES.iter().map(level_values).sum()
}

/// Number of weights and biases.
#[must_use]
pub fn weight_count() -> u64 {
    CONV_SHAPES.iter().map(|shape| (shape.weight_shape().iter().product::<usize>() + shape.outputs) as u64).sum()
}

#[cfg(test)]
mod tests;
