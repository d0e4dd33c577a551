//! Export, masks, closing, and the questions that protect unsaved work.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::fill::editor_with_fill;
use super::open_paint_undo::paint;
use super::{click, editor_with_photo, is_enabled, newest_message, press, wait_for};
use crate::app::dialogs::{DialogAction, DocumentSource, SaveAnswer};
use crate::app::document::PhotoDocument;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::state::Action;
use crate::app::tasks::{DialogAnswer, PathPurpose};
use crate::app::toasts::Severity;
use crate::blend::Blend;
use crate::job::{Provenance, ProvenanceError};

pub fn choose_path(window: &mut super::TestWindow<'_>, purpose: PathPurpose, path: &Path, confirmed: bool) {
    let answer = DialogAnswer::Chosen { path: path.to_owned(), confirmed };
    window.state_mut().state.dialog_closed(purpose, answer);
}

pub fn wait_until_saved(window: &mut super::TestWindow<'_>) {
    wait_for(window, "the file", |editor| !editor.state.files.is_saving);
}

#[test]
fn export_changes_only_pixels_in_the_hole() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filled.png");
    choose_path(&mut window, PathPurpose::Export, &path, true);
    wait_until_saved(&mut window);
    assert_eq!(newest_message(&window).severity, Severity::Success);
    let exported = image::open(&path).expect("a picture");
    let document = window.state().state.document.as_ref().expect("open");
    assert!(!document.has_unsaved_work());
    assert_eq!(exported.color(), document.photo.pixels.color());
    let (before, after) = (document.photo.pixels.to_rgb8(), exported.to_rgb8());
    let mut filled_pixels = 0;
    for (x, y, pixel) in after.enumerate_pixels() {
        if document.mask().is_hole(x, y) {
            filled_pixels += usize::from(before.get_pixel(x, y) != pixel);
        } else {
            assert_eq!(before.get_pixel(x, y), pixel, "{x} {y}");
        }
    }
    assert!(filled_pixels > 400, "{filled_pixels}");
}

#[test]
fn exports_record_their_provenance_unless_switched_off() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filled.png");
    let exported = |window: &mut super::TestWindow<'_>| {
        choose_path(window, PathPurpose::Export, &path, true);
        wait_until_saved(window);
        Provenance::read(&std::fs::read(&path).expect("a file"))
    };
    let provenance = exported(&mut window).expect("recorded");
    let document = window.state().state.document.as_ref().expect("open");
    assert!(provenance.matches_photo(&document.photo));
    assert_eq!(provenance.hole().expect("a mask"), *document.mask());
    let face = document.shown_face().expect("filled");
    assert_eq!(
        (provenance.candidate, provenance.blend, provenance.frame),
        (face.record().look.candidate, Blend { completion: false, ..face.record().look.blend }, face.record().frame)
    );
    window.get_by_label("More").click();
    window.run_steps(16);
    window.get_by_label("Record in the file how it was made").click_accesskit();
    window.run_steps(2);
    assert!(!window.state().state.preferences.record);
    assert!(matches!(exported(&mut window), Err(ProvenanceError::Missing)));
}

#[test]
fn an_exported_layer_is_transparent_outside_the_hole() {
    let (mut window, _) = editor_with_fill();
    window.state_mut().state.dialog_closed(PathPurpose::ExportLayer, DialogAnswer::NoDialog);
    window.run_steps(2);
    assert_eq!(
        window.state().state.dialogs.path_bar.as_ref().expect("the path bar is shown").text,
        "astronaut-layer.png"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layer.png");
    window
        .state_mut()
        .state
        .handle(Action::Dialog(DialogAction::SetPathText(path.with_extension("").display().to_string())));
    window.state_mut().state.handle(Action::SubmitPath { replace: false });
    wait_until_saved(&mut window);
    assert!(newest_message(&window).headline.starts_with("Layer exported"));
    let document = window.state().state.document.as_ref().expect("open");
    assert!(!document.has_unsaved_work());
    let layer = image::open(&path).expect("a picture").to_rgba8();
    for (x, y, pixel) in layer.enumerate_pixels() {
        assert_eq!(pixel.0[3], if document.mask().is_hole(x, y) { 255 } else { 0 }, "{x} {y}");
    }
}

#[test]
fn the_extension_decides_the_format_of_an_export() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    window.state_mut().state.preferences.jpeg_quality = 60;
    let sizes = ["filled.tif", "filled.jpg"].map(|name| {
        let path = folder.path().join(name);
        choose_path(&mut window, PathPurpose::Export, &path, true);
        wait_until_saved(&mut window);
        let message = newest_message(&window);
        assert_eq!(message.severity, Severity::Success);
        let told = if name == "filled.tif" { "TIFF: every pixel" } else { "JPEG: pixels outside the fill differ by " };
        assert!(message.details[0].starts_with(told), "{message:?}");
        std::fs::metadata(&path).expect("a file").len()
    });
    assert!(4 * sizes[1] < sizes[0], "{sizes:?}");
    choose_path(&mut window, PathPurpose::ExportLayer, &folder.path().join("layer.jpg"), true);
    wait_until_saved(&mut window);
    let message = newest_message(&window);
    assert_eq!(message.severity, Severity::Error);
    let text = format!("{} {}", message.headline, message.details.join(" "));
    assert!(text.contains("a JPEG cannot hold transparency: choose .png, .tif or .webp"), "{text}");
}

