//! The canvas in a window without a screen: events in, actions out.

use std::sync::Arc;

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, TouchPhase, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use image::RgbImage;

use super::*;

/// A document as the editor would keep it, and what the canvas answered.
struct Desk {
    canvas: Canvas,
    photo: Arc<Photo>,
    hole: Mask,
    frame: FaceFrame,
    tool: Tool,
    patch: Option<Patch>,
    divider: Option<f32>,
    locked: bool,
    actions: Vec<CanvasAction>,
}

const FRAME: FaceFrame = FaceFrame { center_in_photo: [200.0, 150.0], side_px: 100.0, angle_radians: 0.0 };

impl Desk {
    fn new(tool: Tool) -> Self {
        Self {
            canvas: Canvas::default(),
            photo: Arc::new(Photo::from_pixels(RgbImage::new(400, 300).into())),
            hole: Mask::empty(400, 300),
            frame: FRAME,
            tool,
            patch: None,
            divider: None,
            locked: false,
            actions: Vec::new(),
        }
    }

    fn ui(&mut self, ui: &mut Ui) {
        let scene = CanvasScene {
            photo: &self.photo,
            hole: &self.hole,
            frame: self.frame,
            tool: self.tool,
            brush_radius_px: 20.0,
            patch: self.patch.as_ref(),
            patch_version: 1,
            show_hole: true,
            show_frame: true,
            show_before: false,
            divider: self.divider,
            locked: self.locked,
        };
        let actions = self.canvas.ui(ui, &scene);
        for action in &actions {
            match action {
                CanvasAction::SetFrame(frame) => self.frame = *frame,
                CanvasAction::SetDivider(share) => self.divider = Some(*share),
                _ => {}
            }
        }
        self.actions.extend(actions);
    }
}

fn window(desk: Desk, pixels_per_point: f32) -> Harness<'static, Desk> {
    let mut harness = Harness::builder()
        .with_size(vec2(800.0, 600.0))
        .with_pixels_per_point(pixels_per_point)
        .build_ui_state(|ui, desk: &mut Desk| desk.ui(ui), desk);
    harness.run();
    harness
}

fn at(harness: &Harness<'_, Desk>, in_photo: Point) -> Pos2 {
    harness.state().canvas.screen_from_photo(in_photo).unwrap()
}

fn press(harness: &mut Harness<'_, Desk>, pos: Pos2, button: PointerButton, modifiers: Modifiers) {
    harness.event(Event::PointerMoved(pos));
    harness.event(Event::ModifiersChanged(modifiers));
    harness.event(Event::PointerButton { pos, button, pressed: true, modifiers });
    harness.run();
}

fn release(harness: &mut Harness<'_, Desk>, pos: Pos2, button: PointerButton, modifiers: Modifiers) {
    harness.event(Event::PointerButton { pos, button, pressed: false, modifiers });
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.run();
}

/// Presses at the first point, moves through the rest, lets go at the last.
fn drag(harness: &mut Harness<'_, Desk>, button: PointerButton, way: &[Pos2]) {
    press(harness, way[0], button, Modifiers::NONE);
    for &pos in &way[1..] {
        harness.event(Event::PointerMoved(pos));
    }
    release(harness, *way.last().unwrap(), button, Modifiers::NONE);
}

fn wheel(harness: &mut Harness<'_, Desk>, pos: Pos2, lines: f32, modifiers: Modifiers) {
    harness.event(Event::PointerMoved(pos));
    let (unit, phase, source) = (MouseWheelUnit::Line, TouchPhase::Move, MouseWheelSource::Unknown);
    harness.event(Event::ModifiersChanged(modifiers));
    harness.event(Event::MouseWheel { unit, delta: vec2(0.0, lines), phase, source, modifiers });
    harness.run_steps(40);
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.run();
}

fn taken(harness: &mut Harness<'_, Desk>) -> Vec<CanvasAction> {
    std::mem::take(&mut harness.state_mut().actions)
}

fn is_near(a: Point, b: Point, tolerance: f32) -> bool {
    (a[0] - b[0]).abs() <= tolerance && (a[1] - b[1]).abs() <= tolerance
}

