//! Figure 6, second half: the losses over two values of the latent around ẑ, the way of the search in this plane, and
//! projected gradient steps.

use std::sync::Arc;

use image::{Rgb, RgbImage};

use super::contour::Field;
use super::drawing::{At, Axes, Drawing, Ink, number, to_f32};
use super::subject::{FaceProblem, SearchWay};
use crate::job::color_bar;
use crate::model::Networks;
use crate::search::Settings;

/// Points along each side of the grid.
const SIDE: usize = 17;
/// The plane reaches this far to each side: a little further than the latents, which lie in [-1, 1].
const RANGE: f32 = 1.2;
/// Contours that are drawn.
const LEVELS: usize = 9;
/// Steps of the descent.
const DESCENT_STEPS: usize = 30;
/// Pixels along each side of the coloured plane.
const HEAT_SIDE: u32 = 96;

/// The losses over a plane of latents.
#[derive(Clone, Debug)]
pub struct LossPlane {
    /// The two values of the latent that vary, counted from 0: those that the search has changed the most.
    pub axes: [usize; 2],
    context: Field,
    prior: Field,
    /// The way of the search in the plane, and last ẑ.
    pub way: Vec<[f32; 2]>,
}

/// A projected gradient step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DescentStep {
    /// Before the projection.
    pub unclipped: [f32; 2],
    /// After it.
    pub point: [f32; 2],
}

impl DescentStep {
    /// Whether the step left the square.
    fn is_set_back(&self) -> bool {
        self.unclipped.iter().any(|value| value.abs() > 1.0)
    }
}

impl LossPlane {
    /// Computes the losses. `progress` gets the share that is done, and returns whether to go on. `None` when it did not.
    #[must_use]
    pub fn compute(
        networks: &Arc<Networks>,
        face: &FaceProblem,
        settings: &Settings,
        way: &SearchWay,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Option<Self> {
        let axes = liveliest_values(way);
        let value = |index: usize| RANGE * (2.0 * to_f32(index) / to_f32(SIDE - 1) - 1.0);
        let latent = |index: usize| {
            let mut latent = way.result().to_vec();
            for (axis, at) in axes.into_iter().zip([index % SIDE, index / SIDE]) {
                if let Some(moved) = latent.get_mut(axis) {
                    *moved = value(at);
                }
            }
            latent
        };
        let latents: Vec<Vec<f32>> = (0..SIDE * SIDE).map(latent).collect();
        let mut share = |done: usize| progress(to_f32(done) / to_f32(SIDE * SIDE));
        let losses = face.problem.losses_at(networks, settings, &latents, &mut share)?;
        let field = |values: Vec<f32>| Field { side: SIDE, values };
        let place = |latent: &Vec<f32>| axes.map(|axis| latent.get(axis).copied().unwrap_or_default());
        Some(Self {
            axes,
            context: field(losses.iter().map(|losses| losses.context).collect()),
            prior: field(losses.iter().map(|losses| losses.prior).collect()),
            way: way.latents.iter().map(place).collect(),
        })
    }

    /// The total loss over the plane, with a λ.
    fn total(&self, lambda: f32) -> Field {
        let pairs = self.context.values.iter().zip(&self.prior.values);
        Field { side: SIDE, values: pairs.map(|(context, prior)| context + lambda * prior).collect() }
    }

    /// The total loss at a point of the plane.
    #[must_use]
    pub fn loss_at(&self, point: [f32; 2], lambda: f32) -> f32 {
        self.total(lambda).interpolate(point.map(to_grid))
    }

    /// Projected gradient descent in the plane: each step goes down the slope, `rate` times as far as the steepest slope
    /// of the plane is long, and is set back into [-1, 1].
    #[must_use]
    pub fn descend(&self, start: [f32; 2], lambda: f32, rate: f32) -> Vec<DescentStep> {
        let total = self.total(lambda);
        let slope_at = |point: [f32; 2]| total.slope(point.map(to_grid));
        let length = |[x, y]: [f32; 2]| x.hypot(y);
        let points = (0..SIDE * SIDE).map(|index| [to_f32(index % SIDE), to_f32(index / SIDE)]);
        let steepest = points.map(|point| length(total.slope(point))).fold(f32::MIN_POSITIVE, f32::max);
        let start = start.map(|value| value.clamp(-1.0, 1.0));
        let mut steps = vec![DescentStep { unclipped: start, point: start }];
        let mut point = start;
        for _ in 0..DESCENT_STEPS {
            let slope = slope_at(point);
            let unclipped = std::array::from_fn(|axis| point[axis] - rate * slope[axis] / steepest);
            point = unclipped.map(|value: f32| value.clamp(-1.0, 1.0));
            steps.push(DescentStep { unclipped, point });
        }
        steps
    }
}

/// A value of the latent in columns or rows of the grid.
fn to_grid(value: f32) -> f32 {
    (value / RANGE).midpoint(1.0) * to_f32(SIDE - 1)
}

/// A place in the grid as a value of the latent.
fn from_grid(place: f32) -> f32 {
    (2.0 * place / to_f32(SIDE - 1) - 1.0) * RANGE
}

/// The two values of the latent with the widest range along the way.
fn liveliest_values(way: &SearchWay) -> [usize; 2] {
    let range = |index: usize| {
        let values = way.latents.iter().filter_map(|latent| latent.get(index).copied());
        let (low, high) =
            values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), it| (low.min(it), high.max(it)));
        high - low
    };
    let mut order: Vec<usize> = (0..way.result().len()).collect();
    order.sort_by(|a, b| range(*b).total_cmp(&range(*a)));
    [order.first().copied().unwrap_or(0), order.get(1).copied().unwrap_or(0)]
}

