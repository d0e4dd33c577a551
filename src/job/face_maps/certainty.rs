//! What the map of uncertainty says, in numbers and words: for the hole, and for each part of the face in it.

use super::FaceMap;
use crate::face::template_landmarks;
use crate::geometry::FaceFrame;
use crate::mask::{FaceRegion, Mask};

/// The spread of the completions of a hole.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertainty {
    /// Mean standard deviation in the hole, in grey levels (0 to 255).
    pub spread: f32,
    /// The parts of the face that the hole covers.
    pub parts: Vec<PartSpread>,
    /// See [`CompletionSpread::misfit_ratio`](crate::search::CompletionSpread::misfit_ratio).
    pub misfit_ratio: Option<f32>,
}

/// The spread in one part of the face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartSpread {
    pub region: FaceRegion,
    /// Mean standard deviation in the part that is hole, in grey levels.
    pub spread: f32,
}

/// A spread in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    NearlyCertain,
    RoughlyKnown,
    CouldBeMany,
}

/// Spreads below this are nearly certain.
const MAX_NEARLY_CERTAIN: f32 = 8.0;
/// Spreads from this on could be many.
const MIN_COULD_BE_MANY: f32 = 16.0;
/// A part counts if the hole covers this share of it. Both eyes are named together only if nearly all of them is hole.
const MIN_COVERED_SHARE: f64 = 0.4;
const MIN_COVERED_SHARE_OF_BOTH_EYES: f64 = 0.75;

impl Certainty {
    /// The word for a spread in grey levels.
    #[must_use]
    pub fn of(spread: f32) -> Self {
        match spread {
            spread if spread < MAX_NEARLY_CERTAIN => Self::NearlyCertain,
            spread if spread < MIN_COULD_BE_MANY => Self::RoughlyKnown,
            _ => Self::CouldBeMany,
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::NearlyCertain => "nearly-certain",
            Self::RoughlyKnown => "roughly-known",
            Self::CouldBeMany => "could-be-many",
        }
    }

    /// The words for the user.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NearlyCertain => "nearly certain",
            Self::RoughlyKnown => "roughly known",
            Self::CouldBeMany => "could be many",
        }
    }
}

/// The parts that are named, from top to bottom.
const NAMED_PARTS: [FaceRegion; 8] = [
    FaceRegion::Brows,
    FaceRegion::Eyes,
    FaceRegion::LeftEye,
    FaceRegion::RightEye,
    FaceRegion::Nose,
    FaceRegion::Mouth,
    FaceRegion::Chin,
    FaceRegion::Skin,
];

impl Uncertainty {
    /// Sums up the map of uncertainty.
    #[must_use]
    pub fn of_map(map: &FaceMap, misfit_ratio: Option<f32>) -> Self {
        let spread = mean_over(&map.values, |pixel| map.is_shown[pixel]).unwrap_or(0.0);
        let mut parts: Vec<PartSpread> = Vec::new();
        for region in NAMED_PARTS {
            let has_both_eyes = parts.iter().any(|part| part.region == FaceRegion::Eyes);
            let is_one_eye = matches!(region, FaceRegion::LeftEye | FaceRegion::RightEye);
            if !(has_both_eyes && is_one_eye) {
                parts.extend(part_spread(region, map));
            }
        }
        Self { spread, parts, misfit_ratio }
    }
}

/// The spread in a part of the face, if the hole covers enough of it. In the crop, the face has the template's landmarks.
fn part_spread(region: FaceRegion, map: &FaceMap) -> Option<PartSpread> {
    let part = part_in_crop(region, u32::try_from(map.side_px).ok()?);
    let covered = part.iter().zip(&map.is_shown).filter(|(in_part, is_hole)| **in_part && **is_hole).count();
    let all = part.iter().filter(|in_part| **in_part).count();
    let min_share = if region == FaceRegion::Eyes { MIN_COVERED_SHARE_OF_BOTH_EYES } else { MIN_COVERED_SHARE };
    #[expect(clippy::cast_precision_loss, reason = "pixels of a crop")]
    let is_covered = covered as f64 >= min_share * all as f64;
    let spread = mean_over(&map.values, |pixel| part[pixel] && map.is_shown[pixel])?;
    is_covered.then_some(PartSpread { region, spread })
}

