//! The status bar: the open photo, the device, and the progress of the fill.

use egui::{RichText, Role, Ui, WidgetInfo};

use crate::app::accessibility;
use crate::app::canvas::MaskDisplay;
use crate::app::document::PhotoDocument;
use crate::app::engine::EngineState;
use crate::app::fill::ShownFill;
use crate::app::language::{t, translate_message};
use crate::app::state::{Derived, FileState};
use crate::app::theme;
use crate::job::FillOutcome;

/// Draws the status bar. With the keyboard focus it reads out what it shows, and at any time whether the fill runs.
pub fn show(ui: &mut Ui, derived: &Derived<'_>, engine: &EngineState, files: &FileState) {
    let bar = ui.interact(ui.max_rect(), ui.scope_id().with("status"), egui::Sense::focusable_noninteractive());
    bar.widget_info(|| WidgetInfo::labeled(Role::Status, true, fill_state(derived)));
    accessibility::announce_changes(ui.ctx(), bar.id);
    if bar.has_focus() {
        let border = egui::Stroke::new(1.0, theme::palette(ui).accent);
        ui.painter().rect_stroke(ui.max_rect(), theme::CORNER_RADIUS, border, egui::StrokeKind::Inside);
    }
    ui.horizontal_centered(|ui| {
        let palette = theme::palette(ui);
        let mut parts: Vec<(String, egui::Color32)> = Vec::new();
        if let Some(document) = derived.document {
            let (width, height) = (document.photo.width(), document.photo.height());
            parts.push((format!("{}  {width} × {height}", document.name), palette.text));
            parts.extend(project_status(document, palette));
            parts.push((faces_status(document.detected_faces()), palette.weak_text));
        }
        if files.is_opening {
            parts.push((t!("Opening…").to_owned(), palette.text));
        }
        if files.is_saving {
            parts.push((t!("Saving…").to_owned(), palette.text));
        }
        parts.push(device_status(engine, palette));
        parts.extend(fill_progress(derived).into_iter().map(|part| (part, palette.text)));
        accessibility::describe(&bar, || {
            let texts: Vec<_> = parts.iter().map(|(text, _)| text.as_str()).collect();
            texts.join(", ")
        });
        for (index, (text, color)) in parts.into_iter().enumerate() {
            if index > 0 {
                ui.label(RichText::new("·").color(palette.weak_text).small());
            }
            ui.add(egui::Label::new(RichText::new(text).color(color).small()).truncate());
        }
    });
}

/// Name of the project file, and whether there are unsaved changes.
fn project_status(document: &PhotoDocument, palette: &theme::ThemePalette) -> Option<(String, egui::Color32)> {
    let is_changed = document.has_changes_since_project_save();
    match document.project_path().and_then(std::path::Path::file_name) {
        Some(name) if is_changed => Some((t!("{name}: not saved", name = name.to_string_lossy()), palette.text)),
        Some(name) => Some((t!("{name}: saved", name = name.to_string_lossy()), palette.weak_text)),
        None if document.has_unsaved_work() => Some((t!("Not saved").to_owned(), palette.text)),
        None => None,
    }
}

/// Result of the face detection.
fn faces_status(faces: Option<&[crate::geometry::FaceFrame]>) -> String {
    match faces.map(<[_]>::len) {
        None => t!("Looking for faces…").to_owned(),
        Some(0) => t!("No face found: place the frame by hand (F)").to_owned(),
        Some(1) => t!("1 face found").to_owned(),
        Some(count) => t!("{count} faces found: Tab selects the next", count),
    }
}

fn device_status(engine: &EngineState, palette: &theme::ThemePalette) -> (String, egui::Color32) {
    match &engine.device {
        Some(device) => match &device.notice {
            Some(notice) => (translate_message(notice).into_owned(), palette.warning),
            None => (translate_message(&device.name).into_owned(), palette.weak_text),
        },
        None if engine.is_preparing => (t!("Preparing the device and the model…").to_owned(), palette.weak_text),
        None => (t!("The device or the model is not ready").to_owned(), palette.warning),
    }
}

