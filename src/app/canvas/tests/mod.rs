//! Tests of the canvas in a headless window: events in, actions out.

mod areas;
mod frame_and_divider;
mod strokes;
mod texture_uploads;
mod zoom_and_pan;

use std::sync::Arc;

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, TouchPhase, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use image::RgbImage;

use super::*;
use crate::geometry::{Point, RectPx};
use crate::mask::Stroke;

/// A minimal editor around the canvas that records the canvas's actions.
struct CanvasFixture {
    canvas: Canvas,
    photo: Arc<Photo>,
    mask: Mask,
    frame: FaceFrame,
    faces: Vec<FaceFrame>,
    tool: Tool,
    area_kind: StrokeKind,
    patch: Option<Arc<FillPatch>>,
    divider: Option<f32>,
    is_frame_locked: bool,
    actions: Vec<CanvasAction>,
}

const FRAME: FaceFrame = FaceFrame { center_in_photo: [200.0, 150.0], side_px: 100.0, angle_radians: 0.0 };

impl CanvasFixture {
    fn new(tool: Tool) -> Self {
        Self {
            canvas: Canvas::default(),
            photo: Arc::new(Photo::from_pixels(RgbImage::new(400, 300).into())),
            mask: Mask::empty(400, 300),
            frame: FRAME,
            faces: Vec::new(),
            tool,
            area_kind: StrokeKind::Paint,
            patch: None,
            divider: None,
            is_frame_locked: false,
            actions: Vec::new(),
        }
    }

    fn ui(&mut self, ui: &mut Ui) {
        let scene = CanvasScene {
            photo: &self.photo,
            mask: &self.mask,
            face_frame: self.frame,
            faces: &self.faces,
            tool: self.tool,
            area_kind: self.area_kind,
            brush_radius_px: 20.0,
            patches: &self.patch.iter().collect::<Vec<_>>(),
            mask_display: MaskDisplay::Tinted,
            show_frame: true,
            show_before: false,
            before: None,
            divider: self.divider,
            is_frame_locked: self.is_frame_locked,
        };
        let actions = self.canvas.ui(ui, &scene);
        for action in &actions {
            match action {
                CanvasAction::Edit(DocumentAction::SetFrame(frame)) => self.frame = *frame,
                CanvasAction::SetDivider(share) => self.divider = Some(*share),
                _ => {}
            }
        }
        self.actions.extend(actions);
    }
}

fn open_canvas(fixture: CanvasFixture, pixels_per_point: f32) -> Harness<'static, CanvasFixture> {
    let mut harness = Harness::builder()
        .with_size(vec2(800.0, 600.0))
        .with_pixels_per_point(pixels_per_point)
        .build_ui_state(|ui, fixture: &mut CanvasFixture| fixture.ui(ui), fixture);
    harness.run();
    harness
}

fn screen_pos(harness: &Harness<'_, CanvasFixture>, in_photo: Point) -> Pos2 {
    harness.state().canvas.screen_from_photo(in_photo).unwrap()
}

fn press(harness: &mut Harness<'_, CanvasFixture>, pos: Pos2, button: PointerButton, modifiers: Modifiers) {
    harness.event(Event::PointerMoved(pos));
    harness.event(Event::ModifiersChanged(modifiers));
    harness.event(Event::PointerButton { pos, button, pressed: true, modifiers });
    harness.run();
}

fn release(harness: &mut Harness<'_, CanvasFixture>, pos: Pos2, button: PointerButton, modifiers: Modifiers) {
    harness.event(Event::PointerButton { pos, button, pressed: false, modifiers });
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.run();
}

/// Presses at the first position, moves through the others and releases at the last one.
fn drag(harness: &mut Harness<'_, CanvasFixture>, button: PointerButton, path: &[Pos2]) {
    press(harness, path[0], button, Modifiers::NONE);
    for &pos in &path[1..] {
        harness.event(Event::PointerMoved(pos));
    }
    release(harness, *path.last().unwrap(), button, Modifiers::NONE);
}

fn take_actions(harness: &mut Harness<'_, CanvasFixture>) -> Vec<CanvasAction> {
    std::mem::take(&mut harness.state_mut().actions)
}

fn is_near(a: Point, b: Point, tolerance: f32) -> bool {
    (a[0] - b[0]).abs() <= tolerance && (a[1] - b[1]).abs() <= tolerance
}
