//! The area tools: rectangle, ellipse, lasso and polygon. They draw an area as a brush would.

use egui::{Modifiers, Painter, Pos2, Shape, Stroke as Line, pos2};

use super::Tool;
use super::canvas_style::CanvasStyle;
use super::zoom_pan::ScreenFromPhoto;
use crate::geometry::Point;
use crate::mask::{Area, AreaOutline, StrokeKind};

/// A click this near to the polygon's first or last point closes it, in points.
const CLOSING_DISTANCE: f32 = 7.0;
/// The lasso gets a new point after this distance on the screen, in points.
const LASSO_STEP: f32 = 2.0;
/// Corners of a drawn ellipse.
const ELLIPSE_CORNERS: u16 = 72;

/// An area that is being drawn.
#[derive(Clone, Debug)]
pub(super) struct AreaInProgress {
    pub tool: Tool,
    kind: StrokeKind,
    /// Its corners so far: two of a rectangle or an ellipse.
    points_in_photo: Vec<Point>,
}

impl AreaInProgress {
    pub fn begin(tool: Tool, kind: StrokeKind, at_in_photo: Point) -> Self {
        let count = if matches!(tool, Tool::Rectangle | Tool::Ellipse) { 2 } else { 1 };
        Self { tool, kind, points_in_photo: vec![at_in_photo; count] }
    }

    /// The pointer is dragged to `to`. Shift makes a square or a circle.
    pub fn drag_to(&mut self, to: Pos2, modifiers: Modifiers, map: &ScreenFromPhoto) {
        let to_in_photo = map.invert(to);
        match (self.tool, self.points_in_photo.as_mut_slice()) {
            (Tool::Lasso, [.., last]) if map.apply(*last).distance(to) >= LASSO_STEP => {
                self.points_in_photo.push(to_in_photo);
            }
            (Tool::Rectangle | Tool::Ellipse, [from, corner]) => {
                let [width, height] = [0, 1].map(|axis| to_in_photo[axis] - from[axis]);
                let side = width.abs().max(height.abs());
                let square = [from[0] + side.copysign(width), from[1] + side.copysign(height)];
                *corner = if modifiers.shift { square } else { to_in_photo };
            }
            _ => {}
        }
    }

    /// A click while a polygon is drawn: it becomes a corner, unless it closes the polygon. Returns whether it does.
    pub fn click(&mut self, at: Pos2, map: &ScreenFromPhoto) -> bool {
        let is_near =
            |point: Option<&Point>| point.is_some_and(|point| map.apply(*point).distance(at) <= CLOSING_DISTANCE);
        if is_near(self.points_in_photo.first()) || is_near(self.points_in_photo.last()) {
            return true;
        }
        self.points_in_photo.push(map.invert(at));
        false
    }

    /// The finished area; `None` when it has no size.
    pub fn finish(self) -> Option<Area> {
        let outline = match (self.tool, self.points_in_photo.as_slice()) {
            (Tool::Rectangle, [from, to]) => AreaOutline::Rectangle([*from, *to]),
            (Tool::Ellipse, [from, to]) => AreaOutline::Ellipse([*from, *to]),
            (_, [_, _, _, ..]) => AreaOutline::Polygon(self.points_in_photo),
            _ => return None,
        };
        Some(Area { kind: self.kind, outline })
    }

    /// Draws the outline, to the pointer if a polygon is drawn.
    pub fn paint(&self, painter: &Painter, hovered_at: Option<Pos2>, map: &ScreenFromPhoto, style: &CanvasStyle) {
        let corners = self.points_in_photo.iter().map(|point| map.apply(*point));
        let mut outline: Vec<Pos2> = match self.points_in_photo.as_slice() {
            [from, to] if matches!(self.tool, Tool::Rectangle | Tool::Ellipse) => {
                let rect = egui::Rect::from_two_pos(map.apply(*from), map.apply(*to));
                if self.tool == Tool::Rectangle {
                    vec![rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()]
                } else {
                    let corner = |index: u16| {
                        let angle = f32::from(index) / f32::from(ELLIPSE_CORNERS) * std::f32::consts::TAU;
                        rect.center() + rect.size() / 2.0 * egui::vec2(angle.cos(), angle.sin())
                    };
                    (0..ELLIPSE_CORNERS).map(corner).collect()
                }
            }
            _ => corners.chain(hovered_at.filter(|_| self.tool == Tool::Polygon)).collect(),
        };
        if let Some(first) = outline.first().copied() {
            outline.push(first);
        }
        painter.add(Shape::line(outline.clone(), Line::new(3.0, style.line_dark)));
        let color = if self.kind == StrokeKind::Ignore { style.ignored } else { style.line_light };
        painter.extend(Shape::dashed_line(&outline, Line::new(1.25, color), 6.0, 4.0));
        if self.tool == Tool::Polygon {
            for corner in self.points_in_photo.iter().map(|point| map.apply(*point)) {
                painter.circle_filled(pos2(corner.x, corner.y), 3.0, color);
            }
        }
    }
}
