//! The training batch of one step.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt as _;

use super::data::Pictures;
use super::draws::{Purpose, normal, prior, stream};
use super::jitter::Jitter;
use super::masks::draw_known;
use super::settings::{Recipe, TrainSettings};
use super::views::{View, Views};

/// Standard deviation of the gradient penalty's noise. It is small against the values of an image and large against the
/// rounding of single precision (Seaweed APT, arXiv 2501.08316, uses 0.01 to 0.1).
pub(super) const PENALTY_NOISE: f32 = 0.01;

/// A batch in host memory. It holds all random values of a step, so a step gives the same result on every device, up to
/// rounding.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub size_px: usize,
    /// Faces `[batch, 3, size, size]`, RGB in [-1, 1].
    pub real: Vec<f32>,
    /// Known masks `[batch, size, size]`: 1 known, 0 hole. Empty without an encoder.
    pub known: Vec<f32>,
    /// Latents from the prior, `[batch, latent_dim]`.
    pub prior: Vec<f32>,
    /// Augmentation of D's inputs: first for the real faces and their reconstructions, then for the faces generated
    /// from the prior. Empty in recipes without it.
    pub views: [Vec<View>; 2],
    /// Standard normal noise for the gradient penalty, shaped as `real`. Empty without the penalty.
    pub noise: Vec<f32>,
}

impl Batch {
    /// Draws the batch of this step (from 1). `strength` is the probability of strong augmentation. The same settings,
    /// images, step and strength give the same batch.
    pub fn draw(settings: &TrainSettings, pictures: &dyn Pictures, step: u64, strength: f32) -> Self {
        let mut rng = stream(settings.seed, Purpose::Step(step));
        let (count, size_px) = (settings.batch as usize, settings.size_px as usize);
        let has_encoder = settings.recipe == Recipe::Encoder;
        let mut real = Vec::with_capacity(count * 3 * size_px * size_px);
        let mut known = Vec::new();
        for _ in 0..count {
            let index = rng.random_range(0..pictures.len().max(1));
            let picture = pictures.picture(index);
            if has_encoder {
                let is_mirrored = rng.random();
                Jitter::draw(&mut rng).append_planar(&mut real, picture, size_px, is_mirrored);
                known.extend(draw_known(size_px, &mut rng));
            } else {
                real.extend(planar(picture));
            }
        }
        let prior = prior(&mut rng, count * settings.latent_dim as usize);
        let views = [(); 2].map(|()| {
            let drawn = if has_encoder { count } else { 0 };
            (0..drawn).map(|_| View::draw(size_px, strength, &mut rng)).collect()
        });
        let values = if settings.r1 > 0.0 { real.len() } else { 0 };
        let noise = (0..values).map(|_| normal(&mut rng)).collect();
        Self { size_px, real, known, prior, views, noise }
    }
}

/// Converts an image of interleaved RGB bytes to planes in [-1, 1].
pub(super) fn planar(picture: &[u8]) -> impl Iterator<Item = f32> + '_ {
    let pixels = picture.as_chunks::<3>().0;
    (0..3).flat_map(|channel| pixels.iter().map(move |pixel| f32::from(pixel[channel]) / 127.5 - 1.0))
}

/// A batch on a device, without autodiff.
pub(super) struct DeviceBatch {
    /// `[batch, 3, size, size]`.
    pub real: Tensor<4>,
    /// `[batch, 1, size, size]`; `None` without an encoder.
    pub known: Option<Tensor<4>>,
    /// `[batch, latent_dim, 1, 1]`.
    pub prior: Tensor<4>,
    /// See [`Batch::views`].
    pub views: Option<[Views; 2]>,
    /// Noise for the gradient penalty, shaped as `real` and already scaled.
    pub noise: Option<Tensor<4>>,
}

impl DeviceBatch {
    /// Uploads a batch.
    pub fn new(batch: &Batch, device: &Device) -> Self {
        let size = batch.size_px;
        let count = batch.real.len() / (3 * size * size);
        let tensor =
            |values: &[f32], shape: [usize; 4]| Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), device);
        let [seen, invented] = &batch.views;
        Self {
            real: tensor(&batch.real, [count, 3, size, size]),
            known: (!batch.known.is_empty()).then(|| tensor(&batch.known, [count, 1, size, size])),
            prior: tensor(&batch.prior, [count, batch.prior.len() / count.max(1), 1, 1]),
            views: (!seen.is_empty()).then(|| [seen, invented].map(|views| Views::new(views, size, device))),
            noise: (!batch.noise.is_empty())
                .then(|| tensor(&batch.noise, [count, 3, size, size]).mul_scalar(PENALTY_NOISE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::PicturesInMemory;

    #[test]
    fn planar_images_hold_the_same_pixels() {
        let picture = [0, 51, 255, 255, 102, 0, 51, 0, 102, 204, 255, 153];
        let planes: Vec<f32> = planar(&picture).collect();
        let expected = [-1.0, 1.0, -0.6, 0.6, -0.6, -0.2, -1.0, 1.0, 1.0, -1.0, -0.2, 0.2];
        assert!(planes.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6));
        assert_eq!(planes.len(), 12);
    }

    #[test]
    fn a_batch_depends_only_on_its_step() {
        let pictures = PicturesInMemory::noise(16, 5, 1);
        let settings = TrainSettings { size_px: 16, latent_dim: 8, batch: 4, r1: 1.0, ..TrainSettings::default() };
        let of = |step| Batch::draw(&settings, &pictures, step, 0.5);
        let (one, again, other) = (of(3), of(3), of(4));
        assert_eq!(
            (one.real.len(), one.known.len(), one.prior.len(), one.noise.len()),
            (4 * 768, 4 * 256, 32, 4 * 768)
        );
        assert_eq!((&one.real, &one.known, &one.views), (&again.real, &again.known, &again.views));
        assert!(one.real != other.real && one.prior != other.prior && one.views != other.views);
        let blog = TrainSettings { recipe: Recipe::Blog, r1: 0.0, ..settings };
        let batch = Batch::draw(&blog, &pictures, 3, 0.5);
        assert!(batch.known.is_empty() && batch.views[0].is_empty() && batch.noise.is_empty());
    }
}
