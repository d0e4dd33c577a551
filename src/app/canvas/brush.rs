//! The brush: from the pointer's way to a stroke's points, and the round cursor.

use egui::{Painter, Pos2, Shape, Stroke as Line, vec2};

use super::CanvasAction;
use super::style::CanvasStyle;
use crate::mask::{Stroke, StrokeKind};
use crate::photo::Point;

/// Points of a stroke lie at most this share of the radius apart.
const SPACING_IN_RADII: f32 = 0.25;
/// Points need not be closer than this, however small the brush, in photo pixels.
const MIN_SPACING_PX: f32 = 0.5;
/// Moves shorter than this share of the spacing wait for more, so that a slow hand does not pile up points.
const MIN_STEP: f32 = 0.25;
/// Most points that one move of the pointer can add: a line across the largest photo with a fine brush.
const MAX_POINTS_PER_MOVE: f32 = 20_000.0;
/// A cursor smaller than this, in points, gets a cross to be found by.
const SMALL_CURSOR: f32 = 4.0;

/// A stroke that goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct StrokePath {
    pub kind: StrokeKind,
    /// The last point that was handed out.
    pub last_in_photo: Point,
    spacing_px: f32,
}

impl StrokePath {
    /// Begins with a dab.
    pub fn begin(kind: StrokeKind, radius_px: f32, at_in_photo: Point, actions: &mut Vec<CanvasAction>) -> Self {
        actions.push(CanvasAction::BeginStroke(Stroke { kind, radius_px, points_in_photo: vec![at_in_photo] }));
        Self { kind, last_in_photo: at_in_photo, spacing_px: (radius_px * SPACING_IN_RADII).max(MIN_SPACING_PX) }
    }

    /// Goes on to where the pointer is.
    pub fn extend(&mut self, to_in_photo: Point, actions: &mut Vec<CanvasAction>) {
        if self.distance(to_in_photo) >= self.spacing_px * MIN_STEP {
            self.line_to(to_in_photo, actions);
        }
    }

    /// Ends the stroke exactly where the pointer is.
    pub fn end(&mut self, at_in_photo: Point, actions: &mut Vec<CanvasAction>) {
        if self.distance(at_in_photo) > 0.0 {
            self.line_to(at_in_photo, actions);
        }
        actions.push(CanvasAction::EndStroke);
    }

    fn line_to(&mut self, to_in_photo: Point, actions: &mut Vec<CanvasAction>) {
        let [x, y] = self.last_in_photo;
        let steps = (self.distance(to_in_photo) / self.spacing_px).ceil().clamp(1.0, MAX_POINTS_PER_MOVE);
        for step in 1..=steps as u32 {
            let share = step as f32 / steps;
            let point = [x + share * (to_in_photo[0] - x), y + share * (to_in_photo[1] - y)];
            actions.push(CanvasAction::ExtendStroke(point));
        }
        self.last_in_photo = to_in_photo;
    }

    fn distance(&self, [x, y]: Point) -> f32 {
        (x - self.last_in_photo[0]).hypot(y - self.last_in_photo[1])
    }
}

/// The brush's outline at its true size: a light ring in a dark one, visible on anything. An eraser has a bar in its middle.
pub(super) fn paint_cursor(painter: &Painter, at: Pos2, radius: f32, kind: StrokeKind, style: &CanvasStyle) {
    painter.circle_stroke(at, radius, Line::new(3.0, style.dark));
    painter.circle_stroke(at, radius, Line::new(1.25, style.light));
    let reach = radius.max(SMALL_CURSOR);
    let bars = if radius < SMALL_CURSOR {
        let away = |direction: egui::Vec2| [at + direction * (reach + 2.0), at + direction * (reach + 7.0)];
        [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)].map(away).to_vec()
    } else if kind == StrokeKind::Erase {
        let half = (reach / 2.0).min(5.0);
        vec![[at - vec2(half, 0.0), at + vec2(half, 0.0)]]
    } else {
        Vec::new()
    };
    for bar in bars {
        painter.line_segment(bar, Line::new(3.0, style.dark));
        painter.line_segment(bar, Line::new(1.25, style.light));
    }
}

/// Where a straight stroke would go if the button were pressed now.
pub(super) fn paint_line_ahead(painter: &Painter, from: Pos2, to: Pos2, style: &CanvasStyle) {
    painter.line_segment([from, to], Line::new(2.5, style.dark));
    painter.extend(Shape::dashed_line(&[from, to], Line::new(1.25, style.light), 6.0, 4.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(actions: &[CanvasAction]) -> Vec<Point> {
        actions
            .iter()
            .filter_map(|action| match action {
                CanvasAction::BeginStroke(stroke) => stroke.points_in_photo.first().copied(),
                CanvasAction::ExtendStroke(point) => Some(*point),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_long_move_is_filled_with_points_a_quarter_radius_apart() {
        let mut actions = Vec::new();
        let mut path = StrokePath::begin(StrokeKind::Paint, 20.0, [10.0, 10.0], &mut actions);
        path.extend([10.0, 113.0], &mut actions);
        path.end([12.0, 113.0], &mut actions);
        let points = points(&actions);
        let gaps = points.windows(2).map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]));
        assert!(gaps.clone().all(|gap| gap <= 5.0 + 1e-4), "{:?}", gaps.collect::<Vec<_>>());
        assert_eq!((points.len(), points.last()), (1 + 21 + 1, Some(&[12.0, 113.0])));
        assert_eq!(actions.last(), Some(&CanvasAction::EndStroke));
    }

    #[test]
    fn a_trembling_hand_adds_no_points_until_it_moves() {
        let mut actions = Vec::new();
        let mut path = StrokePath::begin(StrokeKind::Erase, 20.0, [0.0, 0.0], &mut actions);
        for step in 1..8 {
            path.extend([0.1 * step as f32, 0.0], &mut actions);
        }
        assert_eq!(actions.len(), 1);
        path.extend([1.3, 0.0], &mut actions);
        assert_eq!(points(&actions), [[0.0, 0.0], [1.3, 0.0]]);
    }

    #[test]
    fn a_click_is_a_single_dab() {
        let mut actions = Vec::new();
        let mut path = StrokePath::begin(StrokeKind::Paint, 3.0, [5.0, 6.0], &mut actions);
        path.end([5.0, 6.0], &mut actions);
        assert_eq!(points(&actions), [[5.0, 6.0]]);
        assert_eq!(actions.len(), 2);
    }
}
