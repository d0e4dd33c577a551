//! The detail that the generator does not draw: texture and sharpness of the photo around the hole.
//!
//! The generator draws 64×64 or 128×128 pixels. Resampled into a face of 300 pixels or more, its picture is soft and has no grain,
//! and the patch shows by its texture alone. Three things are added, all taken from the known pixels around the hole:
//!
//! * **Texture.** What known skin has above the generator's resolution (the photo less its low-pass) is cut into patches
//!   from places without edges, and the hole is quilted with them: drawn at random, overlapping, with weights whose squares
//!   add up to one, so that variance, spectrum and correlation of the colours stay those of the source. (Patches keep pores
//!   and the traces of compression, which noise of the same spectrum would lose; and no transform is needed.)
//! * **Sharpness.** Edges of the generator's picture are drawn together as far as the known edges are sharper than the
//!   generator can draw them.
//! * **The other half.** Where the mirror image of what is hidden is known and the halves of the face are alike, all that is finer
//!   than a low-pass comes from there, in place of texture; but not where the generator draws something else (`trust`).
//!
//! What may surprise: all but that is worked out before the generator's picture is drawn, so that the texture stands still while
//! the search runs. The seed is the geometry: the same hole and frame in the same photo get the same bytes. There is
//! no texture in a preview that is smaller than the photo, which could not carry it.

mod known;
mod low_pass;
mod mirrored;
mod patches;
mod quilt;
mod sharpen;
mod survey;
mod trust;

use mirrored::Mirrored;
use patches::Patches;
use quilt::Quilt;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sharpen::Sharpening;
use survey::Survey;

use super::sample::{Picture, RowReader};
use crate::mask::Mask;
use crate::photo::{FaceFrame, Photo, RectPx};

/// Side of the picture whose pixels detail is measured by, for generators of any size: of what one of 128 pixels draws between
/// this side and its own, the photo's detail is nearer to the truth. (LPIPS ×1000 of three portraits with half of the mouth and
/// the chin hidden, one side, one eye: 62.7, 47.8, 12.2 with 64; 65.9, 52.2, 14.0 with 128.)
const GENERATOR_SIDE_PX: f32 = 64.0;

/// In frames with fewer photo pixels to a generator's pixel there is next to nothing above its resolution.
const MIN_SCALE: f32 = 1.25;

/// What one fill is given beyond the generator's picture.
pub(super) struct Detail {
    /// 0 to 1.
    strength: f32,
    quilt: Option<Quilt>,
    sharpening: Sharpening,
    mirrored: Option<Mirrored>,
}

impl Detail {
    /// Measures the known pixels around `target`, the rectangle to be filled, which lies in the photo and the mask.
    /// `None` when `percent` is 0, when the frame is hardly larger than the generator's picture, or when nothing is
    /// known nearby. Reads no photo pixel under the hole and no fully transparent one.
    pub(super) fn new(photo: &Photo, hole: &Mask, frame: &FaceFrame, target: RectPx, percent: u8) -> Option<Self> {
        let photo_px_per_pixel = frame.side_px / GENERATOR_SIDE_PX;
        if percent == 0 || photo_px_per_pixel < MIN_SCALE {
            return None;
        }
        let survey = Survey::new(photo, hole, frame, target)?;
        let sharpening = Sharpening::new(survey.sharpness(), photo_px_per_pixel);
        let mut rng = ChaCha8Rng::from_seed(seed(target, frame));
        let quilt = Patches::new(&survey, target, frame, &mut rng).map(|patches| Quilt::new(patches, target, &mut rng));
        let mirrored = Mirrored::new(photo, hole, frame, target);
        Some(Self { strength: f32::from(percent.min(100)) / 100.0, quilt, sharpening, mirrored })
    }

    /// The generator's picture (planar RGB in [-1, 1], `[3, size, size]`), sharpened and ready to be read.
    ///
    /// # Panics
    /// When `fill` has another length.
    pub(super) fn picture(&self, fill: &[f32], size_px: u32) -> Picture {
        self.sharpening.picture(fill, size_px, self.strength)
    }

    /// The low-pass of the generator's picture, and how far the other half of the face is to be trusted, ready for
    /// [`DetailRow::lay_on`]. `None` when there is nothing of the other half.
    ///
    /// # Panics
    /// When `fill` has another length.
    pub(super) fn smooth(&self, fill: &[f32], size_px: u32) -> Option<Picture> {
        self.mirrored.as_ref().map(|mirrored| mirrored.smooth(fill, size_px))
    }

    /// What belongs on a row of the target, from its top.
    pub(super) fn row(&self, row: u32) -> DetailRow {
        let quilted = self.quilt.as_ref().map(|quilt| quilt.row(row, self.strength)).unwrap_or_default();
        let mirrored = self
            .mirrored
            .iter()
            .flat_map(|mirrored| mirrored.row(row))
            .map(|[red, green, blue, share]| [red, green, blue, share * self.strength]);
        DetailRow { quilted, mirrored: mirrored.collect() }
    }
}

/// Detail for one row of the target.
#[derive(Debug, Default, PartialEq)]
pub(super) struct DetailRow {
    /// Red, green and blue in the fill's units. Empty when the known pixels have no texture.
    quilted: Vec<[f32; 4]>,
    /// The same of the other half, above a low-pass, and the share that it has in the fill. Empty when it gives nothing.
    mirrored: Vec<[f32; 4]>,
}

impl DetailRow {
    /// Adds to a pixel's colour what belongs on it; `smooth` reads the [smooth picture](Detail::smooth) in that row.
    #[inline]
    pub(super) fn lay_on(&self, column: usize, color: &mut [f32; 4], smooth: Option<&RowReader<'_>>) {
        let quilted = self.quilted.get(column).copied().unwrap_or_default();
        let mirrored = self.mirrored.get(column).filter(|mirrored| mirrored[3] > 0.0);
        let Some((mirrored, smooth)) = mirrored.zip(smooth) else {
            for (value, quilted) in color.iter_mut().zip(quilted) {
                *value += quilted;
            }
            return;
        };
        let smooth = smooth.at(column);
        let share = mirrored[3] * smooth[3].max(0.0);
        for lane in 0..3 {
            let (ours, theirs) = (color[lane] + quilted[lane], smooth[lane] + mirrored[lane]);
            color[lane] = ours + share * (theirs - ours);
        }
    }
}

/// The geometry, and nothing else: where the same is filled again, the texture is the same.
fn seed(target: RectPx, frame: &FaceFrame) -> [u8; 32] {
    let [x, y] = frame.center_in_photo;
    let placed = [x, y, frame.side_px, frame.angle_radians].map(f32::to_bits);
    let words = [target.x, target.y, target.width, target.height].into_iter().chain(placed);
    let mut seed = [0; 32];
    for (bytes, word) in seed.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    seed
}

#[cfg(test)]
mod tests;
