//! Random numbers of a search, which a seed makes the same on every device.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::Settings;

/// The stream of a seed's numbers that spreads candidates around a latent: the search draws its noise from stream 0.
const SPREAD_STREAM: u64 = 1;

impl Settings {
    /// Where the candidates begin around a latent that is handed in, whose values lie in [-1, 1]: at it, and at mixtures of it with
    /// draws of the prior; the latents of all candidates, one after the other.
    ///
    /// The mixtures are as the settings say ([`start_spread`](Self::start_spread)). Presets that start from the prior have none;
    /// theirs are those of Best, since candidates that begin alike could end alike.
    #[must_use]
    pub fn spread_around(&self, latent: &[f32]) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(SPREAD_STREAM);
        let farthest = if self.start_spread > 0.0 { self.start_spread } else { Self::default().start_spread };
        let mut latents = Vec::with_capacity(self.candidates as usize * latent.len());
        for share in shares(self.candidates as usize, farthest) {
            latents.extend(latent.iter().map(|value| value + share * (prior(&mut rng) - value)));
        }
        latents
    }
}

/// The share that a draw of the prior has in where each candidate begins: none in the first, the most, `farthest`, in the last, and
/// evenly between.
fn shares(candidates: usize, farthest: f32) -> Vec<f32> {
    let last = candidates.saturating_sub(1).max(1);
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^24 candidates")]
    let share = |candidate: usize| farthest * candidate as f32 / last as f32;
    (0..candidates).map(share).collect()
}

/// One value of the prior.
fn prior(rng: &mut ChaCha8Rng) -> f32 {
    rng.random_range(-1.0..1.0)
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
}

impl Draws {
    pub fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// `shape`, each value uniform in [-1, 1): the prior.
    pub fn prior(&mut self, shape: [usize; 2]) -> Tensor<2> {
        let values = (0..shape[0] * shape[1]).map(|_| prior(&mut self.rng)).collect();
        tensor(values, shape)
    }

    /// `[candidates, latent_dim]`: where candidates begin around one latent, `[1, latent_dim]`, the last of them `farthest` away.
    pub fn spread(&mut self, latent: &Tensor<2>, candidates: usize, farthest: f32) -> Tensor<2> {
        let shape = [candidates, latent.dims()[1]];
        let shares = tensor(shares(candidates, farthest), [candidates, 1]);
        let drawn = self.prior(shape);
        (drawn - latent.clone()) * shares + latent.clone()
    }

    /// `shape`, standard normal.
    pub fn normal(&mut self, shape: [usize; 2]) -> Tensor<2> {
        let values = (0..shape[0] * shape[1]).map(|_| standard_normal(&mut self.rng)).collect();
        tensor(values, shape)
    }

    /// `count` values, uniform in [0, 1).
    pub fn unit(&mut self, count: usize) -> Tensor<1> {
        let values: Vec<f32> = (0..count).map(|_| self.rng.random::<f32>()).collect();
        Tensor::from_data(TensorData::new(values, [count]), &Device::flex())
    }
}

fn tensor(values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_begin_at_the_latent_and_at_different_mixtures_in_the_range_of_the_prior() {
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
    fn candidates_lie_farther_from_one_to_the_next_and_never_on_each_other() {
        let distances = |start_spread: f32| -> Vec<f32> {
            let settings = Settings { candidates: 4, start_spread, ..Settings::default() };
            let squares = |start: &[f32]| start.iter().map(|value| value * value).sum::<f32>();
            settings.spread_around(&[0.0; 4000]).chunks(4000).map(|start| (squares(start) / 4000.0).sqrt()).collect()
        };
        // The prior's standard deviation is 1 / √3.
        for (distance, share) in distances(0.9).into_iter().zip([0.0, 0.3, 0.6, 0.9]) {
            assert!((distance - share / 3.0f32.sqrt()).abs() < 0.01, "{distance} for a share of {share}");
        }
        assert_eq!(distances(0.0), distances(Settings::default().start_spread));
    }
}
