//! `countenance replay`: repeats the fill recorded in a PNG and compares the results.

mod compare;
mod repetition;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;

use repetition::{RecordedFill, Repetition};

use super::console::Console;
use super::photo_access::print_warnings;
use super::{CommandStatus, model_choice, outputs, run_on_named_thread, write_stdout};
use crate::catch_panic::catch_panic;
use crate::device::{DeviceChoice, list_gpus};
use crate::job::{
    CompletionId, DeviceInfo, FacesInTurn, FillControl, FillError, FillObserver, FillRecord, FillRequest, NetworkCache,
    Provenance, StopReason, run_fill,
};
use crate::model::ModelInfo;
use crate::model::completion::CompletionNetwork;
use crate::model::cpu::CpuPrecision;
use crate::photo::{self, DEFAULT_JPEG_QUALITY, DecodeLimits, Photo};
use crate::restore::prepare_photo;
use crate::search::Losses;

/// Repeat the fill recorded in a PNG, and compare the results
///
/// Reads from FILLED how it was made, repeats this with PHOTO, and reports whether every pixel is the same. It is the
/// same with the same version on the same kind of device. A layer (`fill --layer`) is repeated as a layer, and a photo
/// with several filled faces face by face.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct ReplayArgs {
    /// PNG exported by Countenance
    #[arg(value_name = "FILLED.png")]
    filled: PathBuf,

    /// The photo that was filled: the original file or a lossless copy
    #[arg(value_name = "PHOTO")]
    photo: PathBuf,

    /// Write the repeated picture to this .png, .jpg, .tif or .webp
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// Compute device: auto, cpu, cpu:f32, gpu or gpu:N [default: the recorded device, or auto if it is missing]
    #[arg(long, value_name = "DEVICE")]
    device: Option<DeviceChoice>,

    /// Model: a file, or a name in the models folder [default: the recorded model, if it is found]
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Quality of a JPEG, 1 to 100
    #[arg(long, value_name = "1..100", default_value_t = DEFAULT_JPEG_QUALITY)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,

    /// Replace an existing picture at --out
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Exit status: 0 if every pixel is the same, 1 if pixels differ or something is missing, 2 if the arguments are invalid.";

pub(super) fn run(args: &ReplayArgs) -> anyhow::Result<CommandStatus> {
    if let Some(out) = &args.out {
        let inputs = [args.filled.as_path(), args.photo.as_path()];
        outputs::check_single_output(out, &outputs::picture_extensions(), inputs, args.force)?;
    }
    let console = &mut Console::stderr();
    let replay = Replay::new(args)?;
    for note in replay.difference_notes() {
        console.print(&format!("note: {note}"));
    }
    for (path, photo) in [(&args.filled, &replay.filled), (&args.photo, &replay.request.photo)] {
        print_warnings(path, &photo.warnings, console);
    }
    let repetition = replay.repeat(console)?;
    let (recorded, current) = (&replay.provenance.device, repetition.device_name());
    if current != Some(recorded) {
        let current = current.map_or("another device", String::as_str);
        console.print(&format!("note: made on {recorded}, repeated on {current}: pixels may differ a little"));
    }
    let picture = repetition.turns.picture(replay.provenance.content);
    let difference = compare::compare_pictures(&replay.filled.pixels, &picture);
    write_stdout(&format!("{}: {difference}\n", args.filled.display()))?;
    if let Some(out) = &args.out {
        for note in repetition.save(&replay, out, args.quality, outputs::overwrite_policy(args.force))? {
            console.print(&format!("note: {}: {note}", out.display()));
        }
    }
    Ok(CommandStatus::from_success(difference.is_none()))
}

/// A recorded fill with everything needed to repeat it.
struct Replay {
    provenance: Provenance,
    /// The request of the first fill.
    request: FillRequest,
    /// In order: several for a photo with several filled faces.
    fills: Vec<RecordedFill>,
    filled: Photo,
}

