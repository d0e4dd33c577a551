//! Rows of the settings panel: a name in front, the control behind it, and one tooltip for both.

use std::ops::RangeInclusive;

use egui::{Align, ComboBox, DragValue, Layout, Response, Role, Slider, Ui, WidgetInfo, vec2};

use crate::app::icons::{Icon, IconButton};
use crate::app::theme;
use crate::search::{Field, Setting, Settings};

/// Width of the field behind a slider.
const NUMBER_WIDTH: f32 = 60.0;

/// The least value of a number that must be above 0: the least that its field shows.
const LEAST_POSITIVE: f32 = 1e-5;

/// A search setting, drawn by its type. A share from 0 to 1 gets a slider, any other number a field.
pub fn setting(ui: &mut Ui, setting: &Setting, settings: &mut Settings) {
    let explanation = explain(setting);
    match &setting.field {
        Field::Integer { range, odd, at } => {
            let value = at(settings);
            number(ui, setting.title, &explanation, value, range.clone());
            if *odd {
                *value |= 1;
            }
        }
        Field::Seed { at } => seed(ui, setting.title, &explanation, at(settings)),
        Field::Number { range, at, .. } if *range == (0.0..=1.0) => {
            slider(ui, setting.title, &explanation, at(settings), range.clone(), Scale::default(), |_| {});
        }
        Field::Number { range, open, at } => {
            let start = if *open { range.start() + LEAST_POSITIVE } else { *range.start() };
            number(ui, setting.title, &explanation, at(settings), start..=*range.end());
        }
        Field::Choice(field) => {
            let mut selected = field.selected(settings);
            let options = field.options();
            let options: Vec<_> = options.iter().enumerate().map(|(index, o)| (index, o.title, o.help)).collect();
            choice(ui, setting.title, &explanation, &mut selected, &options);
            field.select(settings, selected);
        }
    }
}

/// The tooltip of a setting: what it does, and the values in the presets where they are numbers.
pub fn explain(setting: &Setting) -> String {
    let mut text = setting.help.to_owned();
    if !setting.details.is_empty() {
        text += ".\n";
        text += setting.details;
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
        text += "\nPresets: ";
        text += &values.join(", ");
    }
    text
}

fn seed(ui: &mut Ui, name: &str, explanation: &str, value: &mut u64) {
    row(ui, name, explanation, |ui| {
        let width = ui.available_width() - theme::ROW_HEIGHT - theme::GAP;
        let response = ui.add_sized([width, theme::ROW_HEIGHT], DragValue::new(value).speed(0.1));
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, response.enabled(), name));
        response.on_hover_text(explanation);
        let dice = ui.add(IconButton::new(Icon::Dice, "Random seed"));
        if dice.on_hover_text("Another seed").clicked() {
            *value = u64::from(rand::random::<u32>());
        }
    });
}

/// Name in front, then whatever `add` draws.
pub fn row<R>(ui: &mut Ui, name: &str, explanation: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let size = vec2(theme::SETTING_NAME_WIDTH, theme::ROW_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(theme::SETTING_NAME_WIDTH);
            ui.label(egui::RichText::new(name).color(theme::palette(ui).weak_text)).on_hover_text(explanation);
        });
        add(ui)
    })
    .inner
}

/// A combo box. `options`: value, title, tooltip.
pub fn choice<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    explanation: &str,
    value: &mut T,
    options: &[(T, &str, &str)],
) {
    row(ui, name, explanation, |ui| {
        let selected = options.iter().find(|(option, ..)| option == value).map_or("", |(_, title, _)| *title);
        let response = ComboBox::from_id_salt(name)
            .selected_text(selected)
            .width(ui.available_width())
            .truncate()
            .show_ui(ui, |ui| {
                for (option, title, explanation) in options {
                    ui.selectable_value(value, *option, *title).on_hover_text(*explanation);
                }
            })
            .response;
        name_combo(&response, name, selected);
        response.on_hover_text(explanation);
    });
}

/// Gives a combo box its accessible name and value.
pub fn name_combo(response: &Response, name: &str, selected: &str) {
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
    explanation: &str,
    value: &mut N,
    range: RangeInclusive<N>,
) {
    row(ui, name, explanation, |ui| {
        let speed = if N::INTEGRAL { 0.1 } else { drag_speed(value.to_f64()) };
        let response =
            ui.add_sized(vec2(NUMBER_WIDTH + theme::GAP * 2.0, theme::ROW_HEIGHT), field(value, range, speed));
        name_number(&response, name, value.to_f64());
        response.on_hover_text(explanation);
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

/// A number with a slider and a field, then whatever `add` draws.
pub fn slider<N: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    explanation: &str,
    value: &mut N,
    range: RangeInclusive<N>,
    scale: Scale,
    add: impl FnOnce(&mut Ui),
) {
    row(ui, name, explanation, |ui| {
        let after = if scale.space_after > 0.0 { scale.space_after + theme::GAP } else { 0.0 };
        ui.spacing_mut().slider_width = (ui.available_width() - NUMBER_WIDTH - theme::GAP - after).max(48.0);
        let mut slider = Slider::new(value, range.clone()).show_value(false);
        if scale.logarithmic {
            slider = slider.logarithmic(true).smallest_positive(SMALLEST_POSITIVE);
        }
        let response = add_slider(ui, slider);
        response.widget_info(|| WidgetInfo::slider(response.enabled(), value.to_f64(), name));
        response.on_hover_text(explanation);
        let speed = if N::INTEGRAL { 1.0 } else { drag_speed(value.to_f64()) };
        let response = ui.add_sized(vec2(NUMBER_WIDTH, theme::ROW_HEIGHT), field(value, range, speed));
        name_number(&response, &format!("{name}, number"), value.to_f64());
        response.on_hover_text(explanation);
        add(ui);
    });
}

/// A field for a number. Zero is written as a plain 0, because 0.00000 would not fit.
fn field<N: egui::emath::Numeric>(value: &mut N, range: RangeInclusive<N>, speed: f64) -> DragValue<'_> {
    let format = |value: f64, decimals: RangeInclusive<usize>| {
        if value == 0.0 { "0".to_owned() } else { egui::emath::format_with_decimals_in_range(value, decimals) }
    };
    DragValue::new(value).range(range).speed(speed).max_decimals(decimals::<N>()).custom_formatter(format)
}

/// A slider with a handle of modest size.
pub fn add_slider(ui: &mut Ui, slider: Slider<'_>) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = theme::SLIDER_HEIGHT;
        ui.add(slider)
    })
    .inner
}

/// The least λ on the slider above 0.
const SMALLEST_POSITIVE: f64 = 1e-4;

fn decimals<N: egui::emath::Numeric>() -> usize {
    if N::INTEGRAL { 0 } else { 5 }
}

/// A drag of 100 points about doubles the value, whatever it is.
fn drag_speed(value: f64) -> f64 {
    (value.abs() * 0.01).max(1e-5)
}

fn name_number(response: &Response, name: &str, value: f64) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::SpinButton, response.enabled(), name);
        info.value = Some(value);
        info
    });
}
