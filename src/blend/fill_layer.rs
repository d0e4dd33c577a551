//! The fill as a transparent layer, for use in another editor.

use image::{DynamicImage, ImageBuffer, Rgba};

use super::compose::is_fillable;
use super::fillable_area;
use super::soft_edge::composed_hole;
use crate::geometry::{CropGrid, FaceFrame, RectPx};
use crate::mask::Mask;
use crate::photo::{ChannelValue, PixelData};

/// The pixels that [`apply`](super::apply) fills: those of the hole and its soft edge with their centre in the
/// [`fillable_area`].
#[must_use]
pub fn filled_pixels(hole: &Mask, frame: &FaceFrame, soft_edge_px: u16) -> Mask {
    let (area, hole) = (fillable_area(frame), composed_hole(hole, soft_edge_px));
    match CropGrid::new(&area, 1) {
        Some(grid) => hole.filtered(area.bounds_in_photo(hole.width(), hole.height()), |x, y| is_fillable(grid, x, y)),
        None => Mask::empty(hole.width(), hole.height()),
    }
}

/// These pixels of a photo as RGBA of its size and bit depth. Every other pixel is 0, 0, 0, 0.
#[must_use]
pub fn cut_out(photo: &DynamicImage, pixels: &Mask) -> DynamicImage {
    let (width, height) = (photo.width(), photo.height());
    match PixelData::of(photo) {
        PixelData::Bits8 { data, channels } => {
            let rgba = rgba_of(data, channels, pixels, u8::MAX);
            DynamicImage::ImageRgba8(ImageBuffer::from_raw(width, height, rgba).unwrap_or_default())
        }
        PixelData::Bits16 { data, channels } => {
            let rgba = rgba_of(&data, channels, pixels, u16::MAX);
            DynamicImage::ImageRgba16(ImageBuffer::<Rgba<u16>, _>::from_raw(width, height, rgba).unwrap_or_default())
        }
    }
}

/// Multiplies the alpha of a layer's pixels by `shares` of 255, given for a rectangle in it, row by row.
pub(super) fn fade(layer: &mut DynamicImage, rect: RectPx, shares: &[u8]) {
    let places = (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)));
    for ((x, y), &share) in places.zip(shares).filter(|(_, share)| **share != u8::MAX) {
        match layer {
            DynamicImage::ImageRgba8(pixels) => fade_pixel(pixels.get_pixel_mut(x, y), share),
            DynamicImage::ImageRgba16(pixels) => fade_pixel(pixels.get_pixel_mut(x, y), share),
            _ => {}
        }
    }
}

fn fade_pixel<T: ChannelValue>(Rgba([.., alpha]): &mut Rgba<T>, share: u8) {
    *alpha = T::from_f32(alpha.to_f32() * f32::from(share) / 255.0);
}

/// The chosen pixels as RGBA, `opaque` without an alpha channel; all others are transparent. The mask has the photo's
/// size.
fn rgba_of<T: ChannelValue + Default>(samples: &[T], channels: usize, pixels: &Mask, opaque: T) -> Vec<T> {
    let mut rgba = vec![T::default(); pixels.width() as usize * pixels.height() as usize * 4];
    let Some(bounds) = pixels.hole_bounds() else { return rgba };
    for y in bounds.y..bounds.bottom() {
        let columns = bounds.x..bounds.right();
        for x in pixels.hole_columns(y, columns) {
            let index = y as usize * pixels.width() as usize + x as usize;
            let color = match *samples.get(index * channels..(index + 1) * channels).unwrap_or_default() {
                [grey] => [grey, grey, grey, opaque],
                [grey, alpha] => [grey, grey, grey, alpha],
                [red, green, blue] => [red, green, blue, opaque],
                [red, green, blue, alpha] => [red, green, blue, alpha],
                _ => continue,
            };
            if let Some(pixel) = rgba.get_mut(index * 4..(index + 1) * 4) {
                pixel.copy_from_slice(&color);
            }
        }
    }
    rgba
}

