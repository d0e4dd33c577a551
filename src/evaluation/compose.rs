//! Composes the pictures to score: blanked, filled with the mean colour, external, or blended.

use std::sync::Arc;

use image::{DynamicImage, Rgb, RgbImage};

use super::EvaluationFace;
use crate::blend::{self, Blend};
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::job::picture_to_blend;
use crate::mask::Mask;
use crate::model::ModelInfo;

/// Colour of a hole without a fill: middle grey.
const HOLE_GREY: Rgb<u8> = Rgb([128; 3]);

/// The face with `color(x, y)` in its hole.
fn replace_hole(face: &EvaluationFace, hole: &Mask, color: impl Fn(u32, u32) -> Rgb<u8>) -> RgbImage {
    let mut picture = face.pixels.clone();
    let bounds = hole.hole_bounds().unwrap_or_default();
    for y in bounds.y..bounds.bottom() {
        for x in (bounds.x..bounds.right()).filter(|x| hole.is_hole(*x, y)) {
            picture.put_pixel(x, y, color(x, y));
        }
    }
    picture
}

/// The face with a grey hole.
pub(super) fn blank_hole(face: &EvaluationFace, hole: &Mask) -> RgbImage {
    replace_hole(face, hole, |_, _| HOLE_GREY)
}

/// The baseline: the hole filled with the mean colour of the known pixels around it, or grey without any. These are the
/// pixels of the frame's bounding rectangle.
pub(super) fn fill_with_mean(face: &EvaluationFace, hole: &Mask) -> RgbImage {
    let (mut sums, mut count) = ([0_u64; 3], 0_u64);
    let around = face.frame.bounds_in_photo(hole.width(), hole.height());
    for y in around.y..around.bottom() {
        for x in (around.x..around.right()).filter(|x| !hole.is_hole(*x, y)) {
            for (sum, &value) in sums.iter_mut().zip(&face.pixels.get_pixel(x, y).0) {
                *sum += u64::from(value);
            }
            count += 1;
        }
    }
    let mean = if count == 0 {
        HOLE_GREY
    } else {
        Rgb(sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX)))
    };
    replace_hole(face, hole, |_, _| mean)
}

/// The face with the hole pixels of another picture of the same size.
pub(super) fn paste_hole(face: &EvaluationFace, hole: &Mask, other: &RgbImage) -> RgbImage {
    replace_hole(face, hole, |x, y| *other.get_pixel(x, y))
}

/// The picture that the generator of `model` drew in `frame`, blended into the face as in the editor.
pub(super) fn blend_fill(
    face: &EvaluationFace,
    hole: &Mask,
    frame: &FaceFrame,
    blend: Blend,
    model: &ModelInfo,
    drawn: &Arc<FacePicture>,
) -> RgbImage {
    let picture = picture_to_blend(&face.photo, hole, frame, blend, model, drawn);
    match blend::apply(&face.photo, hole, frame, blend, &picture) {
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
        EvaluationFace::of_crop("ann", 0, pixels)
    }

    #[test]
    fn mean_fill_uses_only_known_pixels() {
        let hole = Mask::from_pixels(2, 2, &[0, 0, 255, 255]).unwrap();
        let filled = fill_with_mean(&face(), &hole);
        // The known values are 10 and 11: the mean 10.5 is rounded up.
        assert_eq!(filled.get_pixel(0, 1).0, [11, 21, 31]);
        assert_eq!(filled.get_pixel(1, 1), filled.get_pixel(0, 1));
        assert_eq!(filled.get_pixel(1, 0), face().pixels.get_pixel(1, 0));
        let all = Mask::from_pixels(2, 2, &[255; 4]).unwrap();
        assert_eq!(fill_with_mean(&face(), &all), blank_hole(&face(), &all));
    }

    #[test]
    fn external_fills_replace_only_hole_pixels() {
        let hole = Mask::from_pixels(2, 2, &[0, 255, 0, 0]).unwrap();
        let filled = paste_hole(&face(), &hole, &RgbImage::from_pixel(2, 2, Rgb([9; 3])));
        let expected =
            RgbImage::from_fn(2, 2, |x, y| if (x, y) == (1, 0) { Rgb([9; 3]) } else { *face().pixels.get_pixel(x, y) });
        assert_eq!(filled, expected);
    }

    #[test]
    fn the_mean_colour_comes_from_the_frame() {
        let pixels = RgbImage::from_fn(8, 8, |x, _| Rgb([if x < 4 { 40 } else { 200 }; 3]));
        let frame = FaceFrame { center_in_photo: [6.0, 4.0], side_px: 2.0, angle_radians: 0.0 };
        let face = EvaluationFace { frame, ..EvaluationFace::of_crop("ann", 0, pixels) };
        let mut hole = vec![0; 64];
        hole[8 * 4 + 6] = 255;
        let filled = fill_with_mean(&face, &Mask::from_pixels(8, 8, &hole).unwrap());
        assert_eq!(filled.get_pixel(6, 4).0, [200; 3]);
    }
}
