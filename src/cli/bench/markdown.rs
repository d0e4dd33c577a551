//! The page of `countenance bench --markdown`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use super::BenchReport;
use crate::app::sample_portraits::SamplePortrait;
use crate::blend::{Blend, apply};
use crate::device::DeviceChoice;
use crate::job::{DeviceInfo, FillControl, FillObserver, FillRequest, NetworkCache, SearchStart, run_fill};
use crate::mask::MaskPreset;
use crate::model::{ModelChoice, ModelInfo};
use crate::photo::{DecodeLimits, decode};
use crate::search::{Preset, speed::SearchSpeed};

/// Fills that are timed.
const FILL_COUNT: usize = 5;

/// Median times of a fill.
pub(super) struct FillTimes {
    search_secs: f64,
    blend_secs: f64,
}

/// An observer that ignores all progress.
struct IgnoringObserver;

impl FillObserver for IgnoringObserver {
    fn started(&mut self, _device: &DeviceInfo, _model: &ModelInfo, _notes: &[String]) {}

    fn control(&mut self) -> FillControl {
        FillControl::Continue
    }
}

/// Times fills of a centre hole in the sample portrait of Grace Hopper, with the preset Best.
pub(super) fn measure_fills(
    device: DeviceChoice,
    model: &ModelChoice,
    cache: &mut NetworkCache,
) -> anyhow::Result<FillTimes> {
    let sample = SamplePortrait::GraceHopper;
    let (photo, frame) = (decode(sample.image_bytes(), DecodeLimits::default())?, sample.face_frame());
    let crop_size_px = cache.model_info(model)?.image_size_px;
    let hole = MaskPreset::Center.hole_in_photo(photo.width(), photo.height(), &frame, crop_size_px, 0);
    let request = FillRequest {
        photo: Arc::new(photo),
        hole,
        frame,
        settings: Preset::Best.settings(),
        start: SearchStart::FromSettings,
        blend: Blend::default(),
        model: model.clone(),
        device,
    };
    let (mut search_secs, mut blend_secs) = (Vec::new(), Vec::new());
    for _ in 0..FILL_COUNT {
        let outcome = run_fill(cache, &request, &mut IgnoringObserver)?;
        search_secs.push(f64::from(outcome.search_secs));
        let started_at = Instant::now();
        let picture = &outcome.candidates[outcome.best].picture;
        let _ = apply(&request.photo, &request.hole, &request.frame, request.blend, picture);
        blend_secs.push(started_at.elapsed().as_secs_f64());
    }
    let median = |mut secs: Vec<f64>| {
        secs.sort_by(f64::total_cmp);
        secs[secs.len() / 2]
    };
    Ok(FillTimes { search_secs: median(search_secs), blend_secs: median(blend_secs) })
}

/// The page for these models.
pub(super) fn page(models: &[(BenchReport, FillTimes)]) -> String {
    let Some((BenchReport { version, device, threads, vector_bits, .. }, _)) = models.first() else {
        return String::new();
    };
    let mut text = format!(
        "# Speed\n\n`countenance bench --markdown` wrote this page. Countenance {version}, {device}, {threads} threads, \
         vectors of {vector_bits} bits.\n\n## Search\n\nMedians. A step is a forward and backward pass of generator and \
         discriminator for all candidates, and an Adam update.\n\n| model | candidates | ms per step | candidates × steps \
         per second | GFLOP/s |\n| --- | --- | --- | --- | --- |\n"
    );
    // Writing to a string cannot fail.
    for (report, _) in models {
        for SearchSpeed { candidates, seconds_a_step, candidate_steps_per_second, .. } in &report.speeds {
            let (ms, gflop) = (1000.0 * seconds_a_step, report.step_gflop * candidate_steps_per_second);
            let model = &report.model;
            let _ =
                writeln!(text, "| {model} | {candidates} | {ms:.2} | {candidate_steps_per_second:.0} | {gflop:.0} |");
        }
    }
    let _ = writeln!(
        text,
        "\n## A fill\n\nMedians of {FILL_COUNT} fills of a centre hole in a portrait of 512×600 pixels, with the preset \
         Best.\n\n| model | search, s | blending at full size, ms |\n| --- | --- | --- |"
    );
    for (report, FillTimes { search_secs, blend_secs }) in models {
        let _ = writeln!(text, "| {} | {search_secs:.2} | {:.0} |", report.model, 1000.0 * blend_secs);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_has_a_row_for_each_measurement() {
        let measured = [(crate::cli::bench::tests::report(), FillTimes { search_secs: 1.234, blend_secs: 0.0042 })];
        insta::assert_snapshot!(page(&measured));
    }
}