/// The pixels of a part of the face in a crop.
#[must_use]
pub fn part_in_crop(region: FaceRegion, side_px: u32) -> Vec<bool> {
    let landmarks = template_landmarks(&FaceFrame::centered(side_px, side_px));
    let part: Mask = region.hole_in_photo(side_px, side_px, &landmarks);
    (0..side_px).flat_map(|y| part.row(y, 0..side_px)).collect()
}

/// The mean of the values at the pixels that count. `None` when there is none.
fn mean_over(values: &[f32], counts: impl Fn(usize) -> bool) -> Option<f32> {
    let counted = values.iter().enumerate().filter(|(pixel, _)| counts(*pixel));
    let (sum, count) = counted.fold((0.0, 0.0), |(sum, count), (_, value)| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::MapKind;

    const SIDE: usize = 64;

    /// A map whose hole and values are given by functions of column and row, as shares of the side.
    fn map(is_hole: impl Fn(f32, f32) -> bool, value: impl Fn(f32, f32) -> f32) -> FaceMap {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let at = |pixel: usize| ((pixel % SIDE) as f32 / SIDE as f32, (pixel / SIDE) as f32 / SIDE as f32);
        let pixels = || (0..SIDE * SIDE).map(at);
        let values = pixels().map(|(x, y)| value(x, y)).collect();
        FaceMap::new(MapKind::Uncertainty, SIDE, values, pixels().map(|(x, y)| is_hole(x, y)).collect())
    }

    fn regions(uncertainty: &Uncertainty) -> Vec<FaceRegion> {
        uncertainty.parts.iter().map(|part| part.region).collect()
    }

    #[test]
    fn parts_in_the_hole_have_their_own_number() {
        // The lower half; the mouth is at 0.71 of the height, the chin below.
        let lower = Uncertainty::of_map(&map(|_, y| y > 0.56, |_, y| if y < 0.82 { 24.0 } else { 4.0 }), Some(1.1));
        assert_eq!(regions(&lower), [FaceRegion::Mouth, FaceRegion::Chin, FaceRegion::Skin]);
        let spread = |index: usize| lower.parts[index].spread;
        assert!(spread(0) > 20.0 && spread(1) < spread(0) && (4.0..24.0).contains(&lower.spread), "{lower:?}");
    }

    #[test]
    fn one_eye_is_named_by_its_side() {
        let left = Uncertainty::of_map(&map(|x, y| x < 0.46 && (0.2..0.4).contains(&y), |_, _| 10.0), None);
        assert!(regions(&left).contains(&FaceRegion::LeftEye) && !regions(&left).contains(&FaceRegion::Eyes));
        let both = Uncertainty::of_map(&map(|_, y| (0.2..0.4).contains(&y), |_, _| 10.0), None);
        assert!(regions(&both).contains(&FaceRegion::Eyes) && !regions(&both).contains(&FaceRegion::LeftEye));
    }

    #[test]
    fn a_scratch_names_no_part() {
        let scratch = Uncertainty::of_map(&map(|x, _| (0.5..0.52).contains(&x), |_, _| 6.0), None);
        assert_eq!((regions(&scratch), scratch.spread), (vec![], 6.0));
        let nothing = Uncertainty::of_map(&map(|_, _| false, |_, _| 6.0), None);
        assert!(nothing.spread.abs() < f32::EPSILON && nothing.parts.is_empty());
    }

    #[test]
    fn words_follow_the_spread() {
        let words = [0.0, 7.9, 8.0, 15.9, 16.0, 90.0].map(Certainty::of);
        assert!(words.is_sorted() && words[1] == Certainty::NearlyCertain && words[4] == Certainty::CouldBeMany);
        assert_eq!(words[2], words[3]);
    }
}
