//! Metrics that compare a filled picture with the true one: PSNR, SSIM, L1, seam, sharpness, diversity.
//!
//! Plain arithmetic on slices, independent of the rest of the program. Pictures are [`Picture`]s. A hole has one `bool`
//! per pixel, true in the hole. PSNR, SSIM and L1 match scikit-image; a test checks that.
//!
//! Note: the PSNR of a perfect fill is infinite. [`psnr_db`] returns infinity, but [`Quality`] returns
//! [`PSNR_CEILING_DB`], because its numbers go into means and JSON.

mod difference;
mod diversity;
mod picture;
mod quality;
mod seam;
mod sharpness;
mod ssim;
mod summary;

pub use difference::{MetricRegion, l1, psnr_db};
pub use diversity::diversity;
pub use picture::PlanarImage;
pub use quality::{PSNR_CEILING_DB, FillQuality};
pub use seam::seam_jump;
pub use sharpness::sharpness;
pub use ssim::SsimMap;
pub use summary::MeanEstimate;

#[cfg(test)]
mod tests;
