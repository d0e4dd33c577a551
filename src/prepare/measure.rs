//! Measures and crops the faces of one photo.

use std::path::Path;

use image::{DynamicImage, RgbImage};
use serde::{Deserialize, Serialize};

use super::quality::{Fingerprint, MEASURED_SIDE_PX, sharpness, to_grey};
use crate::face::{self, DetectError, Detection, fit_frame, yaw};
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::{self, DecodeLimits, Photo, PhotoError};

/// A face with a larger share of its frame outside the photo is not cropped.
const MAX_SHARE_OUTSIDE: f32 = 0.5;
/// Sample points along each side of the frame for the share outside the photo.
const SAMPLES_PER_SIDE: u16 = 64;

/// Measurements of one face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MeasuredFace {
    /// Score of the detector, 0 to 1.
    pub score: f32,
    /// See [`yaw`].
    pub yaw: f32,
    /// Side of the frame in photo pixels.
    pub side_px: f32,
    /// Share of the frame outside the photo, 0 to 1.
    pub outside: f32,
    /// `None` for a face that cannot be cropped: mostly outside the photo, or only a few pixels wide.
    #[serde(rename = "look")]
    pub crop: Option<CropMeasures>,
}

/// Measurements of a face's crop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CropMeasures {
    /// See [`sharpness`]. Measured at 128 pixels.
    pub sharpness: f32,
    pub fingerprint: Fingerprint,
}

/// A measured photo.
#[derive(Default)]
pub(super) struct MeasuredPhoto {
    /// Every face with its crop, `[size, size, 3]` RGB, which is empty for a face that cannot be cropped. Largest first.
    pub faces: Vec<(MeasuredFace, Vec<u8>)>,
    /// Damage that was repaired or skipped, for the user.
    pub warnings: Vec<String>,
}

/// Why a photo cannot be measured.
#[derive(Debug, thiserror::Error)]
pub(super) enum MeasureError {
    #[error(transparent)]
    Photo(#[from] PhotoError),
    #[error(transparent)]
    Detect(#[from] DetectError),
}

/// Opens a photo and measures every face in it.
///
/// # Errors
/// When the photo cannot be opened, or the detector does not work.
pub(super) fn measure(path: &Path, size_px: u32) -> Result<MeasuredPhoto, MeasureError> {
    let Photo { pixels, warnings, .. } = photo::open(path, DecodeLimits::default())?;
    // Datasets and the detector use 8 bits.
    let photo = Photo::from_pixels(DynamicImage::ImageRgb8(pixels.into_rgb8()));
    let detections = face::detect_fast(&photo)?;
    let faces = detections.iter().filter_map(|detection| measure_face(&photo, detection, size_px)).collect();
    Ok(MeasuredPhoto { faces, warnings })
}

/// `None` if no face frame fits the landmarks.
fn measure_face(photo: &Photo, detection: &Detection, size_px: u32) -> Option<(MeasuredFace, Vec<u8>)> {
    let frame = fit_frame(&detection.landmarks_in_photo)?;
    let face = MeasuredFace {
        score: detection.score,
        yaw: yaw(&detection.landmarks_in_photo)?,
        side_px: frame.side_px,
        outside: share_outside(photo, &frame),
        crop: None,
    };
    let can_be_cropped = face.outside <= MAX_SHARE_OUTSIDE;
    let measured = if can_be_cropped { crop_and_measure(photo, &frame, size_px) } else { None };
    let (crop, pixels) = measured.unzip();
    Some((MeasuredFace { crop, ..face }, pixels.unwrap_or_default()))
}

/// Share of a frame that lies outside the photo.
#[expect(clippy::cast_precision_loss, reason = "sides of photos are far below 2^24")]
fn share_outside(photo: &Photo, frame: &FaceFrame) -> f32 {
    let map = frame.photo_from_unit();
    let (width, height) = (photo.width() as f32, photo.height() as f32);
    let position = |k: u16| (f32::from(k) + 0.5) / f32::from(SAMPLES_PER_SIDE);
    let points = (0..SAMPLES_PER_SIDE).flat_map(|i| (0..SAMPLES_PER_SIDE).map(move |j| [position(i), position(j)]));
    let outside = points.filter(|&point| {
        let [x, y] = map.apply(point);
        !((0.0..width).contains(&x) && (0.0..height).contains(&y))
    });
    outside.count() as f32 / f32::from(SAMPLES_PER_SIDE).powi(2)
}

/// Crops at the dataset's size, and measures a crop of [`MEASURED_SIDE_PX`]. Mirrors the photo beyond its border.
fn crop_and_measure(photo: &Photo, frame: &FaceFrame, size_px: u32) -> Option<(CropMeasures, Vec<u8>)> {
    let mirrored = MirroredPhoto::of(photo, frame, size_px.min(MEASURED_SIDE_PX));
    let (photo, frame) = mirrored.as_ref().map_or((photo, *frame), |mirrored| (&mirrored.photo, mirrored.frame));
    let no_hole = Mask::empty(photo.width(), photo.height());
    let crop = |size_px| face::crop(photo, &no_hole, &frame, size_px).ok();
    let measured_crop = crop(MEASURED_SIDE_PX)?;
    let grey = to_grey(MEASURED_SIDE_PX, &measured_crop.pixels);
    let crop_measures = CropMeasures { sharpness: sharpness(&grey), fingerprint: Fingerprint::of(&grey) };
    let dataset_crop = if size_px == MEASURED_SIDE_PX { measured_crop } else { crop(size_px)? };
    Some((crop_measures, dataset_crop.to_rgb8()))
}

/// The part of the photo under a frame that reaches outside, extended by mirroring the photo about its border pixels.
struct MirroredPhoto {
    photo: Photo,
    frame: FaceFrame,
}

impl MirroredPhoto {
    /// `None` when a crop of this size only reads pixels within the photo.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "frames that are half outside are not cropped, so they are not far larger than the photo"
    )]
    fn of(photo: &Photo, frame: &FaceFrame, crop_size_px: u32) -> Option<Self> {
        let corners = frame.corners_in_photo();
        // The footprint of a crop pixel, and two pixels for rounding.
        let margin = (frame.side_px / crop_size_px as f32).max(1.0).ceil() + 2.0;
        let range = |axis: usize| {
            let values = corners.map(|corner| corner[axis]);
            let low = values.into_iter().fold(f32::INFINITY, f32::min) - margin;
            let high = values.into_iter().fold(f32::NEG_INFINITY, f32::max) + margin;
            (low.floor() as i64, high.ceil() as i64)
        };
        let ((left, right), (top, bottom)) = (range(0), range(1));
        let (width, height) = (i64::from(photo.width()), i64::from(photo.height()));
        if left >= 0 && top >= 0 && right <= width && bottom <= height {
            return None;
        }
        let source = photo.pixels.as_rgb8()?;
        let length = |start: i64, end: i64| u32::try_from(end - start).ok();
        let pixels = RgbImage::from_fn(length(left, right)?, length(top, bottom)?, |x, y| {
            *source.get_pixel(mirror_index(left + i64::from(x), width), mirror_index(top + i64::from(y), height))
        });
        let [x, y] = frame.center_in_photo;
        let frame = FaceFrame { center_in_photo: [x - left as f32, y - top as f32], ..*frame };
        Some(Self { photo: Photo::from_pixels(DynamicImage::ImageRgb8(pixels)), frame })
    }
}

