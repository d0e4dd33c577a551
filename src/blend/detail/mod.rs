//! Detail that the generator does not draw: texture and sharpness of the photo around the hole.
//!
//! The generator draws 64×64 or 128×128 pixels. Resampled into a face of 300 pixels or more, its image is soft and has
//! no grain, and the patch stands out. Three things are added, all taken from the known pixels around the hole:
//!
//! * **Texture.** The high-pass of known skin (the photo minus its low-pass) is cut into patches where there are no
//!   edges. The hole is quilted with patches drawn at random. They overlap with weights whose squares add up to one,
//!   which preserves the variance, the spectrum and the correlation of the colours. (Patches keep pores and compression
//!   artefacts. Noise of the same spectrum would lose them, and would need a Fourier transform.)
//! * **Sharpness.** Edges of the generated image are made narrower, as far as the known edges are sharper than the
//!   generator can draw them.
//! * **Mirrored detail.** Where the mirror image of a hidden pixel is known and the halves of the face are alike, the
//!   high-pass comes from there instead of from texture. It is left out where the generator draws something else
//!   (`confidence`).
//!
//! All but the confidence is computed before the generator runs, so that the texture stays fixed while the search runs.
//! The random seed comes from the geometry: the same hole and frame in the same photo give the same bytes. A preview
//! that is smaller than the photo gets no detail, because it cannot show it.

mod confidence;
mod low_pass;
mod mirrored_detail;
mod quilt;
mod sharpen;
mod surroundings;
mod texture_patches;

use mirrored_detail::MirroredDetail;
use quilt::TextureQuilt;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sharpen::Sharpener;
use surroundings::HoleSurroundings;
use texture_patches::TexturePatches;

use super::distance_transform::distance_transform;
use super::sampled_image::{RowReader, SampledImage};
use crate::face_picture::FacePicture;
use crate::geometry::{FaceFrame, RectPx};
use crate::mask::Mask;
use crate::photo::Photo;

/// Detail is measured relative to a generated image of this side, whatever the generator's size. For a generator of 128
/// pixels, the photo's detail between 64 and 128 pixels is closer to the truth than the generator's (by LPIPS).
const REFERENCE_SIDE_PX: f32 = 64.0;

/// With fewer photo pixels per reference pixel, the photo has almost no detail above the generator's resolution.
const MIN_PHOTO_PX_PER_PIXEL: f32 = 1.25;

/// Holes that are nowhere deeper than this, in reference pixels, are thin: scratches and cracks. The known pixels on
/// both sides determine them, so detail from elsewhere takes them further from the truth.
const MAX_THIN_DEPTH: f32 = 1.5;

/// The depth of a hole is measured at this many points per reference pixel.
const DEPTH_POINTS_PER_PIXEL: f32 = 4.0;

/// The detail added to each fill.
pub(super) struct FillDetail {
    /// 0 to 1.
    strength: f32,
    quilt: Option<TextureQuilt>,
    sharpener: Sharpener,
    mirrored_detail: Option<MirroredDetail>,
}

impl FillDetail {
    /// Measures the known pixels around `target`, the rectangle to fill, which lies in the photo and the mask. `None`
    /// when `percent` is 0, when the frame is hardly larger than the generated image, when the hole is thin, or when no
    /// tile fits around the target. Reads no photo pixel that is hole, ignored or fully transparent.
    pub(super) fn new(photo: &Photo, hole: &Mask, frame: &FaceFrame, target: RectPx, percent: u8) -> Option<Self> {
        let photo_px_per_pixel = frame.side_px / REFERENCE_SIDE_PX;
        if percent == 0 || photo_px_per_pixel < MIN_PHOTO_PX_PER_PIXEL || is_thin(hole, target, photo_px_per_pixel) {
            return None;
        }
        let surroundings = HoleSurroundings::new(photo, hole, frame, target)?;
        let sharpener = Sharpener::new(surroundings.sharpness(), photo_px_per_pixel);
        let mut rng = ChaCha8Rng::from_seed(geometry_seed(target, frame));
        let quilt = TexturePatches::new(&surroundings, target, frame, &mut rng)
            .map(|patches| TextureQuilt::new(patches, target, &mut rng));
        let mirrored_detail = MirroredDetail::new(photo, hole, frame, target);
        Some(Self { strength: f32::from(percent.min(100)) / 100.0, quilt, sharpener, mirrored_detail })
    }