/// The axes of [`plane_figure`].
#[must_use]
pub fn plane_axes() -> Axes {
    Axes { min: [8.0, 24.0], max: [388.0, 404.0], x: -RANGE..RANGE, y: -RANGE..RANGE }
}

/// Draws the total loss with a λ, the way of the search, and projected gradient steps from a start.
#[must_use]
pub fn plane_figure(plane: &LossPlane, lambda: f32, start: [f32; 2], rate: f32) -> Drawing {
    let mut drawing = Drawing::new(620.0, 428.0);
    let (axes, total) = (plane_axes(), plane.total(lambda));
    let [first, second] = plane.axes.map(|axis| axis + 1);
    axes.draw(&mut drawing, &format!("Value {first} of z"), &format!("Value {second} of z"));
    drawing.picture(axes.min, axes.max[0] - axes.min[0], &Arc::new(heat(&total)));
    for level in levels(&total) {
        for piece in total.contour(level) {
            drawing.line(piece.map(|point| axes.place(point.map(from_grid))).to_vec(), 0.7, Ink::Light);
        }
    }
    let [min, max] = [axes.place([-1.0, 1.0]), axes.place([1.0, -1.0])];
    drawing.outline(min, max, 2.0, Ink::Light);
    let steps = plane.descend(start, lambda, rate);
    draw_way(&mut drawing, &axes, &plane.way);
    draw_descent(&mut drawing, &axes, &steps);
    draw_legend(&mut drawing, plane, &steps, lambda);
    drawing
}

/// The way of the search, and ẑ.
fn draw_way(drawing: &mut Drawing, axes: &Axes, way: &[[f32; 2]]) {
    let places: Vec<At> = way.iter().map(|point| axes.place(*point)).collect();
    for place in &places {
        drawing.disc(*place, 2.5, Ink::Light, 1.0);
    }
    let last = places.last().copied();
    drawing.line(places, 1.5, Ink::Light);
    if let Some(last) = last {
        drawing.disc(last, 6.5, Ink::Light, 1.0);
        drawing.disc(last, 4.5, Ink::LightAccent, 1.0);
    }
}

/// Each step down, and where it was set back.
fn draw_descent(drawing: &mut Drawing, axes: &Axes, steps: &[DescentStep]) {
    drawing.line(steps.iter().map(|step| axes.place(step.point)).collect(), 2.0, Ink::LightWarning);
    for step in steps {
        let (from, to) = (axes.place(step.unclipped), axes.place(step.point));
        if step.is_set_back() {
            drawing.line(vec![from, to], 1.0, Ink::LightWarning);
            drawing.disc(from, 2.0, Ink::LightWarning, 0.7);
        }
        drawing.disc(to, 2.5, Ink::LightWarning, 1.0);
    }
    if let Some(start) = steps.first() {
        drawing.disc(axes.place(start.point), 7.0, Ink::LightWarning, 1.0);
    }
}

fn draw_legend(drawing: &mut Drawing, plane: &LossPlane, steps: &[DescentStep], lambda: f32) {
    let left = 404.0;
    let mut row = 24.0;
    let mut entry = |ink, text: String| {
        drawing.disc([left + 5.0, row + 8.0], 6.0, Ink::Weak, 1.0);
        drawing.disc([left + 5.0, row + 8.0], 4.5, ink, 1.0);
        drawing.small([left + 16.0, row + 8.0], [0.0, 0.5], Ink::Text, text);
        row += 22.0;
    };
    entry(Ink::Light, "The way of the search".to_owned());
    entry(Ink::LightAccent, "Its result z*".to_owned());
    entry(Ink::LightWarning, "Steps down from the start".to_owned());
    let ends = [steps.first(), steps.last()].map(|step| step.map_or([0.0; 2], |step| step.point));
    let [first, last] = ends.map(|point| number(plane.loss_at(point, lambda)));
    drawing.text([left, 106.0], [0.0, 0.0], Ink::Strong, format!("λ = {}", number(lambda)));
    drawing.text([left, 128.0], [0.0, 0.0], Ink::Text, format!("loss {first}, at the end {last}"));
    let clipped = steps.iter().filter(|step| step.is_set_back()).count();
    drawing.text([left, 150.0], [0.0, 0.0], Ink::Text, format!("{clipped} steps set back to the square"));
}

