//! The inverse cosine transform: from coefficients to samples (ITU-T T.81, section A.3).

use rayon::prelude::*;

use super::coefficients::Coefficients;
use super::frame::Component;

/// The samples of one component, with those that fill up the last blocks.
pub(super) struct Plane {
    pub values: Vec<u16>,
    /// Samples from one row to the next.
    pub width: usize,
}

/// Place in a block (row × 8 + column) by place in zigzag order.
const ZIGZAG: [u8; 64] = zigzag();

/// Runs along the diagonals, up and down in turn (ITU-T T.81, figure A.6).
const fn zigzag() -> [u8; 64] {
    let mut places = [0; 64];
    let (mut row, mut column, mut index) = (0u8, 0u8, 0);
    while index < 64 {
        places[index] = row * 8 + column;
        if (row + column) % 2 == 0 {
            if column == 7 {
                row += 1;
            } else {
                column += 1;
                row = row.saturating_sub(1);
            }
        } else if row == 7 {
            column += 1;
        } else {
            row += 1;
            column = column.saturating_sub(1);
        }
        index += 1;
    }
    places
}

/// The cosines of the inverse transform: by frequency, then by sample (section A.3.3).
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn cosines() -> [[f32; 8]; 8] {
    std::array::from_fn(|frequency| {
        std::array::from_fn(|sample| {
            let angle = (2 * sample + 1) as f32 * frequency as f32 * std::f32::consts::PI / 16.0;
            let scale = if frequency == 0 { 0.125f32.sqrt() } else { 0.5 };
            scale * angle.cos()
        })
    })
}

/// The samples of one component, 0 to the largest value of the precision.
pub(super) fn plane(component: &Component, precision: u8, coefficients: &Coefficients) -> Plane {
    let (columns, rows) = component.padded_blocks;
    let width = 8 * columns;
    let steps = component.steps.unwrap_or([1; 64]).map(f32::from);
    let cosines = cosines();
    let middle = f32::from(1u16 << (precision - 1));
    let mut values = vec![0u16; width * 8 * rows];
    let first = component.first_block.min(coefficients.0.len());
    let block_rows = coefficients.0[first..].par_chunks(columns.max(1));
    values.par_chunks_mut((width * 8).max(1)).zip(block_rows).for_each(|(strip, blocks)| {
        for (column, block) in blocks.iter().enumerate() {
            let samples = inverse_transform(block, &steps, &cosines);
            for (line, samples) in strip.chunks_exact_mut(width).zip(samples) {
                for (slot, sample) in line.iter_mut().skip(8 * column).zip(samples) {
                    *slot = rounded(sample + middle, 2.0 * middle - 1.0);
                }
            }
        }
    });
    Plane { values, width }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn rounded(value: f32, most: f32) -> u16 {
    value.round().clamp(0.0, most) as u16
}

/// The inverse cosine transform of one block, as rows of samples around 0.
fn inverse_transform(block: &[i16; 64], steps: &[f32; 64], cosines: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
    let mut rows = [[0f32; 8]; 8];
    let mut samples = [[0f32; 8]; 8];
    for (place, (value, step)) in ZIGZAG.iter().zip(block.iter().zip(steps)).filter(|(_, (value, _))| **value != 0) {
        let (row, column) = (usize::from(place / 8), usize::from(place % 8));
        let amount = f32::from(*value) * step;
        for (sum, cosine) in rows[row].iter_mut().zip(&cosines[column]) {
            *sum += amount * cosine;
        }
    }
    for (row, cosines) in rows.iter().zip(cosines) {
        if row.iter().all(|value| *value == 0.0) {
            continue;
        }
        for (line, cosine) in samples.iter_mut().zip(cosines) {
            for (sample, value) in line.iter_mut().zip(row) {
                *sample += value * cosine;
            }
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_visits_every_place() {
        assert_eq!(ZIGZAG[..10], [0, 1, 8, 16, 9, 2, 3, 10, 17, 24]);
        assert_eq!(ZIGZAG[60..], [47, 55, 62, 63].map(|place: u8| place));
        let mut sorted = ZIGZAG;
        sorted.sort_unstable();
        assert!(sorted.iter().enumerate().all(|(index, place)| index == usize::from(*place)));
    }

    #[test]
    fn one_coefficient_is_one_wave() {
        let (mut block, mut steps) = ([0; 64], [1.0; 64]);
        (block[0], steps[0]) = (4, 2.0);
        assert!(inverse_transform(&block, &steps, &cosines()).iter().flatten().all(|value| (value - 1.0).abs() < 1e-5));
        // The place 1 in zigzag order is half a wave from left to right.
        let mut block = [0; 64];
        block[1] = 8;
        let samples = inverse_transform(&block, &steps, &cosines());
        let expected = 8.0 * 0.125f32.sqrt() * 0.5 * (std::f32::consts::PI / 16.0).cos();
        assert!(samples.iter().all(|row| (row[0] - expected).abs() < 1e-5 && (row[7] + expected).abs() < 1e-5));
    }
}
