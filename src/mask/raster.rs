//! The hole as pixels, and strokes drawn into it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::capsule::{Capsule, is_finite, pixel_under, whole_px};
use crate::photo::{Point, RectPx, sha256_of};

/// Whether a stroke adds to the hole or takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrokeKind {
    Paint,
    Erase,
}

/// One drag of the round brush, kept as drawn so that it can be undone, saved and drawn again at any size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    pub kind: StrokeKind,
    /// Radius in photo pixels.
    pub radius_px: f32,
    /// The path of the brush's middle; a single point is a dab. Points that are not finite are passed over.
    pub points_in_photo: Vec<Point>,
}

/// One byte a photo pixel: 255 in the hole, 0 elsewhere, nothing between.
///
/// Every edit answers a rectangle, clipped to the photo, outside which nothing changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// A copy takes memory for the rows of the hole only: a system gives memory for zeros when it is written to.
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

    /// A mask with no hole.
    #[must_use]
    pub fn empty(width: u32, height: u32) -> Self {
        Self { width, height, pixels: vec![0; width as usize * height as usize] }
    }

    /// A mask from grey values, row by row: brighter than half (128 and up) is hole. `None` when there are not
    /// `width × height` values.
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

    /// Row by row, 255 or 0.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Whether a pixel is hole; `false` outside.
    #[must_use]
    pub fn is_hole(&self, x: u32, y: u32) -> bool {
        x < self.width && y < self.height && self.pixels[y as usize * self.width as usize + x as usize] != 0
    }

    /// Whether nothing is hole.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows_with_hole().next().is_none()
    }

    /// SHA-256 of size and pixels, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_of(self.width, self.height, "mask", &self.pixels)
    }

    /// How many pixels are hole.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pixels.iter().filter(|&&pixel| pixel != 0).count()
    }

    /// The smallest rectangle around the hole; `None` without one.
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

    /// Whether part of a row has a hole. The range must lie inside the mask. Looks at many pixels at once, as no search for the first
    /// of them can.
    pub(crate) fn row_has_hole(&self, y: u32, columns: Range<u32>) -> bool {
        self.row(y, columns).iter().fold(0, |all, pixel| all | pixel) != 0
    }

    fn rows_with_hole(&self) -> impl Iterator<Item = u32> {
        (0..self.height).filter(|y| self.row_has_hole(*y, 0..self.width))
    }

    /// Part of a row, to be changed. The range must lie inside the mask, and values stay 0 or 255.
    pub(super) fn row_mut(&mut self, y: u32, columns: Range<u32>) -> &mut [u8] {
        let start = y as usize * self.width as usize;
        &mut self.pixels[start + columns.start as usize..start + columns.end as usize]
    }

    /// Makes everything hole.
    pub fn fill(&mut self) -> RectPx {
        self.pixels.fill(Self::HOLE);
        self.rect()
    }

    /// Makes everything known.
    pub fn clear(&mut self) -> RectPx {
        *self = Self::empty(self.width, self.height);
        self.rect()
    }

    /// Hole becomes known and known becomes hole.
    pub fn invert(&mut self) -> RectPx {
        for pixel in &mut self.pixels {
            *pixel = !*pixel;
        }
        self.rect()
    }

    /// Adds the hole of another mask; where one is larger, the rest of it counts for nothing.
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

    /// Draws the way of the brush from one point to the next: every pixel whose centre is within the radius of the
    /// segment, and the pixels under its two ends whatever the radius. Radii below half a pixel count as half a pixel, so
    /// that a thin line has no gaps. Costs time in proportion to the rows it crosses and the pixels it sets.
    pub fn draw_segment(&mut self, from: Point, to: Point, radius_px: f32, kind: StrokeKind) -> RectPx {
        let Some(capsule) = Capsule::new(from, to, radius_px) else { return RectPx::default() };
        let changed = self.segment_bounds(from, to, radius_px);
        let value = match kind {
            StrokeKind::Paint => Self::HOLE,
            StrokeKind::Erase => 0,
        };
        for y in changed.y..changed.y + changed.height {
            let columns = whole_px(capsule.span(f64::from(y) + 0.5), self.width);
            // Rounding must not set a pixel that the answer leaves out.
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
        let Some(capsule) = Capsule::new(from, to, radius_px) else { return RectPx::default() };
        let [columns, rows] = capsule.bounds();
        let (columns, rows) = (whole_px(columns, self.width), whole_px(rows, self.height));
        let body = RectPx {
            x: columns.start,
            y: rows.start,
            width: columns.end - columns.start,
            height: rows.end - rows.start,
        };
        [from, to].into_iter().fold(body, |rect, end| rect.union(pixel_under(end, self.width, self.height)))
    }

    /// Rectangles, one for each band of `band_px` rows, that together hold all that [`draw_segment`](Self::draw_segment)
    /// may change: far less than one rectangle for a long slanting segment.
    pub(super) fn segment_bands(&self, from: Point, to: Point, radius_px: f32, band_px: u32) -> Vec<RectPx> {
        let Some(capsule) = Capsule::new(from, to, radius_px) else { return Vec::new() };
        let bounds = self.segment_bounds(from, to, radius_px);
        let mut bands = [from, to].map(|end| pixel_under(end, self.width, self.height)).to_vec();
        let mut top = bounds.y;
        while top < bounds.bottom() {
            let bottom = (top / band_px + 1).saturating_mul(band_px).min(bounds.bottom());
            let row = |y: u32| {
                let columns = whole_px(capsule.span(f64::from(y) + 0.5), self.width);
                RectPx { x: columns.start, y, width: columns.end - columns.start, height: 1 }
            };
            bands.push((top..bottom).map(row).fold(RectPx::default(), RectPx::union));
            top = bottom;
        }
        bands
    }
}

#[cfg(test)]
mod tests;
