//! Plot of the shown candidate's losses over the iterations.

use egui::{Color32, Sense, Ui};
use egui_plot::{Line, Plot, PlotPoint, PlotPoints, VLine};

use crate::app::fill::{FillAction, ShownFill, TimelineView};
use crate::app::language::{t, translate};
use crate::app::loss_history::LossHistory;
use crate::app::state::{Action, Actions};
use crate::app::theme;
use crate::search::Losses;

struct LossCurve {
    name: &'static str,
    tooltip: &'static str,
    color: fn(&theme::ThemePalette) -> Color32,
    value: fn(Losses) -> f32,
}

const CURVES: [LossCurve; 3] = [
    LossCurve {
        name: "Total",
        tooltip: "What the search minimises: context + λ·prior",
        color: |palette| palette.strong_text,
        value: |losses| losses.total,
    },
    LossCurve {
        name: "Context",
        tooltip: "Difference between the face and the photo outside the painted area",
        color: |palette| palette.accent,
        value: |losses| losses.context,
    },
    LossCurve {
        name: "λ·prior",
        tooltip: "How implausible the discriminator finds the face, weighted by λ",
        color: |palette| palette.warning,
        // The value that entered the total, so it is right even if λ was changed during the search.
        value: |losses| losses.total - losses.context,
    },
];

/// Whether there is something to plot.
pub fn has_losses(fill: ShownFill<'_>) -> bool {
    // A mix was not searched and has no loss history.
    fill.loss_history().candidate_losses(fill.shown_candidate()).next().is_some()
}

/// Draws the plot. A line marks the iteration that the timeline shows; a click or a drag shows another one.
pub fn show(ui: &mut Ui, fill: ShownFill<'_>, timeline: Option<TimelineView>, actions: &mut Actions) {
    let is_log = &mut actions.preferences.log_losses;
    let (history, candidate, steps) = (fill.loss_history(), fill.shown_candidate(), fill.iterations());
    let palette = theme::palette(ui);
    let plotted_curves = curves_to_plot(history, candidate);
    ui.horizontal(|ui| {
        ui.label(theme::section_heading(ui, t!("Losses")));
        for curve in plotted_curves {
            legend(ui, curve, (curve.color)(palette));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let button = egui::Button::selectable(*is_log, egui::RichText::new(t!("log")).small());
            if ui.add(button).on_hover_text(t!("Logarithmic scale")).clicked() {
                *is_log = !*is_log;
            }
        });
    });
    let log = *is_log;
    let plotted_value = move |value: f32| -> Option<f64> {
        let value = f64::from(value);
        if !value.is_finite() {
            None
        } else if log {
            (value > 0.0).then(|| value.log10())
        } else {
            Some(value)
        }
    };
    let plot = fixed_plot("losses")
        .sense(Sense::click_and_drag())
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .include_x(0.0)
        .include_x(f64::from(steps))
        .show_background(false)
        .show_grid([false, true])
        .grid_color(palette.border)
        .y_axis_min_width(36.0)
        .y_axis_formatter(move |mark, _| format_axis_value(if log { 10_f64.powf(mark.value) } else { mark.value }))
        .label_formatter(|_| None)
        .show(ui, |plot| {
            if let Some(timeline) = timeline {
                let line = VLine::new("iteration", timeline.position()).color(palette.weak_text).width(1.0);
                plot.vline(line.allow_hover(false));
            }
            for curve in plotted_curves {
                let points: Vec<PlotPoint> = history
                    .candidate_losses(candidate)
                    .filter_map(|(iteration, losses)| {
                        Some(PlotPoint::new(iteration, plotted_value((curve.value)(losses))?))
                    })
                    .collect();
                plot.line(
                    Line::new(curve.name, PlotPoints::Owned(points))
                        .color((curve.color)(palette))
                        .width(1.5)
                        .allow_hover(false),
                );
            }
        });
    let pressed = plot.response.is_pointer_button_down_on().then(|| plot.response.interact_pointer_pos()).flatten();
    if let (Some(at), Some(timeline)) = (pressed, timeline) {
        let iteration = plot.transform.value_from_position(at).x.round().clamp(0.0, f64::from(timeline.last));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the iterations")]
        let iteration = iteration as u32;
        if timeline.shown != Some(iteration) {
            actions.push(Action::Fill(FillAction::ShowIteration(iteration)));
        }
    }
}

/// All curves, or only the context loss when there is no prior loss: then it equals the total.
fn curves_to_plot(history: &LossHistory, candidate: usize) -> &'static [LossCurve] {
    let has_prior = history.candidate_losses(candidate).any(|(_, losses)| losses.prior != 0.0);
    if has_prior { &CURVES } else { &CURVES[1..2] }
}

fn legend(ui: &mut Ui, curve: &LossCurve, color: Color32) {
    ui.spacing_mut().item_spacing.x = theme::GAP / 2.0;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 3.0, color);
    ui.label(theme::hint_text(ui, translate(curve.name))).on_hover_text(translate(curve.tooltip));
    ui.add_space(theme::GAP / 2.0);
}

/// A plot of fixed height that the user cannot drag or zoom.
pub fn fixed_plot<'a>(id_salt: impl egui::AsIdSalt) -> Plot<'a> {
    Plot::new(id_salt)
        .height(theme::PLOT_HEIGHT)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
}

/// Formats an axis value with about three digits.
pub fn format_axis_value(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 || size == 0.0 {
        format!("{value:.0}")
    } else if size >= 1.0 {
        format!("{value:.1}")
    } else if size >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}
