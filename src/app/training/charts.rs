//! The curves of a run: one chart for what belongs together.

use egui::{Color32, Id, Role, Ui, Vec2b, WidgetInfo, vec2};
use egui_plot::{HoverPosition, Line, PlotPoint, PlotPoints, VLine};

use super::view::{Best, RunView};
use crate::app::panels::losses::{still_plot, tick};
use crate::app::theme::{self, Palette};

/// One curve of a chart.
struct Curve {
    /// Its column in the run's tables.
    column: &'static str,
    name: &'static str,
    explanation: &'static str,
    color: fn(&Palette) -> Color32,
}

/// Curves on common axes.
struct Chart {
    title: &'static str,
    explanation: &'static str,
    curves: &'static [Curve],
    /// A logarithmic axis helps.
    log: bool,
    /// The best measurement is marked.
    marks_best: bool,
}

const fn curve(
    column: &'static str,
    name: &'static str,
    color: fn(&Palette) -> Color32,
    explanation: &'static str,
) -> Curve {
    Curve { column, name, explanation, color }
}

fn accent(palette: &Palette) -> Color32 {
    palette.accent
}

fn warning(palette: &Palette) -> Color32 {
    palette.warning
}

fn strong(palette: &Palette) -> Color32 {
    palette.strong
}

const CHARTS: [Chart; 6] = [
    Chart {
        title: "Losses",
        explanation: "What G and D make small. They play against each other: neither is to fall to nothing",
        curves: &[
            curve("g_loss", "G", accent, "How far the generator is from deceiving D"),
            curve("d_loss", "D", warning, "How badly the discriminator tells real faces from drawn ones"),
            curve("judges_loss", "Judges", strong, "How badly the judges that know pictures tell them apart"),
        ],
        log: true,
        marks_best: false,
    },
    Chart {
        title: "Reconstruction",
        explanation: "How far redrawn faces are from the true ones: the encoder sees a part, G draws the whole",
        curves: &[
            curve("redraw", "Pixels", accent, "Mean difference of the pixels"),
            curve("features", "Features", warning, "Difference of what D sees in them"),
            curve("seen_difference", "Seen", strong, "Difference of what a network that knows pictures sees in them"),
        ],
        log: true,
        marks_best: false,
    },
    Chart {
        title: "D outputs",
        explanation: "How sure D is that a picture is real, 0 to 1. Near 1 and 0 for long: D has won, and G learns nothing",
        curves: &[
            curve("d_real", "Real", accent, "On real faces"),
            curve("d_fake", "Drawn", warning, "On drawn faces"),
            curve(
                "strong_views",
                "Strong views",
                strong,
                "Share of D's views that are altered much, so that it stays unsure",
            ),
        ],
        log: false,
        marks_best: false,
    },
    Chart {
        title: "Gradient norms",
        explanation: "How hard each network is pulled. Spikes or a steady rise: lower the learning rate",
        curves: &[
            curve("g_gradient", "G", accent, "Generator"),
            curve("d_gradient", "D", warning, "Discriminator"),
            curve("e_gradient", "E", strong, "Encoder"),
        ],
        log: true,
        marks_best: false,
    },
    Chart {
        title: "Context loss",
        explanation: "What a short search reaches on held-out faces with a centre hole: the best model has the least",
        curves: &[
            curve("context_loss", "Known", accent, "Mean context loss on known pixels"),
            curve("hole_l1", "Hole", warning, "Mean difference to the truth in the hole"),
        ],
        log: true,
        marks_best: true,
    },
    Chart {
        title: "KID",
        explanation: "Kernel distance of samples to held-out faces: 0 when nothing tells them apart",
        curves: &[curve("kid", "KID", accent, "Kernel distance, on features of the model face-64")],
        log: true,
        marks_best: true,
    },
];

/// Least width of a chart beside another.
const MIN_WIDTH: f32 = 220.0;

/// Draws all charts that have something to show, side by side as far as there is room.
pub fn show(ui: &mut Ui, view: &RunView, log: bool) {
    let charts = CHARTS.iter().filter(|chart| chart.curves.iter().any(|curve| !view.points(curve.column).is_empty()));
    let charts: Vec<&Chart> = charts.collect();
    if charts.is_empty() {
        ui.label(theme::hint(ui, "Curves appear after the first 20 steps"));
        return;
    }
    let across = if ui.available_width() >= 2.0 * MIN_WIDTH + theme::GAP { 2 } else { 1 };
    for row in charts.chunks(across) {
        ui.columns(across, |columns| {
            for (ui, chart) in columns.iter_mut().zip(row) {
                chart.show(ui, view, log);
            }
        });
    }
}

