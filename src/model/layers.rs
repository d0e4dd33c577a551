//! From a file's weights to burn's layers.

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::{Device, Tensor, TensorData};

use super::architecture::KERNEL;
use super::{ModelError, ModelFile};

/// How a layer changes the side of its picture.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// 1 px to 4 px, or back: stride 1, no padding.
    Whole,
    /// Doubles or halves: stride 2, padding 1.
    Twofold,
}

impl Side {
    fn stride_and_padding(self) -> (usize, usize) {
        match self {
            Self::Whole => (1, 0),
            Self::Twofold => (2, 1),
        }
    }
}

/// The layer `name` as a transposed convolution.
pub(super) fn up(file: &ModelFile, name: &str, side: Side, device: &Device) -> Result<ConvTranspose2d, ModelError> {
    let (stride, padding) = side.stride_and_padding();
    let (weight, bias) = parameters(file, name, device)?;
    let [inputs, outputs, _, _] = weight.dims();
    let mut layer = ConvTranspose2dConfig::new([inputs, outputs], [KERNEL, KERNEL])
        .with_stride([stride, stride])
        .with_padding([padding, padding])
        .init(device);
    layer.weight = Param::from_tensor(weight);
    layer.bias = Some(Param::from_tensor(bias));
    Ok(layer)
}

/// The layer `name` as a convolution.
pub(super) fn down(file: &ModelFile, name: &str, side: Side, device: &Device) -> Result<Conv2d, ModelError> {
    let (stride, padding) = side.stride_and_padding();
    let (weight, bias) = parameters(file, name, device)?;
    let [outputs, inputs, _, _] = weight.dims();
    let mut layer = Conv2dConfig::new([inputs, outputs], [KERNEL, KERNEL])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .init(device);
    layer.weight = Param::from_tensor(weight);
    layer.bias = Some(Param::from_tensor(bias));
    Ok(layer)
}

fn parameters(file: &ModelFile, name: &str, device: &Device) -> Result<(Tensor<4>, Tensor<1>), ModelError> {
    let weight = file.tensor(&format!("{name}.weight"))?;
    let bias = file.tensor(&format!("{name}.bias"))?;
    Ok((
        Tensor::from_data(TensorData::new(weight.values.clone(), weight.shape.clone()), device),
        Tensor::from_data(TensorData::new(bias.values.clone(), bias.shape.clone()), device),
    ))
}
