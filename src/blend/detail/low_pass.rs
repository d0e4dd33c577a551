//! The low-pass of the known pixels: the photo at the generator's resolution.

use std::ops::Range;

use rayon::prelude::*;

use crate::blend::blur::box_blur;
use crate::blend::feather::{cells_around, lerp};
use crate::blend::known_pixels::KnownPixels;
use crate::blend::sampled_image::luma;
use crate::geometry::RectPx;

/// Standard deviation of the low-pass, in generator pixels. It halves waves with a period of three generator pixels,
/// about the finest that a trained generator draws.
const SIGMA: f32 = 0.6;

/// The low-pass is computed on cells of about a quarter of a generator pixel, so that its cost does not grow with the
/// size of the frame.
pub(super) const CELLS_PER_PIXEL: u8 = 4;

/// Cells where less than this share of the weight lies on known pixels are not used, because their low-pass is biased
/// to one side.
const MIN_SUPPORT: f32 = 0.9;

/// Range of the ratio of gradient energies, photo to low-pass: from edges no sharper than the generator's to fully
/// sharp ones. An edge blurred like the low-pass has 1.4 and an ideal one about 7; resampled faces lie between.
const SHARPNESS_RATIO: Range<f32> = 1.4..3.4;

/// A low-pass of the known pixels, on square cells.
pub(super) struct LowPass {
    region: RectPx,
    cell_px: u32,
    columns: usize,
    /// Red, green and blue in [-1, 1], and 1 where enough known pixels support the cell, else 0.
    cells: Vec<[f32; 4]>,
}

impl LowPass {
    /// Side of a cell, from the number of photo pixels per generator pixel.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates far above any photo's size")]
    pub(super) fn cell_px(photo_px_per_pixel: f32) -> u32 {
        ((photo_px_per_pixel / f32::from(CELLS_PER_PIXEL)).round() as u32).max(1)
    }

    /// Computes it for a region of whole cells. Also returns how much sharper the photo is than its low-pass: 0 (not at
    /// all) to 1.
    #[expect(clippy::cast_precision_loss, reason = "a few cells, of a few pixels")]
    pub(super) fn new(pixels: &KnownPixels<'_>, region: RectPx, photo_px_per_pixel: f32) -> (Self, f32) {
        let cell_px = Self::cell_px(photo_px_per_pixel);
        let columns = (region.width / cell_px) as usize;
        let radius = blur_radius_cells(SIGMA * photo_px_per_pixel / cell_px as f32);
        let mut means = cell_sums(pixels, region, cell_px);
        let mut cells = means.clone();
        box_blur(&mut cells, columns, radius);
        let full = (cell_px * cell_px) as f32;
        let enough = MIN_SUPPORT * full * ((2 * radius + 1) as f32).powi(4);
        cells.par_iter_mut().for_each(|cell| *cell = mean_and_support(*cell, enough));
        means.par_iter_mut().for_each(|cell| *cell = mean_and_support(*cell, full));
        let ratio = gradient_energy(&means, &cells, columns);
        let sharpness = (ratio - SHARPNESS_RATIO.start) / (SHARPNESS_RATIO.end - SHARPNESS_RATIO.start);
        (Self { region, cell_px, columns, cells }, sharpness.clamp(0.0, 1.0))
    }

    /// Whether enough known pixels support every cell of a part of the region. The part must be aligned to the cells.
    pub(super) fn is_supported(&self, part: RectPx) -> bool {
        let cell = |position: u32, start: u32| ((position - start) / self.cell_px) as usize;
        let columns = cell(part.x, self.region.x)..cell(part.right(), self.region.x);
        let rows = cell(part.y, self.region.y)..cell(part.bottom(), self.region.y);
        self.cells
            .chunks_exact(self.columns)
            .skip(rows.start)
            .take(rows.len())
            .all(|row| row.get(columns.clone()).is_some_and(|cells| cells.iter().all(|cell| cell[3] > 0.0)))
    }

