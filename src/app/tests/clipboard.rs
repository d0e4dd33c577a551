//! Pictures copied and pasted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Color32, ColorImage, Event, Key, Modifiers};

use super::fill::editor_with_fill;
use super::{TASK_TIMEOUT, TestWindow, editor, editor_with_photo, newest_message, press, wait_for};
use crate::app::document::PhotoDocument;
use crate::app::outbox::PasteTarget;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::job::ExportContent;

fn document<'w>(window: &'w TestWindow<'_>) -> &'w PhotoDocument {
    window.state().state.document.as_ref().expect("open")
}

#[test]
fn a_pasted_picture_becomes_a_photo_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _) = editor();
    window.state_mut().state.files.paste_folder = Some(folder.path().join("pasted"));
    let mut picture = ColorImage::filled([70, 50], Color32::from_rgb(200, 150, 100));
    picture.pixels[3] = Color32::BLUE;
    window.event(Event::PasteImage(Arc::new(picture)));
    wait_for(&mut window, "the photo", |editor| editor.state.document.is_some());
    let photo = &document(&window).photo;
    let pixels = photo.pixels.to_rgb8();
    assert_eq!((pixels.dimensions(), photo.pixels.color()), ((70, 50), image::ColorType::Rgb8));
    assert_eq!((pixels.get_pixel(3, 0).0, pixels.get_pixel(4, 0).0), ([0, 0, 255], [200, 150, 100]));
    assert!(photo.source.as_ref().expect("a file").starts_with(folder.path()));
}

#[test]
fn without_a_data_folder_a_message_says_what_to_do() {
    let (mut window, _) = editor();
    window.event(Event::PasteImage(Arc::new(ColorImage::filled([7, 5], Color32::RED))));
    window.run_steps(2);
    assert!(newest_message(&window).headline.contains("save it as a file"));
}

#[test]
fn a_pasted_mask_replaces_the_hole() {
    let (mut window, _) = editor_with_photo();
    let photo = Arc::clone(&document(&window).photo);
    let size = [photo.width() as usize, photo.height() as usize];
    let mut picture = ColorImage::filled(size, Color32::BLACK);
    picture.pixels[size[0] * 7 + 5] = Color32::WHITE;
    window.state_mut().state.handle(Action::Paste(PasteTarget::Mask, Arc::new(picture)));
    wait_for(&mut window, "the mask", |editor| editor.state.document.as_ref().is_some_and(PhotoDocument::has_hole));
    assert!(document(&window).mask().hole_count() == 1 && document(&window).mask().is_hole(5, 7));
    let other = Arc::new(ColorImage::filled([9, 9], Color32::WHITE));
    window.state_mut().state.handle(Action::Paste(PasteTarget::Mask, other));
    wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
    let message = newest_message(&window);
    assert_eq!(message.headline, "The mask was not pasted");
    assert!(message.details[0].contains("use a mask of the photo's size"), "{message:?}");
    assert_eq!(document(&window).mask().hole_count(), 1);
}

#[test]
fn a_requested_mask_may_come_some_frames_later() {
    let (mut window, _) = editor_with_photo();
    let photo = Arc::clone(&document(&window).photo);
    let size = [photo.width() as usize, photo.height() as usize];
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::V);
    window.run_steps(5);
    window.event(Event::PasteImage(Arc::new(ColorImage::filled(size, Color32::WHITE))));
    wait_for(&mut window, "the mask", |editor| editor.state.document.as_ref().is_some_and(PhotoDocument::has_hole));
    assert!(Arc::ptr_eq(&photo, &document(&window).photo));
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::V);
    window.event(Event::Paste("no picture".into()));
    window.run_steps(2);
    assert!(newest_message(&window).headline.starts_with("The clipboard has no picture"));
    assert!(window.state().paste_request.is_none());
}

#[test]
fn the_filled_photo_is_copied() {
    let (mut window, _) = editor_with_fill();
    let expected = {
        let document = document(&window);
        let fill = &document.shown_face().expect("filled").fill.record;
        fill.picture(&document.photo, ExportContent::Photo, None).expect("a picture")
    };
    // Without a frame of the window, which would hand the picture to the system.
    let state = &mut window.state_mut().state;
    state.handle(Action::RunCommand(EditorCommand::CopyPicture));
    let deadline = Instant::now() + TASK_TIMEOUT;
    let copied = loop {
        assert!(Instant::now() < deadline, "timeout");
        state.poll();
        if let Some(picture) = state.outbox.take_copied_picture() {
            break picture;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    window.run_steps(2);
    assert!(newest_message(&window).headline.starts_with("Copied"));
    let bytes: Vec<u8> = copied.pixels.iter().flat_map(Color32::to_srgba_unmultiplied).collect();
    assert_eq!(bytes, expected.into_rgba8().into_raw());
}
