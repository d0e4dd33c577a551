//! Fit quality: how much of the known pixels a fill explains. A bad fit means that the frame may not lie on a face.

use super::{FillOutcome, SearchStart};
use crate::face_picture::FacePicture;
use crate::search::{SearchProblem, Starts};

/// A fill that explains a smaller share causes a warning. Held-out faces stay above this share even when half of the
/// frame is hidden. Noise reaches 0, and so do some frames that are far too small, shifted, or not on a face. An
/// upside-down face reaches as much as an upright one. The warning therefore finds only gross errors.
const MIN_EXPLAINED_SHARE: f32 = 0.08;
/// Iterations after which a search from the prior shows whether it fits. Good faces reach [`MIN_EXPLAINED_SHARE`] within 20
/// with the presets Blog and Sampling, and 0.26 within 50.
const MIN_STEPS_FROM_PRIOR: u32 = 50;
/// The same from a guess (the encoder's, or another fill): good faces begin at 0.4.
const MIN_STEPS_FROM_GUESS: u32 = 5;

/// Share of the known pixels' absolute deviation from their mean colour that a picture explains: 1 for an exact copy, 0
/// for the mean colour, negative for a worse fit. `None` when the known pixels have one colour, or none is known.
pub(super) fn explained_share(picture: &FacePicture, problem: &SearchProblem) -> Option<f32> {
    let area = problem.size_px * problem.size_px;
    let known = problem.known.iter().sum::<f32>();
    let (mut residual, mut deviation) = (0.0, 0.0);
    let observed = problem.operator.apply(&picture.to_planes(), problem.size_px);
    for (pixels, generated) in problem.pixels.chunks(area).zip(observed.chunks(area)) {
        let pixels = pixels.iter().zip(&problem.known).zip(generated);
        let known_pixels = || pixels.clone().filter(|((_, known), _)| **known > 0.0);
        let mean = known_pixels().map(|((pixel, _), _)| pixel).sum::<f32>() / known;
        residual += known_pixels().map(|((pixel, _), generated)| (generated - pixel).abs()).sum::<f32>();
        deviation += known_pixels().map(|((pixel, _), _)| (mean - pixel).abs()).sum::<f32>();
    }
    (deviation > 0.0).then(|| 1.0 - residual / deviation)
}

/// A warning that a fill may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FitWarning {
    pub message: String,
    /// Advice for the user.
    pub advice: &'static str,
}

impl FillOutcome {
    /// A warning when the best candidate hardly fits the known pixels. A search of a few steps gives none: it says nothing
    /// about the frame.
    #[must_use]
    pub fn fit_warning(&self) -> Option<FitWarning> {
        let starts_at_guess = match &self.start {
            SearchStart::FromSettings | SearchStart::Continue { .. } => {
                self.model.has_encoder && self.settings.starts == Starts::Encoder
            }
            SearchStart::At(_) | SearchStart::Around(_) | SearchStart::Edited(_) => true,
        };
        if self.steps < if starts_at_guess { MIN_STEPS_FROM_GUESS } else { MIN_STEPS_FROM_PRIOR } {
            return None;
        }
        let explained = self.explained_share.filter(|&explained| explained < MIN_EXPLAINED_SHARE)?;
        let percent = 100.0 * explained.max(0.0);
        Some(FitWarning {
            message: format!(
                "This does not look like a face in this frame: the fill matches only {percent:.0} % of it"
            ),
            advice: "Move the frame so that its marks lie on the eyes, nose and mouth, or paint over less of the face",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> SearchProblem {
        let pixels = [[-0.5, 0.5, 0.5, f32::NAN], [0.2, 0.2, 0.2, 0.9], [0.0, 0.3, 0.6, -1.0]].concat();
        SearchProblem::fill(2, pixels, vec![1.0, 1.0, 1.0, 0.0])
    }

    #[test]
    fn exact_copy_explains_all_mean_colour_nothing() {
        let mut same = problem().pixels;
        same[3] = 7.0;
        let share = |planes: &[f32]| explained_share(&FacePicture::from_planes(planes), &problem());
        assert_eq!(share(&same), Some(1.0));
        let mean = [[0.5 / 3.0; 4], [0.2; 4], [0.3; 4]].concat();
        assert!(share(&mean).unwrap().abs() < 1e-5);
        let halfway: Vec<f32> = same.iter().zip(&mean).map(|(a, b)| (a + b) / 2.0).collect();
        assert!((share(&halfway).unwrap() - 0.5).abs() < 1e-5);
    }

    #[test]
    fn one_colour_or_no_known_pixel_gives_none() {
        let flat = SearchProblem::fill(2, vec![0.25; 12], vec![1.0; 4]);
        let black = FacePicture::from_planes(&[0.0; 12]);
        assert_eq!(explained_share(&black, &flat), None);
        assert_eq!(explained_share(&black, &SearchProblem { known: vec![0.0; 4], ..problem() }), None);
    }
}
