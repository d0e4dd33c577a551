//! Where mirrored detail agrees with the generated image, and where it must be left out.
//!
//! On a turned head, the mirror image of a cheek can be an ear or the wall behind. The generator draws a cheek there,
//! so the mirrored half differs in both high-pass and low-pass, and it is not used. A difference in only one of them is
//! tolerated: light from one side changes the low-pass, and the generator may draw a smile with too few teeth.
//!
//! Both tests improve LPIPS on portraits. Testing the high-pass alone scores better on cheeks but removes teeth.

use std::ops::Range;

use crate::blend::blur::blur;

/// Points along a side of the frame at which the two are compared: the generator's pixels, or every other one.
const SIDE: usize = 64;

/// Radius of the neighbourhood in which they are compared, as the reach of a [blur] in points.
const REACH: usize = 3;

/// Range of the mean square difference of the high-passes, relative to the mean square of the generated one. Up to its
/// start the mirrored detail counts in full, from its end on not at all. In portraits an ear or a wall against a
/// generated cheek had 8 to 20, a half smile beside a generated one up to 16.
const FEATURES: Range<f32> = 2.0..4.0;

/// The generated high-pass counts with at least this mean square: 8 of 255 levels.
const HARMLESS: f32 = 3.6e-3;

/// The same range for the difference of the low-passes (root mean square). The ear and the wall had 0.3 to 0.6, the
/// smile 0.1 to 0.3.
const LEVEL: Range<f32> = 0.2..0.3;

/// The luma at a point, split into two bands, in the fill's units.
#[derive(Clone, Copy, Default)]
pub(super) struct Look {
    /// Luma minus its low-pass.
    pub features: f32,
    /// Low-passed luma.
    pub level: f32,
}

/// The luma bands of the mirrored half, row by row; `None` where it is not known.
pub(super) struct Trust {
    looks: Vec<Option<Look>>,
}

impl Trust {
    /// Samples the mirrored half at points of the frame's unit square.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand points")]
    pub(super) fn new(look: impl Fn([f64; 2]) -> Option<Look>) -> Self {
        let unit = |place: usize| (place as f64 + 0.5) / SIDE as f64;
        Self { looks: (0..SIDE * SIDE).map(|place| look([unit(place % SIDE), unit(place / SIDE)])).collect() }
    }

    /// The confidence in the mirrored half, 0 to 1, at each pixel of an image with this side.
    pub(super) fn in_picture(&self, drawn: &[Look], side: usize) -> impl Iterator<Item = f32> + use<> {
        let mut compared: Vec<[f32; 4]> =
            self.looks.iter().enumerate().map(|(place, look)| compare(*look, place, drawn, side)).collect();
        blur(&mut compared, SIDE, REACH);
        let at = move |pixel: usize| pixel / side * SIDE / side * SIDE + pixel % side * SIDE / side;
        (0..side * side).map(move |pixel| compared.get(at(pixel)).map_or(0.0, share))
    }
}

/// The squared high-pass difference, the squared generated high-pass, the squared low-pass difference, and 1 for a
/// known point.
#[expect(clippy::cast_precision_loss, reason = "a few pixels")]
fn compare(look: Option<Look>, place: usize, drawn: &[Look], side: usize) -> [f32; 4] {
    let Some(look) = look else { return [0.0; 4] };
    let pixels_of = |place: usize| {
        let start = place * side / SIDE;
        start..((place + 1) * side / SIDE).max(start + 1)
    };
    let (rows, columns) = (pixels_of(place / SIDE), pixels_of(place % SIDE));
    let count = (rows.len() * columns.len()) as f32;
    let pixels = rows.flat_map(|row| columns.clone().filter_map(move |column| drawn.get(row * side + column)));
    let (features, level) = pixels.fold((0.0, 0.0), |sum, pixel| (sum.0 + pixel.features, sum.1 + pixel.level));
    let (features, level) = (features / count, level / count);
    [(look.features - features).powi(2), features.powi(2), (look.level - level).powi(2), 1.0]
}

fn share(&[features, drawn, level, known]: &[f32; 4]) -> f32 {
    let below = |limits: Range<f32>, value: f32| (limits.end - value) / (limits.end - limits.start);
    let known = known.max(f32::MIN_POSITIVE);
    let features = below(FEATURES, features / (drawn + HARMLESS * known));
    features.max(below(LEVEL, (level / known).sqrt())).clamp(0.0, 1.0)
}
