//! Draws the charts of a run: losses, discriminator outputs, gradient norms and quality.

use egui::{Color32, Id, Role, Ui, Vec2b, WidgetInfo, vec2};
use egui_plot::{HoverPosition, Line, PlotPoint, PlotPoints, VLine};

use super::run_view::{BestStep, RunView};
use crate::app::language::{t, translate};
use crate::app::panels::loss_plot::{fixed_plot, format_axis_value};
use crate::app::theme::{self, ThemePalette};

/// One curve of a chart.
struct ChartCurve {
    /// Column in the run's tables.
    column: &'static str,
    name: &'static str,
    tooltip: &'static str,
    color: fn(&ThemePalette) -> Color32,
}

/// Several curves on shared axes.
struct TrainingChart {
    title: &'static str,
    tooltip: &'static str,
    curves: &'static [ChartCurve],
    /// Whether the chart can use a logarithmic axis.
    allows_log_scale: bool,
    /// Whether the best measurement is marked.
    marks_best: bool,
}

const fn chart_curve(
    column: &'static str,
    name: &'static str,
    color: fn(&ThemePalette) -> Color32,
    tooltip: &'static str,
) -> ChartCurve {
    ChartCurve { column, name, tooltip, color }
}

fn accent(palette: &ThemePalette) -> Color32 {
    palette.accent
}

fn warning(palette: &ThemePalette) -> Color32 {
    palette.warning
}

fn strong(palette: &ThemePalette) -> Color32 {
    palette.strong_text
}

const CHARTS: [TrainingChart; 6] = [
    TrainingChart {
        title: "Losses",
        tooltip: "The losses that G and D minimise. They compete: neither should fall to zero",
        curves: &[
            chart_curve("g_loss", "G", accent, "Generator loss: falls as G fools D more often"),
            chart_curve("d_loss", "D", warning, "Discriminator loss: high when D confuses real and generated faces"),
            chart_curve("judges_loss", "Projected D", strong, "Loss of the discriminators on pretrained features"),
        ],
        allows_log_scale: true,
        marks_best: false,
    },
    TrainingChart {
        title: "Reconstruction",
        tooltip: "Difference between real faces and their reconstructions by E and G from a face with a hole",
        curves: &[
            chart_curve("redraw", "Pixels", accent, "Mean difference of the pixel values"),
            chart_curve("features", "Features", warning, "Difference of the discriminator's features"),
            chart_curve("seen_difference", "Perceptual", strong, "Difference of the features of a pretrained network"),
        ],
        allows_log_scale: true,
        marks_best: false,
    },
    TrainingChart {
        title: "D outputs",
        tooltip: "D's estimate that a picture is real, 0 to 1. Long near 1 and 0: D has won, and G stops learning",
        curves: &[
            chart_curve("d_real", "Real", accent, "Mean output on real faces"),
            chart_curve("d_fake", "Generated", warning, "Mean output on generated faces"),
            chart_curve("strong_views", "Augmented", strong, "Share of strong augmentation, set to keep D unsure"),
        ],
        allows_log_scale: false,
        marks_best: false,
    },
    TrainingChart {
        title: "Gradient norms",
        tooltip: "Size of each network's gradient. Spikes or a steady rise call for a lower learning rate",
        curves: &[
            chart_curve("g_gradient", "G", accent, "Generator"),
            chart_curve("d_gradient", "D", warning, "Discriminator"),
            chart_curve("e_gradient", "E", strong, "Encoder"),
        ],
        allows_log_scale: true,
        marks_best: false,
    },
    TrainingChart {
        title: "Context loss",
        tooltip: "Result of a short search on held-out faces with a centre hole. The best model has the least loss",
        curves: &[
            chart_curve("context_loss", "Known", accent, "Mean context loss on known pixels"),
            chart_curve("hole_l1", "Hole", warning, "Mean difference from the true face in the hole"),
        ],
        allows_log_scale: true,
        marks_best: true,
    },
    TrainingChart {
        title: "KID",
        tooltip: "Kernel distance between samples and held-out faces. Near 0, they cannot be told apart",
        curves: &[chart_curve("kid", "KID", accent, "Kernel distance, computed on features of the model face-64")],
        allows_log_scale: true,
        marks_best: true,
    },
];

/// Minimum width of a chart in a two-column layout.
const MIN_WIDTH: f32 = 220.0;

/// Draws the charts that have data, in two columns if there is room.
pub fn show(ui: &mut Ui, view: &RunView, log: bool) {
    let charts = CHARTS.iter().filter(|chart| chart.curves.iter().any(|curve| !view.points(curve.column).is_empty()));
    let charts: Vec<&TrainingChart> = charts.collect();
    if charts.is_empty() {
        ui.label(theme::hint_text(ui, t!("Curves appear once the first steps are logged")));
        return;
    }
    let column_count = if ui.available_width() >= 2.0 * MIN_WIDTH + theme::GAP { 2 } else { 1 };
    for row in charts.chunks(column_count) {
        ui.columns(column_count, |columns| {
            for (ui, chart) in columns.iter_mut().zip(row) {
                chart.show(ui, view, log);
            }
        });
    }
}

