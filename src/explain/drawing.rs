//! A figure as lines, areas, texts and pictures, independent of where it is shown: the editor paints it in a window, the
//! command writes it as a PNG.

use std::ops::Range;
use std::sync::Arc;

use image::RgbImage;

/// A point of a drawing, from its upper left corner, in points.
pub type At = [f32; 2];

/// A colour by its meaning. The theme says which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Text,
    Weak,
    Strong,
    Accent,
    Warning,
    /// Lines of grids and axes.
    Border,
    /// Background of plots and cells.
    Field,
    /// White, and the dark theme's accent and warning: for pictures that are dark in every theme.
    Light,
    LightAccent,
    LightWarning,
}

/// A part of a drawing. Later ones lie over earlier ones.
#[derive(Clone, Debug)]
pub enum Shape {
    Line { points: Vec<At>, width: f32, ink: Ink },
    Area { min: At, max: At, ink: Ink, opacity: f32 },
    Disc { center: At, radius: f32, ink: Ink, opacity: f32 },
    Text(Label),
    Picture { min: At, max: At, picture: Arc<RgbImage>, is_smooth: bool },
}

/// A line of text.
#[derive(Clone, Debug)]
pub struct Label {
    pub at: At,
    /// The point of the text that lies at `at`: 0 is its left or upper edge, 1 its right or lower edge.
    pub anchor: At,
    pub size: f32,
    pub ink: Ink,
    /// English; numbers stay as they are in other languages.
    pub text: String,
}

/// Size of small text.
pub const SMALL: f32 = 11.5;
/// Size of normal text.
pub const NORMAL: f32 = 13.5;

/// A figure.
#[derive(Clone, Debug)]
pub struct Drawing {
    pub size: At,
    pub shapes: Vec<Shape>,
}

impl Drawing {
    #[must_use]
    pub fn new(width: f32, height: f32) -> Self {
        Self { size: [width, height], shapes: Vec::new() }
    }

    pub fn line(&mut self, points: Vec<At>, width: f32, ink: Ink) {
        self.shapes.push(Shape::Line { points, width, ink });
    }

    pub fn area(&mut self, min: At, max: At, ink: Ink, opacity: f32) {
        self.shapes.push(Shape::Area { min, max, ink, opacity });
    }

    /// The outline of a rectangle.
    pub fn outline(&mut self, min: At, max: At, width: f32, ink: Ink) {
        self.line(vec![min, [max[0], min[1]], max, [min[0], max[1]], min], width, ink);
    }

    /// A horizontal arrow.
    pub fn arrow(&mut self, from: At, to: At, ink: Ink) {
        self.line(vec![from, to], 1.5, ink);
        self.line(vec![[to[0] - 4.0, to[1] - 4.0], to, [to[0] - 4.0, to[1] + 4.0]], 1.5, ink);
    }

    pub fn disc(&mut self, center: At, radius: f32, ink: Ink, opacity: f32) {
        self.shapes.push(Shape::Disc { center, radius, ink, opacity });
    }

    /// Small text. `anchor` as in [`Label`].
    pub fn small(&mut self, at: At, anchor: At, ink: Ink, text: impl Into<String>) {
        self.shapes.push(Shape::Text(Label { at, anchor, size: SMALL, ink, text: text.into() }));
    }

    /// Text of normal size. `anchor` as in [`Label`].
    pub fn text(&mut self, at: At, anchor: At, ink: Ink, text: impl Into<String>) {
        self.shapes.push(Shape::Text(Label { at, anchor, size: NORMAL, ink, text: text.into() }));
    }

    /// A picture whose pixels are seen.
    pub fn pixels(&mut self, min: At, side: f32, picture: &Arc<RgbImage>) {
        let max = [min[0] + side, min[1] + side];
        self.shapes.push(Shape::Picture { min, max, picture: Arc::clone(picture), is_smooth: false });
    }

    /// A picture that is smoothed when it is enlarged.
    pub fn picture(&mut self, min: At, side: f32, picture: &Arc<RgbImage>) {
        let max = [min[0] + side, min[1] + side];
        self.shapes.push(Shape::Picture { min, max, picture: Arc::clone(picture), is_smooth: true });
    }

    /// The texts, for tests and for assistive technology.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(label) => Some(label.text.as_str()),
            _ => None,
        })
    }
}

