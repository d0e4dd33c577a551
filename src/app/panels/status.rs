//! The status bar: the open photo, the device, and the progress of the fill.

use egui::{RichText, Ui};

use crate::app::document::Document;
use crate::app::state::State;
use crate::app::theme;

/// Draws the status bar.
pub fn show(ui: &mut Ui, state: &State) {
    ui.horizontal_centered(|ui| {
        let palette = theme::palette(ui);
        let mut parts: Vec<(String, egui::Color32)> = Vec::new();
        if let Some(document) = &state.document {
            let (width, height) = (document.photo.width(), document.photo.height());
            parts.push((format!("{}  {width} × {height}", document.name), palette.text));
        }
        if let Some(document) = &state.document {
            parts.extend(saved(document, palette));
            parts.push((faces(document.faces()), palette.weak));
        }
        if state.opening {
            parts.push(("Opening…".to_owned(), palette.text));
        }
        if state.saving {
            parts.push(("Saving…".to_owned(), palette.text));
        }
        parts.push(device(state, palette));
        parts.extend(progress(state).into_iter().map(|part| (part, palette.text)));
        for (index, (text, color)) in parts.into_iter().enumerate() {
            if index > 0 {
                ui.label(RichText::new("·").color(palette.weak).small());
            }
            ui.add(egui::Label::new(RichText::new(text).color(color).small()).truncate());
        }
    });
}

/// Name of the project file, and whether there are unsaved changes.
fn saved(document: &Document, palette: &theme::Palette) -> Option<(String, egui::Color32)> {
    let differs = document.differs_from_project();
    match document.project_path().and_then(std::path::Path::file_name) {
        Some(name) if differs => Some((format!("{}: not saved", name.to_string_lossy()), palette.text)),
        Some(name) => Some((format!("{}: saved", name.to_string_lossy()), palette.weak)),
        None if document.is_unsaved() => Some(("Not saved".to_owned(), palette.text)),
        None => None,
    }
}

/// Result of the face detection.
fn faces(found: Option<&[crate::face::FaceFrame]>) -> String {
    match found.map(<[_]>::len) {
        None => "Looking for faces…".to_owned(),
        Some(0) => "No face found: place the frame by hand (F)".to_owned(),
        Some(1) => "1 face found".to_owned(),
        Some(count) => format!("{count} faces found: Tab selects the next"),
    }
}

fn device(state: &State, palette: &theme::Palette) -> (String, egui::Color32) {
    match state.fills.device() {
        Some(device) => match &device.notice {
            Some(notice) => (notice.clone(), palette.warning),
            None => (device.name.clone(), palette.weak),
        },
        None if state.fills.is_preparing() => ("Preparing the device and the model…".to_owned(), palette.weak),
        None => ("The device or the model is not ready".to_owned(), palette.warning),
    }
}

fn progress(state: &State) -> Vec<String> {
    let Some(run) = state.fills.run() else { return finished(state) };
    let iteration = run.curves.iteration();
    if run.stopping {
        return vec!["Stopping…".to_owned()];
    }
    if !run.started {
        return vec!["Starting…".to_owned()];
    }
    let mut parts = vec![format!("Iteration {iteration} of {}", run.iterations())];
    if let Some(losses) = state.shown_losses() {
        parts.push(format!("Context {:.4}", losses.context));
    }
    if run.paused {
        parts.push("Paused".to_owned());
    } else if let Some(secs) = run.remaining_secs {
        parts.push(format!("{} left", duration(secs)));
    }
    parts
}

fn finished(state: &State) -> Vec<String> {
    if state.shows_guess() {
        return vec!["First guess: press Fill to improve it".to_owned()];
    }
    let Some(fill) = state.document.as_ref().and_then(Document::fill) else { return Vec::new() };
    let outcome = &fill.outcome;
    let mut parts = vec![format!("{} iterations in {}", outcome.steps, duration(outcome.seconds))];
    if let Some(losses) = state.shown_losses() {
        parts.push(format!("Context {:.4}", losses.context));
    }
    if state.shows_hole() {
        parts.push("The painted area has changed since this fill".to_owned());
    }
    parts
}

/// Formats a duration, as in "0.8 s", "12 s", "3 min 20 s".
fn duration(secs: f32) -> String {
    let secs = secs.max(0.0);
    if secs < 10.0 {
        format!("{secs:.1} s")
    } else if secs < 100.0 {
        format!("{secs:.0} s")
    } else {
        let minutes = (secs / 60.0).floor();
        format!("{minutes:.0} min {:.0} s", (secs - minutes * 60.0).floor())
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_formatted_with_their_unit() {
        let cases = [(0.84, "0.8 s"), (12.4, "12 s"), (99.0, "99 s"), (200.0, "3 min 20 s"), (-1.0, "0.0 s")];
        for (secs, text) in cases {
            assert_eq!(duration(secs), text);
        }
    }
}
