//! Rows of the settings panel (a name, its control, and one tooltip for both), and other shared controls.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use egui::{Align, ComboBox, DragValue, Label, Layout, Response, RichText, Role, Slider, Stroke, TextEdit, Ui, Vec2};
use egui::{WidgetInfo, vec2};

use crate::app::icons::{Icon, IconButton};
use crate::app::language::{self, Language, t, translate};
use crate::app::theme;
use crate::search::{Field, SETTINGS, Section, Setting, Settings};

/// Width of the field behind a slider: it fits "0.00600".
const NUMBER_WIDTH: f32 = 72.0;

/// Width that fits "100 %".
pub const PERCENT_WIDTH: f32 = 40.0;

/// The smallest value above 0 on a logarithmic slider.
const SMALLEST_POSITIVE: f64 = 1e-4;

/// The minimum of a number that must be above 0: the smallest value that its field shows.
const MIN_POSITIVE: f32 = 1e-5;

/// A search setting, drawn by its type. A share from 0 to 1 gets a slider, any other number a field.
pub fn setting(ui: &mut Ui, setting: &Setting, settings: &mut Settings) {
    let (title, tooltip) = (translate(setting.title), setting_tooltip(setting.id));
    match &setting.field {
        Field::Integer { range, odd, at } => {
            let value = at(settings);
            number(ui, title, tooltip, value, range.clone());
            if *odd {
                *value |= 1;
            }
        }
        Field::Seed { at } => seed(ui, title, tooltip, at(settings)),
        Field::Number { range, at, .. } if *range == (0.0..=1.0) => {
            slider(ui, title, tooltip, at(settings), range.clone(), Scale::default(), |_| {});
        }
        Field::Number { range, open, at } => {
            let start = if *open { range.start() + MIN_POSITIVE } else { *range.start() };
            number(ui, title, tooltip, at(settings), start..=*range.end());
        }
        Field::Choice(field) => {
            let mut selected = field.selected(settings);
            let options = field.options();
            let options: Vec<_> =
                options.iter().enumerate().map(|(index, o)| (index, translate(o.title), translate(o.help))).collect();
            choice(ui, title, tooltip, &mut selected, &options);
            field.select(settings, selected);
        }
    }
}

/// The tooltip of a search setting. All of a language are built once, because the panel asks for them in every frame.
pub fn setting_tooltip(id: &str) -> &'static str {
    static TOOLTIPS: [OnceLock<HashMap<&str, String>>; Language::ALL.len()] =
        [const { OnceLock::new() }; Language::ALL.len()];
    let tooltips = TOOLTIPS[language::current() as usize]
        .get_or_init(|| SETTINGS.iter().map(|setting| (setting.id, tooltip_text(setting))).collect());
    tooltips.get(id).map_or("", String::as_str)
}

/// What a setting does, the values in the presets where they are numbers, and whether it can be changed during a search.
fn tooltip_text(setting: &Setting) -> String {
    let mut text = translate(setting.help).to_owned();
    if !setting.details.is_empty() {
        text += t!(".\n");
        text += translate(setting.details);
    }
    if let Field::Integer { .. } | Field::Number { .. } = setting.field {
        let values: Vec<_> = setting
            .preset_values()
            .iter()
            .map(|(value, presets)| {
                let names: Vec<_> = presets.iter().map(|preset| preset.id()).collect();
                format!("{value} ({})", names.join(", "))
            })
            .collect();
        text += "\n";
        text += &t!("Presets: {list}", list = values.join(", "));
    }
    if setting.section == Section::Basic {
        text += "\n";
        text += t!("You can change it while the search runs");
    }
    text
}

fn seed(ui: &mut Ui, name: &str, tooltip: &str, value: &mut u64) {
    row(ui, name, tooltip, |ui| {
        let width = ui.available_width() - theme::ROW_HEIGHT - theme::GAP;
        let response = ui.add_sized([width, theme::ROW_HEIGHT], DragValue::new(value).speed(0.1));
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, response.enabled(), name));
        response.on_hover_text(tooltip);
        let dice = ui.add(IconButton::new(Icon::Dice, t!("Random seed")));
        if dice.on_hover_text(t!("Another seed")).clicked() {
            *value = u64::from(rand::random::<u32>());
        }
    });
}

/// Name in front, then whatever `add_contents` draws.
pub fn row<R>(ui: &mut Ui, name: &str, tooltip: &str, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let size = vec2(theme::SETTING_NAME_WIDTH, theme::ROW_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(theme::SETTING_NAME_WIDTH);
            ui.label(RichText::new(name).color(theme::palette(ui).weak_text)).on_hover_text(tooltip);
        });
        add_contents(ui)
    })
    .inner
}

/// A combo box. `options`: value, title, tooltip.
pub fn choice<T: PartialEq + Copy>(ui: &mut Ui, name: &str, tooltip: &str, value: &mut T, options: &[(T, &str, &str)]) {
    row(ui, name, tooltip, |ui| {
        let selected = options.iter().find(|(option, ..)| option == value).map_or("", |(_, title, _)| *title);
        let response = ComboBox::from_id_salt(name)
            .selected_text(selected)
            .width(ui.available_width())
            .truncate()
            .show_ui(ui, |ui| {
                for (option, title, tooltip) in options {
                    ui.selectable_value(value, *option, *title).on_hover_text(*tooltip);
                }
            })
            .response;
        set_combo_accessible_name(&response, name, selected);
        response.on_hover_text(tooltip);
    });
}

