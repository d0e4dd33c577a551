//! All numbers about one fill.

use serde::Serialize;

use super::{Picture, Region, SsimMap, l1, psnr_db, seam_jump, sharpness};

/// What PSNR is taken to be when the fill is the truth, or so near that it would be higher: a finite number, for means
/// and JSON. One wrong step of 8 bits in one of 196,608 values, a 256×256 picture, comes to 101 dB.
pub const PSNR_CEILING_DB: f64 = 100.0;

/// How near one fill comes to the truth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Peak signal-to-noise ratio in the hole, at most [`PSNR_CEILING_DB`].
    pub psnr_hole_db: f64,
    /// Mean of the SSIM map in the hole, −1 to 1.
    pub ssim_hole: f64,
    /// Mean absolute difference in the hole, 0 to 1.
    pub l1_hole: f64,
    /// The step across the hole's edge as a multiple of the truth's: see [`seam_jump`].
    pub seam_jump: Option<f64>,
    /// Fine structure in the hole as a multiple of the truth's: see [`sharpness`].
    pub sharpness: Option<f64>,
    /// As `psnr_hole_db`, over the whole picture.
    pub psnr_whole_db: f64,
    /// SSIM of the whole picture.
    pub ssim_whole: f64,
    /// As `l1_hole`, over the whole picture.
    pub l1_whole: f64,
}

impl Quality {
    /// Compares a filled picture with the truth. `hole` is `[height, width]`, true in the hole.
    ///
    /// # Panics
    /// When the pictures differ in size, or `hole` has not one value a pixel.
    #[must_use]
    pub fn of(truth: &Picture, filled: &Picture, hole: &[bool]) -> Self {
        let map = SsimMap::new(truth, filled);
        Self {
            psnr_hole_db: Self::psnr_hole_db(truth, filled, hole),
            ssim_hole: map.mean_in(hole),
            l1_hole: l1(truth, filled, Region::Hole(hole)),
            seam_jump: seam_jump(truth, filled, hole),
            sharpness: sharpness(truth, filled, hole),
            psnr_whole_db: psnr_db(truth, filled, Region::Whole).min(PSNR_CEILING_DB),
            ssim_whole: map.mean(),
            l1_whole: l1(truth, filled, Region::Whole),
        }
    }

    /// The first of these numbers alone, for which of several fills is the best.
    ///
    /// # Panics
    /// When the pictures differ in size.
    #[must_use]
    pub fn psnr_hole_db(truth: &Picture, filled: &Picture, hole: &[bool]) -> f64 {
        psnr_db(truth, filled, Region::Hole(hole)).min(PSNR_CEILING_DB)
    }
}
