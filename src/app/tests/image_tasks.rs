//! Tasks other than a fill: chosen in the panel or with a key, and started without a hole.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use image::{ColorType, DynamicImage};

use super::fill::finish_fill;
use super::{
    TestWindow, button, change_preferences, editor, editor_with_photo, has_button, is_enabled, press, wait_for,
};
use crate::app::document::{DocumentAction, DocumentFill, PhotoDocument};
use crate::app::state::Action;
use crate::blend::BlendMode;
use crate::job::WorkerCommand;
use crate::mask::{Mask, MaskEdit};
use crate::photo::Photo;
use crate::project::PhotoOrigin;
use crate::restore::ImageTask;
use crate::search::{Preset, Settings};

fn document<'w>(window: &'w TestWindow<'_>) -> &'w PhotoDocument {
    window.state().state.document.as_ref().expect("open")
}

/// Opens a photo without a face.
fn open_photo(window: &mut TestWindow<'_>, width: u32, height: u32) {
    let photo = Arc::new(Photo::from_pixels(DynamicImage::new(width, height, ColorType::Rgb8)));
    let origin = PhotoOrigin::Sample("grey".into());
    // Without face detection, which takes long in a test.
    window.state_mut().state.document = Some(PhotoDocument::new(photo, "grey".into(), None, origin));
    window.run_steps(2);
}

fn choose(window: &mut TestWindow<'_>, task: ImageTask) {
    change_preferences(window, |preferences| preferences.set_task(task));
}

#[test]
fn a_task_needs_no_hole_and_has_its_own_settings() {
    let (mut window, engine) = editor_with_photo();
    assert!(!is_enabled(&window, "Fill"), "nothing is painted");
    press(&mut window, Modifiers::NONE, Key::T);
    press(&mut window, Modifiers::NONE, Key::T);
    assert_eq!(window.state().state.preferences.settings.task, ImageTask::Colorize);
    let name = By::new().role(Role::ComboBox).label("Task");
    assert_eq!(window.get(name).accesskit_node().value().as_deref(), Some("Colour a grey photo"));
    assert!(is_enabled(&window, "Fill"));
    press(&mut window, Modifiers::NONE, Key::Enter);
    let (_, request) = engine.newest_job();
    assert!(request.hole.is_empty());
    let seed = request.settings.seed;
    assert_eq!(request.settings, Settings { seed, ..Preset::Best.settings_for(ImageTask::Colorize) });
    assert!(!window.state().state.preferences.has_modified_preset());
    finish_fill(&mut window, &engine);
    let patch = document(&window).shown_fill().and_then(DocumentFill::composed).expect("composed");
    assert!(patch[0].rgba.chunks(4).any(|pixel| pixel[3] == 255), "the face is drawn");
    assert!(is_enabled(&window, "Before") && is_enabled(&window, "Before/after divider"));
}

#[test]
fn super_resolution_enlarges_the_photo_and_undo_takes_it_back() {
    let (mut window, engine) = editor();
    open_photo(&mut window, 60, 48);
    let (before, frame) = (Arc::clone(&document(&window).photo), document(&window).face_frame());
    let hole = Mask::from_fn(60, 48, |x, y| (20..30).contains(&x) && (20..30).contains(&y));
    window.state_mut().state.handle(Action::Document(DocumentAction::EditMask(MaskEdit::Replace(hole))));
    window.run_steps(2);
    change_preferences(&mut window, |preferences| preferences.blend = BlendMode::None.into());
    let painted = document(&window).mask().clone();
    choose(&mut window, ImageTask::SuperResolution { factor: 2 });
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(has_button(&window, "Starting…"));
    wait_for(&mut window, "the search", |editor| editor.state.fill.is_running());
    let (_, request) = engine.newest_job();
    assert_eq!((request.photo.width(), request.photo.height()), (2 * before.width(), 2 * before.height()));
    assert_eq!(request.frame, frame.scaled(2.0));
    assert_eq!(request.hole, painted.enlarged(2));
    engine.report_progress(1, 30);
    engine.report_finish(30, None);
    wait_for(&mut window, "the fill", |editor| editor.state.has_fill());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(document(&window).shown_fill().is_none() && document(&window).photo.width() == request.photo.width());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(Arc::ptr_eq(&document(&window).photo, &before));
    assert_eq!((document(&window).mask(), document(&window).face_frame()), (&painted, frame));
    press(&mut window, Modifiers::COMMAND, Key::Y);
    press(&mut window, Modifiers::COMMAND, Key::Y);
    assert_eq!(document(&window).photo.width(), request.photo.width());
    assert!(document(&window).shown_fill().is_some());
}

#[test]
fn a_photo_that_would_be_too_large_is_refused_with_a_message() {
    let (mut window, engine) = editor();
    open_photo(&mut window, 2000, 1000);
    choose(&mut window, ImageTask::SuperResolution { factor: 8 });
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait_for(&mut window, "the answer", |editor| !editor.state.fill.is_waiting());
    assert!(!engine.was_sent(|command| matches!(command, WorkerCommand::Start(..))));
    assert_eq!(super::newest_message(&window).headline, "The photo cannot be prepared for this task");
    assert_eq!(document(&window).photo.width(), 2000);
    assert!(button(&window, "Fill").rect().is_positive());
}

#[test]
fn changed_settings_stay_when_another_task_is_chosen() {
    let (mut window, _engine) = editor_with_photo();
    change_preferences(&mut window, |preferences| preferences.settings.steps = 77);
    choose(&mut window, ImageTask::Deblur { radius_px: 2.0 });
    let preferences = &window.state().state.preferences;
    assert_eq!((preferences.settings.steps, preferences.settings.task), (77, ImageTask::Deblur { radius_px: 2.0 }));
    change_preferences(&mut window, |preferences| preferences.set_preset(Preset::Best));
    let preferences = &window.state().state.preferences;
    assert!(!preferences.has_modified_preset() && !preferences.settings.task.is_fill());
}
