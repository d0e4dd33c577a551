//! GAN inversion: finds the latent whose picture is a given face. A search without a hole.

use std::sync::Arc;

use super::Latent;
use crate::face::Crop;
use crate::model::Networks;
use crate::search::{Preset, Search, SearchProblem, Settings, SettingsError};

/// Why no latent was found for a face.
#[derive(Debug, thiserror::Error)]
pub enum InvertError {
    #[error("the crop is {found} pixels wide, the model draws {expected}: crop the face at the model's size")]
    WrongSize { found: u32, expected: u32 },
    #[error("no pixel of the face is in the photo: move the frame")]
    NothingKnown,
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the search found no finite result: use fewer candidates, or a smaller learning rate")]
    NoResult,
}

/// The latent of a face.
#[derive(Clone, Debug, PartialEq)]
pub struct InvertedFace {
    pub latent: Latent,
    /// Mean absolute difference on known pixels, values in [-1, 1].
    pub context_loss: f32,
}

/// Settings for inversion: the preset Best, with a pure pixel loss, so that the reported loss is the pixel difference.
#[must_use]
pub fn invert_settings(seed: u64) -> Settings {
    Settings { seed, ..Preset::Best.settings().pixel_loss_only() }
}

/// Finds the latent whose picture matches all known pixels of a crop. All burn work runs on the calling thread.
///
/// # Errors
/// When the crop does not fit the model, or has no known pixels.
pub fn invert(networks: &Arc<Networks>, crop: &Crop, settings: Settings) -> Result<InvertedFace, InvertError> {
    settings.validate()?;
    let expected = networks.info.image_size_px;
    if crop.size_px != expected {
        return Err(InvertError::WrongSize { found: crop.size_px, expected });
    }
    if crop.known.iter().all(|&known| known == 0.0) {
        return Err(InvertError::NothingKnown);
    }
    let Crop { size_px, pixels, known } = crop.clone();
    let problem = SearchProblem::fill(size_px as usize, pixels, known);
    let mut search = Search::new(networks.clone(), &problem, settings);
    while !search.is_done() {
        search.advance();
    }
    let best = search.best().ok_or(InvertError::NoResult)?;
    let finite = best.latents.into_iter().zip(best.losses).filter(|(_, losses)| losses.total.is_finite());
    let (latent, losses) = finite.min_by(|(_, a), (_, b)| a.total.total_cmp(&b.total)).ok_or(InvertError::NoResult)?;
    Ok(InvertedFace { latent, context_loss: losses.context })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::sample_latent;
    use crate::model::cpu::{CpuActivations, CpuNetworks, CpuPrecision, LoadMode};
    use crate::model::{ModelFile, TINY_MODEL};

    /// The tiny model's picture of a sample, as a crop.
    fn generated_crop(file: &ModelFile, number: u64) -> Crop {
        let networks = CpuNetworks::load(file, LoadMode::Direct).unwrap();
        let picture = networks.generate(1, &sample_latent(number, 8), &mut CpuActivations::default());
        let planes = |channel: usize| picture.iter().skip(channel).step_by(3).copied();
        Crop { size_px: 16, pixels: (0..3).flat_map(planes).collect(), known: vec![1.0; 256] }
    }

    #[test]
    fn latent_of_a_generated_picture_is_found() {
        let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
        let networks = Arc::new(Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap());
        let settings = Settings { candidates: 8, steps: 150, ..invert_settings(1) };
        let far = invert(&networks, &generated_crop(&file, 5), Settings { steps: 1, ..settings }).unwrap();
        let found = invert(&networks, &generated_crop(&file, 5), settings).unwrap();
        assert!(found.context_loss < 0.2 * far.context_loss, "{} {}", found.context_loss, far.context_loss);
        assert!(found.latent.iter().all(|value| value.abs() <= 1.0));
        assert_eq!(invert(&networks, &generated_crop(&file, 5), settings).unwrap(), found);
        // The reported loss is the mean difference of the pixels.
        let (crop, mut activations) = (generated_crop(&file, 5), CpuActivations::default());
        let picture = networks.generate(1, &far.latent, &mut activations);
        let channel_values = |channel: usize| picture.iter().skip(channel).step_by(3);
        let pairs = (0..3).flat_map(channel_values).zip(&crop.pixels);
        let mean = pairs.map(|(value, pixel)| (value - pixel).abs()).sum::<f32>() / 768.0;
        assert!((far.context_loss - mean).abs() < 1e-3 * mean, "{} and {mean}", far.context_loss);
    }

    #[test]
    fn wrong_size_or_unknown_crop_is_refused() {
        let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
        let networks = Arc::new(Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap());
        let settings = invert_settings(0);
        let other = Crop { size_px: 4, pixels: vec![0.0; 48], known: vec![1.0; 16] };
        assert!(matches!(invert(&networks, &other, settings), Err(InvertError::WrongSize { found: 4, expected: 16 })));
        let nothing = Crop { size_px: 16, pixels: vec![0.0; 768], known: vec![0.0; 256] };
        assert!(matches!(invert(&networks, &nothing, settings), Err(InvertError::NothingKnown)));
    }
}
