//! `countenance bench`: measures the speed of the search on this machine.

mod markdown;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::outputs::{STANDARD_OUTPUT, write_or_print};
use super::{CommandStatus, model_choice, run_on_named_thread, write_stdout};
use crate::device::DeviceChoice;
use crate::job::NetworkCache;
use crate::model::ModelChoice;
use crate::model::cpu::simd_bits;
use crate::search::speed::{SearchSpeed, measure_speed};

/// Measure how fast the search is on this machine
///
/// One step is a forward and backward pass of generator and discriminator for all candidates, and an Adam update. Close
/// other programs first. The result is the median step. GFLOP/s counts each convolution by its definition, even where the
/// CPU uses an algorithm with fewer multiplications.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct BenchArgs {
    /// Numbers of candidates to measure, separated by commas
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "1,8,32",
        value_parser = clap::value_parser!(u32).range(1..=1024)
    )]
    candidates: Vec<u32>,

    /// Seconds for each number; the first quarter is a warm-up
    #[arg(long, value_name = "S", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,

    /// Model: a file, a name in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Compute device: auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,

    /// JSON with the results. Use - to print it to standard output instead of the table
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Markdown page with the results, and the times of whole fills. Without --model: for both built-in models. Use - to
    /// print it to standard output
    #[arg(long, value_name = "PATH", conflicts_with = "json")]
    markdown: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  countenance bench
  countenance bench --candidates 1,64 --device gpu --json speed.json
  countenance bench --markdown speed.md

Uses one thread per processor; set RAYON_NUM_THREADS to change this.";

/// The JSON report. Other programs read it, so fields must keep their names and meanings.
#[derive(Serialize)]
struct BenchReport {
    version: &'static str,
    device: String,
    threads: usize,
    /// Width of the SIMD vectors on the CPU.
    vector_bits: usize,
    model: String,
    image_size_px: u32,
    /// Floating-point operations per candidate and step; each convolution counts by its definition.
    step_gflop: f64,
    speeds: Vec<SearchSpeed>,
}

/// Runs the command.
pub(super) fn run(args: &BenchArgs) -> anyhow::Result<CommandStatus> {
    if let Some(path) = &args.markdown {
        let page = run_on_named_thread("bench", || measure_page(args))?;
        write_or_print(path, &page, "the page")?;
        return Ok(CommandStatus::Success);
    }
    let (model, _) = model_choice::find_model(args.model.as_deref())?;
    let report = run_on_named_thread("bench", || measure_speeds(args, &model, &mut NetworkCache::default()))?;
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&report).context("cannot write the JSON")? + "\n";
        write_or_print(path, &json, "the JSON")?;
    }
    if args.json.as_deref() != Some(Path::new(STANDARD_OUTPUT)) {
        write_stdout(&bench_table(&report))?;
    }
    Ok(CommandStatus::Success)
}

fn measure_page(args: &BenchArgs) -> anyhow::Result<String> {
    let models = match &args.model {
        Some(_) => vec![model_choice::find_model(args.model.as_deref())?.0],
        None => ModelChoice::BUILT_IN.into(),
    };
    let mut networks = NetworkCache::default();
    let mut measure = |model| {
        let report = measure_speeds(args, model, &mut networks)?;
        Ok((report, markdown::measure_fills(args.device, model, &mut networks)?))
    };
    let measured: anyhow::Result<Vec<_>> = models.iter().map(&mut measure).collect();
    Ok(markdown::page(&measured?))
}

fn measure_speeds(args: &BenchArgs, model: &ModelChoice, cache: &mut NetworkCache) -> anyhow::Result<BenchReport> {
    let (device, networks) = cache.networks(args.device, model)?;
    let time = Duration::from_secs(args.seconds.into());
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let step_gflop = networks.flop_per_step as f64 / 1e9;
    Ok(BenchReport {
        version: env!("CARGO_PKG_VERSION"),
        device: device.name,
        threads: rayon::current_num_threads(),
        vector_bits: simd_bits(),
        model: networks.info.name.clone(),
        image_size_px: networks.info.image_size_px,
        step_gflop,
        speeds: args.candidates.iter().map(|&candidates| measure_speed(&networks, candidates, time)).collect(),
    })
}

fn bench_table(report: &BenchReport) -> String {
    let BenchReport { version, device, threads, vector_bits, model, image_size_px, step_gflop, speeds } = report;
    let mut text = format!("Countenance {version}, {model} ({image_size_px} px), {device}");
    // Writing to a string cannot fail.
    let _ = writeln!(text, ", {threads} threads, vectors of {vector_bits} bits\n");
    let _ = writeln!(text, "candidates    ms/step    steps/s    candidate-steps/s    GFLOP/s");
    for SearchSpeed { candidates, seconds_a_step, candidate_steps_per_second, .. } in speeds {
        let (milliseconds, steps) = (1000.0 * seconds_a_step, 1.0 / seconds_a_step);
        let gflop = step_gflop * candidate_steps_per_second;
        let _ = write!(text, "{candidates:10} {milliseconds:10.2} {steps:10.1} {candidate_steps_per_second:20.1}");
        let _ = writeln!(text, " {gflop:10.0}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report with two measurements.
    pub(super) fn report() -> BenchReport {
        let speed = |candidates: u32, seconds_a_step: f64| SearchSpeed {
            candidates,
            steps: 100,
            seconds_a_step,
            candidate_steps_per_second: f64::from(candidates) / seconds_a_step,
        };
        BenchReport {
            version: "0.1.0",
            device: "CPU".into(),
            threads: 2,
            vector_bits: 512,
            model: "face-64".into(),
            image_size_px: 64,
            step_gflop: 0.5,
            speeds: vec![speed(1, 0.004), speed(32, 0.08)],
        }
    }

    #[test]
    fn the_table_has_one_line_per_candidate_count() {
        insta::assert_snapshot!(bench_table(&report()), @r"
        Countenance 0.1.0, face-64 (64 px), CPU, 2 threads, vectors of 512 bits

        candidates    ms/step    steps/s    candidate-steps/s    GFLOP/s
                 1       4.00      250.0                250.0        125
                32      80.00       12.5                400.0        200
        ");
    }
}
