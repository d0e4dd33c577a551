//! The faces of an evaluation: aligned pictures, scaled to the model's size.

use std::path::PathBuf;
use std::sync::Arc;

use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgb, RgbImage};

use crate::dataset::FaceDataset;
use crate::geometry::FaceFrame;
use crate::metrics::PlanarImage;
use crate::photo::{self, DecodeLimits, Photo, PhotoError};

/// Where a face comes from.
#[derive(Clone, Debug)]
pub enum EvaluationFaceSource {
    /// A file with a square picture.
    File(PathBuf),
    /// A face of a dataset, by its index.
    Dataset(Arc<FaceDataset>, usize),
}

/// One aligned face.
#[derive(Clone, Debug)]
pub struct EvaluationFace {
    /// [Name of its source](EvaluationFaceSource::name).
    pub name: String,
    /// Index in the list of faces. Holes and search starts depend on it.
    pub index: usize,
    /// The true picture: square, 8 bits.
    pub pixels: RgbImage,
}

/// Why a picture cannot serve as a face.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationFaceError {
    #[error(transparent)]
    Photo(#[from] PhotoError),
    #[error("the picture is {width}×{height} pixels: use a square picture of an aligned face")]
    NotSquare { width: u32, height: u32 },
}

impl EvaluationFaceSource {
    /// The file name without its extension, or the index in the dataset as `face-00012`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Dataset(_, index) => format!("face-{index:05}"),
        }
    }

    fn pixels(&self) -> Result<RgbImage, PhotoError> {
        match self {
            Self::File(path) => Ok(photo::open(path, DecodeLimits::default())?.pixels.into_rgb8()),
            Self::Dataset(faces, index) => {
                let pixels = faces.picture(*index).as_chunks::<3>().0;
                let pixel = |x: u32, y: u32| Rgb(pixels[(y * faces.size_px() + x) as usize]);
                Ok(RgbImage::from_fn(faces.size_px(), faces.size_px(), pixel))
            }
        }
    }
}

impl EvaluationFace {
    /// Opens a square picture and scales it to the model's size, in 8 bits and without transparency. Scaling uses a
    /// Lanczos filter, as for the training pictures.
    ///
    /// # Errors
    /// When the picture cannot be opened or is not square.
    pub fn open(source: &EvaluationFaceSource, index: usize, crop_size_px: u32) -> Result<Self, EvaluationFaceError> {
        let pixels = source.pixels()?;
        let (width, height) = pixels.dimensions();
        if width != height {
            return Err(EvaluationFaceError::NotSquare { width, height });
        }
        let pixels = if width == crop_size_px {
            pixels
        } else {
            imageops::resize(&pixels, crop_size_px, crop_size_px, FilterType::Lanczos3)
        };
        Ok(Self { name: source.name(), index, pixels })
    }

    /// The face as a photo, with a face frame that covers all of it.
    #[must_use]
    pub fn to_photo(&self) -> (Photo, FaceFrame) {
        let frame = FaceFrame::centered(self.pixels.width(), self.pixels.height());
        (Photo::from_pixels(DynamicImage::ImageRgb8(self.pixels.clone())), frame)
    }
}

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
