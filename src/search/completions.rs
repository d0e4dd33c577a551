//! Many completions of one hole that agree with the known pixels about equally well, and how much they differ.
//!
//! The search finds one latent. Around it, the known pixels `y = G(z) + noise` say much about some directions of the
//! latent space and little about others. A linear approximation of the generator tells which (Laplace's method; Bishop,
//! Pattern Recognition and Machine Learning, 2006, section 4.4): with its Jacobian `J` at the known pixels and a normal
//! prior, the latents that explain them are normal with the precision `Λ = n/σ²·mean(JᵀJ) + Λ₀`. Each completion is the
//! face of one such latent, drawn by the generator itself. `σ²` is what the search has left: the mean square difference to
//! the known pixels. Neighbouring pixels err together, so they count as `n` independent ones.
//!
//! Tried on held-out faces instead: the search's own candidates, searches from many starts, the encoder with other known
//! pixels hidden, and equal noise in all directions. Their spread says less about where the error is.

use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::initial_latents::standard_normal;
use super::loss_maps::GREY_LEVELS_PER_UNIT;
use super::problem::SearchProblem;
use crate::linear_algebra::{cholesky, mean, solve_upper, to_f64};
use crate::model::Networks;
use crate::model::cpu::CpuActivations;

/// Number of completions.
pub const COMPLETION_COUNT: usize = 32;
/// `n`: with this value, completions differ from the known pixels by about a sixth more than the fill does, and the
/// spread in the hole is nearly as large as the error on held-out faces (`countenance eval --uncertainty`).
const INDEPENDENT_PIXELS: f64 = 300.0;
/// Precision of the prior: a value that is uniform in [-1, 1] has the variance 1/3.
const PRIOR_PRECISION: f64 = 3.0;
/// Step of the finite differences that give the Jacobian: well above the rounding of bfloat16, and far below the range
/// of a latent value.
const JACOBIAN_STEP: f32 = 0.1;
/// Latents in one forward pass: few, so that the work can be cancelled soon.
const BATCH: usize = 8;
/// Standard deviation of the smoothing of the spread, in crop pixels: that of 32 completions is itself uncertain.
const SMOOTHING_PX: f32 = 2.0;

/// How much the completions of a hole differ.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletionSpread {
    /// `[side, side]`: the standard deviation over the completions and channels, in grey levels (0 to 255), smoothed
    /// within the hole. Zero at known pixels.
    pub spread: Vec<f32>,
    /// The completions' mean difference to the known pixels, divided by that of the fill: 1 if they agree as well. `None`
    /// without known pixels.
    pub misfit_ratio: Option<f32>,
}