#[cfg(test)]
mod tests {
    use image::ColorType;
    use proptest::prelude::*;

    use super::*;
    use crate::blend::{BlendMode, apply};
    use crate::face_picture::FacePicture;
    use crate::photo::Photo;
    use crate::photo::test_pictures::{PHOTO_COLOR_TYPES, varied_picture};

    fn photo(color: ColorType, width: u32, height: u32) -> Photo {
        Photo::from_pixels(varied_picture(color, width, height))
    }

    /// A fill of 4×4 pixels, all different.
    fn fill() -> FacePicture {
        FacePicture::from_planes(&(0..48u8).map(|index| f32::from(index) / 24.0 - 1.0).collect::<Vec<f32>>())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn layer_over_photo_equals_the_filled_photo(
            color in prop::sample::select(&PHOTO_COLOR_TYPES[..]),
            mode in prop::sample::select(&BlendMode::ALL[..]),
            center in [-5.0f32..30.0, -5.0f32..25.0],
            side_px in 16.0f32..40.0,
            angle_radians in -0.6f32..0.6,
            seed in any::<u32>(),
        ) {
            let photo = photo(color, 27, 21);
            let frame = FaceFrame { center_in_photo: center, side_px, angle_radians };
            let pixels = (0..27 * 21u32).map(|at| if (at ^ seed).wrapping_mul(2_654_435_761) >> 30 == 0 { 255 } else { 0 });
            let hole = Mask::from_pixels(27, 21, &pixels.collect::<Vec<u8>>()).unwrap();
            let filled = apply(&photo, &hole, &frame, mode, &fill());
            let pixels = filled_pixels(&hole, &frame, 0);
            let layer = cut_out(&filled, &pixels);
            let is_deep = color.bytes_per_pixel() > color.channel_count();
            prop_assert_eq!(layer.color(), if is_deep { ColorType::Rgba16 } else { ColorType::Rgba8 });
            // 16-bit values represent 8-bit values exactly.
            let (layer, filled, before) = (layer.to_rgba16(), filled.to_rgba16(), photo.pixels.to_rgba16());
            for (x, y, pixel) in layer.enumerate_pixels() {
                if pixels.is_hole(x, y) {
                    prop_assert!(hole.is_hole(x, y), "{} {}", x, y);
                    prop_assert_eq!(pixel, filled.get_pixel(x, y), "{} {}", x, y);
                } else {
                    prop_assert_eq!(pixel.0, [0; 4], "{} {}", x, y);
                    prop_assert_eq!(filled.get_pixel(x, y), before.get_pixel(x, y), "{} {}", x, y);
                }
            }
        }
    }

    #[test]
    fn unblended_pixels_are_opaque_and_others_transparent() {
        for color in PHOTO_COLOR_TYPES {
            let photo = photo(color, 40, 24);
            let frame = FaceFrame { center_in_photo: [12.0, 12.0], side_px: 10.0, angle_radians: 0.0 };
            // Half a side around the frame is filled too.
            let hole = Mask::full(40, 24);
            let filled = apply(&photo, &hole, &frame, BlendMode::None, &fill());
            let layer = cut_out(&filled, &filled_pixels(&hole, &frame, 0)).to_rgba16();
            for (x, y, &Rgba([.., alpha])) in layer.enumerate_pixels() {
                let is_inside = (2..22).contains(&x) && (2..22).contains(&y);
                assert_eq!(alpha, if is_inside { u16::MAX } else { 0 }, "{color:?} {x} {y}");
            }
        }
    }

    #[test]
    fn without_a_hole_the_layer_is_empty() {
        let photo = photo(ColorType::Rgb8, 20, 20);
        let far = FaceFrame { center_in_photo: [f32::NAN, 0.0], side_px: 20.0, angle_radians: 0.0 };
        let layer = cut_out(&photo.pixels, &filled_pixels(&Mask::empty(20, 20), &far, 0));
        assert!(layer.as_bytes().iter().all(|&byte| byte == 0));
        assert_eq!((layer.width(), layer.height()), (20, 20));
    }
}