/// The axes of a plot: where it lies in the drawing, and the values at its borders.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    pub min: At,
    pub max: At,
    pub x: Range<f32>,
    /// From the lower border to the upper one.
    pub y: Range<f32>,
}

impl Axes {
    /// The place of a value.
    #[must_use]
    pub fn place(&self, [x, y]: [f32; 2]) -> At {
        let share = |value: f32, range: &Range<f32>| (value - range.start) / (range.end - range.start);
        let (across, up) = (share(x, &self.x), share(y, &self.y));
        [self.min[0] + across * (self.max[0] - self.min[0]), self.max[1] - up * (self.max[1] - self.min[1])]
    }

    /// The value at a place, within the axes.
    #[must_use]
    pub fn value(&self, [x, y]: At) -> [f32; 2] {
        let across = ((x - self.min[0]) / (self.max[0] - self.min[0])).clamp(0.0, 1.0);
        let up = ((self.max[1] - y) / (self.max[1] - self.min[1])).clamp(0.0, 1.0);
        [self.x.start + across * (self.x.end - self.x.start), self.y.start + up * (self.y.end - self.y.start)]
    }

    /// Whether a value lies within the axes.
    #[must_use]
    pub fn holds(&self, [x, y]: [f32; 2]) -> bool {
        self.x.contains(&x) && self.y.contains(&y)
    }

    /// Draws the background, the border and the names of the axes.
    pub fn draw(&self, drawing: &mut Drawing, x_name: &str, y_name: &str) {
        drawing.area(self.min, self.max, Ink::Field, 1.0);
        drawing.outline(self.min, self.max, 1.0, Ink::Border);
        drawing.small([self.max[0], self.max[1] + 4.0], [1.0, 0.0], Ink::Weak, x_name);
        drawing.small([self.min[0], self.min[1] - 4.0], [0.0, 1.0], Ink::Weak, y_name);
    }

    /// Writes values below the horizontal axis.
    pub fn label_x(&self, drawing: &mut Drawing, values: &[f32]) {
        for value in values {
            let [x, _] = self.place([*value, 0.0]);
            drawing.line(vec![[x, self.max[1]], [x, self.max[1] + 3.0]], 1.0, Ink::Border);
            drawing.small([x, self.max[1] + 4.0], [0.5, 0.0], Ink::Weak, number(*value));
        }
    }

    /// A curve through values, cut at the upper and lower border.
    pub fn curve(&self, drawing: &mut Drawing, values: impl IntoIterator<Item = [f32; 2]>, width: f32, ink: Ink) {
        let clamped = |[x, y]: [f32; 2]| self.place([x, y.clamp(self.y.start, self.y.end)]);
        drawing.line(values.into_iter().map(clamped).collect(), width, ink);
    }
}

/// A number with at most three significant digits, and with a real minus sign.
#[must_use]
pub fn number(value: f32) -> String {
    let size = value.abs();
    let text = match () {
        () if size < 0.0005 => "0".to_owned(),
        () if size >= 100.0 || size.fract() < 1e-6 => format!("{size:.0}"),
        () if size >= 10.0 => format!("{size:.1}"),
        () if size >= 1.0 => format!("{size:.2}"),
        () => format!("{size:.3}"),
    };
    if value < 0.0 && text != "0" { format!("−{text}") } else { text }
}

/// A small count as a number for arithmetic.
#[expect(clippy::cast_precision_loss, reason = "counts in figures are far below 2^24")]
#[must_use]
pub fn to_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact")]

    use super::*;

    #[test]
    fn axes_place_values_and_find_them_again() {
        let axes = Axes { min: [10.0, 20.0], max: [110.0, 220.0], x: -1.0..1.0, y: 0.0..4.0 };
        assert_eq!(axes.place([-1.0, 0.0]), [10.0, 220.0]);
        assert_eq!(axes.place([0.0, 4.0]), [60.0, 20.0]);
        assert_eq!(axes.value([85.0, 70.0]), [0.5, 3.0]);
        assert_eq!(axes.value([500.0, -9.0]), [1.0, 4.0]);
    }

    #[test]
    fn numbers_are_short() {
        let texts = [0.0, -0.0001, 7.0, -2.5, 0.0432, 12.34, 1234.5, -31.0].map(number);
        assert_eq!(texts, ["0", "0", "7", "−2.50", "0.043", "12.3", "1234", "−31"]);
    }
}