impl SearchProblem {
    /// Draws completions around the latent of a fill. `progress` gets the share that is done, and returns whether to go
    /// on. `None` when it did not.
    ///
    /// # Panics
    /// When a GPU is lost or out of memory.
    pub fn completion_spread(
        &self,
        networks: &Networks,
        latent: &[f32],
        seed: u64,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Option<CompletionSpread> {
        let dim = latent.len();
        let batch_count = 1 + dim.div_ceil(BATCH) + COMPLETION_COUNT.div_ceil(BATCH);
        let mut activations = CpuActivations::default();
        let mut done = 0.0;
        let mut generate = |latents: &[f32]| {
            #[expect(clippy::cast_precision_loss, reason = "a few batches")]
            let share = done / batch_count as f32;
            done += 1.0;
            progress(share).then(|| networks.generate(latents.len() / dim, latents, &mut activations))
        };
        let drawn = generate(latent)?;
        let known = self.known_values();
        let residuals: Vec<f64> = known.iter().map(|&(at, truth)| f64::from(drawn[at]) - f64::from(truth)).collect();
        let mut precision = if known.is_empty() {
            vec![0.0; dim * dim]
        } else {
            let jacobian = known_jacobian(latent, &drawn, &known, &mut generate)?;
            let variance = mean(residuals.iter().map(|residual| residual * residual)).max(f64::MIN_POSITIVE);
            let scale = INDEPENDENT_PIXELS / variance / to_f64(known.len());
            gram_matrix(jacobian, dim, networks).into_iter().map(|value| scale * f64::from(value)).collect()
        };
        for index in 0..dim {
            precision[index * dim + index] += PRIOR_PRECISION;
        }
        cholesky(&mut precision, dim);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut statistics = Statistics::new(drawn.len());
        let mut misfit = 0.0;
        for first in (0..COMPLETION_COUNT).step_by(BATCH) {
            let count = BATCH.min(COMPLETION_COUNT - first);
            let latents: Vec<f32> = (0..count).flat_map(|_| sample_latent(latent, &precision, &mut rng)).collect();
            for picture in generate(&latents)?.chunks_exact(drawn.len()) {
                statistics.add(picture);
                misfit += mean(known.iter().map(|&(at, truth)| f64::from((picture[at] - truth).abs())));
            }
        }
        let own_misfit = mean(residuals.iter().map(|residual| residual.abs()));
        #[expect(clippy::cast_possible_truncation, reason = "a ratio near 1")]
        let misfit_ratio = (own_misfit > 0.0).then(|| (misfit / to_f64(COMPLETION_COUNT) / own_misfit) as f32);
        let spread = smooth(&statistics.deviations(), &self.known, self.size_px);
        Some(CompletionSpread { spread, misfit_ratio })
    }

    /// The known pixels: the index in a picture `[side, side, 3]`, and the value.
    fn known_values(&self) -> Vec<(usize, f32)> {
        let area = self.size_px * self.size_px;
        let is_known = |pixel: &usize| self.known[*pixel] > 0.0;
        let values = |pixel: usize| (0..3).map(move |channel| (3 * pixel + channel, channel * area + pixel));
        let indices = (0..area).filter(is_known).flat_map(values);
        indices.map(|(at, from)| (at, self.pixels[from])).collect()
    }
}

/// The Jacobian of the generator at the known pixels, by finite differences: `[latent_dim, known.len()]`. Each value of
/// the latent moves towards 0, so that it stays in the prior's range.
fn known_jacobian(
    latent: &[f32],
    drawn: &[f32],
    known: &[(usize, f32)],
    generate: &mut impl FnMut(&[f32]) -> Option<Vec<f32>>,
) -> Option<Vec<f32>> {
    let step = |value: f32| if value > 0.0 { -JACOBIAN_STEP } else { JACOBIAN_STEP };
    let mut jacobian = Vec::with_capacity(latent.len() * known.len());
    for first in (0..latent.len()).step_by(BATCH) {
        let indices = first..latent.len().min(first + BATCH);
        let moved = |index: usize| {
            let mut moved = latent.to_vec();
            moved[index] += step(moved[index]);
            moved
        };
        let pictures = generate(&indices.clone().flat_map(moved).collect::<Vec<_>>())?;
        for (index, picture) in indices.zip(pictures.chunks_exact(drawn.len())) {
            let step = step(latent[index]);
            jacobian.extend(known.iter().map(|&(at, _)| (picture[at] - drawn[at]) / step));
        }
    }
    Some(jacobian)
}

/// `J·Jᵀ` of `J`, `[dim, values]`, on the networks' device: `[dim, dim]`.
fn gram_matrix(jacobian: Vec<f32>, dim: usize, networks: &Networks) -> Vec<f32> {
    let shape = [dim, jacobian.len() / dim];
    let jacobian = Tensor::<2>::from_data(TensorData::new(jacobian, shape), &networks.device());
    crate::model::read_values(jacobian.clone().matmul(jacobian.transpose()))
}

/// A sample of the normal distribution around a latent whose precision is `L·Lᵀ`, clipped to the prior's range: the
/// solution of `Lᵀ·x = n` for normal `n` has this precision.
fn sample_latent(latent: &[f32], factor: &[f64], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut offset: Vec<f64> = latent.iter().map(|_| f64::from(standard_normal(rng))).collect();
    solve_upper(factor, &mut offset);
    #[expect(clippy::cast_possible_truncation, reason = "computed in f64, used in f32")]
    let moved = |(value, offset): (&f32, f64)| (value + offset as f32).clamp(-1.0, 1.0);
    latent.iter().zip(offset).map(moved).collect()
}

/// Mean and square sum of pictures, value by value (Welford 1962).
struct Statistics {
    count: f32,
    means: Vec<f32>,
    squares: Vec<f32>,
}

impl Statistics {
    fn new(length: usize) -> Self {
        Self { count: 0.0, means: vec![0.0; length], squares: vec![0.0; length] }
    }

