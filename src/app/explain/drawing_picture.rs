//! Draws a figure as a picture, for the command line: with egui's fonts and the light theme, but without a window.

use std::sync::Arc;

use egui::epaint::text::{Fonts, Galley, TextOptions};
use egui::{Color32, FontDefinitions, FontId, Pos2, pos2};
use image::imageops::{self, FilterType};
use image::{Rgba, RgbaImage};

use super::ink_color;
use crate::app::text_picture::{mix, paint_galley};
use crate::app::theme::LIGHT_PALETTE;
use crate::explain::{At, Drawing, Label, Shape};

/// Draws a figure with this many pixels per point, on the background of the light theme.
pub fn drawing_picture(drawing: &Drawing, scale: f32) -> RgbaImage {
    let mut fonts = Fonts::new(TextOptions::default(), FontDefinitions::default());
    let mut view = fonts.with_pixels_per_point(scale);
    let mut layout = |label: &Label| {
        view.layout(label.text.clone(), FontId::proportional(label.size), Color32::WHITE, f32::INFINITY)
    };
    // All texts are laid out before the glyphs are read.
    let galleys: Vec<Option<Arc<Galley>>> = drawing
        .shapes
        .iter()
        .map(|shape| if let Shape::Text(label) = shape { Some(layout(label)) } else { None })
        .collect();
    let atlas = fonts.image();
    let [width, height] = drawing.size.map(|points| px(points * scale));
    let background = LIGHT_PALETTE.panel;
    let ground = Rgba([background.r(), background.g(), background.b(), 255]);
    let mut canvas = Canvas { picture: RgbaImage::from_pixel(width, height, ground), scale };
    for (shape, galley) in drawing.shapes.iter().zip(galleys) {
        match (shape, galley) {
            (Shape::Text(label), Some(galley)) => {
                let color = ink_color(&LIGHT_PALETTE, label.ink);
                paint_galley(&mut canvas.picture, &galley, ([0, 0], text_corner(label, &galley)), scale, color, &atlas);
            }
            (shape, _) => canvas.paint(shape),
        }
    }
    canvas.picture
}

