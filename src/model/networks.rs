//! The three networks as burn modules, frozen.

use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::activation::{leaky_relu, relu, tanh};
use burn::tensor::{Device, Tensor};

use super::host::{Arithmetic, HostNetworks, Purpose};
use super::layers::{Side, down, up};
use super::{ModelError, ModelFile, ModelInfo};

/// Slope of `LeakyReLU` below zero (DCGAN, section 3).
const LEAKY_SLOPE: f64 = 0.2;

/// G: from a latent to a face.
#[derive(Module, Debug)]
pub struct Generator {
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
    #[must_use]
    pub fn forward(&self, latents: Tensor<2>) -> Tensor<4> {
        let [batch, latent_dim] = latents.dims();
        let mut x = relu(self.project.forward(latents.reshape([batch, latent_dim, 1, 1])));
        for layer in &self.up {
            x = relu(layer.forward(x));
        }
        tanh(self.to_rgb.forward(x))
    }
}

/// Convolutions that halve the side down to 4 px, then one over all of it: what D and E share.
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

/// D: how real a picture looks.
#[derive(Module, Debug)]
pub struct Discriminator {
    judge: Judge,
}

impl Discriminator {
    /// Pictures `[batch, 3, size, size]` in [-1, 1] to logits `[batch]`, larger for more real.
    #[must_use]
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<1> {
        let [batch, _, _, _] = pictures.dims();
        self.judge.forward(pictures).reshape([batch])
    }
}

/// E: a first guess of the latent from what is known.
#[derive(Module, Debug)]
pub struct Encoder {
    judge: Judge,
}

impl Encoder {
    /// Pictures `[batch, 3, size, size]` in [-1, 1] with their known masks `[batch, 1, size, size]` (0 or 1) to
    /// latents `[batch, latent_dim]` in [-1, 1]. What lies in the hole is not read.
    #[must_use]
    pub fn forward(&self, pictures: Tensor<4>, known: Tensor<4>) -> Tensor<2> {
        tanh(self.judge.forward(Tensor::cat(vec![pictures * known.clone(), known], 1)))
    }
}

/// A model ready to use on one device. Its weights are constants: only latents get gradients.
pub struct Networks {
    pub info: ModelInfo,
    /// What the search differentiates automatically, on `device`. `None` where it evaluates by hand, many times faster on the
    /// CPU.
    pub modules: Option<Modules>,
    /// The same on the CPU by hand.
    pub host: HostNetworks,
    /// With autodiff.
    pub device: Device,
}

/// The networks of a model.
pub struct Modules {
    pub generator: Generator,
    pub discriminator: Option<Discriminator>,
    pub encoder: Option<Encoder>,
}

impl Modules {
    fn load(file: &ModelFile, device: &Device) -> Result<Self, ModelError> {
        let judge = |network: &str, channels: &Option<Vec<usize>>| {
            channels.as_ref().map(|channels| Judge::load(file, network, channels.len(), device)).transpose()
        };
        let discriminator = judge("discriminator", &file.architecture.discriminator_channels)?;
        let encoder = judge("encoder", &file.architecture.encoder_channels)?;
        Ok(Self {
            generator: Generator::load(file, device)?.freeze(),
            discriminator: discriminator.map(|judge| Discriminator { judge }.freeze()),
            encoder: encoder.map(|judge| Encoder { judge }.freeze()),
        })
    }
}

impl Networks {
    /// Puts a model on the CPU, where the work is done by hand.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    pub fn load_on_host(file: &ModelFile, arithmetic: Arithmetic) -> Result<Self, ModelError> {
        let (host, device) = (HostNetworks::load(file, Purpose::Search(arithmetic))?, Device::flex().autodiff());
        Ok(Self { info: file.info.clone(), modules: None, host, device })
    }

    /// Puts a model on a device.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    pub fn load(file: &ModelFile, device: &Device) -> Result<Self, ModelError> {
        let device = device.clone().autodiff();
        let modules = Some(Modules::load(file, &device)?);
        Ok(Self { info: file.info.clone(), modules, host: HostNetworks::load(file, Purpose::Plain)?, device })
    }
}
