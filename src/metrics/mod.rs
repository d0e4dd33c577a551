//! How near a filled picture comes to the truth, in the hole and on the whole.
//!
//! Plain arithmetic on slices, without any other part of the program: pictures are [`Picture`]s, holes are one `bool` a
//! pixel, true in the hole. The numbers are those of scikit-image, which tests hold them to.
//!
//! What would surprise: a fill that is the truth itself has no finite PSNR. [`psnr_db`] answers infinity then, and
//! [`Quality`], whose numbers go into means and into JSON, [`PSNR_CEILING_DB`].

mod difference;
mod diversity;
mod picture;
mod quality;
mod seam;
mod sharpness;
mod ssim;
mod summary;

pub use difference::{Region, l1, psnr_db};
pub use diversity::diversity;
pub use picture::Picture;
pub use quality::{PSNR_CEILING_DB, Quality};
pub use seam::seam_jump;
pub use sharpness::sharpness;
pub use ssim::SsimMap;
pub use summary::Summary;

#[cfg(test)]
mod tests;
