//! The holes of the photo protocol: parts of a face, painted at the photo's size.
//!
//! Strokes follow the landmarks that the detector found in the whole photo, not the template: noses of turned heads are
//! far from the template's. They are as generous as those of a person who paints over a feature.

use std::f32::consts::PI;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{EvaluationFace, derive_seed};
use crate::geometry::Point;
use crate::mask::{Mask, StrokeKind};

/// Radius of the stroke over the mouth, as a share of the frame's side. It covers the lips and some skin around them.
const MOUTH_RADIUS: f32 = 0.115;
/// Radius of the stroke over an eye: from the brow to below the lower lid.
const EYE_RADIUS: f32 = 0.09;
/// How far a stroke over an eye extends to both sides of the pupil.
const EYE_HALF_LENGTH: f32 = 0.07;
/// Radius of the stroke over the nose, which covers the nostrils.
const NOSE_RADIUS: f32 = 0.095;
/// The stroke over the nose starts here, from the middle between the eyes (0) to the tip (1).
const NOSE_START: f32 = 0.45;
/// Radius of the band over both eyes.
const GLASSES_RADIUS: f32 = 0.11;
/// How far the band extends beyond each pupil, to the temple.
const GLASSES_OVERHANG: f32 = 0.16;
/// The lower half begins here, between nose and mouth.
const LOWER_HALF_TOP: f32 = 0.55;
/// Number of scratches.
const SCRATCH_COUNT: std::ops::RangeInclusive<u32> = 3..=5;
/// Radius of a scratch: it is 2 % of the frame's side wide.
const SCRATCH_RADIUS: f32 = 0.01;
/// Half the length of a scratch, and the range of its distance from the middle of the frame. It stays in the frame.
const SCRATCH_HALF_LENGTH: f32 = 0.38;
const SCRATCH_OFFSET: std::ops::Range<f32> = -0.2..0.2;

/// A kind of hole in a photo of a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhotoHoleKind {
    /// The mouth.
    Mouth,
    /// The eye that is left in the photo.
    Eye,
    /// Both eyes and the bridge of the nose, in one stroke.
    Eyes,
    /// The nose with its nostrils.
    Nose,
    /// The frame below the nose: mouth, chin and neck.
    LowerHalf,
    /// The left half of the frame.
    Half,
    /// Three to five thin straight strokes across the face.
    Scratches,
    /// A band over both eyes, from temple to temple.
    Glasses,
}

impl PhotoHoleKind {
    /// All kinds, in the order of reports.
    pub const ALL: [Self; 8] =
        [Self::Mouth, Self::Eye, Self::Eyes, Self::Nose, Self::LowerHalf, Self::Half, Self::Scratches, Self::Glasses];

    /// The name on the command line, in reports and in file names.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Mouth => "mouth",
            Self::Eye => "eye",
            Self::Eyes => "eyes",
            Self::Nose => "nose",
            Self::LowerHalf => "lower-half",
            Self::Half => "half",
            Self::Scratches => "scratches",
            Self::Glasses => "glasses",
        }
    }

    /// The hole in the photo of a face. `Scratches` depend on the face's index and the seed. Parts of the frame outside
    /// the photo have no hole.
    #[must_use]
    pub fn hole_in_photo(self, face: &EvaluationFace, seed: u64) -> Mask {
        let [right_eye, left_eye, nose, right_corner, left_corner] = face.landmarks_in_unit;
        match self {
            Self::Mouth => stroke_mask(face, MOUTH_RADIUS, &[(right_corner, left_corner)]),
            Self::Eye => stroke_mask(face, EYE_RADIUS, &[extended(right_eye, right_eye, EYE_HALF_LENGTH)]),
            Self::Eyes => stroke_mask(face, EYE_RADIUS, &[extended(right_eye, left_eye, EYE_HALF_LENGTH)]),
            Self::Nose => {
                let bridge = between(right_eye, left_eye, 0.5);
                stroke_mask(face, NOSE_RADIUS, &[(between(bridge, nose, NOSE_START), nose)])
            }
            Self::LowerHalf => part_of_frame(face, |[_, y]| y >= LOWER_HALF_TOP),
            Self::Half => part_of_frame(face, |[x, _]| x < 0.5),
            Self::Scratches => {
                let mut rng = ChaCha8Rng::seed_from_u64(derive_seed(self.id(), face.index, seed));
                let count = rng.random_range(SCRATCH_COUNT);
                let scratches: Vec<_> = (0..count).map(|_| random_scratch(&mut rng)).collect();
                stroke_mask(face, SCRATCH_RADIUS, &scratches)
            }
            Self::Glasses => stroke_mask(face, GLASSES_RADIUS, &[extended(right_eye, left_eye, GLASSES_OVERHANG)]),
        }
    }
}

/// The point between two others: `share` 0 is the first, 1 the second.
fn between(from: Point, to: Point, share: f32) -> Point {
    [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]))
}

/// The segment between two points, longer by `by` at both ends. It is horizontal if the points are the same.
fn extended(from: Point, to: Point, by: f32) -> (Point, Point) {
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let length = dx.hypot(dy);
    let [x, y] = if length > 0.0 { [by * dx / length, by * dy / length] } else { [by, 0.0] };
    ([from[0] - x, from[1] - y], [to[0] + x, to[1] + y])
}

/// A segment across the face in a random direction.
fn random_scratch(rng: &mut ChaCha8Rng) -> (Point, Point) {
    let (sin, cos) = rng.random_range(0.0..PI).sin_cos();
    let offset = rng.random_range(SCRATCH_OFFSET);
    let end = |along: f32| [0.5 + along * cos - offset * sin, 0.5 + along * sin + offset * cos];
    (end(-SCRATCH_HALF_LENGTH), end(SCRATCH_HALF_LENGTH))
}

/// Round strokes, given in the frame's unit square.
fn stroke_mask(face: &EvaluationFace, radius: f32, segments: &[(Point, Point)]) -> Mask {
    let mut mask = Mask::empty(face.pixels.width(), face.pixels.height());
    let map = face.frame.photo_from_unit();
    for &(from, to) in segments {
        mask.draw_segment(map.apply(from), map.apply(to), radius * map.scale, StrokeKind::Paint);
    }
    mask
}

/// The pixels with their centre in a part of the frame, which is given in the unit square.
fn part_of_frame(face: &EvaluationFace, is_part: impl Fn(Point) -> bool) -> Mask {
    let (width, height) = face.pixels.dimensions();
    let unit_from_photo = face.frame.photo_from_unit().inverse();
    let bounds = face.frame.bounds_in_photo(width, height);
    let mut pixels = vec![0; width as usize * height as usize];
    for y in bounds.y..bounds.bottom() {
        for x in face.frame.columns_in_photo(y, width) {
            #[expect(clippy::cast_precision_loss, reason = "photo sides are far below 2^24")]
            let center = [x as f32 + 0.5, y as f32 + 0.5];
            if is_part(unit_from_photo.apply(center)) {
                pixels[y as usize * width as usize + x as usize] = Mask::HOLE;
            }
        }
    }
    Mask::from_pixels(width, height, &pixels).unwrap_or_else(|| Mask::empty(width, height))
}

#[cfg(test)]
mod tests;