    fn add(&mut self, values: &[f32]) {
        self.count += 1.0;
        for ((mean, square), value) in self.means.iter_mut().zip(&mut self.squares).zip(values) {
            let difference = value - *mean;
            *mean += difference / self.count;
            *square += difference * (value - *mean);
        }
    }

    /// The standard deviation of each pixel over pictures and channels, in grey levels.
    fn deviations(&self) -> Vec<f32> {
        let variance = |channels: &[f32; 3]| channels.iter().sum::<f32>() / (3.0 * self.count.max(1.0));
        self.squares.as_chunks::<3>().0.iter().map(|it| variance(it).sqrt() * GREY_LEVELS_PER_UNIT).collect()
    }
}

/// Smooths the values of the unknown pixels with a Gaussian over the unknown pixels around them. Known pixels get zero.
fn smooth(values: &[f32], known: &[f32], side: usize) -> Vec<f32> {
    let unknown: Vec<f32> = known.iter().map(|known| if *known > 0.0 { 0.0 } else { 1.0 }).collect();
    let masked: Vec<f32> = values.iter().zip(&unknown).map(|(value, unknown)| value * unknown).collect();
    let blur = |plane: &[f32]| blur_rows(&blur_rows(plane, side), side);
    let (sums, weights) = (blur(&masked), blur(&unknown));
    let mean = |((sum, weight), unknown): ((&f32, &f32), &f32)| if *unknown > 0.0 { sum / weight } else { 0.0 };
    sums.iter().zip(&weights).zip(&unknown).map(mean).collect()
}

/// Blurs each row of a square plane and transposes it: twice blurs both ways.
#[expect(clippy::cast_precision_loss, reason = "a few pixels")]
fn blur_rows(plane: &[f32], side: usize) -> Vec<f32> {
    const RADIUS: usize = 6;
    let kernel: [f32; RADIUS + 1] =
        std::array::from_fn(|distance| (-0.5 * (distance as f32 / SMOOTHING_PX).powi(2)).exp());
    let blurred = |x: usize, y: usize| {
        let window = x.saturating_sub(RADIUS)..(x + RADIUS + 1).min(side);
        window.map(|column| kernel[column.abs_diff(x)] * plane[y * side + column]).sum::<f32>()
    };
    (0..side).flat_map(|x| (0..side).map(move |y| blurred(x, y))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cpu::CpuPrecision;
    use crate::model::gpu::tests::any_gpu;
    use crate::model::{ModelFile, TINY_MODEL};
    use crate::search::tests::rules::{SIZE_PX, one_sided};

    fn tiny_networks() -> Networks {
        Networks::load_on_cpu(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), CpuPrecision::Single).unwrap()
    }

    /// A latent and a problem whose known pixels are its own face, up to noise of this amplitude.
    fn explained(networks: &Networks, noise: f32) -> (Vec<f32>, SearchProblem) {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let wave = |index: usize| (index as f32 * 1.7).sin();
        let latent: Vec<f32> = (0..networks.info.latent_dim).map(|index| 0.6 * wave(index)).collect();
        let drawn = networks.generate(1, &latent, &mut CpuActivations::default());
        let area = SIZE_PX * SIZE_PX;
        let pixels = (0..3 * area).map(|index| drawn[index % area * 3 + index / area] + noise * wave(index));
        (latent, SearchProblem { pixels: pixels.collect(), ..one_sided() })
    }

    #[test]
    fn well_explained_pixels_leave_less_open() {
        let networks = tiny_networks();
        let mean_spread = |noise: f32| {
            let (latent, problem) = explained(&networks, noise);
            let result = problem.completion_spread(&networks, &latent, 1, &mut |_| true).unwrap();
            let hole = result.spread.iter().zip(&problem.known).filter(|(_, known)| **known == 0.0);
            mean(hole.map(|(spread, _)| f64::from(*spread)))
        };
        let [exact, rough] = [0.01, 0.5].map(mean_spread);
        assert!(exact > 0.0 && rough > 3.0 * exact, "{exact} {rough}");
    }

    #[test]
    fn completions_agree_with_the_known_pixels() {
        let networks = tiny_networks();
        let (latent, problem) = explained(&networks, 0.1);
        let result = problem.completion_spread(&networks, &latent, 1, &mut |_| true).unwrap();
        let ratio = result.misfit_ratio.unwrap();
        assert!((0.9..1.5).contains(&ratio), "{ratio}");
        assert!(result.spread.iter().zip(&problem.known).all(|(spread, known)| (*known > 0.0) == (*spread == 0.0)));
        let again = problem.completion_spread(&networks, &latent, 1, &mut |_| true).unwrap();
        let other = problem.completion_spread(&networks, &latent, 2, &mut |_| true).unwrap();
        assert!(again == result && other != result, "the seed decides");
    }

    #[test]
    fn without_known_pixels_the_prior_remains() {
        let networks = tiny_networks();
        let (latent, problem) = explained(&networks, 0.1);
        let nothing_known = SearchProblem { known: vec![0.0; SIZE_PX * SIZE_PX], ..problem.clone() };
        let spread_of =
            |problem: &SearchProblem| problem.completion_spread(&networks, &latent, 1, &mut |_| true).unwrap();
        let (open, guided) = (spread_of(&nothing_known), spread_of(&problem));
        assert_eq!(open.misfit_ratio, None);
        let in_hole = |result: &CompletionSpread| -> f32 {
            result.spread.iter().zip(&problem.known).filter(|(_, known)| **known == 0.0).map(|(spread, _)| spread).sum()
        };
        assert!(in_hole(&open) > in_hole(&guided));
    }

    #[test]
    fn it_stops_when_asked() {
        let networks = tiny_networks();
        let (latent, problem) = explained(&networks, 0.1);
        let mut shares = Vec::new();
        let result = problem.completion_spread(&networks, &latent, 1, &mut |share| {
            shares.push(share);
            shares.len() < 4
        });
        assert!(result.is_none() && shares.len() == 4 && shares.windows(2).all(|pair| pair[0] < pair[1]), "{shares:?}");
        assert!(shares[0] == 0.0 && shares[3] < 1.0);
    }

    #[test]
    fn a_gpu_gives_the_same_spread() {
        let Some(gpu) = any_gpu() else { return };
        let gpu_networks = Networks::load_on_gpu(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), &gpu).unwrap();
        let tiny = tiny_networks();
        let (latent, problem) = explained(&tiny, 0.1);
        let [cpu, gpu] = [&tiny, &gpu_networks]
            .map(|networks| problem.completion_spread(networks, &latent, 1, &mut |_| true).unwrap().spread);
        let largest = cpu.iter().copied().fold(0.0, f32::max);
        assert!(cpu.iter().zip(&gpu).all(|(cpu, gpu)| (cpu - gpu).abs() < 0.02 * largest));
    }

    #[test]
    fn samples_have_the_given_precision() {
        // Precision [[4, 2], [2, 5]]: covariance [[5, -2], [-2, 4]] / 16.
        let mut matrix = vec![4.0, 2.0, 2.0, 5.0];
        cholesky(&mut matrix, 2);
        // A fifth of the size, so that clipping does not matter.
        let factor: Vec<f64> = matrix.iter().map(|value| 5.0 * value).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let samples: Vec<_> = (0..20_000).map(|_| sample_latent(&[0.0, 0.0], &factor, &mut rng)).collect();
        let moment = |a: usize, b: usize| 25.0 * mean(samples.iter().map(|it| f64::from(it[a]) * f64::from(it[b])));
        for (measured, expected) in [(moment(0, 0), 5.0), (moment(0, 1), -2.0), (moment(1, 1), 4.0)] {
            assert!((measured - expected / 16.0).abs() < 0.01, "{measured} {expected}");
        }
    }
}
