//! `countenance import` and `countenance export`: convert models from and to `PyTorch`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use clap::builder::TypedValueParser;

use super::console::Console;
use super::outputs::{self, overwrite_policy};
use super::value_names::{self, Choices};
use super::{CommandStatus, model_choice};
use crate::model::pytorch::{self, SourcePrior};
use crate::model::weight_file::{self, StoragePrecision};
use crate::model::{self, ModelInfo};

const LATENT_PRIORS: Choices<SourcePrior> = &[
    ("normal", "Standard normal: torch.randn, as in the PyTorch examples", SourcePrior::Normal),
    ("uniform", "Uniform in [-1, 1]: torch.rand(…) * 2 - 1, as in this program", SourcePrior::Uniform),
];

/// Convert a DCGAN that was trained with PyTorch or TensorFlow to a model
///
/// FILE is a file from torch.save (.pt, .pth, .tar), a checkpoint of TensorFlow 0.12 or later (.index), or safetensors. It holds a state dict, or a dictionary of state dicts,
/// of the usual DCGAN (64×64 pixels in the PyTorch examples; 16 to 256 are supported). Convolutions are 4×4 or, as in
/// carpedm20's DCGAN, 5×5 with stride 2 (padding 2 and output padding 1 in PyTorch); between a latent or a score and 4×4
/// pixels, a linear layer can stand for the convolution. The networks are recognised by the shapes of their layers.
/// BatchNorm is folded into the convolutions. If FILE also has a discriminator, it is imported with a LeakyReLU slope of
/// 0.2. Fills are slower with 5×5 layers than with 4×4.
///
/// A checkpoint of TensorFlow must have the names of carpedm20's DCGAN, as Brandon Amos's completion has. Those of older
/// versions must first be written as safetensors; models/tensorflow_to_safetensors.py does that where TensorFlow is
/// installed.
///
/// Latents in Countenance are uniform in [-1, 1]. If the generator was trained with normal latents, its first layer is
/// scaled by √3. The layer's sums then have the same mean and variance, and the generator draws similar pictures.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "clap shows this text as plain text")]
#[command(after_long_help = IMPORT_HELP)]
pub(super) struct ImportArgs {
    /// Checkpoint to read
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Model file to write
    #[arg(long, value_name = "MODEL.safetensors")]
    out: PathBuf,

    /// Latent distribution used in training, which the weights do not show [default: normal, for TensorFlow uniform]
    #[arg(long, value_parser = prior_parser())]
    prior: Option<SourcePrior>,

    /// Store the weights as 16-bit floats: half the file size, about four digits
    #[arg(long)]
    half: bool,

    /// Replace an existing model
    #[arg(long)]
    force: bool,
}

