//! Formats an evaluation's means as text tables.

use std::fmt::Write as _;

use super::plan::EvalPlan;
use crate::evaluation::{Evaluation, ScoreSummary, summarize_differences, summarize_scores};
use crate::metrics::MeanEstimate;

/// A column: title, name of the metric in JSON, decimals.
type TableColumn = (&'static str, &'static str, usize);

const HOLE_COLUMNS: [TableColumn; 5] = [
    ("PSNR dB", "psnr_hole_db", 2),
    ("SSIM", "ssim_hole", 3),
    ("L1", "l1_hole", 4),
    ("seam jump", "seam_jump", 2),
    ("sharpness", "sharpness", 2),
];
const WHOLE_PICTURE_COLUMNS: [TableColumn; 3] =
    [("PSNR dB", "psnr_whole_db", 2), ("SSIM", "ssim_whole", 3), ("L1", "l1_whole", 4)];
const SEARCH_COLUMNS: [TableColumn; 5] = [
    ("seconds", "seconds", 1),
    ("steps", "steps", 0),
    ("context loss", "context_loss", 4),
    ("best of k dB", "best_of_k_psnr_hole_db", 2),
    ("diversity", "diversity", 4),
];

/// Tables for the hole, for paired differences in the hole (with `--against`), for the whole picture, and for the
/// searches (if any).
pub(super) fn eval_tables(plan: &EvalPlan, evaluation: &Evaluation) -> String {
    let protocol = &plan.protocol;
    let cells = summarize_scores(&evaluation.scores, &protocol.holes, &protocol.method_names());
    let (count, seed, model) = (protocol.faces.len(), protocol.seed, &plan.model.name);
    let noun = if count == 1 { "face" } else { "faces" };
    let mut text = format!("{count} {noun}, model {model}, seed {seed}");
    if let Some(device) = &evaluation.device {
        // Writing to a string cannot fail.
        let _ = write!(text, ", {}", device.name);
    }
    text += "; mean ± half of the 95 % interval\n";
    add_section(&mut text, "In the hole", &HOLE_COLUMNS, &cells, format_mean);
    if let Some(against) = &plan.against {
        let differences = summarize_differences(&evaluation.scores, &protocol.holes, &protocol.method_names(), against);
        let title = format!("In the hole, paired difference to {against}");
        add_section(&mut text, &title, &HOLE_COLUMNS, &differences, format_difference);
    }
    add_section(&mut text, "Whole picture, known pixels exact", &WHOLE_PICTURE_COLUMNS, &cells, format_mean);
    let searches: Vec<ScoreSummary> = cells.into_iter().filter(|cell| cell.summaries.contains_key("steps")).collect();
    if !searches.is_empty() {
        add_section(&mut text, "Search", &SEARCH_COLUMNS, &searches, format_mean);
    }
    text
}

fn add_section(
    text: &mut String,
    title: &str,
    columns: &[TableColumn],
    cells: &[ScoreSummary],
    to_text: fn(&MeanEstimate, usize) -> String,
) {
    let name_width = cells.iter().map(|cell| cell.method.chars().count()).max().unwrap_or(0).max("method".len());
    let _ = write!(text, "\n{title}\n{:<10} {:<name_width$} {:>5}", "mask", "method", "faces");
    for (name, ..) in columns {
        let _ = write!(text, "  {name:<15}");
    }
    end_line(text);
    let mut last = None;
    for cell in cells {
        let mask = if last == Some(cell.mask) { "" } else { cell.mask.id() };
        last = Some(cell.mask);
        let _ = write!(text, "{mask:<10} {:<name_width$} {:>5}", cell.method, cell.faces);
        for &(_, metric, decimals) in columns {
            let value = cell.summaries.get(metric).map_or_else(|| "-".into(), |mean| to_text(mean, decimals));
            let _ = write!(text, "  {value:<15}");
        }
        end_line(text);
    }
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// For example `18.31 ± 0.42`.
fn format_mean(summary: &MeanEstimate, decimals: usize) -> String {
    format!("{:.decimals$}{}", summary.mean, format_half_interval(summary, decimals))
}

/// For example `+0.31 ± 0.12`.
fn format_difference(summary: &MeanEstimate, decimals: usize) -> String {
    format!("{:+.decimals$}{}", summary.mean, format_half_interval(summary, decimals))
}

/// Empty for a single face, which has no interval.
fn format_half_interval(summary: &MeanEstimate, decimals: usize) -> String {
    summary.half_interval.map_or_else(String::new, |half| format!(" ± {half:.decimals$}"))
}
