//! Random masks for the encoder's training.
//!
//! A mask is one of: no hole, up to three boxes, one half, random pixels, or strokes. These are the holes that users
//! paint and that papers test. Boxes and strokes are more frequent than the others.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::rng::standard_normal;

/// Share of hole pixels in a mask of random pixels.
const RANDOM_HOLE_SHARE: std::ops::Range<f64> = 0.3..0.85;
/// Standard deviation of the turn between two steps of a stroke, in radians.
const STROKE_TURN_STD: f32 = 0.4;

/// A random mask `[size, size]`: 1 known, 0 hole.
pub(super) fn random_known_mask(size_px: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut known = vec![1.0; size_px * size_px];
    match rng.random_range(0..8) {
        0 => {}
        1..=3 => {
            for _ in 0..rng.random_range(1..4) {
                let [height, width] = [0; 2].map(|_: i32| rng.random_range(size_px / 8..=size_px / 2));
                let (top, left) = (rng.random_range(0..=size_px - height), rng.random_range(0..=size_px - width));
                erase_rect(&mut known, size_px, (top, top + height), (left, left + width));
            }
        }
        4 => {
            let (all, middle) = ((0, size_px), size_px / 2);
            let half = if rng.random() { (0, middle) } else { (middle, size_px) };
            let (rows, columns) = if rng.random() { (all, half) } else { (half, all) };
            erase_rect(&mut known, size_px, rows, columns);
        }
        5 => {
            let share = rng.random_range(RANDOM_HOLE_SHARE);
            for known in &mut known {
                *known = f32::from(u8::from(!rng.random_bool(share)));
            }
        }
        _ => {
            for _ in 0..rng.random_range(2..6) {
                erase_stroke(&mut known, size_px, rng);
            }
        }
    }
    known
}

/// Erases a stroke along a random walk.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions inside an image of some hundred pixels"
)]
fn erase_stroke(known: &mut [f32], size_px: usize, rng: &mut ChaCha8Rng) {
    let margin = size_px / 8;
    let [mut x, mut y] = [0; 2].map(|_: i32| rng.random_range(margin..size_px - margin) as f32);
    let mut angle = rng.random_range(0.0..std::f32::consts::TAU);
    let radius = rng.random_range(1..=(size_px / 12).max(2));
    let (step, last) = (size_px as f32 / 32.0, (size_px - 1) as f32);
    for _ in 0..rng.random_range(8..40) {
        angle += STROKE_TURN_STD * standard_normal(rng);
        x = (x + step * angle.cos()).clamp(0.0, last);
        y = (y + step * angle.sin()).clamp(0.0, last);
        let range =
            |center: f32| ((center as usize).saturating_sub(radius), (center as usize + radius + 1).min(size_px));
        erase_rect(known, size_px, range(y), range(x));
    }
}

fn erase_rect(known: &mut [f32], size_px: usize, rows: (usize, usize), columns: (usize, usize)) {
    for row in known.chunks_exact_mut(size_px).take(rows.1).skip(rows.0) {
        row[columns.0..columns.1].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::rng::{RngStream, rng_for};

    #[test]
    fn masks_vary_and_always_keep_known_pixels() {
        let (mut whole, mut half, mut other) = (0, 0, 0);
        for step in 0..400 {
            let known = random_known_mask(16, &mut rng_for(1, RngStream::Step(step)));
            assert_eq!(known.len(), 256);
            let count = known.iter().filter(|known| **known > 0.5).count();
            assert!(known.iter().all(|known| [0.0, 1.0].contains(known)) && count > 8, "step {step}: {count}");
            match count {
                256 => whole += 1,
                128 => half += 1,
                _ => other += 1,
            }
        }
        // The expected count is 400 / 8 = 50 each, with a standard deviation of 7.
        assert!((25..80).contains(&whole) && (25..90).contains(&half) && other > 230, "{whole} {half} {other}");
    }
}
