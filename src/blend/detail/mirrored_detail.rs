//! Detail from the other half of the face, mirrored.
//!
//! The halves of a face are nearly alike. Where the mirror image of a hidden pixel is known, its high-pass is added to
//! the low-pass of the generated image. A hidden eye gets the iris and lashes of the other eye, in the light and
//! colours that the generator gives it. Heads are often slightly turned, so the mirror axis is placed near the middle
//! of the frame where the known parts of the halves agree best.

use std::ops::Range;

use rayon::prelude::*;

use super::REFERENCE_SIDE_PX;
use super::confidence::{LumaBands, MirrorConfidence};
use super::low_pass::{LowPass, blur_radius_cells, cell_sums};
use super::surroundings::whole_tiles;
use crate::blend::blur::box_blur;
use crate::blend::feather::{cells_around, lerp};
use crate::blend::known_pixels::KnownPixels;
use crate::blend::sampled_image::{SampledImage, luma};
use crate::face_picture::FacePicture;
use crate::geometry::{CropGrid, FaceFrame, RectPx};
use crate::mask::Mask;
use crate::photo::Photo;

/// Standard deviation of the low-pass, in generator pixels. Finer detail comes from the other half. A smaller one mixes
/// the mirrored eye with the generated one, also in the iris colour. A larger one also copies light from one side.
const COARSE_SIGMA: f32 = 3.0;

/// Standard deviation of the low-pass that fades the detail in at seams.
const SEAM_SIGMA: f32 = 0.5;

/// Detail is left out where less than this share of the low-pass's weight lies on known pixels, because the low-pass is
/// unreliable there.
const MIN_SUPPORT: f32 = 0.25;

/// Cells count as known when this share of the seam low-pass's weight lies on known pixels.
const MIN_KNOWN_SHARE: f32 = 0.9;

/// Correlation of the known halves in the band between the two low-passes. The weight of the mirrored detail grows from
/// 0 at the start of this range to 1 at its end. Faces that are turned away correlate less.
const CORRELATION_RANGE: Range<f32> = 0.1..0.3;

/// Below this mean square, the band between the low-passes holds no features: 1.3 of 255 levels, squared.
const MIN_BAND_ENERGY: f32 = 1e-4;

/// With fewer pairs of known cells than this share of the frame's cells, neither the axis nor the correlation can be
/// measured. The axis is then assumed to be in the middle, and the halves to be alike. (A strip along the edge of a
/// hidden half would correlate with its own mirror image.)
const MIN_PAIRS_SHARE: f32 = 0.2;

/// Cells are this many times as wide as those of [`LowPass`]: half a generator pixel, finer than the bands compared.
const CELL_SCALE: u32 = 2;

/// The part of the frame that is compared, across and down. Further out is background.
const COMPARED_PART: [Range<f64>; 2] = [0.06..0.94, 0.1..0.94];

/// Largest shift of the mirror image to either side, in steps, and the size of a step in generator pixels.
const MAX_SHIFT_STEPS: u8 = 12;
const SHIFT_STEP: f64 = 0.5;

/// Scale of the stored 16-bit fixed-point values, which save memory: a fill can have millions of pixels.
const FIXED_POINT_SCALE: f32 = 16_000.0;

/// The mirrored detail for the target.
pub(super) struct MirroredDetail {
    confidence: MirrorConfidence,
    width: usize,
    /// Row by row: the high-pass's red, green and blue in the fill's units, and their weight, 0 to 1; all times
    /// [`FIXED_POINT_SCALE`].
    pixels: Vec<[i16; 4]>,
}

