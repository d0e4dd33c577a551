//! Fit quality: how much of the known pixels a fill explains. A bad fit means that the frame may not lie on a face.

use super::FillOutcome;
use crate::search::Problem;

/// A fill that explains a smaller share causes a warning. Held-out faces stay above this share even when half of the
/// frame is hidden. Noise reaches 0, and so do some frames that are far too small, shifted, or not on a face. An
/// upside-down face reaches as much as an upright one. The warning therefore finds only gross errors.
const DOUBTED_BELOW: f32 = 0.08;

/// Share of the known pixels' absolute deviation from their mean colour that a picture explains: 1 for an exact copy, 0
/// for the mean colour, negative for a worse fit. `None` when the known pixels have one colour, or none is known.
pub(super) fn explained(picture: &[f32], problem: &Problem) -> Option<f32> {
    let area = problem.size_px * problem.size_px;
    let known = problem.known.iter().sum::<f32>();
    let (mut left, mut all) = (0.0, 0.0);
    for (drawn, pixels) in picture.chunks(area).zip(problem.pixels.chunks(area)) {
        let of_known = || pixels.iter().zip(&problem.known).zip(drawn).filter(|((_, known), _)| **known > 0.0);
        let mean = of_known().map(|((pixel, _), _)| pixel).sum::<f32>() / known;
        left += of_known().map(|((pixel, _), drawn)| (drawn - pixel).abs()).sum::<f32>();
        all += of_known().map(|((pixel, _), _)| (mean - pixel).abs()).sum::<f32>();
    }
    (all > 0.0).then(|| 1.0 - left / all)
}

/// A warning that a fill may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    pub what: String,
    /// Advice for the user.
    pub next: &'static str,
}

impl FillOutcome {
    /// A warning when the best candidate hardly fits the known pixels.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        let explained = self.explained.filter(|&explained| explained < DOUBTED_BELOW)?;
        let percent = 100.0 * explained.max(0.0);
        Some(Doubt {
            what: format!("This does not look like a face in this frame: the fill matches only {percent:.0} % of it"),
            next: "Move the frame so that its marks lie on the eyes, nose and mouth, or paint over less of the face",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> Problem {
        let pixels = [[-0.5, 0.5, 0.5, f32::NAN], [0.2, 0.2, 0.2, 0.9], [0.0, 0.3, 0.6, -1.0]].concat();
        Problem { size_px: 2, pixels, known: vec![1.0, 1.0, 1.0, 0.0] }
    }

    #[test]
    fn exact_copy_explains_all_mean_colour_nothing() {
        let mut same = problem().pixels;
        same[3] = 7.0;
        assert_eq!(explained(&same, &problem()), Some(1.0));
        let mean = [[0.5 / 3.0; 4], [0.2; 4], [0.3; 4]].concat();
        assert!(explained(&mean, &problem()).unwrap().abs() < 1e-5);
        let halfway: Vec<f32> = same.iter().zip(&mean).map(|(a, b)| (a + b) / 2.0).collect();
        assert!((explained(&halfway, &problem()).unwrap() - 0.5).abs() < 1e-5);
    }

    #[test]
    fn one_colour_or_no_known_pixel_gives_none() {
        let flat = Problem { size_px: 2, pixels: vec![0.25; 12], known: vec![1.0; 4] };
        assert_eq!(explained(&[0.0; 12], &flat), None);
        assert_eq!(explained(&[0.0; 12], &Problem { known: vec![0.0; 4], ..problem() }), None);
    }
}
