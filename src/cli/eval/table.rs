//! Formats an evaluation's means as text tables.

use std::fmt::Write as _;

use super::plan::EvalPlan;
use crate::evaluation::{
    ALL_MASKS, Evaluation, FillScore, PartScore, ScoreSummary, summarize_differences, summarize_scores,
};
use crate::job::Certainty;
use crate::metrics::MeanEstimate;
use crate::perceptual::PerceptualKind;

/// A column of a table.
#[derive(Clone, Copy)]
struct TableColumn {
    title: &'static str,
    /// Name of the mean or median in JSON.
    id: &'static str,
    decimals: usize,
    /// Values are shown times this.
    factor: f64,
}

const fn column(title: &'static str, id: &'static str, decimals: usize) -> TableColumn {
    TableColumn { title, id, decimals, factor: 1.0 }
}

const fn per_mille(title: &'static str, id: &'static str) -> TableColumn {
    TableColumn { title, id, decimals: 1, factor: 1000.0 }
}

const HOLE_COLUMNS: [TableColumn; 5] = [
    column("PSNR dB", "psnr_hole_db", 2),
    column("SSIM", "ssim_hole", 3),
    column("L1", "l1_hole", 4),
    column("seam jump", "seam_jump", 2),
    column("sharpness", "sharpness", 2),
];
const WHOLE_PICTURE_COLUMNS: [TableColumn; 3] =
    [column("PSNR dB", "psnr_whole_db", 2), column("SSIM", "ssim_whole", 3), column("L1", "l1_whole", 4)];
const SEARCH_COLUMNS: [TableColumn; 3] =
    [column("seconds", "seconds", 1), column("steps", "steps", 0), column("context loss", "context_loss", 4)];
/// More columns for the searches of crops, and of photos.
const CROP_SEARCH_COLUMNS: [TableColumn; 2] =
    [column("best of k dB", "best_of_k_psnr_hole_db", 2), column("diversity", "diversity", 4)];
const PHOTO_SEARCH_COLUMNS: [TableColumn; 1] = [column("frame error", "frame_error", 3)];

/// The map of uncertainty, with `--uncertainty`.
const UNCERTAINTY_COLUMNS: [TableColumn; 8] = [
    column("rank of spread", "uncertainty_rank", 3),
    column("of distance", "distance_rank", 3),
    column("spread", "spread", 1),
    column("error", "drawn_error", 1),
    column("lowest tenth", "error_in_lowest_tenth", 1),
    column("fifth tenth", "error_in_fifth_tenth", 1),
    column("highest tenth", "error_in_highest_tenth", 1),
    column("misfit ratio", "misfit_ratio", 2),
];

/// The mean and median of the perceptual distance, over the whole crop or face frame.
fn perceptual_columns(kind: Option<PerceptualKind>) -> Vec<TableColumn> {
    match kind {
        None => Vec::new(),
        Some(PerceptualKind::Lpips) => {
            vec![per_mille("LPIPS ×1000", "lpips"), per_mille("median", "lpips_median")]
        }
        Some(PerceptualKind::FeatureDistance) => {
            vec![per_mille("features ×1000", "feature_distance"), per_mille("median", "feature_distance_median")]
        }
    }
}