impl Replay {
    /// Reads both files and finds model and device.
    fn new(args: &ReplayArgs) -> anyhow::Result<Self> {
        let name = || args.filled.display().to_string();
        let bytes = std::fs::read(&args.filled)
            .with_context(|| format!("cannot read {}: check that the file exists and can be read", name()))?;
        let provenance = Provenance::read(&bytes).with_context(name)?;
        let filled = photo::decode(&bytes, DecodeLimits::default()).with_context(name)?;
        let photo = photo::open(&args.photo, DecodeLimits::default())
            .with_context(|| format!("the photo {} cannot be opened", args.photo.display()))?;
        let photo = Arc::new(photo);
        // The photo is given as it was opened, or as the fill's own copy of it.
        let photo = match prepare_photo(&photo, provenance.settings.task) {
            Ok(prepared) if !provenance.matches_photo(&photo) => prepared,
            _ => photo,
        };
        if !provenance.matches_photo(&photo) {
            let (path, mismatch) = (args.photo.display(), photo_mismatch(&provenance, &photo));
            bail!("{path} is not the photo that was filled: {mismatch}");
        }
        let hole = provenance.hole().with_context(name)?;
        let fills = RecordedFill::all(&provenance, &hole).with_context(name)?;
        let request = FillRequest {
            photo,
            hole,
            frame: fills.first().map_or(provenance.frame, |first| first.frame),
            settings: provenance.settings,
            start: provenance.start.clone(),
            blend: provenance.blend,
            model: model_choice::find_recorded_model(&provenance.model, args.model.as_deref())?,
            device: args.device.unwrap_or_else(|| device_with_name(&provenance.device)),
        };
        Ok(Self { provenance, request, fills, filled })
    }

    /// Notes on reasons why the results may differ.
    fn difference_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let version = &self.provenance.version;
        let current = env!("CARGO_PKG_VERSION");
        if version != current {
            notes.push(format!("made by version {version}, repeated by {current}: pixels may differ"));
        }
        // A mix is drawn without a search.
        if self.provenance.symmetry > 0.0 && !self.provenance.mixed && self.provenance.kept_at.is_none() {
            notes.push(format!(
                "made with the setting 'symmetry', which this version no longer has: the repetition leaves it out, so the \
                 fill may differ; to repeat it exactly, use the program that made it (version {version})"
            ));
        }
        if self.provenance.changed_during_search {
            notes.push(
                "lambda, the number of steps or the hole was changed during the search: this repetition uses the final \
                 values from the start and may find a different face"
                    .into(),
            );
        }
        if self.fills.iter().any(|fill| fill.drawn_from.is_some()) {
            let what = "a face that was mixed, refined or changed after its search";
            notes.push(format!("{what}: drawn from its latent without a search"));
        } else if self.provenance.edit.is_some() {
            notes.push("a face that was edited after its search: drawn from its latent without a search".into());
        } else if self.provenance.mixed {
            notes.push("a mix of candidates: drawn from its latent without a search".into());
        }
        if let Some(iteration) = self.provenance.kept_at {
            notes.push(format!("iteration {iteration} of a search: drawn from its latent without a search"));
        }
        if let Some(CompletionId { sha256 }) = &self.provenance.completion
            && sha256 != CompletionNetwork::embedded().sha256()
        {
            let current = CompletionNetwork::embedded().sha256();
            notes.push(format!(
                "this program's completion network is a different one (SHA-256 {current}): the hole was redrawn with SHA-256 \
                 {sha256}, so its pixels will differ; to repeat it, use the program that made the fill (version {version})"
            ));
        }
        for RecordedFill { steps, .. } in self.fills.iter().filter(|fill| fill.stop_after.is_some()) {
            notes.push(format!("the search was stopped at iteration {steps}: the repetition stops there too"));
        }
        notes
    }

    /// Repeats all fills on a thread of their own, as `fill` does.
    fn repeat(&self, console: &mut Console) -> anyhow::Result<Repetition> {
        let repetition = run_on_named_thread("fill", || match catch_panic(|| self.repeat_fills(&mut *console)) {
            Ok(repetition) => repetition,
            Err(reason) => Err(FillError::Internal { reason }.into()),
        });
        console.clear_bar();
        repetition
    }

    fn repeat_fills(&self, console: &mut Console) -> anyhow::Result<Repetition> {
        let mut networks = NetworkCache::default();
        let mut turns = FacesInTurn::new(Arc::clone(&self.request.photo), self.request.hole.clone());
        let mut fills = Vec::with_capacity(self.fills.len());
        for RecordedFill { frame, part, candidate, steps, stop_after, drawn_from } in &self.fills {
            let (photo, hole) = (Arc::clone(turns.photo()), turns.hole().clone());
            let mut request = FillRequest { photo, hole, frame: *frame, ..self.request.clone() };
            if let Some(start) = drawn_from {
                (request.settings, request.start) = (request.settings.without_search(), start.clone());
            }
            console.start_bar("replay", *steps);
            let mut observer = ConsoleReplayObserver { console: &mut *console, remaining_evaluations: *stop_after };
            let outcome = run_fill(&mut networks, &request, &mut observer)?;
            if let Some(StopReason::Failed(reason)) = &outcome.stopped {
                bail!("the search failed at iteration {} ({reason})", outcome.steps);
            }
            let mut fill = FillRecord::of_best(&request, outcome);
            fill.look.candidate = *candidate;
            turns.add(&fill, part).with_context(|| {
                format!(
                    "the record names candidate {}, which does not exist: use another copy of the file",
                    candidate + 1
                )
            })?;
            fills.push(fill);
        }
        Ok(Repetition { fills, turns })
    }
}

