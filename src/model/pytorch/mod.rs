//! Generators trained elsewhere: the usual DCGAN of `PyTorch` becomes a model file, and back.
//!
//! | file | what |
//! | --- | --- |
//! | `checkpoint` | the tensors of a file, by name: .pt, .pth, .tar, .safetensors |
//! | `layout` | which of them make up a generator, a discriminator, an encoder |
//! | `import` | `BatchNorm` and prior folded, under the names of a model file |
//! | `export` | the same under the names that `PyTorch` uses |
//!
//! What would surprise: networks are told by the shapes of their layers, not by names, which differ from one training
//! program to the next. And a generator of normal latents becomes one of uniform latents: uniform numbers in [-1, 1] have
//! a variance of 1/3, so its first layer is made √3 times as strong. That layer adds up a hundred of them, and such a sum
//! is as good as normal whatever it is made of.

mod checkpoint;
mod export;
mod import;
mod layout;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use super::ModelError;

pub use checkpoint::read as read_checkpoint;
pub use export::{Exported, export};
pub use import::{Imported, SourcePrior, import};

/// The metadata key that says how much stronger the first layer was made for the prior.
const LATENT_SCALE: &str = "latent_scale";
/// The metadata key for what latents were drawn from where the model comes from.
const SOURCE_PRIOR: &str = "source_prior";

/// Why a checkpoint cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot read {path}: check that the file exists and can be read", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is no PyTorch checkpoint and no safetensors file ({reason}): give a .pt, .pth, .tar or .safetensors file", path = path.display())]
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

/// What can be imported, for a message.
const EXPECTED: &str = "the DCGAN of 64×64 pixels of the PyTorch examples, or its like for 16 to 256 pixels: a generator of \
    4×4 transposed convolutions (main.0.weight [100, 512, 4, 4], main.3.weight [512, 256, 4, 4], … main.12.weight \
    [64, 3, 4, 4]), each but the last with BatchNorm (main.1.weight, .bias, .running_mean, .running_var); maybe a \
    discriminator of 4×4 convolutions (main.0.weight [64, 3, 4, 4], … main.11.weight [1, 512, 4, 4])";
