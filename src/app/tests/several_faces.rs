//! Paint on several faces: one press of Fill fills them in turn. The test answers the searches for faces.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::export_and_close::{choose_path, wait_until_saved};
use super::first_guess::{act, document, state};
use super::frame_search::editor_with_blank_photo;
use super::projects::save_as;
use super::scripted_engine::{BEST, ScriptedEngine};
use super::{TestWindow, change_preferences, click, newest_message, press, wait_for};
use crate::app::document::{DocumentAction, DocumentFill, PhotoDocument};
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::app::tasks::PathPurpose;
use crate::blend::BlendMode;
use crate::face::{FaceAtHole, FoundFaces};
use crate::geometry::FaceFrame;
use crate::job::{FillRequest, Provenance, WorkerCommand};
use crate::mask::{Mask, MaskEdit};

const LARGER: FaceFrame = FaceFrame { center_in_photo: [120.0, 150.0], side_px: 80.0, angle_radians: 0.0 };
const SMALLER: FaceFrame = FaceFrame { center_in_photo: [300.0, 150.0], side_px: 60.0, angle_radians: 0.1 };

fn in_larger(x: u32, y: u32) -> bool {
    (105..135).contains(&x) && (160..175).contains(&y)
}

fn in_smaller(x: u32, y: u32) -> bool {
    (290..310).contains(&x) && (150..165).contains(&y)
}

/// A spot in no face.
fn in_corner(x: u32, y: u32) -> bool {
    (380..395).contains(&x) && (10..20).contains(&y)
}

fn hole(is_hole: impl Fn(u32, u32) -> bool) -> Mask {
    Mask::from_fn(400, 300, is_hole)
}

/// Sets the hole, and answers the search for its faces.
fn set_hole(window: &mut TestWindow<'_>, hole: Mask) {
    act(window, Action::Document(DocumentAction::EditMask(MaskEdit::Replace(hole))));
    answer(window);
}

/// Answers the search for the faces of the current hole: both are found.
fn answer(window: &mut TestWindow<'_>) {
    let (photo, hole) = (Arc::clone(&document(window).photo), document(window).mask().clone());
    let face = |index: usize, frame: FaceFrame| FaceAtHole { index, frame, is_certain: true };
    let touches = |frame: &FaceFrame| hole.has_hole_in(frame.bounds_in_photo(400, 300));
    let at_hole = [LARGER, SMALLER].into_iter().enumerate().filter(|(_, frame)| touches(frame));
    let at_hole: Vec<_> = at_hole.map(|(index, frame)| face(index, frame)).collect();
    let found = FoundFaces { frame: at_hole.first().map(|face| face.frame), at_hole };
    window.state_mut().state.answer_face_search(&photo, &hole, found);
    window.run_steps(2);
}

/// An editor with paint on both faces.
fn painted_editor<'a>() -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (mut window, engine, photo) = editor_with_blank_photo(400, 300);
    window.state_mut().state.faces_detected(&photo, vec![LARGER, SMALLER]);
    engine.report_ready();
    // The other blends take the colour of the black photo.
    change_preferences(&mut window, |preferences| preferences.blend = BlendMode::None.into());
    set_hole(&mut window, hole(|x, y| in_larger(x, y) || in_smaller(x, y)));
    (window, engine)
}

/// Finishes the search of this face, and waits until the next one begins or the fill ends.
fn finish_search(window: &mut TestWindow<'_>, engine: &ScriptedEngine) {
    let (job, _) = engine.newest_job();
    engine.report_start();
    engine.report_progress(1, 20);
    engine.set_preview();
    engine.report_finish(20, None);
    window.run_steps(2);
    wait_for(window, "the next face", |editor| !editor.state.fill.is_running() || engine.newest_job().0 != job);
}

/// An editor in which both faces are filled.
fn filled_editor<'a>() -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (mut window, engine) = painted_editor();
    press(&mut window, Modifiers::NONE, Key::Enter);
    finish_search(&mut window, &engine);
    finish_search(&mut window, &engine);
    answer(&mut window);
    (window, engine)
}

fn fill<'w>(window: &'w TestWindow<'_>) -> &'w DocumentFill {
    document(window).shown_fill().expect("filled")
}

fn shown_candidates(window: &TestWindow<'_>) -> Vec<usize> {
    fill(window).faces.iter().map(|face| face.record().look.candidate).collect()
}

