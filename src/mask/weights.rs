//! Temporary
/// Temporary.
#[must_use]
#[allow(missing_docs)]
pub fn context_weights(known: &[f32], size_px: usize, window_px: usize, focus: f32) -> Vec<f32> {
    let r = (window_px / 2) as isize;
    let n = size_px as isize;
    (0..n * n)
        .map(|i| {
            let (y, x) = (i / n, i % n);
            if known[i as usize] == 0.0 {
                return 0.0;
            }
            let mut c = 0.0;
            for dy in -r..=r {
                for dx in -r..=r {
                    let (yy, xx) = (y + dy, x + dx);
                    if yy >= 0 && yy < n && xx >= 0 && xx < n {
                        c += 1.0 - known[(yy * n + xx) as usize];
                    }
                }
            }
            (1.0 - focus) + focus * c / ((window_px * window_px) as f32)
        })
        .collect()
}
