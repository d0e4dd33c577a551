//! Draws a map over a photo, at the photo's size.

use image::{Rgba, RgbaImage};

use super::{FaceMap, MapColors};
use crate::geometry::{CropGrid, FaceFrame};
use crate::mask::Mask;

/// Draws a map over the pixels of a photo: over the hole or over the known pixels, as its kind says. The map is
/// interpolated; its borders are those of the hole.
#[expect(clippy::cast_possible_truncation, reason = "coordinates in a crop of some hundred pixels")]
pub fn paint_map(picture: &mut RgbaImage, hole: &Mask, frame: &FaceFrame, map: &FaceMap) {
    let colors = map.colors();
    let Ok(side_px) = u32::try_from(map.side_px) else { return };
    let Some(grid) = CropGrid::new(frame, side_px) else { return };
    let (width, height) = picture.dimensions();
    let bounds = frame.bounds_in_photo(width, height);
    for y in bounds.y..bounds.bottom() {
        for x in frame.columns_in_photo(y, width) {
            if hole.is_hole(x, y) != map.kind.is_of_hole() || hole.is_ignored(x, y) {
                continue;
            }
            let at = grid.to_crop([f64::from(x) + 0.5, f64::from(y) + 0.5]).map(|position| position as f32);
            if let Some([red, green, blue, opacity]) = colors.sample(at)
                && let Some(pixel) = picture.get_pixel_mut_checked(x, y)
            {
                let Rgba(old) = *pixel;
                let blend = |old: u8, new: f32| (f32::from(old) + (new - f32::from(old)) * opacity).round();
                let mixed = [blend(old[0], red), blend(old[1], green), blend(old[2], blue)];
                let [red, green, blue] = mixed.map(to_byte);
                *pixel = Rgba([red, green, blue, old[3].max(to_byte(255.0 * opacity))]);
            }
        }
    }
}

impl MapColors {
    /// The interpolated colour at a position in crop pixels: red, green and blue from 0 to 255, and the opacity from 0 to
    /// 1. Transparent pixels do not count. `None` where all around are transparent.
    #[expect(clippy::cast_precision_loss, reason = "crops are at most some hundred pixels wide")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the crop first")]
    fn sample(&self, [x, y]: [f32; 2]) -> Option<[f32; 4]> {
        let last = self.side_px.checked_sub(1)?;
        let axis = |position: f32| {
            let position = (position - 0.5).clamp(0.0, last as f32);
            let first = (position as usize).min(last);
            let share = position - first as f32;
            [(first, 1.0 - share), ((first + 1).min(last), share)]
        };
        let (mut sums, mut total) = ([0.0; 4], 0.0);
        for (row, row_weight) in axis(y) {
            for (column, column_weight) in axis(x) {
                let weight = row_weight * column_weight;
                let color = self.pixels.get(row * self.side_px + column)?;
                if color[3] > 0 {
                    total += weight;
                    for (sum, channel) in sums.iter_mut().zip(color) {
                        *sum += weight * f32::from(*channel);
                    }
                }
            }
        }
        let [red, green, blue, opacity] = sums.map(|sum| sum / total);
        (total > 0.0).then_some([red, green, blue, opacity / 255.0])
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn to_byte(value: f32) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::face_maps::MapKind;
    use crate::mask::StrokeKind;

    const FRAME: FaceFrame = FaceFrame { center_in_photo: [20.0, 20.0], side_px: 16.0, angle_radians: 0.3 };

    fn hole() -> Mask {
        let mut hole = Mask::empty(40, 40);
        hole.draw_segment([20.0, 20.0], [21.0, 20.0], 4.0, StrokeKind::Paint);
        hole.draw_segment([14.0, 14.0], [14.0, 16.0], 1.5, StrokeKind::Ignore);
        hole
    }

    #[test]
    fn only_its_own_pixels_in_the_frame_change() {
        let grey = Rgba([128, 128, 128, 255]);
        for kind in [MapKind::PriorGradient, MapKind::Residual] {
            let mut picture = RgbaImage::from_pixel(40, 40, grey);
            let map = FaceMap::new(kind, 8, vec![64.0; 64], vec![true; 64]);
            paint_map(&mut picture, &hole(), &FRAME, &map);
            let mut changed = 0;
            for (x, y, pixel) in picture.enumerate_pixels() {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let is_in_frame = FRAME.contains([x as f32 + 0.5, y as f32 + 0.5]);
                let is_own = hole().is_hole(x, y) == kind.is_of_hole() && !hole().is_ignored(x, y);
                assert_eq!(*pixel != grey, is_in_frame && is_own, "{kind:?} at {x}, {y}");
                changed += u32::from(*pixel != grey);
            }
            assert!(changed > 20, "{kind:?}: {changed}");
        }
    }

    #[test]
    fn hidden_map_pixels_do_not_darken_their_neighbours() {
        let pixels = vec![[200, 100, 50, 204], [0; 4], [0; 4], [0; 4]];
        let colors = MapColors { side_px: 2, pixels };
        assert_eq!(colors.sample([0.8, 0.8]), Some([200.0, 100.0, 50.0, 0.8]));
        assert_eq!(colors.sample([1.5, 1.5]), None);
    }
}
