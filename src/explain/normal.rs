//! Figure 1: the density of a normal distribution with samples of it, and the conditional maximum of two values that
//! depend on each other. This is completion with one known and one unknown value.

use std::f32::consts::TAU;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::drawing::{Axes, Drawing, Ink, number, to_f32};

/// A normal distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    pub mean: f32,
    pub deviation: f32,
}

/// A normal distribution of two values. Both have the mean 0 and the standard deviation 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal2 {
    /// Between -1 and 1, exclusive.
    pub correlation: f32,
}

impl Normal {
    /// The density at a value.
    #[must_use]
    pub fn density(self, value: f32) -> f32 {
        let distance = (value - self.mean) / self.deviation;
        (-0.5 * distance * distance).exp() / (self.deviation * TAU.sqrt())
    }

    /// Samples. The first of them do not depend on their number.
    #[must_use]
    pub fn samples(self, count: usize, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| self.mean + self.deviation * standard_normal(&mut rng)).collect()
    }
}

impl Normal2 {
    /// The distribution of the second value when the first is known. Its mean is the most probable value.
    #[must_use]
    pub fn conditional(self, known: f32) -> Normal {
        Normal { mean: self.correlation * known, deviation: self.unexplained() }
    }

    /// The density at a pair of values.
    #[cfg(test)]
    fn density(self, [x, y]: [f32; 2]) -> f32 {
        let standard = Normal { mean: 0.0, deviation: 1.0 };
        standard.density(x) * self.conditional(x).density(y)
    }

    /// Samples. The first of them do not depend on their number.
    #[must_use]
    pub fn samples(self, count: usize, seed: u64) -> Vec<[f32; 2]> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let pair = |_| self.pair_of([standard_normal(&mut rng), standard_normal(&mut rng)]);
        (0..count).map(pair).collect()
    }

    /// The curve of equal density that cuts the axis of the first value at ±`distance` standard deviations.
    #[must_use]
    pub fn contour(self, distance: f32) -> Vec<[f32; 2]> {
        const CORNERS: u16 = 96;
        let angle = |corner: u16| TAU * f32::from(corner) / f32::from(CORNERS);
        (0..=CORNERS)
            .map(|corner| self.pair_of([distance * angle(corner).cos(), distance * angle(corner).sin()]))
            .collect()
    }

    /// Standard deviation of the second value around its conditional mean.
    fn unexplained(self) -> f32 {
        (1.0 - self.correlation * self.correlation).sqrt()
    }

    /// Maps two independent standard normal values to a pair of this distribution.
    fn pair_of(self, [first, second]: [f32; 2]) -> [f32; 2] {
        [first, self.correlation * first + self.unexplained() * second]
    }
}

/// A sample of the standard normal distribution (Box & Muller 1958).
fn standard_normal(rng: &mut ChaCha8Rng) -> f32 {
    // 1 − u lies in (0, 1], so that the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (TAU * rng.random::<f32>()).cos()
}

/// Range of the horizontal axis of the density.
const DENSITY_RANGE: f32 = 5.0;
/// Range of both axes of the joint density.
const JOINT_RANGE: f32 = 3.2;
/// Largest density that the first figure shows.
const MAX_DENSITY: f32 = 0.85;