/// Maps any index into `0..length` by mirroring about the first and the last pixel, repeatedly if necessary.
fn mirror_index(index: i64, length: i64) -> u32 {
    let period = (2 * (length - 1)).max(1);
    let folded = index.rem_euclid(period);
    u32::try_from(folded.min(period - folded).min(length - 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use proptest::prelude::*;

    use super::*;

    fn photo(width: u32, height: u32) -> Photo {
        #[expect(clippy::cast_possible_truncation, reason = "wraps around on purpose")]
        let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7) as u8, (y * 11) as u8, (x + y) as u8]));
        Photo::from_pixels(DynamicImage::ImageRgb8(pixels))
    }

    #[test]
    fn mirroring_does_not_repeat_border_pixels() {
        let row: Vec<u32> = (-4..8).map(|at| mirror_index(at, 4)).collect();
        assert_eq!(row, [2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!([mirror_index(-3, 1), mirror_index(0, 1), mirror_index(9, 1)], [0; 3]);
    }

    proptest! {
        #[test]
        fn mirrored_crop_equals_the_photo_inside_it(
            x in 20.0f32..40.0, y in 20.0f32..30.0, side_px in 17.0f32..60.0, angle_radians in -0.6f32..0.6,
        ) {
            let photo = photo(60, 50);
            let frame = FaceFrame { center_in_photo: [x, y], side_px, angle_radians };
            let hole = Mask::empty(60, 50);
            let plain = face::crop(&photo, &hole, &frame, 16).unwrap();
            let (_, pixels) = crop_and_measure(&photo, &frame, 16).unwrap();
            for (index, expected) in plain.to_rgb8().chunks(3).enumerate() {
                // A different origin changes the rounding, by at most 1 of 255 per channel.
                if plain.known[index] > 0.0 {
                    let actual = &pixels[3 * index..3 * index + 3];
                    let is_close = expected.iter().zip(actual).all(|(a, b)| a.abs_diff(*b) <= 1);
                    prop_assert!(is_close, "{expected:?} {actual:?}");
                }
            }
        }
    }

    #[test]
    fn outside_pixels_are_mirrored() {
        // At a scale of 1: the frame starts four pixels left of the photo.
        let frame = FaceFrame { center_in_photo: [12.0, 20.0], side_px: 32.0, angle_radians: 0.0 };
        let (_, pixels) = crop_and_measure(&photo(60, 50), &frame, 32).unwrap();
        let red = |x: usize, y: usize| pixels[(y * 32 + x) * 3];
        assert_eq!([red(0, 9), red(3, 9), red(4, 9), red(8, 9)], [28, 7, 0, 28]);
        assert!((share_outside(&photo(60, 50), &frame) - 0.125).abs() < 1e-6);
    }

    #[test]
    fn faces_of_a_real_photo_are_measured() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/grace_hopper.jpg");
        let faces = measure(&path, 64).unwrap().faces;
        let [(face, pixels)] = faces.as_slice() else { panic!("{} faces", faces.len()) };
        assert!(face.score > 0.8 && face.yaw.abs() < 0.26 && face.outside < 0.05, "{face:?}");
        assert!(face.crop.as_ref().unwrap().sharpness > 35.0, "{face:?}");
        assert_eq!(pixels.len(), 64 * 64 * 3);
    }

    #[test]
    fn file_without_a_picture_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"no picture").unwrap();
        assert!(matches!(measure(file.path(), 64), Err(MeasureError::Photo(PhotoError::OtherKind(_)))));
    }
}
