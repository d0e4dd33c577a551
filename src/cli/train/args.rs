//! What can be typed after `countenance train`, and the help about it.

use std::path::PathBuf;

use clap::Args;

use crate::cli::choices::{self, RECIPES};
use crate::device::DeviceChoice;
use crate::train::{Recipe, TrainSettings};

/// Train a generator of your own on a data set of `prepare`
///
/// Writes a run folder: samples and measurements every --every steps, the model as model.safetensors (the best so far as
/// best.safetensors, chosen by what a short search comes to on held-out faces), log.csv and quality.csv, event files
/// (tensorboard --logdir RUN), and checkpoints to go on from.
/// A model can be used at once: countenance fill --model RUN/best.safetensors.
///
/// Ends by itself after --steps or --minutes; a file RUN/stop ends it after the present step. Ctrl-C ends it at once and
/// costs what was learned since the last checkpoint, five minutes at most.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(in crate::cli) struct TrainArgs {
    /// Data set of aligned faces, as `countenance prepare` writes it
    #[arg(long, value_name = "DATA")]
    pub(super) data: PathBuf,

    /// Run folder, made if need be
    #[arg(long, value_name = "RUN")]
    pub(super) out: PathBuf,

    /// Go on with the run in that folder if there is one; it keeps its settings but for those that are given
    ///
    /// The numbers are those of a run that was never stopped. Recipe, size and width cannot change.
    #[arg(long)]
    pub(super) resume: bool,

    /// How to learn [default: encoder]
    ///
    /// encoder trains an encoder of masked faces along, and averages the weights: the recipe of face-64, with faces that are
    /// moved and relit a little. blog is Amos 2016: DCGAN, the generator moved twice for each move of the discriminator.
    #[arg(long, value_parser = choices::parser(RECIPES))]
    pub(super) recipe: Option<Recipe>,

    /// Steps of the whole run [default: 50000]
    #[arg(long, value_name = "N")]
    pub(super) steps: Option<u64>,

    /// Faces in a step [default: 32, with the recipe blog 64]
    #[arg(long, value_name = "N")]
    pub(super) batch: Option<u32>,

    /// Channels at the outer end of the networks; twice as many take up to four times as long [default: 64]
    #[arg(long, value_name = "N")]
    pub(super) width: Option<u32>,

    /// Side of the generator's pictures, 64 or 128; larger faces are scaled down [default: that of the data]
    #[arg(long, value_name = "PIXELS")]
    pub(super) size: Option<u32>,

    /// Seed of weights, batches and samples; the same seed on the same device gives the same model [default: 0]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Learning rate [default: 0.0002]
    #[arg(long, value_name = "X")]
    pub(super) learning_rate: Option<f32>,

    /// Weight of a gradient penalty on real faces (R1), which holds a discriminator back that wins [default: 0]
    #[arg(long, value_name = "X")]
    pub(super) r1: Option<f32>,

    /// Let judges that know pictures help: torchvision's alexnet-owt-7be5be79.pth, or the same tensors as .safetensors
    ///
    /// They look at faces through convolutions that were trained on photos, play against the generator beside the discriminator
    /// (Projected GANs), and compare redrawn faces with the true ones (as LPIPS does). Faces become better in fewer steps; a step
    /// takes longer. Nothing of the file gets into the model.
    #[arg(long, value_name = "FILE")]
    pub(super) features: Option<PathBuf>,

    /// Steps between samples, measurements and checkpoints [default: 1000]
    #[arg(long, value_name = "N")]
    pub(super) every: Option<u64>,

    /// End after so many minutes, with a checkpoint
    #[arg(long, value_name = "M")]
    pub(super) minutes: Option<f64>,

    /// Data set to measure with, instead of the last tenth of DATA (512 faces at most)
    #[arg(long, value_name = "DATA")]
    pub(super) held_out: Option<PathBuf>,

    /// Where to compute: auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(super) device: DeviceChoice,
}

/// Faces in a step of the blog's recipe (its `--batch_size`).
const BLOG_BATCH: u32 = 64;

impl TrainArgs {
    /// The settings for faces of this side: those given, then those of the run that goes on, then the defaults.
    pub(super) fn settings(&self, former: Option<TrainSettings>, size_px: u32) -> TrainSettings {
        let recipe = self.recipe.or(former.as_ref().map(|former| former.recipe)).unwrap_or_default();
        let new = || {
            let defaults = TrainSettings { recipe, size_px, ..TrainSettings::default() };
            let batch = if recipe == Recipe::Blog { BLOG_BATCH } else { defaults.batch };
            TrainSettings { batch, ..defaults }
        };
        let base = former.unwrap_or_else(new);
        TrainSettings {
            recipe,
            size_px: self.size.unwrap_or(base.size_px),
            width: self.width.unwrap_or(base.width),
            latent_dim: base.latent_dim,
            batch: self.batch.unwrap_or(base.batch),
            steps: self.steps.unwrap_or(base.steps),
            seed: self.seed.unwrap_or(base.seed),
            learning_rate: self.learning_rate.unwrap_or(base.learning_rate),
            r1: self.r1.unwrap_or(base.r1),
            every: self.every.unwrap_or(base.every),
            // A run that goes on may be called from another folder.
            features: self
                .features
                .as_ref()
                .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
                .or(base.features),
        }
    }
}

const AFTER_HELP: &str = "\
Examples:
  countenance train --data faces.safetensors --out runs/first --minutes 60
  countenance train --data faces.safetensors --out runs/first --resume
  countenance train --data faces.safetensors --out runs/narrow --width 16 --device cpu

Exit status: 0 when it ended as asked, 1 when it went wrong, 2 when the arguments cannot be meant.";
