//! Measures how well the map of uncertainty tells where a fill is wrong: the spread of the completions against the true
//! error of the drawn face, pixel by pixel in the hole. The distance to the nearest known pixel, which needs no sampling,
//! is measured in the same way.

use serde::{Deserialize, Serialize};

use crate::face::{Crop, CropError, crop};
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::job::{Certainty, FaceMap, PartSpread, Uncertainty, part_in_crop};
use crate::mask::{Mask, distance_to_known};
use crate::metrics::rank_correlation;
use crate::photo::Photo;

/// The map of uncertainty of one fill, compared with the truth. Spreads and errors are in grey levels (0 to 255).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UncertaintyScore {
    /// Rank correlation of spread and error over the hole's pixels. `None` when either is the same everywhere.
    pub uncertainty_rank: Option<f64>,
    /// The same of the distance to the nearest known pixel.
    pub distance_rank: Option<f64>,
    /// Mean spread in the hole.
    pub spread: f64,
    /// Mean `|G(ẑ) − truth|` in the hole, over pixels and channels.
    pub drawn_error: f64,
    /// Mean error of each tenth of the hole's pixels, by rising spread.
    pub error_by_tenth: [f64; 10],
    /// The completions' mean difference to the known pixels, divided by that of the fill.
    pub misfit_ratio: Option<f32>,
    /// The parts of the face in the hole.
    pub parts: Vec<PartScore>,
}

/// One part of the face in the hole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartScore {
    /// Its name, as `--mask` of `fill` takes it.
    pub part: String,
    /// What the editor says about it.
    pub certainty: String,
    pub spread: f64,
    pub drawn_error: f64,
}

/// A pixel of the hole.
struct HolePixel {
    index: usize,
    spread: f64,
    error: f64,
    distance: f64,
}

impl UncertaintyScore {
    /// Compares the map of a fill with the whole photo. `None` when no pixel of the hole lies in the frame.
    pub(super) fn measure(
        photo: &Photo,
        hole: &Mask,
        frame: &FaceFrame,
        drawn: &FacePicture,
        (map, uncertainty): (&FaceMap, &Uncertainty),
    ) -> Result<Option<Self>, CropError> {
        let size_px = u32::try_from(map.side_px).unwrap_or(u32::MAX);
        let truth = crop(photo, &Mask::empty(photo.width(), photo.height()), frame, size_px)?;
        let known = crop(photo, hole, frame, size_px)?.known;
        let pixels = hole_pixels(map, drawn, &truth, &distance_to_known(&known, map.side_px));
        if pixels.is_empty() {
            return Ok(None);
        }
        let rank_of = |value: fn(&HolePixel) -> f64| {
            rank_correlation(&pixels.iter().map(|pixel| (value(pixel), pixel.error)).collect::<Vec<_>>())
        };
        let part_score = |PartSpread { region, spread }: &PartSpread| {
            let part = part_in_crop(*region, size_px);
            PartScore {
                part: region.id().into(),
                certainty: Certainty::of(*spread).id().into(),
                spread: f64::from(*spread),
                drawn_error: mean_error(pixels.iter().filter(|pixel| part[pixel.index])),
            }
        };
        Ok(Some(Self {
            uncertainty_rank: rank_of(|pixel| pixel.spread),
            distance_rank: rank_of(|pixel| pixel.distance),
            spread: f64::from(uncertainty.spread),
            drawn_error: mean_error(pixels.iter()),
            misfit_ratio: uncertainty.misfit_ratio,
            parts: uncertainty.parts.iter().map(part_score).collect(),
            error_by_tenth: error_by_tenth(pixels),
        }))
    }
}

fn hole_pixels(map: &FaceMap, drawn: &FacePicture, truth: &Crop, distances: &[u32]) -> Vec<HolePixel> {
    let area = map.side_px * map.side_px;
    let is_measured = |pixel: &usize| map.is_shown[*pixel] && truth.known[*pixel] > 0.0;
    let pixel = |index: usize| {
        let differences = drawn.pixels[index].iter().enumerate();
        let sum: f32 = differences.map(|(channel, value)| (value - truth.pixels[channel * area + index]).abs()).sum();
        HolePixel {
            index,
            spread: f64::from(map.values[index]),
            error: f64::from(sum / 3.0 * 127.5),
            distance: f64::from(distances[index]),
        }
    };
    (0..area).filter(is_measured).map(pixel).collect()
}

/// The mean error of each tenth of the pixels, by rising spread.
fn error_by_tenth(mut pixels: Vec<HolePixel>) -> [f64; 10] {
    pixels.sort_by(|a, b| a.spread.total_cmp(&b.spread));
    std::array::from_fn(|tenth| {
        let bound = |tenth: usize| tenth * pixels.len() / 10;
        mean_error(pixels[bound(tenth)..bound(tenth + 1)].iter())
    })
}

/// 0 without pixels.
fn mean_error<'a>(pixels: impl Iterator<Item = &'a HolePixel>) -> f64 {
    let (sum, count) = pixels.fold((0.0, 0.0), |(sum, count), pixel| (sum + pixel.error, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::job::MapKind;

    const SIDE: u32 = 20;

    /// Scores a grey photo with a hole, whose drawn face is wrong by this many grey levels at each column.
    fn score(error: impl Fn(u32) -> f32, spread: impl Fn(u32) -> f32) -> UncertaintyScore {
        let photo = Photo::from_pixels(RgbImage::from_pixel(SIDE, SIDE, image::Rgb([51; 3])).into());
        let frame = FaceFrame::centered(SIDE, SIDE);
        let is_hole = |x: u32, y: u32| (5..15).contains(&x) && (5..15).contains(&y);
        let hole = Mask::from_fn(SIDE, SIDE, is_hole);
        let pixels = || (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
        let drawn = pixels().map(|(x, _)| [(51.0 + error(x)) / 127.5 - 1.0; 3]).collect();
        let drawn = FacePicture { side_px: SIDE as usize, pixels: drawn };
        let values = pixels().map(|(x, _)| spread(x)).collect();
        let is_shown = pixels().map(|(x, y)| is_hole(x, y)).collect();
        let map = FaceMap::new(MapKind::Uncertainty, SIDE as usize, values, is_shown);
        let uncertainty = Uncertainty::of_map(&map, Some(1.0));
        UncertaintyScore::measure(&photo, &hole, &frame, &drawn, (&map, &uncertainty)).unwrap().unwrap()
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn column(x: u32) -> f32 {
        x as f32
    }

    #[test]
    fn a_spread_that_follows_the_error_ranks_first() {
        let right = score(column, |x| 3.0 * column(x));
        assert!((right.uncertainty_rank.unwrap() - 1.0).abs() < 1e-9, "{right:?}");
        assert!(right.distance_rank.unwrap().abs() < 0.1, "the error does not follow the distance: {right:?}");
        let wrong = score(column, |x| 100.0 - column(x));
        assert!((wrong.uncertainty_rank.unwrap() + 1.0).abs() < 1e-9);
        assert_eq!(score(column, |_| 7.0).uncertainty_rank, None);
    }

    #[test]
    fn errors_are_grey_levels_of_the_hole() {
        let score = score(column, |x| 3.0 * column(x));
        // Columns 5 to 14, one for each tenth.
        assert!((score.drawn_error - 9.5).abs() < 0.01 && (score.spread - 28.5).abs() < 0.01, "{score:?}");
        for (tenth, error) in (5_u32..).zip(score.error_by_tenth) {
            assert!((error - f64::from(tenth)).abs() < 0.01, "{score:?}");
        }
    }
}
