//! Converts DCGAN checkpoints of `PyTorch` and TensorFlow to model files and back.
//!
//! | file | purpose |
//! | --- | --- |
//! | `checkpoint` | reads tensors by name: .pt, .pth, .tar, .safetensors |
//! | `tensorflow_checkpoint` | reads variables by name: .index with .data |
//! | `tensorflow` | renames TensorFlow's variables |
//! | `layout` | finds the generator, discriminator and encoder among the tensors |
//! | `linear` | turns linear layers into dense ones between 1 pixel and 4×4 pixels |
//! | `import` | folds `BatchNorm` and prior, renames to model file names |
//! | `export` | writes a model under `PyTorch` names |
//!
//! Networks are recognised by the shapes of their layers, since names differ from one training program to the next.
//!
//! A generator trained on normal latents is converted to uniform latents in [-1, 1]: these have a variance of 1/3, so
//! the first layer's weights are multiplied by √3. Its outputs sum about a hundred values, so they stay nearly normal.

mod checkpoint;
mod export;
mod import;
mod layout;
mod linear;
mod tensorflow;
mod tensorflow_checkpoint;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use super::ModelError;

pub use checkpoint::read as read_checkpoint;
pub use export::export;
pub use import::{SourcePrior, import};

/// Metadata key: factor by which the first layer was scaled for the prior.
const LATENT_SCALE: &str = "latent_scale";
/// Metadata key: latent distribution of the original model.
const SOURCE_PRIOR: &str = "source_prior";

/// Why a checkpoint cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot read {path}: check that the file exists and can be read", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is neither a checkpoint of PyTorch or TensorFlow nor a safetensors file ({reason}): give a .pt, .pth, .tar, .index or .safetensors file", path = path.display())]
    Format { path: PathBuf, reason: String },
    #[error("the tensor {name} cannot be read ({reason}): copy the file again, or save it again")]
    Tensor { name: String, reason: String },
    #[error("the tensor {name} has numbers of type {found}: save it as float32, float16, bfloat16 or float64")]
    Dtype { name: String, found: String },
    #[error("{reason}\nfound: {found}\nexpected: {EXPECTED}")]
    Layout { reason: String, found: String },
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Description of an importable checkpoint, for error messages.
const EXPECTED: &str = "the DCGAN of 64×64 pixels of the PyTorch examples, or a similar one for 16 to 256 pixels: a generator of \
    4×4, 5×5 or 6×6 transposed convolutions (main.0.weight [100, 512, 4, 4], main.3.weight [512, 256, 4, 4], … main.12.weight \
    [64, 3, 4, 4]), each but the last with BatchNorm (main.1.weight, .bias, .running_mean, .running_var); optionally a \
    discriminator of such convolutions (main.0.weight [64, 3, 4, 4], … main.11.weight [1, 512, 4, 4]). Instead of the \
    convolution between 1 pixel and 4×4 pixels, both may have a linear layer (weight [8192, 100] and [1, 8192])";
