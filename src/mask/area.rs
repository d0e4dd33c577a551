//! Areas with an outline: rectangles, ellipses and free outlines, to be drawn like strokes.

use std::ops::Range;

use super::StrokeKind;
use super::capsule::{covered_pixels, is_finite};
use super::raster::Mask;
use crate::geometry::{Point, RectPx};

/// An area to draw. A pixel belongs to it if its centre does.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    pub kind: StrokeKind,
    pub outline: AreaOutline,
}

/// The outline of an area, in photo pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum AreaOutline {
    /// Two opposite corners.
    Rectangle([Point; 2]),
    /// Two opposite corners of the rectangle around it.
    Ellipse([Point; 2]),
    /// The corners in order; the last is joined with the first. Where the outline crosses itself, everything that it
    /// winds around belongs to the area. Points that are not finite are skipped.
    Polygon(Vec<Point>),
}

impl AreaOutline {
    /// The intervals in which the horizontal line at `y` lies in the area.
    fn spans(&self, y: f64) -> Vec<(f64, f64)> {
        match self {
            Self::Rectangle(corners) => {
                let [columns, rows] = extent(*corners);
                if (rows.0..=rows.1).contains(&y) { vec![columns] } else { Vec::new() }
            }
            Self::Ellipse(corners) => {
                let [(left, right), (top, bottom)] = extent(*corners);
                let (radius_x, radius_y) = ((right - left) / 2.0, (bottom - top) / 2.0);
                let height = (y - f64::midpoint(top, bottom)) / radius_y;
                let half_width = radius_x * (1.0 - height * height).sqrt();
                let center = f64::midpoint(left, right);
                // NaN beyond the ellipse, and for one without height.
                if half_width >= 0.0 { vec![(center - half_width, center + half_width)] } else { Vec::new() }
            }
            Self::Polygon(points) => polygon_spans(points, y),
        }
    }

    /// The smallest rectangle around it, across and down. `None` when a coordinate is not finite.
    fn bounds(&self) -> Option<[(f64, f64); 2]> {
        match self {
            Self::Rectangle(corners) | Self::Ellipse(corners) => {
                corners.iter().all(|corner| is_finite(*corner)).then(|| extent(*corners))
            }
            Self::Polygon(points) => {
                let points = points.iter().copied().filter(|point| is_finite(*point));
                points
                    .map(|point| extent([point, point]))
                    .reduce(|a, b| [0, 1].map(|axis| (a[axis].0.min(b[axis].0), a[axis].1.max(b[axis].1))))
            }
        }
    }
}

/// The intervals that two corners span, across and down.
fn extent(corners: [Point; 2]) -> [(f64, f64); 2] {
    let [a, b] = corners.map(|corner| corner.map(f64::from));
    [0, 1].map(|axis| (a[axis].min(b[axis]), a[axis].max(b[axis])))
}

/// The intervals that a polygon winds around, on the horizontal line at `y`.
fn polygon_spans(points: &[Point], y: f64) -> Vec<(f64, f64)> {
    let points = points.iter().filter(|point| is_finite(**point)).map(|point| point.map(f64::from));
    let ends = points.clone().skip(1).chain(points.clone().take(1));
    let mut crossings: Vec<(f64, i32)> = Vec::new();
    for ([x0, y0], [x1, y1]) in points.zip(ends) {
        // A corner on the line counts for the edge below it only.
        if (y0 <= y) != (y1 <= y) {
            let x = x0 + (y - y0) / (y1 - y0) * (x1 - x0);
            crossings.push((x, if y1 > y0 { 1 } else { -1 }));
        }
    }
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut winding = 0;
    let mut spans = Vec::new();
    for pair in crossings.windows(2) {
        winding += pair[0].1;
        if winding != 0 {
            spans.push((pair[0].0, pair[1].0));
        }
    }
    spans
}

impl Mask {
    /// Draws an area.
    pub fn draw_area(&mut self, area: &Area) {
        let Some([columns, rows]) = area.outline.bounds() else { return };
        let rows = covered_pixels(rows, self.height());
        let spans = |y: u32| -> Vec<Range<u32>> {
            let spans = area.outline.spans(f64::from(y) + 0.5);
            spans.into_iter().map(|span| covered_pixels(span, self.width())).collect()
        };
        let rect = RectPx::from_ranges(covered_pixels(columns, self.width()), rows.clone());
        let spans: Vec<Vec<Range<u32>>> = rows.map(spans).collect();
        self.set_spans(rect, area.kind, &spans);
    }

    /// Grows the hole by a distance in pixels, or shrinks it if the distance is negative: every pixel changes whose
    /// centre is at most so far from the other kind's. The photo's border is no edge of the hole. Ignored pixels stay ignored.
    pub fn grow(&mut self, distance_px: f32) {
        let Some(bounds) = self.hole_bounds().filter(|_| distance_px.is_finite()) else { return };
        let distance = f64::from(distance_px.abs());
        let grows = distance_px > 0.0;
        let around = bounds.grown(reach(distance)).intersection(self.rect());
        let rect = if grows { around } else { bounds };
        let runs: Vec<Vec<Range<u32>>> = (around.y..around.bottom()).map(|y| self.runs(y, around, grows)).collect();
        let near = |y: u32| near_spans(&runs, y - around.y, distance, rect.x..rect.right());
        let spans: Vec<Vec<Range<u32>>> = (rect.y..rect.bottom()).map(near).collect();
        self.change_hole(rect, grows, &spans);
    }

    /// The runs of hole pixels, or of known pixels, in a row of a rectangle.
    fn runs(&self, y: u32, rect: RectPx, of_hole: bool) -> Vec<Range<u32>> {
        let mut runs: Vec<Range<u32>> = Vec::new();
        for (x, is_hole) in (rect.x..).zip(self.row(y, rect.x..rect.right())) {
            match runs.last_mut() {
                _ if is_hole != of_hole => {}
                Some(last) if last.end == x => last.end += 1,
                _ => runs.push(x..x + 1),
            }
        }
        runs
    }
}

/// The number of whole pixels in a distance.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and saturating")]
fn reach(distance: f64) -> u32 {
    distance as u32
}

/// The columns of a row that are at most `distance` from one of the runs, merged and clipped. `row` counts from the
/// first row with runs.
fn near_spans(runs: &[Vec<Range<u32>>], row: u32, distance: f64, columns: Range<u32>) -> Vec<Range<u32>> {
    let rows = row.saturating_sub(reach(distance))..=row.saturating_add(reach(distance));
    let mut spans: Vec<Range<u32>> = Vec::new();
    for (source_row, runs) in (0..).zip(runs).filter(|(source_row, _)| rows.contains(source_row)) {
        let across = f64::from(row.abs_diff(source_row));
        let margin = reach((distance * distance - across * across).max(0.0).sqrt());
        spans.extend(runs.iter().map(|run| {
            run.start.saturating_sub(margin).max(columns.start)..run.end.saturating_add(margin).min(columns.end)
        }));
    }
    spans.sort_by_key(|span| span.start);
    let mut merged: Vec<Range<u32>> = Vec::new();
    for span in spans.into_iter().filter(|span| span.start < span.end) {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
