//! `countenance import` and `export`: models from and for `PyTorch`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use clap::builder::TypedValueParser;

use super::choices::{self, Choices};
use super::progress::Console;
use super::{Ending, models, outputs};
use crate::model::file::{self, Precision};
use crate::model::pytorch::{self, SourcePrior};
use crate::model::{self, ModelInfo};
use crate::photo::Overwrite;

const PRIORS: Choices<SourcePrior> = &[
    ("normal", "Standard normal: torch.randn, as in the PyTorch examples", SourcePrior::Normal),
    ("uniform", "Uniform in [-1, 1]: torch.rand(…) * 2 - 1, as in this program", SourcePrior::Uniform),
];

/// Make a model of a DCGAN that was trained with PyTorch
///
/// FILE is what torch.save wrote (.pt, .pth, .tar) or safetensors: a state dict, or a dictionary with state dicts in it,
/// of the usual DCGAN of 4×4 convolutions (64×64 pixels in the PyTorch examples; 16 to 256 are known). Its networks are
/// told by the shapes of their layers; BatchNorm is folded into the convolutions. A discriminator that lies beside the
/// generator comes along, its LeakyReLU taken to be 0.2 steep.
///
/// Latents here are uniform in [-1, 1]. A generator of normal latents gets a first layer √3 times as strong, so that what it
/// adds up has the same mean and variance, and draws the same kind of pictures.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "the help shows it as it stands here")]
#[command(after_long_help = IMPORT_HELP)]
pub(super) struct ImportArgs {
    /// Checkpoint to read
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Model file to write
    #[arg(long, value_name = "MODEL.safetensors")]
    out: PathBuf,

    /// What latents it was trained with, which its weights do not tell
    #[arg(long, value_parser = prior(), default_value = "normal")]
    prior: SourcePrior,

    /// Keep the weights in 16 bits: half the size, four digits
    #[arg(long)]
    half: bool,

    /// Replace a model that is there already
    #[arg(long)]
    force: bool,
}

/// Write a model for PyTorch
///
/// FILE gets plain safetensors of 32 bits under the names of the PyTorch examples: netG.main.0.weight and so on, netD and
/// netE (the encoder: known pixels and their mask to a latent) if the model has them. Layers with a bias where the examples
/// have none are named; make them with bias=True.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "the help shows it as it stands here")]
#[command(after_long_help = EXPORT_HELP)]
pub(super) struct ExportArgs {
    /// Model file, or the name of one in the models folder
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// File to write
    #[arg(long, value_name = "FILE.safetensors")]
    out: PathBuf,

    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

const IMPORT_HELP: &str = "\
Examples:
  countenance import netG_epoch_24.pth --out models/mine.safetensors
  countenance import checkpoint.pt --prior uniform --half --out models/mine.safetensors
  countenance fill photo.jpg --mask center --model mine --out filled.png

Exit status: 0 when all went well, 1 when the checkpoint cannot be used, 2 when the arguments cannot be meant.";

const EXPORT_HELP: &str = "\
Example:
  countenance export models/mine.safetensors --out for-pytorch.safetensors

and in Python:
  weights = safetensors.torch.load_file(\"for-pytorch.safetensors\")
  netG.load_state_dict({k[5:]: v for k, v in weights.items() if k.startswith(\"netG.\")})

Exit status: 0 when all went well, 1 when the file cannot be written, 2 when the arguments cannot be meant.";

fn prior() -> impl TypedValueParser<Value = SourcePrior> {
    choices::parser(PRIORS)
}

fn overwrite(force: bool) -> Overwrite {
    if force { Overwrite::Allow } else { Overwrite::Refuse }
}

pub(super) fn run_import(args: &ImportArgs) -> anyhow::Result<Ending> {
    import(args, &mut Console::stderr())
}

fn import(args: &ImportArgs, console: &mut Console) -> anyhow::Result<Ending> {
    outputs::check_one(&args.out, &["safetensors"], [args.file.as_path()], args.force)?;
    let imported = pytorch::import(&args.file, args.prior)
        .with_context(|| format!("{} cannot be imported", args.file.display()))?;
    let precision = if args.half { Precision::Half } else { Precision::Single };
    let info = file::write(&args.out, &imported.tensors, &imported.metadata, precision, overwrite(args.force))?;
    for line in about(args, &info) {
        console.say(&line);
    }
    Ok(Ending::AllWell)
}

/// What came of it, and what it lacks.
fn about(args: &ImportArgs, info: &ModelInfo) -> Vec<String> {
    let size = info.image_size_px;
    let mut lines = vec![format!(
        "{} draws {size}×{size} pixels of {} numbers, taken to be {} in the checkpoint",
        args.out.display(),
        info.latent_dim,
        choices::name_of(PRIORS, &args.prior)
    )];
    if !info.has_discriminator {
        lines.push("note: there is no discriminator in the checkpoint: fills go without the prior loss".into());
    }
    if !info.has_encoder {
        lines.push("note: there is no encoder in the checkpoint: searches start from the prior".into());
    }
    lines
}

pub(super) fn run_export(args: &ExportArgs) -> anyhow::Result<Ending> {
    export(args, &mut Console::stderr())
}

fn export(args: &ExportArgs, console: &mut Console) -> anyhow::Result<Ending> {
    let (choice, _) = models::choose(Some(&args.model))?;
    outputs::check_one(&args.out, &["safetensors"], [args.model.as_path()], args.force)?;
    let exported = pytorch::export(&model::load(&choice)?, &args.out, overwrite(args.force))?;
    console.say(&format!(
        "{} holds {}; latents are {}",
        args.out.display(),
        exported.networks.join(", "),
        exported.prior
    ));
    if !exported.biased.is_empty() {
        console.say(&format!("make these layers with bias=True: {}", exported.biased.join(", ")));
    }
    Ok(Ending::AllWell)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::UsageError;
    use crate::cli::progress::Told;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures").join(name)
    }

    fn import_args(file: PathBuf, out: PathBuf) -> ImportArgs {
        ImportArgs { file, out, prior: SourcePrior::Normal, half: true, force: false }
    }

    #[test]
    fn a_checkpoint_goes_to_a_model_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let (out, back) = (folder.path().join("mine.safetensors"), folder.path().join("back.safetensors"));
        let told = Told::default();
        let console = &mut told.console();
        import(&import_args(fixture("dcgan-16.pth"), out.clone()), console).unwrap();
        let export_args = ExportArgs { model: out.clone(), out: back.clone(), force: false };
        export(&export_args, console).unwrap();
        let text = told.take();
        insta::assert_snapshot!(text.replace(&folder.path().display().to_string(), "DIR"), @r"
        DIR/mine.safetensors draws 16×16 pixels of 8 numbers, taken to be normal in the checkpoint
        note: there is no encoder in the checkpoint: searches start from the prior
        DIR/back.safetensors holds netG, netD; latents are normal
        ");
        assert!(back.is_file());
        assert!(export(&export_args, console).unwrap_err().is::<UsageError>(), "it is there already");
        let again = import(&import_args(fixture("dcgan-16.pth"), out), console).unwrap_err();
        assert!(again.is::<UsageError>(), "{again}");
    }

    #[test]
    fn a_file_that_is_no_checkpoint_leaves_no_model() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("mine.safetensors");
        let args = import_args(fixture("metrics.json"), out.clone());
        let error = import(&args, &mut Told::default().console()).unwrap_err();
        assert_eq!(crate::cli::exit_code_of(&error), 1);
        assert!(!out.exists());
    }
}
