//! Feathering: the colour difference at the edge of the hole is added to the fill and fades out inwards.
//!
//! The differences are computed on a grid of cells a little finer than the generator's pixels, for photos of any size.
//! The generator draws nothing finer, and single photo pixels (hair, grain) would draw streaks into the fill. Each
//! known cell along the edge holds the difference between photo and fill. The differences are averaged along the edge
//! and each inner cell takes that of the nearest edge cell. Inside, they are smoothed (otherwise a ridge would show
//! where two sides of the edge are equally near) and weighted by a falloff.

use super::blur::box_blur;
use super::cell_grid::{CellGrid, EdgeCell};
use super::distance_transform::distance_transform;
use super::known_pixels::{KnownMean, KnownPixels};
use super::sampled_image::SampledImage;
use crate::geometry::{CropGrid, FaceFrame, RectPx};
use crate::mask::Mask;
use crate::photo::Photo;

/// Cells along the frame's side: two for each pixel of a 64-pixel generator.
const CELLS_ALONG_FRAME: f32 = 128.0;

/// Known cells within this distance of the hole are compared with the fill: a generator pixel, to average out grain.
const MAX_EDGE_DISTANCE_CELLS: f32 = 2.0;

/// How far the difference fades into the hole, as a share of the frame's side. An eighth is about half the width of an
/// eye: enough to hide the change of colour, too little to tint a whole mouth.
const FADE_SHARE: f32 = 0.125;

/// Frame cells per cell of blur radius: the averages then cover about two generator pixels each way.
const FRAME_CELLS_PER_BLUR_CELL: f32 = 40.0;

/// Upper bound of the blur radius: a frame far larger than the photo must not ask for an unbounded one.
const MAX_BLUR_RADIUS_CELLS: usize = 6;

/// The cell grid, the edge cells and the falloff: everything that does not depend on the fill.
pub(super) struct FeatherBlend {
    cells: CellGrid,
    edge_cells: Vec<EdgeCell>,
    /// For each cell, the nearest edge cell.
    nearest_edge: Vec<usize>,
    /// For each cell, the weight of its difference: 1 at the edge, 0 beyond the fade.
    falloff: Vec<f32>,
    blur_radius_cells: usize,
}

/// The differences to add to one fill, for each cell.
pub(super) struct FeatherOffsets<'a> {
    cells: &'a CellGrid,
    values: Vec<[f32; 4]>,
}

impl FeatherBlend {
    /// Prepares for the hole pixels of `target`. `None` without known pixels near them.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "shares of the frame's side, clamped to the photo where they become pixels"
    )]
    pub(super) fn new(photo: &Photo, hole: &Mask, frame: &FaceFrame, target: RectPx) -> Option<Self> {
        let unit_grid = CropGrid::new(frame, 1)?;
        let fade_px = frame.side_px * FADE_SHARE;
        let cell_px = ((frame.side_px / CELLS_ALONG_FRAME) as u32).max(1);
        let margin = (fade_px.ceil() as u32).saturating_add(cell_px);
        let region = target.grown(margin).intersection(photo.rect()).intersection(hole.rect());
        let cell_px = cell_px.min(region.width.max(region.height)).max(1);
        let cells = CellGrid::new(region, cell_px);
        let (has_hole, has_known) = cells.hole_and_known(hole);
        let to_hole = distance_transform(&has_hole, cells.columns)?;
        let is_candidate = |cell: &usize| {
            has_known.get(*cell) == Some(&true)
                && to_hole.distance.get(*cell).is_some_and(|d| *d <= MAX_EDGE_DISTANCE_CELLS)
        };
        let candidates: Vec<usize> = (0..cells.columns * cells.rows).filter(is_candidate).collect();
        let edge_cells = cells.edge_cells(&candidates, unit_grid, &KnownPixels::new(photo, hole));
        let mut is_edge = vec![false; cells.columns * cells.rows];
        for edge in &edge_cells {
            is_edge[edge.cell] = true;
        }
        let to_edge = distance_transform(&is_edge, cells.columns)?;
        // Hole cells beside the edge get the whole difference, so the fade starts one cell further in.
        let falloff = |cells: f32| smoothstep_down((cells - 1.0).max(0.0) * cell_px as f32 / fade_px);
        let blur_radius_cells = (frame.side_px / cell_px as f32 / FRAME_CELLS_PER_BLUR_CELL).round() as usize;
        Some(Self {
            falloff: to_edge.distance.into_iter().map(falloff).collect(),
            nearest_edge: to_edge.nearest_source,
            blur_radius_cells: blur_radius_cells.clamp(1, MAX_BLUR_RADIUS_CELLS),
            cells,
            edge_cells,
        })
    }

    /// The differences to add to one fill, from the generated image.
    pub(super) fn offsets(&self, image: &SampledImage) -> FeatherOffsets<'_> {
        let columns = self.cells.columns;
        // Three colours weighted by alpha, and in the last lane the sum of the weights.
        let mut sums = vec![[0.0; 4]; self.nearest_edge.len()];
        for edge in &self.edge_cells {
            let fill = image.at(edge.center_in_unit);
            let KnownMean { color: [red, green, blue], alpha } = edge.known;
            sums[edge.cell] = [red - fill[0], green - fill[1], blue - fill[2], 1.0].map(|lane| alpha * lane);
        }
        box_blur(&mut sums, columns, self.blur_radius_cells);
        let mut values: Vec<[f32; 4]> = self.nearest_edge.iter().map(|&cell| mean(sums[cell])).collect();
        box_blur(&mut values, columns, self.blur_radius_cells);
        for (value, falloff) in values.iter_mut().zip(&self.falloff) {
            *value = mean(*value).map(|value| value * falloff);
        }
        FeatherOffsets { cells: &self.cells, values }
    }
}