impl MirroredDetail {
    /// Computes it from the known pixels of the frame. `None` when no mirror image of the target is known, or the
    /// halves are not alike.
    pub(super) fn new(photo: &Photo, hole: &Mask, frame: &FaceFrame, target: RectPx) -> Option<Self> {
        let unit = CropGrid::new(frame, 1)?;
        let photo_px_per_pixel = frame.side_px / REFERENCE_SIDE_PX;
        let cell_px = CELL_SCALE * LowPass::cell_px(photo_px_per_pixel);
        let bounds = frame.bounds_in_photo(photo.width(), photo.height()).union(target);
        let region = whole_tiles(bounds.intersection(photo.rect()).intersection(hole.rect()), cell_px)?;
        let pixels = KnownPixels::new(photo, hole);
        let sums = cell_sums(&pixels, region, cell_px);
        let blurred = |sigma: f32| SmoothedCells::new(sums.clone(), region, cell_px, sigma * photo_px_per_pixel);
        let (fine_low_pass, coarse_low_pass) = (blurred(SEAM_SIGMA), blurred(COARSE_SIGMA));
        #[expect(clippy::cast_precision_loss, reason = "a few photo pixels")]
        let frame_cell_count = (frame.side_px / cell_px as f32).powi(2);
        let mut halves = FaceHalves { pixels, unit, frame_cell_count, fine_low_pass, coarse_low_pass, shift: 0.0 };
        let weight = halves.find_axis();
        if weight <= 0.0 {
            return None;
        }
        let row_high_pass = |y: u32| {
            let row = (target.x..target.right()).zip(hole.row(y, target.x..target.right()));
            let halves = &halves;
            row.map(move |(x, is_hole)| if is_hole { halves.mirrored_high_pass_at(x, y) } else { None })
        };
        #[expect(clippy::cast_possible_truncation, reason = "about ±2 at most, and the cast saturates")]
        let fixed_point = |value: f32| (value * FIXED_POINT_SCALE).round() as i16;
        let encode = |pixel: Option<[f32; 4]>| {
            let [red, green, blue, share] = pixel.unwrap_or_default();
            [red, green, blue, weight * share].map(fixed_point)
        };
        let rows = (target.y..target.bottom()).into_par_iter().flat_map_iter(row_high_pass);
        let pixels: Vec<[i16; 4]> = rows.map(encode).collect();
        let width = target.width as usize;
        pixels.iter().any(|pixel| pixel[3] > 0).then(|| Self { confidence: halves.confidence(), width, pixels })
    }

    /// One row of the target, counted from its top: red, green and blue to add to the [low-pass](Self::low_pass), and
    /// the share of their sum in the fill.
    pub(super) fn row(&self, row: u32) -> impl Iterator<Item = [f32; 4]> {
        let start = row as usize * self.width;
        let pixels = self.pixels.get(start..start + self.width).unwrap_or_default();
        pixels.iter().map(|pixel| pixel.map(|value| f32::from(value) / FIXED_POINT_SCALE))
    }

    /// The low-pass of the generated picture. The fourth lane holds the confidence in the mirrored half, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "images are at most some hundred pixels wide")]
    pub(super) fn low_pass(&self, fill: &FacePicture) -> SampledImage {
        let FacePicture { side_px, pixels } = fill;
        let mut cells: Vec<[f32; 4]> = pixels.iter().map(|&[red, green, blue]| [red, green, blue, 1.0]).collect();
        box_blur(&mut cells, *side_px, blur_radius_cells(COARSE_SIGMA * *side_px as f32 / REFERENCE_SIDE_PX));
        for cell in &mut cells {
            *cell = cell.map(|value| value / cell[3]);
        }
        let generated = cells.iter().zip(pixels).map(|(&[red, green, blue, _], pixel)| {
            let low_pass = luma([red, green, blue]);
            LumaBands { high_pass: luma(*pixel) - low_pass, low_pass }
        });
        let confidences = self.confidence.per_pixel(&generated.collect::<Vec<LumaBands>>(), *side_px);
        for (cell, confidence) in cells.iter_mut().zip(confidences) {
            cell[3] = confidence;
        }
        SampledImage::new(&cells, *side_px)
    }
}

/// The known pixels of a frame, and two low-passes of them.
struct FaceHalves<'a> {
    pixels: KnownPixels<'a>,
    unit: CropGrid,
    /// Number of cells in the frame.
    frame_cell_count: f32,
    fine_low_pass: SmoothedCells,
    coarse_low_pass: SmoothedCells,
    /// The `u` coordinates of a point and its mirror image add up to 1 + this.
    shift: f64,
}

