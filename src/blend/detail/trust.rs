//! Where the other half of the face is what the generator draws.
//!
//! The mirror image of a turned head's cheek is an ear, or the wall behind. The generator draws a cheek there, so that both the
//! features and the level differ; then nothing comes from the other half. One of them alone is no reason: light from one side
//! changes the level, and a smile may be drawn with too few teeth.
//!
//! LPIPS ×1000 of eight portraits, two of them turned, without and with it: one eye 16.5 and 14.2, a cheek 30.7 and 27.2, one side 65.0
//! and 64.2. By the features alone a cheek has 26.9, but obama.jpg loses half of its teeth.

use std::ops::Range;

use crate::blend::blur::blur;

/// Places, along a side of the frame, where the two are compared: the generator's pixels, or every other one.
const SIDE: usize = 64;

/// How far around a place they are compared, as the reach of a [blur] in places.
const REACH: usize = 3;

/// The mean square difference of features, as a multiple of the drawn ones' mean square, up to which the other half counts in full,
/// and from which on not at all. In portraits an ear or a wall on a drawn cheek had 8 to 20, a half smile beside a drawn one up to 16.
const FEATURES: Range<f32> = 2.0..4.0;

/// Drawn features count for at least this mean square: 8 of 255 levels.
const HARMLESS: f32 = 3.6e-3;

/// The same limits for the level's difference (root of the mean square). The ear and the wall had 0.3 to 0.6, the smile 0.1 to 0.3.
const LEVEL: Range<f32> = 0.2..0.3;

/// What there is at a place, in the fill's units.
#[derive(Clone, Copy, Default)]
pub(super) struct Look {
    /// Luma above a low-pass.
    pub features: f32,
    /// Luma of the low-pass.
    pub level: f32,
}

/// Looks at the other half, row by row; `None` where it is not known.
pub(super) struct Trust {
    looks: Vec<Option<Look>>,
}

impl Trust {
    /// Looks at the other half at points of the frame's unit square.
    #[expect(clippy::cast_precision_loss, reason = "some thousand places")]
    pub(super) fn new(look: impl Fn([f64; 2]) -> Option<Look>) -> Self {
        let unit = |place: usize| (place as f64 + 0.5) / SIDE as f64;
        Self { looks: (0..SIDE * SIDE).map(|place| look([unit(place % SIDE), unit(place / SIDE)])).collect() }
    }

    /// How far the other half is to be trusted, 0 to 1, at each pixel of a picture with this side.
    pub(super) fn in_picture(&self, drawn: &[Look], side: usize) -> impl Iterator<Item = f32> + use<> {
        let mut compared: Vec<[f32; 4]> =
            self.looks.iter().enumerate().map(|(place, look)| compare(*look, place, drawn, side)).collect();
        blur(&mut compared, SIDE, REACH);
        let at = move |pixel: usize| pixel / side * SIDE / side * SIDE + pixel % side * SIDE / side;
        (0..side * side).map(move |pixel| compared.get(at(pixel)).map_or(0.0, share))
    }
}

/// The squares of the features' difference, of the drawn features, and of the levels' difference; and one for a known place.
#[expect(clippy::cast_precision_loss, reason = "some pixels")]
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
