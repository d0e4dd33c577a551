//! The layout of the settings panel.

use super::{change_preferences, editor_with_photo};
use crate::search::Preset;

#[test]
fn a_long_preset_title_leaves_room_for_its_button() {
    let (mut window, _) = editor_with_photo();
    change_preferences(&mut window, |preferences| {
        preferences.set_preset(Preset::Paper);
        preferences.settings.lambda *= 2.0;
    });
    window.run_steps(2);
    let reset = super::button(&window, "Reset to the preset").rect();
    let steps = egui_kittest::kittest::Queryable::get_by_label(&window, "Steps, number").rect();
    assert!(reset.right() < 1280.0 && (reset.right() - steps.right()).abs() < 4.0, "{reset} {steps}");
}
