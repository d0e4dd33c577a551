//! Colour differences at the hole's edge, faded out inwards.
//!
//! All of it happens on a grid of cells a little finer than the generator's pixels, however large the photo: the generator knows
//! nothing finer, and single photo pixels (hair, grain) would draw streaks into the fill. Along the known side of
//! the edge each cell holds the difference between the photo and the fill. The differences are averaged along the edge,
//! carried inwards to the nearest cells, smoothed there (or a ridge would show where two sides of the edge are equally near)
//! and weighted by a falloff. What does not depend on the fill is worked out once.

use rayon::prelude::*;

use super::distance::{Nearest, nearest};
use super::sample::Picture;
use crate::face::{CropGrid, FaceFrame};
use crate::mask::Mask;
use crate::photo::{Photo, RectPx, Sample, Samples};

/// Cells along the frame's side: two for each pixel of a 64-pixel generator.
const CELLS_ALONG_FRAME: f32 = 128.0;

/// Known cells up to this far from the hole are compared with the fill: about one generator's pixel, so that the
/// photo's grain averages out.
const EDGE_CELLS: f32 = 2.0;

/// How far the difference reaches into the hole, as a share of the frame's side: an eighth is about half an eye's
/// width, enough to hide the change of colour and too little to tint a whole mouth.
const REACH_SHARE: f32 = 0.125;

/// How far outside the frame known pixels are compared with the edge of the fill, as a share of the frame's side. The generator
/// says nothing about what lies further out.
const OUTSIDE_SHARE: f64 = 1.0 / 32.0;

/// The averages run over about two generator's pixels each way: cells along the frame for each cell of the window's half.
const CELLS_FOR_BLUR_CELL: f32 = 40.0;

/// No frame needs more; one far larger than the photo would ask for any number.
const MAX_BLUR_CELLS: usize = 6;

/// A known cell beside the hole.
struct EdgeCell {
    cell: usize,
    center_in_unit: [f32; 2],
    /// Mean of its known pixels, in [-1, 1].
    known: [f32; 3],
}

/// The cells, the edge, and the way inwards from it.
pub(super) struct Feather {
    cells: Cells,
    edge: Vec<EdgeCell>,
    /// For each cell, the nearest edge cell.
    nearest: Vec<usize>,
    /// For each cell, how much of the difference there counts: 1 at the edge, 0 from the reach on.
    falloff: Vec<f32>,
    blur_cells: usize,
}

/// The differences to add, cell by cell, for one fill.
pub(super) struct Offsets<'a> {
    cells: &'a Cells,
    values: Vec<[f32; 4]>,
}

/// Square cells over a part of the photo.
struct Cells {
    region: RectPx,
    cell_px: u32,
    columns: usize,
    rows: usize,
}

impl Feather {
    /// Prepares for the hole pixels of `target`. `None` when no known pixel is near. Reads no photo pixel under the hole.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "shares of the frame's side, clamped to the photo where they become pixels"
    )]
    pub(super) fn new(photo: &Photo, hole: &Mask, frame: &FaceFrame, target: RectPx) -> Option<Self> {
        let unit = CropGrid::new(frame, 1)?;
        let reach_px = frame.side_px * REACH_SHARE;
        let cell_px = ((frame.side_px / CELLS_ALONG_FRAME) as u32).max(1);
        let margin = (reach_px.ceil() as u32).saturating_add(cell_px);
        let region = grown(target, margin).intersection(photo.rect()).intersection(hole.rect());
        let cell_px = cell_px.min(region.width.max(region.height)).max(1);
        let cells = Cells::new(region, cell_px);
        let (has_hole, has_known) = cells.look_at(hole);
        let from_hole = nearest(&has_hole, cells.columns)?;
        let is_candidate = |cell: &usize| {
            has_known.get(*cell) == Some(&true) && from_hole.distance.get(*cell).is_some_and(|d| *d <= EDGE_CELLS)
        };
        let candidates: Vec<usize> = (0..cells.columns * cells.rows).filter(is_candidate).collect();
        let edge = match Samples::of(&photo.pixels) {
            Samples::Eight { data, channels } => cells.edge(&candidates, unit, data, channels, photo.width(), hole),
            Samples::Sixteen { data, channels } => cells.edge(&candidates, unit, &data, channels, photo.width(), hole),
        };
        let mut is_edge = vec![false; cells.columns * cells.rows];
        for edge in &edge {
            is_edge[edge.cell] = true;
        }
        let Nearest { source, distance } = nearest(&is_edge, cells.columns)?;
        // Hole cells beside the edge take the whole difference, so the fade begins one cell in.
        let falloff = |cells: f32| smooth_fall((cells - 1.0).max(0.0) * cell_px as f32 / reach_px);
        Some(Self {
            falloff: distance.into_iter().map(falloff).collect(),
            nearest: source,
            blur_cells: ((frame.side_px / cell_px as f32 / CELLS_FOR_BLUR_CELL).round() as usize)
                .clamp(1, MAX_BLUR_CELLS),
            cells,
            edge,
        })
    }

    /// The differences to add to one fill.
    pub(super) fn offsets(&self, picture: &Picture) -> Offsets<'_> {
        let columns = self.cells.columns;
        // Three colours and, last, how many values each is the sum of.
        let mut sums = vec![[0.0; 4]; self.nearest.len()];
        for edge in &self.edge {
            let fill = picture.at(edge.center_in_unit);
            let [red, green, blue] = edge.known;
            sums[edge.cell] = [red - fill[0], green - fill[1], blue - fill[2], 1.0];
        }
        blur(&mut sums, columns, self.blur_cells);
        let mut values: Vec<[f32; 4]> = self.nearest.iter().map(|&cell| mean(sums[cell])).collect();
        blur(&mut values, columns, self.blur_cells);
        for (value, falloff) in values.iter_mut().zip(&self.falloff) {
            *value = mean(*value).map(|value| value * falloff);
        }
        Offsets { cells: &self.cells, values }
    }
}

