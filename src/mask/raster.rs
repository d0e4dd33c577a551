//! The mask: which pixels are hole and which are ignored.

use std::ops::Range;

use super::StrokeKind;
use super::bit_plane::BitPlane;
use super::tile::column_bits;
use crate::geometry::RectPx;
use crate::photo::sha256_of_pixels;

/// What is painted on a photo. Each of its pixels is hole (to be filled), ignored (kept, but not believed) or known.
///
/// Copies are cheap: they share the pixels, and each change copies only what it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    hole: BitPlane,
    /// Has no pixel in common with the hole.
    ignored: BitPlane,
}

impl Mask {
    /// The value of a hole pixel in mask files and in [`to_bytes`](Self::to_bytes).
    pub const HOLE: u8 = 255;

    /// A mask without a hole.
    #[must_use]
    pub fn empty(width: u32, height: u32) -> Self {
        Self::of_hole(BitPlane::empty(width, height))
    }

    /// A mask whose every pixel is hole.
    #[must_use]
    pub fn full(width: u32, height: u32) -> Self {
        Self::of_hole(BitPlane::full(width, height))
    }

    fn of_hole(hole: BitPlane) -> Self {
        let ignored = BitPlane::empty(hole.width(), hole.height());
        Self { hole, ignored }
    }

    /// A mask of the pixels `(x, y)` for which `is_hole` returns true.
    #[must_use]
    pub fn from_fn(width: u32, height: u32, is_hole: impl Fn(u32, u32) -> bool) -> Self {
        let full = Self::full(width, height);
        full.filtered(full.rect(), is_hole)
    }

    /// A mask from grey values, row by row: 128 and brighter is hole. `None` when there are not `width × height`
    /// values.
    #[must_use]
    pub fn from_pixels(width: u32, height: u32, pixels: &[u8]) -> Option<Self> {
        let is_complete = pixels.len() == width as usize * height as usize;
        is_complete
            .then(|| Self::from_fn(width, height, |x, y| pixels[y as usize * width as usize + x as usize] >= 128))
    }

    /// The mask of a photo that is `factor` times as large.
    #[must_use]
    pub fn enlarged(&self, factor: u32) -> Self {
        let factor = factor.max(1);
        if factor == 1 {
            return self.clone();
        }
        let (width, height) = (self.width() * factor, self.height() * factor);
        let hole = Self::from_fn(width, height, |x, y| self.is_hole(x / factor, y / factor));
        if !self.has_ignored() {
            return hole;
        }
        hole.with_ignored(&Self::from_fn(width, height, |x, y| self.is_ignored(x / factor, y / factor)))
    }

    /// The same mask, where the hole of `other` is ignored, even if it was hole.
    #[must_use]
    pub fn with_ignored(mut self, other: &Self) -> Self {
        self.ignored.add(&other.hole);
        self.hole.remove(&other.hole);
        self
    }

    /// The ignored pixels, as the hole of a mask.
    #[must_use]
    pub fn ignored(&self) -> Self {
        Self::of_hole(self.ignored.clone())
    }

    /// The same hole, with nothing ignored.
    #[must_use]
    pub fn without_ignored(&self) -> Self {
        Self::of_hole(self.hole.clone())
    }

    /// Every pixel that is not known, hole and ignored, as the hole of a mask.
    #[must_use]
    pub fn unknown(&self) -> Self {
        let mut unknown = self.hole.clone();
        unknown.add(&self.ignored);
        Self::of_hole(unknown)
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.hole.width()
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.hole.height()
    }

    /// The whole mask as a rectangle.
    #[must_use]
    pub fn rect(&self) -> RectPx {
        self.hole.rect()
    }

