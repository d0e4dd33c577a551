//! Tests of zoom, pan and brush size.

use super::*;

fn wheel(harness: &mut Harness<'_, CanvasFixture>, pos: Pos2, lines: f32, modifiers: Modifiers) {
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
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    let before = harness.state().canvas.zoom();
    let pointer = screen_pos(&harness, [120.0, 90.0]);
    wheel(&mut harness, pointer, 3.0, Modifiers::NONE);
    let zoom = harness.state().canvas.zoom();
    assert!((zoom / before - 0.6f32.exp()).abs() < 0.02, "three notches: {before} to {zoom}");
    assert!(screen_pos(&harness, [120.0, 90.0]).distance(pointer) < 1.5);
    assert_eq!(take_actions(&mut harness), []);
}

#[test]
fn a_pinch_zooms_and_shift_wheel_pans_sideways() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    harness.hover_at(screen_pos(&harness, [300.0, 200.0]));
    let before = harness.state().canvas.zoom();
    harness.event(Event::Zoom(1.5));
    harness.run();
    assert!((harness.state().canvas.zoom() / before - 1.5).abs() < 1e-3);
    let [left, top] = screen_pos(&harness, [0.0, 0.0]).into();
    wheel(&mut harness, pos2(400.0, 300.0), -1.0, Modifiers::SHIFT);
    let [now_left, now_top] = screen_pos(&harness, [0.0, 0.0]).into();
    assert!((left - now_left - 40.0).abs() < 1.1 && (top - now_top).abs() < 0.01);
}

#[test]
fn ctrl_wheel_changes_the_brush_size_only() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    let before = harness.state().canvas.zoom();
    wheel(&mut harness, pos2(400.0, 300.0), 1.0, Modifiers::CTRL | Modifiers::COMMAND);
    let actions = take_actions(&mut harness);
    let [CanvasAction::SetBrushRadius(radius_px)] = actions[..] else { panic!("{actions:?}") };
    assert!((radius_px - 20.0 * 0.1f32.exp()).abs() < 0.01);
    assert!((harness.state().canvas.zoom() - before).abs() < 1e-6);
}

#[test]
fn the_middle_button_and_space_pan() {
    for space in [false, true] {
        let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
        let before = screen_pos(&harness, [0.0, 0.0]);
        if space {
            harness.key_down(egui::Key::Space);
        }
        let button = if space { PointerButton::Primary } else { PointerButton::Middle };
        drag(&mut harness, button, &[pos2(300.0, 300.0), pos2(340.0, 260.0), pos2(350.0, 280.0)]);
        assert!((screen_pos(&harness, [0.0, 0.0]) - before - vec2(50.0, -20.0)).length() < 1.5, "space: {space}");
        assert_eq!(take_actions(&mut harness), []);
    }
}

#[test]
fn the_canvas_has_a_name_and_ignores_tab() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    assert!(harness.get_by_label("Canvas").rect().width() > 700.0);
    harness.key_press(egui::Key::Tab);
    harness.run();
    assert!(harness.ctx.memory(egui::Memory::focused).is_none());
}

#[test]
fn a_new_photo_is_fitted() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    let fixture = harness.state_mut();
    fixture.canvas.commands.push(ViewCommand::ZoomBy(7.0));
    harness.run();
    let fixture = harness.state_mut();
    fixture.photo = Arc::new(Photo::from_pixels(RgbImage::new(1000, 100).into()));
    fixture.mask = Mask::empty(1000, 100);
    harness.run();
    let width = screen_pos(&harness, [1000.0, 0.0]).x - screen_pos(&harness, [0.0, 0.0]).x;
    assert!((600.0..800.0).contains(&width), "{width}");
}