impl TrainingChart {
    fn show(&self, ui: &mut Ui, view: &RunView, log: bool) {
        let palette = theme::palette(ui);
        let log = log && self.allows_log_scale;
        let curves: Vec<&ChartCurve> =
            self.curves.iter().filter(|curve| !view.points(curve.column).is_empty()).collect();
        ui.label(theme::section_heading(ui, translate(self.title))).on_hover_text(translate(self.tooltip));
        // Wrapped, because three long names are wider than a chart.
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(theme::GAP / 2.0, 0.0);
            for curve in &curves {
                legend_entry(ui, curve, (curve.color)(palette), view.points(curve.column));
            }
        });
        let best = view.best.filter(|_| self.marks_best);
        let named_points: Vec<(&str, &[[f64; 2]])> =
            curves.iter().map(|curve| (translate(curve.name), view.points(curve.column))).collect();
        let response = fixed_plot(("training", self.title))
            .show_crosshair(true)
            .show_y(false)
            .link_cursor(Id::unique("training cursor"), Vec2b::new(true, false))
            .include_x(0.0)
            .include_x(step_x(view.step.max(1)))
            .show_background(false)
            .show_grid([false, true])
            .grid_color(palette.border)
            .y_axis_min_width(36.0)
            .y_axis_formatter(move |mark, _| format_axis_value(if log { 10_f64.powf(mark.value) } else { mark.value }))
            .x_axis_formatter(|mark, _| short_step_label(mark.value))
            .label_formatter(move |position| Some(hover_text(&named_points, step_of(position), best)))
            .show(ui, |plot| {
                if let Some(best) = best {
                    let line = VLine::new(t!("Best"), step_x(best.step)).color(palette.weak_text).width(1.0);
                    plot.vline(line.allow_hover(false));
                }
                for curve in &curves {
                    let points =
                        view.points(curve.column).iter().filter_map(|[step, value]| plot_point(*step, *value, log));
                    let line = Line::new(curve.name, PlotPoints::Owned(points.collect()));
                    plot.line(line.color((curve.color)(palette)).width(1.5).allow_hover(false));
                }
            })
            .response;
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, self.accessible_text(view)));
    }

    /// Text of the chart for assistive technology.
    fn accessible_text(&self, view: &RunView) -> String {
        let newest = |curve: &ChartCurve| {
            let [step, value] = view.points(curve.column).last()?;
            Some(t!(
                "{name} {value} at step {step}",
                name = translate(curve.name),
                value = format_axis_value(*value),
                step
            ))
        };
        let parts: Vec<String> = self.curves.iter().filter_map(newest).collect();
        format!("{}: {}", translate(self.title), parts.join(", "))
    }
}

/// A point in plot coordinates; `None` if the axis is logarithmic and the value is not positive.
fn plot_point(step: f64, value: f64, log: bool) -> Option<PlotPoint> {
    let y = if log { (value > 0.0).then(|| value.log10()) } else { Some(value) };
    y.map(|y| PlotPoint::new(step, y))
}

fn step_of(position: &HoverPosition<'_>) -> f64 {
    match position {
        HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position } => position.x,
    }
}

/// Hover text: the values of all curves at the step nearest to this one.
fn hover_text(curves: &[(&str, &[[f64; 2]])], step: f64, best: Option<BestStep>) -> String {
    let nearest =
        |points: &[[f64; 2]]| points.iter().copied().min_by(|a, b| (a[0] - step).abs().total_cmp(&(b[0] - step).abs()));
    let points = curves.iter().filter_map(|(name, points)| Some((*name, nearest(points)?)));
    let points: Vec<(&str, [f64; 2])> = points.collect();
    let mut lines: Vec<String> =
        points.first().map(|(_, [step, _])| t!("Step {step}", step = format!("{step:.0}"))).into_iter().collect();
    lines.extend(points.iter().map(|(name, [_, value])| format!("{name} {}", format_axis_value(*value))));
    if let Some(BestStep { step, context_loss }) = best {
        lines.push(t!("Best model: step {step}, context loss {loss}", step, loss = format_axis_value(context_loss)));
    }
    lines.join("\n")
}

fn legend_entry(ui: &mut Ui, curve: &ChartCurve, color: Color32, points: &[[f64; 2]]) {
    let newest = points.last().map_or_else(String::new, |[_, value]| format_axis_value(*value));
    let text = theme::hint_text(ui, format!("    {} {newest}", translate(curve.name)));
    // One widget, so that the dot stays with its name when the row wraps.
    let response = ui.add(egui::Label::new(text).extend()).on_hover_text(translate(curve.tooltip));
    ui.painter().circle_filled(response.rect.left_center() + vec2(4.0, 0.0), 3.0, color);
}

/// Formats a step count for the axis: 20000 becomes 20k.
fn short_step_label(steps: f64) -> String {
    if steps < 0.0 {
        String::new()
    } else if steps >= 1e6 {
        format!("{}M", steps / 1e6)
    } else if steps >= 1e3 {
        format!("{}k", steps / 1e3)
    } else {
        format!("{steps:.0}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "steps are far below 2^52")]
fn step_x(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hover_shows_all_values_at_the_nearest_step() {
        let (g, d) = ([[20.0, 0.5], [40.0, 0.25]], [[20.0, 1.5], [40.0, 2.5]]);
        let curves: [(&str, &[[f64; 2]]); 2] = [("G", &g), ("D", &d)];
        assert_eq!(hover_text(&curves, 33.0, None), "Step 40\nG 0.25\nD 2.5");
        let best = BestStep { step: 20, context_loss: 0.125 };
        assert_eq!(
            hover_text(&curves[..1], -5.0, Some(best)),
            "Step 20\nG 0.50\nBest model: step 20, context loss 0.12"
        );
    }

    #[test]
    fn log_scale_skips_values_that_are_not_positive() {
        assert_eq!(plot_point(1.0, 0.0, true), None);
        assert_eq!(plot_point(1.0, 100.0, true), Some(PlotPoint::new(1.0, 2.0)));
        assert_eq!(plot_point(1.0, -1.0, false), Some(PlotPoint::new(1.0, -1.0)));
    }

    #[test]
    fn axis_labels_of_steps_are_short() {
        assert_eq!([0.0, 500.0, 20_000.0, 1_500_000.0].map(short_step_label), ["0", "500", "20k", "1.5M"]);
    }
}
