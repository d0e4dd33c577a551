//! Draws a map's legend into a picture, for the command line: with egui's fonts, but without a window.

use egui::epaint::text::{Fonts, Galley, TextOptions};
use egui::{Color32, ColorImage, FontDefinitions, FontId, pos2};
use image::RgbaImage;
use std::sync::Arc;

use super::legend_text::LegendText;
use crate::app::text_picture::{mix, paint_galley};
use crate::app::theme::DARK_PALETTE;
use crate::geometry::{FaceFrame, RectPx};
use crate::job::{MapKind, color_bar};

/// Sizes in points.
const WIDTH: f32 = 250.0;
const PADDING: f32 = 10.0;
const BAR_HEIGHT: f32 = 10.0;
const LINE_GAP: f32 = 4.0;
const TITLE_SIZE: f32 = 15.0;
const TEXT_SIZE: f32 = 12.0;
/// A photo with this shorter side gets one pixel per point. Others in proportion, but at least [`MIN_SCALE`].
const SIDE_AT_SCALE_ONE: f32 = 700.0;
/// Below this many pixels per point the text cannot be read.
const MIN_SCALE: f32 = 0.85;
/// Distance from the borders of the picture.
const MARGIN: f32 = 10.0;
/// Opacity of the background.
const GROUND_OPACITY: f32 = 0.88;

/// Draws the legend in the corner of the picture that covers the least of the face frame. Returns whether it fits into the
/// picture; if not, nothing is drawn.
pub fn paint_legend(picture: &mut RgbaImage, frame: &FaceFrame, kind: MapKind, text: &LegendText) -> bool {
    let (width, height) = picture.dimensions();
    #[expect(clippy::cast_precision_loss, reason = "photo sides are far below 2^24")]
    let scale = (width.min(height) as f32 / SIDE_AT_SCALE_ONE).max(MIN_SCALE);
    let legend = Legend::layout(kind, text, scale);
    let margin = legend.px(MARGIN);
    let (legend_width, legend_height) = (legend.px(WIDTH + 2.0 * PADDING), legend.px(legend.height));
    if legend_width + 2 * margin > width || legend_height + 2 * margin > height {
        return false;
    }
    let face = frame.bounds_in_photo(width, height);
    let corners = [height - margin - legend_height, margin].into_iter().flat_map(|y| {
        [margin, width - margin - legend_width].map(|x| RectPx { x, y, width: legend_width, height: legend_height })
    });
    if let Some(rect) = corners.min_by_key(|corner| corner.intersection(face).area()) {
        legend.paint(picture, rect);
    }
    true
}

/// A laid-out legend. Positions are in points from its upper left corner.
struct Legend {
    kind: MapKind,
    scale: f32,
    lines: Vec<Line>,
    bar_top: f32,
    height: f32,
    /// The glyphs.
    atlas: ColorImage,
}

struct Line {
    galley: Arc<Galley>,
    left: f32,
    top: f32,
    color: Color32,
}

impl Legend {
    fn layout(kind: MapKind, text: &LegendText, scale: f32) -> Self {
        let mut fonts = Fonts::new(TextOptions::default(), FontDefinitions::default());
        let mut lines = Vec::new();
        let mut top = PADDING;
        let mut view = fonts.with_pixels_per_point(scale);
        let mut layout = |text: &str, size: f32, color: Color32| {
            view.layout(text.to_owned(), FontId::proportional(size), color, WIDTH)
        };
        let palette = &DARK_PALETTE;
        let title = layout(text.title, TITLE_SIZE, palette.strong_text);
        let title_height = title.size().y;
        lines.push(Line { galley: title, left: PADDING, top, color: palette.strong_text });
        top += title_height + LINE_GAP;
        let bar_top = top;
        top += BAR_HEIGHT + LINE_GAP / 2.0;
        let [low, high] = &text.scale_ends;
        let low = layout(low, TEXT_SIZE, palette.weak_text);
        let high = layout(&format!("{high} {}", text.unit), TEXT_SIZE, palette.weak_text);
        let (row_height, right) = (low.size().y.max(high.size().y), PADDING + WIDTH - high.size().x);
        lines.push(Line { galley: low, left: PADDING, top, color: palette.weak_text });
        lines.push(Line { galley: high, left: right, top, color: palette.weak_text });
        top += row_height + LINE_GAP;
        let findings = text.findings.iter().map(|finding| (finding.as_str(), palette.strong_text));
        for (line, color) in findings.chain([(text.explanation, palette.text)]) {
            let galley = layout(line, TEXT_SIZE, color);
            let line_height = galley.size().y;
            lines.push(Line { galley, left: PADDING, top, color });
            top += line_height + LINE_GAP;
        }
        let height = top - LINE_GAP + PADDING;
        Self { kind, scale, lines, bar_top, height, atlas: fonts.image() }
    }

