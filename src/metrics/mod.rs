//! Metrics that compare a filled picture with the true one: PSNR, SSIM, L1, seam, sharpness, diversity.
//!
//! Plain arithmetic on slices, independent of the rest of the program. Pictures are [`PlanarImage`]s. A hole has one
//! `bool` per pixel, true in the hole. A test checks PSNR, SSIM and L1 against scikit-image and numpy.
//!
//! Note: the PSNR of a perfect fill is infinite. [`psnr_db`] returns infinity, but [`FillQuality`] returns
//! [`PSNR_CEILING_DB`], because its numbers go into means and JSON.

mod diversity;
mod fill_quality;
mod mean_estimate;
mod pixel_error;
mod planar_image;
mod rank_correlation;
mod seam;
mod sharpness;
mod ssim;

pub use diversity::diversity;
pub use fill_quality::FillQuality;
#[cfg(test)]
pub(crate) use fill_quality::PSNR_CEILING_DB;
pub use mean_estimate::{MeanEstimate, median};
pub use pixel_error::{MetricRegion, l1, psnr_db};
pub use planar_image::PlanarImage;
pub use rank_correlation::rank_correlation;
pub use seam::seam_jump;
pub use sharpness::sharpness;
pub use ssim::SsimMap;

#[cfg(test)]
mod tests;
