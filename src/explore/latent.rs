//! Operations on latents: sampling, mean, interpolation, variations.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A generator's input: `latent_dim` values, each in [-1, 1].
pub type Latent = Vec<f32>;

/// Half the width of the uniform noise of variations (DCGAN paper, figure 7).
pub const VARIATION_HALF_WIDTH: f32 = 0.25;

/// A random latent, uniform in [-1, 1). `number` is the seed.
#[must_use]
pub fn sample_latent(number: u64, latent_dim: usize) -> Latent {
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    (0..latent_dim).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// Elementwise mean of latents of equal length. `None` for an empty list.
#[must_use]
pub fn mean_latent(latents: &[Latent]) -> Option<Latent> {
    let mut sum = latents.first()?.clone();
    for latent in &latents[1..] {
        sum.iter_mut().zip(latent).for_each(|(sum, value)| *sum += value);
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody averages 16 million faces")]
    let count = latents.len() as f32;
    Some(sum.into_iter().map(|sum| sum / count).collect())
}

/// Linear interpolation between two latents: `share` 0 is the first, 1 the second.
#[must_use]
pub fn lerp(from: &[f32], to: &[f32], share: f32) -> Latent {
    // Exact at both ends, unlike from + share·(to − from).
    from.iter().zip(to).map(|(from, to)| from * (1.0 - share) + to * share).collect()
}

/// Linear interpolation in equal steps: `steps` latents including both ends (DCGAN paper, figure 4). One step gives
/// only `from`.
#[must_use]
pub fn interpolate(from: &Latent, to: &Latent, steps: u16) -> Vec<Latent> {
    let share = |step: u16| f32::from(step) / f32::from(steps.saturating_sub(1).max(1));
    (0..steps).map(|step| lerp(from, to, share(step))).collect()
}

/// `count` random variations of a latent: each value moves by up to [`VARIATION_HALF_WIDTH`], clamped to [-1, 1].
#[must_use]
pub fn variations(latent: &Latent, count: usize, seed: u64) -> Vec<Latent> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut noise = || rng.random_range(-VARIATION_HALF_WIDTH..VARIATION_HALF_WIDTH);
    (0..count).map(|_| latent.iter().map(|value| (value + noise()).clamp(-1.0, 1.0)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sample_depends_only_on_its_number() {
        assert_eq!(sample_latent(7, 100), sample_latent(7, 100));
        assert_ne!(sample_latent(7, 100), sample_latent(8, 100));
        assert_eq!(sample_latent(7, 100)[..8], sample_latent(7, 8));
        assert!(sample_latent(7, 100).iter().all(|value| (-1.0..1.0).contains(value)));
    }

    #[test]
    fn mean_weights_all_latents_equally() {
        assert_eq!(mean_latent(&[vec![1.0, -1.0], vec![0.0, 0.5], vec![-0.25, 0.5]]), Some(vec![0.25, 0.0]));
        assert_eq!(mean_latent(&[]), None);
    }

    proptest! {
        #[test]
        fn interpolation_has_equal_steps_and_both_ends(seeds in [0u64..1000, 0u64..1000], steps in 2u16..30) {
            let [from, to] = seeds.map(|seed| sample_latent(seed, 8));
            let path = interpolate(&from, &to, steps);
            prop_assert_eq!(path.len(), usize::from(steps));
            prop_assert_eq!(&path[0], &from);
            prop_assert_eq!(&path[path.len() - 1], &to);
            for (step, latent) in path.iter().enumerate() {
                for (value, (from, to)) in latent.iter().zip(from.iter().zip(&to)) {
                    #[expect(clippy::cast_precision_loss, reason = "a few steps")]
                    let share = step as f32 / f32::from(steps - 1);
                    prop_assert!((value - (from + share * (to - from))).abs() < 1e-5);
                }
            }
        }

        #[test]
        fn variations_stay_close_and_in_range(seed in 0u64..1000) {
            let latent = sample_latent(seed, 50);
            let variations = variations(&latent, 3, seed);
            prop_assert!(variations[0] != variations[1]);
            for (varied, value) in variations.iter().flat_map(|variation| variation.iter().zip(&latent)) {
                prop_assert!((varied - value).abs() <= VARIATION_HALF_WIDTH + 1e-6 && varied.abs() <= 1.0);
            }
        }
    }

    #[test]
    fn interpolation_of_one_step_is_the_start() {
        let (from, to) = (sample_latent(1, 4), sample_latent(2, 4));
        assert_eq!(interpolate(&from, &to, 1), std::slice::from_ref(&from));
        assert!(interpolate(&from, &to, 0).is_empty());
    }
}
