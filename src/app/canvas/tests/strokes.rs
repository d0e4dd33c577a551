//! Tests of painting strokes.

use super::*;

/// The stroke that the actions describe: its kind, its points, and whether it ended.
fn stroke(actions: &[CanvasAction]) -> (StrokeKind, Vec<Point>, bool) {
    let [CanvasAction::Edit(DocumentAction::BeginStroke(begun)), rest @ ..] = actions else {
        panic!("no stroke begins: {actions:?}")
    };
    let (extended, ended) = match rest {
        [extended @ .., CanvasAction::Edit(DocumentAction::EndStroke)] => (extended, true),
        extended => (extended, false),
    };
    let further = extended.iter().map(|action| match action {
        CanvasAction::Edit(DocumentAction::ExtendStroke(point)) => *point,
        other => panic!("{other:?} within a stroke"),
    });
    (begun.kind, begun.points_in_photo.iter().copied().chain(further).collect(), ended)
}

#[test]
fn dragging_paints_under_the_pointer_at_any_zoom() {
    for (zoom, pixels_per_point) in [(None, 1.0), (Some(0.4), 1.0), (Some(1.0), 2.0), (Some(3.0), 1.25)] {
        let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), pixels_per_point);
        if let Some(zoom) = zoom {
            harness.state_mut().canvas.commands = vec![ViewCommand::ActualPixels, ViewCommand::ZoomBy(zoom)];
            harness.run();
            assert!((harness.state().canvas.zoom() - zoom).abs() < 1e-5);
        }
        let path = [[190.0, 140.0], [210.0, 140.0], [210.0, 165.0]].map(|point| screen_pos(&harness, point));
        drag(&mut harness, PointerButton::Primary, &path);
        let (kind, points, ended) = stroke(&take_actions(&mut harness));
        assert!(kind == StrokeKind::Paint && ended);
        assert!(is_near(points[0], [190.0, 140.0], 0.01), "{points:?} at {zoom:?}");
        assert!(points.iter().any(|&point| is_near(point, [210.0, 140.0], 0.01)), "{points:?} at {zoom:?}");
        assert!(is_near(points[points.len() - 1], [210.0, 165.0], 0.01), "{points:?} at {zoom:?}");
        let gaps = points.windows(2).map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]));
        assert!(gaps.fold(0.0, f32::max) <= 5.01, "no further apart than a quarter of the radius");
    }
}

#[test]
fn every_move_within_a_frame_is_painted() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    let [start, corner] = [[50.0, 100.0], [100.0, 100.0]].map(|point| screen_pos(&harness, point));
    press(&mut harness, start, PointerButton::Primary, Modifiers::NONE);
    let moves = [corner, screen_pos(&harness, [100.0, 200.0])].map(Event::PointerMoved);
    harness.input_mut().events.extend(moves);
    harness.step();
    let (_, points, ended) = stroke(&take_actions(&mut harness));
    assert!(!ended);
    assert!(points.iter().any(|&point| is_near(point, [100.0, 100.0], 0.01)), "the corner is missing: {points:?}");
}

#[test]
fn shift_click_paints_a_straight_line() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    let [first, second] = [[50.0, 60.0], [250.0, 160.0]].map(|point| screen_pos(&harness, point));
    drag(&mut harness, PointerButton::Primary, &[first]);
    let (_, points, ended) = stroke(&take_actions(&mut harness));
    assert!(ended && points.len() == 1, "{points:?}");
    press(&mut harness, second, PointerButton::Primary, Modifiers::SHIFT);
    release(&mut harness, second, PointerButton::Primary, Modifiers::SHIFT);
    let (_, points, ended) = stroke(&take_actions(&mut harness));
    assert!(ended && is_near(points[0], [50.0, 60.0], 0.01));
    assert!(is_near(points[points.len() - 1], [250.0, 160.0], 0.01));
    assert!(points.iter().all(|[x, y]| (y - 60.0 - (x - 50.0) / 2.0).abs() < 0.05), "{points:?}");
}

#[test]
fn eraser_and_right_button_erase() {
    for (tool, button) in [
        (Tool::Eraser, PointerButton::Primary),
        (Tool::Brush, PointerButton::Secondary),
        (Tool::Frame, PointerButton::Secondary),
    ] {
        let mut harness = open_canvas(CanvasFixture::new(tool), 1.0);
        let path = [[100.0, 100.0], [120.0, 100.0]].map(|point| screen_pos(&harness, point));
        drag(&mut harness, button, &path);
        let (kind, points, ended) = stroke(&take_actions(&mut harness));
        assert!(kind == StrokeKind::Erase && ended && points.len() > 2, "{tool:?} {button:?}");
    }
}

#[test]
fn painting_may_begin_outside_the_photo() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    let path = [[-20.0, 150.0], [30.0, 150.0]].map(|point| screen_pos(&harness, point));
    drag(&mut harness, PointerButton::Primary, &path);
    let (_, points, _) = stroke(&take_actions(&mut harness));
    assert!(is_near(points[0], [-20.0, 150.0], 0.01));
}

#[test]
fn a_locked_frame_allows_painting_but_no_moving() {
    let mut harness = open_canvas(CanvasFixture { is_frame_locked: true, ..CanvasFixture::new(Tool::Brush) }, 1.0);
    let path = [[190.0, 150.0], [210.0, 150.0]].map(|point| screen_pos(&harness, point));
    drag(&mut harness, PointerButton::Primary, &path);
    assert!(stroke(&take_actions(&mut harness)).2, "painting stays possible during a search");
    (harness.state_mut().tool, harness.state_mut().is_frame_locked) = (Tool::Frame, false);
    press(&mut harness, path[0], PointerButton::Primary, Modifiers::NONE);
    harness.event(Event::PointerMoved(path[1]));
    harness.run();
    harness.state_mut().is_frame_locked = true;
    harness.run();
    assert_eq!(
        take_actions(&mut harness).last(),
        Some(&CanvasAction::Edit(DocumentAction::FrameChanged { before: FRAME }))
    );
    assert!(!harness.state().canvas.is_dragging());
}

#[test]
fn a_cancelled_stroke_sends_no_more_actions() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Brush), 1.0);
    let path = [[100.0, 100.0], [180.0, 100.0]].map(|point| screen_pos(&harness, point));
    press(&mut harness, path[0], PointerButton::Primary, Modifiers::NONE);
    take_actions(&mut harness);
    harness.state_mut().canvas.cancel_drag();
    harness.event(Event::PointerMoved(path[1]));
    release(&mut harness, path[1], PointerButton::Primary, Modifiers::NONE);
    assert_eq!(take_actions(&mut harness), []);
}
