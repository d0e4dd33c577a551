//! The icons, as strokes on a grid of 16 × 16, and the button that carries one.

use egui::{Color32, CornerRadius, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, Widget, WidgetInfo, pos2, vec2};

use super::theme;

/// A small picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Open,
    Save,
    Export,
    Layer,
    Brush,
    Eraser,
    Frame,
    Clear,
    Invert,
    Undo,
    Redo,
    Dice,
    Help,
    Minus,
    Plus,
    Pause,
    Play,
    Step,
    Reset,
    Before,
    Divider,
    Close,
    Shapes,
}

type Line = &'static [(f32, f32)];

/// Open or closed polylines, and dots `(x, y, radius)`.
struct Drawing {
    lines: &'static [Line],
    dots: &'static [(f32, f32, f32)],
}

/// The grid that icons are drawn on.
const GRID: f32 = 16.0;

impl Icon {
    #[expect(clippy::too_many_lines, reason = "a table of strokes")]
    fn drawing(self) -> Drawing {
        let (lines, dots): (&'static [Line], &'static [(f32, f32, f32)]) = match self {
            Self::Open => (
                &[
                    &[(1.5, 13.0), (1.5, 3.5), (6.0, 3.5), (7.5, 5.5), (13.0, 5.5), (13.0, 7.5)],
                    &[(1.5, 13.0), (4.0, 7.5), (15.0, 7.5), (12.5, 13.0), (1.5, 13.0)],
                ],
                &[],
            ),
            Self::Save => (
                &[
                    &[(2.0, 2.0), (11.0, 2.0), (14.0, 5.0), (14.0, 14.0), (2.0, 14.0), (2.0, 2.0)],
                    &[(5.0, 2.0), (5.0, 5.5), (10.0, 5.5), (10.0, 2.0)],
                    &[(4.5, 14.0), (4.5, 9.0), (11.5, 9.0), (11.5, 14.0)],
                ],
                &[],
            ),
            Self::Export => (
                &[
                    &[(8.0, 10.5), (8.0, 1.5)],
                    &[(4.5, 5.0), (8.0, 1.5), (11.5, 5.0)],
                    &[(2.0, 9.5), (2.0, 14.0), (14.0, 14.0), (14.0, 9.5)],
                ],
                &[],
            ),
            Self::Layer => (
                &[
                    &[(8.0, 1.5), (14.5, 5.0), (8.0, 8.5), (1.5, 5.0), (8.0, 1.5)],
                    &[(1.5, 8.5), (8.0, 12.0), (14.5, 8.5)],
                    &[(1.5, 11.5), (8.0, 15.0), (14.5, 11.5)],
                ],
                &[],
            ),
            Self::Brush => (
                &[
                    &[(14.0, 2.0), (7.5, 8.0)],
                    &[(14.0, 2.0), (8.8, 9.3)],
                    &[(7.5, 8.0), (8.8, 9.3)],
                    &[
                        (7.0, 8.6),
                        (4.5, 9.4),
                        (3.8, 12.4),
                        (2.0, 13.6),
                        (5.5, 13.9),
                        (7.8, 12.6),
                        (8.2, 9.8),
                        (7.0, 8.6),
                    ],
                ],
                &[],
            ),
            Self::Eraser => (
                &[
                    &[(5.5, 13.0), (2.0, 9.5), (9.5, 2.0), (14.0, 6.5), (7.5, 13.0), (5.5, 13.0)],
                    &[(5.8, 5.7), (10.3, 10.2)],
                    &[(5.5, 13.5), (14.0, 13.5)],
                ],
                &[],
            ),
            Self::Frame => (
                &[
                    &[(2.0, 5.5), (2.0, 2.0), (5.5, 2.0)],
                    &[(10.5, 2.0), (14.0, 2.0), (14.0, 5.5)],
                    &[(14.0, 10.5), (14.0, 14.0), (10.5, 14.0)],
                    &[(5.5, 14.0), (2.0, 14.0), (2.0, 10.5)],
                    &[(5.8, 10.0), (8.0, 11.0), (10.2, 10.0)],
                ],
                &[(6.0, 6.5, 0.9), (10.0, 6.5, 0.9)],
            ),
            Self::Clear => (
                &[
                    &[(2.5, 4.5), (13.5, 4.5)],
                    &[(6.0, 4.5), (6.0, 2.5), (10.0, 2.5), (10.0, 4.5)],
                    &[(4.0, 4.5), (4.6, 14.0), (11.4, 14.0), (12.0, 4.5)],
                ],
                &[],
            ),
            Self::Invert => (
                &[
                    &[(2.0, 2.0), (14.0, 2.0), (14.0, 14.0), (2.0, 14.0), (2.0, 2.0)],
                    &[(14.0, 2.0), (2.0, 14.0)],
                    &[(5.6, 13.6), (13.6, 5.6)],
                    &[(9.2, 13.6), (13.6, 9.2)],
                ],
                &[],
            ),
            Self::Undo => (
                &[
                    &[(5.5, 2.5), (2.0, 6.0), (5.5, 9.5)],
                    &[(2.0, 6.0), (9.5, 6.0), (12.4, 7.2), (13.6, 9.8), (12.4, 12.4), (9.5, 13.5), (5.5, 13.5)],
                ],
                &[],
            ),
            Self::Redo => (
                &[
                    &[(10.5, 2.5), (14.0, 6.0), (10.5, 9.5)],
                    &[(14.0, 6.0), (6.5, 6.0), (3.6, 7.2), (2.4, 9.8), (3.6, 12.4), (6.5, 13.5), (10.5, 13.5)],
                ],
                &[],
            ),
            Self::Dice => (
                &[&[(2.5, 2.5), (13.5, 2.5), (13.5, 13.5), (2.5, 13.5), (2.5, 2.5)]],
                &[(5.3, 5.3, 1.1), (10.7, 5.3, 1.1), (8.0, 8.0, 1.1), (5.3, 10.7, 1.1), (10.7, 10.7, 1.1)],
            ),
            Self::Help => (
                &[&[(5.0, 5.5), (5.6, 3.2), (8.0, 2.2), (10.4, 3.2), (11.0, 5.4), (9.6, 7.4), (8.0, 8.6), (8.0, 10.4)]],
                &[(8.0, 13.4, 1.1)],
            ),
            Self::Minus => (&[&[(3.0, 8.0), (13.0, 8.0)]], &[]),
            Self::Plus => (&[&[(3.0, 8.0), (13.0, 8.0)], &[(8.0, 3.0), (8.0, 13.0)]], &[]),
            Self::Pause => (&[&[(5.5, 3.0), (5.5, 13.0)], &[(10.5, 3.0), (10.5, 13.0)]], &[]),
            Self::Play => (&[&[(5.0, 2.8), (13.0, 8.0), (5.0, 13.2), (5.0, 2.8)]], &[]),
            Self::Step => (&[&[(3.5, 3.0), (9.5, 8.0), (3.5, 13.0), (3.5, 3.0)], &[(12.5, 3.0), (12.5, 13.0)]], &[]),
            Self::Reset => (
                &[
                    &[(3.0, 2.5), (3.0, 6.0), (6.5, 6.0)],
                    &[
                        (3.0, 6.0),
                        (5.0, 3.6),
                        (8.0, 2.6),
                        (11.6, 3.9),
                        (13.4, 7.2),
                        (12.7, 10.8),
                        (9.8, 13.2),
                        (6.2, 13.2),
                        (3.4, 11.0),
                    ],
                ],
                &[],
            ),
            Self::Before => (
                &[&[
                    (1.0, 8.0),
                    (4.0, 4.4),
                    (8.0, 3.2),
                    (12.0, 4.4),
                    (15.0, 8.0),
                    (12.0, 11.6),
                    (8.0, 12.8),
                    (4.0, 11.6),
                    (1.0, 8.0),
                ]],
                &[(8.0, 8.0, 2.0)],
            ),
            Self::Divider => (
                &[
                    &[(8.0, 1.5), (8.0, 14.5)],
                    &[(5.5, 3.5), (1.5, 3.5), (1.5, 12.5), (5.5, 12.5)],
                    &[(10.5, 3.5), (14.5, 3.5), (14.5, 12.5), (10.5, 12.5)],
                ],
                &[],
            ),
            Self::Shapes => (
                &[
                    &[(1.5, 6.0), (1.5, 1.5), (9.5, 1.5), (9.5, 6.0)],
                    &[(1.5, 6.0), (1.5, 9.5), (5.5, 9.5)],
                    &[(5.5, 5.5), (14.5, 5.5), (14.5, 14.5), (5.5, 14.5), (5.5, 5.5)],
                ],
                &[],
            ),
            Self::Close => (&[&[(3.5, 3.5), (12.5, 12.5)], &[(12.5, 3.5), (3.5, 12.5)]], &[]),
        };
        Drawing { lines, dots }
    }

