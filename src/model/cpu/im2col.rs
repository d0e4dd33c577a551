//! im2col and col2im for a kernel with stride 2.
//!
//! Along each axis, the pixel `2i + k − padding` of the larger picture meets tap `k` of the kernel at pixel `i` of the
//! smaller one. A convolution applies im2col to the larger picture before its GEMM. A transposed convolution applies
//! col2im after its GEMM.

use rayon::prelude::*;

use crate::model::plan::ConvKernel;

/// im2col: `[batch, 2·side, 2·side, channels]` to columns `[batch · side · side, taps · channels]`, taps in row order.
/// Padding is zero.
pub(super) fn im2col(kernel: ConvKernel, side: usize, channels: usize, picture: &[f32], columns: &mut [f32]) {
    let large = 2 * side;
    columns.par_chunks_exact_mut(side * kernel.taps() * channels).enumerate().for_each(|(row, out)| {
        let (image, i) = (row / side, row % side);
        for (j, column) in out.chunks_exact_mut(kernel.taps() * channels).enumerate() {
            for (tap, out) in column.chunks_exact_mut(kernel.size() * channels).enumerate() {
                let Some(y) = (2 * i + tap).checked_sub(kernel.padding()).filter(|y| *y < large) else {
                    out.fill(0.0);
                    continue;
                };
                let start = (image * large + y) * large * channels;
                let line = &picture[start..start + large * channels];
                let (skip, from, to) = pixels_under_kernel(kernel, j, large);
                out[..skip * channels].fill(0.0);
                let filled = skip + to - from;
                out[skip * channels..filled * channels].copy_from_slice(&line[from * channels..to * channels]);
                out[filled * channels..].fill(0.0);
            }
        }
    });
}

/// col2im: adds up columns `[batch · side · side, taps · channels]` into `[batch, 2·side, 2·side, channels]`. The
/// epilogue gets each finished row of pixels.
pub(super) fn col2im(
    kernel: ConvKernel,
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
        // The kernel rows with `2i + tap − padding = y`.
        let reach = y + kernel.padding();
        for tap in (reach % 2..kernel.size()).step_by(2) {
            let Some(i) = reach.checked_sub(tap).map(|twice| twice / 2).filter(|i| *i < side) else { continue };
            let start = (image * side + i) * side * kernel.taps() * channels;
            let row = &columns[start..start + side * kernel.taps() * channels];
            for (j, column) in row.chunks_exact(kernel.taps() * channels).enumerate() {
                let (skip, from, to) = pixels_under_kernel(kernel, j, large);
                let taps = &column[(tap * kernel.size() + skip) * channels..];
                for (sum, value) in line[from * channels..to * channels].iter_mut().zip(taps) {
                    *sum += value;
                }
            }
        }
        epilogue(line);
    });
}

/// The pixels that the kernel at `j` covers along an axis. Returns how many of them lie before the picture, then the
/// range of those inside it.
fn pixels_under_kernel(kernel: ConvKernel, j: usize, large: usize) -> (usize, usize, usize) {
    let skip = kernel.padding().saturating_sub(2 * j);
    (skip, 2 * j + skip - kernel.padding(), (2 * j + kernel.size() - kernel.padding()).min(large))
}