/// Gives a combo box its accessible name and value.
pub fn set_combo_accessible_name(response: &Response, name: &str, selected: &str) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, response.enabled(), name);
        info.current_text_value = Some(selected.to_owned());
        info
    });
}

/// A number in a field.
pub fn number<N: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    tooltip: &str,
    value: &mut N,
    range: RangeInclusive<N>,
) {
    row(ui, name, tooltip, |ui| {
        let speed = if N::INTEGRAL { 0.1 } else { drag_speed(value.to_f64()) };
        let response =
            ui.add_sized(vec2(NUMBER_WIDTH + theme::GAP * 2.0, theme::ROW_HEIGHT), field(value, range, speed));
        set_number_accessible_name(&response, name, value.to_f64());
        response.on_hover_text(tooltip);
    });
}

/// How a slider is scaled and placed.
#[derive(Clone, Copy, Default)]
pub struct Scale {
    /// Equal distances are equal factors. 0 is allowed at the low end.
    pub logarithmic: bool,
    /// Room behind the field, in points.
    pub space_after: f32,
}

/// A number with a slider and a field, then whatever `add_contents` draws.
pub fn slider<N: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    tooltip: &str,
    value: &mut N,
    range: RangeInclusive<N>,
    scale: Scale,
    add_contents: impl FnOnce(&mut Ui),
) {
    row(ui, name, tooltip, |ui| {
        let extra_width = if scale.space_after > 0.0 { scale.space_after + theme::GAP } else { 0.0 };
        ui.spacing_mut().slider_width = (ui.available_width() - NUMBER_WIDTH - theme::GAP - extra_width).max(48.0);
        let mut slider = Slider::new(value, range.clone()).show_value(false);
        if scale.logarithmic {
            slider = slider.logarithmic(true).smallest_positive(SMALLEST_POSITIVE);
        }
        let response = add_slider(ui, slider);
        response.widget_info(|| WidgetInfo::slider(response.enabled(), value.to_f64(), name));
        response.on_hover_text(tooltip);
        let speed = if N::INTEGRAL { 1.0 } else { drag_speed(value.to_f64()) };
        let response = ui.add_sized(vec2(NUMBER_WIDTH, theme::ROW_HEIGHT), field(value, range, speed));
        set_number_accessible_name(&response, &t!("{name}, number", name), value.to_f64());
        response.on_hover_text(tooltip);
        add_contents(ui);
    });
}

/// A field for a number. Zero is written as a plain 0, because 0.00000 would not fit.
fn field<N: egui::emath::Numeric>(value: &mut N, range: RangeInclusive<N>, speed: f64) -> DragValue<'_> {
    let format = |value: f64, decimals: RangeInclusive<usize>| {
        if value == 0.0 { "0".to_owned() } else { egui::emath::format_with_decimals_in_range(value, decimals) }
    };
    DragValue::new(value).range(range).speed(speed).max_decimals(decimals::<N>()).custom_formatter(format)
}

/// A slider from 0 to 100 % with its value behind it. Takes and returns a position from 0 to 1.
pub fn percent_slider(ui: &mut Ui, name: &str, tooltip: &str, position: f32) -> (Response, f32) {
    ui.spacing_mut().slider_width = (ui.available_width() - PERCENT_WIDTH - theme::GAP).max(48.0);
    let mut percent = position * 100.0;
    let response = add_slider(ui, Slider::new(&mut percent, 0.0..=100.0).step_by(1.0).show_value(false));
    response.widget_info(|| WidgetInfo::slider(response.enabled(), percent.into(), name));
    let text = RichText::new(t!("{percent} %", percent = format!("{percent:.0}"))).color(theme::palette(ui).weak_text);
    ui.add_sized([PERCENT_WIDTH, theme::ROW_HEIGHT], Label::new(text));
    (response.on_hover_text(tooltip), percent / 100.0)
}

/// A line of text to edit, with an accessible name. Returns the edited text.
pub fn text_field(ui: &mut Ui, text: &str, name: &str, hint: &str, margin: Vec2, width: f32) -> (Response, String) {
    let mut edited = text.to_owned();
    let response = ui.add(TextEdit::singleline(&mut edited).hint_text(hint).margin(margin).desired_width(width));
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::TextInput, true, name);
        info.current_text_value = Some(text.to_owned());
        info
    });
    (response, edited)
}

/// The outline of a thumbnail that can be clicked.
pub fn tile_outline(palette: &theme::ThemePalette, response: &Response, is_selected: bool) -> Stroke {
    if is_selected {
        Stroke::new(2.0, palette.accent)
    } else if response.hovered() || response.has_focus() {
        Stroke::new(1.0, palette.strong_text)
    } else {
        Stroke::new(1.0, palette.border)
    }
}

/// Adds a slider of the theme's height.
pub fn add_slider(ui: &mut Ui, slider: Slider<'_>) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = theme::SLIDER_HEIGHT;
        ui.add(slider)
    })
    .inner
}

fn decimals<N: egui::emath::Numeric>() -> usize {
    if N::INTEGRAL { 0 } else { 5 }
}

/// A drag of 100 points about doubles the value, whatever it is.
fn drag_speed(value: f64) -> f64 {
    (value.abs() * 0.01).max(1e-5)
}

/// Gives a number field its accessible name and value.
pub fn set_number_accessible_name(response: &Response, name: &str, value: f64) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::SpinButton, response.enabled(), name);
        info.value = Some(value);
        info
    });
}
