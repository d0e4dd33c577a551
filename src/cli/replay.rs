//! `countenance replay`: the fill that a PNG records, done again and compared.

mod compare;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use super::progress::Console;
use super::{Ending, fill, models, outputs, print_result};
use crate::device::{DeviceChoice, list_gpus};
use crate::job::{DeviceInfo, Engine, FillOutcome, FillRequest, Flow, Made, Observer, Recipe, StopReason, run_fill};
use crate::model::ModelInfo;
use crate::model::host::Arithmetic;
use crate::photo::{self, DecodeLimits, Overwrite, Photo};
use crate::search::Losses;

/// Repeat the fill that a PNG records, and compare the two
///
/// Reads out of FILLED how it was made, does the same with PHOTO, and says whether every pixel comes out the same. On the
/// same kind of device and with the same version it does. A layer (`fill --layer`) is repeated as a layer.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct ReplayArgs {
    /// PNG that Countenance exported
    #[arg(value_name = "FILLED.png")]
    filled: PathBuf,

    /// The photo that was filled: its file, or a copy without loss
    #[arg(value_name = "PHOTO")]
    photo: PathBuf,

    /// Write the repeated picture to this PNG
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// Where to compute: auto, cpu, cpu:f32, gpu or gpu:N; without it the device that is recorded, else auto
    #[arg(long, value_name = "DEVICE")]
    device: Option<DeviceChoice>,

    /// Model file, or the name of one in the models folder; without it the recorded one, if it is there
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Replace the picture at --out
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Exit status: 0 when every pixel is the same, 1 when some differ or something is missing, 2 when the arguments cannot be \
meant.";

pub(super) fn run(args: &ReplayArgs) -> anyhow::Result<Ending> {
    if let Some(out) = &args.out {
        let inputs = [args.filled.as_path(), args.photo.as_path()];
        outputs::check_one(out, &["png"], inputs, args.force)?;
    }
    let console = &mut Console::stderr();
    let replay = Replay::new(args)?;
    for note in replay.notes() {
        console.say(&format!("note: {note}"));
    }
    let outcome = replay.search(console)?;
    if outcome.device.name != replay.recipe.device {
        let (made, now) = (&replay.recipe.device, &outcome.device.name);
        console.say(&format!("note: made on {made}, repeated on {now}: pixels may differ a little"));
    }
    let Replay { recipe, request, filled } = &replay;
    let FillRequest { photo, hole, frame, blend, .. } = request;
    let made = Made { photo, hole, frame: *frame, blend: *blend, outcome: &outcome, candidate: recipe.candidate };
    let picture = made.picture(recipe.content).with_context(|| {
        format!("the record names candidate {}, and there is none: use another copy of the file", recipe.candidate + 1)
    })?;
    let difference = compare::difference(&filled.pixels, &picture);
    print_result(&format!("{}: {difference}\n", args.filled.display()))?;
    if let Some(out) = &args.out {
        let overwrite = if args.force { Overwrite::Allow } else { Overwrite::Refuse };
        fill::save(&made, recipe.content, Some(&Recipe::new(&made)?), out, overwrite)?;
    }
    Ok(if difference.is_none() { Ending::AllWell } else { Ending::SomeFailed })
}

/// A recorded fill with all that it takes to repeat it.
struct Replay {
    recipe: Recipe,
    request: FillRequest,
    filled: Photo,
}

impl Replay {
    /// Reads both files and finds model and device.
    fn new(args: &ReplayArgs) -> anyhow::Result<Self> {
        let name = || args.filled.display().to_string();
        let bytes = std::fs::read(&args.filled)
            .with_context(|| format!("cannot read {}: check that the file exists and can be read", name()))?;
        let recipe = Recipe::read(&bytes).with_context(name)?;
        let filled = photo::decode(&bytes, DecodeLimits::default()).with_context(name)?;
        let photo = photo::open(&args.photo, DecodeLimits::default())
            .with_context(|| format!("the photo {} cannot be opened", args.photo.display()))?;
        if !recipe.is_of(&photo) {
            bail!("{} is another photo than the one that was filled: {}", args.photo.display(), why(&recipe, &photo));
        }
        let request = FillRequest {
            photo: Arc::new(photo),
            hole: Arc::new(recipe.hole().with_context(name)?),
            frame: recipe.frame,
            settings: recipe.settings,
            start: recipe.start.clone(),
            blend: recipe.blend,
            model: models::recorded(&recipe.model, args.model.as_deref())?,
            device: args.device.unwrap_or_else(|| recorded_device(&recipe.device)),
        };
        Ok(Self { recipe, request, filled })
    }

