//! Maps over the face frame that explain a fill: what was invented, which known pixels count, where the drawn face
//! differs from them, and how the losses would change it.
//!
//! A map has the crop's pixels. [`draw_maps`] computes those of one candidate; [`colors`] colours them, for the screen
//! and for pictures. [`certainty`] says in words what the map of uncertainty shows.

mod certainty;
mod colors;
mod draw;
mod picture;

pub use certainty::{Certainty, PartSpread, Uncertainty, part_in_crop};
pub use colors::{MapColors, color_bar};
pub use draw::{FaceMapSet, MapGroup, MapRequest, MapRequestId, draw_maps};
pub use picture::paint_map;

/// What a map shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapKind {
    /// The spread of many completions that agree with the known pixels.
    Uncertainty,
    /// W, the weight of each known pixel in the context loss.
    Weights,
    /// `|G(ẑ) − y|` of the known pixels.
    Residual,
    /// The gradient of the context loss to the picture.
    ContextGradient,
    /// The gradient of the prior loss to the picture, in the hole.
    PriorGradient,
}

impl MapKind {
    /// All maps, in the order of the key that shows the next one.
    pub const ALL: [Self; 5] =
        [Self::Uncertainty, Self::Weights, Self::Residual, Self::ContextGradient, Self::PriorGradient];

    /// The name of its files.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Uncertainty => "uncertainty",
            Self::Weights => "weights",
            Self::Residual => "residual",
            Self::ContextGradient => "context-gradient",
            Self::PriorGradient => "prior-gradient",
        }
    }

    /// The name for the user.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Uncertainty => "What was invented",
            Self::Weights => "Weights",
            Self::Residual => "Difference to the photo",
            Self::ContextGradient => "Pull of the photo",
            Self::PriorGradient => "Doubts of the discriminator",
        }
    }

    /// One sentence for somebody who sees it for the first time.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Uncertainty => {
                "How much many faces differ that match the photo about equally well. Bright parts could look different"
            }
            Self::Weights => "How much each known pixel counts in the search. Those around the hole count most",
            Self::Residual => "Where the photo and the drawn face differ. The search makes this small",
            Self::ContextGradient => {
                "How the context loss would change the drawn face: orange lighter, blue darker. Most changes are beyond \
                 the generator"
            }
            Self::PriorGradient => {
                "Where a change in the hole would make the face more plausible to the discriminator, which tells photos \
                 from drawn faces"
            }
        }
    }

    /// The unit of the numbers at the colour bar.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Weights => "weight, at most 1",
            Self::Uncertainty | Self::Residual => "grey levels of 255",
            Self::ContextGradient | Self::PriorGradient => "% of the strongest",
        }
    }

    /// Whether it is about the hole. The others are about the known pixels.
    #[must_use]
    pub fn is_of_hole(self) -> bool {
        matches!(self, Self::Uncertainty | Self::PriorGradient)
    }

    /// Whether values may be negative.
    #[must_use]
    pub fn is_signed(self) -> bool {
        self == Self::ContextGradient
    }
}

/// One map.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceMap {
    pub kind: MapKind,
    /// Side of the crop.
    pub side_px: usize,
    /// `[side, side]`, in [`MapKind::unit`] or, for gradients, as the loss defines them.
    pub values: Vec<f32>,
    /// `[side, side]`: the pixels that the map is about.
    pub is_shown: Vec<bool>,
    /// The value at the end of the colour bar. Above zero.
    pub full_scale: f32,
}

/// The spread at the end of the colour bar, in grey levels. Held-out faces reach it in the hair and the eyes. The same for
/// all fills, so that they can be compared.
const UNCERTAINTY_FULL_SCALE: f32 = 48.0;
/// The residual at the end of the colour bar, in grey levels: a quarter of the range. The same for all fills, so that
/// they can be compared.
const RESIDUAL_FULL_SCALE: f32 = 64.0;
/// Share of the shown pixels that lie within the colour bar of a gradient. The strongest few would leave all others dark.
const GRADIENT_SHARE_IN_SCALE: f32 = 0.99;

impl FaceMap {
    /// A map with the scale of its kind.
    #[must_use]
    pub fn new(kind: MapKind, side_px: usize, values: Vec<f32>, is_shown: Vec<bool>) -> Self {
        let shown = || values.iter().zip(&is_shown).filter(|(_, is_shown)| **is_shown).map(|(value, _)| value.abs());
        let full_scale = match kind {
            MapKind::Weights => shown().fold(0.0, f32::max),
            MapKind::Uncertainty => UNCERTAINTY_FULL_SCALE,
            MapKind::Residual => RESIDUAL_FULL_SCALE,
            MapKind::ContextGradient | MapKind::PriorGradient => quantile(shown().collect(), GRADIENT_SHARE_IN_SCALE),
        };
        Self { kind, side_px, values, is_shown, full_scale: full_scale.max(f32::MIN_POSITIVE) }
    }

    /// A pixel's value as a share of the colour bar, -1 to 1. `None` where the map says nothing.
    #[must_use]
    pub fn share_at(&self, pixel: usize) -> Option<f32> {
        let is_shown = self.is_shown.get(pixel).copied().unwrap_or_default();
        let value = self.values.get(pixel).filter(|_| is_shown)?;
        Some((value / self.full_scale).clamp(-1.0, 1.0))
    }

    /// The texts at the ends of the colour bar.
    #[must_use]
    pub fn scale_ends(&self) -> [String; 2] {
        match self.kind {
            MapKind::Weights => ["0".into(), format!("{:.2}", self.full_scale)],
            MapKind::Uncertainty => ["0".into(), format!("±{:.0}", self.full_scale)],
            MapKind::Residual => ["0".into(), format!("{:.0}", self.full_scale)],
            MapKind::ContextGradient => ["−100".into(), "+100".into()],
            MapKind::PriorGradient => ["0".into(), "100".into()],
        }
    }
}

/// The value below which this share of the values lies; 0 without values.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a crop has far fewer than 2^24 pixels"
)]
fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    let index = (share * values.len() as f32) as usize;
    values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_scale_and_hide_the_rest() {
        let map = FaceMap::new(MapKind::Residual, 2, vec![0.0, 32.0, 200.0, 64.0], vec![true, true, true, false]);
        let shares: Vec<_> = (0..5).map(|pixel| map.share_at(pixel)).collect();
        assert_eq!(shares, [Some(0.0), Some(0.5), Some(1.0), None, None]);
        assert_eq!(map.scale_ends(), ["0", "64"]);
    }

    #[test]
    fn the_strongest_pixels_do_not_set_a_gradients_scale() {
        let values: Vec<f32> =
            (0..400u16).map(|index| if index == 7 { -1e3 } else { f32::from(index) / 400.0 }).collect();
        let map = FaceMap::new(MapKind::ContextGradient, 20, values, vec![true; 400]);
        assert!((0.98..1.0).contains(&map.full_scale), "{}", map.full_scale);
        assert_eq!(map.share_at(7), Some(-1.0));
    }

    #[test]
    fn an_empty_map_has_a_scale() {
        for kind in MapKind::ALL {
            let map = FaceMap::new(kind, 2, vec![0.0; 4], vec![false; 4]);
            assert!(map.full_scale > 0.0 && map.share_at(0).is_none());
        }
    }
}