    /// Draws the icon into a square.
    pub fn paint(self, painter: &Painter, square: Rect, color: Color32) {
        let scale = square.width() / GRID;
        let place = |(x, y): (f32, f32)| -> Pos2 { square.min + vec2(x, y) * scale };
        let drawing = self.drawing();
        for line in drawing.lines {
            painter.line(line.iter().map(|&point| place(point)).collect(), Stroke::new(1.4 * scale, color));
        }
        for &(x, y, radius) in drawing.dots {
            painter.circle_filled(place((x, y)), radius * scale, color);
        }
    }
}

/// A flat button with an icon, and text if it has one to show.
pub struct IconButton {
    icon: Icon,
    name: String,
    text: Option<&'static str>,
    chosen: bool,
    height: f32,
}

impl IconButton {
    /// `name` is what assistive technology reads.
    pub fn new(icon: Icon, name: impl Into<String>) -> Self {
        Self { icon, name: name.into(), text: None, chosen: false, height: theme::ROW }
    }

    /// Shows text beside the icon.
    pub fn with_text(mut self, text: &'static str) -> Self {
        self.text = Some(text);
        self
    }

    /// As high as the primary button beside it.
    pub fn tall(mut self) -> Self {
        self.height = theme::PRIMARY_HEIGHT;
        self
    }

