//! The toolbar above the canvas: files, tools, undo, zoom, help.

use egui::{DragValue, Popup, PopupCloseBehavior, Role, Slider, Ui, WidgetInfo, vec2};

use super::widgets::add_slider;
use super::{add_command_button, command_button, face_regions, file_menu, language_choice};
use crate::app::canvas::{BRUSH_RADIUS_RANGE_PX, Tool};
use crate::app::document::PhotoDocument;
use crate::app::icons::{Icon, IconButton};
use crate::app::language::{t, translate};
use crate::app::preferences::{GROW_RANGE_PX, Preferences};
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, Actions, CommandStates};
use crate::app::theme::{self, ThemeChoice};
use crate::mask::MaskPreset;

/// Draws the toolbar. `zoom`: screen pixels per photo pixel.
pub fn show(
    ui: &mut Ui,
    commands: &CommandStates,
    document: &PhotoDocument,
    tool: Tool,
    zoom: f32,
    actions: &mut Actions,
) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP / 2.0, theme::GAP / 2.0);
        let open = IconButton::new(Icon::Open, EditorCommand::Open.name()).with_text(t!("Open"));
        add_command_button(ui, commands, EditorCommand::Open, open, actions);
        file_menu::show(ui, commands, actions);
        command_button(ui, commands, EditorCommand::SaveProject, actions);
        let export = IconButton::new(Icon::Export, EditorCommand::Export.name()).with_text(t!("Export"));
        add_command_button(ui, commands, EditorCommand::Export, export, actions);
        command_button(ui, commands, EditorCommand::ExportLayer, actions);
        divider_line(ui);
        for (command, its_tool) in [
            (EditorCommand::BrushTool, Tool::Brush),
            (EditorCommand::EraserTool, Tool::Eraser),
            (EditorCommand::IgnoreTool, Tool::Ignore),
            (EditorCommand::FrameTool, Tool::Frame),
        ] {
            let button = IconButton::new(command.icon(), command.name()).selected(tool == its_tool);
            let response = add_command_button(ui, commands, command, button, actions);
            if its_tool == Tool::Ignore {
                response.on_hover_text(t!(
                    "Paint over what must stay but is no part of the face: a hand, sunglasses, a reflection. It is kept as \
                     it is, and the fill does not depend on it"
                ));
            }
        }
        brush_size(ui, &mut actions.preferences);
        command_button(ui, commands, EditorCommand::ClearMask, actions);
        shapes_menu(ui, commands, tool, actions);
        divider_line(ui);
        history_button(ui, commands, EditorCommand::Undo, document.undo_name(), actions);
        history_button(ui, commands, EditorCommand::Redo, document.redo_name(), actions);
        divider_line(ui);
        zoom_buttons(ui, commands, zoom, actions);
        help_menu(ui, commands, actions);
    });
}

fn divider_line(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(theme::GAP + 1.0, theme::ROW_HEIGHT), egui::Sense::hover());
    let stroke = egui::Stroke::new(1.0, theme::palette(ui).border);
    ui.painter().vline(rect.center().x, rect.shrink(6.0).y_range(), stroke);
}

fn brush_size(ui: &mut Ui, preferences: &mut Preferences) {
    // Shows the diameter, as the cursor's circle does.
    let before = preferences.brush_radius_px * 2.0;
    let mut diameter_px = before;
    let range = BRUSH_RADIUS_RANGE_PX.start() * 2.0..=BRUSH_RADIUS_RANGE_PX.end() * 2.0;
    let tooltip = t!("Brush size in photo pixels ([ and ], or Ctrl+wheel)");
    ui.spacing_mut().slider_width = 48.0;
    ui.add_space(theme::GAP / 2.0);
    let slider = Slider::new(&mut diameter_px, range.clone()).logarithmic(true).show_value(false);
    let slider = add_slider(ui, slider);
    slider.widget_info(|| WidgetInfo::slider(true, f64::from(diameter_px), t!("Brush size")));
    slider.on_hover_text(tooltip);
    let field = DragValue::new(&mut diameter_px).range(range).max_decimals(0).suffix(" px");
    let number = ui.add_sized(vec2(64.0, theme::ROW_HEIGHT), field);
    number.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, t!("Brush size, number")));
    number.on_hover_text(tooltip);
    if (diameter_px - before).abs() > f32::EPSILON {
        preferences.set_brush_radius(diameter_px / 2.0);
    }
}

