//! The holes of the evaluation protocol.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::derive_seed;
use crate::face::TEMPLATE_IN_UNIT;
use crate::geometry::Point;
use crate::mask::{Mask, MaskPreset, StrokeKind};

/// Radius of the stroke between the corners of the mouth, as a share of the crop's side. It covers the lips and some
/// skin around them.
const MOUTH_RADIUS: f32 = 0.1;
/// Radius of the strokes over the eyes, as a share of the crop's side. They reach from the brow to the lower lid.
const EYE_RADIUS: f32 = 0.075;
/// Half the length of the strokes over the eyes, which are centred on the eye.
const EYE_HALF_LENGTH: f32 = 0.06;
/// Irregular strokes are added until the hole covers this share of the crop.
const IRREGULAR_SHARE: f64 = 0.2;
/// Radii of irregular strokes, as shares of the crop's side.
const IRREGULAR_RADII: std::ops::Range<f32> = 0.025..0.06;
/// Maximum length of a segment of an irregular stroke along x and along y, as a share of the crop's side.
const IRREGULAR_MAX_SEGMENT: f32 = 0.25;
/// Segments of one irregular stroke.
const IRREGULAR_SEGMENTS: usize = 4;

/// A kind of hole, in the crop of an aligned face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoleKind {
    /// The middle half of each side: a quarter of the crop.
    Center,
    /// The left half, which a method can guess by mirroring. `fill --mask half` is the lower half.
    Half,
    /// Each pixel is hole with probability 0.8.
    Random,
    /// The blog's grid: all but every fourth pixel of every fourth row, 15/16 of the crop.
    Pattern,
    /// Random strokes that cover about a fifth of the crop.
    Irregular,
    /// The mouth, about a tenth of the crop.
    Mouth,
    /// Both eyes, with the bridge of the nose known: about 7 % of the crop.
    Eyes,
}

impl HoleKind {
    /// All kinds, in the order of reports.
    pub const ALL: [Self; 7] =
        [Self::Center, Self::Half, Self::Random, Self::Pattern, Self::Irregular, Self::Mouth, Self::Eyes];

    /// The name on the command line, in reports and in file names.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Center => "center",
            Self::Half => "half",
            Self::Random => "random",
            Self::Pattern => "pattern",
            Self::Irregular => "irregular",
            Self::Mouth => "mouth",
            Self::Eyes => "eyes",
        }
    }

    /// The hole in a crop of this side. `Random` and `Irregular` depend on the kind, the face and the seed; the other
    /// kinds are the same for every face.
    #[must_use]
    pub fn hole_in_crop(self, crop_size_px: u32, face_index: usize, seed: u64) -> Mask {
        let seed = derive_seed(self.id(), face_index, seed);
        let [right_eye, left_eye, _, right_corner, left_corner] = TEMPLATE_IN_UNIT;
        let preset = match self {
            Self::Center => MaskPreset::Center,
            Self::Half => MaskPreset::Left,
            Self::Random => MaskPreset::Random,
            Self::Pattern => MaskPreset::Grid,
            Self::Irregular => return irregular_mask(crop_size_px, seed),
            Self::Mouth => return stroke_mask(crop_size_px, MOUTH_RADIUS, &[(right_corner, left_corner)]),
            Self::Eyes => {
                let eye_segment = |[x, y]: Point| ([x - EYE_HALF_LENGTH, y], [x + EYE_HALF_LENGTH, y]);
                return stroke_mask(crop_size_px, EYE_RADIUS, &[eye_segment(right_eye), eye_segment(left_eye)]);
            }
        };
        let pixels: Vec<u8> =
            preset.hole_in_crop(crop_size_px, seed).iter().map(|&hole| u8::from(hole) * Mask::HOLE).collect();
        Mask::from_pixels(crop_size_px, crop_size_px, &pixels)
            .unwrap_or_else(|| Mask::empty(crop_size_px, crop_size_px))
    }
}

/// A mask with straight strokes between points of the unit square.
fn stroke_mask(crop_size_px: u32, radius: f32, segments: &[(Point, Point)]) -> Mask {
    let mut mask = Mask::empty(crop_size_px, crop_size_px);
    for &(from, to) in segments {
        draw_stroke(&mut mask, from, to, radius);
    }
    mask
}

/// Draws one stroke, given in unit coordinates.
fn draw_stroke(mask: &mut Mask, from: Point, to: Point, radius: f32) {
    #[expect(clippy::cast_precision_loss, reason = "crops are at most some hundred pixels wide")]
    let size_px = mask.width() as f32;
    let in_crop = |point: Point| point.map(|value| value * size_px);
    mask.draw_segment(in_crop(from), in_crop(to), radius * size_px, StrokeKind::Paint);
}

