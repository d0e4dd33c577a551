//! Arguments of `countenance train`, with their help texts.

use std::path::PathBuf;

use clap::Args;

use crate::cli::value_names;
use crate::device::DeviceChoice;
use crate::train::{MAX_HELD_OUT, TrainRecipe, TrainSettings};

/// Train your own generator on a dataset made by `prepare`
///
/// Writes a run folder with samples and quality measurements every --every steps, the newest model as model.safetensors,
/// the best so far as best.safetensors (chosen by the context loss of a short search on held-out faces), log.csv,
/// quality.csv, event files (tensorboard --logdir RUN: losses, histograms, samples, graph), and checkpoints to resume from.
/// The model can be used immediately: countenance fill --model RUN/best.safetensors.
///
/// Ends after --steps or --minutes. To stop earlier, create a file RUN/stop: training ends after the current step. Ctrl-C
/// ends it immediately and loses the steps since the last checkpoint, at most five minutes.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(in crate::cli) struct TrainArgs {
    /// Dataset of aligned faces, made by `countenance prepare`
    #[arg(long, value_name = "DATA")]
    pub(super) data: PathBuf,

    /// Run folder, created if missing
    #[arg(long, value_name = "RUN")]
    pub(super) out: PathBuf,

    /// Continue the run in the run folder, if there is one; options given here change its settings
    ///
    /// The results are the same as without the interruption. Recipe, size and width cannot change.
    #[arg(long)]
    pub(super) resume: bool,

    /// Training recipe [default: encoder]
    ///
    /// encoder also trains an encoder for masked faces, averages the weights, and augments the faces with small shifts and
    /// lighting changes; face-64 was trained this way. blog is Amos 2016: a DCGAN with two generator updates per discriminator
    /// update.
    #[arg(long, value_parser = value_names::recipe_parser())]
    pub(super) recipe: Option<TrainRecipe>,

    #[arg(long, value_name = "N")]
    #[arg(help = format!("Training steps of the whole run [default: {}]", TrainSettings::default().steps))]
    pub(super) steps: Option<u64>,

    #[arg(long, value_name = "N")]
    #[arg(help = format!("Faces per step [default: {}; with recipe blog: {BLOG_BATCH}]", TrainSettings::default().batch))]
    pub(super) batch: Option<u32>,

    #[arg(long, value_name = "N")]
    #[arg(help = format!("Channels of the layers next to the image; doubling them takes up to four times as long \
                          [default: {}]", TrainSettings::default().width))]
    pub(super) width: Option<u32>,

    /// Side of the generator's pictures, 64 or 128; larger faces are scaled down [default: the size in DATA]
    #[arg(long, value_name = "PIXELS")]
    pub(super) size: Option<u32>,

    /// Seed for weights, batches and samples; the same seed on the same device gives the same model [default: 0]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    #[arg(long, value_name = "X")]
    #[arg(help = format!("Learning rate [default: {}]", TrainSettings::default().learning_rate))]
    pub(super) learning_rate: Option<f32>,

    /// Weight of the R1 gradient penalty on real faces, which keeps the discriminator from becoming too strong [default: 0]
    #[arg(long, value_name = "X")]
    pub(super) r1: Option<f32>,

    /// Pretrained features for extra losses: torchvision's alexnet-owt-7be5be79.pth, or the same tensors as .safetensors
    ///
    /// Adds discriminators on features of a network that was trained on photos (Projected GANs), and a perceptual loss between
    /// reconstructed and real faces (as in LPIPS). Faces improve in fewer steps, but each step takes longer. The model does
    /// not contain these weights.
    #[arg(long, value_name = "FILE")]
    pub(super) features: Option<PathBuf>,

    #[arg(long, value_name = "N")]
    #[arg(help = format!("Steps between samples, measurements and checkpoints [default: {}]", TrainSettings::default().every))]
    pub(super) every: Option<u64>,

    /// End after this many minutes, with a checkpoint
    #[arg(long, value_name = "M")]
    pub(super) minutes: Option<f64>,

    #[arg(long, value_name = "DATA")]
    #[arg(help = format!("Dataset for the quality measurements, instead of the last tenth of DATA (at most \
                          {MAX_HELD_OUT} faces)"))]
    pub(super) held_out: Option<PathBuf>,

    /// Compute device: auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(super) device: DeviceChoice,
}

/// Batch size of the blog's recipe (its `--batch_size`).
const BLOG_BATCH: u32 = 64;

impl TrainArgs {
    /// The settings for faces of side `size_px`: given options, then those of the resumed run, then the defaults.
    pub(super) fn settings(&self, previous: Option<TrainSettings>, size_px: u32) -> TrainSettings {
        let recipe = self.recipe.or(previous.as_ref().map(|settings| settings.recipe)).unwrap_or_default();
        let defaults_for_recipe = || {
            let defaults = TrainSettings { recipe, size_px, ..TrainSettings::default() };
            let batch = if recipe == TrainRecipe::Blog { BLOG_BATCH } else { defaults.batch };
            TrainSettings { batch, ..defaults }
        };
        let base = previous.unwrap_or_else(defaults_for_recipe);
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
            // The run may be resumed from another working folder.
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

Exit status: 0 on success, 1 if training failed, 2 if the arguments are invalid.";