#[test]
fn export_is_disabled_without_a_fill() {
    let (mut window, _) = editor_with_photo();
    paint(&mut window);
    assert!(!is_enabled(&window, "Export…") && !is_enabled(&window, "Export layer…"));
}

#[test]
fn typed_names_never_replace_files_without_asking() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("precious.png");
    std::fs::write(&path, "precious").expect("written");
    press(&mut window, Modifiers::COMMAND, Key::P);
    window.state_mut().state.handle(Action::Dialog(DialogAction::SetPathText(path.display().to_string())));
    window.state_mut().state.handle(Action::SubmitPath { replace: false });
    wait_until_saved(&mut window);
    assert_eq!(std::fs::read(&path).expect("the file exists"), b"precious");
    click(&mut window, "Replace");
    wait_until_saved(&mut window);
    image::open(&path).expect("replaced by the picture");
    assert!(window.state().state.dialogs.path_bar.is_none());
}

#[test]
fn confirming_another_name_does_not_allow_replacing() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("precious.png");
    std::fs::write(&path, "precious").expect("written");
    choose_path(&mut window, PathPurpose::Export, &path, false);
    wait_until_saved(&mut window);
    assert_eq!(std::fs::read(&path).expect("the file exists"), b"precious");
    assert!(window.state().state.dialogs.path_bar.as_ref().is_some_and(|bar| bar.file_exists));
}

#[test]
fn a_failed_export_keeps_the_fill() {
    let (mut window, _) = editor_with_fill();
    choose_path(&mut window, PathPurpose::Export, Path::new("/nowhere/at/all.png"), true);
    wait_until_saved(&mut window);
    assert_eq!(newest_message(&window).headline, "Not saved; your work is still here");
    let document = window.state().state.document.as_ref().expect("open");
    assert!(document.has_unsaved_work() && document.shown_fill().is_some());
}

#[test]
fn without_a_dialog_a_path_field_appears() {
    let (mut window, _) = editor_with_fill();
    window.state_mut().state.dialog_closed(PathPurpose::Export, DialogAnswer::NoDialog);
    window.run_steps(2);
    let bar = window.state().state.dialogs.path_bar.as_ref().expect("the path bar is shown");
    assert_eq!(bar.text, "astronaut-filled.png");
    window.get_by_role_and_label(egui::accesskit::Role::TextInput, "Export as");
}

#[test]
fn a_saved_mask_loads_unchanged() {
    let (mut window, _) = editor_with_photo();
    paint(&mut window);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.png");
    let painted = window.state().state.document.as_ref().expect("open").mask().clone();
    choose_path(&mut window, PathPurpose::SaveMask, &path, true);
    wait_until_saved(&mut window);
    click(&mut window, "Clear");
    choose_path(&mut window, PathPurpose::LoadMask, &path, true);
    wait_for(&mut window, "the mask", |editor| editor.state.document.as_ref().is_some_and(PhotoDocument::has_hole));
    assert_eq!(*window.state().state.document.as_ref().expect("open").mask(), painted);
}

#[test]
fn closing_with_unsaved_work_asks_first() {
    let (mut window, _) = editor_with_fill();
    window.state_mut().state.handle(Action::RequestClose);
    window.run_steps(2);
    window.get_by_label("Save before closing?");
    click(&mut window, "Cancel");
    assert!(!window.state().state.files.may_close && window.state().state.dialogs.save_question.is_none());
    window.state_mut().state.handle(Action::RequestClose);
    window.run_steps(2);
    click(&mut window, "Close without saving");
    assert!(window.state().state.files.may_close);
}

#[test]
fn closing_after_export_does_not_ask() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    choose_path(&mut window, PathPurpose::Export, &folder.path().join("a.png"), true);
    wait_until_saved(&mut window);
    window.state_mut().state.handle(Action::RequestClose);
    assert!(window.state().state.files.may_close);
}

#[test]
fn opening_over_unsaved_work_asks_first() {
    let (mut window, _) = editor_with_fill();
    window.state_mut().state.handle(Action::Open(DocumentSource::Sample(SamplePortrait::GraceHopper)));
    assert!(!window.state().state.files.is_opening);
    window.state_mut().state.handle(Action::AnswerSaveQuestion(SaveAnswer::Discard));
    wait_for(&mut window, "the sample", |editor| {
        editor.state.document.as_ref().is_some_and(|document| document.name == "grace_hopper")
    });
    assert!(!window.state().state.has_fill());
}
