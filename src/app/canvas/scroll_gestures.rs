//! Mouse wheel, trackpad and touch gestures: zoom, pan and brush size.

use egui::{Event, MouseWheelUnit, Response, Ui};

use super::CanvasAction;
use super::zoom_pan::CanvasView;

/// Zoom (logarithm) per point of scrolling. A wheel notch is usually 40 points, so it zooms by about a fifth.
const LOG_ZOOM_PER_POINT: f32 = 1.0 / 200.0;
/// Brush size (logarithm) per point of scrolling. A wheel notch changes it by about a tenth.
const LOG_BRUSH_RADIUS_PER_POINT: f32 = 1.0 / 400.0;

/// Zooms and pans the view. Returns a new brush radius if the wheel was turned with Ctrl held.
pub(super) fn handle(ui: &Ui, response: &Response, view: &mut CanvasView, radius_px: f32) -> Option<CanvasAction> {
    let pointer = ui.input(|input| input.pointer.latest_pos())?;
    if !response.contains_pointer() {
        return None;
    }
    let (scrolled, touch) = ui.input(|input| (input.smooth_scroll_delta(), input.multi_touch()));
    // egui turns the wheel with Shift held into a sideways scroll. Trackpads can scroll sideways too.
    if scrolled.x.abs() > scrolled.y.abs() {
        view.pan(egui::vec2(scrolled.x, 0.0));
    } else if scrolled.y != 0.0 {
        view.zoom_around((scrolled.y * LOG_ZOOM_PER_POINT).exp(), pointer);
    }
    if let Some(touch) = touch {
        view.pan(touch.translation_delta);
        view.zoom_around(touch.zoom_delta, touch.center_pos);
    }
    let (pinch, ctrl_scrolled) = pinch_and_ctrl_scroll(ui);
    if (pinch - 1.0).abs() > f32::EPSILON {
        view.zoom_around(pinch, pointer);
    }
    let range = super::BRUSH_RADIUS_RANGE_PX;
    let scaled_px = radius_px * (ctrl_scrolled * LOG_BRUSH_RADIUS_PER_POINT).exp();
    let radius_px = scaled_px.clamp(*range.start(), *range.end());
    (ctrl_scrolled != 0.0).then_some(CanvasAction::SetBrushRadius(radius_px))
}

/// The zoom factor of a trackpad pinch, and the points scrolled with Ctrl held, which egui does not tell apart.
fn pinch_and_ctrl_scroll(ui: &Ui) -> (f32, f32) {
    let line_points = ui.ctx().options(|options| options.input_options.line_scroll_speed);
    let page_points = ui.max_rect().height();
    ui.input(|input| {
        input.events.iter().fold((1.0, 0.0), |(pinch, scrolled), event| match event {
            Event::Zoom(factor) => (pinch * factor, scrolled),
            Event::MouseWheel { unit, delta, modifiers, .. } if modifiers.ctrl || modifiers.command => {
                let points = match unit {
                    MouseWheelUnit::Point => 1.0,
                    MouseWheelUnit::Line => line_points,
                    MouseWheelUnit::Page => page_points,
                };
                (pinch, scrolled + (delta.x + delta.y) * points)
            }
            _ => (pinch, scrolled),
        })
    })
}
