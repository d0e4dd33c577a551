//! The pixel grid of the crop in the photo: which photo pixels contribute to a crop pixel.

use std::ops::Range;

use super::FaceFrame;

/// Positions of crop pixels in the photo. Uses double precision, because single precision would shift exactly aligned
/// pixels in large photos.
///
/// The footprint of a crop pixel is the photo pixels whose [`weight`](Self::weight) along x times that along y is not
/// zero. Cropping reads exactly the footprint. A preset hole excludes exactly the footprints of known crop pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CropGrid {
    /// Cosine and sine of the rotation, times the scale.
    photo_from_crop: [f64; 2],
    /// Cosine and sine of the same rotation, divided by the scale. Used with the opposite sign of the sine.
    crop_from_photo: [f64; 2],
    origin_in_photo: [f64; 2],
    /// Half the width of a footprint, along each axis of the photo.
    footprint_radius_px: f64,
}

impl CropGrid {
    /// Smaller weights count as zero, so that rounding does not include a neighbour at a scale of 1.
    const MIN_WEIGHT: f64 = 1e-3;

    /// `None` for a frame that is not finite or has no area, or a crop without pixels.
    pub(crate) fn new(frame: &FaceFrame, crop_size_px: u32) -> Option<Self> {
        let [x, y] = frame.center_in_photo;
        let is_finite = [x, y, frame.side_px, frame.angle_radians].iter().all(|value| value.is_finite());
        if !is_finite || frame.side_px <= 0.0 || crop_size_px == 0 {
            return None;
        }
        let map = frame.photo_from_crop(crop_size_px);
        let scale = f64::from(frame.side_px) / f64::from(crop_size_px);
        let (sin, cos) = f64::from(map.angle_radians).sin_cos();
        let (along, across) = (scale * cos, scale * sin);
        let half = f64::from(crop_size_px) / 2.0;
        Some(Self {
            photo_from_crop: [along, across],
            crop_from_photo: [cos / scale, sin / scale],
            origin_in_photo: [f64::from(x) - half * (along - across), f64::from(y) - half * (along + across)],
            footprint_radius_px: scale.max(1.0) / 2.0 + 0.5,
        })
    }

    /// Maps a point from the crop to the photo.
    pub(crate) fn to_photo(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [along, across] = self.photo_from_crop;
        let [left, top] = self.origin_in_photo;
        [left + along * x - across * y, top + across * x + along * y]
    }

    /// Maps a point from the photo to the crop.
    pub(crate) fn to_crop(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [along, across] = self.crop_from_photo;
        let (x, y) = (x - self.origin_in_photo[0], y - self.origin_in_photo[1]);
        [along * x + across * y, along * y - across * x]
    }

    /// The centre of a crop pixel, in the photo.
    pub(crate) fn center_in_photo(self, column: u32, row: u32) -> [f64; 2] {
        self.to_photo([f64::from(column) + 0.5, f64::from(row) + 0.5])
    }

    /// The footprint along one axis of a crop pixel centred at `center`. It may leave the photo.
    #[expect(clippy::cast_possible_truncation, reason = "saturates far outside any photo")]
    pub(crate) fn footprint_along_axis(self, center: f64) -> Range<i64> {
        let radius = self.footprint_radius_px - Self::MIN_WEIGHT;
        let start = (center - radius - 0.5).floor() as i64;
        let end = (center + radius - 0.5).ceil() as i64;
        start.saturating_add(1)..end
    }

    /// The weight of a photo pixel along one axis, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "pixel positions are far below 2^52")]
    pub(crate) fn weight(self, center: f64, pixel: i64) -> f64 {
        (self.footprint_radius_px - (pixel as f64 + 0.5 - center).abs()).clamp(0.0, 1.0)
    }
}