/// Explains how the given photo differs from the recorded one.
fn photo_mismatch(provenance: &Provenance, photo: &Photo) -> String {
    let describe = |width: u32, height: u32, color: &str| format!("{width}×{height} pixels of type {color}");
    let recorded = &provenance.photo;
    let recorded = describe(recorded.width, recorded.height, &recorded.color);
    let current = describe(photo.width(), photo.height(), &photo.color_name());
    if current == recorded {
        "some pixels have other values; use the file that was filled, not an edited or recompressed copy".into()
    } else {
        format!("it has {current}, the filled photo had {recorded}")
    }
}

/// The device with this name, or `auto` if it is missing.
fn device_with_name(name: &str) -> DeviceChoice {
    if let Some(precision) = CpuPrecision::from_device_name(name) {
        return if precision == CpuPrecision::Single { DeviceChoice::CpuF32 } else { DeviceChoice::Cpu };
    }
    let gpu = list_gpus().into_iter().find(|gpu| gpu.to_string() == name);
    gpu.map_or(DeviceChoice::Auto, |gpu| DeviceChoice::Gpu(Some(gpu.index)))
}

/// Shows the progress, and stops the search where the recorded one was stopped.
struct ConsoleReplayObserver<'a> {
    console: &'a mut Console,
    remaining_evaluations: Option<u32>,
}

impl FillObserver for ConsoleReplayObserver<'_> {
    fn started(&mut self, device: &DeviceInfo, _: &ModelInfo, notes: &[String]) {
        for note in device.notice.iter().chain(notes) {
            self.console.print(&format!("note: {note}"));
        }
    }

    fn control(&mut self) -> FillControl {
        match &mut self.remaining_evaluations {
            Some(0) => return FillControl::Stop,
            Some(remaining) => *remaining -= 1,
            None => {}
        }
        FillControl::Continue
    }

    fn wants_losses(&mut self, _: u32) -> bool {
        self.console.is_update_due()
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        self.console.show_losses(iteration, losses);
    }
}
