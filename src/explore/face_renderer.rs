//! Draws the pictures of latents on the CPU.

use image::RgbImage;

use super::Latent;
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
        draw_in_batches(self.info.image_size_px, latents, |batch, latents| {
            self.networks.generate(batch, latents, &mut self.activations)
        })
    }
}

/// Draws the picture of each latent, `side_px` wide. `generate` gets a batch size and the concatenated latents, and
/// returns `[batch, side, side, 3]` in [-1, 1].
#[must_use]
pub fn draw_in_batches(
    side_px: u32,
    latents: &[Latent],
    mut generate: impl FnMut(usize, &[f32]) -> Vec<f32>,
) -> Vec<RgbImage> {
    let length = side_px as usize * side_px as usize * 3;
    let mut pictures = Vec::with_capacity(latents.len());
    for batch in latents.chunks(BATCH_SIZE) {
        let values = generate(batch.len(), &batch.concat());
        let values = values[..batch.len() * length].chunks(length);
        pictures.extend(values.filter_map(|values| RgbImage::from_raw(side_px, side_px, to_bytes(values))));
    }
    pictures
}

/// Converts values in [-1, 1] to bytes.
fn to_bytes(values: &[f32]) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let byte = |value: &f32| ((value + 1.0) * 127.5 + 0.5) as u8;
    values.iter().map(byte).collect()
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

    #[test]
    fn range_ends_are_black_and_white() {
        assert_eq!(to_bytes(&[-1.0, -0.999, 0.0, 1.0, 2.0]), [0, 0, 128, 255, 255]);
    }
}
