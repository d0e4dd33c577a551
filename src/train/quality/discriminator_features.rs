//! Image features for KID, from the discriminator of face-64.
//!
//! They are the channel means of its four layers, standardised with the held-out faces. Other layers, the encoder's
//! features and a random network's separated real faces from samples, and samples from degraded ones, less reliably.

use crate::model::cpu::{CpuNetworks, LoadMode};
use crate::model::{ModelError, ModelFile};

/// Standardised features are clipped to this, because they are unbounded for images that are not faces.
const MAX_DEVIATIONS: f32 = 5.0;
/// Side of face-64's images in pixels.
const MODEL_SIDE_PX: usize = 64;
/// Images per forward pass.
const IMAGES_PER_PASS: usize = 32;

/// The discriminator and the feature statistics of the held-out faces.
pub(super) struct FeatureExtractor {
    networks: CpuNetworks,
    size_px: usize,
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

impl FeatureExtractor {
    /// Computes the statistics of faces `[size, size, 3]` in [-1, 1]. Also returns their standardised features, a row
    /// per face.
    pub fn new(
        file: &ModelFile,
        size_px: usize,
        faces: impl Iterator<Item = Vec<f32>>,
    ) -> Result<(Self, Vec<f32>), ModelError> {
        let networks = CpuNetworks::load(file, LoadMode::Direct)?;
        let mut extractor = Self { networks, size_px, mean: Vec::new(), deviation: Vec::new() };
        let faces: Vec<Vec<f32>> = faces.collect();
        let features = |faces: &[Vec<f32>]| extractor.raw_features(faces.len(), &faces.concat());
        let raw: Vec<f32> = faces.chunks(IMAGES_PER_PASS).flat_map(features).collect();
        let length = raw.len() / faces.len().max(1);
        #[expect(clippy::cast_precision_loss, reason = "counts of faces, far below 2^24")]
        let count = faces.len().max(1) as f32;
        let column = |index: usize| raw.iter().skip(index).step_by(length.max(1));
        extractor.mean = (0..length).map(|index| column(index).sum::<f32>() / count).collect();
        let variance =
            |index: usize| column(index).map(|value| (value - extractor.mean[index]).powi(2)).sum::<f32>() / count;
        // A single face has no variance. The small lower bound then lets only the sign of a difference count.
        extractor.deviation = (0..length).map(|index| variance(index).sqrt().max(1e-4)).collect();
        let standardised = extractor.standardise(raw);
        Ok((extractor, standardised))
    }

    /// Number of features per image.
    pub fn feature_count(&self) -> usize {
        self.mean.len()
    }

    /// The standardised features of `count` images `[size, size, 3]` in [-1, 1], a row per image.
    pub fn features(&self, count: usize, images: &[f32]) -> Vec<f32> {
        self.standardise(self.raw_features(count, images))
    }

    fn raw_features(&self, count: usize, images: &[f32]) -> Vec<f32> {
        self.networks.discriminator_features(count, &resize_to_model(images, self.size_px)).unwrap_or_default()
    }

    fn standardise(&self, mut rows: Vec<f32>) -> Vec<f32> {
        for row in rows.chunks_exact_mut(self.feature_count().max(1)) {
            for ((value, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *value = ((*value - mean) / deviation).clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS);
            }
        }
        rows
    }
}

/// Resizes images to the model's side: averages blocks of larger images, repeats pixels of smaller ones. Both sides are
/// powers of two.
fn resize_to_model(images: &[f32], size_px: usize) -> Vec<f32> {
    if size_px == MODEL_SIDE_PX {
        return images.to_vec();
    }
    // Side of a block of source pixels that is averaged, and number of repeats of a source pixel.
    let (block, repeat) = ((size_px / MODEL_SIDE_PX).max(1), (MODEL_SIDE_PX / size_px).max(1));
    #[expect(clippy::cast_precision_loss, reason = "a handful of pixels")]
    let weight = 1.0 / (block * block) as f32;
    let mut resized = Vec::with_capacity(images.len() / (size_px * size_px) * MODEL_SIDE_PX * MODEL_SIDE_PX);
    for image in images.chunks_exact(size_px * size_px * 3) {
        for (y, x) in (0..MODEL_SIDE_PX).flat_map(|y| (0..MODEL_SIDE_PX).map(move |x| (y, x))) {
            let (top, left) = (y / repeat * block, x / repeat * block);
            resized.extend((0..3).map(|channel| {
                let at = |y: usize, x: usize| image[(y * size_px + x) * 3 + channel];
                let sum: f32 = (0..block).flat_map(|dy| (0..block).map(move |dx| at(top + dy, left + dx))).sum();
                sum * weight
            }));
        }
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sizes_are_averaged_or_repeated() {
        let ramp: Vec<f32> = (0..128u8).map(f32::from).collect();
        let large: Vec<f32> = ramp.iter().cycle().take(128 * 128).flat_map(|value| [*value; 3]).collect();
        let small = resize_to_model(&large, 128);
        assert_eq!((small.len(), &small[..6]), (64 * 64 * 3, &[0.5, 0.5, 0.5, 2.5, 2.5, 2.5][..]));
        let tiny: Vec<f32> =
            (0..16 * 16).map(|index| f32::from(u8::try_from(index).unwrap())).flat_map(|v| [v; 3]).collect();
        let grown = resize_to_model(&tiny, 16);
        assert_eq!((grown[0], grown[3 * 3], grown[4 * 3], grown[4 * 64 * 3]), (0.0, 0.0, 1.0, 16.0));
    }
}
