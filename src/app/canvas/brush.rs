//! The brush: turns pointer moves into the points of a stroke, and draws the round cursor.

use egui::{Painter, Pos2, Shape, Stroke as Line, vec2};

use super::CanvasAction;
use super::canvas_style::CanvasStyle;
use crate::app::document::DocumentAction;
use crate::geometry::Point;
use crate::mask::{Stroke, StrokeKind};

/// Largest distance between two points of a stroke, as a share of the brush radius.
const SPACING_PER_RADIUS: f32 = 0.25;
/// Lower limit of that distance, in photo pixels, for very small brushes.
const MIN_SPACING_PX: f32 = 0.5;
/// Moves shorter than this share of the spacing are ignored, so that a slow hand does not pile up points.
const MIN_MOVE_PER_SPACING: f32 = 0.25;
/// Maximum number of points that one pointer move adds: enough for a line across the largest photo with a fine brush.
const MAX_POINTS_PER_MOVE: f32 = 20_000.0;
/// A cursor with a smaller radius than this, in points, gets a cross so that it is easy to find.
const SMALL_CURSOR_RADIUS: f32 = 4.0;

/// A stroke in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ActiveStroke {
    pub kind: StrokeKind,
    /// The last point that was added to the stroke.
    pub last_point_in_photo: Point,
    spacing_px: f32,
}

impl ActiveStroke {
    /// Begins a stroke with one point.
    pub fn begin(kind: StrokeKind, radius_px: f32, at_in_photo: Point, actions: &mut Vec<CanvasAction>) -> Self {
        actions.push(CanvasAction::Edit(DocumentAction::BeginStroke(Stroke {
            kind,
            radius_px,
            points_in_photo: vec![at_in_photo],
        })));
        let spacing_px = (radius_px * SPACING_PER_RADIUS).max(MIN_SPACING_PX);
        Self { kind, last_point_in_photo: at_in_photo, spacing_px }
    }

    /// Continues the stroke to the pointer's position.
    pub fn extend(&mut self, to_in_photo: Point, actions: &mut Vec<CanvasAction>) {
        if self.distance_to(to_in_photo) >= self.spacing_px * MIN_MOVE_PER_SPACING {
            self.line_to(to_in_photo, actions);
        }
    }

    /// Ends the stroke exactly at the pointer's position.
    pub fn end(&mut self, at_in_photo: Point, actions: &mut Vec<CanvasAction>) {
        if self.distance_to(at_in_photo) > 0.0 {
            self.line_to(at_in_photo, actions);
        }
        actions.push(CanvasAction::Edit(DocumentAction::EndStroke));
    }

    fn line_to(&mut self, to_in_photo: Point, actions: &mut Vec<CanvasAction>) {
        let [x, y] = self.last_point_in_photo;
        let steps = (self.distance_to(to_in_photo) / self.spacing_px).ceil().clamp(1.0, MAX_POINTS_PER_MOVE);
        for step in 1..=steps as u32 {
            let share = step as f32 / steps;
            let point = [x + share * (to_in_photo[0] - x), y + share * (to_in_photo[1] - y)];
            actions.push(CanvasAction::Edit(DocumentAction::ExtendStroke(point)));
        }
        self.last_point_in_photo = to_in_photo;
    }

    fn distance_to(&self, [x, y]: Point) -> f32 {
        (x - self.last_point_in_photo[0]).hypot(y - self.last_point_in_photo[1])
    }
}

/// Draws the brush as a ring of its true size, light on dark to be visible on any photo. The eraser has a bar
/// in it, and the ignore brush has its own colour.
pub(super) fn paint_cursor(painter: &Painter, at: Pos2, radius: f32, kind: StrokeKind, style: &CanvasStyle) {
    let color = if kind == StrokeKind::Ignore { style.ignored } else { style.line_light };
    painter.circle_stroke(at, radius, Line::new(3.0, style.line_dark));
    painter.circle_stroke(at, radius, Line::new(1.25, color));
    let ring_radius = radius.max(SMALL_CURSOR_RADIUS);
    let marks = if radius < SMALL_CURSOR_RADIUS {
        let tick = |direction: egui::Vec2| [at + direction * (ring_radius + 2.0), at + direction * (ring_radius + 7.0)];
        [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)].map(tick).to_vec()
    } else if kind == StrokeKind::Erase {
        let half = (ring_radius / 2.0).min(5.0);
        vec![[at - vec2(half, 0.0), at + vec2(half, 0.0)]]
    } else {
        Vec::new()
    };
    for mark in marks {
        painter.line_segment(mark, Line::new(3.0, style.line_dark));
        painter.line_segment(mark, Line::new(1.25, color));
    }
}

/// Draws the straight stroke that Shift and a click would paint.
pub(super) fn paint_line_preview(painter: &Painter, from: Pos2, to: Pos2, style: &CanvasStyle) {
    painter.line_segment([from, to], Line::new(2.5, style.line_dark));
    painter.extend(Shape::dashed_line(&[from, to], Line::new(1.25, style.line_light), 6.0, 4.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(actions: &[CanvasAction]) -> Vec<Point> {
        actions
            .iter()
            .filter_map(|action| match action {
                CanvasAction::Edit(DocumentAction::BeginStroke(stroke)) => stroke.points_in_photo.first().copied(),
                CanvasAction::Edit(DocumentAction::ExtendStroke(point)) => Some(*point),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn long_moves_get_points_a_quarter_radius_apart() {
        let mut actions = Vec::new();
        let mut stroke = ActiveStroke::begin(StrokeKind::Paint, 20.0, [10.0, 10.0], &mut actions);
        stroke.extend([10.0, 113.0], &mut actions);
        stroke.end([12.0, 113.0], &mut actions);
        let points = points(&actions);
        let gaps = points.windows(2).map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]));
        assert!(gaps.clone().all(|gap| gap <= 5.0 + 1e-4), "{:?}", gaps.collect::<Vec<_>>());
        assert_eq!((points.len(), points.last()), (1 + 21 + 1, Some(&[12.0, 113.0])));
        assert_eq!(actions.last(), Some(&CanvasAction::Edit(DocumentAction::EndStroke)));
    }

    #[test]
    fn tiny_moves_add_no_points() {
        let mut actions = Vec::new();
        let mut stroke = ActiveStroke::begin(StrokeKind::Erase, 20.0, [0.0, 0.0], &mut actions);
        for step in 1..8 {
            stroke.extend([0.1 * step as f32, 0.0], &mut actions);
        }
        assert_eq!(actions.len(), 1);
        stroke.extend([1.3, 0.0], &mut actions);
        assert_eq!(points(&actions), [[0.0, 0.0], [1.3, 0.0]]);
    }

    #[test]
    fn a_click_is_a_single_point() {
        let mut actions = Vec::new();
        let mut stroke = ActiveStroke::begin(StrokeKind::Paint, 3.0, [5.0, 6.0], &mut actions);
        stroke.end([5.0, 6.0], &mut actions);
        assert_eq!(points(&actions), [[5.0, 6.0]]);
        assert_eq!(actions.len(), 2);
    }
}