/// The stroke that a run of actions makes up: its kind, its points, whether it ended.
fn stroke(actions: &[CanvasAction]) -> (StrokeKind, Vec<Point>, bool) {
    let [CanvasAction::BeginStroke(begun), rest @ ..] = actions else { panic!("no stroke begins: {actions:?}") };
    let (extended, ended) = match rest {
        [extended @ .., CanvasAction::EndStroke] => (extended, true),
        extended => (extended, false),
    };
    let further = extended.iter().map(|action| match action {
        CanvasAction::ExtendStroke(point) => *point,
        other => panic!("{other:?} within a stroke"),
    });
    (begun.kind, begun.points_in_photo.iter().copied().chain(further).collect(), ended)
}

#[test]
fn a_drag_paints_where_the_pointer_was_at_every_zoom() {
    for (zoom, pixels_per_point) in [(None, 1.0), (Some(0.4), 1.0), (Some(1.0), 2.0), (Some(3.0), 1.25)] {
        let mut harness = window(Desk::new(Tool::Brush), pixels_per_point);
        if let Some(zoom) = zoom {
            let canvas = &mut harness.state_mut().canvas;
            canvas.zoom_to_actual_pixels();
            canvas.zoom_by(zoom);
            harness.run();
            assert!((harness.state().canvas.zoom() - zoom).abs() < 1e-5);
        }
        let way = [[190.0, 140.0], [210.0, 140.0], [210.0, 165.0]].map(|point| at(&harness, point));
        drag(&mut harness, PointerButton::Primary, &way);
        let (kind, points, ended) = stroke(&taken(&mut harness));
        assert!(kind == StrokeKind::Paint && ended);
        assert!(is_near(points[0], [190.0, 140.0], 0.01), "{points:?} at {zoom:?}");
        assert!(points.iter().any(|&point| is_near(point, [210.0, 140.0], 0.01)), "{points:?} at {zoom:?}");
        assert!(is_near(points[points.len() - 1], [210.0, 165.0], 0.01), "{points:?} at {zoom:?}");
        let gaps = points.windows(2).map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]));
        assert!(gaps.fold(0.0, f32::max) <= 5.01, "no further apart than a quarter of the radius");
    }
}

#[test]
fn all_moves_of_one_frame_count() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    let [start, corner] = [[50.0, 100.0], [100.0, 100.0]].map(|point| at(&harness, point));
    press(&mut harness, start, PointerButton::Primary, Modifiers::NONE);
    let moves = [corner, at(&harness, [100.0, 200.0])].map(Event::PointerMoved);
    harness.input_mut().events.extend(moves);
    harness.step();
    let (_, points, ended) = stroke(&taken(&mut harness));
    assert!(!ended);
    assert!(points.iter().any(|&point| is_near(point, [100.0, 100.0], 0.01)), "the corner is cut: {points:?}");
}

#[test]
fn a_click_is_a_dab_and_shift_click_draws_a_straight_line_from_it() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    let [first, second] = [[50.0, 60.0], [250.0, 160.0]].map(|point| at(&harness, point));
    drag(&mut harness, PointerButton::Primary, &[first]);
    let (_, points, ended) = stroke(&taken(&mut harness));
    assert!(ended && points.len() == 1, "{points:?}");
    press(&mut harness, second, PointerButton::Primary, Modifiers::SHIFT);
    release(&mut harness, second, PointerButton::Primary, Modifiers::SHIFT);
    let (_, points, ended) = stroke(&taken(&mut harness));
    assert!(ended && is_near(points[0], [50.0, 60.0], 0.01));
    assert!(is_near(points[points.len() - 1], [250.0, 160.0], 0.01));
    assert!(points.iter().all(|[x, y]| (y - 60.0 - (x - 50.0) / 2.0).abs() < 0.05), "{points:?}");
}

#[test]
fn the_eraser_and_the_right_button_erase() {
    for (tool, button) in [
        (Tool::Eraser, PointerButton::Primary),
        (Tool::Brush, PointerButton::Secondary),
        (Tool::Frame, PointerButton::Secondary),
    ] {
        let mut harness = window(Desk::new(tool), 1.0);
        let way = [[100.0, 100.0], [120.0, 100.0]].map(|point| at(&harness, point));
        drag(&mut harness, button, &way);
        let (kind, points, ended) = stroke(&taken(&mut harness));
        assert!(kind == StrokeKind::Erase && ended && points.len() > 2, "{tool:?} {button:?}");
    }
}

#[test]
fn painting_may_begin_outside_the_photo() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    let way = [[-20.0, 150.0], [30.0, 150.0]].map(|point| at(&harness, point));
    drag(&mut harness, PointerButton::Primary, &way);
    let (_, points, _) = stroke(&taken(&mut harness));
    assert!(is_near(points[0], [-20.0, 150.0], 0.01));
}

