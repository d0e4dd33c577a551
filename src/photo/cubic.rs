//! Reading between pixels.

/// The weights of the four pixels around a point `t` of the way from the second to the third: Catmull-Rom's (Keys 1981 with a = −1/2).
#[inline]
pub(crate) fn cubic(t: f32) -> [f32; 4] {
    let (square, cube) = (t * t, t * t * t);
    [
        -0.5 * cube + square - 0.5 * t,
        1.5 * cube - 2.5 * square + 1.0,
        -1.5 * cube + 2.0 * square + 0.5 * t,
        0.5 * cube - 0.5 * square,
    ]
}
