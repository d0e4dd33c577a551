//! The faces of an evaluation: aligned crops, or whole photos with the true frame of a face.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgb, RgbImage};

use crate::dataset::FaceDataset;
use crate::face::{DetectError, TEMPLATE_IN_UNIT, crop, detect, fit_frame, frames_of};
use crate::geometry::{FaceFrame, Point};
use crate::mask::Mask;
use crate::metrics::PlanarImage;
use crate::perceptual::Lpips;
use crate::photo::{self, DecodeLimits, Photo, PhotoError};

/// Where a face comes from.
#[derive(Clone, Debug)]
pub enum EvaluationFaceSource {
    /// A file with a square picture of an aligned face.
    File(PathBuf),
    /// A face of a dataset, by its index.
    Dataset(Arc<FaceDataset>, usize),
    /// A photo of any size. Its largest face counts.
    Photo(PathBuf),
}

/// One face: a crop, or a photo with its true frame.
#[derive(Clone, Debug)]
pub struct EvaluationFace {
    /// [Name of its source](EvaluationFaceSource::name).
    pub name: String,
    /// Index in the list of faces. Holes and search starts depend on it.
    pub index: usize,
    /// The true picture in 8 bits.
    pub pixels: RgbImage,
    /// The same picture, as the searches get it: grey if the file is grey.
    pub photo: Arc<Photo>,
    /// The true face frame. It covers all of a crop.
    pub frame: FaceFrame,
    /// The landmarks in the frame's unit square, in the detector's order. The template's for a crop.
    pub landmarks_in_unit: [Point; 5],
    /// Damage of the file that was repaired or skipped, for the user.
    pub warnings: Vec<String>,
}

/// Why a picture cannot serve as a face.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationFaceError {
    #[error(transparent)]
    Photo(#[from] PhotoError),
    #[error("the picture is {width}×{height} pixels: use a square picture of an aligned face")]
    NotSquare { width: u32, height: u32 },
    #[error("no face was found: use a photo of a face that looks at the camera")]
    NoFace,
    #[error(transparent)]
    Detect(#[from] DetectError),
}

impl EvaluationFaceSource {
    /// The file name without its extension, or the index in the dataset as `face-00012`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Photo(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Dataset(_, index) => format!("face-{index:05}"),
        }
    }
}

impl EvaluationFace {
    /// Opens a face. A crop is scaled to the model's size, with a Lanczos filter as for the training pictures. In a
    /// photo the largest face is found, with all of its pixels. Pictures are used in 8 bits and without transparency.
    ///
    /// # Errors
    /// When the picture cannot be opened, or a crop is not square, or a photo shows no face.
    pub fn open(source: &EvaluationFaceSource, index: usize, crop_size_px: u32) -> Result<Self, EvaluationFaceError> {
        let name = source.name();
        match source {
            EvaluationFaceSource::File(path) => {
                let Photo { pixels, warnings, .. } = photo::open(path, DecodeLimits::default())?;
                Ok(Self { warnings, ..Self::scaled_crop(&name, index, pixels.into_rgb8(), crop_size_px)? })
            }
            EvaluationFaceSource::Dataset(faces, face) => {
                let pixels = faces.picture(*face).as_chunks::<3>().0;
                let pixel = |x: u32, y: u32| Rgb(pixels[(y * faces.size_px() + x) as usize]);
                let pixels = RgbImage::from_fn(faces.size_px(), faces.size_px(), pixel);
                Self::scaled_crop(&name, index, pixels, crop_size_px)
            }
            EvaluationFaceSource::Photo(path) => Self::open_photo(&name, index, path),
        }
    }

    fn scaled_crop(name: &str, index: usize, pixels: RgbImage, crop_size_px: u32) -> Result<Self, EvaluationFaceError> {
        let (width, height) = pixels.dimensions();
        if width != height {
            return Err(EvaluationFaceError::NotSquare { width, height });
        }
        let pixels = if width == crop_size_px {
            pixels
        } else {
            imageops::resize(&pixels, crop_size_px, crop_size_px, FilterType::Lanczos3)
        };
        Ok(Self::of_crop(name, index, pixels))
    }

    /// A picture whose frame is the largest square in its middle: all of a crop.
    #[must_use]
    pub fn of_crop(name: &str, index: usize, pixels: RgbImage) -> Self {
        let frame = FaceFrame::centered(pixels.width(), pixels.height());
        let photo = Arc::new(Photo::from_pixels(DynamicImage::ImageRgb8(pixels.clone())));
        Self {
            name: name.into(),
            index,
            pixels,
            photo,
            frame,
            landmarks_in_unit: TEMPLATE_IN_UNIT,
            warnings: Vec::new(),
        }
    }

