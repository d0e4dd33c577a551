//! Cubic interpolation between pixels.

/// Catmull-Rom weights (Keys 1981 with a = −1/2) of four neighbouring pixels, for a point at share `t` between the
/// second and the third.
#[inline]
pub(crate) fn catmull_rom_weights(t: f32) -> [f32; 4] {
    let (square, cube) = (t * t, t * t * t);
    [
        -0.5 * cube + square - 0.5 * t,
        1.5 * cube - 2.5 * square + 1.0,
        -1.5 * cube + 2.0 * square + 0.5 * t,
        0.5 * cube - 0.5 * square,
    ]
}
