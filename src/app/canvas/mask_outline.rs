//! The hole's outline as straight segments along pixel edges, for zooms that show pixels as squares.

use crate::geometry::RectPx;
use crate::mask::Mask;

/// Maximum number of drawn segments. A mask with more is noise: its outline would hide the photo and be slow to draw.
const MAX_SEGMENTS: usize = 30_000;

/// A straight segment of the outline, in whole photo pixels. It goes to the right or downwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutlineSegment {
    pub from: [u32; 2],
    pub to: [u32; 2],
}

/// The outline within a part of the mask, without the part's own border. Empty if there are too many segments.
pub(super) fn outline_segments(mask: &Mask, part: RectPx) -> Vec<OutlineSegment> {
    let part = part.intersection(mask.rect());
    let mut segments = Vec::new();
    if part.is_empty() {
        return segments;
    }
    let row = |y: u32| mask.row(y, part.x..part.right()).collect::<Vec<bool>>();
    // Unfinished vertical segments, sorted by column: x and top.
    let mut open: Vec<(u32, u32)> = Vec::new();
    let mut above: Option<Vec<bool>> = None;
    for y in part.y..part.bottom() {
        let pixels = row(y);
        if above.as_ref() == Some(&pixels) {
            continue;
        }
        if let Some(above) = &above {
            append_horizontal(above, &pixels, part.x, y, &mut segments);
        }
        append_vertical(&mut open, &pixels, part.x, y, &mut segments);
        above = Some(pixels);
        if segments.len() > MAX_SEGMENTS {
            return Vec::new();
        }
    }
    let bottom = part.y + part.height;
    segments.extend(open.into_iter().map(|(x, top)| OutlineSegment { from: [x, top], to: [x, bottom] }));
    segments
}

/// Appends the horizontal segments between two rows; `y` is the edge between them.
fn append_horizontal(above: &[bool], below: &[bool], left: u32, y: u32, segments: &mut Vec<OutlineSegment>) {
    let mut start = None;
    for (x, (a, b)) in (left..).zip(above.iter().zip(below)) {
        match (a != b, start) {
            (true, None) => start = Some(x),
            (false, Some(from)) => {
                segments.push(OutlineSegment { from: [from, y], to: [x, y] });
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        segments.push(OutlineSegment { from: [from, y], to: [left + above.len() as u32, y] });
    }
}

/// Appends the vertical segments that end above row `y`. Keeps the open ones that continue, and opens new ones.
fn append_vertical(open: &mut Vec<(u32, u32)>, pixels: &[bool], left: u32, y: u32, segments: &mut Vec<OutlineSegment>) {
    let mut previous = std::mem::take(open).into_iter().peekable();
    let finished = |(x, top): (u32, u32)| OutlineSegment { from: [x, top], to: [x, y] };
    for (x, _) in (left + 1..).zip(pixels.windows(2)).filter(|(_, pair)| pair[0] != pair[1]) {
        while let Some(segment) = previous.next_if(|segment| segment.0 < x) {
            segments.push(finished(segment));
        }
        open.push(previous.next_if(|segment| segment.0 == x).unwrap_or((x, y)));
    }
    segments.extend(previous.map(finished));
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::mask::{MaskEdit, Stroke, StrokeKind};

    fn painted(width: u32, height: u32, points_in_photo: Vec<[f32; 2]>, radius_px: f32) -> Mask {
        let mut mask = Mask::empty(width, height);
        mask.apply(&MaskEdit::Stroke(Stroke { kind: StrokeKind::Paint, radius_px, points_in_photo }));
        mask.clone()
    }

    fn whole(mask: &Mask) -> RectPx {
        RectPx { x: 0, y: 0, width: mask.width(), height: mask.height() }
    }

    /// Every edge between two different pixels, as unit segments.
    fn unit_edges(mask: &Mask) -> HashSet<[u32; 4]> {
        let mut edges = HashSet::new();
        for y in 0..mask.height() {
            for x in 0..mask.width() {
                if x > 0 && mask.is_hole(x, y) != mask.is_hole(x - 1, y) {
                    edges.insert([x, y, x, y + 1]);
                }
                if y > 0 && mask.is_hole(x, y) != mask.is_hole(x, y - 1) {
                    edges.insert([x, y, x + 1, y]);
                }
            }
        }
        edges
    }

    #[test]
    fn segments_cover_every_hole_edge_once() {
        let mask = painted(60, 50, vec![[5.0, 5.0], [40.0, 30.0], [58.0, 12.0]], 7.3);
        let mut edges = HashSet::new();
        for OutlineSegment { from, to } in outline_segments(&mask, whole(&mask)) {
            let vertical = from[0] == to[0];
            let length = to[0] - from[0] + to[1] - from[1];
            for step in 0..length {
                let [x, y] = if vertical { [from[0], from[1] + step] } else { [from[0] + step, from[1]] };
                let end = if vertical { [x, y + 1] } else { [x + 1, y] };
                assert!(edges.insert([x, y, end[0], end[1]]), "an edge is drawn twice");
            }
        }
        assert_eq!(edges, unit_edges(&mask));
    }

    #[test]
    fn straight_edges_are_single_segments() {
        let mut pixels = painted(40, 40, vec![[20.0, 20.0]], 0.6);
        assert_eq!(outline_segments(&pixels, whole(&pixels)).len(), 4, "a pixel has four sides");
        pixels = Mask::empty(40, 40);
        assert!(outline_segments(&pixels, whole(&pixels)).is_empty());
    }
}