impl FaceHalves<'_> {
    /// The mirror image of a point of the unit square, in the photo.
    fn mirror_image(&self, [u, v]: [f64; 2], shift: f64) -> [f64; 2] {
        self.unit.to_photo([1.0 + shift - u, v])
    }

    /// Samples the luma bands of the mirrored half, to compare them with generated images.
    fn confidence(&self) -> MirrorConfidence {
        MirrorConfidence::new(|point| {
            let mirrored = self.mirror_image(point, self.shift);
            luma_bands(&self.fine_low_pass.at(mirrored)?, &self.coarse_low_pass.at(mirrored)?)
        })
    }

    /// The high-pass at the mirror image of a hole pixel, and its weight. `None` when it is not known.
    fn mirrored_high_pass_at(&self, x: u32, y: u32) -> Option<[f32; 4]> {
        let center = [f64::from(x) + 0.5, f64::from(y) + 0.5];
        let mirrored = self.mirror_image(self.unit.to_crop(center), self.shift);
        let hidden = 1.0 - 2.0 * self.fine_low_pass.at(center)?[3];
        let known = 2.0 * self.fine_low_pass.at(mirrored)?[3] - 1.0;
        let share = hidden.clamp(0.0, 1.0) * known.clamp(0.0, 1.0);
        let [red, green, blue, support] = self.coarse_low_pass.at(mirrored)?;
        if share <= 0.0 || support < MIN_SUPPORT {
            return None;
        }
        let color = self.pixels.interpolated_at(mirrored)?;
        Some([color[0] - red, color[1] - green, color[2] - blue, share])
    }

    /// Finds the mirror axis where the known halves correlate best in the band between the low-passes. Returns the
    /// weight of the mirrored detail, 0 to 1.
    fn find_axis(&mut self) -> f32 {
        let band: Vec<Option<f32>> = (self.fine_low_pass.cells.iter().zip(&self.coarse_low_pass.cells))
            .map(|(fine, coarse)| Some(luma_bands(fine, coarse)?.high_pass))
            .collect();
        let off_center = (1..=MAX_SHIFT_STEPS).flat_map(|step| [f64::from(step), -f64::from(step)]);
        let steps: Vec<f64> = std::iter::once(0.0).chain(off_center).collect();
        let candidate = |steps: &f64| {
            let shift = steps * SHIFT_STEP / f64::from(REFERENCE_SIDE_PX);
            self.correlation(&band, shift).map(|correlation| (correlation, shift))
        };
        // Of two equal correlations, the axis nearer to the middle wins.
        let candidates: Vec<(f32, f64)> = steps.par_iter().filter_map(candidate).collect();
        let best = candidates.into_iter().reduce(|a, b| if b.0 > a.0 { b } else { a });
        let Some((correlation, shift)) = best else { return 1.0 };
        self.shift = shift;
        ((correlation - CORRELATION_RANGE.start) / (CORRELATION_RANGE.end - CORRELATION_RANGE.start)).clamp(0.0, 1.0)
    }

    /// The correlation of the halves around an axis. `None` when too few pairs are known.
    #[expect(clippy::cast_precision_loss, reason = "tens of thousands of cells")]
    fn correlation(&self, band: &[Option<f32>], shift: f64) -> Option<f32> {
        let (mut pairs, mut product, mut energy_a, mut energy_b) = (0usize, 0.0, 0.0, 0.0);
        for (center, a) in self.fine_low_pass.centers_in_photo().zip(band) {
            let [u, v] = self.unit.to_crop(center);
            if !COMPARED_PART[0].contains(&u) || !COMPARED_PART[1].contains(&v) {
                continue;
            }
            let mirrored = self.fine_low_pass.index_of(self.mirror_image([u, v], shift));
            if let (Some(a), Some(Some(b))) = (a, mirrored.and_then(|cell| band.get(cell))) {
                (pairs, product, energy_a, energy_b) = (pairs + 1, product + a * b, energy_a + a * a, energy_b + b * b);
            }
        }
        if (pairs as f32) < MIN_PAIRS_SHARE * self.frame_cell_count {
            return None;
        }
        let enough = MIN_BAND_ENERGY * pairs as f32;
        Some(if energy_a.min(energy_b) > enough { product / (energy_a * energy_b).sqrt() } else { 0.0 })
    }
}

