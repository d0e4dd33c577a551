//! Zoom, pan, and what the window needs to know.

use super::*;

fn wheel(harness: &mut Harness<'_, Desk>, pos: Pos2, lines: f32, modifiers: Modifiers) {
    harness.event(Event::PointerMoved(pos));
    let (unit, phase, source) = (MouseWheelUnit::Line, TouchPhase::Move, MouseWheelSource::Unknown);
    harness.event(Event::ModifiersChanged(modifiers));
    harness.event(Event::MouseWheel { unit, delta: vec2(0.0, lines), phase, source, modifiers });
    harness.run_steps(40);
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.run();
}

#[test]
fn the_wheel_zooms_around_the_pointer() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    let before = harness.state().canvas.zoom();
    let pointer = at(&harness, [120.0, 90.0]);
    wheel(&mut harness, pointer, 3.0, Modifiers::NONE);
    let zoom = harness.state().canvas.zoom();
    assert!((zoom / before - 0.6f32.exp()).abs() < 0.02, "three notches: {before} to {zoom}");
    assert!(at(&harness, [120.0, 90.0]).distance(pointer) < 1.5);
    assert_eq!(taken(&mut harness), []);
}

#[test]
fn a_pinch_zooms_and_shift_wheel_pans_sideways() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    harness.hover_at(at(&harness, [300.0, 200.0]));
    let before = harness.state().canvas.zoom();
    harness.event(Event::Zoom(1.5));
    harness.run();
    assert!((harness.state().canvas.zoom() / before - 1.5).abs() < 1e-3);
    let [left, top] = at(&harness, [0.0, 0.0]).into();
    wheel(&mut harness, pos2(400.0, 300.0), -1.0, Modifiers::SHIFT);
    let [now_left, now_top] = at(&harness, [0.0, 0.0]).into();
    assert!((left - now_left - 40.0).abs() < 1.1 && (top - now_top).abs() < 0.01);
}

#[test]
fn ctrl_and_the_wheel_change_the_brush_and_not_the_zoom() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    let before = harness.state().canvas.zoom();
    wheel(&mut harness, pos2(400.0, 300.0), 1.0, Modifiers::CTRL | Modifiers::COMMAND);
    let actions = taken(&mut harness);
    let [CanvasAction::SetBrushRadius(radius_px)] = actions[..] else { panic!("{actions:?}") };
    assert!((radius_px - 20.0 * 0.1f32.exp()).abs() < 0.01);
    assert!((harness.state().canvas.zoom() - before).abs() < 1e-6);
}

#[test]
fn the_middle_button_and_space_pan() {
    for space in [false, true] {
        let mut harness = window(Desk::new(Tool::Brush), 1.0);
        let before = at(&harness, [0.0, 0.0]);
        if space {
            harness.key_down(egui::Key::Space);
        }
        let button = if space { PointerButton::Primary } else { PointerButton::Middle };
        drag(&mut harness, button, &[pos2(300.0, 300.0), pos2(340.0, 260.0), pos2(350.0, 280.0)]);
        assert!((at(&harness, [0.0, 0.0]) - before - vec2(50.0, -20.0)).length() < 1.5, "space: {space}");
        assert_eq!(taken(&mut harness), []);
    }
}

#[test]
fn the_canvas_can_be_found_by_its_name_and_leaves_the_tab_key_to_others() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    assert!(harness.get_by_label("Canvas").rect().width() > 700.0);
    harness.key_press(egui::Key::Tab);
    harness.run();
    assert!(harness.ctx.memory(egui::Memory::focused).is_none());
}

#[test]
fn another_photo_fits_again() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    let desk = harness.state_mut();
    desk.canvas.zoom_by(7.0);
    desk.photo = Arc::new(Photo::from_pixels(RgbImage::new(1000, 100).into()));
    desk.hole = Mask::empty(1000, 100);
    desk.canvas.photo_changed();
    harness.run();
    let width = at(&harness, [1000.0, 0.0]).x - at(&harness, [0.0, 0.0]).x;
    assert!((600.0..800.0).contains(&width), "{width}");
}
