//! From latents to pictures.

use image::RgbImage;

use super::Latent;
use crate::model::host::{HostNetworks, Purpose, Tape};
use crate::model::{self, ModelChoice, ModelError, ModelFile, ModelInfo};

/// Latents that are drawn in one go: as many as keep the processor busy without taking much memory.
const BATCH: usize = 32;

/// A generator on the CPU that draws whatever it is asked for.
pub struct Gallery {
    networks: HostNetworks,
    info: ModelInfo,
    tape: Tape,
}

impl Gallery {
    /// Loads a model.
    ///
    /// # Errors
    /// When its file cannot be read or is no model.
    pub fn open(choice: &ModelChoice) -> Result<Self, ModelError> {
        Self::new(&model::load(choice)?)
    }

    /// Takes a model that was read.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    pub fn new(file: &ModelFile) -> Result<Self, ModelError> {
        Ok(Self { networks: HostNetworks::load(file, Purpose::Plain)?, info: file.info.clone(), tape: Tape::default() })
    }

    /// What the model says about itself.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.info
    }

    /// The picture of each latent; all must be as long as the model's.
    pub fn draw(&mut self, latents: &[Latent]) -> Vec<RgbImage> {
        let Self { networks, info, tape } = self;
        draw(info.image_size_px, latents, |batch, latents| {
            networks.draw(batch, latents, tape);
            tape.pictures().to_vec()
        })
    }
}

/// The picture of each latent, `side_px` wide. `draw` gets some latents, their number first, and answers `[number, side, side, 3]` in
/// [-1, 1].
#[must_use]
pub fn draw(side_px: u32, latents: &[Latent], mut draw: impl FnMut(usize, &[f32]) -> Vec<f32>) -> Vec<RgbImage> {
    let length = side_px as usize * side_px as usize * 3;
    let mut pictures = Vec::with_capacity(latents.len());
    for batch in latents.chunks(BATCH) {
        let drawn = draw(batch.len(), &batch.concat());
        let drawn = drawn[..batch.len() * length].chunks(length);
        pictures.extend(drawn.filter_map(|values| RgbImage::from_raw(side_px, side_px, bytes(values))));
    }
    pictures
}

/// Values in [-1, 1] as bytes.
fn bytes(values: &[f32]) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let byte = |value: &f32| ((value + 1.0) * 127.5 + 0.5) as u8;
    values.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::sample;
    use crate::model::TINY;

    #[test]
    fn a_latent_draws_the_same_picture_alone_and_among_others() {
        let mut gallery = Gallery::new(&ModelFile::parse("tiny", TINY).unwrap()).unwrap();
        let latents: Vec<Latent> = (0..40).map(|number| sample(number, 8)).collect();
        let all = gallery.draw(&latents);
        assert_eq!(all.len(), 40);
        assert_eq!(all[0].dimensions(), (16, 16));
        for index in [0, 31, 32, 39] {
            let alone = gallery.draw(&latents[index..=index]);
            let furthest = alone[0].iter().zip(all[index].iter()).map(|(a, b)| a.abs_diff(*b)).max();
            // Products of other sizes are added up in another order.
            assert!(furthest <= Some(1), "{index}");
        }
        assert_ne!(all[0], all[39]);
    }

    #[test]
    fn the_ends_of_the_range_are_black_and_white() {
        assert_eq!(bytes(&[-1.0, -0.999, 0.0, 1.0, 2.0]), [0, 0, 128, 255, 255]);
    }
}