/// The differences along one row of pixels of the photo or of a patch.
pub(super) struct FeatherRow {
    /// Interpolated between the cell rows above and below, for each cell column.
    interpolated: Vec<[f32; 4]>,
    /// Position of the row's first pixel and the step to the next, in cells from the first cell's centre.
    start: f32,
    step: f32,
}

impl FeatherOffsets<'_> {
    /// The differences along a row that starts at `(x, y)` in the photo and goes right in steps of `step_x`.
    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
    pub(super) fn row(&self, x: f32, step_x: f32, y: f32) -> FeatherRow {
        let CellGrid { region, cell_px, columns, rows } = *self.cells;
        let per_px = 1.0 / cell_px as f32;
        let (above, below, down) = cells_around((y - region.y as f32) * per_px - 0.5, rows);
        let row = |row: usize| self.values.iter().skip(row * columns).take(columns);
        let interpolated = row(above).zip(row(below)).map(|(above, below)| lerp(above, below, down)).collect();
        FeatherRow { interpolated, start: (x - region.x as f32) * per_px - 0.5, step: step_x * per_px }
    }
}

impl FeatherRow {
    /// The difference to add to a pixel of the row, in the fill's units.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
    pub(super) fn at(&self, column: usize) -> [f32; 4] {
        let (left, right, along) = cells_around(self.start + column as f32 * self.step, self.interpolated.len());
        match (self.interpolated.get(left), self.interpolated.get(right)) {
            (Some(left), Some(right)) => lerp(left, right, along),
            _ => [0.0; 4],
        }
    }
}

/// The two of `count` cells on either side of a position, and the interpolation weight of the second.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the range of cells first"
)]
pub(super) fn cells_around(position: f32, count: usize) -> (usize, usize, f32) {
    let last = count.saturating_sub(1);
    let position = position.clamp(0.0, last as f32);
    let first = position as usize;
    (first, (first + 1).min(last), position - first as f32)
}

#[inline]
pub(super) fn lerp(from: &[f32; 4], to: &[f32; 4], share: f32) -> [f32; 4] {
    let mut mixed = *from;
    for (mixed, to) in mixed.iter_mut().zip(to) {
        *mixed += share * (to - *mixed);
    }
    mixed
}

/// Falls smoothly from 1 at 0 to 0 at 1 and beyond, with zero slope at both ends.
pub(super) fn smoothstep_down(share: f32) -> f32 {
    let t = 1.0 - share.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn mean([red, green, blue, count]: [f32; 4]) -> [f32; 4] {
    [red / count, green / count, blue / count, 1.0]
}