    /// Points to whole pixels.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive numbers")]
    fn px(&self, points: f32) -> u32 {
        (points * self.scale).round() as u32
    }

    fn paint(&self, picture: &mut RgbaImage, rect: RectPx) {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                mix(picture, x, y, DARK_PALETTE.panel, GROUND_OPACITY);
            }
        }
        let (left, top) = (rect.x + self.px(PADDING), rect.y + self.px(self.bar_top));
        let bar = color_bar(self.kind.is_signed(), self.px(WIDTH) as usize);
        for (x, [red, green, blue]) in (left..).zip(bar) {
            for y in top..top + self.px(BAR_HEIGHT) {
                mix(picture, x, y, Color32::from_rgb(red, green, blue), 1.0);
            }
        }
        for Line { galley, left, top, color } in &self.lines {
            let place = ([rect.x, rect.y], pos2(*left, *top));
            paint_galley(picture, galley, place, self.scale, *color, &self.atlas);
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgba;

    use super::*;
    use crate::job::FaceMap;

    fn text() -> LegendText {
        LegendText::new(&FaceMap::new(MapKind::Residual, 1, vec![0.0], vec![true]), None)
    }

    /// The rectangle of changed pixels, and how many are nearly white.
    fn painted(width: u32, height: u32, frame: &FaceFrame) -> Option<(RectPx, usize)> {
        let grey = Rgba([128, 128, 128, 255]);
        let mut picture = RgbaImage::from_pixel(width, height, grey);
        if !paint_legend(&mut picture, frame, MapKind::Residual, &text()) {
            assert!(picture.pixels().all(|pixel| *pixel == grey));
            return None;
        }
        let changed = || picture.enumerate_pixels().filter(|(.., pixel)| **pixel != grey);
        let white = changed().filter(|(.., Rgba([red, green, blue, _]))| red.min(green).min(blue) > &200).count();
        let columns = changed().map(|(x, ..)| x).min()?..changed().map(|(x, ..)| x).max()? + 1;
        let rows = changed().map(|(_, y, _)| y).min()?..changed().map(|(_, y, _)| y).max()? + 1;
        Some((RectPx::from_ranges(columns, rows), white))
    }

    #[test]
    fn the_legend_avoids_the_face() {
        let face_at = |x: f32, y: f32| FaceFrame { center_in_photo: [x, y], side_px: 300.0, angle_radians: 0.0 };
        for (x, y) in [(150.0, 150.0), (550.0, 150.0), (150.0, 550.0), (550.0, 550.0)] {
            let face = face_at(x, y);
            let (rect, white) = painted(700, 700, &face).unwrap();
            assert!(rect.intersection(face.bounds_in_photo(700, 700)).is_empty(), "{x}, {y}: {rect:?}");
            assert!(white > 50, "the title is written: {white}");
        }
    }

    #[test]
    fn its_size_follows_the_photo() {
        let face = FaceFrame::centered(700, 700);
        let width = |side: u32| painted(side, side, &face).map(|(rect, _)| rect.width);
        assert_eq!((width(700), width(1400)), (Some(270), Some(540)));
        assert_eq!(width(120), None, "it does not fit");
    }
}
