//! All metrics of one fill.

use serde::{Deserialize, Serialize};

use super::{MetricRegion, PlanarImage, SsimMap, l1, psnr_db, seam_jump, sharpness};

/// Upper limit of PSNR in [`FillQuality`], so that a perfect fill has a finite value for means and JSON. A difference
/// of 1/255 in one of the 196,608 values of a 256×256 picture gives 101 dB.
pub const PSNR_CEILING_DB: f64 = 100.0;

/// Metrics of one fill against the true picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FillQuality {
    /// Peak signal-to-noise ratio in the hole, at most [`PSNR_CEILING_DB`].
    pub psnr_hole_db: f64,
    /// Mean of the SSIM map in the hole, −1 to 1.
    pub ssim_hole: f64,
    /// Mean absolute difference in the hole, 0 to 1.
    pub l1_hole: f64,
    /// Step across the hole's edge, relative to the true picture's: see [`seam_jump`].
    pub seam_jump: Option<f64>,
    /// Fine structure in the hole, relative to the true picture's: see [`sharpness`].
    pub sharpness: Option<f64>,
    /// Like `psnr_hole_db`, over the whole picture.
    pub psnr_whole_db: f64,
    /// SSIM of the whole picture.
    pub ssim_whole: f64,
    /// Like `l1_hole`, over the whole picture.
    pub l1_whole: f64,
}

impl FillQuality {
    /// Compares a filled picture with the true one. `hole` is `[height, width]`, true in the hole.
    ///
    /// # Panics
    /// When the pictures differ in size, or `hole` does not have one value per pixel.
    #[must_use]
    pub fn compare(truth: &PlanarImage, filled: &PlanarImage, hole: &[bool]) -> Self {
        let map = SsimMap::new(truth, filled);
        Self {
            psnr_hole_db: Self::psnr_hole_db(truth, filled, hole),
            ssim_hole: map.mean_in_hole(hole),
            l1_hole: l1(truth, filled, MetricRegion::Hole(hole)),
            seam_jump: seam_jump(truth, filled, hole),
            sharpness: sharpness(truth, filled, hole),
            psnr_whole_db: psnr_db(truth, filled, MetricRegion::Whole).min(PSNR_CEILING_DB),
            ssim_whole: map.mean(),
            l1_whole: l1(truth, filled, MetricRegion::Whole),
        }
    }

    /// Computes only `psnr_hole_db`, to find the best of several fills.
    ///
    /// # Panics
    /// When the pictures differ in size.
    #[must_use]
    pub fn psnr_hole_db(truth: &PlanarImage, filled: &PlanarImage, hole: &[bool]) -> f64 {
        psnr_db(truth, filled, MetricRegion::Hole(hole)).min(PSNR_CEILING_DB)
    }
}
