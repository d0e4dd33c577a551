//! im2col and col2im for a 4×4 kernel with stride 2 and padding 1.
//!
//! Along each axis, the pixel `2i + k − 1` of the larger picture meets tap `k` of the kernel at pixel `i` of the
//! smaller one. A convolution applies im2col to the larger picture before its GEMM. A transposed convolution applies
//! col2im after its GEMM.

use rayon::prelude::*;

use crate::model::plan::{KERNEL_SIZE, TAPS};

/// im2col: `[batch, 2·side, 2·side, channels]` to columns `[batch · side · side, 16 · channels]`, taps in row order.
/// Padding is zero.
pub(super) fn im2col(side: usize, channels: usize, picture: &[f32], columns: &mut [f32]) {
    let large = 2 * side;
    columns.par_chunks_exact_mut(side * TAPS * channels).enumerate().for_each(|(row, out)| {
        let (image, i) = (row / side, row % side);
        for (j, column) in out.chunks_exact_mut(TAPS * channels).enumerate() {
            for (tap, out) in column.chunks_exact_mut(KERNEL_SIZE * channels).enumerate() {
                let Some(y) = (2 * i + tap).checked_sub(1).filter(|y| *y < large) else {
                    out.fill(0.0);
                    continue;
                };
                let start = (image * large + y) * large * channels;
                let line = &picture[start..start + large * channels];
                let (skip, from, to) = pixels_under_kernel(j, large);
                out[..skip * channels].fill(0.0);
                let filled = skip + to - from;
                out[skip * channels..filled * channels].copy_from_slice(&line[from * channels..to * channels]);
                out[filled * channels..].fill(0.0);
            }
        }
    });
}

/// col2im: adds up columns `[batch · side · side, 16 · channels]` into `[batch, 2·side, 2·side, channels]`. The
/// epilogue gets each finished row of pixels.
pub(super) fn col2im(
    side: usize,
    channels: usize,
    columns: &[f32],
    picture: &mut [f32],
    epilogue: impl Fn(&mut [f32]) + Sync,
) {
    let large = 2 * side;
    picture.par_chunks_exact_mut(large * channels).with_min_len(2).enumerate().for_each(|(row, line)| {
        let (image, y) = (row / large, row % large);
        line.fill(0.0);
        // The two kernel rows with `2i + tap − 1 = y`.
        for tap in [(y + 1) % 2, (y + 1) % 2 + 2] {
            let Some(i) = (y + 1).checked_sub(tap).map(|twice| twice / 2).filter(|i| *i < side) else { continue };
            let start = (image * side + i) * side * TAPS * channels;
            let row = &columns[start..start + side * TAPS * channels];
            for (j, column) in row.chunks_exact(TAPS * channels).enumerate() {
                let (skip, from, to) = pixels_under_kernel(j, large);
                let taps = &column[(tap * KERNEL_SIZE + skip) * channels..];
                for (sum, value) in line[from * channels..to * channels].iter_mut().zip(taps) {
                    *sum += value;
                }
            }
        }
        epilogue(line);
    });
}

/// The kernel at `j` covers four pixels along an axis. Returns how many of them lie before the picture, then the range
/// of those inside it.
fn pixels_under_kernel(j: usize, large: usize) -> (usize, usize, usize) {
    let skip = usize::from(j == 0);
    (skip, 2 * j + skip - 1, (2 * j + KERNEL_SIZE - 1).min(large))
}
