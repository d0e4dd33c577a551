//! Where mirrored detail agrees with the generated image, and where it must be left out.
//!
//! On a turned head, the mirror image of a cheek can be an ear or the wall behind. The generator draws a cheek there,
//! so the mirrored half differs in both high-pass and low-pass, and it is not used. A difference in only one of them is
//! tolerated: light from one side changes the low-pass, and the generator may draw a smile with too few teeth.
//!
//! Both tests improve LPIPS on portraits. Testing the high-pass alone scores better on cheeks but removes teeth.

use std::ops::Range;

use crate::blend::blur::box_blur;

/// Mirrored half and generated image are compared on a grid of this side: that of the smaller built-in generator.
const GRID_SIDE: usize = 64;

/// Radius of the [blur](box_blur) of their squared differences, in points.
const BLUR_RADIUS: usize = 3;

/// Mean square difference of the high-passes, relative to the mean square of the generated one. Confidence falls from 1
/// at the start of this range to 0 at its end. In portraits, an ear or a wall against a generated cheek had 8 to 20, a
/// half smile beside a generated one up to 16.
const HIGH_PASS_ERROR: Range<f32> = 2.0..4.0;

/// Added to the mean square of the generated high-pass, which may be zero: 8 of 255 levels, squared.
const MIN_HIGH_PASS_ENERGY: f32 = 3.6e-3;

/// The same for the root mean square difference of the low-passes. The ear and the wall had 0.3 to 0.6, the smile 0.1
/// to 0.3.
const LOW_PASS_ERROR: Range<f32> = 0.2..0.3;

/// The luma at a point, split into two bands, in the fill's units.
#[derive(Clone, Copy, Default)]
pub(super) struct LumaBands {
    /// Luma minus its low-pass.
    pub high_pass: f32,
    /// Low-passed luma.
    pub low_pass: f32,
}

/// The luma bands of the mirrored half, row by row; `None` where it is not known.
pub(super) struct MirrorConfidence {
    mirrored: Vec<Option<LumaBands>>,
}

impl MirrorConfidence {
    /// Samples the mirrored half at points of the frame's unit square.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand points")]
    pub(super) fn new(bands_at: impl Fn([f64; 2]) -> Option<LumaBands>) -> Self {
        let unit = |index: usize| (index as f64 + 0.5) / GRID_SIDE as f64;
        let bands = |point: usize| bands_at([unit(point % GRID_SIDE), unit(point / GRID_SIDE)]);
        Self { mirrored: (0..GRID_SIDE * GRID_SIDE).map(bands).collect() }
    }

    /// The confidence in the mirrored half, 0 to 1, at each pixel of an image with this side.
    pub(super) fn per_pixel(&self, generated: &[LumaBands], side: usize) -> impl Iterator<Item = f32> + use<> {
        let bands = self.mirrored.iter().enumerate();
        let mut differences: Vec<[f32; 4]> =
            bands.map(|(point, bands)| squared_differences(*bands, point, generated, side)).collect();
        box_blur(&mut differences, GRID_SIDE, BLUR_RADIUS);
        let point = move |pixel: usize| pixel / side * GRID_SIDE / side * GRID_SIDE + pixel % side * GRID_SIDE / side;
        (0..side * side).map(move |pixel| differences.get(point(pixel)).map_or(0.0, confidence))
    }
}

/// The squared high-pass difference, the squared generated high-pass, the squared low-pass difference, and 1 for a
/// known point.
#[expect(clippy::cast_precision_loss, reason = "a few pixels")]
fn squared_differences(mirrored: Option<LumaBands>, point: usize, generated: &[LumaBands], side: usize) -> [f32; 4] {
    let Some(mirrored) = mirrored else { return [0.0; 4] };
    let covered = |index: usize| {
        let start = index * side / GRID_SIDE;
        start..((index + 1) * side / GRID_SIDE).max(start + 1)
    };
    let (rows, columns) = (covered(point / GRID_SIDE), covered(point % GRID_SIDE));
    let count = (rows.len() * columns.len()) as f32;
    let pixels = rows.flat_map(|row| columns.clone().filter_map(move |column| generated.get(row * side + column)));
    let (high_pass, low_pass) = pixels.fold((0.0, 0.0), |sum, pixel| (sum.0 + pixel.high_pass, sum.1 + pixel.low_pass));
    let (high_pass, low_pass) = (high_pass / count, low_pass / count);
    [(mirrored.high_pass - high_pass).powi(2), high_pass.powi(2), (mirrored.low_pass - low_pass).powi(2), 1.0]
}

fn confidence(&[high_pass, generated, low_pass, known]: &[f32; 4]) -> f32 {
    let below = |limits: Range<f32>, value: f32| (limits.end - value) / (limits.end - limits.start);
    let known = known.max(f32::MIN_POSITIVE);
    let high_pass = below(HIGH_PASS_ERROR, high_pass / (generated + MIN_HIGH_PASS_ENERGY * known));
    high_pass.max(below(LOW_PASS_ERROR, (low_pass / known).sqrt())).clamp(0.0, 1.0)
}
