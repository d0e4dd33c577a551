//! The sliders and buttons of each figure.

use std::ops::RangeInclusive;

use egui::emath::Numeric;
use egui::{DragValue, Slider, Ui, WidgetInfo, vec2};

use super::{ExplainAction, ExplainState, LatentChoice};
use crate::app::language::{t, translate};
use crate::app::panels::widgets::{add_slider, set_number_accessible_name};
use crate::app::state::{Action, Actions};
use crate::app::theme;
use crate::explain::{Controls, Figure, FigureData, KernelKind, Sliding};

/// Width of a slider's name.
const NAME_WIDTH: f32 = 128.0;
/// Width of a slider's value.
const VALUE_WIDTH: f32 = 48.0;
/// The largest λ.
const MAX_LAMBDA: f32 = 10.0;
/// The smallest λ above 0 on its slider.
const SMALLEST_LAMBDA: f64 = 1e-3;

/// A figure, and what its controls show.
pub struct FigureControls<'a> {
    pub figure: Figure,
    pub data: &'a FigureData,
    pub explain: &'a ExplainState,
}

/// Draws the controls of a figure. Returns whether its play button was pressed.
pub fn show(
    ui: &mut Ui,
    shown: &FigureControls<'_>,
    is_playing: bool,
    controls: &mut Controls,
    actions: &mut Actions,
) -> bool {
    let FigureControls { figure, data, explain } = shown;
    match figure {
        Figure::Density => density_controls(ui, controls),
        Figure::Joint => two_columns(
            ui,
            controls,
            |ui, controls| slider(ui, t!("Correlation"), &mut controls.joint.correlation, -0.95..=0.95),
            |ui, controls| slider(ui, t!("x, the known value"), &mut controls.known, -3.2..=3.2),
        ),
        Figure::Convolution | Figure::Transposed => sliding_controls(ui, *figure, controls),
        Figure::Generator => latent_controls(ui, explain, data, actions),
        Figure::Losses => lambda_slider(ui, data, controls),
        Figure::Plane => two_columns(
            ui,
            controls,
            |ui, controls| lambda_slider(ui, data, controls),
            |ui, controls| slider(ui, t!("Longest step"), &mut controls.rate, 0.02..=0.5),
        ),
        Figure::Point
        | Figure::Examples
        | Figure::PixelPair
        | Figure::Discriminator
        | Figure::Ascent
        | Figure::Parts
        | Figure::Lambdas => {}
    }
    let frames = data.frames(*figure, controls);
    frames > 1 && frame_row(ui, *figure, frames, is_playing, controls)
}

fn density_controls(ui: &mut Ui, controls: &mut Controls) {
    two_columns(
        ui,
        controls,
        |ui, controls| {
            slider(ui, t!("Mean"), &mut controls.normal.mean, -3.0..=3.0);
            slider(ui, t!("Standard deviation"), &mut controls.normal.deviation, 0.5..=2.0);
        },
        |ui, controls| {
            slider(ui, t!("Number of samples"), &mut controls.samples, 10..=1000);
            ui.horizontal(|ui| {
                if ui.button(t!("Other samples")).clicked() {
                    controls.seed += 1;
                }
            });
        },
    );
}

/// Kernel, its size, stride and padding.
fn sliding_controls(ui: &mut Ui, figure: Figure, controls: &mut Controls) {
    fn sliding(figure: Figure, controls: &mut Controls) -> &mut Sliding {
        if figure == Figure::Transposed { &mut controls.transposed } else { &mut controls.convolution }
    }
    two_columns(
        ui,
        controls,
        |ui, controls| {
            ui.horizontal(|ui| {
                name_label(ui, t!("Kernel"));
                for kind in KernelKind::ALL {
                    ui.radio_value(&mut controls.kernel, kind, translate(kind.title()));
                }
            });
            slider(ui, t!("Stride"), &mut sliding(figure, controls).stride, 1..=3);
        },
        |ui, controls| {
            let sliding = sliding(figure, controls);
            slider(ui, t!("Kernel size"), &mut sliding.kernel_side, 2..=4);
            // With more padding, the kernel would lie on zeros alone.
            let most = sliding.kernel_side - 1;
            sliding.padding = sliding.padding.min(most);
            slider(ui, t!("Padding"), &mut sliding.padding, 0..=most);
        },
    );
}

/// The frame of a figure that moves, and a button that plays it. Returns whether it was pressed.
fn frame_row(ui: &mut Ui, figure: Figure, frames: usize, is_playing: bool, controls: &mut Controls) -> bool {
    let mut frame = controls.frame(figure).min(frames - 1);
    let before = frame;
    let name = if figure == Figure::Ascent { t!("Step number") } else { t!("Place of the kernel") };
    let is_pressed = ui
        .horizontal(|ui| {
            slider(ui, name, &mut frame, 0..=frames - 1);
            ui.button(if is_playing { t!("Pause") } else { t!("Play") }).clicked()
        })
        .inner;
    if frame != before {
        controls.set_frame(figure, frame);
    }
    is_pressed
}

