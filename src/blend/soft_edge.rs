//! The soft edge: around the hole, the fill passes over into the photo.
//!
//! The fill is composed for a larger hole, grown by the soft edge's width. In the ring around the real hole it is mixed
//! with the photo, by a smooth falloff of the distance to the hole. The search still believes the ring, and ignored
//! pixels in it stay as they are.

use std::borrow::Cow;

use super::distance_transform::distance_transform;
use super::feather::smoothstep_down;
use super::patch_raster::PatchRaster;
use crate::mask::Mask;
use crate::photo::ChannelValue;

/// From this share of hole (of 255) on, a raster pixel belongs to the hole.
const MIN_HOLE_SHARE: u8 = 128;

/// The hole that a fill with a soft edge of this width is composed for: the hole and the ring around it.
#[must_use]
pub fn composed_hole(mask: &Mask, soft_edge_px: u16) -> Cow<'_, Mask> {
    if soft_edge_px == 0 {
        return Cow::Borrowed(mask);
    }
    let mut composed = mask.clone();
    composed.grow(f32::from(soft_edge_px));
    Cow::Owned(composed)
}

/// The pixels that the fill of one part of a hole changes: the part and its soft edge, without the rest of the hole.
#[must_use]
pub fn part_with_edge(part: &Mask, hole: &Mask, soft_edge_px: u16) -> Mask {
    let mut rest = hole.unknown();
    rest.remove(part);
    let mut changed = composed_hole(part, soft_edge_px).into_owned();
    changed.remove(&rest);
    changed
}

/// The share of the fill in each pixel of a raster, 0 to 255. `composed` and `hole` are the shares of the pixels that
/// belong to the composed hole and to the hole itself.
pub(super) fn softened(composed: &[u8], hole: &[u8], raster: &PatchRaster, soft_edge_px: u16) -> Vec<u8> {
    let is_hole: Vec<bool> = hole.iter().map(|share| *share >= MIN_HOLE_SHARE).collect();
    let Some(to_hole) = distance_transform(&is_hole, raster.width as usize) else { return composed.to_vec() };
    let [pixel_width, pixel_height] = raster.pixel_size_px();
    #[expect(clippy::cast_possible_truncation, reason = "a few photo pixels")]
    let pixel_px = f64::midpoint(pixel_width, pixel_height) as f32;
    let falloff = |cells: f32| smoothstep_down(cells * pixel_px / (f32::from(soft_edge_px) + 1.0));
    let softened = composed.iter().zip(hole).zip(to_hole.distance);
    softened.map(|((composed, hole), cells)| u8::from_f32(f32::from(*composed) * falloff(cells)).max(*hole)).collect()
}

/// Mixes a sample of the photo with one of the fill, whose share is `share` of 255. `weight` is how much the fill's colour
/// counts in the mixture, 0 to 1.
pub(super) fn mix<T: ChannelValue>(photo: T, fill: T, share: u8, weight: f32) -> T {
    match share {
        0 => photo,
        u8::MAX => fill,
        _ => T::from_f32(photo.to_f32() + weight * (fill.to_f32() - photo.to_f32())),
    }
}

/// Mixes a pixel of the photo with the fill's: its samples, alpha last if there is one.
///
/// Colours count by their alpha, so that a transparent pixel's colour does not show.
pub(super) fn mix_pixel<T: ChannelValue>(pixel: &mut [T], fill: &[T], share: u8) {
    let part = f32::from(share) / 255.0;
    let has_alpha = pixel.len().is_multiple_of(2);
    let alpha = |samples: &[T]| samples.last().filter(|_| has_alpha).map_or(T::MAX, |alpha| alpha.to_f32());
    let (of_photo, of_fill) = ((1.0 - part) * alpha(pixel), part * alpha(fill));
    let weight = if of_photo + of_fill > 0.0 { of_fill / (of_photo + of_fill) } else { part };
    let last = pixel.len().saturating_sub(1);
    for (index, (sample, fill)) in pixel.iter_mut().zip(fill).enumerate() {
        let is_alpha = has_alpha && index == last;
        *sample = mix(*sample, *fill, share, if is_alpha { part } else { weight });
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "tests: numbers are small")]
mod tests {
    use image::{DynamicImage, GrayImage, Luma, Rgba, RgbaImage};

    use super::*;
    use crate::blend::{Blend, BlendMode, Composer, apply, fill_layer};
    use crate::face_picture::FacePicture;
    use crate::geometry::FaceFrame;
    use crate::mask::StrokeKind;
    use crate::photo::Photo;

