//! The face frame: the coordinate space of one face in the photo.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{CropGrid, Point, RectPx, Similarity};

/// A face frame in reports, as `--frame` of `fill` takes it: the centre's x and y and the side in photo pixels, and
/// clockwise degrees. These are in double precision, so that reading them gives the same angle.
pub type FrameNumbers = (f32, f32, f32, f64);

/// A square in the photo: the part that the network sees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceFrame {
    /// Centre, in photo pixels.
    pub center_in_photo: Point,
    /// Side, in photo pixels.
    pub side_px: f32,
    /// Clockwise rotation about the centre.
    pub angle_radians: f32,
}

impl FaceFrame {
    /// Smallest side of a frame. A smaller face has no features to match.
    pub const MIN_SIDE_PX: f32 = 16.0;

    /// The largest centred square of a photo: all of it if it is square.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "photo sides are far below 2^24")]
    pub fn centered(width: u32, height: u32) -> Self {
        Self {
            center_in_photo: [width as f32 / 2.0, height as f32 / 2.0],
            side_px: width.min(height) as f32,
            angle_radians: 0.0,
        }
    }

    /// Maps points of the unit square (`[0, 1]²`, the frame) to photo pixels.
    #[must_use]
    pub fn photo_from_unit(&self) -> Similarity {
        let rotated = Similarity { scale: self.side_px, angle_radians: self.angle_radians, translation: [0.0, 0.0] };
        let [x, y] = rotated.apply([0.5, 0.5]);
        let [center_x, center_y] = self.center_in_photo;
        Similarity { translation: [center_x - x, center_y - y], ..rotated }
    }

    /// Maps pixels of the crop of side `crop_size_px` to photo pixels.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "crops are at most some hundred pixels wide")]
    pub fn photo_from_crop(&self, crop_size_px: u32) -> Similarity {
        let unit = self.photo_from_unit();
        Similarity { scale: unit.scale / crop_size_px as f32, ..unit }
    }

    /// Corners in photo pixels: top left, top right, bottom right, bottom left (before the rotation).
    #[must_use]
    pub fn corners_in_photo(&self) -> [Point; 4] {
        let map = self.photo_from_unit();
        [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(|corner| map.apply(corner))
    }

    /// A rectangle of a photo of this size that contains every pixel with its centre in the frame. Empty if the frame
    /// is not finite.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the photo first")]
    pub fn bounds_in_photo(&self, width: u32, height: u32) -> RectPx {
        let corners = self.corners_in_photo();
        if !corners.iter().flatten().all(|value| value.is_finite()) {
            return RectPx::default();
        }
        let along = |axis: usize, size: u32| {
            let low = corners.iter().map(|corner| corner[axis]).fold(f32::INFINITY, f32::min);
            let high = corners.iter().map(|corner| corner[axis]).fold(f32::NEG_INFINITY, f32::max);
            // One pixel of margin for rounding.
            let clip = |value: f32| f64::from(value).clamp(0.0, f64::from(size)) as u32;
            clip(low.floor() - 1.0)..clip(high.ceil() + 1.0)
        };
        RectPx::from_ranges(along(0, width), along(1, height))
    }

    /// Pixels in row `y` of a photo of this width with their centre in the frame. Empty for a frame that is not finite.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the photo first")]
    pub fn columns_in_photo(&self, y: u32, width: u32) -> Range<u32> {
        let Some(unit) = CropGrid::new(self, 1) else { return 0..0 };
        let unit_point = |x: f64| unit.to_crop([x, f64::from(y) + 0.5]);
        let (start, next) = (unit_point(0.5), unit_point(1.5));
        let step = [next[0] - start[0], next[1] - start[1]];
        let (mut low, mut high) = (0.0, f64::from(width));
        for axis in 0..2 {
            let edges = [0.0, 1.0].map(|edge| (edge - start[axis]) / step[axis]);
            if step[axis].abs() > 1e-12 {
                low = edges[0].min(edges[1]).ceil().max(low);
                high = (edges[0].max(edges[1]).floor() + 1.0).min(high);
            } else if !(0.0..1.0).contains(&start[axis]) {
                return 0..0;
            }
        }
        // False for NaN too.
        if low < high { low as u32..high as u32 } else { 0..0 }
    }

    /// The frame enlarged on each side by `share` of its side length.
    #[must_use]
    pub fn grown(&self, share: f32) -> Self {
        Self { side_px: self.side_px * (1.0 + 2.0 * share), ..*self }
    }

    /// The same frame in a photo that is `factor` times as large.
    #[must_use]
    pub fn scaled(&self, factor: f32) -> Self {
        let center_in_photo = self.center_in_photo.map(|coordinate| coordinate * factor);
        Self { center_in_photo, side_px: self.side_px * factor, ..*self }
    }

    /// The frame in numbers for reports.
    #[must_use]
    pub fn numbers(&self) -> FrameNumbers {
        let [x, y] = self.center_in_photo;
        (x, y, self.side_px, f64::from(self.angle_radians).to_degrees())
    }

    /// Whether both frames are of the same face, even if placed a little differently: the centres are within a quarter
    /// of this frame's side, and the sides within a factor of 1.5.
    #[must_use]
    pub fn is_of_same_face(&self, other: &Self) -> bool {
        let [dx, dy] = [0, 1].map(|axis| self.center_in_photo[axis] - other.center_in_photo[axis]);
        let ratio = other.side_px / self.side_px;
        dx.hypot(dy) <= 0.25 * self.side_px && (1.0 / 1.5..=1.5).contains(&ratio)
    }

    /// Whether a point of the photo lies in the frame.
    #[must_use]
    pub fn contains(&self, point_in_photo: Point) -> bool {
        let [x, y] = self.photo_from_unit().inverse().apply(point_in_photo);
        (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn columns_are_pixels_with_centre_inside(
            center_in_photo in [-20.0f32..80.0, -20.0f32..60.0],
            side_px in 10.0f32..90.0,
            angle_radians in prop_oneof![Just(0.0f32), -3.2f32..3.2],
            y in 0u32..40,
        ) {
            let frame = FaceFrame { center_in_photo, side_px, angle_radians };
            let columns = frame.columns_in_photo(y, 60);
            let contains = |larger_by_px: f32, x: u32| {
                let frame = FaceFrame { side_px: side_px + larger_by_px, ..frame };
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                frame.contains([x as f32 + 0.5, y as f32 + 0.5])
            };
            for x in 0..60 {
                // Centres on the border may fall on either side by rounding.
                prop_assert!(contains(0.01, x) || !columns.contains(&x));
                prop_assert!(!contains(-0.01, x) || columns.contains(&x));
            }
        }
    }

    #[test]
    fn nearby_frames_are_of_the_same_face() {
        let frame = FaceFrame { center_in_photo: [50.0, 40.0], side_px: 20.0, angle_radians: 0.0 };
        let is_same = |x: f32, side_px: f32| {
            frame.is_of_same_face(&FaceFrame { center_in_photo: [x, 41.0], side_px, angle_radians: 0.3 })
        };
        assert!(is_same(54.0, 20.0) && is_same(50.0, 29.0) && is_same(50.0, 14.0));
        assert!(!is_same(56.0, 20.0) && !is_same(50.0, 31.0) && !is_same(50.0, 13.0));
    }

    #[test]
    fn nan_frame_has_no_columns() {
        let frame = FaceFrame { center_in_photo: [5.0, 5.0], side_px: f32::NAN, angle_radians: 0.0 };
        assert!(frame.columns_in_photo(3, 10).is_empty());
    }
}
