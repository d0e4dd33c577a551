//! Converts the mask to texels of the mask overlay: white, with the tint's strength as alpha.

use egui::Color32;

use super::tile_grid::TileGrid;
use crate::geometry::RectPx;
use crate::mask::Mask;

/// Limits the rows that a texel's share is counted in, so that a coarse level of a large photo costs little.
const MAX_SAMPLED_ROWS: u32 = 4;

/// How the hole's texels are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MaskTint {
    /// Alpha inside the hole.
    pub hole_alpha: u8,
    /// Draw the hole's outermost texels opaque.
    pub has_outline: bool,
}

/// Texels of a part of a level, row by row; the part must lie inside the level.
///
/// At level 0 a texel is exactly a mask pixel. Beyond the photo the mask repeats its edge pixels, so that no outline is
/// drawn along the photo's edge.
pub(super) fn mask_texels(mask: &Mask, grid: TileGrid, part: RectPx, tint: MaskTint) -> Vec<Color32> {
    let bounds = grid.bounds();
    let width = part.width as usize;
    // One more texel on every side: whether a texel belongs to the outline depends on its neighbours.
    let stride = width + 2;
    let clamped = |index: u32, offset: u32, end: u32| (index + offset).saturating_sub(1).min(end - 1);
    let around = part.grown(1).intersection(bounds);
    let side = grid.texel_side_px();
    let [x, y, width_px, height_px] = [around.x, around.y, around.width, around.height].map(|texels| texels * side);
    if !mask.has_hole_in(RectPx { x, y, width: width_px, height: height_px }) {
        return vec![Color32::TRANSPARENT; width * part.height as usize];
    }
    let columns: Vec<u32> = (0..part.width + 2).map(|offset| clamped(part.x, offset, bounds.width)).collect();
    let mut coverage = vec![0u8; stride * (part.height as usize + 2)];
    for (offset, row) in (0..).zip(coverage.chunks_exact_mut(stride)) {
        write_row_coverage(mask, grid, clamped(part.y, offset, bounds.height), &columns, row);
    }
    let is_hole = |alpha: u8| alpha >= 128;
    let mut out = Vec::with_capacity(width * part.height as usize);
    for rows in coverage.windows(3 * stride).step_by(stride) {
        let [above, row, below] = [0, 1, 2].map(|index| &rows[index * stride..][..stride]);
        for x in 1..=width {
            let neighbours = [above[x], below[x], row[x - 1], row[x + 1]];
            let is_outline = tint.has_outline && is_hole(row[x]) && !neighbours.into_iter().all(is_hole);
            let alpha = if is_outline { 255 } else { u16::from(tint.hole_alpha) };
            out.push(white_with_alpha((u16::from(row[x]) * alpha / 255) as u8));
        }
    }
    out
}

fn white_with_alpha(alpha: u8) -> Color32 {
    Color32::from_rgba_premultiplied(alpha, alpha, alpha, alpha)
}

/// Writes the share of hole in each texel of a row, 0 to 255.
fn write_row_coverage(mask: &Mask, grid: TileGrid, row: u32, columns: &[u32], out: &mut [u8]) {
    let side = grid.texel_side_px();
    let step = (side / MAX_SAMPLED_ROWS).max(1);
    let rows = || (row * side..((row + 1) * side).min(mask.height())).step_by(step as usize);
    let all_columns = columns.first().map_or(0, |first| first * side)
        ..columns.last().map_or(0, |last| ((last + 1) * side).min(mask.width()));
    if !rows().any(|y| mask.row_has_hole(y, all_columns.clone())) {
        return;
    }
    for (out, &column) in out.iter_mut().zip(columns) {
        let columns = column * side..((column + 1) * side).min(mask.width());
        let hole_count: u32 = rows().map(|y| mask.row_hole_count(y, columns.clone())).sum();
        let count = rows().len() as u32 * (columns.end - columns.start);
        *out = (hole_count * u32::from(Mask::HOLE) / count.max(1)) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{MaskEdit, Stroke, StrokeKind};

    const PLAIN: MaskTint = MaskTint { hole_alpha: 100, has_outline: false };
    const OUTLINED: MaskTint = MaskTint { hole_alpha: 100, has_outline: true };

    fn dab(width: u32, height: u32, center: [f32; 2], radius_px: f32) -> Mask {
        let mut mask = Mask::empty(width, height);
        let stroke = Stroke { kind: StrokeKind::Paint, radius_px, points_in_photo: vec![center] };
        mask.apply(&MaskEdit::Stroke(stroke));
        mask.clone()
    }

    #[test]
    fn level_zero_texels_match_the_mask_pixels() {
        let mask = dab(40, 30, [20.0, 15.0], 6.0);
        let grid = TileGrid::new(40, 30, 0);
        let texels = mask_texels(&mask, grid, grid.bounds(), PLAIN);
        for (texel, pixel) in texels.iter().zip(mask.to_bytes()) {
            assert_eq!(texel.a(), if pixel == 0 { 0 } else { 100 });
        }
    }

    #[test]
    fn the_photos_edge_has_no_outline() {
        let mask = dab(40, 30, [0.0, 15.0], 6.0);
        let grid = TileGrid::new(40, 30, 0);
        let texels = mask_texels(&mask, grid, grid.bounds(), OUTLINED);
        let alpha = |x: usize, y: usize| texels[y * 40 + x].a();
        assert_eq!([alpha(0, 15), alpha(4, 15), alpha(5, 15), alpha(6, 15)], [100, 100, 255, 0]);
    }

    #[test]
    fn partial_texels_match_the_whole_level() {
        let mask = dab(90, 70, [31.0, 40.0], 11.0);
        for level in 0..3 {
            let grid = TileGrid::new(90, 70, level);
            let bounds = grid.bounds();
            let whole = mask_texels(&mask, grid, bounds, OUTLINED);
            let part = RectPx { x: 3, y: 5, width: 9, height: 7 };
            let partial = mask_texels(&mask, grid, part, OUTLINED);
            for (index, texel) in partial.iter().enumerate() {
                let (x, y) = (part.x as usize + index % 9, part.y as usize + index / 9);
                assert_eq!(*texel, whole[y * bounds.width as usize + x], "level {level} at {x}, {y}");
            }
        }
    }

    #[test]
    fn coarse_texels_hold_the_share_of_hole() {
        let mut mask = Mask::empty(5, 4);
        let corner = Stroke { kind: StrokeKind::Paint, radius_px: 0.6, points_in_photo: vec![[0.5, 0.5]] };
        mask.apply(&MaskEdit::Stroke(corner));
        let grid = TileGrid::new(5, 4, 1);
        let texels = mask_texels(&mask, grid, grid.bounds(), MaskTint { hole_alpha: 255, has_outline: false });
        assert_eq!(texels[0].a(), 63, "one pixel of four");
        assert!(texels[1..].iter().all(|texel| texel.a() == 0));
    }
}