/// Convert a model for PyTorch
///
/// FILE becomes a safetensors file of 32-bit floats with the names of the PyTorch examples: netG.main.0.weight and so on,
/// netD and netE (the encoder, from known pixels and their mask to a latent) if the model has them. Layers that have a bias
/// here but none in the examples are listed; create them with bias=True.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "clap shows this text as plain text")]
#[command(after_long_help = EXPORT_HELP)]
pub(super) struct ExportArgs {
    /// Model: a file, or a name in the models folder
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// File to write
    #[arg(long, value_name = "FILE.safetensors")]
    out: PathBuf,

    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

const IMPORT_HELP: &str = "\
Examples:
  countenance import netG_epoch_24.pth --out models/mine.safetensors
  countenance import checkpoint.pt --prior uniform --half --out models/mine.safetensors
  countenance import checkpoint/64/DCGAN.model-27002.index --out models/mine.safetensors
  countenance fill photo.jpg --mask center --model mine --out filled.png

Exit status: 0 on success, 1 if the checkpoint cannot be used, 2 if the arguments are invalid.";

const EXPORT_HELP: &str = "\
Example:
  countenance export models/mine.safetensors --out for-pytorch.safetensors

and in Python:
  weights = safetensors.torch.load_file(\"for-pytorch.safetensors\")
  netG.load_state_dict({k[5:]: v for k, v in weights.items() if k.startswith(\"netG.\")})

Exit status: 0 on success, 1 if the file cannot be written, 2 if the arguments are invalid.";

fn prior_parser() -> impl TypedValueParser<Value = SourcePrior> {
    value_names::parser(LATENT_PRIORS.iter().copied())
}

pub(super) fn run_import(args: &ImportArgs) -> anyhow::Result<CommandStatus> {
    import(args, &mut Console::stderr())
}

fn import(args: &ImportArgs, console: &mut Console) -> anyhow::Result<CommandStatus> {
    outputs::check_single_output(&args.out, &["safetensors"], [args.file.as_path()], args.force)?;
    let imported = pytorch::import(&args.file, args.prior)
        .with_context(|| format!("{} cannot be imported", args.file.display()))?;
    let precision = if args.half { StoragePrecision::Half } else { StoragePrecision::Single };
    let overwrite = overwrite_policy(args.force);
    let info = weight_file::write_model(&args.out, &imported.tensors, &imported.metadata, precision, overwrite)?;
    for line in import_summary(args, imported.prior, &info) {
        console.print(&line);
    }
    Ok(CommandStatus::Success)
}

/// Describes the imported model and its missing networks.
fn import_summary(args: &ImportArgs, prior: SourcePrior, info: &ModelInfo) -> Vec<String> {
    let size = info.image_size_px;
    let mut lines = vec![format!(
        "{} draws {size}×{size} pixels from {} latent values; the checkpoint's latents are assumed to be {}",
        args.out.display(),
        info.latent_dim,
        value_names::name_of(LATENT_PRIORS, &prior)
    )];
    if !info.has_discriminator {
        lines.push("note: the checkpoint has no discriminator: fills use no prior loss".into());
    }
    if !info.has_encoder {
        lines.push("note: the checkpoint has no encoder: searches start from the prior".into());
    }
    lines
}

pub(super) fn run_export(args: &ExportArgs) -> anyhow::Result<CommandStatus> {
    export(args, &mut Console::stderr())
}

fn export(args: &ExportArgs, console: &mut Console) -> anyhow::Result<CommandStatus> {
    let (choice, _) = model_choice::find_model(Some(&args.model))?;
    outputs::check_single_output(&args.out, &["safetensors"], [args.model.as_path()], args.force)?;
    let exported = pytorch::export(&model::load(&choice)?, &args.out, overwrite_policy(args.force))?;
    let (path, networks) = (args.out.display(), exported.networks.join(", "));
    console.print(&format!("{path} holds {networks}; latents are {}", exported.prior));
    if !exported.layers_with_bias.is_empty() {
        console.print(&format!("create these layers with bias=True: {}", exported.layers_with_bias.join(", ")));
    }
    if !exported.linear_layers.is_empty() {
        let layers = exported.linear_layers.join(", ");
        console.print(&format!("create these layers as Linear, followed by Unflatten(1, (channels, 4, 4)): {layers}"));
    }
    Ok(CommandStatus::Success)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::UsageError;
    use crate::cli::console::CapturedConsole;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures").join(name)
    }

    fn import_args(file: PathBuf, out: PathBuf) -> ImportArgs {
        ImportArgs { file, out, prior: None, half: true, force: false }
    }

    #[test]
    fn a_checkpoint_is_imported_and_exported_again() {
        let folder = tempfile::tempdir().unwrap();
        let (out, back) = (folder.path().join("mine.safetensors"), folder.path().join("back.safetensors"));
        let captured = CapturedConsole::default();
        let console = &mut captured.console();
        import(&import_args(fixture("dcgan-16.pth"), out.clone()), console).unwrap();
        let export_args = ExportArgs { model: out.clone(), out: back.clone(), force: false };
        export(&export_args, console).unwrap();
        let text = captured.take();
        insta::assert_snapshot!(text.replace(&folder.path().display().to_string(), "DIR"), @r"
        DIR/mine.safetensors draws 16×16 pixels from 8 latent values; the checkpoint's latents are assumed to be normal
        note: the checkpoint has no encoder: searches start from the prior
        DIR/back.safetensors holds netG, netD; latents are normal
        ");
        assert!(back.is_file());
        assert!(export(&export_args, console).unwrap_err().is::<UsageError>(), "it already exists");
        let again = import(&import_args(fixture("dcgan-16.pth"), out), console).unwrap_err();
        assert!(again.is::<UsageError>(), "{again}");
    }

    #[test]
    fn an_invalid_checkpoint_writes_no_model() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("mine.safetensors");
        let args = import_args(fixture("metrics.json"), out.clone());
        let error = import(&args, &mut CapturedConsole::default().console()).unwrap_err();
        assert_eq!(crate::cli::exit_code_for(&error), 1);
        assert!(!out.exists());
    }
}