fn irregular_mask(crop_size_px: u32, seed: u64) -> Mask {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut mask = Mask::empty(crop_size_px, crop_size_px);
    #[expect(clippy::cast_precision_loss, reason = "crops are at most some hundred pixels wide")]
    let is_large_enough = |mask: &Mask| mask.hole_count() as f64 >= IRREGULAR_SHARE * f64::from(crop_size_px).powi(2);
    while !is_large_enough(&mask) {
        let radius = rng.random_range(IRREGULAR_RADII);
        let mut start: Point = [rng.random_range(0.1..0.9), rng.random_range(0.1..0.9)];
        for _ in 0..IRREGULAR_SEGMENTS {
            let end = start
                .map(|value| (value + rng.random_range(-IRREGULAR_MAX_SEGMENT..IRREGULAR_MAX_SEGMENT)).clamp(0.0, 1.0));
            draw_stroke(&mut mask, start, end, radius);
            start = end;
            if is_large_enough(&mask) {
                break;
            }
        }
    }
    mask
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn share(mask: &Mask) -> f64 {
        mask.hole_count() as f64 / f64::from(mask.width() * mask.height())
    }

    #[test]
    fn holes_have_the_documented_share_at_every_size() {
        for size_px in [64, 128] {
            for face_index in 0..20 {
                let share = |kind: HoleKind| share(&kind.hole_in_crop(size_px, face_index, 0));
                let expect = |kind, expected: f64, tolerance| {
                    let share = share(kind);
                    assert!((share - expected).abs() <= tolerance, "{kind:?} at {size_px}: {share}");
                };
                expect(HoleKind::Center, 0.25, 0.0);
                expect(HoleKind::Half, 0.5, 0.0);
                expect(HoleKind::Pattern, 15.0 / 16.0, 0.0);
                // Five standard deviations of a mean of 64² draws.
                expect(HoleKind::Random, 0.8, 5.0 * 0.4 / 64.0);
                // The last segment of a stroke may be 0.36 long and 0.12 wide.
                expect(HoleKind::Irregular, 0.225, 0.0275);
                let capsule = |length: f64, radius: f64| 2.0 * radius * length + PI * radius * radius;
                expect(HoleKind::Mouth, capsule(0.3304, 0.1), 0.004);
                expect(HoleKind::Eyes, 2.0 * capsule(0.12, 0.075), 0.004);
            }
        }
    }

    #[test]
    fn holes_depend_only_on_kind_face_and_seed() {
        for kind in HoleKind::ALL {
            let hole = |face_index, seed| kind.hole_in_crop(32, face_index, seed);
            assert_eq!(hole(3, 5), hole(3, 5));
            let is_drawn = matches!(kind, HoleKind::Random | HoleKind::Irregular);
            assert_eq!(hole(3, 5) != hole(4, 5), is_drawn, "{kind:?}");
            assert_eq!(hole(3, 5) != hole(3, 6), is_drawn, "{kind:?}");
        }
    }

    /// Published scores depend on these exact holes. If this test fails, measure the scores again.
    #[test]
    fn holes_are_the_same_for_everyone() {
        let fingerprints = HoleKind::ALL.map(|kind| {
            let (mut count, mut hash) = (0_u32, 0_u32);
            for (index, _) in (0_u32..).zip(kind.hole_in_crop(64, 1, 0).to_bytes()).filter(|(_, pixel)| *pixel != 0) {
                count += 1;
                hash = hash.wrapping_mul(31).wrapping_add(index);
            }
            format!("{} {count} {hash:08x}", kind.id())
        });
        insta::assert_snapshot!(fingerprints.join("\n"));
    }

    #[test]
    fn mouth_and_eyes_match_the_face_template() {
        let mouth = HoleKind::Mouth.hole_in_crop(64, 0, 0);
        let eyes = HoleKind::Eyes.hole_in_crop(64, 0, 0);
        // Middle of the mouth, of the left and right eye, bridge and tip of the nose.
        let at = |mask: &Mask| [(32, 45), (19, 19), (45, 19), (32, 19), (32, 33)].map(|(x, y)| mask.is_hole(x, y));
        assert_eq!(at(&mouth), [true, false, false, false, false]);
        assert_eq!(at(&eyes), [false, true, true, false, false]);
    }
}
