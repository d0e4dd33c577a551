//! The keys of the grid: while it has the keyboard focus, they go to the selected photo instead of the editor.

use egui::{Context, Key, Modifiers};

use super::{BatchAction, BatchState};
use crate::app::dialogs::DocumentSource;
use crate::app::state::Action;

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// Takes the pressed keys that belong to the grid.
pub fn take_pressed_keys(context: &Context, batch: &BatchState) -> Vec<Action> {
    if !(batch.is_open && batch.has_focus) || batch.photos.is_empty() {
        return Vec::new();
    }
    let row = isize::try_from(batch.columns.max(1)).unwrap_or(1);
    let moves = [(Key::ArrowLeft, -1), (Key::ArrowRight, 1), (Key::ArrowUp, -row), (Key::ArrowDown, row)];
    context.input_mut(|input| {
        let mut actions = Vec::new();
        let mut is_pressed = |key: Key| input.consume_key(Modifiers::NONE, key);
        for (key, by) in moves {
            if is_pressed(key) {
                actions.push(Action::Batch(BatchAction::MoveSelection(by)));
            }
        }
        for (rank, key) in DIGITS.into_iter().enumerate() {
            if is_pressed(key) {
                actions.push(Action::Batch(BatchAction::ShowCandidate(rank)));
            }
        }
        if is_pressed(Key::Space) {
            actions.push(Action::Batch(BatchAction::ToggleBefore));
        }
        if is_pressed(Key::X) {
            actions.push(Action::Batch(BatchAction::ToggleExcluded));
        }
        if is_pressed(Key::Enter)
            && let Some(source) = batch.selected_source()
        {
            actions.push(Action::Open(source));
        }
        actions
    })
}

impl BatchState {
    /// What opens the selected photo with its fill in the editor; the photo alone if it is not filled.
    pub fn selected_source(&self) -> Option<DocumentSource> {
        let photo = self.selected_photo()?;
        Some(match photo.kept_fill() {
            Some(fill) => DocumentSource::BatchFill { project: fill.project.clone(), rank: photo.rank },
            None => DocumentSource::File(photo.path.clone()),
        })
    }
}
