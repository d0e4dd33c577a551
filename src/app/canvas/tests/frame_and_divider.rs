//! The face frame, the faces that were found, and the divider.

use super::*;

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
fn a_click_on_a_found_face_picks_it_and_one_inside_the_frame_does_not() {
    let beside = FaceFrame { center_in_photo: [320.0, 150.0], side_px: 80.0, angle_radians: 0.0 };
    let on_it = FaceFrame { center_in_photo: [330.0, 160.0], side_px: 30.0, angle_radians: 0.0 };
    let under_the_frame = FaceFrame { side_px: 60.0, ..FRAME };
    let faces = vec![FRAME, beside, on_it, under_the_frame];
    let mut harness = window(Desk { faces, ..Desk::new(Tool::Frame) }, 1.0);
    for (point, picked) in [([300.0, 130.0], Some(1)), ([330.0, 160.0], Some(2)), ([200.0, 150.0], None)] {
        let pos = at(&harness, point);
        drag(&mut harness, PointerButton::Primary, &[pos]);
        let expected: Vec<_> = picked.map(CanvasAction::PickFace).into_iter().collect();
        assert_eq!(taken(&mut harness), expected, "{point:?}");
    }
}

#[test]
fn found_faces_are_out_of_reach_for_the_brush_and_while_the_frame_is_locked() {
    let face = FaceFrame { center_in_photo: [320.0, 150.0], side_px: 80.0, angle_radians: 0.0 };
    let mut harness = window(Desk { faces: vec![face], ..Desk::new(Tool::Brush) }, 1.0);
    let pos = at(&harness, face.center_in_photo);
    drag(&mut harness, PointerButton::Primary, &[pos]);
    assert!(matches!(taken(&mut harness)[..], [CanvasAction::BeginStroke(_), ..]));
    (harness.state_mut().tool, harness.state_mut().frame_locked) = (Tool::Frame, true);
    drag(&mut harness, PointerButton::Primary, &[pos]);
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