impl Chart {
    fn show(&self, ui: &mut Ui, view: &RunView, log: bool) {
        let palette = theme::palette(ui);
        let log = log && self.log;
        let shown: Vec<&Curve> = self.curves.iter().filter(|curve| !view.points(curve.column).is_empty()).collect();
        ui.label(theme::section(ui, self.title)).on_hover_text(self.explanation);
        // Three long names are wider than a chart.
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(theme::GAP / 2.0, 0.0);
            for curve in &shown {
                legend(ui, curve, (curve.color)(palette), view.points(curve.column));
            }
        });
        let best = view.best.filter(|_| self.marks_best);
        let texts: Vec<(&str, &[[f64; 2]])> =
            shown.iter().map(|curve| (curve.name, view.points(curve.column))).collect();
        let response = still_plot(("training", self.title))
            .show_crosshair(true)
            .show_y(false)
            .link_cursor(Id::unique("training cursor"), Vec2b::new(true, false))
            .include_x(0.0)
            .include_x(steps(view.step.max(1)))
            .show_background(false)
            .show_grid([false, true])
            .grid_color(palette.border)
            .y_axis_min_width(36.0)
            .y_axis_formatter(move |mark, _| tick(if log { 10_f64.powf(mark.value) } else { mark.value }))
            .x_axis_formatter(|mark, _| short(mark.value))
            .label_formatter(move |position| Some(values_at(&texts, step_of(position), best)))
            .show(ui, |plot| {
                if let Some(best) = best {
                    let line = VLine::new("Best", steps(best.step)).color(palette.weak).width(1.0);
                    plot.vline(line.allow_hover(false));
                }
                for curve in &shown {
                    let points =
                        view.points(curve.column).iter().filter_map(|[step, value]| placed(*step, *value, log));
                    let line = Line::new(curve.name, PlotPoints::Owned(points.collect()));
                    plot.line(line.color((curve.color)(palette)).width(1.5).allow_hover(false));
                }
            })
            .response;
        let name = self.described(view);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    }

    /// The chart in words, for assistive technology.
    fn described(&self, view: &RunView) -> String {
        let newest = |curve: &Curve| {
            let [step, value] = view.points(curve.column).last()?;
            Some(format!("{} {} at step {step}", curve.name, tick(*value)))
        };
        let parts: Vec<String> = self.curves.iter().filter_map(newest).collect();
        format!("{}: {}", self.title, parts.join(", "))
    }
}

/// A point on the plot's axes; `None` where a logarithm has none.
fn placed(step: f64, value: f64, log: bool) -> Option<PlotPoint> {
    let height = if log { (value > 0.0).then(|| value.log10()) } else { Some(value) };
    height.map(|height| PlotPoint::new(step, height))
}

fn step_of(position: &HoverPosition<'_>) -> f64 {
    match position {
        HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position } => position.x,
    }
}

/// What the curves have at the step nearest to this one.
fn values_at(curves: &[(&str, &[[f64; 2]])], step: f64, best: Option<Best>) -> String {
    let nearest =
        |points: &[[f64; 2]]| points.iter().copied().min_by(|a, b| (a[0] - step).abs().total_cmp(&(b[0] - step).abs()));
    let mut found: Vec<(&str, [f64; 2])> = Vec::new();
    for (name, points) in curves {
        found.extend(nearest(points).map(|point| (*name, point)));
    }
    let mut lines: Vec<String> = found.first().map(|(_, [step, _])| format!("Step {step:.0}")).into_iter().collect();
    lines.extend(found.iter().map(|(name, [_, value])| format!("{name} {}", tick(*value))));
    lines.extend(best.map(|best| format!("Best model: step {}, context loss {}", best.step, tick(best.context_loss))));
    lines.join("\n")
}

fn legend(ui: &mut Ui, curve: &Curve, color: Color32, points: &[[f64; 2]]) {
    let newest = points.last().map_or_else(String::new, |[_, value]| tick(*value));
    let text = theme::hint(ui, format!("    {} {newest}", curve.name));
    // In one piece, so that the dot stays with its name when the row is full.
    let response = ui.add(egui::Label::new(text).extend()).on_hover_text(curve.explanation);
    ui.painter().circle_filled(response.rect.left_center() + vec2(4.0, 0.0), 3.0, color);
}

/// A number of steps, short: 20000 is 20k.
fn short(steps: f64) -> String {
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
fn steps(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_tells_the_values_of_all_curves_at_the_nearest_step() {
        let (g, d) = ([[20.0, 0.5], [40.0, 0.25]], [[20.0, 1.5], [40.0, 2.5]]);
        let curves: [(&str, &[[f64; 2]]); 2] = [("G", &g), ("D", &d)];
        assert_eq!(values_at(&curves, 33.0, None), "Step 40\nG 0.25\nD 2.5");
        let best = Best { step: 20, context_loss: 0.125 };
        assert_eq!(
            values_at(&curves[..1], -5.0, Some(best)),
            "Step 20\nG 0.50\nBest model: step 20, context loss 0.12"
        );
    }

    #[test]
    fn a_logarithm_leaves_out_what_has_none() {
        assert_eq!(placed(1.0, 0.0, true), None);
        assert_eq!(placed(1.0, 100.0, true), Some(PlotPoint::new(1.0, 2.0)));
        assert_eq!(placed(1.0, -1.0, false), Some(PlotPoint::new(1.0, -1.0)));
    }

    #[test]
    fn steps_are_short_on_the_axis() {
        assert_eq!([0.0, 500.0, 20_000.0, 1_500_000.0].map(short), ["0", "500", "20k", "1.5M"]);
    }
}
