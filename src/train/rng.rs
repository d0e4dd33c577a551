//! The random numbers of a training run.
//!
//! Each step has its own stream, which depends only on the run's seed and the step's number. So a resumed run draws the
//! same numbers as an uninterrupted one.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The uses of random numbers. Each has its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RngStream {
    /// The initial weights.
    InitialWeights,
    /// Faces, masks, latents and augmentation of one step.
    Step(u64),
    /// The latents of the sample images.
    Samples,
    /// Latents and random subsets for the quality metrics.
    Evaluation,
    /// The random projections of the pretrained features.
    FeatureProjections,
}

/// The random generator for this seed and use.
pub(super) fn rng_for(seed: u64, purpose: RngStream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(match purpose {
        RngStream::InitialWeights => 0,
        RngStream::Samples => 1,
        RngStream::Evaluation => 2,
        RngStream::FeatureProjections => 3,
        RngStream::Step(step) => 16 + step,
    });
    rng
}

/// A standard normal value (Box–Muller).
pub(super) fn standard_normal(rng: &mut ChaCha8Rng) -> f32 {
    // 1 − u lies in (0, 1], so the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

/// Draws `count` values from the prior: uniform in [-1, 1).
pub(super) fn sample_prior(rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_own_repeatable_stream() {
        let draw = |seed, purpose| sample_prior(&mut rng_for(seed, purpose), 4);
        assert_eq!(draw(1, RngStream::Step(3)), draw(1, RngStream::Step(3)));
        for other in [draw(1, RngStream::Step(4)), draw(2, RngStream::Step(3)), draw(1, RngStream::InitialWeights)] {
            assert_ne!(draw(1, RngStream::Step(3)), other);
        }
    }

    #[test]
    fn normal_values_have_mean_0_and_deviation_1() {
        let mut rng = rng_for(5, RngStream::InitialWeights);
        let values: Vec<f32> = (0..20_000).map(|_| standard_normal(&mut rng)).collect();
        let mean = values.iter().sum::<f32>() / 20_000.0;
        let square = values.iter().map(|value| value * value).sum::<f32>() / 20_000.0;
        // Four standard errors.
        assert!(mean.abs() < 0.03 && (square - 1.0).abs() < 0.04, "{mean} {square}");
    }
}