/// Whether a fill runs, in a text that changes only when that changes.
fn fill_state(derived: &Derived<'_>) -> String {
    match (derived.running(), derived.fill) {
        (Some(run), _) if run.is_stopping => t!("Stopping…").to_owned(),
        (Some(run), _) if run.is_paused => t!("Paused").to_owned(),
        (Some(_), _) => t!("Filling…").to_owned(),
        (None, Some(ShownFill::Finished(_, face))) => {
            let outcome = &face.record().outcome;
            let time = format_duration(outcome.search_secs);
            if outcome.steps == 1 {
                t!("Fill finished: 1 iteration in {time}", time)
            } else {
                t!("Fill finished: {count} iterations in {time}", count = outcome.steps, time)
            }
        }
        (None, _) if derived.document.is_some() => t!("No fill yet").to_owned(),
        (None, _) => t!("No photo").to_owned(),
    }
}

fn fill_progress(derived: &Derived<'_>) -> Vec<String> {
    if derived.is_photo_preparing {
        return vec![t!("Starting: preparing the photo…").to_owned()];
    }
    if derived.is_fill_waiting {
        return vec![t!("Starting: looking for the face around the paint…").to_owned()];
    }
    let Some(run) = derived.running() else { return result_summary(derived) };
    let iteration = run.loss_history.latest_iteration();
    if run.is_stopping {
        return vec![t!("Stopping…").to_owned()];
    }
    if !run.is_started {
        return vec![t!("Starting…").to_owned()];
    }
    let mut parts = Vec::new();
    let (number, count) = run.turn();
    if count > 1 {
        parts.push(t!("Face {number} of {count}", number, count));
    }
    parts.push(t!("Iteration {number} of {count}", number = iteration, count = run.total_iterations()));
    if let Some(losses) = derived.losses {
        parts.push(t!("Context {loss}", loss = format!("{:.4}", losses.context)));
    }
    if run.is_paused {
        parts.push(t!("Paused").to_owned());
    } else if let Some(secs) = run.remaining_secs {
        parts.push(t!("{time} left", time = format_duration(secs)));
    }
    parts
}

fn result_summary(derived: &Derived<'_>) -> Vec<String> {
    if derived.shows_first_guess {
        return vec![t!("First guess: press Fill to improve it").to_owned()];
    }
    let Some(ShownFill::Finished(_, face)) = derived.fill else { return Vec::new() };
    let outcome = &face.record().outcome;
    let mut parts = vec![steps_text(outcome)];
    if let Some(losses) = derived.losses {
        parts.push(t!("Context {loss}", loss = format!("{:.4}", losses.context)));
    }
    if derived.mask_display == MaskDisplay::Tinted {
        parts.push(t!("The painted area has changed since this fill").to_owned());
    }
    parts
}

fn steps_text(outcome: &FillOutcome) -> String {
    let time = format_duration(outcome.search_secs);
    if outcome.steps == 1 {
        t!("1 iteration in {time}", time)
    } else {
        t!("{count} iterations in {time}", count = outcome.steps, time)
    }
}

/// Formats a duration, as in "0.8 s", "12 s", "3 min 20 s".
fn format_duration(secs: f32) -> String {
    let secs = secs.max(0.0);
    if secs < 10.0 {
        t!("{secs} s", secs = format!("{secs:.1}"))
    } else if secs < 100.0 {
        t!("{secs} s", secs = format!("{secs:.0}"))
    } else {
        let minutes = (secs / 60.0).floor();
        t!("{minutes} min {secs} s", minutes, secs = (secs - minutes * 60.0).floor())
    }
}

#[cfg(test)]
mod tests {
    use super::format_duration;

    #[test]
    fn durations_are_formatted_with_their_unit() {
        let cases = [(0.84, "0.8 s"), (12.4, "12 s"), (99.0, "99 s"), (200.0, "3 min 20 s"), (-1.0, "0.0 s")];
        for (secs, text) in cases {
            assert_eq!(format_duration(secs), text);
        }
    }
}
