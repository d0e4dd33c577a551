//! The networks as burn modules with autodiff. Tests compare the hand-written networks with them.

use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::activation::{leaky_relu, relu, tanh};
use burn::tensor::{Device, Tensor, TensorData};

use super::plan::{KERNEL_SIZE, LEAKY_SLOPE, LayerPlan, NetworkPlan};
use super::{ModelError, ModelFile};

/// G: latent to face.
#[derive(Module, Debug)]
pub(crate) struct BurnGenerator {
    project: ConvTranspose2d,
    /// Each doubles the side. The last one makes the picture.
    layers: Vec<ConvTranspose2d>,
}

impl BurnGenerator {
    fn load(file: &ModelFile, device: &Device) -> Result<Self, ModelError> {
        let (project, layers) = file.architecture.generator.layers.split_first().unwrap();
        let layer = |layer: &LayerPlan| load_conv_transpose(file, layer, 2, device);
        Ok(Self {
            project: load_conv_transpose(file, project, 1, device)?,
            layers: layers.iter().map(layer).collect::<Result<_, _>>()?,
        })
    }

    /// `[batch, latent_dim]` in [-1, 1] to pictures `[batch, 3, size, size]` in [-1, 1].
    pub fn forward(&self, latents: Tensor<2>) -> Tensor<4> {
        let [batch, latent_dim] = latents.dims();
        let mut x = self.project.forward(latents.reshape([batch, latent_dim, 1, 1]));
        for layer in &self.layers {
            x = layer.forward(relu(x));
        }
        tanh(x)
    }
}

/// The body of D and E: convolutions that halve the side down to 4 px, then one convolution over the whole 4×4 picture.
#[derive(Module, Debug)]
struct BurnConvStack {
    layers: Vec<Conv2d>,
    score: Conv2d,
}

impl BurnConvStack {
    fn load(file: &ModelFile, plan: &NetworkPlan, device: &Device) -> Result<Self, ModelError> {
        let (score, layers) = plan.layers.split_last().unwrap();
        let layer = |layer: &LayerPlan| load_conv(file, layer, 2, device);
        Ok(Self {
            layers: layers.iter().map(layer).collect::<Result<_, _>>()?,
            score: load_conv(file, score, 1, device)?,
        })
    }

    /// `[batch, channels, size, size]` to `[batch, outputs]`.
    fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        let [batch, _, _, _] = pictures.dims();
        let mut x = pictures;
        for layer in &self.layers {
            x = leaky_relu(layer.forward(x), f64::from(LEAKY_SLOPE));
        }
        let x = self.score.forward(x);
        let [_, outputs, _, _] = x.dims();
        x.reshape([batch, outputs])
    }
}

/// D: rates how real a picture looks.
#[derive(Module, Debug)]
pub(crate) struct BurnDiscriminator {
    stack: BurnConvStack,
}

impl BurnDiscriminator {
    /// Pictures `[batch, 3, size, size]` in [-1, 1] to logits `[batch]`. A larger logit is more real.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<1> {
        let [batch, _, _, _] = pictures.dims();
        self.stack.forward(pictures).reshape([batch])
    }
}

/// E: estimates the latent from the known pixels.
#[derive(Module, Debug)]
pub(crate) struct BurnEncoder {
    stack: BurnConvStack,
}

impl BurnEncoder {
    /// Pictures `[batch, 3, size, size]` in [-1, 1] and their known masks `[batch, 1, size, size]` (0 or 1) to latents
    /// `[batch, latent_dim]` in [-1, 1]. Hole pixels are not read.
    pub fn forward(&self, pictures: Tensor<4>, known: Tensor<4>) -> Tensor<2> {
        tanh(self.stack.forward(Tensor::cat(vec![pictures * known.clone(), known], 1)))
    }
}

/// A model with constant weights: only latents get gradients.
pub(crate) struct BurnReference {
    pub generator: BurnGenerator,
    pub discriminator: Option<BurnDiscriminator>,
    pub encoder: Option<BurnEncoder>,
    /// With autodiff enabled.
    pub device: Device,
}

impl BurnReference {
    pub fn load(file: &ModelFile) -> Self {
        let device = Device::flex().autodiff();
        let load_stack =
            |plan: &Option<NetworkPlan>| plan.as_ref().map(|plan| BurnConvStack::load(file, plan, &device).unwrap());
        Self {
            generator: BurnGenerator::load(file, &device).unwrap().freeze(),
            discriminator: load_stack(&file.architecture.discriminator)
                .map(|stack| BurnDiscriminator { stack }.freeze()),
            encoder: load_stack(&file.architecture.encoder).map(|stack| BurnEncoder { stack }.freeze()),
            device,
        }
    }
}

/// Loads the layer `name` as a transposed convolution. The padding is `stride − 1`.
fn load_conv_transpose(
    file: &ModelFile,
    layer: &LayerPlan,
    stride: usize,
    device: &Device,
) -> Result<ConvTranspose2d, ModelError> {
    let (weight, bias) = load_parameters(file, layer, device)?;
    let [inputs, outputs, _, _] = weight.dims();
    let mut layer = ConvTranspose2dConfig::new([inputs, outputs], [KERNEL_SIZE, KERNEL_SIZE])
        .with_stride([stride, stride])
        .with_padding([stride - 1, stride - 1])
        .init(device);
    layer.weight = Param::from_tensor(weight);
    layer.bias = Some(Param::from_tensor(bias));
    Ok(layer)
}

/// Loads the layer `name` as a convolution. The padding is `stride − 1`.
fn load_conv(file: &ModelFile, layer: &LayerPlan, stride: usize, device: &Device) -> Result<Conv2d, ModelError> {
    let (weight, bias) = load_parameters(file, layer, device)?;
    let [outputs, inputs, _, _] = weight.dims();
    let padding = stride - 1;
    let mut layer = Conv2dConfig::new([inputs, outputs], [KERNEL_SIZE, KERNEL_SIZE])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .init(device);
    layer.weight = Param::from_tensor(weight);
    layer.bias = Some(Param::from_tensor(bias));
    Ok(layer)
}

fn load_parameters(file: &ModelFile, layer: &LayerPlan, device: &Device) -> Result<(Tensor<4>, Tensor<1>), ModelError> {
    let weight = file.tensor(&layer.weight_name())?;
    let bias = file.tensor(&layer.bias_name())?;
    Ok((
        Tensor::from_data(TensorData::new(weight.values.clone(), weight.shape.clone()), device),
        Tensor::from_data(TensorData::new(bias.values.clone(), bias.shape.clone()), device),
    ))
}
