//! Perceptual features: what a network trained on photos sees in a picture, and the LPIPS distance between two pictures.
//!
//! Distances between such features match visible differences better than distances between pixels (Zhang et al. 2018,
//! arXiv 1801.03924). Training uses them as losses, the evaluation as a score. The weights come from the user's file;
//! no model contains them.

mod alexnet;
mod lpips;
#[cfg(test)]
pub(crate) mod test_weights;

use std::path::PathBuf;

use burn::tensor::Tensor;

pub use alexnet::{AlexNet, features_per_image, level_channels, weight_count};
pub use lpips::{Lpips, PerceptualKind, PictureFeatures};

/// Why a file gives no perceptual features.
#[derive(Debug, thiserror::Error)]
pub enum FeaturesError {
    #[error("{path} does not hold AlexNet's convolutions ({reason}): use torchvision's alexnet-owt-7be5be79.pth, or the same tensors as .safetensors", path = path.display())]
    Convolutions { path: PathBuf, reason: String },
    #[error("{path} does not hold the learned weights of LPIPS ({reason}): repair the tensors lpips0 to lpips4, or leave them out", path = path.display())]
    Heads { path: PathBuf, reason: String },
}

/// Scales the feature vector at each position to length one. `epsilon` is added to the squared length, and prevents
/// division by zero where all features are zero. `[batch, channels, height, width]`.
pub fn unit_features(features: Tensor<4>, epsilon: f32) -> Tensor<4> {
    let length = features.clone().square().sum_dim(1).add_scalar(epsilon).sqrt();
    features / length
}