/// Draws the density with samples and their histogram under it.
#[must_use]
pub fn density_figure(normal: Normal, count: usize, seed: u64) -> Drawing {
    let mut drawing = Drawing::new(620.0, 300.0);
    let x = -DENSITY_RANGE..DENSITY_RANGE;
    let axes = Axes { min: [8.0, 24.0], max: [612.0, 204.0], x: x.clone(), y: 0.0..MAX_DENSITY };
    axes.draw(&mut drawing, "", "Density");
    let samples = normal.samples(count, seed);
    draw_histogram(&mut drawing, &axes, &samples);
    let value = |step: u16| x.start + (x.end - x.start) * f32::from(step) / 240.0;
    let curve = (0..=240).map(|step| [value(step), normal.density(value(step))]);
    axes.curve(&mut drawing, curve, 2.0, Ink::Accent);
    let strip = Axes { min: [8.0, 212.0], max: [612.0, 262.0], x, y: 0.0..1.0 };
    strip.draw(&mut drawing, "", "");
    strip.label_x(&mut drawing, &[-4.0, -2.0, 0.0, 2.0, 4.0]);
    for (index, sample) in samples.iter().enumerate() {
        // Spread over the height by the golden ratio, so that equal values do not hide each other.
        let height = (to_f32(index) * 0.618_034).fract() * 0.86 + 0.07;
        if strip.x.contains(sample) {
            drawing.disc(strip.place([*sample, height]), 2.0, Ink::Strong, 0.55);
        }
    }
    drawing.small([612.0, 280.0], [1.0, 0.0], Ink::Weak, format!("Samples: {count}"));
    drawing
}

/// Draws the share of the samples in each interval, as a density.
fn draw_histogram(drawing: &mut Drawing, axes: &Axes, samples: &[f32]) {
    const BAR_WIDTH: f32 = 0.25;
    let mut left = axes.x.start;
    while left < axes.x.end {
        let inside = samples.iter().filter(|sample| (left..left + BAR_WIDTH).contains(sample)).count();
        let density = to_f32(inside) / to_f32(samples.len().max(1)) / BAR_WIDTH;
        let (low, high) = (axes.place([left, 0.0]), axes.place([left + BAR_WIDTH, density.min(axes.y.end)]));
        drawing.area([low[0] + 0.5, high[1]], [high[0] - 0.5, low[1]], Ink::Weak, 0.3);
        left += BAR_WIDTH;
    }
}

/// The axes of [`joint_figure`].
#[must_use]
pub fn joint_axes() -> Axes {
    let range = -JOINT_RANGE..JOINT_RANGE;
    Axes { min: [8.0, 24.0], max: [408.0, 424.0], x: range.clone(), y: range }
}

/// Draws the joint density as contours with samples. The first value is known; the line shows how probable each second
/// value then is, and the point the most probable one.
#[must_use]
pub fn joint_figure(normal: Normal2, known: f32, count: usize, seed: u64) -> Drawing {
    let mut drawing = Drawing::new(620.0, 448.0);
    let axes = joint_axes();
    axes.draw(&mut drawing, "x (known)", "y (missing)");
    for pair in normal.samples(count, seed) {
        if axes.holds(pair) {
            drawing.disc(axes.place(pair), 1.8, Ink::Strong, 0.45);
        }
    }
    for distance in [0.5, 1.0, 1.5, 2.0, 2.5] {
        let inside = normal.contour(distance).into_iter().map(|[x, y]| [x.clamp(axes.x.start, axes.x.end), y]);
        axes.curve(&mut drawing, inside, 1.2, Ink::Accent);
    }
    let conditional = normal.conditional(known);
    let best = axes.place([known, conditional.mean]);
    drawing.line(vec![[best[0], axes.min[1]], [best[0], axes.max[1]]], 1.5, Ink::Warning);
    draw_conditional(&mut drawing, &axes, conditional);
    drawing.line(vec![best, [CONDITIONAL_LEFT, best[1]]], 1.0, Ink::Warning);
    drawing.disc(best, 6.0, Ink::Warning, 1.0);
    let [left, bottom] = [CONDITIONAL_LEFT, axes.max[1]];
    drawing.small([left, axes.min[1] - 4.0], [0.0, 1.0], Ink::Weak, "How likely is each y, given x?");
    drawing.text([left, bottom + 4.0], [0.0, 0.0], Ink::Strong, format!("x = {}", number(known)));
    let text = format!("best y = {}", number(conditional.mean));
    drawing.text([left + 84.0, bottom + 4.0], [0.0, 0.0], Ink::Warning, text);
    drawing
}

/// Left border of the conditional density beside the contours.
const CONDITIONAL_LEFT: f32 = 424.0;