/// The latent that is shown, and one value of it to change.
fn latent_controls(ui: &mut Ui, explain: &ExplainState, data: &FigureData, actions: &mut Actions) {
    let mut latent = explain.latent;
    let dim = data.layers.as_ref().map_or(1, |layers| layers.latent.len());
    ui.horizontal(|ui| {
        if explain.has_fill() {
            ui.radio_value(&mut latent.uses_fill, true, t!("z* of the fill"));
            ui.radio_value(&mut latent.uses_fill, false, t!("Random face number"));
        } else {
            ui.label(t!("Random face number"));
        }
        let number = ui.add(DragValue::new(&mut latent.sample).speed(0.1));
        set_number_accessible_name(&number, t!("Random face number"), Numeric::to_f64(latent.sample));
        if number.changed() {
            latent.uses_fill = false;
        }
    });
    changed_value_row(ui, &mut latent, data, dim);
    if latent != explain.latent {
        actions.push(Action::Explain(ExplainAction::SetLatent(latent)));
    }
}

/// One value of the latent, to see what it does to the layers and the face.
fn changed_value_row(ui: &mut Ui, latent: &mut LatentChoice, data: &FigureData, dim: usize) {
    let (index, is_changed) = latent.changed.map_or((0, false), |(index, _)| (index, true));
    let drawn = data.layers.as_ref().and_then(|layers| layers.latent.get(index)).copied().unwrap_or_default();
    let mut value = latent.changed.map_or(drawn, |(_, value)| value);
    let (value_before, mut number) = (value, index + 1);
    ui.horizontal(|ui| {
        ui.label(t!("Change number"));
        let field = ui.add(DragValue::new(&mut number).range(1..=dim).speed(0.1));
        set_number_accessible_name(&field, t!("Change number"), Numeric::to_f64(number));
        slider(ui, t!("of z to"), &mut value, -1.0..=1.0);
        if ui.add_enabled(is_changed, egui::Button::new(t!("Reset"))).clicked() {
            latent.changed = None;
        } else if number != index + 1 {
            latent.changed = data.layers.as_ref().and_then(|it| Some((number - 1, *it.latent.get(number - 1)?)));
        } else if value.to_bits() != value_before.to_bits() {
            latent.changed = Some((index, value));
        }
    });
}

/// λ, from the fill's.
fn lambda_slider(ui: &mut Ui, data: &FigureData, controls: &mut Controls) {
    let own = data.parts.as_ref().map_or(0.0, |parts| parts.lambda);
    let mut lambda = controls.lambda.unwrap_or(own);
    let before = lambda;
    ui.horizontal(|ui| {
        name_label(ui, t!("λ, weight of the prior"));
        let slider = Slider::new(&mut lambda, 0.0..=MAX_LAMBDA).logarithmic(true).smallest_positive(SMALLEST_LAMBDA);
        ui.spacing_mut().slider_width = slider_width(ui);
        let response = add_slider(ui, slider.show_value(false));
        response.widget_info(|| WidgetInfo::slider(true, lambda.into(), t!("λ, weight of the prior")));
        ui.label(value_text(lambda.into()));
    });
    if lambda.to_bits() != before.to_bits() {
        controls.lambda = Some(lambda);
    }
}

/// A number with its name, a slider and the value.
fn slider<N: Numeric>(ui: &mut Ui, name: &str, value: &mut N, range: RangeInclusive<N>) {
    ui.horizontal(|ui| {
        name_label(ui, name);
        ui.spacing_mut().slider_width = slider_width(ui);
        let response = add_slider(ui, Slider::new(value, range).show_value(false));
        response.widget_info(|| WidgetInfo::slider(true, value.to_f64(), name));
        ui.label(value_text(value.to_f64()));
    });
}

fn name_label(ui: &mut Ui, name: &str) {
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(vec2(NAME_WIDTH, theme::ROW_HEIGHT), layout, |ui| {
        ui.set_min_width(NAME_WIDTH);
        ui.add(egui::Label::new(name).truncate());
    });
}

fn slider_width(ui: &Ui) -> f32 {
    (ui.available_width() - VALUE_WIDTH - theme::GAP).clamp(60.0, 160.0)
}

/// For example `0.35` or `12`.
fn value_text(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// Two columns of controls.
fn two_columns(
    ui: &mut Ui,
    controls: &mut Controls,
    left: impl FnOnce(&mut Ui, &mut Controls),
    right: impl FnOnce(&mut Ui, &mut Controls),
) {
    ui.columns(2, |columns| {
        left(&mut columns[0], controls);
        right(&mut columns[1], controls);
    });
}