#[test]
fn a_locked_photo_takes_no_paint_and_a_stroke_ends_when_it_locks() {
    let mut harness = window(Desk { locked: true, ..Desk::new(Tool::Brush) }, 1.0);
    let way = [[100.0, 100.0], [120.0, 100.0]].map(|point| at(&harness, point));
    drag(&mut harness, PointerButton::Primary, &way);
    assert_eq!(taken(&mut harness), []);
    harness.state_mut().locked = false;
    press(&mut harness, way[0], PointerButton::Primary, Modifiers::NONE);
    harness.state_mut().locked = true;
    harness.run();
    assert_eq!(taken(&mut harness).last(), Some(&CanvasAction::EndStroke));
    assert!(!harness.state().canvas.is_dragging());
}

#[test]
fn a_cancelled_stroke_says_nothing_more() {
    let mut harness = window(Desk::new(Tool::Brush), 1.0);
    let way = [[100.0, 100.0], [180.0, 100.0]].map(|point| at(&harness, point));
    press(&mut harness, way[0], PointerButton::Primary, Modifiers::NONE);
    taken(&mut harness);
    harness.state_mut().canvas.cancel_drag();
    harness.event(Event::PointerMoved(way[1]));
    release(&mut harness, way[1], PointerButton::Primary, Modifiers::NONE);
    assert_eq!(taken(&mut harness), []);
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
fn dragging_inside_the_frame_moves_it_and_tells_undo_where_it_was() {
    let mut harness = window(Desk::new(Tool::Frame), 1.0);
    let way = [[200.0, 150.0], [210.0, 150.0], [230.0, 140.0]].map(|point| at(&harness, point));
    drag(&mut harness, PointerButton::Primary, &way);
    let actions = taken(&mut harness);
    let moves = actions.iter().filter(|action| matches!(action, CanvasAction::SetFrame(_))).count();
    assert!(moves >= 2, "{actions:?}");
    assert_eq!(actions.last(), Some(&CanvasAction::FrameChanged { before: FRAME }));
    let frame = harness.state().frame;
    assert!(is_near(frame.center_in_photo, [230.0, 140.0], 0.02) && (frame.side_px - 100.0).abs() < 1e-3);
}

#[test]
fn a_corner_resizes_and_a_click_on_it_changes_nothing() {
    let mut harness = window(Desk::new(Tool::Frame), 1.0);
    let way = [[250.0, 200.0], [270.0, 220.0]].map(|point| at(&harness, point));
    drag(&mut harness, PointerButton::Primary, &way[..1]);
    assert_eq!(taken(&mut harness), []);
    drag(&mut harness, PointerButton::Primary, &way);
    let frame = harness.state().frame;
    assert!((frame.side_px - 120.0).abs() < 0.05 && is_near(frame.center_in_photo, [210.0, 160.0], 0.05), "{frame:?}");
}

#[test]
fn with_the_frame_tool_a_drag_beside_the_frame_pans() {
    let mut harness = window(Desk::new(Tool::Frame), 1.0);
    let before = at(&harness, [0.0, 0.0]);
    let start = at(&harness, [20.0, 20.0]);
    drag(&mut harness, PointerButton::Primary, &[start, start + vec2(30.0, 10.0)]);
    assert!((at(&harness, [0.0, 0.0]) - before - vec2(30.0, 10.0)).length() < 1.5);
    assert_eq!(taken(&mut harness), []);
}

#[test]
fn the_divider_is_dragged_and_only_there_with_a_fill() {
    let mut harness = window(Desk { divider: Some(0.5), ..Desk::new(Tool::Brush) }, 1.0);
    let way = [[200.0, 40.0], [300.0, 40.0]].map(|point| at(&harness, point));
    drag(&mut harness, PointerButton::Primary, &way);
    assert!(matches!(taken(&mut harness)[..], [CanvasAction::BeginStroke(_), ..]), "no fill, no divider");
    let rect_in_photo = RectPx { x: 150, y: 100, width: 10, height: 10 };
    harness.state_mut().patch = Some(Patch { rect_in_photo, width: 10, height: 10, rgba: vec![255; 400] });
    harness.run();
    drag(&mut harness, PointerButton::Primary, &way);
    let actions = taken(&mut harness);
    assert!(actions.iter().all(|action| matches!(action, CanvasAction::SetDivider(_))), "{actions:?}");
    assert!((harness.state().divider.unwrap() - 0.75).abs() < 0.01);
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