/// Evenly many grid points lie between two levels.
fn levels(total: &Field) -> Vec<f32> {
    let mut sorted = total.values.clone();
    sorted.sort_by(f32::total_cmp);
    let at = |level: usize| sorted.get(level * sorted.len() / (LEVELS + 1)).copied();
    (1..=LEVELS).filter_map(at).collect()
}

/// The loss as colours: dark where it is low. A colour stands for a rank, so that all of them are used.
fn heat(total: &Field) -> RgbImage {
    let colors: Vec<[u8; 3]> = color_bar(false, 256).collect();
    let mut sorted = total.values.clone();
    sorted.sort_by(f32::total_cmp);
    RgbImage::from_fn(HEAT_SIDE, HEAT_SIDE, |x, y| {
        let scale = to_f32(SIDE - 1) / to_f32(HEAT_SIDE as usize);
        let place = |pixel: u32| (to_f32(pixel as usize) + 0.5) * scale;
        // Rows count upwards in the plane, downwards in the picture.
        let value = total.interpolate([place(x), place(HEAT_SIDE - 1 - y)]);
        let rank = sorted.partition_point(|other| *other < value) * 255 / sorted.len().max(1);
        Rgb(colors.get(rank).copied().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact")]

    use super::*;
    use crate::explain::subject::tests::{subject, tiny_networks};

    /// A bowl around (0.5, 1.1), whose lowest point lies outside the square.
    fn bowl() -> LossPlane {
        let value = |index: usize| {
            let [x, y] = [index % SIDE, index / SIDE].map(|at| from_grid(to_f32(at)));
            (x - 0.5).powi(2) + (y - 1.1).powi(2)
        };
        let context = Field { side: SIDE, values: (0..SIDE * SIDE).map(value).collect() };
        let prior = Field { side: SIDE, values: (0..SIDE * SIDE).map(|at| from_grid(to_f32(at % SIDE))).collect() };
        LossPlane { axes: [0, 1], context, prior, way: vec![[0.0, 0.0]] }
    }

    #[test]
    fn descent_ends_at_the_lowest_point_of_the_square() {
        let steps = bowl().descend([-0.8, -0.9], 0.0, 0.4);
        let end = steps.last().unwrap();
        assert!((end.point[0] - 0.5).abs() < 0.1 && end.point[1] == 1.0, "{end:?}");
        assert!(end.unclipped[1] > 1.0, "it was set back");
        let losses: Vec<f32> = steps.iter().map(|step| bowl().loss_at(step.point, 0.0)).collect();
        assert!(losses.windows(2).all(|pair| pair[1] <= pair[0] + 1e-3), "{losses:?}");
        assert_eq!(bowl().descend([3.0, 0.0], 0.0, 0.1)[0].point, [1.0, 0.0]);
    }

    #[test]
    fn a_larger_lambda_moves_the_lowest_point() {
        let end = |lambda| bowl().descend([0.0, 0.0], lambda, 0.4).last().unwrap().point[0];
        assert!(end(0.0) > 0.4 && end(2.0) < -0.3, "{} {}", end(0.0), end(2.0));
    }

    #[test]
    fn the_plane_holds_the_losses_of_its_latents() {
        let (networks, subject) = (tiny_networks(), subject());
        let face = subject.problem(16).unwrap();
        let way = subject.search_way(&networks, &face, &mut |_| true).unwrap();
        let plane = LossPlane::compute(&networks, &face, &subject.settings, &way, &mut |_| true).unwrap();
        assert!(plane.axes[0] != plane.axes[1] && plane.way.len() == 7);
        let mut latent = way.result().to_vec();
        for (axis, value) in plane.axes.into_iter().zip([0.6, -0.3]) {
            latent[axis] = value;
        }
        // (0.6, -0.3) is a point of the grid.
        let losses = face.problem.losses_at(&networks, &subject.settings, &[latent], &mut |_| true).unwrap()[0];
        assert!((plane.loss_at([0.6, -0.3], subject.settings.lambda) - losses.total).abs() < 1e-4);
        assert!((plane.loss_at([0.6, -0.3], 0.0) - losses.context).abs() < 1e-4);
        let texts: Vec<String> = plane_figure(&plane, 0.5, [0.0, 0.0], 0.1).texts().map(str::to_owned).collect();
        assert!(texts.iter().any(|text| text == "λ = 0.500"), "{texts:?}");
    }
}