    const EDGE_PX: u16 = 8;
    const BLEND: Blend = Blend { mode: BlendMode::None, detail_percent: 0, completion: false, soft_edge_px: EDGE_PX };

    fn frame() -> FaceFrame {
        FaceFrame::centered(64, 64)
    }

    fn hole() -> Mask {
        Mask::from_fn(64, 64, |x, y| (24..40).contains(&x) && (24..40).contains(&y))
    }

    fn white() -> FacePicture {
        FacePicture::uniform(16, [1.0; 3])
    }

    #[test]
    fn the_fill_falls_off_outside_the_hole_only() {
        let mut mask = hole();
        mask.draw_segment([42.5, 20.0], [42.5, 44.0], 0.5, StrokeKind::Ignore);
        let black = Photo::from_pixels(GrayImage::new(64, 64).into());
        let filled = apply(&black, &mask, &frame(), BLEND, &white()).into_luma8();
        // To the left of the hole, from its edge outwards.
        let left: Vec<u8> = (0..24).rev().map(|x| filled.get_pixel(x, 32).0[0]).collect();
        assert!(left[0] > 230 && left[7] > 0 && left[7] < 25, "{left:?}");
        assert!(left[..8].windows(2).all(|pair| pair[1] < pair[0]) && left[8..].iter().all(|value| *value == 0));
        assert!((100..155).contains(&u16::from(left[3]).midpoint(u16::from(left[4]))), "{left:?}");
        for (x, y, Luma([value])) in filled.enumerate_pixels() {
            assert!(!mask.is_hole(x, y) || *value == 255, "{x} {y}");
            assert!(!mask.is_ignored(x, y) || *value == 0, "{x} {y}");
        }
    }

    #[test]
    fn sixteen_bits_and_eight_give_the_same() {
        let photo = RgbaImage::from_fn(64, 64, |x, y| Rgba([3 * x as u8, 2 * y as u8, 90, 55 + 3 * x as u8]));
        let photo = DynamicImage::from(photo);
        let deep = Photo::from_pixels(photo.to_rgba16().into());
        let photo = Photo::from_pixels(photo);
        for mode in BlendMode::ALL {
            let blend = Blend { mode, ..BLEND };
            let [eight, sixteen] = [&photo, &deep].map(|photo| apply(photo, &hole(), &frame(), blend, &white()));
            let differences = eight.as_bytes().iter().zip(sixteen.to_rgba8().into_raw()).map(|(a, b)| a.abs_diff(b));
            assert!(differences.max().unwrap() <= 2, "{mode:?}");
            let patch = Composer::new(&photo, &hole(), &frame(), blend, None).render(&white());
            assert_eq!(patch.paste(&photo).unwrap(), eight, "{mode:?}");
        }
    }

    #[test]
    fn the_layer_over_the_photo_is_the_filled_photo() {
        let color = |x: u32, y: u32| image::Rgb([x * 3, y * 2, 255 - x * 3].map(|value| value as u8));
        let photo = Photo::from_pixels(image::RgbImage::from_fn(64, 64, color).into());
        let filled = apply(&photo, &hole(), &frame(), BLEND, &white()).into_rgb8();
        let layer = fill_layer(&photo, &hole(), &frame(), BLEND, &white()).into_rgba8();
        let mut soft = 0;
        for (x, y, Rgba([color @ .., alpha])) in layer.enumerate_pixels() {
            soft += u32::from((1..255).contains(alpha));
            assert_eq!(*alpha == 255, hole().is_hole(x, y), "{x} {y}");
            let part = f32::from(*alpha) / 255.0;
            let (below, finished) = (photo.pixels.to_rgb8().get_pixel(x, y).0, filled.get_pixel(x, y).0);
            for ((color, below), finished) in color.iter().zip(below).zip(finished) {
                let over = f32::from(below) + part * (f32::from(*color) - f32::from(below));
                assert!((over - f32::from(finished)).abs() <= 1.0, "{x} {y}");
            }
        }
        assert!(soft > 500, "{soft}");
    }

    #[test]
    fn a_part_has_its_own_edge_only() {
        let (left, right) = (Mask::from_fn(40, 8, |x, _| x < 10), Mask::from_fn(40, 8, |x, _| (14..20).contains(&x)));
        let mut whole = left.clone();
        whole.add(&right);
        let whole = whole.with_ignored(&Mask::from_fn(40, 8, |x, _| x == 12));
        let changed = part_with_edge(&left, &whole, 6);
        let columns: Vec<u32> = (0..40).filter(|x| changed.is_hole(*x, 4)).collect();
        assert_eq!(columns, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]);
    }
}