/// The upper left corner of a text.
pub(super) fn text_corner(label: &Label, galley: &Galley) -> Pos2 {
    let size = galley.size();
    pos2(label.at[0] - label.anchor[0] * size.x, label.at[1] - label.anchor[1] * size.y)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn px(value: f32) -> u32 {
    value.round() as u32
}

/// A picture with this many pixels per point.
struct Canvas {
    picture: RgbaImage,
    scale: f32,
}

impl Canvas {
    fn paint(&mut self, shape: &Shape) {
        match shape {
            Shape::Line { points, width, ink } => {
                let color = ink_color(&LIGHT_PALETTE, *ink);
                for ends in points.windows(2) {
                    self.segment([ends[0], ends[1]], width / 2.0, color, 1.0);
                }
            }
            Shape::Area { min, max, ink, opacity } => self.area(*min, *max, ink_color(&LIGHT_PALETTE, *ink), *opacity),
            Shape::Disc { center, radius, ink, opacity } => {
                self.segment([*center, *center], *radius, ink_color(&LIGHT_PALETTE, *ink), *opacity);
            }
            Shape::Picture { min, max, picture, is_smooth } => {
                let [left, top] = min.map(|value| px(value * self.scale));
                let [right, bottom] = max.map(|value| px(value * self.scale));
                let filter = if *is_smooth { FilterType::CatmullRom } else { FilterType::Nearest };
                let (width, height) = (right.saturating_sub(left).max(1), bottom.saturating_sub(top).max(1));
                let scaled = image::DynamicImage::ImageRgb8(imageops::resize(&**picture, width, height, filter));
                imageops::replace(&mut self.picture, &scaled.into_rgba8(), left.into(), top.into());
            }
            Shape::Text(_) => {}
        }
    }

    /// All points within `radius` of a line from one point to another: a thick line with round ends, or a disc.
    fn segment(&mut self, [from, to]: [At; 2], radius: f32, color: Color32, opacity: f32) {
        let [from, to] = [from, to].map(|[x, y]| pos2(x * self.scale, y * self.scale));
        let radius = radius * self.scale;
        let bounds = egui::Rect::from_two_pos(from, to).expand(radius + 1.0);
        let along = to - from;
        for y in self.rows(bounds) {
            for x in self.columns(bounds) {
                let at = pixel_center(x, y);
                let share = ((at - from).dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
                let distance = (from + share * along).distance(at);
                let coverage = (radius + 0.5 - distance).clamp(0.0, 1.0);
                mix(&mut self.picture, x, y, color, coverage * opacity);
            }
        }
    }

    fn area(&mut self, min: At, max: At, color: Color32, opacity: f32) {
        let corner = |[x, y]: At| pos2(x * self.scale, y * self.scale);
        let rect = egui::Rect::from_min_max(corner(min), corner(max));
        for y in self.rows(rect) {
            for x in self.columns(rect) {
                let pixel = egui::Rect::from_center_size(pixel_center(x, y), egui::Vec2::splat(1.0));
                let covered = pixel.intersect(rect);
                let coverage = covered.width().max(0.0) * covered.height().max(0.0);
                mix(&mut self.picture, x, y, color, coverage * opacity);
            }
        }
    }

    fn columns(&self, rect: egui::Rect) -> std::ops::Range<u32> {
        px(rect.left().floor())..px(rect.right().ceil()).min(self.picture.width())
    }

    fn rows(&self, rect: egui::Rect) -> std::ops::Range<u32> {
        px(rect.top().floor())..px(rect.bottom().ceil()).min(self.picture.height())
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures are some hundred pixels wide")]
fn pixel_center(x: u32, y: u32) -> Pos2 {
    pos2(x as f32 + 0.5, y as f32 + 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Ink;

    #[test]
    fn shapes_are_drawn_where_they_lie() {
        let mut drawing = Drawing::new(40.0, 20.0);
        drawing.area([0.0, 0.0], [10.0, 10.0], Ink::Accent, 1.0);
        drawing.disc([30.0, 10.0], 5.0, Ink::Warning, 1.0);
        drawing.line(vec![[0.0, 15.0], [20.0, 15.0]], 2.0, Ink::Strong);
        let red = Arc::new(image::RgbImage::from_pixel(2, 2, image::Rgb([255, 0, 0])));
        drawing.pixels([12.0, 0.0], 8.0, &red);
        let picture = drawing_picture(&drawing, 2.0);
        assert_eq!(picture.dimensions(), (80, 40));
        let at = |x: u32, y: u32| {
            let Rgba([red, green, blue, _]) = *picture.get_pixel(2 * x, 2 * y);
            Color32::from_rgb(red, green, blue)
        };
        assert_eq!((at(5, 5), at(30, 10)), (LIGHT_PALETTE.accent, LIGHT_PALETTE.warning));
        assert_eq!((at(10, 15), at(16, 4)), (LIGHT_PALETTE.strong_text, Color32::from_rgb(255, 0, 0)));
        assert_eq!((at(36, 4), at(38, 18)), (LIGHT_PALETTE.panel, LIGHT_PALETTE.panel));
    }

    #[test]
    fn text_is_anchored() {
        let inked = |anchor: f32| {
            let mut drawing = Drawing::new(200.0, 20.0);
            drawing.text([100.0, 2.0], [anchor, 0.0], Ink::Strong, "a line of text");
            let picture = drawing_picture(&drawing, 1.0);
            let ground = *picture.get_pixel(199, 19);
            let columns = picture.enumerate_pixels().filter(|(.., pixel)| **pixel != ground).map(|(x, ..)| x);
            (columns.clone().min().unwrap(), columns.max().unwrap())
        };
        assert!((98..104).contains(&inked(0.0).0));
        assert!((95..102).contains(&inked(1.0).1));
    }
}
