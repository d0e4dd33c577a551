//! The toolbar above the canvas: files, tools, undo, zoom, help.

use egui::{DragValue, Popup, Role, Slider, Ui, WidgetInfo, vec2};

use super::rows::add_slider;
use super::{add_verb_button, verb_button};
use crate::app::canvas::Tool;
use crate::app::icons::{Icon, IconButton};
use crate::app::persist::BRUSH_RADIUS_PX;
use crate::app::shortcuts::Verb;
use crate::app::state::{Action, State};
use crate::app::theme::{self, ThemeChoice};
use crate::mask::MaskPreset;

/// Draws the toolbar. `zoom`: screen pixels per photo pixel.
pub fn show(ui: &mut Ui, state: &State, zoom: f32, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP / 2.0, theme::GAP / 2.0);
        add_verb_button(
            ui,
            state,
            Verb::Open,
            IconButton::new(Icon::Open, Verb::Open.name()).with_text("Open"),
            actions,
        );
        verb_button(ui, state, Verb::SaveProject, actions);
        let export = IconButton::new(Icon::Export, Verb::Export.name()).with_text("Export");
        add_verb_button(ui, state, Verb::Export, export, actions);
        verb_button(ui, state, Verb::ExportLayer, actions);
        gap(ui);
        for (verb, tool) in [(Verb::Brush, Tool::Brush), (Verb::Eraser, Tool::Eraser), (Verb::Frame, Tool::Frame)] {
            let button = IconButton::new(verb.icon(), verb.name()).chosen(state.tool == tool);
            add_verb_button(ui, state, verb, button, actions);
        }
        brush_size(ui, state, actions);
        verb_button(ui, state, Verb::Clear, actions);
        verb_button(ui, state, Verb::Invert, actions);
        shapes(ui, state, actions);
        gap(ui);
        history_button(ui, state, Verb::Undo, actions);
        history_button(ui, state, Verb::Redo, actions);
        gap(ui);
        zoom_buttons(ui, state, zoom, actions);
        gap(ui);
        help(ui, state, actions);
    });
}

fn gap(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(theme::GAP + 1.0, theme::ROW), egui::Sense::hover());
    let stroke = egui::Stroke::new(1.0, theme::palette(ui).border);
    ui.painter().vline(rect.center().x, rect.shrink(6.0).y_range(), stroke);
}

fn brush_size(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    // Shows the diameter, as the cursor's circle does.
    let before = state.remembered.brush_radius_px * 2.0;
    let mut diameter_px = before;
    let range = BRUSH_RADIUS_PX.start() * 2.0..=BRUSH_RADIUS_PX.end() * 2.0;
    let tooltip = "Brush size in photo pixels ([ and ], or Ctrl+wheel)";
    ui.spacing_mut().slider_width = 88.0;
    ui.add_space(theme::GAP / 2.0);
    let slider = Slider::new(&mut diameter_px, range.clone()).logarithmic(true).show_value(false);
    let slider = add_slider(ui, slider);
    slider.widget_info(|| WidgetInfo::slider(true, f64::from(diameter_px), "Brush size"));
    slider.on_hover_text(tooltip);
    let field = DragValue::new(&mut diameter_px).range(range).max_decimals(0).suffix(" px");
    let number = ui.add_sized(vec2(64.0, theme::ROW), field);
    number.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, "Brush size, number"));
    number.on_hover_text(tooltip);
    if (diameter_px - before).abs() > f32::EPSILON {
        actions.push(Action::SetBrushRadius(diameter_px / 2.0));
    }
}

fn shapes(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let obstacle = state.obstacle(Verb::LoadMask);
    let response = ui.add_enabled(obstacle.is_none(), IconButton::new(Icon::Shapes, "Shapes").with_text("Shapes"));
    let response = match obstacle {
        None => response.on_hover_text("Ready-made shapes to fill inside the face frame, and mask files"),
        Some(obstacle) => response.on_disabled_hover_text(obstacle),
    };
    Popup::menu(&response).gap(MENU_GAP).show(|ui| {
        ui.set_min_width(MENU_WIDTH);
        for preset in MaskPreset::ALL {
            let (title, explanation) = describe_shape(preset);
            if ui.button(title).on_hover_text(explanation).clicked() {
                actions.push(Action::Shape(preset));
            }
        }
        ui.separator();
        for verb in [Verb::LoadMask, Verb::SaveMask] {
            menu_entry(ui, state, verb, actions);
        }
    });
}

