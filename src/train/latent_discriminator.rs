//! The latent discriminator: it tells the encoder's latents from latents of the prior.
//!
//! The search starts from the encoder's latent and stays within the prior. A latent that is unlikely under the prior is
//! a bad start, so E plays against this small network as G plays against D (adversarial autoencoders, Makhzani et al.
//! 2015, arXiv 1511.05644).

use burn::tensor::activation::leaky_relu;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::net::{AdamSettings, NetState, Parameter};
use crate::model::plan::LEAKY_SLOPE;

/// Units of each of the two hidden layers.
const HIDDEN_UNITS: usize = 256;

pub(super) struct LatentDiscriminator {
    /// Weight `[inputs, outputs]` and bias of each layer.
    layers: Vec<[Parameter; 2]>,
    latent_dim: usize,
    steps: u64,
}

/// Weights and biases of the layers within one autodiff graph.
pub(super) type LayerTensors = Vec<[Tensor<1>; 2]>;

fn layer_sizes(latent_dim: usize) -> [[usize; 2]; 3] {
    [[latent_dim, HIDDEN_UNITS], [HIDDEN_UNITS, HIDDEN_UNITS], [HIDDEN_UNITS, 1]]
}

/// Names and lengths of the tensors.
pub(super) fn parameter_lengths(latent_dim: usize) -> Vec<(String, usize)> {
    let lengths = |(index, [inputs, outputs]): (usize, [usize; 2])| {
        [(format!("{index}.weight"), inputs * outputs), (format!("{index}.bias"), outputs)]
    };
    layer_sizes(latent_dim).into_iter().enumerate().flat_map(lengths).collect()
}

impl LatentDiscriminator {
    /// The state before the first step.
    pub fn initial(latent_dim: usize, rng: &mut ChaCha8Rng) -> NetState {
        let mut state = NetState::default();
        for (index, sizes) in layer_sizes(latent_dim).into_iter().enumerate() {
            state.add_linear(&index.to_string(), sizes, rng);
        }
        state
    }

    /// Uploads a state, which must match the latent's length.
    pub fn new(latent_dim: usize, state: &NetState, device: &Device) -> Self {
        let load = |(name, length): (String, usize)| Parameter::new(&state.tensor(&name, length), device);
        let mut parameters = parameter_lengths(latent_dim).into_iter().map(load);
        let mut layers = Vec::new();
        while let (Some(weight), Some(bias)) = (parameters.next(), parameters.next()) {
            layers.push([weight, bias]);
        }
        Self { layers, latent_dim, steps: state.adam_steps }
    }

    /// The parameters as leaves of a graph, for training.
    pub fn leaves(&self) -> LayerTensors {
        self.layers.iter().map(|layer| layer.each_ref().map(Parameter::leaf)).collect()
    }

    /// The parameters as constants of a graph.
    pub fn constants(&self) -> LayerTensors {
        self.layers.iter().map(|layer| layer.each_ref().map(Parameter::constant)).collect()
    }

    /// Latents `[batch, latent_dim]` to logits `[batch]`. Larger means more likely from the prior.
    pub fn logits(&self, layers: &LayerTensors, latents: Tensor<2>) -> Tensor<1> {
        let [batch, _] = latents.dims();
        let mut x = latents;
        let last = layers.len().saturating_sub(1);
        for (index, ([weight, bias], [inputs, outputs])) in layers.iter().zip(layer_sizes(self.latent_dim)).enumerate()
        {
            x = x.matmul(weight.clone().reshape([inputs, outputs])) + bias.clone().reshape([1, outputs]);
            if index < last {
                x = leaky_relu(x, f64::from(LEAKY_SLOPE));
            }
        }
        x.reshape([batch])
    }

    /// One Adam step on this loss, which must come from these leaves.
    pub fn train_step(&mut self, leaves: &LayerTensors, loss: &Tensor<1>, adam: &AdamSettings, rate: f32) {
        let gradients = loss.backward();
        self.steps += 1;
        for (layer, leaves) in self.layers.iter_mut().zip(leaves) {
            for (parameter, leaf) in layer.iter_mut().zip(leaves) {
                parameter.add_gradient(leaf.grad(&gradients));
                parameter.adam_step(adam, rate, self.steps);
            }
        }
    }

    /// Reads the whole state. Waits for the device.
    pub fn state(&self) -> NetState {
        let values = self.layers.iter().flatten().map(Parameter::state);
        let names = parameter_lengths(self.latent_dim).into_iter().map(|(name, _)| name);
        NetState { tensors: names.zip(values).collect(), adam_steps: self.steps }
    }
}
