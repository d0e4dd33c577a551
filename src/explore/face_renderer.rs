//! Draws the pictures of latents on the CPU.

use std::sync::Arc;

use image::RgbImage;

use super::Latent;
use crate::face_picture::FacePicture;
use crate::model::cpu::{CpuActivations, CpuNetworks, LoadMode};
use crate::model::{ModelError, ModelFile, ModelInfo};

/// Latents per batch: enough to keep the processor busy without taking much memory.
const BATCH_SIZE: usize = 32;

/// A generator on the CPU.
pub struct FaceRenderer {
    networks: CpuNetworks,
    info: ModelInfo,
    activations: CpuActivations,
}

impl FaceRenderer {
    /// Loads a parsed model file.
    ///
    /// # Errors
    /// None in practice: [`ModelFile::parse`] has checked every tensor.
    pub fn new(file: &ModelFile) -> Result<Self, ModelError> {
        Ok(Self {
            networks: CpuNetworks::load(file, LoadMode::Direct)?,
            info: file.info.clone(),
            activations: CpuActivations::default(),
        })
    }

    /// The model's description.
    #[must_use]
    pub fn model_info(&self) -> &ModelInfo {
        &self.info
    }

    /// Draws the picture of each latent. All must have the model's latent length.
    pub fn draw(&mut self, latents: &[Latent]) -> Vec<RgbImage> {
        let generate = |batch, latents: &[f32]| self.networks.generate(batch, latents, &mut self.activations);
        let pictures = draw_in_batches(self.info.image_size_px, latents, generate);
        pictures.iter().map(|picture| picture.to_rgb8()).collect()
    }
}

/// Draws the picture of each latent, `side_px` wide. `generate` gets a batch size and the concatenated latents, and
/// returns `[batch, side, side, 3]` in [-1, 1].
#[must_use]
pub fn draw_in_batches(
    side_px: u32,
    latents: &[Latent],
    mut generate: impl FnMut(usize, &[f32]) -> Vec<f32>,
) -> Vec<Arc<FacePicture>> {
    let draw = |batch: &[Latent]| FacePicture::of_batch(&generate(batch.len(), &batch.concat()), side_px as usize, 3);
    latents.chunks(BATCH_SIZE).flat_map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::sample_latent;
    use crate::model::TINY_MODEL;

    #[test]
    fn picture_does_not_depend_on_the_batch() {
        let mut renderer = FaceRenderer::new(&ModelFile::parse("tiny", TINY_MODEL).unwrap()).unwrap();
        let latents: Vec<Latent> = (0..40).map(|number| sample_latent(number, 8)).collect();
        let all = renderer.draw(&latents);
        assert_eq!(all.len(), 40);
        assert_eq!(all[0].dimensions(), (16, 16));
        for index in [0, 31, 32, 39] {
            let alone = renderer.draw(&latents[index..=index]);
            let furthest = alone[0].iter().zip(all[index].iter()).map(|(a, b)| a.abs_diff(*b)).max();
            // Another batch size changes the order of summation.
            assert!(furthest <= Some(1), "{index}");
        }
        assert_ne!(all[0], all[39]);
    }
}