#[test]
fn one_press_fills_both_faces_in_turn() {
    let (mut window, engine) = painted_editor();
    let whole = document(&window).mask().clone();
    click(&mut window, "Fill 2 faces");
    let (_, first) = engine.newest_job();
    assert_eq!((first.frame, &first.hole), (LARGER, &whole));
    assert!(Arc::ptr_eq(&first.photo, &document(&window).photo));
    engine.report_start();
    engine.report_progress(1, 75);
    engine.set_preview();
    window.run_steps(2);
    assert!(window.query_all_by_label("Face 1 of 2").count() == 2, "in the status bar and beside the candidates");
    let shown_mask = state(&window).derive().shown_mask.expect("a mask").clone();
    assert_eq!(shown_mask, hole(in_smaller), "the face at hand is not tinted");
    finish_search(&mut window, &engine);
    let (_, second) = engine.newest_job();
    assert_eq!((second.frame, second.hole), (SMALLER, hole(in_smaller)));
    let changed = |x: u32, y: u32| second.photo.pixels.to_rgb8().get_pixel(x, y).0 != [0; 3];
    assert!(changed(120, 167) && !changed(300, 157), "it sees the first fill");
    assert_eq!(document(&window).face_frame(), SMALLER, "the frame is on the face at hand");
    finish_search(&mut window, &engine);
    assert_eq!(fill(&window).faces.len(), 2);
    assert!(document(&window).is_shown_fill_current() && !state(&window).is_hole_tinted());
    assert_eq!((document(&window).face_frame(), state(&window).derive().patches.len()), (LARGER, 2));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(document(&window).shown_fill().is_none(), "both faces are one undo step");
    press(&mut window, Modifiers::COMMAND, Key::Y);
    assert_eq!(fill(&window).faces.len(), 2);
}

#[test]
fn tab_selects_the_face_that_candidates_belong_to() {
    let (mut window, _) = filled_editor();
    act(&mut window, Action::RunCommand(EditorCommand::NextFace));
    assert_eq!((fill(&window).selected, document(&window).face_frame()), (1, SMALLER));
    press(&mut window, Modifiers::NONE, Key::Num3);
    assert_eq!(shown_candidates(&window), [BEST, 0]);
    click(&mut window, "Next face");
    press(&mut window, Modifiers::NONE, Key::Num2);
    assert_eq!(shown_candidates(&window), [2, 0]);
    wait_for(&mut window, "the pictures", |editor| {
        editor
            .state
            .document
            .as_ref()
            .is_some_and(|document| document.shown_fill().is_some_and(|fill| fill.composed().is_some()))
    });
    assert_eq!(document(&window).undo_name(), Some("the fill"), "selecting a face is no step");
}

#[test]
fn stop_keeps_the_faces_that_are_done() {
    let (mut window, engine) = painted_editor();
    press(&mut window, Modifiers::NONE, Key::Enter);
    finish_search(&mut window, &engine);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::Cancel)));
    engine.report_failure("The fill was stopped before its first iteration", "");
    window.run_steps(2);
    assert_eq!(fill(&window).faces.len(), 1);
    assert_eq!(newest_message(&window).headline, "Stopped. 1 of 2 faces are filled");
    answer(&mut window);
    assert!(!document(&window).is_shown_fill_current() && state(&window).is_hole_tinted());
    let derived = state(&window).derive();
    assert_eq!((derived.shown_mask, derived.patches.len()), (Some(&hole(in_smaller)), 1), "the other face waits");
    drop(derived);
    // The next press fills what is missing.
    let (stopped, _) = engine.newest_job();
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait_for(&mut window, "the search", |_| engine.newest_job().0 != stopped);
    assert_eq!(engine.newest_job().1.frame, SMALLER);
    finish_search(&mut window, &engine);
    assert_eq!(fill(&window).faces.len(), 2);
    answer(&mut window);
    assert!(document(&window).is_shown_fill_current());
}

#[test]
fn a_face_is_filled_again_without_the_others() {
    let (mut window, engine) = filled_editor();
    act(&mut window, Action::RunCommand(EditorCommand::NextFace));
    press(&mut window, Modifiers::NONE, Key::Num3);
    act(&mut window, Action::RunCommand(EditorCommand::NextFace));
    click(&mut window, "Fill this face again");
    let is_search_of = |request: &FillRequest| request.frame == LARGER && request.hole == hole(in_larger);
    wait_for(&mut window, "the search", |_| is_search_of(&engine.newest_job().1));
    finish_search(&mut window, &engine);
    let frames: Vec<_> = fill(&window).faces.iter().map(|face| face.record().frame).collect();
    assert_eq!((frames, shown_candidates(&window)), (vec![SMALLER, LARGER], vec![0, BEST]));
    assert_eq!(fill(&window).selected, 1);
    // The same for a search near the shown candidate.
    act(&mut window, Action::RunCommand(EditorCommand::MoreLikeThis));
    wait_for(&mut window, "the search", |_| !engine.newest_job().1.start.is_from_settings());
    assert!(is_search_of(&engine.newest_job().1));
    finish_search(&mut window, &engine);
    assert_eq!(shown_candidates(&window), [0, BEST]);
}