/// The differences along one row of pixels of the photo or of a patch.
pub(super) struct OffsetRow {
    /// Between the cells above and below, for each column of cells.
    line: Vec<[f32; 4]>,
    /// Where the middle of the row's first pixel lies between the middles of the cells, and the step to the next.
    start: f32,
    step: f32,
}

impl Offsets<'_> {
    /// For a row that starts at a point of the photo and goes to the right in steps.
    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
    pub(super) fn row(&self, x: f32, step_x: f32, y: f32) -> OffsetRow {
        let Cells { region, cell_px, columns, rows } = *self.cells;
        let per_px = 1.0 / cell_px as f32;
        let (above, below, down) = between((y - region.y as f32) * per_px - 0.5, rows);
        let row = |row: usize| self.values.iter().skip(row * columns).take(columns);
        let line = row(above).zip(row(below)).map(|(above, below)| mix(above, below, down)).collect();
        OffsetRow { line, start: (x - region.x as f32) * per_px - 0.5, step: step_x * per_px }
    }
}

impl OffsetRow {
    /// The difference to add to a pixel of the row, in the fill's units.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
    pub(super) fn at(&self, column: usize) -> [f32; 4] {
        let (left, right, along) = between(self.start + column as f32 * self.step, self.line.len());
        match (self.line.get(left), self.line.get(right)) {
            (Some(left), Some(right)) => mix(left, right, along),
            _ => [0.0; 4],
        }
    }
}

/// The two of `count` cells that a position lies between, and how far from the first to the second.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the cells first, of which there are some hundred"
)]
fn between(at: f32, count: usize) -> (usize, usize, f32) {
    let last = count.saturating_sub(1);
    let at = at.clamp(0.0, last as f32);
    let first = at as usize;
    (first, (first + 1).min(last), at - first as f32)
}

#[inline]
fn mix(from: &[f32; 4], to: &[f32; 4], share: f32) -> [f32; 4] {
    let mut mixed = *from;
    for (mixed, to) in mixed.iter_mut().zip(to) {
        *mixed += share * (to - *mixed);
    }
    mixed
}

impl Cells {
    fn new(region: RectPx, cell_px: u32) -> Self {
        let count = |size: u32| size.div_ceil(cell_px) as usize;
        Self { region, cell_px, columns: count(region.width), rows: count(region.height) }
    }

    /// The photo pixels of a cell; at the right and at the bottom cells may be smaller.
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer cells than pixels along a side")]
    fn rect(&self, cell: usize) -> RectPx {
        let (column, row) = ((cell % self.columns) as u32, (cell / self.columns) as u32);
        let (x, y) = (self.region.x + column * self.cell_px, self.region.y + row * self.cell_px);
        RectPx { x, y, width: self.cell_px, height: self.cell_px }.intersection(self.region)
    }

    /// For each cell, whether any of it is hole, and whether any is known.
    fn look_at(&self, hole: &Mask) -> (Vec<bool>, Vec<bool>) {
        let cells = (0..self.columns * self.rows).into_par_iter();
        cells
            .map(|cell| {
                let rect = self.rect(cell);
                let rows = || (rect.y..rect.y + rect.height).map(|y| hole.row(y, rect.x..rect.x + rect.width));
                let has_hole = rows().any(|row| row.iter().any(|&pixel| pixel != 0));
                let has_known = rows().any(|row| row.contains(&0));
                (has_hole, has_known)
            })
            .unzip()
    }

    /// Those of some cells that lie in the frame or close to it and hold a known, not fully transparent pixel.
    #[expect(clippy::cast_possible_truncation, reason = "unit coordinates need no more than single precision")]
    fn edge<T: Sample>(
        &self,
        candidates: &[usize],
        unit: CropGrid,
        data: &[T],
        channels: usize,
        width: u32,
        hole: &Mask,
    ) -> Vec<EdgeCell> {
        let near_frame = -OUTSIDE_SHARE..=1.0 + OUTSIDE_SHARE;
        let edge = |&cell: &usize| {
            let rect = self.rect(cell);
            let middle = |start: u32, size: u32| f64::from(start) + f64::from(size) / 2.0;
            let center = unit.to_crop([middle(rect.x, rect.width), middle(rect.y, rect.height)]);
            if !center.iter().all(|at| near_frame.contains(at)) {
                return None;
            }
            let known = known_mean(data, channels, width, hole, rect)?;
            Some(EdgeCell { cell, center_in_unit: center.map(|at| at as f32), known })
        };
        candidates.par_iter().filter_map(edge).collect()
    }
}

