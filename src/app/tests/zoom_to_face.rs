//! Zooming to the face: by key and button, and by itself when a small face is found.

use std::sync::Arc;

use egui::{Key, Modifiers};
use image::RgbImage;

use super::first_guess::{act, document};
use super::frame_search::editor_with_blank_photo;
use super::{TestWindow, click, press};
use crate::app::document::DocumentAction;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::geometry::FaceFrame;
use crate::mask::{Stroke, StrokeKind};
use crate::photo::Photo;

const FACE: FaceFrame = FaceFrame { center_in_photo: [900.0, 800.0], side_px: 220.0, angle_radians: 0.0 };
const OTHER_FACE: FaceFrame = FaceFrame { center_in_photo: [2400.0, 900.0], side_px: 200.0, angle_radians: 0.1 };

/// A window with a large photo whose faces are not detected yet. The test reports them.
fn window_with_large_photo<'a>() -> (TestWindow<'a>, Arc<Photo>) {
    let (mut window, _, photo) = editor_with_blank_photo(3000, 2000);
    window.run_steps(2);
    (window, photo)
}

fn report_faces(window: &mut TestWindow<'_>, photo: &Arc<Photo>, frames: &[FaceFrame]) {
    let (photo, frames) = (Arc::clone(photo), frames.to_vec());
    window.state_mut().state.faces_detected(&photo, frames);
    window.run_steps(2);
}

/// The side of a face on the screen, in points, if its centre is near the middle of the canvas.
fn side_in_middle(window: &TestWindow<'_>, face: FaceFrame) -> Option<f32> {
    use egui_kittest::kittest::Queryable as _;
    let middle = window.get_by_label("Canvas").rect().center();
    let on_screen = |point| window.state().widgets.canvas.screen_from_photo(point).expect("the photo is drawn");
    let [top_left, top_right, ..] = face.corners_in_photo().map(on_screen);
    (on_screen(face.center_in_photo).distance(middle) < 4.0).then(|| top_left.distance(top_right))
}

fn is_zoomed_to(window: &TestWindow<'_>, face: FaceFrame) -> bool {
    side_in_middle(window, face).is_some_and(|side| side > 400.0)
}

#[test]
fn key_and_button_zoom_to_the_face_and_back() {
    let (mut window, photo) = window_with_large_photo();
    report_faces(&mut window, &photo, &[FaceFrame { side_px: 900.0, ..FACE }]);
    let whole_photo = window.state().widgets.canvas.zoom();
    let face = document(&window).face_frame();
    assert!(!is_zoomed_to(&window, face), "a large face is not zoomed to by itself");
    press(&mut window, Modifiers::NONE, Key::Z);
    assert!(is_zoomed_to(&window, face));
    press(&mut window, Modifiers::NONE, Key::Z);
    assert!((window.state().widgets.canvas.zoom() - whole_photo).abs() < 1e-6);
    click(&mut window, "Zoom to the face, and back");
    assert!(is_zoomed_to(&window, face));
    click(&mut window, "Fit in the window");
    assert!((window.state().widgets.canvas.zoom() - whole_photo).abs() < 1e-6);
}

#[test]
fn a_small_face_is_zoomed_to_when_found() {
    let (mut window, photo) = window_with_large_photo();
    report_faces(&mut window, &photo, &[FACE, OTHER_FACE]);
    assert!(is_zoomed_to(&window, FACE));
    act(&mut window, Action::RunCommand(EditorCommand::NextFace));
    assert!(is_zoomed_to(&window, OTHER_FACE), "the view goes to the next face");
    act(&mut window, Action::RunCommand(EditorCommand::ZoomToFit));
    act(&mut window, Action::RunCommand(EditorCommand::NextFace));
    assert!(!is_zoomed_to(&window, FACE), "the whole photo stays in view");
}

#[test]
fn a_found_face_does_not_move_a_view_in_use() {
    let stroke = || Stroke { kind: StrokeKind::Paint, radius_px: 12.0, points_in_photo: vec![[900.0, 800.0]] };
    let begin: fn(Stroke) -> Action = |stroke| Action::Document(DocumentAction::BeginStroke(stroke));
    let works: [&dyn Fn(&mut TestWindow<'_>); 4] = [
        &|window| act(window, begin(stroke())),
        &|window| {
            act(window, begin(stroke()));
            act(window, Action::Document(DocumentAction::EndStroke));
        },
        &|window| press(window, Modifiers::NONE, Key::Plus),
        &|window| {
            let moved = FaceFrame { side_px: 500.0, ..document(window).face_frame() };
            act(window, Action::Document(DocumentAction::SetFrame(moved)));
        },
    ];
    for (index, work) in works.into_iter().enumerate() {
        let (mut window, photo) = window_with_large_photo();
        work(&mut window);
        let before = window.state().widgets.canvas.zoom();
        report_faces(&mut window, &photo, &[FACE]);
        assert!((window.state().widgets.canvas.zoom() - before).abs() < 1e-6, "work {index}");
    }
}

#[test]
fn faces_of_a_closed_photo_do_not_move_the_view() {
    let (mut window, _photo) = window_with_large_photo();
    let before = window.state().widgets.canvas.zoom();
    let closed = Arc::new(Photo::from_pixels(RgbImage::new(3000, 2000).into()));
    report_faces(&mut window, &closed, &[FACE]);
    assert!((window.state().widgets.canvas.zoom() - before).abs() < 1e-6);
}
