//! The training batch of one step.

use burn::tensor::{Device, Tensor};
use rand::RngExt as _;

use super::discriminator_augment::{AugmentBatch, DiscriminatorAugment};
use super::face_augment::FaceAugment;
use super::face_images::FaceImages;
use super::net::upload_shaped;
use super::random_masks::random_known_mask;
use super::rng::{RngStream, rng_for, sample_prior, standard_normal};
use super::settings::{TrainRecipe, TrainSettings};

/// Standard deviation of the gradient penalty's noise. It is small compared with pixel values and large compared
/// with single-precision rounding (Seaweed APT, arXiv 2501.08316, uses 0.01 to 0.1).
pub(super) const PENALTY_NOISE_STD: f32 = 0.01;

/// A batch in host memory. It holds all random values of a step, so that devices agree up to rounding.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub size_px: usize,
    /// Faces `[batch, 3, size, size]`, RGB in [-1, 1].
    pub real_faces: Vec<f32>,
    /// Known masks `[batch, size, size]`: 1 known, 0 hole. Empty without an encoder.
    pub known_masks: Vec<f32>,
    /// Latents from the prior, `[batch, latent_dim]`.
    pub prior_latents: Vec<f32>,
    /// Augmentation of D's inputs: first for the real faces and their reconstructions, then for the faces generated
    /// from the prior. Empty in recipes without it.
    pub augments: [Vec<DiscriminatorAugment>; 2],
    /// Standard normal noise for the gradient penalty, shaped as `real_faces`. Empty without the penalty.
    pub penalty_noise: Vec<f32>,
}

impl Batch {
    /// Draws the batch of this step (from 1). `strength` is the probability of strong augmentation.
    pub fn random(settings: &TrainSettings, faces: &dyn FaceImages, step: u64, strength: f32) -> Self {
        let mut rng = rng_for(settings.seed, RngStream::Step(step));
        let (count, size_px) = (settings.batch as usize, settings.size_px as usize);
        let has_encoder = settings.recipe == TrainRecipe::Encoder;
        let mut real_faces = Vec::with_capacity(count * 3 * size_px * size_px);
        let mut known_masks = Vec::new();
        for _ in 0..count {
            let image = faces.image(rng.random_range(0..faces.len().max(1)));
            if has_encoder {
                let is_mirrored = rng.random();
                FaceAugment::random(&mut rng).append_augmented(&mut real_faces, image, size_px, is_mirrored);
                known_masks.extend(random_known_mask(size_px, &mut rng));
            } else {
                real_faces.extend(to_planar(image));
            }
        }
        let prior_latents = sample_prior(&mut rng, count * settings.latent_dim as usize);
        let augments = [(); 2].map(|()| {
            let augmented = if has_encoder { count } else { 0 };
            (0..augmented).map(|_| DiscriminatorAugment::random(size_px, strength, &mut rng)).collect()
        });
        let noise_len = if settings.r1 > 0.0 { real_faces.len() } else { 0 };
        let penalty_noise = (0..noise_len).map(|_| standard_normal(&mut rng)).collect();
        Self { size_px, real_faces, known_masks, prior_latents, augments, penalty_noise }
    }
}

/// Converts an image of interleaved RGB bytes to planes in [-1, 1].
pub(super) fn to_planar(image: &[u8]) -> impl Iterator<Item = f32> + '_ {
    let pixels = image.as_chunks::<3>().0;
    (0..3).flat_map(|channel| pixels.iter().map(move |pixel| f32::from(pixel[channel]) / 127.5 - 1.0))
}

/// A batch on a device, without autodiff.
pub(super) struct DeviceBatch {
    /// `[batch, 3, size, size]`.
    pub real_faces: Tensor<4>,
    /// `[batch, 1, size, size]`; `None` without an encoder.
    pub known_masks: Option<Tensor<4>>,
    /// `[batch, latent_dim, 1, 1]`.
    pub prior_latents: Tensor<4>,
    /// See [`Batch::augments`].
    pub augments: Option<[AugmentBatch; 2]>,
    /// Noise for the gradient penalty, shaped as `real_faces` and scaled by [`PENALTY_NOISE_STD`].
    pub penalty_noise: Option<Tensor<4>>,
}

impl DeviceBatch {
    pub fn new(batch: &Batch, device: &Device) -> Self {
        let size = batch.size_px;
        let count = batch.real_faces.len() / (3 * size * size);
        let tensor = |values: &[f32], shape: [usize; 4]| upload_shaped(values.to_vec(), shape, device);
        let augment_batch = |augments: &Vec<DiscriminatorAugment>| AugmentBatch::new(augments, size, device);
        Self {
            real_faces: tensor(&batch.real_faces, [count, 3, size, size]),
            known_masks: (!batch.known_masks.is_empty()).then(|| tensor(&batch.known_masks, [count, 1, size, size])),
            prior_latents: tensor(&batch.prior_latents, [count, batch.prior_latents.len() / count.max(1), 1, 1]),
            augments: (!batch.augments[0].is_empty()).then(|| batch.augments.each_ref().map(augment_batch)),
            penalty_noise: (!batch.penalty_noise.is_empty())
                .then(|| tensor(&batch.penalty_noise, [count, 3, size, size]).mul_scalar(PENALTY_NOISE_STD)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::face_images::InMemoryFaceImages;

    #[test]
    fn planar_images_hold_the_same_pixels() {
        let image = [0, 51, 255, 255, 102, 0, 51, 0, 102, 204, 255, 153];
        let planes: Vec<f32> = to_planar(&image).collect();
        let expected = [-1.0, 1.0, -0.6, 0.6, -0.6, -0.2, -1.0, 1.0, 1.0, -1.0, -0.2, 0.2];
        assert!(planes.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6));
        assert_eq!(planes.len(), 12);
    }

    #[test]
    fn a_batch_depends_only_on_its_step() {
        let faces = InMemoryFaceImages::noise(16, 5, 1);
        let settings = TrainSettings { size_px: 16, latent_dim: 8, batch: 4, r1: 1.0, ..TrainSettings::default() };
        let random = |step| Batch::random(&settings, &faces, step, 0.5);
        let (one, again, other) = (random(3), random(3), random(4));
        assert_eq!(
            (one.real_faces.len(), one.known_masks.len(), one.prior_latents.len(), one.penalty_noise.len()),
            (4 * 768, 4 * 256, 32, 4 * 768)
        );
        assert_eq!(
            (&one.real_faces, &one.known_masks, &one.augments),
            (&again.real_faces, &again.known_masks, &again.augments)
        );
        assert!(
            one.real_faces != other.real_faces
                && one.prior_latents != other.prior_latents
                && one.augments != other.augments
        );
        let blog = TrainSettings { recipe: TrainRecipe::Blog, r1: 0.0, ..settings };
        let batch = Batch::random(&blog, &faces, 3, 0.5);
        assert!(batch.known_masks.is_empty() && batch.augments[0].is_empty() && batch.penalty_noise.is_empty());
    }
}
