//! The before/after divider.
//!
//! Its position is a share of the visible part of the photo, so that it can be reached at any zoom.

use egui::{Align2, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

use super::canvas_style::CanvasStyle;

/// Largest distance from the line at which the pointer grabs it, in points.
const GRAB_DISTANCE: f32 = 8.0;
/// Radius of the grip, in points.
const GRIP_RADIUS: f32 = 13.0;
/// Distance of the labels from the line and from the photo's upper edge, in points.
const LABEL_GAP: f32 = 10.0;

/// The divider on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Divider {
    pub x: f32,
    /// The visible part of the photo, on the screen.
    visible_photo: Rect,
}

impl Divider {
    /// The divider at a share of the visible part of the photo; `None` if no part of the photo is visible.
    pub fn at_share(share: f32, photo_on_screen: Rect, viewport: Rect) -> Option<Self> {
        let visible_photo = photo_on_screen.intersect(viewport);
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
        let x = visible_photo.left() + share * visible_photo.width();
        visible_photo.is_positive().then_some(Self { x, visible_photo })
    }

    /// The share that puts the line at `x`.
    pub fn share_at(&self, x: f32) -> f32 {
        ((x - self.visible_photo.left()) / self.visible_photo.width()).clamp(0.0, 1.0)
    }

    /// Whether a point is near enough to grab the line or its grip.
    pub fn is_hit(&self, pos: Pos2) -> bool {
        let is_on_line = (pos.x - self.x).abs() <= GRAB_DISTANCE && self.visible_photo.y_range().contains(pos.y);
        is_on_line || self.grip_center().distance(pos) <= GRIP_RADIUS
    }

    /// The part of the screen that shows the photo with its fill.
    pub fn after_rect(&self) -> Rect {
        self.visible_photo.with_min_x(self.x)
    }

    /// The part of the screen that shows what is before the fill.
    pub fn before_rect(&self) -> Rect {
        self.visible_photo.with_max_x(self.x)
    }

    fn grip_center(&self) -> Pos2 {
        pos2(self.x, self.visible_photo.center().y)
    }

    /// Draws the line, its grip and a word on each side.
    pub fn paint(&self, painter: &Painter, [before, after]: [&str; 2], style: &CanvasStyle) {
        painter.vline(self.x, self.visible_photo.y_range(), Stroke::new(4.0, style.line_dark));
        painter.vline(self.x, self.visible_photo.y_range(), Stroke::new(2.0, style.line_light));
        let grip = self.grip_center();
        painter.circle(grip, GRIP_RADIUS + 1.0, style.line_dark, Stroke::NONE);
        painter.circle(grip, GRIP_RADIUS, style.line_light, Stroke::NONE);
        for side in [-1.0, 1.0] {
            let tip = grip + vec2(side * 8.0, 0.0);
            let arrow = vec![tip + vec2(-side * 4.0, -4.0), tip, tip + vec2(-side * 4.0, 4.0)];
            painter.add(Shape::line(arrow, Stroke::new(1.75, style.label_fill.to_opaque())));
        }
        let top = self.visible_photo.top() + LABEL_GAP;
        self.paint_label(painter, before, pos2(self.x - LABEL_GAP, top), Align2::RIGHT_TOP, style);
        self.paint_label(painter, after, pos2(self.x + LABEL_GAP, top), Align2::LEFT_TOP, style);
    }

    /// Draws a word on a dark pill, if it fits on its side.
    fn paint_label(&self, painter: &Painter, word: &str, at: Pos2, align: Align2, style: &CanvasStyle) {
        let text = painter.layout_no_wrap(word.into(), FontId::proportional(style.label_size), style.label_text);
        let padding = Vec2::new(8.0, 4.0);
        let pill = align.anchor_size(at, text.size() + 2.0 * padding);
        if self.visible_photo.x_range().contains(pill.left()) && self.visible_photo.x_range().contains(pill.right()) {
            painter.rect_filled(pill, pill.height() / 2.0, style.label_fill);
            painter.galley(pill.min + padding, text, style.label_text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEWPORT: Rect = Rect { min: pos2(100.0, 0.0), max: pos2(500.0, 300.0) };

    #[test]
    fn the_divider_stays_in_the_visible_part() {
        let photo = Rect::from_min_max(pos2(-2000.0, -50.0), pos2(300.0, 900.0));
        let divider = Divider::at_share(0.25, photo, VIEWPORT).unwrap();
        assert!((divider.x - 150.0).abs() < 1e-3);
        assert!((divider.share_at(250.0) - 0.75).abs() < 1e-6);
        assert!((divider.share_at(9000.0) - 1.0).abs() < 1e-6);
        assert_eq!(divider.after_rect(), Rect::from_min_max(pos2(150.0, 0.0), pos2(300.0, 300.0)));
    }

    #[test]
    fn the_grip_can_be_grabbed_beside_the_line() {
        let divider = Divider::at_share(0.5, VIEWPORT, VIEWPORT).unwrap();
        assert!(divider.is_hit(pos2(312.0, 150.0)), "on the grip");
        assert!(!divider.is_hit(pos2(312.0, 20.0)), "beside the line, far from the grip");
        assert!(divider.is_hit(pos2(306.0, 20.0)), "near the line");
        assert!(Divider::at_share(0.5, Rect::from_min_max(pos2(900.0, 0.0), pos2(950.0, 9.0)), VIEWPORT).is_none());
    }
}