fn menu_entry(ui: &mut Ui, state: &State, verb: Verb, actions: &mut Vec<Action>) {
    let obstacle = state.obstacle(verb);
    let key = verb.key_text(ui.ctx()).unwrap_or_default();
    let response = ui.add_enabled(obstacle.is_none(), egui::Button::new(verb.name()).shortcut_text(key));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, obstacle.is_none(), verb.name()));
    if response.clicked() {
        actions.push(Action::Do(verb));
    }
    if let Some(obstacle) = obstacle {
        response.on_disabled_hover_text(obstacle);
    }
}

fn describe_shape(preset: MaskPreset) -> (&'static str, &'static str) {
    match preset {
        MaskPreset::Center => {
            ("Centre", "The centre, half as wide and half as high as the frame: the paper's centre mask")
        }
        MaskPreset::Half => ("Lower half", "The lower half of the frame"),
        MaskPreset::Left => ("Left half", "The left half of the frame"),
        MaskPreset::Random => ("Random", "Most pixels at random, chosen by the seed (CVPR 2017)"),
        MaskPreset::Grid => ("Grid", "Everything but the pixels of a regular grid (the blog's grid mask)"),
        MaskPreset::Lowres => ("Low resolution", "Everything but the pixels of a coarser grid: super-resolution"),
        MaskPreset::Full => ("Everything", "The whole frame: a new face, not guided by the old one"),
    }
}

fn history_button(ui: &mut Ui, state: &State, verb: Verb, actions: &mut Vec<Action>) {
    let response = verb_button(ui, state, verb, actions);
    let step = state.document.as_ref().and_then(|document| match verb {
        Verb::Undo => document.undo_name(),
        _ => document.redo_name(),
    });
    if let Some(step) = step {
        response.on_hover_text(format!("{} {step}", verb.name()));
    }
}

fn zoom_buttons(ui: &mut Ui, state: &State, zoom: f32, actions: &mut Vec<Action>) {
    verb_button(ui, state, Verb::ZoomOut, actions);
    let percent = egui::RichText::new(format!("{:.0} %", zoom * 100.0)).color(theme::palette(ui).weak);
    ui.add_sized(vec2(48.0, theme::ROW), egui::Label::new(percent)).on_hover_text("Screen pixels per photo pixel");
    verb_button(ui, state, Verb::ZoomIn, actions);
    for (verb, text) in [(Verb::Fit, "Fit"), (Verb::ActualPixels, "1:1")] {
        let obstacle = state.obstacle(verb);
        let button = egui::Button::new(text).frame_when_inactive(false).min_size(vec2(0.0, theme::ROW));
        let response = ui.add_enabled(obstacle.is_none(), button);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, obstacle.is_none(), verb.name()));
        if response.clicked() {
            actions.push(Action::Do(verb));
        }
        super::explain_verb(ui, response, verb, obstacle);
    }
}

fn help(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let response = ui.add(IconButton::new(Icon::Help, "Help and theme"));
    let response = response.on_hover_text("Keyboard shortcuts, theme, about");
    Popup::menu(&response).gap(MENU_GAP).show(|ui| {
        ui.set_min_width(MENU_WIDTH);
        for verb in [Verb::Shortcuts, Verb::About] {
            menu_entry(ui, state, verb, actions);
        }
        ui.separator();
        ui.label(theme::section(ui, "Theme"));
        for choice in ThemeChoice::ALL {
            if ui.radio(state.remembered.theme == choice, choice.title()).clicked() {
                actions.push(Action::SetTheme(choice));
            }
        }
    });
}

/// Gap between a button and the menu it opens.
const MENU_GAP: f32 = 4.0;
const MENU_WIDTH: f32 = 200.0;