    fn open_photo(name: &str, index: usize, path: &Path) -> Result<Self, EvaluationFaceError> {
        let Photo { pixels: opened, warnings, .. } = photo::open(path, DecodeLimits::default())?;
        let pixels = opened.to_rgb8();
        let bits8 = if opened.color().has_color() {
            DynamicImage::ImageRgb8(pixels.clone())
        } else {
            DynamicImage::ImageLuma8(opened.into_luma8())
        };
        let photo = Photo::from_pixels(bits8);
        let mut faces = detect(&photo)?.into_iter();
        let face = faces.find(|face| fit_frame(&face.landmarks_in_photo).is_some());
        let face = face.ok_or(EvaluationFaceError::NoFace)?;
        let frames = frames_of(&photo, std::slice::from_ref(&face))?;
        let frame = *frames.first().ok_or(EvaluationFaceError::NoFace)?;
        let unit_from_photo = frame.photo_from_unit().inverse();
        let landmarks_in_unit = face.landmarks_in_photo.map(|point| unit_from_photo.apply(point));
        Ok(Self { name: name.into(), index, pixels, photo: Arc::new(photo), frame, landmarks_in_unit, warnings })
    }

    /// Whether the frame is all of the picture.
    #[must_use]
    pub(super) fn is_crop(&self) -> bool {
        let (width, height) = self.pixels.dimensions();
        width == height && self.frame == FaceFrame::centered(width, height)
    }

    /// The frame of a picture of this face for [`Lpips`]: planar RGB in [-1, 1], `[3, 256, 256]`. Parts of the frame
    /// outside the picture are grey.
    pub(super) fn perceptual_pixels(&self, picture: &RgbImage) -> Vec<f32> {
        let side = Lpips::SIDE_PX;
        let (width, height) = picture.dimensions();
        if self.is_crop() {
            let enlarged = imageops::resize(picture, side, side, FilterType::Triangle);
            let plane = |channel: usize| enlarged.pixels().map(move |pixel| f32::from(pixel[channel]) / 127.5 - 1.0);
            return (0..3).flat_map(plane).collect();
        }
        let photo = Photo::from_pixels(DynamicImage::ImageRgb8(picture.clone()));
        let crop = crop(&photo, &Mask::empty(width, height), &self.frame, side);
        crop.map_or_else(|_| vec![0.0; 3 * side as usize * side as usize], |crop| crop.pixels)
    }

    /// A picture of this face for the contact sheet: a little more than the frame, at most `max_side_px` wide.
    pub(super) fn sheet_picture(&self, picture: &RgbImage, max_side_px: u32) -> Option<RgbImage> {
        let frame = self.frame.grown(SHEET_MARGIN_SHARE);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
        let side = (frame.side_px.ceil() as u32).min(max_side_px);
        let photo = Photo::from_pixels(DynamicImage::ImageRgb8(picture.clone()));
        let crop = crop(&photo, &Mask::empty(picture.width(), picture.height()), &frame, side).ok()?;
        RgbImage::from_raw(side, side, crop.to_rgb8())
    }
}

/// Margin around the frame on the contact sheet, as a share of the frame's side.
const SHEET_MARGIN_SHARE: f32 = 0.1;

/// Converts a picture for the metrics.
pub(super) fn to_planar_image(pixels: &RgbImage) -> PlanarImage {
    PlanarImage::from_rgb8(pixels.width() as usize, pixels.as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{DatasetInfo, FaceDatasetWriter};
    use crate::fs::Overwrite;

    #[test]
    fn only_pictures_of_another_size_are_scaled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ann.v2.png");
        let pixels = RgbImage::from_fn(32, 32, |x, _| image::Rgb([if x < 16 { 200 } else { 40 }, 7, 90]));
        pixels.save(&path).unwrap();
        let source = EvaluationFaceSource::File(path);
        let face = EvaluationFace::open(&source, 3, 32).unwrap();
        assert_eq!((face.pixels, face.name.as_str(), face.index), (pixels, "ann.v2", 3));
        for size_px in [16, 64] {
            let face = EvaluationFace::open(&source, 0, size_px).unwrap();
            assert_eq!(face.pixels.dimensions(), (size_px, size_px));
            assert_eq!(face.pixels.get_pixel(1, 1).0, [200, 7, 90]);
            assert_eq!(face.pixels.get_pixel(size_px - 2, 1).0, [40, 7, 90]);
        }
    }

    #[test]
    fn pictures_that_are_not_square_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ann.png");
        RgbImage::new(20, 30).save(&path).unwrap();
        let error = EvaluationFace::open(&EvaluationFaceSource::File(path), 0, 16).unwrap_err();
        insta::assert_snapshot!(error, @"the picture is 20×30 pixels: use a square picture of an aligned face");
        let missing = EvaluationFaceSource::File(folder.path().join("bob.png"));
        assert!(matches!(EvaluationFace::open(&missing, 0, 16), Err(EvaluationFaceError::Photo(_))));
    }

    #[test]
    fn dataset_pictures_keep_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faces.safetensors");
        let mut writer = FaceDatasetWriter::create(&path, 8, DatasetInfo::default(), Overwrite::Refuse).unwrap();
        for grey in [10, 200] {
            writer.push(&[grey; 8 * 8 * 3]).unwrap();
        }
        writer.finish().unwrap();
        let faces = Arc::new(FaceDataset::open(&path).unwrap());
        for (index, grey) in [10, 200].into_iter().enumerate() {
            let face = EvaluationFace::open(&EvaluationFaceSource::Dataset(faces.clone(), index), index, 16).unwrap();
            assert_eq!((face.name, face.index), (format!("face-0000{index}"), index));
            assert!(face.pixels.dimensions() == (16, 16) && face.pixels.iter().all(|value| *value == grey));
        }
    }
}