/// The tools that draw an area, what changes the whole hole, parts of the face, ready-made shapes, and mask files. While one of the tools is
/// selected, the button shows its name.
fn shapes_menu(ui: &mut Ui, commands: &CommandStates, tool: Tool, actions: &mut Actions) {
    let disabled_reason = commands.disabled_reason(EditorCommand::LoadMask);
    let area_tool = AREA_TOOLS.into_iter().find(|(_, its_tool)| *its_tool == tool).map(|(command, _)| command);
    let button = IconButton::new(Icon::Shapes, t!("Shapes"))
        .with_text(area_tool.map_or(t!("Shapes"), EditorCommand::name))
        .selected(area_tool.is_some());
    let response = ui.add_enabled(disabled_reason.is_none(), button);
    let response = match disabled_reason {
        None => response.on_hover_text(t!(
            "Rectangle, lasso and other areas; parts of the face; grow, shrink or invert the hole; mask files"
        )),
        Some(reason) => response.on_disabled_hover_text(reason),
    };
    // Growing by a few pixels is tried several times, so the menu stays open until something else is chosen.
    let menu = Popup::menu(&response).gap(MENU_GAP).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    menu.show(|ui| {
        ui.set_min_width(MENU_WIDTH);
        for (command, _) in AREA_TOOLS {
            menu_item(ui, commands, command, actions);
        }
        ui.separator();
        grow_row(ui, commands, actions);
        menu_item(ui, commands, EditorCommand::InvertMask, actions);
        ui.separator();
        face_regions::show(ui, actions);
        ui.separator();
        ui.label(theme::section_heading(ui, t!("In the face frame")));
        face_regions::in_columns(ui, "frame-shapes", &MaskPreset::ALL, |ui, preset| {
            let (title, tooltip) = describe_shape(preset);
            if ui.add(face_regions::column_button(title)).on_hover_text(tooltip).clicked() {
                actions.push(Action::AddShape(preset));
                ui.close();
            }
        });
        ui.separator();
        for command in
            [EditorCommand::SameHole, EditorCommand::LoadMask, EditorCommand::PasteMask, EditorCommand::SaveMask]
        {
            menu_item(ui, commands, command, actions);
        }
    });
}

const AREA_TOOLS: [(EditorCommand, Tool); 4] = [
    (EditorCommand::RectangleTool, Tool::Rectangle),
    (EditorCommand::EllipseTool, Tool::Ellipse),
    (EditorCommand::LassoTool, Tool::Lasso),
    (EditorCommand::PolygonTool, Tool::Polygon),
];

/// Buttons to grow and shrink the hole, and by how much.
fn grow_row(ui: &mut Ui, commands: &CommandStates, actions: &mut Actions) {
    ui.horizontal(|ui| {
        for command in [EditorCommand::GrowMask, EditorCommand::ShrinkMask] {
            let button = egui::Button::new(command.name()).min_size(vec2(0.0, theme::ROW_HEIGHT));
            add_command_button(ui, commands, command, button, actions);
        }
        let distance = DragValue::new(&mut actions.preferences.grow_px).range(GROW_RANGE_PX).max_decimals(0);
        let response = ui.add(distance.suffix(" px"));
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, t!("Distance to grow or shrink")));
        response.on_hover_text(t!("By how many photo pixels the hole grows or shrinks"));
    });
}

/// A command as an entry of a menu.
pub(super) fn menu_item(ui: &mut Ui, commands: &CommandStates, command: EditorCommand, actions: &mut Actions) {
    let disabled_reason = commands.disabled_reason(command);
    let key = command.key_text(ui.ctx()).unwrap_or_default();
    let response = ui.add_enabled(disabled_reason.is_none(), egui::Button::new(command.name()).shortcut_text(key));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, disabled_reason.is_none(), command.name()));
    if response.clicked() {
        actions.push(Action::RunCommand(command));
        ui.close();
    }
    if let Some(reason) = disabled_reason {
        response.on_disabled_hover_text(reason);
    }
}