#[test]
fn paint_on_another_face_keeps_the_first_fill() {
    let (mut window, engine, photo) = editor_with_blank_photo(400, 300);
    window.state_mut().state.faces_detected(&photo, vec![LARGER, SMALLER]);
    engine.report_ready();
    set_hole(&mut window, hole(in_larger));
    press(&mut window, Modifiers::NONE, Key::Enter);
    finish_search(&mut window, &engine);
    super::fill::wait_until_composed(&mut window);
    set_hole(&mut window, hole(|x, y| in_larger(x, y) || in_smaller(x, y)));
    assert_eq!(state(&window).derive().shown_mask, Some(&hole(in_smaller)));
    click(&mut window, "Fill");
    wait_for(&mut window, "the search", |_| engine.newest_job().1.frame == SMALLER);
    finish_search(&mut window, &engine);
    assert_eq!(fill(&window).faces.len(), 2);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(fill(&window).faces.len(), 1, "the fill before is back");
}

#[test]
fn paint_in_no_face_is_told() {
    let (mut window, engine) = painted_editor();
    set_hole(&mut window, hole(|x, y| in_larger(x, y) || in_smaller(x, y) || in_corner(x, y)));
    window.get_by_label("Paint that lies in no face is not filled");
    press(&mut window, Modifiers::NONE, Key::Enter);
    finish_search(&mut window, &engine);
    finish_search(&mut window, &engine);
    assert_eq!(newest_message(&window).headline, "17 % of the paint lies in no face and stayed as it was");
    assert!(document(&window).is_shown_fill_current());
}

#[test]
fn paint_added_during_a_search_reaches_the_next_face() {
    let (mut window, engine) = painted_editor();
    press(&mut window, Modifiers::NONE, Key::Enter);
    finish_search(&mut window, &engine);
    let more = |x: u32, y: u32| (290..320).contains(&x) && (150..165).contains(&y);
    let edited = hole(|x, y| in_larger(x, y) || more(x, y));
    act(&mut window, Action::Document(DocumentAction::EditMask(MaskEdit::Replace(edited.clone()))));
    assert_eq!(engine.newest_hole(), Some(hole(more)), "without the face that is done");
    finish_search(&mut window, &engine);
    assert_eq!((&fill(&window).hole, &fill(&window).faces[1].fill.part), (&edited, &hole(more)));
    answer(&mut window);
    assert!(document(&window).is_shown_fill_current());
}

#[test]
fn both_faces_are_exported_with_their_record() {
    let (mut window, _) = filled_editor();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filled.png");
    choose_path(&mut window, PathPurpose::Export, &path, true);
    wait_until_saved(&mut window);
    let (before, after) = (document(&window).photo.pixels.to_rgb8(), image::open(&path).expect("a file").to_rgb8());
    for (x, y, pixel) in after.enumerate_pixels() {
        let is_hole = in_larger(x, y) || in_smaller(x, y);
        assert_eq!(before.get_pixel(x, y) != pixel, is_hole, "{x} {y}");
    }
    let provenance = Provenance::read(&std::fs::read(&path).expect("a file")).expect("a record");
    assert_eq!((provenance.hole().expect("a hole"), provenance.fills.len()), (document(&window).mask().clone(), 2));
    assert_eq!(provenance.part(&provenance.fills[1]).expect("a part"), hole(in_smaller));
    assert!(provenance.fills.iter().all(|fill| fill.drawn_from.is_none()));
    choose_path(&mut window, PathPurpose::ExportLayer, &path, true);
    wait_until_saved(&mut window);
    let layer = image::open(&path).expect("a file").to_rgba8();
    assert_eq!([(120, 167), (300, 157), (200, 150)].map(|(x, y)| layer.get_pixel(x, y).0[3]), [255, 255, 0]);
}

#[test]
fn a_project_keeps_all_faces() {
    let (mut window, _) = filled_editor();
    act(&mut window, Action::RunCommand(EditorCommand::NextFace));
    press(&mut window, Modifiers::NONE, Key::Num3);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("group.countenance");
    save_as(&mut window, &path);
    let read = crate::project::open(&path).expect("a project");
    let photo = Arc::clone(&document(&window).photo);
    let opened = PhotoDocument::from_project(photo, "group".to_owned(), read.photo.origin.clone(), &read);
    assert_eq!(opened.make_project(&state(&window).preferences, None).fill, read.fill);
    let fill = opened.shown_fill().expect("filled");
    let candidates: Vec<_> = fill.faces.iter().map(|face| face.record().look.candidate).collect();
    assert_eq!((fill.selected, candidates, opened.face_frame()), (1, vec![BEST, 0], SMALLER));
    assert!(opened.is_shown_fill_current());
}
