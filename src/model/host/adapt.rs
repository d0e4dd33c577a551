//! A private copy of G whose weights adapt to one photo (Deep Generative Prior, arXiv 2003.13659; pivotal tuning,
//! arXiv 2106.05744).
//!
//! No latent draws a given face exactly; a generator that may move a little can. It starts as the model's own, moves by Adam
//! in small steps, all candidates pulling together, and is dropped afterwards. Few and small steps keep it a
//! generator of faces: nothing else holds it back.

use rayon::prelude::*;

use super::generator::{Generator, LayerGradient};
use super::{HostNetworks, Tape};

/// Values that one thread handles at least.
const GRAIN: usize = 16_384;
/// β1, β2 and ε of Adam (Kingma & Ba 2015).
const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// The adapting copy.
pub struct Adapted {
    pub(super) generator: Generator,
    /// Adam's averages, one pair for weights and bias of each layer.
    averages: Vec<[Averages; 2]>,
    steps: i32,
}

#[derive(Default)]
struct Averages {
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Adapted {
    /// A copy of the model's generator.
    #[must_use]
    pub fn new(networks: &HostNetworks) -> Self {
        Self { generator: networks.adaptable.clone(), averages: Vec::new(), steps: 0 }
    }

    /// G as it is now, of `batch` latents: as [`HostNetworks::draw`].
    pub fn draw(&self, batch: usize, latents: &[f32], tape: &mut Tape) {
        self.generator.forward(batch, latents, tape);
    }

    /// One step of Adam against the gradients.
    pub(super) fn step(&mut self, gradients: &[LayerGradient], learning_rate: f32) {
        self.steps = self.steps.saturating_add(1);
        self.averages.resize_with(gradients.len(), Default::default);
        let rate = learning_rate / (1.0 - BETA1.powi(self.steps));
        let correction = (1.0 - BETA2.powi(self.steps)).sqrt();
        let parameters = self.generator.parameters_mut().zip(gradients).zip(&mut self.averages);
        for (((weights, bias), gradient), [weights_average, bias_average]) in parameters {
            weights.change(|values| weights_average.move_values(values, &gradient.weights, rate, correction));
            bias_average.move_values(bias, &gradient.bias, rate, correction);
        }
    }
}

impl Averages {
    fn move_values(&mut self, values: &mut [f32], gradient: &[f32], rate: f32, correction: f32) {
        self.mean.resize(values.len(), 0.0);
        self.square.resize(values.len(), 0.0);
        let parts = values.par_chunks_mut(GRAIN).zip(gradient.par_chunks(GRAIN));
        let averages = self.mean.par_chunks_mut(GRAIN).zip(self.square.par_chunks_mut(GRAIN));
        parts.zip(averages).for_each(|((values, gradient), (mean, square))| {
            for (((value, gradient), mean), square) in values.iter_mut().zip(gradient).zip(mean).zip(square) {
                *mean = BETA1 * *mean + (1.0 - BETA1) * gradient;
                *square = BETA2 * *square + (1.0 - BETA2) * gradient * gradient;
                *value -= rate * *mean / (square.sqrt() / correction + EPSILON);
            }
        });
    }
}