/// The luma bands at a point. `None` when too little around it is known.
fn luma_bands(fine: &[f32; 4], coarse: &[f32; 4]) -> Option<LumaBands> {
    let [red, green, blue, _] = *coarse;
    let high_pass = luma([0, 1, 2].map(|lane| fine[lane] - coarse[lane]));
    (fine[3] > MIN_KNOWN_SHARE).then(|| LumaBands { high_pass, low_pass: luma([red, green, blue]) })
}

/// Low-passed known pixels, on square cells.
struct SmoothedCells {
    region: RectPx,
    cell_px: u32,
    columns: usize,
    /// The weighted mean red, green and blue of the known pixels around, and the share of the weight on known pixels.
    cells: Vec<[f32; 4]>,
}

impl SmoothedCells {
    #[expect(clippy::cast_precision_loss, reason = "a few cells, of a few pixels")]
    fn new(mut sums: Vec<[f32; 4]>, region: RectPx, cell_px: u32, sigma_px: f32) -> Self {
        let columns = (region.width / cell_px) as usize;
        let radius = blur_radius_cells(sigma_px / cell_px as f32);
        box_blur(&mut sums, columns, radius);
        let full = (cell_px * cell_px) as f32 * ((2 * radius + 1) as f32).powi(4);
        sums.par_iter_mut().for_each(|cell| {
            let [red, green, blue, count] = *cell;
            *cell = if count > 0.5 { [red / count, green / count, blue / count, count / full] } else { [0.0; 4] };
        });
        Self { region, cell_px, columns, cells: sums }
    }

    /// Centres of the cells, in the photo.
    fn centers_in_photo(&self) -> impl Iterator<Item = [f64; 2]> {
        let RectPx { x, y, width, height } = self.region;
        let cell_px = self.cell_px;
        let along = move |start: u32, index: u32| f64::from(start) + (f64::from(index) + 0.5) * f64::from(cell_px);
        (0..height / cell_px)
            .flat_map(move |row| (0..width / cell_px).map(move |column| [along(x, column), along(y, row)]))
    }

    /// The cell that holds a point. `None` outside the region.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in the region")]
    fn index_of(&self, [x, y]: [f64; 2]) -> Option<usize> {
        let RectPx { x: left, y: top, .. } = self.region;
        let index = |position: f64, start: u32, end: u32| {
            let is_inside = (f64::from(start)..f64::from(end)).contains(&position);
            is_inside.then(|| ((position - f64::from(start)) as u32 / self.cell_px) as usize)
        };
        let (column, row) = (index(x, left, self.region.right())?, index(y, top, self.region.bottom())?);
        Some(row * self.columns + column)
    }

    /// Interpolates between cells, bilinearly. `None` outside the region.
    #[expect(clippy::cast_possible_truncation, reason = "cells are counted in thousands")]
    fn at(&self, [x, y]: [f64; 2]) -> Option<[f32; 4]> {
        self.index_of([x, y])?;
        let RectPx { x: left, y: top, .. } = self.region;
        let cells = |px: f64, start: u32| ((px - f64::from(start)) / f64::from(self.cell_px) - 0.5) as f32;
        let (column, next, along) = cells_around(cells(x, left), self.columns);
        let (row, below, down) = cells_around(cells(y, top), self.cells.len() / self.columns);
        let cell = |row: usize, column: usize| self.cells.get(row * self.columns + column).copied().unwrap_or_default();
        let line = |row: usize| lerp(&cell(row, column), &cell(row, next), along);
        Some(lerp(&line(row), &line(below), down))
    }
}

#[cfg(test)]
mod tests;
