//! Measures how well a generator fills: a short search on held-out faces with a centre hole.

use std::sync::Arc;

use crate::mask::MaskPreset;
use crate::model::cpu::CpuPrecision;
use crate::model::{ModelFile, Networks};
use crate::search::{Preset, Search, SearchProblem, Settings, Starts};
use crate::train::TrainError;
use crate::train::batch::to_planar;
use crate::train::face_images::FaceImages;
use crate::train::settings::TrainSettings;

/// Maximum number of faces to fill.
const MAX_FACES: usize = 64;
/// Steps of each search. Differences between generators show after a few steps.
const SEARCH_STEPS: u32 = 20;

/// The fill problems of the held-out faces.
pub(super) struct FillEvaluator {
    problems: Vec<SearchProblem>,
    seed: u64,
}

impl FillEvaluator {
    pub fn new(settings: &TrainSettings, held_out: &dyn FaceImages) -> Self {
        let size_px = settings.size_px as usize;
        let hole = MaskPreset::Center.hole_in_crop(settings.size_px, 0);
        let known: Vec<f32> = hole.iter().map(|hole| f32::from(u8::from(!hole))).collect();
        let problem = |index| SearchProblem::fill(size_px, to_planar(held_out.image(index)).collect(), known.clone());
        Self { problems: (0..held_out.len().min(MAX_FACES)).map(problem).collect(), seed: settings.seed }
    }

    /// Returns the mean context loss of the fills, and their mean difference from the hole's true pixels, which the
    /// search does not see.
    pub fn mean_losses(&self, file: &ModelFile) -> Result<(f64, f64), TrainError> {
        let networks = Arc::new(Networks::load_on_cpu(file, CpuPrecision::Single)?);
        let best = Preset::Best.settings().pixel_loss_only();
        let starts = if file.info.has_encoder { Starts::Encoder } else { Starts::Prior };
        let settings = Settings { steps: SEARCH_STEPS, noise: 0.0, candidates: 1, starts, seed: self.seed, ..best };
        let (mut context, mut hole) = (0.0, 0.0);
        for problem in &self.problems {
            let mut search = Search::new(Arc::clone(&networks), problem, settings);
            while !search.is_done() {
                search.advance();
            }
            context += search.best().and_then(|best| Some(f64::from(best.losses.first()?.context))).unwrap_or(f64::NAN);
            hole += search
                .best_pictures()
                .first()
                .map_or(f64::NAN, |fill| mean_hole_difference(problem, &fill.to_planes()));
        }
        #[expect(clippy::cast_precision_loss, reason = "a few dozen faces")]
        let count = self.problems.len().max(1) as f64;
        Ok((context / count, hole / count))
    }
}

/// Mean absolute difference over the hole's pixels and channels.
fn mean_hole_difference(problem: &SearchProblem, fill: &[f32]) -> f64 {
    let values = fill.iter().zip(&problem.pixels).zip(problem.known.iter().cycle());
    let (mut sum, mut count) = (0.0, 0u32);
    for ((fill, truth), _) in values.filter(|(_, known)| **known < 0.5) {
        sum += f64::from((fill - truth).abs());
        count += 1;
    }
    sum / f64::from(count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hole_pixels_count() {
        let problem = SearchProblem::fill(2, vec![0.0; 12], vec![1.0, 0.0, 1.0, 1.0]);
        let fill: Vec<f32> = (0..12u8).map(f32::from).collect();
        // Pixel 1 of each plane: 1, 5, 9.
        assert!((mean_hole_difference(&problem, &fill) - 5.0).abs() < 1e-9);
    }
}
