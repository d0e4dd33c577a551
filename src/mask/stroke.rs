//! Strokes of the round brush, and drawing them into the mask.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Mask;
use super::capsule::{BrushCapsule, covered_pixels, is_finite, pixel_under};
use super::tile::{TILE_PX, column_bits};
use crate::geometry::{Point, RectPx};

/// What a stroke makes of the pixels under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrokeKind {
    /// Hole: to be filled.
    Paint,
    /// Neither hole nor ignored.
    Erase,
    /// Ignored: kept in the photo, but not believed.
    Ignore,
}

/// One drag of the round brush.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    pub kind: StrokeKind,
    /// Radius in photo pixels.
    pub radius_px: f32,
    /// The path of the brush's centre; a single point is a dab. Points that are not finite are skipped.
    pub points_in_photo: Vec<Point>,
}

impl Mask {
    /// Draws a whole stroke.
    pub fn draw_stroke(&mut self, stroke: &Stroke) {
        let mut previous = None;
        for &point in stroke.points_in_photo.iter().filter(|point| is_finite(**point)) {
            self.draw_segment(previous.unwrap_or(point), point, stroke.radius_px, stroke.kind);
            previous = Some(point);
        }
    }

    /// Draws the brush from one point to the next: every pixel whose centre is within the radius of the segment, and
    /// the pixels under both ends whatever the radius. Radii below half a pixel count as half a pixel, so that a thin
    /// line has no gaps. The cost is proportional to the rows crossed and the tiles touched.
    pub fn draw_segment(&mut self, from: Point, to: Point, radius_px: f32, kind: StrokeKind) {
        let Some(capsule) = BrushCapsule::new(from, to, radius_px) else { return };
        let [columns, rows] = capsule.bounds();
        let bounds = covered_pixels(columns, self.width());
        // Rounding must not set a pixel outside the bounds.
        let covered = |y: u32| {
            let columns = covered_pixels(capsule.row_span(f64::from(y) + 0.5), self.width());
            let start = columns.start.max(bounds.start);
            start..columns.end.min(bounds.end).max(start)
        };
        let rows: Vec<(u32, Range<u32>)> = covered_pixels(rows, self.height()).map(|y| (y, covered(y))).collect();
        // Tile row by tile row: a long slanting segment touches few tiles of each.
        for rows in rows.chunk_by(|(y, _), (next, _)| y / TILE_PX == next / TILE_PX) {
            let top = rows[0].0;
            let row_rects = rows.iter().map(|(y, columns)| RectPx::from_ranges(columns.clone(), *y..y + 1));
            self.set_bits(row_rects.fold(RectPx::default(), RectPx::union), kind, |x, y| {
                column_bits(&rows[(y - top) as usize].1, x)
            });
        }
        for end in [from, to] {
            self.set_rect(pixel_under(end, self.width(), self.height()), kind);
        }
    }
}
