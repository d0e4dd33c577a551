//! Paints a figure in the window.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{
    Align2, ColorImage, FontId, Image, Painter, Pos2, Rect, Response, Role, Sense, Stroke, TextureHandle,
    TextureOptions, Ui, WidgetInfo, vec2,
};
use image::RgbImage;

use super::ink_color;
use crate::app::language::translate_message;
use crate::app::theme::{self, ThemePalette};
use crate::explain::{At, Drawing, Label, Shape};

/// Textures of the pictures that were painted in the last frame.
#[derive(Default)]
pub struct DrawingPainter {
    /// By the picture's address: the picture is kept, so that the address stays its own.
    textures: HashMap<*const RgbImage, CachedTexture>,
    frame: u64,
}

struct CachedTexture {
    picture: Arc<RgbImage>,
    texture: TextureHandle,
    last_used: u64,
}

/// A painted figure.
pub struct Painted {
    pub response: Response,
    origin: Pos2,
    scale: f32,
}

impl Painted {
    /// The point of the drawing where the pointer presses; `None` when it does not.
    pub fn pressed_at(&self) -> Option<At> {
        let at = self.response.is_pointer_button_down_on().then(|| self.response.interact_pointer_pos()).flatten()?;
        let place = (at - self.origin) / self.scale;
        Some([place.x, place.y])
    }
}

/// Range of the points of the window for one point of a drawing.
const SCALES: std::ops::RangeInclusive<f32> = 0.6..=1.25;

impl DrawingPainter {
    /// Paints a figure as wide as there is room. `name` is its accessible name, in the language of the interface.
    pub fn show(&mut self, ui: &mut Ui, drawing: &Drawing, name: &str, sense: Sense) -> Painted {
        let scale = (ui.available_width() / drawing.size[0]).clamp(*SCALES.start(), *SCALES.end());
        let size = vec2(drawing.size[0], drawing.size[1]) * scale;
        let (rect, response) = ui.allocate_exact_size(size, sense);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, accessible_name(name, drawing)));
        if ui.is_rect_visible(rect) {
            let place =
                Placement { painter: ui.painter_at(rect), origin: rect.min, scale, palette: theme::palette(ui) };
            for shape in &drawing.shapes {
                self.paint(ui, &place, shape);
            }
        }
        Painted { response, origin: rect.min, scale }
    }

    fn paint(&mut self, ui: &Ui, place: &Placement, shape: &Shape) {
        let Placement { painter, scale, palette, .. } = place;
        match shape {
            Shape::Line { points, width, ink } => {
                let stroke = Stroke::new(width * scale, ink_color(palette, *ink));
                painter.line(points.iter().map(|point| place.at(*point)).collect(), stroke);
            }
            Shape::Area { min, max, ink, opacity } => {
                let color = ink_color(palette, *ink).gamma_multiply(*opacity);
                painter.rect_filled(place.rect(*min, *max), 0.0, color);
            }
            Shape::Disc { center, radius, ink, opacity } => {
                let color = ink_color(palette, *ink).gamma_multiply(*opacity);
                painter.circle_filled(place.at(*center), radius * scale, color);
            }
            Shape::Text(label) => place.text(label),
            Shape::Picture { min, max, picture, is_smooth } => {
                let rect = place.rect(*min, *max);
                let texture = self.texture(ui, picture, *is_smooth);
                Image::new((texture.id(), rect.size())).paint_at(ui, rect);
            }
        }
    }

    fn texture(&mut self, ui: &Ui, picture: &Arc<RgbImage>, is_smooth: bool) -> TextureHandle {
        let frame = self.frame;
        let load = || {
            let image = ColorImage::from_rgb([picture.width() as usize, picture.height() as usize], picture);
            let options = if is_smooth { TextureOptions::LINEAR } else { TextureOptions::NEAREST };
            let texture = ui.ctx().load_texture("figure", image, options);
            CachedTexture { picture: Arc::clone(picture), texture, last_used: frame }
        };
        let cached = self.textures.entry(Arc::as_ptr(picture)).or_insert_with(load);
        debug_assert!(Arc::ptr_eq(&cached.picture, picture));
        cached.last_used = frame;
        cached.texture.clone()
    }

    /// Ends a frame, and drops the textures not used in it.
    pub fn end_frame(&mut self) {
        let frame = self.frame;
        self.textures.retain(|_, cached| cached.last_used == frame);
        self.frame += 1;
    }
}

/// Where a drawing lies in the window.
struct Placement {
    painter: Painter,
    origin: Pos2,
    scale: f32,
    palette: &'static ThemePalette,
}

impl Placement {
    fn at(&self, [x, y]: At) -> Pos2 {
        self.origin + vec2(x, y) * self.scale
    }

    fn rect(&self, min: At, max: At) -> Rect {
        Rect::from_min_max(self.at(min), self.at(max))
    }

    fn text(&self, label: &Label) {
        let text = translate_message(&label.text);
        let color = ink_color(self.palette, label.ink);
        let font = FontId::proportional(label.size * self.scale);
        let galley = self.painter.layout_no_wrap(text.into_owned(), font, color);
        let corner = self.at(label.at) - vec2(label.anchor[0], label.anchor[1]) * galley.size();
        self.painter.galley(Align2::LEFT_TOP.anchor_size(corner, galley.size()).min, galley, color);
    }
}

/// The figure's name, and its texts that have words.
fn accessible_name(name: &str, drawing: &Drawing) -> String {
    let has_words = |text: &&str| text.chars().any(char::is_alphabetic);
    let texts = drawing.texts().filter(has_words).map(translate_message);
    std::iter::once(name.into()).chain(texts).collect::<Vec<_>>().join("\n")
}
