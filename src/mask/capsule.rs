//! The area that the round brush covers between two points, and the pixels in it.

use std::ops::Range;

use crate::geometry::{Point, RectPx};

/// Whether both coordinates are finite.
pub(crate) fn is_finite([x, y]: Point) -> bool {
    x.is_finite() && y.is_finite()
}

/// The pixel that holds a point; an empty rectangle outside the photo.
pub(super) fn pixel_under([x, y]: Point, width: u32, height: u32) -> RectPx {
    let pixel_range = |coordinate: f32, size: u32| {
        let pixel = f64::from(coordinate).floor();
        covered_pixels((pixel + 0.25, pixel + 0.75), size)
    };
    RectPx::from_ranges(pixel_range(x, width), pixel_range(y, height))
}

/// The pixels of `0..size` whose centres lie in a closed interval.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=size first")]
pub(super) fn covered_pixels((low, high): (f64, f64), size: u32) -> Range<u32> {
    let limit = f64::from(size);
    let start = (low - 0.5).ceil().clamp(0.0, limit) as u32;
    let end = ((high - 0.5).floor() + 1.0).clamp(0.0, limit) as u32;
    start..end.max(start)
}

/// All points within a radius of a segment.
pub(super) struct BrushCapsule {
    from: [f64; 2],
    to: [f64; 2],
    radius: f64,
}

impl BrushCapsule {
    /// A thinner brush would leave gaps in a slanting line.
    const MIN_RADIUS_PX: f64 = 0.5;

    /// `None` when a point is not finite or the radius is NaN.
    pub(super) fn new(from: Point, to: Point, radius_px: f32) -> Option<Self> {
        (is_finite(from) && is_finite(to) && !radius_px.is_nan()).then(|| Self {
            from: from.map(f64::from),
            to: to.map(f64::from),
            radius: f64::from(radius_px.min(f32::MAX)).max(Self::MIN_RADIUS_PX),
        })
    }

    /// The interval that it covers along x, and along y.
    pub(super) fn bounds(&self) -> [(f64, f64); 2] {
        [0, 1].map(|axis| {
            let (from, to) = (self.from[axis], self.to[axis]);
            (from.min(to) - self.radius, from.max(to) + self.radius)
        })
    }

    /// The interval in which the horizontal line at `y` intersects it: the hull of the intersections with both discs
    /// and the rectangle between them. (The capsule is convex.) An empty interval has `low > high`.
    pub(super) fn row_span(&self, y: f64) -> (f64, f64) {
        let [ax, ay] = self.from;
        let [bx, by] = self.to;
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for [cx, cy] in [self.from, self.to] {
            let half_width_squared = self.radius * self.radius - (y - cy) * (y - cy);
            if half_width_squared >= 0.0 {
                low = low.min(cx - half_width_squared.sqrt());
                high = high.max(cx + half_width_squared.sqrt());
            }
        }
        let (dx, dy) = (bx - ax, by - ay);
        let length = dx.hypot(dy);
        if length > 0.0 {
            // Along the segment 0 ≤ (p − a)·d ≤ |d|², across it |(p − a) × d| ≤ r·|d|; both are linear in the x of p.
            let along = linear_span(dx, (y - ay) * dy, 0.0, length * length);
            let across = linear_span(dy, -(y - ay) * dx, -self.radius * length, self.radius * length);
            let (start, end) = (ax + along.0.max(across.0), ax + along.1.min(across.1));
            if start <= end {
                low = low.min(start);
                high = high.max(end);
            }
        }
        (low, high)
    }
}

/// The interval of `x` with `low ≤ slope·x + offset ≤ high`.
fn linear_span(slope: f64, offset: f64, low: f64, high: f64) -> (f64, f64) {
    if slope == 0.0 {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        return if (low..=high).contains(&offset) { all } else { (all.1, all.0) };
    }
    let (first, second) = ((low - offset) / slope, (high - offset) / slope);
    (first.min(second), first.max(second))
}