/// The mean colour, in [-1, 1], of the pixels of a rectangle that are neither hole nor fully transparent; `None` if none is.
fn known_mean<T: Sample>(data: &[T], channels: usize, width: u32, hole: &Mask, rect: RectPx) -> Option<[f32; 3]> {
    let has_alpha = channels.is_multiple_of(2);
    let mut sums = [0.0; 3];
    let mut count = 0.0;
    for y in rect.y..rect.y + rect.height {
        let start = (y as usize * width as usize + rect.x as usize) * channels;
        let samples = data.get(start..start + rect.width as usize * channels)?;
        let is_hole = hole.row(y, rect.x..rect.x + rect.width);
        for (pixel, _) in samples.chunks_exact(channels).zip(is_hole).filter(|(_, hole)| **hole == 0) {
            if has_alpha && pixel.last().is_some_and(|alpha| alpha.is_zero()) {
                continue;
            }
            // Grey goes to all three.
            for (channel, sum) in sums.iter_mut().enumerate() {
                *sum += pixel.get(if channels < 3 { 0 } else { channel }).map_or(0.0, |sample| sample.value());
            }
            count += 1.0;
        }
    }
    (count > 0.0).then(|| sums.map(|sum| sum / count * (2.0 / T::MAX) - 1.0))
}

/// From 1 at 0 to 0 at 1 and beyond, level at both ends.
fn smooth_fall(share: f32) -> f32 {
    let rest = 1.0 - share.clamp(0.0, 1.0);
    rest * rest * (3.0 - 2.0 * rest)
}

fn mean([red, green, blue, count]: [f32; 4]) -> [f32; 4] {
    [red / count, green / count, blue / count, 1.0]
}

fn grown(rect: RectPx, margin: u32) -> RectPx {
    let (x, y) = (rect.x.saturating_sub(margin), rect.y.saturating_sub(margin));
    let end = |start: u32, size: u32| start.saturating_add(size).saturating_add(margin);
    RectPx { x, y, width: end(rect.x, rect.width) - x, height: end(rect.y, rect.height) - y }
}

/// Sums over a window of `2·reach + 1` cells each way, twice, so that near cells count for more. Cells beyond the border
/// add nothing, to the last lane either.
fn blur(cells: &mut [[f32; 4]], columns: usize, reach: usize) {
    let mut padded = Vec::new();
    for _ in 0..2 {
        for row in cells.chunks_exact_mut(columns) {
            sum_windows(row, 1, reach, &mut padded);
        }
        sum_windows(cells, columns, reach, &mut padded);
    }
}

/// Replaces each line of `width` cells by the sum of the lines up to `reach` before and after it: with lines of one cell
/// along a row, with whole rows down the grid.
fn sum_windows(lines: &mut [[f32; 4]], width: usize, reach: usize, padded: &mut Vec<[f32; 4]>) {
    let padding = reach * width;
    padded.clear();
    padded.resize(padding, [0.0; 4]);
    padded.extend_from_slice(lines);
    padded.resize(padded.len() + padding + width, [0.0; 4]);
    let mut sums = vec![[0.0; 4]; width];
    for line in padded.chunks_exact(width).take(2 * reach) {
        add(&mut sums, line, 1.0);
    }
    let (entering, leaving) = (padded.chunks_exact(width).skip(2 * reach), padded.chunks_exact(width));
    for ((line, entering), leaving) in lines.chunks_exact_mut(width).zip(entering).zip(leaving) {
        add(&mut sums, entering, 1.0);
        line.copy_from_slice(&sums);
        add(&mut sums, leaving, -1.0);
    }
}

fn add(sums: &mut [[f32; 4]], values: &[[f32; 4]], sign: f32) {
    for (sum, value) in sums.iter_mut().zip(values) {
        for (sum, value) in sum.iter_mut().zip(value) {
            *sum += sign * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_is_two_box_sums_each_way() {
        let (columns, rows, reach) = (9, 7, 2usize);
        let mut cells: Vec<[f32; 4]> =
            (0..columns * rows).map(|index| [(index * 37 % 11) as f32, 1.0, 0.0, 1.0]).collect();
        let mut expected = cells.clone();
        for _ in 0..2 {
            let before = expected.clone();
            for (index, cell) in expected.iter_mut().enumerate() {
                let (x, y) = (index % columns, index / columns);
                let is_near =
                    |other: usize| (other % columns).abs_diff(x) <= reach && (other / columns).abs_diff(y) <= reach;
                *cell =
                    [0, 1, 2, 3].map(|lane| (0..before.len()).filter(|i| is_near(*i)).map(|i| before[i][lane]).sum());
            }
        }
        blur(&mut cells, columns, reach);
        for (cell, expected) in cells.iter().zip(&expected) {
            assert!(cell.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-2), "{cell:?} and {expected:?}");
        }
    }
}
