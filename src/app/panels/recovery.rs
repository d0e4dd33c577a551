//! Offers to recover unsaved work of an earlier session.

use std::time::{Duration, SystemTime};

use egui::{Align, Button, Label, Layout, RichText, Ui, vec2};

use crate::app::autosave::RecoverableProject;
use crate::app::dialogs::DocumentSource;
use crate::app::language::t;
use crate::app::state::{Action, Actions, FileState};
use crate::app::theme;

/// Height of the row, in points: two lines of text.
pub const ROW_HEIGHT: f32 = 34.0;

/// Offers the first recoverable project. The next one follows once the user has decided.
pub fn show(ui: &mut Ui, files: &FileState, actions: &mut Actions) {
    let Some(project) = files.recoverable.first() else { return };
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let path = project.file.path();
            let discard = Button::new(t!("Discard")).min_size(vec2(0.0, theme::ROW_HEIGHT));
            if ui.add(discard).on_hover_text(t!("Delete this unsaved work permanently")).clicked() {
                actions.push(Action::DiscardRecoverable(path.to_owned()));
            }
            // A softer colour than the Fill button's.
            let recover = Button::new(RichText::new(t!("Recover")).color(palette.text)).fill(palette.selection);
            let recover = recover.min_size(vec2(0.0, theme::ROW_HEIGHT));
            let tooltip = t!("Open the photo and restore the unsaved work");
            if ui.add_enabled(!files.is_opening, recover).on_hover_text(tooltip).clicked() {
                actions.push(Action::Open(DocumentSource::Recoverable(path.to_owned())));
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let text = RichText::new(t!("Work on {name} was not saved", name = project.name)).color(palette.text);
                ui.add(Label::new(text).truncate());
                let other_count = files.recoverable.len() - 1;
                ui.label(theme::hint_text(ui, age_and_count(project, other_count, SystemTime::now())));
            });
        });
    });
}

fn age_and_count(project: &RecoverableProject, other_count: usize, now: SystemTime) -> String {
    let age = format_age(now.duration_since(project.saved_at).unwrap_or_default());
    if other_count == 0 {
        t!("From {age}", age)
    } else {
        t!("From {age}, and {count} more to recover", age, count = other_count)
    }
}

/// Formats an age, as in "a moment ago", "5 minutes ago", "2 days ago".
fn format_age(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match (minutes, minutes / 60, minutes / 1440) {
        (0, ..) => t!("a moment ago").to_owned(),
        (1, ..) => t!("1 minute ago").to_owned(),
        (count, 0, _) => t!("{count} minutes ago", count),
        (_, 1, _) => t!("1 hour ago").to_owned(),
        (_, count, 0) => t!("{count} hours ago", count),
        (.., 1) => t!("1 day ago").to_owned(),
        (.., count) => t!("{count} days ago", count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_from_the_future_is_a_moment_old() {
        let folder = tempfile::tempdir().unwrap();
        let file = std::sync::Arc::new(crate::app::autosave::RecoveryFile::new(folder.path()));
        let now = SystemTime::now();
        let project = RecoverableProject { file, name: "face".into(), saved_at: now + Duration::from_hours(5) };
        assert_eq!(age_and_count(&project, 1, now), "From a moment ago, and 1 more to recover");
    }

    #[test]
    fn ages_are_formatted_in_words() {
        let cases = [
            (59, "a moment ago"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7200, "2 hours ago"),
            (86_400, "1 day ago"),
            (864_000, "10 days ago"),
        ];
        for (secs, text) in cases {
            assert_eq!(format_age(Duration::from_secs(secs)), text);
        }
    }
}