    /// The generated picture, sharpened and ready for sampling.
    pub(super) fn sharpened(&self, fill: &FacePicture) -> SampledImage {
        self.sharpener.sharpened(fill, self.strength)
    }

    /// The low-pass of the generated image, with the confidence in the mirrored detail in the fourth lane, for
    /// [`DetailRow::add_to`]. `None` when there is no mirrored detail.
    pub(super) fn low_pass(&self, fill: &FacePicture) -> Option<SampledImage> {
        self.mirrored_detail.as_ref().map(|mirrored| mirrored.low_pass(fill))
    }

    /// The detail of a row of the target, counted from its top.
    pub(super) fn row(&self, row: u32) -> DetailRow {
        let texture = self.quilt.as_ref().map(|quilt| quilt.row(row, self.strength)).unwrap_or_default();
        let mirrored = self.mirrored_detail.iter().flat_map(|mirrored| mirrored.row(row));
        let weighted = mirrored.map(|[red, green, blue, share]| [red, green, blue, share * self.strength]);
        DetailRow { texture, mirrored: weighted.collect() }
    }
}

/// The detail of one row of the target.
#[derive(Debug, Default, PartialEq)]
pub(super) struct DetailRow {
    /// Texture: red, green and blue in the fill's units. Empty when the known pixels have no texture.
    texture: Vec<[f32; 4]>,
    /// Mirrored detail: red, green and blue above a low-pass, and its share in the fill. Empty when there is none.
    mirrored: Vec<[f32; 4]>,
}

impl DetailRow {
    /// Adds the detail to a pixel's colour. `low_pass` samples the [low-pass](FillDetail::low_pass) along that row.
    #[inline]
    pub(super) fn add_to(&self, column: usize, color: &mut [f32; 4], low_pass: Option<&RowReader<'_>>) {
        let texture = self.texture.get(column).copied().unwrap_or_default();
        let mirrored = self.mirrored.get(column).filter(|mirrored| mirrored[3] > 0.0);
        let Some((mirrored, low_pass)) = mirrored.zip(low_pass) else {
            for (value, texture) in color.iter_mut().zip(texture) {
                *value += texture;
            }
            return;
        };
        let low_pass = low_pass.at(column);
        let share = mirrored[3] * low_pass[3].max(0.0);
        for lane in 0..3 {
            let (textured, mirrored_color) = (color[lane] + texture[lane], low_pass[lane] + mirrored[lane]);
            color[lane] = textured + share * (mirrored_color - textured);
        }
    }
}

/// Whether no point of the hole in `target` is further than [`MAX_THIN_DEPTH`] from a known pixel.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few photo pixels"
)]
fn is_thin(mask: &Mask, target: RectPx, photo_px_per_pixel: f32) -> bool {
    let step_px = ((photo_px_per_pixel / DEPTH_POINTS_PER_PIXEL) as u32).max(1);
    let unknown = &mask.unknown();
    let rect = target.grown(step_px).intersection(mask.rect());
    let points = |start: u32, end: u32| (start..end).step_by(step_px as usize);
    let row_is_known = |y: u32| points(rect.x, rect.right()).map(move |x| !unknown.is_hole(x, y));
    let known: Vec<bool> = points(rect.y, rect.bottom()).flat_map(row_is_known).collect();
    let columns = points(rect.x, rect.right()).count();
    let max_distance = MAX_THIN_DEPTH * photo_px_per_pixel / step_px as f32;
    distance_transform(&known, columns)
        .is_some_and(|transform| transform.distance.iter().all(|&distance| distance <= max_distance))
}

/// The random seed, from the geometry alone: filling the same hole again gives the same texture.
fn geometry_seed(target: RectPx, frame: &FaceFrame) -> [u8; 32] {
    let [x, y] = frame.center_in_photo;
    let frame_words = [x, y, frame.side_px, frame.angle_radians].map(f32::to_bits);
    let words = [target.x, target.y, target.width, target.height].into_iter().chain(frame_words);
    let mut seed = [0; 32];
    for (bytes, word) in seed.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    seed
}

#[cfg(test)]
mod tests;