/// Draws the conditional density to the right of the contours, upright as the vertical axis.
fn draw_conditional(drawing: &mut Drawing, axes: &Axes, conditional: Normal) {
    let side = Axes { min: [CONDITIONAL_LEFT, axes.min[1]], max: [612.0, axes.max[1]], x: 0.0..1.0, y: axes.y.clone() };
    drawing.area(side.min, side.max, Ink::Field, 1.0);
    drawing.outline(side.min, side.max, 1.0, Ink::Border);
    let value = |step: u16| axes.y.start + (axes.y.end - axes.y.start) * f32::from(step) / 200.0;
    // The widest curve is that of independent values; narrow ones are cut.
    let share = |y: f32| (conditional.density(y) / 1.2).min(1.0);
    let curve = (0..=200).map(|step| side.place([share(value(step)), value(step)])).collect();
    drawing.line(curve, 2.0, Ink::Accent);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn density_sums_to_one() {
        let normal = Normal { mean: 0.7, deviation: 0.6 };
        let sum: f32 = (-800i16..800).map(|step| normal.density(f32::from(step) / 100.0) / 100.0).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
        assert!((normal.density(0.7) - 0.398_942_3 / 0.6).abs() < 1e-5);
    }

    #[test]
    fn samples_have_mean_and_deviation() {
        let samples = Normal { mean: 1.5, deviation: 0.5 }.samples(20_000, 3);
        let mean = samples.iter().sum::<f32>() / to_f32(samples.len());
        let variance = samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f32>() / to_f32(samples.len());
        assert!((mean - 1.5).abs() < 0.02 && (variance.sqrt() - 0.5).abs() < 0.02, "{mean} {variance}");
        assert_eq!(samples[..5], Normal { mean: 1.5, deviation: 0.5 }.samples(5, 3));
    }

    #[test]
    fn the_conditional_maximum_is_the_highest_point_of_its_line() {
        for correlation in [-0.9, -0.3, 0.0, 0.5, 0.95] {
            let normal = Normal2 { correlation };
            for known in [-2.0, 0.4, 1.7] {
                let steps = (-4000i16..=4000).map(|step| f32::from(step) / 1000.0);
                let highest = steps.max_by(|a, b| normal.density([known, *a]).total_cmp(&normal.density([known, *b])));
                let maximum = normal.conditional(known).mean;
                assert!((highest.unwrap() - maximum).abs() < 2e-3, "{correlation} {known}: {highest:?} {maximum}");
            }
        }
    }

    #[test]
    fn contours_have_equal_density() {
        let normal = Normal2 { correlation: 0.8 };
        let densities: Vec<f32> = normal.contour(1.5).into_iter().map(|pair| normal.density(pair)).collect();
        assert!(densities.iter().all(|density| (density / densities[0] - 1.0).abs() < 1e-3), "{densities:?}");
        assert!(densities[0] < normal.density([0.0, 0.0]));
    }

    #[test]
    fn pairs_have_the_correlation() {
        let pairs = Normal2 { correlation: -0.6 }.samples(20_000, 1);
        let mean = |value: &dyn Fn(&[f32; 2]) -> f32| pairs.iter().map(value).sum::<f32>() / to_f32(pairs.len());
        let (product, squares) = (mean(&|pair| pair[0] * pair[1]), mean(&|pair| pair[1] * pair[1]));
        assert!((product + 0.6).abs() < 0.03 && (squares - 1.0).abs() < 0.03, "{product} {squares}");
    }

    #[test]
    fn figures_say_the_best_value() {
        let texts = joint_figure(Normal2 { correlation: 0.5 }, 2.0, 50, 0);
        assert!(texts.texts().any(|text| text == "best y = 1"));
        let discs = |count| {
            let drawing = density_figure(Normal { mean: 0.0, deviation: 1.0 }, count, 0);
            drawing.shapes.iter().filter(|shape| matches!(shape, super::super::drawing::Shape::Disc { .. })).count()
        };
        assert!(discs(40) == 40 && discs(400) >= 399);
    }
}
