//! Converts pixels of any photo format to egui's colours.

use egui::Color32;
use image::{DynamicImage, GenericImageView};

/// Appends `width` pixels of row `y`, from column `x` on, as egui colours.
pub(super) fn append_row_as_color32(photo: &DynamicImage, y: u32, x: u32, width: u32, out: &mut Vec<Color32>) {
    let start = y as usize * photo.width() as usize + x as usize;
    let row = start..start + width as usize;
    match photo {
        DynamicImage::ImageLuma8(all) => out.extend(all.as_raw()[row].iter().map(|&luma| Color32::from_gray(luma))),
        DynamicImage::ImageLumaA8(all) => {
            out.extend(all.as_raw().as_chunks().0[row].iter().map(|&[luma, a]| premultiply([luma, luma, luma, a])));
        }
        DynamicImage::ImageRgb8(all) => {
            out.extend(all.as_raw().as_chunks().0[row].iter().map(|&[r, g, b]| Color32::from_rgb(r, g, b)));
        }
        DynamicImage::ImageRgba8(all) => {
            out.extend(all.as_raw().as_chunks().0[row].iter().map(|&rgba| premultiply(rgba)));
        }
        DynamicImage::ImageLuma16(all) => {
            out.extend(all.as_raw()[row].iter().map(|&luma| Color32::from_gray(to_8_bit(luma))));
        }
        DynamicImage::ImageLumaA16(all) => {
            let pixels = all.as_raw().as_chunks().0[row].iter();
            out.extend(pixels.map(|&[luma, a]| premultiply([luma, luma, luma, a].map(to_8_bit))));
        }
        DynamicImage::ImageRgb16(all) => {
            let pixels = all.as_raw().as_chunks().0[row].iter();
            out.extend(pixels.map(|&[r, g, b]| premultiply([r, g, b, u16::MAX].map(to_8_bit))));
        }
        DynamicImage::ImageRgba16(all) => {
            out.extend(all.as_raw().as_chunks().0[row].iter().map(|&rgba| premultiply(rgba.map(to_8_bit))));
        }
        other => out.extend((x..x + width).map(|x| premultiply(other.get_pixel(x, y).0))),
    }
}

/// Converts a colour with straight (not premultiplied) alpha.
fn premultiply([red, green, blue, alpha]: [u8; 4]) -> Color32 {
    Color32::from_rgba_unmultiplied(red, green, blue, alpha)
}

/// Rounds a 16-bit value to 8 bits.
fn to_8_bit(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba};

    use super::*;

    fn row(photo: &DynamicImage, y: u32, x: u32, width: u32) -> Vec<Color32> {
        let mut out = Vec::new();
        append_row_as_color32(photo, y, x, width, &mut out);
        out
    }

    #[test]
    fn every_pixel_format_keeps_its_colour() {
        let orange = Color32::from_rgb(250, 128, 3);
        let to_16_bit = |value: u8| u16::from(value) * 257;
        let [r, g, b] = [250, 128, 3].map(to_16_bit);
        let kinds: [(DynamicImage, Color32); 9] = [
            (GrayImage::from_pixel(3, 2, Luma([77])).into(), Color32::from_gray(77)),
            (ImageBuffer::from_pixel(3, 2, LumaA([77u8, 255])).into(), Color32::from_gray(77)),
            (RgbImage::from_pixel(3, 2, Rgb([250, 128, 3])).into(), orange),
            (ImageBuffer::from_pixel(3, 2, Rgba([250u8, 128, 3, 255])).into(), orange),
            (ImageBuffer::from_pixel(3, 2, Luma([to_16_bit(77)])).into(), Color32::from_gray(77)),
            (ImageBuffer::from_pixel(3, 2, LumaA([to_16_bit(77), 65_535])).into(), Color32::from_gray(77)),
            (ImageBuffer::from_pixel(3, 2, Rgb([r, g, b])).into(), orange),
            (ImageBuffer::from_pixel(3, 2, Rgba([r, g, b, 65_535])).into(), orange),
            (ImageBuffer::from_pixel(3, 2, Rgb([1.0f32, 0.0, 0.0])).into(), Color32::RED),
        ];
        for (photo, expected) in kinds {
            assert_eq!(row(&photo, 1, 0, 3), [expected; 3], "{:?}", photo.color());
        }
    }

    #[test]
    fn partial_rows_start_at_the_requested_column() {
        let grey = GrayImage::from_fn(40, 30, |x, y| Luma([(x + 6 * y) as u8]));
        let expected = [37, 38].map(Color32::from_gray);
        assert_eq!(row(&DynamicImage::ImageLuma8(grey.clone()), 5, 7, 2), expected);
        for photo in [
            DynamicImage::ImageRgb8(DynamicImage::ImageLuma8(grey.clone()).to_rgb8()),
            DynamicImage::ImageRgba16(DynamicImage::ImageLuma8(grey).to_rgba16()),
        ] {
            assert_eq!(row(&photo, 5, 7, 2), expected, "{:?}", photo.color());
        }
    }

    #[test]
    fn half_transparent_colours_are_premultiplied() {
        let photo = ImageBuffer::from_pixel(1, 1, Rgba([200u8, 100, 0, 128])).into();
        assert_eq!(row(&photo, 0, 0, 1), [Color32::from_rgba_premultiplied(100, 50, 0, 128)]);
    }
}