    /// The hole's pixels, row by row: 255 in the hole, 0 elsewhere.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let byte = |is_hole: bool| if is_hole { Self::HOLE } else { 0 };
        (0..self.height()).flat_map(|y| self.row(y, 0..self.width()).map(byte)).collect()
    }

    /// Whether a pixel is hole; `false` outside the mask.
    #[must_use]
    pub fn is_hole(&self, x: u32, y: u32) -> bool {
        self.hole.contains(x, y)
    }

    /// Whether a pixel is ignored; `false` outside the mask.
    #[must_use]
    pub fn is_ignored(&self, x: u32, y: u32) -> bool {
        self.ignored.contains(x, y)
    }

    /// Whether no pixel is hole.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hole.is_empty()
    }

    /// Whether a pixel is ignored.
    #[must_use]
    pub fn has_ignored(&self) -> bool {
        !self.ignored.is_empty()
    }

    /// Whether nothing is painted: no hole, and no ignored pixel.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.is_empty() && !self.has_ignored()
    }

    /// Whether a rectangle has a hole. Parts without one cost almost nothing.
    #[must_use]
    pub(crate) fn has_hole_in(&self, rect: RectPx) -> bool {
        self.hole.touches(rect)
    }

    /// Whether every pixel is hole.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.hole.is_full()
    }

    /// Share of the pixels that are hole, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "pixel counts are far below 2^52")]
    pub fn hole_share(&self) -> f64 {
        self.hole_count() as f64 / (f64::from(self.width()) * f64::from(self.height())).max(1.0)
    }

    /// SHA-256 of the size and the pixels, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut bytes = self.to_bytes();
        let mut kind = "mask";
        if self.has_ignored() {
            bytes.extend(self.ignored().to_bytes());
            kind = "mask with ignored pixels";
        }
        sha256_of_pixels(self.width(), self.height(), kind, &bytes)
    }

    /// Number of hole pixels.
    #[must_use]
    pub fn hole_count(&self) -> usize {
        self.hole.count()
    }

    /// The smallest rectangle around the hole; `None` when there is no hole.
    #[must_use]
    pub fn hole_bounds(&self) -> Option<RectPx> {
        let bounds = self.hole.bounds();
        (!bounds.is_empty()).then_some(bounds)
    }

    /// The smallest rectangle around the pixels in which two masks of the same size differ.
    #[must_use]
    pub fn difference(&self, other: &Self) -> RectPx {
        self.hole.difference(&other.hole).union(self.ignored.difference(&other.ignored))
    }

    /// Memory in bytes that only this mask needs, and not `other`, of the same size.
    #[must_use]
    pub fn bytes_beside(&self, other: &Self) -> usize {
        self.hole.bytes_beside(&other.hole) + self.ignored.bytes_beside(&other.ignored)
    }

    /// Part of a row, which must lie inside the mask: whether each pixel is hole.
    pub(crate) fn row(
        &self,
        y: u32,
        columns: Range<u32>,
    ) -> impl DoubleEndedIterator<Item = bool> + ExactSizeIterator + Clone {
        self.hole.row(y, columns)
    }

    /// The hole's columns in part of a row, which must lie inside the mask.
    pub(crate) fn hole_columns(&self, y: u32, columns: Range<u32>) -> impl DoubleEndedIterator<Item = u32> {
        self.hole.columns(y, columns)
    }

    /// Whether part of a row, which must lie inside the mask, has a hole.
    pub(crate) fn row_has_hole(&self, y: u32, columns: Range<u32>) -> bool {
        self.hole.row_touches(y, columns)
    }

    /// The number of hole pixels in part of a row, which must lie inside the mask.
    pub(crate) fn row_hole_count(&self, y: u32, columns: Range<u32>) -> u32 {
        self.hole.row_count(y, columns)
    }

    /// Swaps hole and known pixels. Ignored pixels stay.
    pub fn invert(&mut self) {
        self.hole.invert();
        self.hole.remove(&self.ignored);
    }

    /// Adds the hole of another mask; pixels outside either mask do not count.
    pub fn add(&mut self, other: &Self) {
        self.hole.add(&other.hole);
        self.ignored.remove(&other.hole);
    }

    /// Removes the hole of another mask.
    pub fn remove(&mut self, other: &Self) {
        self.hole.remove(&other.hole);
    }

    /// Draws the hole of another mask like a stroke.
    pub(super) fn draw_hole_of(&mut self, other: &Self, kind: StrokeKind) {
        self.hole.remove(&other.hole);
        self.ignored.remove(&other.hole);
        match kind {
            StrokeKind::Paint => self.hole.add(&other.hole),
            StrokeKind::Ignore => self.ignored.add(&other.hole),
            StrokeKind::Erase => {}
        }
    }

    /// The hole pixels `(x, y)` in a rectangle that `keep` accepts, without the ignored pixels.
    #[must_use]
    pub(crate) fn filtered(&self, rect: RectPx, keep: impl Fn(u32, u32) -> bool) -> Self {
        Self::of_hole(self.hole.filtered(rect, keep))
    }

    /// Draws these columns of each row of a rectangle, which must lie inside the mask.
    pub(super) fn set_spans(&mut self, rect: RectPx, kind: StrokeKind, spans: &[Vec<Range<u32>>]) {
        self.set_bits(rect, kind, span_bits(rect, spans));
    }

    /// Adds these columns of each row of a rectangle, which must lie inside the mask, to the hole, or removes them from it.
    /// Ignored pixels stay.
    pub(super) fn change_hole(&mut self, rect: RectPx, adds: bool, spans: &[Vec<Range<u32>>]) {
        if adds {
            self.hole.add_bits(rect, span_bits(rect, spans));
            self.hole.remove(&self.ignored);
        } else {
            self.hole.remove_bits(rect, span_bits(rect, spans));
        }
    }

    /// Draws a rectangle, which must lie inside the mask.
    pub(super) fn set_rect(&mut self, rect: RectPx, kind: StrokeKind) {
        let columns = rect.x..rect.right();
        self.set_bits(rect, kind, |x, _| column_bits(&columns, x));
    }

    /// Draws the pixels whose bits `covered(x, y)` returns, in a rectangle inside the mask.
    pub(super) fn set_bits(&mut self, rect: RectPx, kind: StrokeKind, covered: impl Fn(u32, u32) -> u64) {
        match kind {
            StrokeKind::Paint => self.hole.add_bits(rect, &covered),
            StrokeKind::Erase | StrokeKind::Ignore => self.hole.remove_bits(rect, &covered),
        }
        match kind {
            StrokeKind::Ignore => self.ignored.add_bits(rect, &covered),
            StrokeKind::Erase | StrokeKind::Paint => self.ignored.remove_bits(rect, &covered),
        }
    }
}

/// The bits of some columns of each row of a rectangle.
fn span_bits(rect: RectPx, spans: &[Vec<Range<u32>>]) -> impl Fn(u32, u32) -> u64 {
    move |x, y| {
        let spans = spans.get((y - rect.y) as usize).map_or(&[][..], |spans| spans);
        spans.iter().fold(0, |bits, span| bits | column_bits(span, x))
    }
}

#[cfg(test)]
mod tests;
