//! `BatchNorm` in training on the CPU (Ioffe & Szegedy 2015), over values in channels-last order.

use rayon::prelude::*;

/// Added to the variance, `PyTorch`'s default.
pub(in crate::train) const EPSILON: f32 = 1e-5;
/// Share of a new batch in the running statistics, `PyTorch`'s default.
pub(in crate::train) const MOMENTUM: f32 = 0.1;
/// Pixels per parallel task. Fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 256;

/// The statistics of a batch, per channel.
pub(super) struct BatchMoments {
    pub mean: Vec<f32>,
    /// The unbiased variance, for the running statistics.
    pub variance: Vec<f32>,
    /// `1 / √(biased variance + ε)`.
    pub inverse_std: Vec<f32>,
}

/// Replaces values `[pixels, channels]` by `(value − mean) / √(variance + ε)`.
pub(super) fn normalise(values: &mut [f32], channels: usize) -> BatchMoments {
    let count = to_f64(values.len() / channels);
    let sums = sum_by_channel(values, channels, |_, value| value);
    let mean: Vec<f32> = sums.into_iter().map(|sum| to_f32(sum / count)).collect();
    let squares = sum_by_channel(values, channels, |channel, value| (value - mean[channel]).powi(2));
    let inverse_std: Vec<f32> =
        squares.iter().map(|sum| to_f32(1.0 / (sum / count + f64::from(EPSILON)).sqrt())).collect();
    let variance = squares.iter().map(|sum| to_f32(sum / (count - 1.0).max(1.0))).collect();
    values.par_chunks_mut(CHUNK * channels).for_each(|pixels| {
        for pixel in pixels.chunks_exact_mut(channels) {
            for ((value, mean), inverse) in pixel.iter_mut().zip(&mean).zip(&inverse_std) {
                *value = (*value - mean) * inverse;
            }
        }
    });
    BatchMoments { mean, variance, inverse_std }
}

/// Backward pass of [`normalise`] and `scale·normalised + shift`: replaces the output gradient by the input gradient.
/// Returns the gradients of scale and shift.
pub(super) fn backward(
    gradient: &mut [f32],
    normalised: &[f32],
    scale: &[f32],
    inverse_std: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let channels = scale.len();
    let count = to_f32(to_f64(gradient.len() / channels));
    let to_shift: Vec<f32> = channel_sums(gradient, channels);
    let to_scale: Vec<f32> = product_sums(gradient, normalised, channels);
    let factor: Vec<f32> = scale.iter().zip(inverse_std).map(|(scale, inverse)| scale * inverse).collect();
    gradient.par_chunks_mut(CHUNK * channels).zip(normalised.par_chunks(CHUNK * channels)).for_each(
        |(gradient, normalised)| {
            for (gradient, normalised) in gradient.chunks_exact_mut(channels).zip(normalised.chunks_exact(channels)) {
                for (channel, (gradient, normalised)) in gradient.iter_mut().zip(normalised).enumerate() {
                    let common = (to_shift[channel] + normalised * to_scale[channel]) / count;
                    *gradient = factor[channel] * (*gradient - common);
                }
            }
        },
    );
    (to_scale, to_shift)
}

/// `Σ values` per channel.
pub(super) fn channel_sums(values: &[f32], channels: usize) -> Vec<f32> {
    sum_by_channel(values, channels, |_, value| value).into_iter().map(to_f32).collect()
}

/// `Σ a·b` per channel.
fn product_sums(a: &[f32], b: &[f32], channels: usize) -> Vec<f32> {
    let parts = a.par_chunks(CHUNK * channels).zip(b.par_chunks(CHUNK * channels)).map(|(a, b)| {
        let mut sums = vec![0.0f32; channels];
        for (a, b) in a.chunks_exact(channels).zip(b.chunks_exact(channels)) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        sums
    });
    add_parts(parts.collect(), channels).into_iter().map(to_f32).collect()
}

fn sum_by_channel(values: &[f32], channels: usize, term: impl Fn(usize, f32) -> f32 + Sync) -> Vec<f64> {
    let parts = values.par_chunks(CHUNK * channels).map(|part| {
        let mut sums = vec![0.0f32; channels];
        for pixel in part.chunks_exact(channels) {
            for (channel, (sum, value)) in sums.iter_mut().zip(pixel).enumerate() {
                *sum += term(channel, *value);
            }
        }
        sums
    });
    add_parts(parts.collect(), channels)
}

fn add_parts(parts: Vec<Vec<f32>>, channels: usize) -> Vec<f64> {
    let mut total = vec![0.0; channels];
    for part in parts {
        for (total, value) in total.iter_mut().zip(part) {
            *total += f64::from(value);
        }
    }
    total
}

#[expect(clippy::cast_precision_loss, reason = "counts of pixels, far below 2^52")]
fn to_f64(pixels: usize) -> f64 {
    pixels as f64
}

#[expect(clippy::cast_possible_truncation, reason = "summed in double precision, kept in single")]
fn to_f32(value: f64) -> f32 {
    value as f32
}
