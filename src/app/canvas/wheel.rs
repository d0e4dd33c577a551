//! The wheel, the trackpad and two fingers: zoom, pan and the brush's size.

use egui::{Event, MouseWheelUnit, Response, Ui};

use super::CanvasAction;
use super::view::View;

/// Zoom per point of scrolling: a notch of a usual wheel is 40 points, hence a fifth.
const ZOOM_PER_POINT: f32 = 1.0 / 200.0;
/// Brush size per point of scrolling: a notch makes a tenth.
const BRUSH_PER_POINT: f32 = 1.0 / 400.0;

/// Moves the view, and answers with a new brush size if the wheel was turned with Ctrl held.
pub(super) fn navigate(ui: &Ui, response: &Response, view: &mut View, brush_radius_px: f32) -> Option<CanvasAction> {
    let pointer = ui.input(|input| input.pointer.latest_pos())?;
    if !response.contains_pointer() {
        return None;
    }
    let (scrolled, touch) = ui.input(|input| (input.smooth_scroll_delta(), input.multi_touch()));
    // With Shift held egui turns the wheel into a sideways scroll; a trackpad scrolls sideways by itself.
    if scrolled.x.abs() > scrolled.y.abs() {
        view.pan(egui::vec2(scrolled.x, 0.0));
    } else if scrolled.y != 0.0 {
        view.zoom_around((scrolled.y * ZOOM_PER_POINT).exp(), pointer);
    }
    if let Some(touch) = touch {
        view.pan(touch.translation_delta);
        view.zoom_around(touch.zoom_delta, touch.center_pos);
    }
    let (pinch, ctrl_scrolled) = raw_wheel(ui);
    if (pinch - 1.0).abs() > f32::EPSILON {
        view.zoom_around(pinch, pointer);
    }
    let range = super::BRUSH_RADIUS_RANGE_PX;
    let radius_px = (brush_radius_px * (ctrl_scrolled * BRUSH_PER_POINT).exp()).clamp(*range.start(), *range.end());
    (ctrl_scrolled != 0.0).then_some(CanvasAction::SetBrushRadius(radius_px))
}

/// Zoom by a pinch on a trackpad, and points scrolled with Ctrl held. egui counts both as zoom; here they differ.
fn raw_wheel(ui: &Ui) -> (f32, f32) {
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