/// Tables for the hole, for paired differences in the hole (with `--against`), for the whole picture (of crops), and for
/// the searches (if any).
pub(super) fn eval_tables(plan: &EvalPlan, evaluation: &Evaluation) -> String {
    let protocol = &plan.protocol;
    let (masks, methods) = (plan.summarized_masks(), protocol.method_names());
    let in_photos = protocol.holes.are_in_photos();
    let cells = summarize_scores(&evaluation.scores, &masks, &methods);
    let (count, seed, model) = (protocol.faces.len(), protocol.seed, &plan.model.name);
    let (noun, plural) = (if in_photos { "photo" } else { "face" }, if count == 1 { "" } else { "s" });
    let mut text = format!("{count} {noun}{plural}, model {model}, seed {seed}");
    for device in &evaluation.devices {
        // Writing to a string cannot fail.
        let _ = write!(text, ", {device}");
    }
    text += "; mean ± half of the 95 % interval\n";
    let hole_columns = [HOLE_COLUMNS.to_vec(), perceptual_columns(evaluation.perceptual)].concat();
    add_section(&mut text, &hole_title(evaluation.perceptual), &hole_columns, &cells, format_mean);
    if let Some(against) = &plan.against {
        let differences = summarize_differences(&evaluation.scores, &masks, &methods, against);
        let title = format!("{}, paired difference to {against}", hole_title(evaluation.perceptual));
        add_section(&mut text, &title, &hole_columns, &differences, format_difference);
    }
    if !in_photos {
        add_section(&mut text, "Whole picture, known pixels exact", &WHOLE_PICTURE_COLUMNS, &cells, format_mean);
    }
    let searches: Vec<ScoreSummary> = cells.into_iter().filter(|cell| cell.summaries.contains_key("steps")).collect();
    if !searches.is_empty() {
        let more = if in_photos { PHOTO_SEARCH_COLUMNS.to_vec() } else { CROP_SEARCH_COLUMNS.to_vec() };
        let columns = [SEARCH_COLUMNS.to_vec(), more].concat();
        add_section(&mut text, "Search", &columns, &searches, format_mean);
        if protocol.measures_uncertainty {
            let title = "Uncertainty: rank correlation with the error in the hole, and grey levels of 255";
            add_section(&mut text, title, &UNCERTAINTY_COLUMNS, &searches, format_mean);
            add_certainty_table(&mut text, &evaluation.scores, protocol.blends.len());
        }
    }
    text
}

/// Title of the table of the hole. The perceptual distance is that of the face.
fn hole_title(perceptual: Option<PerceptualKind>) -> String {
    let face = match perceptual {
        None => "",
        Some(PerceptualKind::Lpips) => "; LPIPS of the whole face",
        Some(PerceptualKind::FeatureDistance) => "; AlexNet's features of the whole face, without LPIPS's weights",
    };
    format!("In the hole{face}")
}

/// What the editor says about the parts of the face, and how large their errors are. All blends of a search have the same
/// uncertainty, so one of `blend_count` scores counts.
fn add_certainty_table(text: &mut String, scores: &[FillScore], blend_count: usize) {
    let scores = scores.iter().filter_map(|score| score.uncertainty.as_ref()).step_by(blend_count.max(1));
    let parts: Vec<&PartScore> = scores.flat_map(|score| &score.parts).collect();
    *text += "\nParts of the face, by what the editor says: spread and error in grey levels of 255\n";
    let _ = writeln!(text, "{:<16} {:>6}  {:<15}  error", "certainty", "parts", "spread");
    for certainty in [Certainty::NearlyCertain, Certainty::RoughlyKnown, Certainty::CouldBeMany] {
        let parts = || parts.iter().filter(|part| part.certainty == certainty.id());
        let mean = |value: fn(&PartScore) -> f64| {
            let values: Vec<f64> = parts().map(|part| value(part)).collect();
            MeanEstimate::from_values(&values).map_or_else(|| "-".into(), |mean| format_mean(&mean, 1))
        };
        let (spread, error) = (mean(|part| part.spread), mean(|part| part.drawn_error));
        let _ = writeln!(text, "{:<16} {:>6}  {spread:<15}  {error}", certainty.id(), parts().count());
    }
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
    for TableColumn { title, .. } in columns {
        let _ = write!(text, "  {title:<15}");
    }
    end_line(text);
    let mut last = None;
    for cell in cells {
        let mask = match cell.mask {
            mask if last == Some(mask) => "",
            ALL_MASKS => "all masks",
            mask => mask,
        };
        last = Some(cell.mask);
        let _ = write!(text, "{mask:<10} {:<name_width$} {:>5}", cell.method, cell.faces);
        for column in columns {
            let value = cell_value(cell, *column).map_or_else(|| "-".into(), |mean| to_text(&mean, column.decimals));
            let _ = write!(text, "  {value:<15}");
        }
        end_line(text);
    }
}

/// The mean of a column, or its median, which has no interval.
fn cell_value(cell: &ScoreSummary, column: TableColumn) -> Option<MeanEstimate> {
    let median = |mean: &f64| MeanEstimate { count: cell.faces, mean: *mean, half_interval: None };
    let value = cell.summaries.get(column.id).copied().or_else(|| cell.medians.get(column.id).map(median))?;
    let half_interval = value.half_interval.map(|half| half * column.factor);
    Some(MeanEstimate { mean: value.mean * column.factor, half_interval, ..value })
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
