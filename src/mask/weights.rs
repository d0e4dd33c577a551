//! How much each known pixel counts (CVPR 2017, section 3.2).

/// Context weights of a crop: `known` is the paper's `M` (`[size, size]`, 1 where known and 0 in the hole), and so is the
/// answer: `W = (1 − focus)·M + focus·W_paper`, each value 0 to 1.
///
/// `W_paper` of a known pixel is the share of hole pixels in the square window around it (`window_px` wide, odd;
/// the paper's is 7), and zero in the hole. The share is always of `window_px²`: the pixel itself counts, though it is known
/// and so adds nothing, and what lies outside the picture counts as known. (The paper's formula can also be read as a share of the
/// neighbours alone, `window_px² − 1`; these are the reference numbers' weights to the bit.)
///
/// `focus` 0 is plain `M`, 1 the paper. An even window is taken one wider.
///
/// # Panics
/// When `known` does not hold `size_px²` values.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of pixels in a window, far below 2^24")]
pub fn context_weights(known: &[f32], size_px: usize, window_px: usize, focus: f32) -> Vec<f32> {
    assert_eq!(known.len(), size_px * size_px, "the known pixels of a square crop");
    let reach = window_px / 2;
    let window_area = (2 * reach + 1).pow(2) as f32;
    let sums = hole_sums(known, size_px);
    let stride = size_px + 1;
    let mut weights = Vec::with_capacity(known.len());
    for y in 0..size_px {
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(size_px));
        for x in 0..size_px {
            let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(size_px));
            let holes = sums[bottom * stride + right] + sums[top * stride + left]
                - sums[top * stride + right]
                - sums[bottom * stride + left];
            let known = known[y * size_px + x];
            weights.push(known * (1.0 - focus) + known * focus * (holes as f32 / window_area));
        }
    }
    weights
}

/// Summed-area table of hole pixels, `[size + 1, size + 1]`: entry `(y, x)` counts those above and left of it.
fn hole_sums(known: &[f32], size_px: usize) -> Vec<u32> {
    let stride = size_px + 1;
    let mut sums = vec![0; stride * stride];
    for y in 0..size_px {
        let mut in_row = 0;
        for x in 0..size_px {
            in_row += u32::from(known[y * size_px + x] == 0.0);
            sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + in_row;
        }
    }
    sums
}
