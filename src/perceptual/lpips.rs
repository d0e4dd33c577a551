//! LPIPS: the distance between two pictures in the features of `AlexNet` (Zhang et al. 2018, arXiv 1801.03924).
//!
//! The feature vector at each position is scaled to length one. The squared differences of two pictures are weighted
//! per channel by learned weights (the paper's linear heads), summed over channels, averaged over positions, and summed
//! over the five levels. 0: equal to the network. Above 0.5: little in common.
//!
//! Differences from the authors' program: 10⁻¹⁰ is added to the squared length of a feature vector and not to its
//! length. Both only matter where all features are zero.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use serde::Serialize;

use super::{AlexNet, FeaturesError, level_channels, unit_features};
use crate::model::WeightTensor;
use crate::model::pytorch::read_checkpoint;

/// Added to the squared length of a feature vector.
const DIRECTION_EPSILON: f32 = 1e-10;

/// What a distance of [`Lpips`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PerceptualKind {
    /// LPIPS with the learned weights.
    Lpips,
    /// The file has no learned weights: all channels count the same, and the levels are averaged. Its values cannot be
    /// compared with those of LPIPS.
    FeatureDistance,
}

/// Measures perceptual distances on the CPU.
pub struct Lpips {
    alexnet: AlexNet,
    /// The learned weight of each channel, `[1, channels, 1, 1]` per level.
    heads: Option<Vec<Tensor<4>>>,
    device: Device,
}

/// The features of one picture, so that it is compared with several others at the cost of one.
pub struct PictureFeatures {
    /// Vectors of length one, `[1, channels, height, width]` per level.
    levels: Vec<Tensor<4>>,
}

impl Lpips {
    /// Side that pictures should have, in pixels. The distance depends on it, and the network was trained on pictures of
    /// about this size.
    pub const SIDE_PX: u32 = 256;

    /// Reads `AlexNet`'s convolutions from a `PyTorch` or safetensors file, as [`AlexNet::read`], and the learned
    /// weights from its tensors `lpips0` to `lpips4`, if it has them.
    ///
    /// # Errors
    /// When the file cannot be read or lacks a convolution, or its learned weights are incomplete, negative or not
    /// finite.
    pub fn read(path: &Path) -> Result<Self, FeaturesError> {
        let invalid = |reason| FeaturesError::Convolutions { path: path.to_path_buf(), reason };
        let tensors = read_checkpoint(path).map_err(|error| invalid(error.to_string()))?;
        let device = Device::flex();
        let alexnet = AlexNet::from_tensors(&tensors, &device).map_err(invalid)?;
        let heads = read_heads(&tensors, &device);
        let heads = heads.map_err(|reason| FeaturesError::Heads { path: path.to_path_buf(), reason })?;
        Ok(Self { alexnet, heads, device })
    }

    /// What [`distance`](Self::distance) returns.
    #[must_use]
    pub fn kind(&self) -> PerceptualKind {
        if self.heads.is_some() { PerceptualKind::Lpips } else { PerceptualKind::FeatureDistance }
    }

    /// Computes the features of a planar RGB picture in [-1, 1], `[3, size_px, size_px]`. It is not resized, and must be
    /// at least 64 pixels wide.
    ///
    /// # Panics
    /// If `pixels` has another length.
    #[must_use]
    pub fn features(&self, pixels: &[f32], size_px: u32) -> PictureFeatures {
        let shape = [1, 3, size_px as usize, size_px as usize];
        let picture = Tensor::<4>::from_data(TensorData::new(pixels.to_vec(), shape), &self.device);
        let maps = self.alexnet.feature_maps(picture);
        PictureFeatures { levels: maps.into_iter().map(|map| unit_features(map, DIRECTION_EPSILON)).collect() }
    }

    /// The distance between two pictures of one size. 0 for equal ones; see [`kind`](Self::kind).
    #[must_use]
    pub fn distance(&self, one: &PictureFeatures, other: &PictureFeatures) -> f64 {
        let mut levels = Vec::with_capacity(one.levels.len());
        for (index, (one, other)) in one.levels.iter().zip(&other.levels).enumerate() {
            let squares = (one.clone() - other.clone()).square();
            let head = self.heads.as_ref().and_then(|heads| heads.get(index));
            let weighted = head.map_or_else(|| squares.clone(), |head| squares.clone() * head.clone());
            let mean: f32 = weighted.sum_dim(1).mean().into_scalar();
            levels.push(f64::from(mean));
        }
        let sum: f64 = levels.iter().sum();
        match self.kind() {
            PerceptualKind::Lpips => sum,
            #[expect(clippy::cast_precision_loss, reason = "five levels")]
            PerceptualKind::FeatureDistance => sum / levels.len().max(1) as f64,
        }
    }
}

/// The learned weights among these tensors; `None` if there are none. The error says what is wrong with them.
fn read_heads(tensors: &BTreeMap<String, WeightTensor>, device: &Device) -> Result<Option<Vec<Tensor<4>>>, String> {
    let name = |level: usize| format!("lpips{level}");
    let channels = level_channels();
    if (0..channels.len()).all(|level| !tensors.contains_key(&name(level))) {
        return Ok(None);
    }
    let read_head = |(level, &count): (usize, &usize)| {
        let name = name(level);
        let head = tensors.get(&name).ok_or_else(|| format!("no tensor {name}"))?;
        if head.values.len() != count {
            return Err(format!("{name} has {} values instead of {count}", head.values.len()));
        }
        if !head.values.iter().all(|value| *value >= 0.0 && value.is_finite()) {
            return Err(format!("{name} has a value that is negative or not finite"));
        }
        Ok(Tensor::from_data(TensorData::new(head.values.clone(), [1, count, 1, 1]), device))
    };
    channels.iter().enumerate().map(read_head).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests;
