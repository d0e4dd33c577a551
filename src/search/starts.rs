//! Random numbers of a search, drawn on the host so that a seed means the same on every device.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The seeded source of everything random in one search.
pub(super) struct Draws {
    rng: ChaCha8Rng,
    device: Device,
}

impl Draws {
    pub fn new(seed: u64, device: Device) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), device }
    }

    /// `shape`, each value uniform in [-1, 1): the prior.
    pub fn prior(&mut self, shape: [usize; 2]) -> Tensor<2> {
        let values = (0..shape[0] * shape[1]).map(|_| self.rng.random_range(-1.0..1.0)).collect();
        self.upload(values, shape)
    }

    /// `shape`, standard normal.
    pub fn normal(&mut self, shape: [usize; 2]) -> Tensor<2> {
        let values = (0..shape[0] * shape[1]).map(|_| self.standard_normal()).collect();
        self.upload(values, shape)
    }

    /// `count` values, uniform in [0, 1).
    pub fn unit(&mut self, count: usize) -> Tensor<1> {
        let values: Vec<f32> = (0..count).map(|_| self.rng.random::<f32>()).collect();
        Tensor::from_data(TensorData::new(values, [count]), &self.device)
    }

    /// Box–Muller.
    fn standard_normal(&mut self) -> f32 {
        // 1 − u lies in (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.rng.random::<f32>()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.rng.random::<f32>()).cos()
    }

    fn upload(&self, values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}
