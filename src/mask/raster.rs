//! The mask: the hole as pixels, and drawing strokes into it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::capsule::{BrushCapsule, covered_pixels, is_finite, pixel_under};
use crate::geometry::{Point, RectPx};
use crate::photo::sha256_of_pixels;

/// Whether a stroke adds to the hole or removes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrokeKind {
    Paint,
    Erase,
}

/// One drag of the round brush, kept as a path so that it can be undone, saved, and redrawn at any size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    pub kind: StrokeKind,
    /// Radius in photo pixels.
    pub radius_px: f32,
    /// The path of the brush's centre; a single point is a dab. Points that are not finite are skipped.
    pub points_in_photo: Vec<Point>,
}

/// One byte per photo pixel: 255 in the hole, 0 elsewhere.
///
/// Every edit returns the rectangle that it may have changed, clipped to the photo.
#[derive(Debug, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// Copies only the rows with a hole: the system allocates memory for zeros only when it is written to.
impl Clone for Mask {
    fn clone(&self) -> Self {
        let mut copy = Self::empty(self.width, self.height);
        for y in self.rows_with_hole() {
            copy.row_mut(y, 0..self.width).copy_from_slice(self.row(y, 0..self.width));
        }
        copy
    }
}

impl Mask {
    /// The value of a hole pixel, in memory and in mask files.
    pub const HOLE: u8 = 255;

    /// A mask without a hole.
    #[must_use]
    pub fn empty(width: u32, height: u32) -> Self {
        Self { width, height, pixels: vec![0; width as usize * height as usize] }
    }

