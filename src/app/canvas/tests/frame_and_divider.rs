//! Tests of the face frame, the detected faces and the divider.

use super::*;

#[test]
fn dragging_the_frame_reports_where_it_was() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Frame), 1.0);
    let path = [[200.0, 150.0], [210.0, 150.0], [230.0, 140.0]].map(|point| screen_pos(&harness, point));
    drag(&mut harness, PointerButton::Primary, &path);
    let actions = take_actions(&mut harness);
    let moves =
        actions.iter().filter(|action| matches!(action, CanvasAction::Edit(DocumentAction::SetFrame(_)))).count();
    assert!(moves >= 2, "{actions:?}");
    assert_eq!(actions.last(), Some(&CanvasAction::Edit(DocumentAction::FrameChanged { before: FRAME })));
    let frame = harness.state().frame;
    assert!(is_near(frame.center_in_photo, [230.0, 140.0], 0.02) && (frame.side_px - 100.0).abs() < 1e-3);
}

#[test]
fn dragging_a_corner_resizes_but_clicking_does_not() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Frame), 1.0);
    let path = [[250.0, 200.0], [270.0, 220.0]].map(|point| screen_pos(&harness, point));
    drag(&mut harness, PointerButton::Primary, &path[..1]);
    assert_eq!(take_actions(&mut harness), []);
    drag(&mut harness, PointerButton::Primary, &path);
    let frame = harness.state().frame;
    assert!((frame.side_px - 120.0).abs() < 0.05 && is_near(frame.center_in_photo, [210.0, 160.0], 0.05), "{frame:?}");
}

#[test]
fn dragging_beside_the_frame_pans() {
    let mut harness = open_canvas(CanvasFixture::new(Tool::Frame), 1.0);
    let before = screen_pos(&harness, [0.0, 0.0]);
    let start = screen_pos(&harness, [20.0, 20.0]);
    drag(&mut harness, PointerButton::Primary, &[start, start + vec2(30.0, 10.0)]);
    assert!((screen_pos(&harness, [0.0, 0.0]) - before - vec2(30.0, 10.0)).length() < 1.5);
    assert_eq!(take_actions(&mut harness), []);
}

#[test]
fn clicking_a_face_outside_the_frame_picks_it() {
    let outside = FaceFrame { center_in_photo: [320.0, 150.0], side_px: 80.0, angle_radians: 0.0 };
    let smaller = FaceFrame { center_in_photo: [330.0, 160.0], side_px: 30.0, angle_radians: 0.0 };
    let inside_frame = FaceFrame { side_px: 60.0, ..FRAME };
    let faces = vec![FRAME, outside, smaller, inside_frame];
    let mut harness = open_canvas(CanvasFixture { faces, ..CanvasFixture::new(Tool::Frame) }, 1.0);
    for (point, picked) in [([300.0, 130.0], Some(1)), ([330.0, 160.0], Some(2)), ([200.0, 150.0], None)] {
        let pos = screen_pos(&harness, point);
        drag(&mut harness, PointerButton::Primary, &[pos]);
        let expected: Vec<_> =
            picked.map(|face| CanvasAction::Edit(DocumentAction::PickFace(face))).into_iter().collect();
        assert_eq!(take_actions(&mut harness), expected, "{point:?}");
    }
}

#[test]
fn brush_and_locked_frame_do_not_pick_faces() {
    let face = FaceFrame { center_in_photo: [320.0, 150.0], side_px: 80.0, angle_radians: 0.0 };
    let mut harness = open_canvas(CanvasFixture { faces: vec![face], ..CanvasFixture::new(Tool::Brush) }, 1.0);
    let pos = screen_pos(&harness, face.center_in_photo);
    drag(&mut harness, PointerButton::Primary, &[pos]);
    assert!(matches!(take_actions(&mut harness)[..], [CanvasAction::Edit(DocumentAction::BeginStroke(_)), ..]));
    (harness.state_mut().tool, harness.state_mut().is_frame_locked) = (Tool::Frame, true);
    drag(&mut harness, PointerButton::Primary, &[pos]);
    assert_eq!(take_actions(&mut harness), []);
}

#[test]
fn the_divider_exists_only_with_a_fill() {
    let mut harness = open_canvas(CanvasFixture { divider: Some(0.5), ..CanvasFixture::new(Tool::Brush) }, 1.0);
    let path = [[200.0, 40.0], [300.0, 40.0]].map(|point| screen_pos(&harness, point));
    drag(&mut harness, PointerButton::Primary, &path);
    assert!(
        matches!(take_actions(&mut harness)[..], [CanvasAction::Edit(DocumentAction::BeginStroke(_)), ..]),
        "no fill, no divider"
    );
    let rect_in_photo = RectPx { x: 150, y: 100, width: 10, height: 10 };
    harness.state_mut().patch =
        Some(Arc::new(FillPatch { rect_in_photo, width: 10, height: 10, rgba: vec![255; 400], opacity: None }));
    harness.run();
    drag(&mut harness, PointerButton::Primary, &path);
    let actions = take_actions(&mut harness);
    assert!(actions.iter().all(|action| matches!(action, CanvasAction::SetDivider(_))), "{actions:?}");
    assert!((harness.state().divider.unwrap() - 0.75).abs() < 0.01);
}