    /// Marks the button as the chosen one of several.
    pub fn chosen(mut self, chosen: bool) -> Self {
        self.chosen = chosen;
        self
    }
}

impl Widget for IconButton {
    fn ui(self, ui: &mut Ui) -> Response {
        let palette = theme::palette(ui);
        let font = egui::TextStyle::Button.resolve(ui.style());
        let galley = self.text.map(|text| ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER));
        let text_width = galley.as_ref().map_or(0.0, |galley| galley.size().x + theme::GAP);
        let (rect, response) = ui.allocate_exact_size(vec2(self.height + text_width, self.height), Sense::click());
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::selected(egui::Role::Button, enabled, self.chosen, &self.name));
        if ui.is_rect_visible(rect) {
            let (fill, color) = if self.chosen {
                (palette.accent_soft, palette.accent)
            } else if response.is_pointer_button_down_on() {
                (palette.pressed, palette.strong)
            } else if response.hovered() {
                (palette.hovered, palette.strong)
            } else {
                (Color32::TRANSPARENT, palette.text)
            };
            ui.painter().rect_filled(rect, theme::CORNER, fill);
            if response.has_focus() {
                let edge = Stroke::new(1.0, palette.accent);
                ui.painter().rect_stroke(rect, CornerRadius::same(6), edge, egui::StrokeKind::Inside);
            }
            let inset = (self.height - GRID) / 2.0;
            Icon::paint(
                self.icon,
                ui.painter(),
                Rect::from_min_size(rect.min + vec2(inset, inset), vec2(GRID, GRID)),
                color,
            );
            if let Some(galley) = galley {
                let at = pos2(rect.left() + self.height, rect.center().y - galley.size().y / 2.0);
                ui.painter().galley(at, galley, color);
            }
        }
        response
    }
}