    /// Subtracts the low-pass, interpolated bilinearly, from part of a photo row (red, green, blue, and 1 for known
    /// pixels).
    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
    pub(super) fn subtract(&self, y: u32, columns: Range<u32>, row: &mut [[f32; 4]]) {
        let per_px = 1.0 / self.cell_px as f32;
        let cells_at =
            |px: u32, start: u32, count: usize| cells_around((px as f32 + 0.5 - start as f32) * per_px - 0.5, count);
        let (above, below, down) = cells_at(y, self.region.y, self.cells.len() / self.columns);
        let line = |row: usize| self.cells.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default();
        let (above, below) = (line(above), line(below));
        let cell = |column: usize| Some(lerp(above.get(column)?, below.get(column)?, down));
        // The cell columns on either side, interpolated vertically, reused until the column changes.
        let mut cached_column = usize::MAX;
        let (mut left, mut right) = ([0.0; 4], [0.0; 4]);
        for (x, pixel) in columns.zip(row).filter(|(_, pixel)| pixel[3] > 0.0) {
            let (column, next, along) = cells_at(x, self.region.x, self.columns);
            if column != cached_column {
                cached_column = column;
                (left, right) = (cell(column).unwrap_or_default(), cell(next).unwrap_or_default());
            }
            for lane in 0..3 {
                pixel[lane] -= left[lane] + along * (right[lane] - left[lane]);
            }
        }
    }
}

/// The [`box_blur`] radius for a standard deviation in cells: two sums over w = 2·radius + 1 cells have the variance
/// (w² − 1)/6.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few cells")]
pub(super) fn blur_radius_cells(sigma: f32) -> usize {
    (((1.0 + 6.0 * sigma * sigma).sqrt() / 2.0 - 0.5).round() as usize).max(1)
}

/// For each cell, the sums of red, green and blue of its known pixels, and their number.
pub(super) fn cell_sums(pixels: &KnownPixels<'_>, region: RectPx, cell_px: u32) -> Vec<[f32; 4]> {
    let columns = (region.width / cell_px) as usize;
    let mut sums = vec![[0.0; 4]; columns * (region.height / cell_px) as usize];
    let first_rows = (region.y..region.bottom()).into_par_iter().step_by(cell_px as usize);
    sums.par_chunks_exact_mut(columns).zip(first_rows).for_each_init(Vec::new, |row, (sums, first)| {
        for y in first..first + cell_px {
            pixels.read_row(y, region.x..region.right(), row);
            for (sum, pixels) in sums.iter_mut().zip(row.chunks_exact(cell_px as usize)) {
                for pixel in pixels {
                    for (sum, value) in sum.iter_mut().zip(pixel) {
                        *sum += value;
                    }
                }
            }
        }
    });
    sums
}

/// The mean of `count` summed pixels, and 1 if `count` is at least `enough`, else 0.
fn mean_and_support([red, green, blue, count]: [f32; 4], enough: f32) -> [f32; 4] {
    if count > 0.0 {
        [red / count, green / count, blue / count, if count >= enough { 1.0 } else { 0.0 }]
    } else {
        [0.0; 4]
    }
}

/// The gradient energy of the photo's luma divided by that of its low-pass; 1 when the low-pass is flat.
fn gradient_energy(photo: &[[f32; 4]], low: &[[f32; 4]], columns: usize) -> f32 {
    let squared_step = |cells: &[[f32; 4]], from: usize, to: usize| {
        let (from, to) = (cells.get(from)?, cells.get(to)?);
        let step = luma([to[0] - from[0], to[1] - from[1], to[2] - from[2]]);
        (from[3] > 0.0 && to[3] > 0.0).then_some(f64::from(step * step))
    };
    let (mut in_photo, mut in_low) = (0.0, 0.0);
    for from in 0..photo.len() {
        let right = (from % columns + 1 < columns).then_some(from + 1);
        for to in right.into_iter().chain([from + columns]) {
            if let (Some(photo), Some(low)) = (squared_step(photo, from, to), squared_step(low, from, to)) {
                in_photo += photo;
                in_low += low;
            }
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "a ratio of a few units")]
    if in_low > 0.0 { (in_photo / in_low) as f32 } else { 1.0 }
}
