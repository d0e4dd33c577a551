//! Seeded random numbers of a search. A seed gives the same numbers on every device.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{Clipping, Settings};

/// Random stream for starts around a latent. Stream 0 is the search's own.
const STARTS_STREAM: u64 = 1;

impl Settings {
    /// Starts of the candidates around a given latent with values in [-1, 1]: the first is the latent itself, the
    /// others are mixtures of it with samples of the prior. Returns the latents of all candidates, one after the other.
    ///
    /// [`start_spread`](Self::start_spread) sets the mixtures. A spread of 0, as in presets that start from the prior,
    /// is replaced by the default, because equal starts would give equal results.
    #[must_use]
    pub fn starts_around(&self, latent: &[f32]) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(STARTS_STREAM);
        let spread = if self.start_spread > 0.0 { self.start_spread } else { Self::default().start_spread };
        let mut latents = Vec::with_capacity(self.candidates as usize * latent.len());
        for share in prior_shares(self.candidates as usize, spread) {
            latents.extend(latent.iter().map(|value| value + share * (sample_prior(&mut rng) - value)));
        }
        latents
    }
}

/// Share of the prior sample in each candidate's start: from 0 for the first to `spread` for the last, in even steps.
fn prior_shares(candidates: usize, spread: f32) -> Vec<f32> {
    let last = candidates.saturating_sub(1).max(1);
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^24 candidates")]
    let share = |candidate: usize| spread * candidate as f32 / last as f32;
    (0..candidates).map(share).collect()
}

/// One value of the prior.
fn sample_prior(rng: &mut ChaCha8Rng) -> f32 {
    rng.random_range(-1.0..1.0)
}

/// Box–Muller.
pub(super) fn standard_normal(rng: &mut ChaCha8Rng) -> f32 {
    // 1 − u lies in (0, 1], so that the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

/// The random number generator of a search.
pub(super) struct SearchRng {
    rng: ChaCha8Rng,
    /// Device of the tensors.
    device: Device,
}

impl SearchRng {
    pub fn new(seed: u64, device: Device) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), device }
    }

    /// Samples of the prior in this shape: uniform in [-1, 1).
    pub fn sample_prior(&mut self, shape: [usize; 2]) -> Tensor<2> {
        let values = (0..shape[0] * shape[1]).map(|_| sample_prior(&mut self.rng)).collect();
        self.tensor(values, shape)
    }

    /// Starts of the candidates around one latent `[1, latent_dim]`: mixtures with samples of the prior, in which the
    /// last candidate has the share `spread`. Returns `[candidates, latent_dim]`.
    pub fn starts_around(&mut self, latent: &Tensor<2>, candidates: usize, spread: f32) -> Tensor<2> {
        let shape = [candidates, latent.dims()[1]];
        let shares = self.tensor(prior_shares(candidates, spread), [candidates, 1]);
        let samples = self.sample_prior(shape);
        (samples - latent.clone()) * shares + latent.clone()
    }

    /// Standard normal values in this shape.
    pub fn sample_normal(&mut self, shape: [usize; 2]) -> Tensor<2> {
        let values = (0..shape[0] * shape[1]).map(|_| standard_normal(&mut self.rng)).collect();
        self.tensor(values, shape)
    }

    /// `count` values, uniform in [0, 1).
    pub fn sample_unit(&mut self, count: usize) -> Tensor<1> {
        let values: Vec<f32> = (0..count).map(|_| self.rng.random::<f32>()).collect();
        Tensor::from_data(TensorData::new(values, [count]), &self.device)
    }

    /// Clips latents to the support of the prior.
    pub fn clip_to_prior(&mut self, latents: Tensor<2>, clipping: Clipping) -> Tensor<2> {
        match clipping {
            Clipping::Hard => latents.clamp(-1.0, 1.0),
            Clipping::Stochastic => {
                let outside = latents.clone().abs().greater_elem(1.0);
                let samples = self.sample_prior(latents.dims());
                latents.mask_where(outside, samples)
            }
        }
    }

    fn tensor(&self, values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_the_latent_and_distinct_mixtures() {
        let settings = Settings { candidates: 3, start_spread: 0.5, seed: 7, ..Settings::default() };
        let latent = vec![0.9, -0.2, 0.0, -1.0, 0.4, 0.3];
        let starts = settings.starts_around(&latent);
        let candidates: Vec<&[f32]> = starts.chunks(6).collect();
        assert_eq!((candidates.len(), candidates[0]), (3, latent.as_slice()));
        assert!(candidates[1] != candidates[0] && candidates[2] != candidates[1]);
        assert!(starts.iter().all(|value| (-1.0..=1.0).contains(value)));
        assert_eq!(settings.starts_around(&latent), starts);
        assert_ne!(Settings { seed: 8, ..settings }.starts_around(&latent), starts);
    }

    #[test]
    fn start_distances_grow_evenly() {
        let distances = |start_spread: f32| -> Vec<f32> {
            let settings = Settings { candidates: 4, start_spread, ..Settings::default() };
            let squares = |start: &[f32]| start.iter().map(|value| value * value).sum::<f32>();
            settings.starts_around(&[0.0; 4000]).chunks(4000).map(|start| (squares(start) / 4000.0).sqrt()).collect()
        };
        // The prior's standard deviation is 1 / √3.
        for (distance, share) in distances(0.9).into_iter().zip([0.0, 0.3, 0.6, 0.9]) {
            assert!((distance - share / 3.0f32.sqrt()).abs() < 0.01, "{distance} for a share of {share}");
        }
        assert_eq!(distances(0.0), distances(Settings::default().start_spread));
    }
}
