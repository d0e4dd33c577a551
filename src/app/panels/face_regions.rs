//! The buttons for the parts of the face, in the Shapes menu, and the columns that these and other buttons stand in.

use egui::{Button, Grid, Role, Ui, WidgetInfo, vec2};

use crate::app::language::t;
use crate::app::state::{Action, Actions};
use crate::app::theme;
use crate::mask::{FaceRegion, StrokeKind};

const COLUMNS: usize = 3;
const BUTTON_WIDTH: f32 = 84.0;

/// Draws the buttons, and closes the menu after a click. The right button, or Shift, removes the part from the hole.
pub fn show(ui: &mut Ui, actions: &mut Actions) {
    ui.label(theme::section_heading(ui, t!("Parts of the face")));
    in_columns(ui, "face-regions", &FaceRegion::ALL, |ui, region| region_button(ui, region, actions));
}

/// Draws items in columns, so that the menu fits a low window.
pub fn in_columns<T: Copy>(ui: &mut Ui, id: &str, items: &[T], mut add: impl FnMut(&mut Ui, T)) {
    Grid::new(id).spacing(vec2(theme::GAP / 2.0, 0.0)).show(ui, |ui| {
        for row in items.chunks(COLUMNS) {
            for item in row {
                add(ui, *item);
            }
            ui.end_row();
        }
    });
}

/// A button of a column.
pub fn column_button(text: &str) -> Button<'_> {
    Button::new(text).min_size(vec2(BUTTON_WIDTH, theme::ROW_HEIGHT))
}

fn region_button(ui: &mut Ui, region: FaceRegion, actions: &mut Actions) {
    let (text, name, tooltip) = describe(region);
    let response = ui.add(column_button(text));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let is_removed = response.secondary_clicked() || ui.input(|input| input.modifiers.shift);
    if response.clicked() || response.secondary_clicked() {
        let kind = if is_removed { StrokeKind::Erase } else { StrokeKind::Paint };
        actions.push(Action::EditRegion(region, kind));
        ui.close();
    }
    response.on_hover_text(t!("{part}. The right button, or Shift, removes it from the hole", part = tooltip));
}

/// The name of a part.
pub fn region_title(region: FaceRegion) -> &'static str {
    describe(region).0
}

/// The text on the button, the accessible name, and the tooltip.
pub fn describe(region: FaceRegion) -> (&'static str, &'static str, &'static str) {
    match region {
        FaceRegion::Eyes => (t!("Eyes"), t!("Eyes"), t!("Both eyes with their lids")),
        FaceRegion::LeftEye => {
            (t!("Left eye"), t!("Left eye in the picture"), t!("The eye that is left in the picture"))
        }
        FaceRegion::RightEye => {
            (t!("Right eye"), t!("Right eye in the picture"), t!("The eye that is right in the picture"))
        }
        FaceRegion::Brows => (t!("Brows"), t!("Brows"), t!("Both brows")),
        FaceRegion::Nose => (t!("Nose"), t!("Nose"), t!("The nose with its wings")),
        FaceRegion::Mouth => (t!("Mouth"), t!("Mouth"), t!("The lips and a little skin around them")),
        FaceRegion::Chin => (t!("Chin"), t!("Chin"), t!("The chin below the lips")),
        FaceRegion::LeftHalf => {
            (t!("Left half"), t!("Left half in the picture"), t!("The half of the face that is left in the picture"))
        }
        FaceRegion::RightHalf => {
            (t!("Right half"), t!("Right half in the picture"), t!("The half of the face that is right in the picture"))
        }
        FaceRegion::Skin => (t!("Skin"), t!("Skin"), t!("The whole face without eyes, brows and mouth")),
    }
}
