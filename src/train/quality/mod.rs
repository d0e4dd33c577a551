//! The quality metrics of a generator, on held-out faces.
//!
//! There are two main metrics: the distance between samples and faces ([`kid`], on the [`discriminator_features`] of
//! face-64), and the result of a short search on held-out faces with a centre hole ([`fill_eval`]). The search is
//! what the generator is for, so the best checkpoint is the one with the lowest context loss.
//!
//! All metrics use the exported model on the CPU, so that they agree between devices.

mod discriminator_features;
mod fill_eval;
mod kid;

use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::TrainError;
use super::face_images::FaceImages;
use super::rng::{RngStream, rng_for, sample_prior};
use super::sample_sheet::to_interleaved;
use super::settings::TrainSettings;
use crate::face_picture::to_byte;
use crate::metrics::{PlanarImage, diversity};
use crate::model::cpu::{self, CpuActivations, CpuNetworks};
use crate::model::{ModelChoice, ModelFile, load};
use discriminator_features::FeatureExtractor;
use fill_eval::FillEvaluator;

/// Maximum number of faces, and of samples, to compare. More would hardly make the distance more precise.
const MAX_COMPARED_FACES: usize = 512;
/// Samples per forward pass.
const SAMPLES_PER_PASS: usize = 32;
/// Number of samples that are compared for the diversity.
const DIVERSITY_SAMPLES: usize = 16;

/// The quality metrics of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ModelQuality {
    /// Kernel distance between samples and held-out faces; 0 means indistinguishable. `None` with fewer than two faces.
    pub kid: Option<f64>,
    /// Mean context loss that a short search reaches on held-out faces with a centre hole.
    pub context_loss: f64,
    /// Mean difference of these fills from the true pixels in the hole, 0 to 2.
    pub hole_l1: f64,
    /// Mean difference between two samples, 0 to 1.
    pub diversity: f64,
}

impl ModelQuality {
    /// The values with their column names in `quality.csv`.
    pub(super) fn columns(&self) -> [(&'static str, f64); 4] {
        let kid = self.kid.unwrap_or(f64::NAN);
        [("context_loss", self.context_loss), ("hole_l1", self.hole_l1), ("kid", kid), ("diversity", self.diversity)]
    }
}

/// Measures generators of one size with the same faces, latents and subsets.
pub(super) struct QualityEvaluator {
    extractor: FeatureExtractor,
    /// Standardised features of the held-out faces, a row per face.
    face_features: Vec<f32>,
    latents: Vec<f32>,
    latent_dim: usize,
    fills: FillEvaluator,
    seed: u64,
}

impl QualityEvaluator {
    /// Computes the features of the held-out faces.
    pub fn new(settings: &TrainSettings, held_out: &dyn FaceImages) -> Result<Self, TrainError> {
        let built_in = load(&ModelChoice::Face64)?;
        let (size_px, latent_dim) = (settings.size_px as usize, settings.latent_dim as usize);
        let count = held_out.len().min(MAX_COMPARED_FACES);
        let faces = (0..count).map(|index| to_interleaved(held_out.image(index)).collect::<Vec<f32>>());
        let (extractor, face_features) = FeatureExtractor::new(&built_in, size_px, faces)?;
        let samples = count.max(DIVERSITY_SAMPLES);
        let latents = sample_prior(&mut rng_for(settings.seed, RngStream::Evaluation), samples * latent_dim);
        let fills = FillEvaluator::new(settings, held_out);
        Ok(Self { extractor, face_features, latents, latent_dim, fills, seed: settings.seed })
    }

    /// Measures a model of the settings' size.
    pub fn evaluate(&self, file: &ModelFile) -> Result<ModelQuality, TrainError> {
        let networks = CpuNetworks::load(file, cpu::LoadMode::Direct)?;
        let mut activations = CpuActivations::default();
        let (mut sample_features, mut images) = (Vec::new(), Vec::new());
        for latents in self.latents.chunks(SAMPLES_PER_PASS * self.latent_dim) {
            let count = latents.len() / self.latent_dim;
            let pictures = networks.generate(count, latents, &mut activations);
            sample_features.extend(self.extractor.features(count, &pictures));
            if images.is_empty() {
                images = diversity_images(count, &pictures);
            }
        }
        let mut rng: ChaCha8Rng = rng_for(self.seed, RngStream::Evaluation);
        let kid = kid::kernel_distance(self.extractor.feature_count(), &self.face_features, &sample_features, &mut rng);
        let (context_loss, hole_l1) = self.fills.mean_losses(file)?;
        let everywhere = vec![true; images.first().map_or(0, |image| image.width() * image.height())];
        Ok(ModelQuality { kid, context_loss, hole_l1, diversity: diversity(&images, &everywhere).unwrap_or(0.0) })
    }
}

/// Converts the first [`DIVERSITY_SAMPLES`] of `count` images `[side, side, 3]` for the diversity metric.
fn diversity_images(count: usize, pictures: &[f32]) -> Vec<PlanarImage> {
    let length = pictures.len() / count.max(1);
    let side = (length / 3).isqrt();
    let image =
        |pixels: &[f32]| PlanarImage::from_rgb8(side, &pixels.iter().copied().map(to_byte).collect::<Vec<u8>>());
    pictures.chunks_exact(length.max(1)).take(DIVERSITY_SAMPLES).map(image).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::export;
    use crate::train::face_images::InMemoryFaceImages;
    use crate::train::trainer::TrainState;

    #[test]
    fn the_built_in_model_beats_an_untrained_one() {
        let built_in = load(&ModelChoice::Face64).unwrap();
        let networks = CpuNetworks::load(&built_in, cpu::LoadMode::Direct).unwrap();
        let latents = sample_prior(&mut rng_for(3, RngStream::Samples), 1600);
        let pictures = networks.generate(16, &latents, &mut CpuActivations::default());
        // The built-in model's samples stand in for faces, because the repository holds no faces.
        let faces = InMemoryFaceImages::new(64, pictures.into_iter().map(to_byte).collect());
        let settings = TrainSettings { width: 2, ..TrainSettings::default() };
        let evaluator = QualityEvaluator::new(&settings, &faces).unwrap();
        let good = evaluator.evaluate(&built_in).unwrap();
        let (_, untrained) = export::to_model_file(&settings, &TrainState::initial(&settings)).unwrap();
        let bad = evaluator.evaluate(&untrained).unwrap();
        assert!(good.kid.unwrap() < 1.0 && bad.kid.unwrap() > 10.0, "{good:?} {bad:?}");
        assert!(good.context_loss < 0.5 * bad.context_loss && good.hole_l1 < 0.5 * bad.hole_l1, "{good:?} {bad:?}");
        assert!(good.diversity > 10.0 * bad.diversity, "{good:?} {bad:?}");
    }
}
