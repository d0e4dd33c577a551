//! The quality metrics of a generator, on held-out faces.
//!
//! There are two main metrics: the distance between samples and faces ([`kid`], on the [`features`] of face-64), and
//! the result of a short search on held-out faces with a centre hole ([`fills`]). The second one measures the
//! generator's purpose, so the best checkpoint is the one with the lowest context loss.
//!
//! All metrics use the exported model on the CPU, so that they agree between devices.

mod features;
mod fills;
mod kid;

use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::TrainError;
use super::data::Pictures;
use super::draws::{Purpose, prior, stream};
use super::samples::{byte, interleaved};
use super::settings::TrainSettings;
use crate::metrics::{Picture, diversity};
use crate::model::host::{self, HostNetworks, Tape};
use crate::model::{ModelChoice, ModelFile, load};
use features::Judge;
use fills::Fills;

/// The most faces, and samples, that are compared. More would hardly make the distance more precise.
const COMPARED: usize = 512;
/// Samples per forward pass.
const AT_ONCE: usize = 32;
/// Number of samples that are compared for the diversity.
const DIVERSE: usize = 16;

/// The quality metrics of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Kernel distance between samples and held-out faces; 0 means indistinguishable. `None` with fewer than two faces.
    pub kid: Option<f64>,
    /// Mean context loss that a short search reaches on held-out faces with a centre hole.
    pub context_loss: f64,
    /// Mean difference between these fills and the true pixels in the hole, 0 to 2.
    pub hole_l1: f64,
    /// Mean difference between two samples, 0 to 1.
    pub diversity: f64,
}

impl Quality {
    /// The values with their column names in `quality.csv`.
    pub(super) fn numbers(&self) -> Vec<(&'static str, f64)> {
        let Self { kid, context_loss, hole_l1, diversity } = *self;
        vec![
            ("context_loss", context_loss),
            ("hole_l1", hole_l1),
            ("kid", kid.unwrap_or(f64::NAN)),
            ("diversity", diversity),
        ]
    }
}

/// Measures generators of one size with the same faces, latents and subsets.
pub(super) struct Yardstick {
    judge: Judge,
    /// Standardised features of the held-out faces, one row each.
    faces: Vec<f32>,
    latents: Vec<f32>,
    latent_dim: usize,
    fills: Fills,
    seed: u64,
}

impl Yardstick {
    /// Computes the features of the held-out faces.
    pub fn new(settings: &TrainSettings, held_out: &dyn Pictures) -> Result<Self, TrainError> {
        let built_in = load(&ModelChoice::Face64)?;
        let (size_px, latent_dim) = (settings.size_px as usize, settings.latent_dim as usize);
        let count = held_out.len().min(COMPARED);
        let faces = (0..count).map(|index| interleaved(held_out.picture(index)).collect::<Vec<f32>>());
        let (judge, faces) = Judge::new(&built_in, size_px, faces)?;
        let samples = count.max(DIVERSE);
        let latents = prior(&mut stream(settings.seed, Purpose::Quality), samples * latent_dim);
        Ok(Self { judge, faces, latents, latent_dim, fills: Fills::new(settings, held_out), seed: settings.seed })
    }

    /// Measures a model of the settings' size.
    pub fn measure(&self, file: &ModelFile) -> Result<Quality, TrainError> {
        let networks = HostNetworks::load(file, host::Purpose::Plain)?;
        let mut tape = Tape::default();
        let (mut samples, mut first) = (Vec::new(), Vec::new());
        for latents in self.latents.chunks(AT_ONCE * self.latent_dim) {
            let count = latents.len() / self.latent_dim;
            networks.draw(count, latents, &mut tape);
            samples.extend(self.judge.look(count, tape.pictures()));
            if first.is_empty() {
                first = diverse(count, tape.pictures());
            }
        }
        let mut rng: ChaCha8Rng = stream(self.seed, Purpose::Quality);
        let kid = kid::distance(self.judge.length(), &self.faces, &samples, &mut rng);
        let (context_loss, hole_l1) = self.fills.measure(file)?;
        let everywhere = vec![true; first.first().map_or(0, |picture| picture.width() * picture.height())];
        Ok(Quality { kid, context_loss, hole_l1, diversity: diversity(&first, &everywhere).unwrap_or(0.0) })
    }
}

/// Converts the first [`DIVERSE`] of `count` images `[side, side, 3]` for the diversity metric.
fn diverse(count: usize, pictures: &[f32]) -> Vec<Picture> {
    let length = pictures.len() / count.max(1);
    let side = (length / 3).isqrt();
    let bytes = |picture: &[f32]| picture.iter().map(|value| byte(*value)).collect::<Vec<u8>>();
    pictures.chunks_exact(length.max(1)).take(DIVERSE).map(|one| Picture::from_rgb8(side, &bytes(one))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::PicturesInMemory;
    use crate::train::export;
    use crate::train::trainer::TrainState;

    #[test]
    fn the_built_in_model_beats_an_untrained_one() {
        let built_in = load(&ModelChoice::Face64).unwrap();
        let networks = HostNetworks::load(&built_in, host::Purpose::Plain).unwrap();
        let mut tape = Tape::default();
        networks.draw(16, &prior(&mut stream(3, Purpose::Samples), 1600), &mut tape);
        // The built-in model's samples stand in for faces, because the repository holds no faces.
        let faces = PicturesInMemory::new(64, tape.pictures().iter().map(|value| byte(*value)).collect());
        let settings = TrainSettings { width: 2, ..TrainSettings::default() };
        let yardstick = Yardstick::new(&settings, &faces).unwrap();
        let good = yardstick.measure(&built_in).unwrap();
        let (_, untrained) = export::model(&settings, &TrainState::initial(&settings)).unwrap();
        let bad = yardstick.measure(&untrained).unwrap();
        assert!(good.kid.unwrap() < 1.0 && bad.kid.unwrap() > 10.0, "{good:?} {bad:?}");
        assert!(good.context_loss < 0.5 * bad.context_loss && good.hole_l1 < 0.5 * bad.hole_l1, "{good:?} {bad:?}");
        assert!(good.diversity > 10.0 * bad.diversity, "{good:?} {bad:?}");
    }
}
