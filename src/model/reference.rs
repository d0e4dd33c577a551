//! The networks as burn modules with autodiff. Tests compare the hand-written networks with them.

use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::activation::{leaky_relu, relu, tanh};
use burn::tensor::{Device, Tensor, TensorData};

use super::architecture::KERNEL;
use super::{ModelError, ModelFile};

/// Slope of `LeakyReLU` below zero (DCGAN, section 3).
const LEAKY_SLOPE: f64 = 0.2;

/// G: latent to face.
#[derive(Module, Debug)]
pub(crate) struct Generator {
    project: ConvTranspose2d,
    up: Vec<ConvTranspose2d>,
    to_rgb: ConvTranspose2d,
}

impl Generator {
    fn load(file: &ModelFile, device: &Device) -> Result<Self, ModelError> {
        let depth = file.architecture.generator_channels.len() - 1;
        Ok(Self {
            project: up(file, "generator.project", Side::Whole, device)?,
            up: (0..depth)
                .map(|i| up(file, &format!("generator.up.{i}"), Side::Twofold, device))
                .collect::<Result<_, _>>()?,
            to_rgb: up(file, "generator.to_rgb", Side::Twofold, device)?,
        })
    }

    /// `[batch, latent_dim]` in [-1, 1] to pictures `[batch, 3, size, size]` in [-1, 1].
    pub fn forward(&self, latents: Tensor<2>) -> Tensor<4> {
        let [batch, latent_dim] = latents.dims();
        let mut x = relu(self.project.forward(latents.reshape([batch, latent_dim, 1, 1])));
        for layer in &self.up {
            x = relu(layer.forward(x));
        }
        tanh(self.to_rgb.forward(x))
    }
}

/// The body of D and E: convolutions that halve the side down to 4 px, then one convolution over the whole 4×4 picture.
#[derive(Module, Debug)]
struct Judge {
    from_rgb: Conv2d,
    down: Vec<Conv2d>,
    score: Conv2d,
}

impl Judge {
    fn load(file: &ModelFile, network: &str, layers: usize, device: &Device) -> Result<Self, ModelError> {
        Ok(Self {
            from_rgb: down(file, &format!("{network}.from_rgb"), Side::Twofold, device)?,
            down: (0..layers - 1)
                .map(|i| down(file, &format!("{network}.down.{i}"), Side::Twofold, device))
                .collect::<Result<_, _>>()?,
            score: down(file, &format!("{network}.score"), Side::Whole, device)?,
        })
    }

    /// `[batch, channels, size, size]` to `[batch, outputs]`.
    fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        let [batch, _, _, _] = pictures.dims();
        let mut x = leaky_relu(self.from_rgb.forward(pictures), LEAKY_SLOPE);
        for layer in &self.down {
            x = leaky_relu(layer.forward(x), LEAKY_SLOPE);
        }
        let x = self.score.forward(x);
        let [_, outputs, _, _] = x.dims();
        x.reshape([batch, outputs])
    }
}

/// D: rates how real a picture looks.
#[derive(Module, Debug)]
pub(crate) struct Discriminator {
    judge: Judge,
}

impl Discriminator {
    /// Pictures `[batch, 3, size, size]` in [-1, 1] to logits `[batch]`. A larger logit is more real.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<1> {
        let [batch, _, _, _] = pictures.dims();
        self.judge.forward(pictures).reshape([batch])
    }
}

/// E: estimates the latent from the known pixels.
#[derive(Module, Debug)]
pub(crate) struct Encoder {
    judge: Judge,
}

impl Encoder {
    /// Pictures `[batch, 3, size, size]` in [-1, 1] and their known masks `[batch, 1, size, size]` (0 or 1) to latents
    /// `[batch, latent_dim]` in [-1, 1]. Hole pixels are not read.
    pub fn forward(&self, pictures: Tensor<4>, known: Tensor<4>) -> Tensor<2> {
        tanh(self.judge.forward(Tensor::cat(vec![pictures * known.clone(), known], 1)))
    }
}

/// A model with constant weights: only latents get gradients.
pub(crate) struct Reference {
    pub generator: Generator,
    pub discriminator: Option<Discriminator>,
    pub encoder: Option<Encoder>,
    /// With autodiff enabled.
    pub device: Device,
}

impl Reference {
    pub fn load(file: &ModelFile) -> Self {
        let device = Device::flex().autodiff();
        let judge = |network: &str, channels: &Option<Vec<usize>>| {
            channels.as_ref().map(|channels| Judge::load(file, network, channels.len(), &device).unwrap())
        };
        Self {
            generator: Generator::load(file, &device).unwrap().freeze(),
            discriminator: judge("discriminator", &file.architecture.discriminator_channels)
                .map(|judge| Discriminator { judge }.freeze()),
            encoder: judge("encoder", &file.architecture.encoder_channels).map(|judge| Encoder { judge }.freeze()),
            device,
        }
    }
}

/// Stride and padding of a layer.
#[derive(Clone, Copy)]
enum Side {
    /// Between 1 px and 4 px: stride 1, no padding.
    Whole,
    /// Doubles or halves the side: stride 2, padding 1.
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

/// Loads the layer `name` as a transposed convolution.
fn up(file: &ModelFile, name: &str, side: Side, device: &Device) -> Result<ConvTranspose2d, ModelError> {
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

/// Loads the layer `name` as a convolution.
fn down(file: &ModelFile, name: &str, side: Side, device: &Device) -> Result<Conv2d, ModelError> {
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