/// Title and tooltip of a shape.
pub fn describe_shape(preset: MaskPreset) -> (&'static str, &'static str) {
    match preset {
        MaskPreset::Center => {
            (t!("Centre"), t!("The centre, half as wide and half as high as the frame: the paper's centre mask"))
        }
        MaskPreset::Half => (t!("Lower half"), t!("The lower half of the frame")),
        MaskPreset::Left => (t!("Left half"), t!("The left half of the frame")),
        MaskPreset::Random => (t!("Random"), t!("Most pixels at random, chosen by the seed (CVPR 2017)")),
        MaskPreset::RandomFifth => {
            (t!("Random, few"), t!("A fifth of the pixels at random, chosen by the seed (the blog's random mask)"))
        }
        MaskPreset::Grid => (t!("Grid"), t!("Everything but the pixels of a regular grid (the blog's grid mask)")),
        MaskPreset::Lowres => {
            (t!("Low resolution"), t!("Everything but the pixels of a coarser grid: super-resolution"))
        }
        MaskPreset::Full => (t!("Everything"), t!("The whole frame: a new face, not guided by the old one")),
    }
}

/// `step_name`: the step that it would undo or redo.
fn history_button(
    ui: &mut Ui,
    commands: &CommandStates,
    command: EditorCommand,
    step_name: Option<&'static str>,
    actions: &mut Actions,
) {
    let response = command_button(ui, commands, command, actions);
    if let Some(step_name) = step_name {
        response.on_hover_text(t!("{command} {step}", command = command.name(), step = translate(step_name)));
    }
}

fn zoom_buttons(ui: &mut Ui, commands: &CommandStates, zoom: f32, actions: &mut Actions) {
    command_button(ui, commands, EditorCommand::ZoomOut, actions);
    let percent = egui::RichText::new(t!("{percent} %", percent = format!("{:.0}", zoom * 100.0)))
        .color(theme::palette(ui).weak_text);
    ui.add_sized(vec2(48.0, theme::ROW_HEIGHT), egui::Label::new(percent))
        .on_hover_text(t!("Screen pixels per photo pixel"));
    command_button(ui, commands, EditorCommand::ZoomIn, actions);
    for (command, text) in [
        (EditorCommand::ZoomToFit, t!("Fit")),
        (EditorCommand::ZoomToFace, t!("Face")),
        (EditorCommand::ZoomToActualPixels, "1:1"),
    ] {
        let button = egui::Button::new(text).frame_when_inactive(false).min_size(vec2(0.0, theme::ROW_HEIGHT));
        let response = add_command_button(ui, commands, command, button, actions);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), command.name()));
    }
}

fn help_menu(ui: &mut Ui, commands: &CommandStates, actions: &mut Actions) {
    let response = ui.add(IconButton::new(Icon::Help, t!("Help, theme and language")));
    let response = response.on_hover_text(t!("How it works, keyboard shortcuts, theme, language, about"));
    Popup::menu(&response).gap(MENU_GAP).show(|ui| {
        ui.set_min_width(MENU_WIDTH);
        for command in [EditorCommand::HowItWorks, EditorCommand::Shortcuts, EditorCommand::About] {
            menu_item(ui, commands, command, actions);
        }
        ui.separator();
        ui.label(theme::section_heading(ui, t!("Theme")));
        for choice in ThemeChoice::ALL {
            ui.radio_value(&mut actions.preferences.theme, choice, choice.title());
        }
        ui.separator();
        ui.label(theme::section_heading(ui, t!("Language")));
        language_choice::show(ui, &mut actions.preferences.language);
    });
}

/// Gap between a button and the menu it opens.
pub(super) const MENU_GAP: f32 = 4.0;
pub(super) const MENU_WIDTH: f32 = 200.0;
