//! The crop's pixels laid over the photo's: which photo pixels make up a crop pixel.

use std::ops::Range;

use super::FaceFrame;

/// Crop pixels in the photo, in double precision: in a large photo single precision would shift pixels that line up exactly.
///
/// A crop pixel is made of the photo pixels whose [`weight`](Self::weight) along x times that along y is not zero: its
/// footprint. Cropping reads exactly these; a ready-made hole spares exactly these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CropGrid {
    /// Cosine and sine of the turn, times the scale.
    photo_from_crop: [f64; 2],
    /// The same for the way back, before its turn is reversed.
    crop_from_photo: [f64; 2],
    origin_in_photo: [f64; 2],
    /// How far from a crop pixel's centre the weights reach, along each axis of the photo.
    reach_px: f64,
}

impl CropGrid {
    /// Weights up to this count as none: at one to one, rounding must not draw in a neighbour.
    const MIN_WEIGHT: f64 = 1e-3;

    /// `None` for a frame that is no square, or a crop without pixels.
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
        let origin = [f64::from(x) - half * (along - across), f64::from(y) - half * (along + across)];
        Some(Self {
            photo_from_crop: [along, across],
            crop_from_photo: [cos / scale, sin / scale],
            origin_in_photo: origin,
            reach_px: scale.max(1.0) / 2.0 + 0.5,
        })
    }

    /// Takes a point of the crop to the photo.
    pub(crate) fn to_photo(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [along, across] = self.photo_from_crop;
        let [left, top] = self.origin_in_photo;
        [left + along * x - across * y, top + across * x + along * y]
    }

    /// Takes a point of the photo to the crop.
    pub(crate) fn to_crop(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [along, across] = self.crop_from_photo;
        let (x, y) = (x - self.origin_in_photo[0], y - self.origin_in_photo[1]);
        [along * x + across * y, along * y - across * x]
    }

    /// The centre of a crop pixel, in the photo.
    pub(crate) fn center_in_photo(self, column: u32, row: u32) -> [f64; 2] {
        self.to_photo([f64::from(column) + 0.5, f64::from(row) + 0.5])
    }

    /// The photo pixels along one axis that have a weight for a crop pixel centred at `center`; may lie outside the photo.
    #[expect(clippy::cast_possible_truncation, reason = "saturates far outside of any photo")]
    pub(crate) fn span(self, center: f64) -> Range<i64> {
        let reach = self.reach_px - Self::MIN_WEIGHT;
        let start = (center - reach - 0.5).floor() as i64;
        let end = (center + reach - 0.5).ceil() as i64;
        start.saturating_add(1)..end
    }

    /// The weight of a photo pixel along one axis, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "pixel positions are far below 2^52")]
    pub(crate) fn weight(self, center: f64, pixel: i64) -> f64 {
        (self.reach_px - (pixel as f64 + 0.5 - center).abs()).clamp(0.0, 1.0)
    }
}
