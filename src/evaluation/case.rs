//! One face with one hole: measures a filled picture against the true one.

use image::RgbImage;
use image::imageops;

use super::face::to_planar_image;
use super::{EvaluationFace, PerceptualScore};
use crate::geometry::RectPx;
use crate::mask::Mask;
use crate::metrics::{FillQuality, PlanarImage};
use crate::perceptual::{Lpips, PictureFeatures};

/// The true picture of a face, prepared for comparisons.
pub(super) struct FaceTruth {
    /// The compared part: the bounding rectangle of the true frame. It contains every hole, and is all of a crop.
    region: RectPx,
    picture: PlanarImage,
    /// `None` without a network.
    features: Option<PictureFeatures>,
}

impl FaceTruth {
    /// Prepares a face. With a network, also computes the features of its frame.
    pub(super) fn new(face: &EvaluationFace, lpips: Option<&Lpips>) -> Self {
        let region = face.frame.bounds_in_photo(face.pixels.width(), face.pixels.height());
        let features = lpips.map(|lpips| lpips.features(&face.perceptual_pixels(&face.pixels), Lpips::SIDE_PX));
        Self { region, picture: part_of(&face.pixels, region), features }
    }
}

/// One face with one hole.
pub(super) struct EvaluationCase<'a> {
    pub(super) face: &'a EvaluationFace,
    /// Id of the hole's kind.
    pub(super) mask: &'static str,
    pub(super) hole: Mask,
    /// The hole in the compared part, one value per pixel.
    in_hole: Vec<bool>,
    truth: &'a FaceTruth,
}

impl<'a> EvaluationCase<'a> {
    pub(super) fn new(face: &'a EvaluationFace, truth: &'a FaceTruth, mask: &'static str, hole: Mask) -> Self {
        let columns = truth.region.x..truth.region.right();
        let rows = truth.region.y..truth.region.bottom();
        let in_hole = rows.flat_map(|y| hole.row(y, columns.clone())).collect();
        Self { face, mask, hole, in_hole, truth }
    }

    /// The compared part of a picture of this face.
    pub(super) fn compared_part(&self, picture: &RgbImage) -> PlanarImage {
        part_of(picture, self.truth.region)
    }

    /// Compares a filled picture with the true one.
    pub(super) fn quality(&self, picture: &RgbImage) -> FillQuality {
        FillQuality::compare(&self.truth.picture, &self.compared_part(picture), &self.in_hole)
    }

    /// The PSNR in the hole of a [compared part](Self::compared_part).
    pub(super) fn psnr_hole_db(&self, part: &PlanarImage) -> f64 {
        FillQuality::psnr_hole_db(&self.truth.picture, part, &self.in_hole)
    }

    /// The mean difference in the hole between compared parts.
    pub(super) fn diversity(&self, parts: &[PlanarImage]) -> Option<f64> {
        crate::metrics::diversity(parts, &self.in_hole)
    }

    /// The perceptual distance of a filled picture; `None` without a network.
    pub(super) fn perceptual(&self, lpips: Option<&Lpips>, picture: &RgbImage) -> Option<PerceptualScore> {
        let (lpips, truth) = lpips.zip(self.truth.features.as_ref())?;
        let filled = lpips.features(&self.face.perceptual_pixels(picture), Lpips::SIDE_PX);
        Some(PerceptualScore::new(lpips.kind(), lpips.distance(truth, &filled)))
    }
}

fn part_of(picture: &RgbImage, region: RectPx) -> PlanarImage {
    to_planar_image(&imageops::crop_imm(picture, region.x, region.y, region.width, region.height).to_image())
}
