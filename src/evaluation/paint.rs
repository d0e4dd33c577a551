//! The pictures that methods come to.

use image::{DynamicImage, Rgb, RgbImage};

use super::EvaluationFace;
use crate::blend::{self, BlendMode};
use crate::mask::Mask;

/// What a hole is painted with where nothing else is: middle grey, which stands for nothing and hurts no eye.
const BLANK: Rgb<u8> = Rgb([128; 3]);

/// The face with `color(x, y)` in the hole.
fn with_hole(face: &EvaluationFace, hole: &Mask, color: impl Fn(u32, u32) -> Rgb<u8>) -> RgbImage {
    RgbImage::from_fn(face.pixels.width(), face.pixels.height(), |x, y| {
        if hole.is_hole(x, y) { color(x, y) } else { *face.pixels.get_pixel(x, y) }
    })
}

/// The face with its hole blanked.
pub(super) fn blanked(face: &EvaluationFace, hole: &Mask) -> RgbImage {
    with_hole(face, hole, |_, _| BLANK)
}

/// The floor: the hole in the mean colour of the known pixels (grey when there are none).
pub(super) fn mean_filled(face: &EvaluationFace, hole: &Mask) -> RgbImage {
    let (mut sums, mut count) = ([0_u64; 3], 0_u64);
    for (_, _, pixel) in face.pixels.enumerate_pixels().filter(|(x, y, _)| !hole.is_hole(*x, *y)) {
        for (sum, &value) in sums.iter_mut().zip(&pixel.0) {
            *sum += u64::from(value);
        }
        count += 1;
    }
    let mean = if count == 0 {
        BLANK
    } else {
        Rgb(sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX)))
    };
    with_hole(face, hole, |_, _| mean)
}

/// Somebody else's picture, of the face's size, in the hole.
pub(super) fn pasted(face: &EvaluationFace, hole: &Mask, other: &RgbImage) -> RgbImage {
    with_hole(face, hole, |x, y| *other.get_pixel(x, y))
}

/// The generator's picture (planar RGB in [-1, 1], `[3, size, size]`), blended in as the product does.
pub(super) fn blended(face: &EvaluationFace, hole: &Mask, blend: BlendMode, fill: &[f32], size_px: u32) -> RgbImage {
    let (photo, frame) = face.as_photo();
    match blend::apply(&photo, hole, &frame, blend, fill, size_px) {
        DynamicImage::ImageRgb8(pixels) => pixels,
        other => other.into_rgb8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face() -> EvaluationFace {
        let pixels =
            RgbImage::from_fn(2, 2, |x, y| Rgb([10, 20, 30].map(|base| base + u8::try_from(x + 2 * y).unwrap())));
        EvaluationFace { name: "ann".into(), index: 0, pixels }
    }

    #[test]
    fn the_floor_is_the_mean_of_what_is_known() {
        let hole = Mask::from_pixels(2, 2, vec![0, 0, 255, 255]).unwrap();
        let filled = mean_filled(&face(), &hole);
        // Known are 10 and 11: 10.5 is rounded up.
        assert_eq!(filled.get_pixel(0, 1).0, [11, 21, 31]);
        assert_eq!(filled.get_pixel(1, 1), filled.get_pixel(0, 1));
        assert_eq!(filled.get_pixel(1, 0), face().pixels.get_pixel(1, 0));
        let all = Mask::from_pixels(2, 2, vec![255; 4]).unwrap();
        assert_eq!(mean_filled(&face(), &all), blanked(&face(), &all));
    }

    #[test]
    fn others_pictures_count_in_the_hole_only() {
        let hole = Mask::from_pixels(2, 2, vec![0, 255, 0, 0]).unwrap();
        let filled = pasted(&face(), &hole, &RgbImage::from_pixel(2, 2, Rgb([9; 3])));
        let expected =
            RgbImage::from_fn(2, 2, |x, y| if (x, y) == (1, 0) { Rgb([9; 3]) } else { *face().pixels.get_pixel(x, y) });
        assert_eq!(filled, expected);
    }
}
