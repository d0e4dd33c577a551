//! Rows of settings: a name in front, the control behind, and one explanation for both.

use std::ops::RangeInclusive;

use egui::{Align, ComboBox, DragValue, Layout, Response, Role, Slider, Ui, WidgetInfo, vec2};

use crate::app::theme;

/// Width of the field behind a slider.
const NUMBER_WIDTH: f32 = 60.0;

/// Name in front, then whatever `add` draws.
pub fn row<R>(ui: &mut Ui, name: &str, explanation: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let size = vec2(theme::NAME_WIDTH, theme::ROW);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(theme::NAME_WIDTH);
            ui.label(egui::RichText::new(name).color(theme::palette(ui).weak)).on_hover_text(explanation);
        });
        add(ui)
    })
    .inner
}

/// One of several. `options`: value, title, explanation.
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

/// Tells assistive technology what a combo box is about.
pub fn name_combo(response: &Response, name: &str, selected: &str) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, response.enabled(), name);
        info.current_text_value = Some(selected.to_owned());
        info
    });
}

/// A number with a field only.
pub fn number<N: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    explanation: &str,
    value: &mut N,
    range: RangeInclusive<N>,
) {
    row(ui, name, explanation, |ui| {
        let speed = if N::INTEGRAL { 0.1 } else { drag_speed(value.to_f64()) };
        let response = ui.add_sized(vec2(NUMBER_WIDTH + theme::GAP * 2.0, theme::ROW), field(value, range, speed));
        name_number(&response, name, value.to_f64());
        response.on_hover_text(explanation);
    });
}

/// How a number is laid out on its slider.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Steps of equal factors; 0 is allowed at the low end.
    pub logarithmic: bool,
    /// Room to leave behind the field.
    pub space_after: f32,
}

/// A number with slider and field, then whatever `add` draws.
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
        let response = ui.add_sized(vec2(NUMBER_WIDTH, theme::ROW), field(value, range, speed));
        name_number(&response, &format!("{name}, number"), value.to_f64());
        response.on_hover_text(explanation);
        add(ui);
    });
}

/// A field whose zero is a plain 0: with as many digits as a drag may set it would be wider than its room.
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

/// The least λ on the slider, but for 0.
const SMALLEST_POSITIVE: f64 = 1e-4;

fn decimals<N: egui::emath::Numeric>() -> usize {
    if N::INTEGRAL { 0 } else { 5 }
}

/// A drag of 100 points about doubles the value, whatever its size.
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
