//! The window's side of copying and pasting: events of the clipboard, and requests to it.

use std::time::{Duration, Instant};

use egui::Event;

use super::Editor;
use super::outbox::PasteTarget;
use super::shortcuts::EditorCommand;
use super::state::Action;
use super::toasts::Severity;

/// The window system answers a request within a few frames, or never if the clipboard is empty.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// The clipboard was asked for its picture.
pub(super) struct PasteRequest {
    target: PasteTarget,
    sent_at: Instant,
}

impl Editor {
    /// Handles what is pasted, and Ctrl+C, which the window system turns into an event.
    pub(super) fn handle_clipboard(&mut self, context: &egui::Context) {
        if !context.text_edit_focused() {
            let is_of_clipboard =
                |event: &&Event| matches!(event, Event::Copy | Event::Paste(_) | Event::PasteImage(_));
            let events =
                context.input(|input| input.events.iter().filter(is_of_clipboard).cloned().collect::<Vec<_>>());
            for event in events {
                match event {
                    Event::Copy => self.state.handle(Action::RunCommand(EditorCommand::CopyPicture)),
                    Event::PasteImage(picture) => {
                        let target = self.paste_request.take().map_or(PasteTarget::Photo, |request| request.target);
                        self.state.handle(Action::Paste(target, picture));
                    }
                    Event::Paste(_) => self.tell_no_picture(),
                    _ => {}
                }
            }
        }
        if self.paste_request.as_ref().is_some_and(|request| request.sent_at.elapsed() > ANSWER_TIMEOUT) {
            self.tell_no_picture();
        }
        if let Some(target) = self.state.outbox.take_requested_paste() {
            self.paste_request = Some(PasteRequest { target, sent_at: Instant::now() });
            context.send_viewport_cmd(egui::ViewportCommand::RequestPaste);
        }
        if self.paste_request.is_some() {
            // The answer comes after the next frames.
            context.request_repaint_after(Duration::from_millis(20));
        }
        if let Some(picture) = self.state.outbox.take_copied_picture() {
            context.copy_image(picture);
        }
    }

    fn tell_no_picture(&mut self) {
        self.paste_request = None;
        self.state.outbox.notify(Severity::Info, "The clipboard has no picture: copy one first");
    }
}
