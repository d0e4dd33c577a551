//! The choice of the interface's language: in the help menu, in the help windows and on the start screen.

use egui::Ui;

use crate::app::language::LanguageChoice;

/// Draws the languages, each with its own name.
pub fn show(ui: &mut Ui, choice: &mut LanguageChoice) {
    for option in LanguageChoice::ALL {
        ui.radio_value(choice, option, option.title());
    }
}