    /// A mask from grey values, row by row: 128 and brighter is hole. `None` when there are not `width × height`
    /// values.
    #[must_use]
    pub fn from_pixels(width: u32, height: u32, mut pixels: Vec<u8>) -> Option<Self> {
        if pixels.len() != width as usize * height as usize {
            return None;
        }
        for pixel in &mut pixels {
            *pixel = if *pixel >= 128 { Self::HOLE } else { 0 };
        }
        Some(Self { width, height, pixels })
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The whole mask as a rectangle.
    #[must_use]
    pub fn rect(&self) -> RectPx {
        RectPx { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// The pixels, row by row, 255 or 0.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Whether a pixel is hole; `false` outside the mask.
    #[must_use]
    pub fn is_hole(&self, x: u32, y: u32) -> bool {
        x < self.width && y < self.height && self.pixels[y as usize * self.width as usize + x as usize] != 0
    }

    /// Whether no pixel is hole.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows_with_hole().next().is_none()
    }

    /// Share of the pixels that are hole, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "pixel counts are far below 2^52")]
    pub fn hole_share(&self) -> f64 {
        self.hole_count() as f64 / self.pixels.len().max(1) as f64
    }

    /// SHA-256 of the size and the pixels, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_of_pixels(self.width, self.height, "mask", &self.pixels)
    }

    /// Number of hole pixels.
    #[must_use]
    pub fn hole_count(&self) -> usize {
        self.pixels.iter().filter(|&&pixel| pixel != 0).count()
    }

    /// The smallest rectangle around the hole; `None` when there is no hole.
    #[must_use]
    pub fn hole_bounds(&self) -> Option<RectPx> {
        let mut bounds = RectPx::default();
        for y in self.rows_with_hole() {
            let row = self.row(y, 0..self.width);
            if let (Some(first), Some(last)) = (
                (0..self.width).zip(row).find_map(|(x, &pixel)| (pixel != 0).then_some(x)),
                (0..self.width).zip(row).rev().find_map(|(x, &pixel)| (pixel != 0).then_some(x)),
            ) {
                bounds = bounds.union(RectPx { x: first, y, width: last + 1 - first, height: 1 });
            }
        }
        (!bounds.is_empty()).then_some(bounds)
    }

    /// Part of a row. The range must lie inside the mask.
    pub(crate) fn row(&self, y: u32, columns: Range<u32>) -> &[u8] {
        let start = y as usize * self.width as usize;
        &self.pixels[start + columns.start as usize..start + columns.end as usize]
    }

    /// Whether part of a row, inside the mask, has a hole. No early exit, so that the compiler vectorizes it.
    pub(crate) fn row_has_hole(&self, y: u32, columns: Range<u32>) -> bool {
        self.row(y, columns).iter().fold(0, |bits, pixel| bits | pixel) != 0
    }

    fn rows_with_hole(&self) -> impl Iterator<Item = u32> {
        (0..self.height).filter(|y| self.row_has_hole(*y, 0..self.width))
    }

    /// Part of a row, mutable. The range must lie inside the mask, and values must stay 0 or 255.
    pub(super) fn row_mut(&mut self, y: u32, columns: Range<u32>) -> &mut [u8] {
        let start = y as usize * self.width as usize;
        &mut self.pixels[start + columns.start as usize..start + columns.end as usize]
    }

    /// Makes every pixel hole.
    #[cfg(test)]
    pub(crate) fn fill(&mut self) -> RectPx {
        self.pixels.fill(Self::HOLE);
        self.rect()
    }

    /// Makes every pixel known.
    pub fn clear(&mut self) -> RectPx {
        *self = Self::empty(self.width, self.height);
        self.rect()
    }

    /// Swaps hole and known pixels.
    pub fn invert(&mut self) -> RectPx {
        for pixel in &mut self.pixels {
            *pixel = !*pixel;
        }
        self.rect()
    }

    /// Adds the hole of another mask; pixels outside either mask are ignored.
    pub fn add(&mut self, other: &Self) -> RectPx {
        let Some(bounds) = other.hole_bounds() else { return RectPx::default() };
        let changed = bounds.intersection(self.rect());
        let columns = changed.x..changed.x + changed.width;
        for y in changed.y..changed.y + changed.height {
            for (to, from) in self.row_mut(y, columns.clone()).iter_mut().zip(other.row(y, columns.clone())) {
                *to |= from;
            }
        }
        changed
    }

    /// Removes the hole of another mask of the same size.
    pub fn remove(&mut self, other: &Self) {
        let Some(bounds) = other.hole_bounds() else { return };
        let changed = bounds.intersection(self.rect());
        let columns = changed.x..changed.right();
        for y in changed.y..changed.bottom() {
            for (to, from) in self.row_mut(y, columns.clone()).iter_mut().zip(other.row(y, columns.clone())) {
                *to &= !from;
            }
        }
    }

    /// The hole pixels `(x, y)` in a rectangle that `keep` accepts.
    #[must_use]
    pub(crate) fn filtered(&self, rect: RectPx, keep: impl Fn(u32, u32) -> bool) -> Self {
        let rect = rect.intersection(self.rect());
        let mut kept = Self::empty(self.width, self.height);
        if rect.is_empty() {
            return kept;
        }
        let columns = rect.x..rect.right();
        for y in (rect.y..rect.bottom()).filter(|y| self.row_has_hole(*y, columns.clone())) {
            let pixels = self.row(y, columns.clone()).iter().zip(columns.clone());
            for ((pixel, x), to) in pixels.zip(kept.row_mut(y, columns.clone())) {
                *to = if *pixel != 0 && keep(x, y) { Self::HOLE } else { 0 };
            }
        }
        kept
    }

    /// Draws a whole stroke.
    pub fn draw_stroke(&mut self, stroke: &Stroke) -> RectPx {
        let mut changed = RectPx::default();
        let mut previous = None;
        for &point in stroke.points_in_photo.iter().filter(|point| is_finite(**point)) {
            changed = changed.union(self.draw_segment(previous.unwrap_or(point), point, stroke.radius_px, stroke.kind));
            previous = Some(point);
        }
        changed
    }

    /// Draws the brush from one point to the next: every pixel whose centre is within the radius of the segment, and
    /// the pixels under both ends whatever the radius. Radii below half a pixel count as half a pixel, so that a thin
    /// line has no gaps. The cost is proportional to the rows crossed and the pixels set.
    pub fn draw_segment(&mut self, from: Point, to: Point, radius_px: f32, kind: StrokeKind) -> RectPx {
        let Some(capsule) = BrushCapsule::new(from, to, radius_px) else { return RectPx::default() };
        let changed = self.segment_bounds(from, to, radius_px);
        let value = match kind {
            StrokeKind::Paint => Self::HOLE,
            StrokeKind::Erase => 0,
        };
        for y in changed.y..changed.y + changed.height {
            let columns = covered_pixels(capsule.row_span(f64::from(y) + 0.5), self.width);
            // Rounding must not set a pixel outside the returned rectangle.
            let (start, end) = (columns.start.max(changed.x), columns.end.min(changed.x + changed.width));
            self.row_mut(y, start..end.max(start)).fill(value);
        }
        for end in [from, to] {
            let pixel = pixel_under(end, self.width, self.height);
            for y in pixel.y..pixel.y + pixel.height {
                self.row_mut(y, pixel.x..pixel.x + pixel.width).fill(value);
            }
        }
        changed
    }

    /// The rectangle that [`draw_segment`](Self::draw_segment) may change.
    fn segment_bounds(&self, from: Point, to: Point, radius_px: f32) -> RectPx {
        let Some(capsule) = BrushCapsule::new(from, to, radius_px) else { return RectPx::default() };
        let [columns, rows] = capsule.bounds();
        let body = RectPx::from_ranges(covered_pixels(columns, self.width), covered_pixels(rows, self.height));
        [from, to].into_iter().fold(body, |rect, end| rect.union(pixel_under(end, self.width, self.height)))
    }

    /// Rectangles, one per band of `band_px` rows, that together contain everything that
    /// [`draw_segment`](Self::draw_segment) may change. For a long slanting segment they cover far less than one would.
    pub(super) fn segment_bands(&self, from: Point, to: Point, radius_px: f32, band_px: u32) -> Vec<RectPx> {
        let Some(capsule) = BrushCapsule::new(from, to, radius_px) else { return Vec::new() };
        let bounds = self.segment_bounds(from, to, radius_px);
        let mut bands = [from, to].map(|end| pixel_under(end, self.width, self.height)).to_vec();
        let mut top = bounds.y;
        while top < bounds.bottom() {
            let bottom = (top / band_px + 1).saturating_mul(band_px).min(bounds.bottom());
            let row = |y: u32| {
                let columns = covered_pixels(capsule.row_span(f64::from(y) + 0.5), self.width);
                RectPx::from_ranges(columns, y..y + 1)
            };
            bands.push((top..bottom).map(row).fold(RectPx::default(), RectPx::union));
            top = bottom;
        }
        bands
    }
}

#[cfg(test)]
mod tests;