    /// What may keep the repetition from being the same.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let own = env!("CARGO_PKG_VERSION");
        if self.recipe.version != own {
            notes.push(format!("made by version {}, repeated by {own}: pixels may differ", self.recipe.version));
        }
        if self.recipe.changed_on_the_way {
            notes.push(
                "lambda, the number of steps or the hole was changed while the search ran: with what they were in the end \
                 from the start on, it may find another face"
                    .into(),
            );
        }
        if self.recipe.mixed {
            notes.push("a mix of candidates: drawn from its latent, without a search".into());
        }
        if self.recipe.stopped_early {
            notes.push(format!("the search was stopped at iteration {}: so is this one", self.recipe.steps));
        }
        notes
    }

    /// Does the search on a thread of its own, as `fill` does.
    fn search(&self, console: &mut Console) -> anyhow::Result<FillOutcome> {
        console.begin("replay", self.recipe.steps);
        let evaluations_left = self.recipe.stopped_early.then_some(self.recipe.evaluations);
        let outcome = thread::scope(|scope| {
            let mut follower = Follower { console: &mut *console, evaluations_left };
            thread::Builder::new()
                .name("fill".into())
                .spawn_scoped(scope, move || run_fill(&mut Engine::default(), &self.request, &mut follower))
                .context("cannot start the thread that computes")?
                .join()
                .map_err(|_| anyhow!("the program ran into a fault of its own, told above"))
        });
        console.end();
        let outcome = outcome??;
        match &outcome.stopped {
            Some(StopReason::Failed(reason)) => bail!("the search broke at iteration {} ({reason})", outcome.steps),
            Some(StopReason::Cancelled) | None => Ok(outcome),
        }
    }
}

/// What tells two photos apart.
fn why(recipe: &Recipe, photo: &Photo) -> String {
    let describe = |width: u32, height: u32, color: &str| format!("{width}×{height} pixels of type {color}");
    let recorded = describe(recipe.photo.width, recipe.photo.height, &recipe.photo.color);
    let given = describe(photo.width(), photo.height(), &photo.color_name());
    if given == recorded {
        "some of its pixels have other values; use the file that was filled, not an edited or newly compressed copy"
            .into()
    } else {
        format!("it has {given}, and that one had {recorded}")
    }
}

/// The device of that name, or whichever `auto` takes.
fn recorded_device(name: &str) -> DeviceChoice {
    if let Some(arithmetic) = Arithmetic::of_host_named(name) {
        return if arithmetic == Arithmetic::Single { DeviceChoice::CpuF32 } else { DeviceChoice::Cpu };
    }
    let gpu = list_gpus().into_iter().find(|gpu| gpu.to_string() == name);
    gpu.map_or(DeviceChoice::Auto, |gpu| DeviceChoice::Gpu(Some(gpu.index)))
}

/// Shows the progress, and stops where the recorded search was stopped.
struct Follower<'a> {
    console: &'a mut Console,
    evaluations_left: Option<u32>,
}

impl Observer for Follower<'_> {
    fn started(&mut self, device: &DeviceInfo, _: &ModelInfo, notes: &[String]) {
        for note in device.notice.iter().chain(notes) {
            self.console.say(&format!("note: {note}"));
        }
    }

    fn flow(&mut self) -> Flow {
        match &mut self.evaluations_left {
            Some(0) => return Flow::Stop,
            Some(left) => *left -= 1,
            None => {}
        }
        Flow::Continue
    }

    fn wants_losses(&mut self, _: u32) -> bool {
        self.console.wants_losses()
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        let least = losses.iter().map(|losses| losses.total).fold(f32::NAN, f32::min);
        self.console.show(iteration, least);
    }

    fn wants_pictures(&mut self, _: u32) -> bool {
        false
    }

    fn pictures(&mut self, _: u32, _: u32, _: Vec<Vec<f32>>, _: usize) {}
}
