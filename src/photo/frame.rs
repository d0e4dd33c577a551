//! The face frame: the coordinate space of one face in the photo.

use serde::{Deserialize, Serialize};

use super::space::{Point, RectPx, Similarity};

/// A square over the photo: the part that the network sees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceFrame {
    /// Its middle, in photo pixels.
    pub center_in_photo: Point,
    /// Its side, in photo pixels.
    pub side_px: f32,
    /// Clockwise turn about its middle.
    pub angle_radians: f32,
}

impl FaceFrame {
    /// The smallest side a frame may have: below this a face has no features left to agree with.
    pub const MIN_SIDE_PX: f32 = 16.0;

    /// The largest centred square of a photo; the whole picture if that is square.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "photo sides are far below 2^24")]
    pub fn centered(width: u32, height: u32) -> Self {
        Self {
            center_in_photo: [width as f32 / 2.0, height as f32 / 2.0],
            side_px: width.min(height) as f32,
            angle_radians: 0.0,
        }
    }

    /// Takes points of the unit square (`[0, 1]²`, the frame) to photo pixels.
    #[must_use]
    pub fn photo_from_unit(&self) -> Similarity {
        let turned = Similarity { scale: self.side_px, angle_radians: self.angle_radians, translation: [0.0, 0.0] };
        let [x, y] = turned.apply([0.5, 0.5]);
        let [cx, cy] = self.center_in_photo;
        Similarity { translation: [cx - x, cy - y], ..turned }
    }

    /// Takes pixels of the crop of side `crop_size_px` to photo pixels.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "crops are at most some hundred pixels wide")]
    pub fn photo_from_crop(&self, crop_size_px: u32) -> Similarity {
        let unit = self.photo_from_unit();
        Similarity { scale: unit.scale / crop_size_px as f32, ..unit }
    }

    /// Its corners in photo pixels: top left, top right, bottom right, bottom left (before turning).
    #[must_use]
    pub fn corners_in_photo(&self) -> [Point; 4] {
        let map = self.photo_from_unit();
        [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(|corner| map.apply(corner))
    }

    /// A rectangle of a photo of this size that holds every pixel with its centre in the frame; empty for a
    /// frame that is not finite.
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
            // One pixel to spare for rounding.
            let clip = |value: f32| f64::from(value).clamp(0.0, f64::from(size)) as u32;
            (clip(low.floor() - 1.0), clip(high.ceil() + 1.0))
        };
        let ((left, right), (top, bottom)) = (along(0, width), along(1, height));
        RectPx { x: left, y: top, width: right - left, height: bottom - top }
    }

    /// Whether a point of the photo lies inside.
    #[must_use]
    pub fn contains(&self, point_in_photo: Point) -> bool {
        let [x, y] = self.photo_from_unit().inverse().apply(point_in_photo);
        (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y)
    }
}
