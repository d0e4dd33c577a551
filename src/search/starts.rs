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
    /// The noise is as the settings say ([`start_spread`](Self::start_spread)). Presets that start from the prior have none; theirs
    /// is that of Best, since candidates that begin alike could end alike.
    #[must_use]
    pub fn spread_around(&self, latent: &[f32]) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(SPREAD_STREAM);
        let farthest = if self.start_spread > 0.0 { self.start_spread } else { Self::default().start_spread };
        let offsets = offsets(self.candidates as usize, latent.len(), farthest, &mut rng);
        offsets.iter().zip(latent.iter().cycle()).map(|(offset, value)| (value + offset).clamp(-1.0, 1.0)).collect()
    }
}

/// How far candidates begin from one latent: the first not at all, each after it farther, the last by normal noise of the standard
/// deviation `farthest`. One candidate after the other.
fn offsets(candidates: usize, latent_dim: usize, farthest: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^24 candidates")]
    let deviation = |candidate: usize| farthest * candidate as f32 / (candidates - 1) as f32;
    let copies = (1..candidates).flat_map(|candidate| std::iter::repeat_n(deviation(candidate), latent_dim));
    let mut offsets = vec![0.0; latent_dim];
    offsets.extend(copies.map(|deviation| deviation * standard_normal(rng)));
    offsets
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

    /// `[candidates, latent_dim]`: where candidates begin around one latent, `[1, latent_dim]`, the last of them `farthest` away.
    pub fn spread(&mut self, latent: &Tensor<2>, candidates: usize, farthest: f32) -> Tensor<2> {
        let shape = [candidates, latent.dims()[1]];
        let offsets = offsets(shape[0], shape[1], farthest, &mut self.rng);
        (latent.clone().expand(shape) + self.upload(offsets, shape)).clamp(-1.0, 1.0)
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
    fn copies_lie_farther_from_one_to_the_next_and_never_on_each_other() {
        let deviations = |start_spread: f32| -> Vec<f32> {
            let settings = Settings { candidates: 4, start_spread, ..Settings::default() };
            let squares = |copy: &[f32]| copy.iter().map(|value| value * value).sum::<f32>();
            settings.spread_around(&[0.0; 4000]).chunks(4000).map(|copy| (squares(copy) / 4000.0).sqrt()).collect()
        };
        for (deviation, expected) in deviations(0.3).into_iter().zip([0.0, 0.1, 0.2, 0.3]) {
            assert!((deviation - expected).abs() < 0.01, "{deviation} for {expected}");
        }
        assert_eq!(deviations(0.0), deviations(Settings::default().start_spread));
    }
}
