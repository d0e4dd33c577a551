//! Random numbers of a search, drawn on the host so that a seed means the same on every device.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::Settings;

/// The stream of a seed's numbers that spreads candidates around a latent: the search draws its noise from stream 0.
const SPREAD_STREAM: u64 = 1;

impl Settings {
    /// Where the candidates begin around a latent that is handed in: at it, and at copies of it, each value moved by normal noise and
    /// kept in [-1, 1]; the latents of all candidates, one after the other.
    ///
    /// The noise has the standard deviation [`start_spread`](Self::start_spread). Presets that start from the prior have none; theirs
    /// is that of Best, since candidates that begin alike could end alike.
    #[must_use]
    pub fn spread_around(&self, latent: &[f32]) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(SPREAD_STREAM);
        let spread = if self.start_spread > 0.0 { self.start_spread } else { Self::default().start_spread };
        let mut near = |value: &f32| (value + spread * standard_normal(&mut rng)).clamp(-1.0, 1.0);
        let mut latents = latent.to_vec();
        for _ in 1..self.candidates {
            latents.extend(latent.iter().map(&mut near));
        }
        latents
    }
}

/// Box–Muller.
fn standard_normal(rng: &mut ChaCha8Rng) -> f32 {
    // 1 − u lies in (0, 1], so that the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

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
        let values = (0..shape[0] * shape[1]).map(|_| standard_normal(&mut self.rng)).collect();
        self.upload(values, shape)
    }

    /// `count` values, uniform in [0, 1).
    pub fn unit(&mut self, count: usize) -> Tensor<1> {
        let values: Vec<f32> = (0..count).map(|_| self.rng.random::<f32>()).collect();
        Tensor::from_data(TensorData::new(values, [count]), &self.device)
    }

    fn upload(&self, values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_begin_at_the_latent_and_at_different_copies_in_the_range_of_the_prior() {
        let settings = Settings { candidates: 3, start_spread: 0.5, seed: 7, ..Settings::default() };
        let latent = vec![0.9, -0.2, 0.0, -1.0, 0.4, 0.3];
        let spread = settings.spread_around(&latent);
        let candidates: Vec<&[f32]> = spread.chunks(6).collect();
        assert_eq!((candidates.len(), candidates[0]), (3, latent.as_slice()));
        assert!(candidates[1] != candidates[0] && candidates[2] != candidates[1]);
        assert!(spread.iter().all(|value| (-1.0..=1.0).contains(value)));
        assert_eq!(settings.spread_around(&latent), spread);
        assert_ne!(Settings { seed: 8, ..settings }.spread_around(&latent), spread);
    }

    #[test]
    fn copies_lie_as_far_as_the_settings_say_and_never_on_each_other() {
        let deviation = |start_spread: f32| {
            let settings = Settings { candidates: 2, start_spread, ..Settings::default() };
            let spread = settings.spread_around(&[0.0; 4000]);
            let squares: f32 = spread[4000..].iter().map(|value| value * value).sum();
            (squares / 4000.0).sqrt()
        };
        assert!((deviation(0.1) - 0.1).abs() < 0.01, "{}", deviation(0.1));
        assert!((deviation(0.0) - deviation(Settings::default().start_spread)).abs() < 1e-6 && deviation(0.0) > 0.1);
    }
}
