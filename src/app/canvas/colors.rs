//! From the photo's pixels, of whatever kind, to the screen's.

use egui::Color32;
use image::{DynamicImage, GenericImageView};

/// Appends `width` pixels of a row of the photo in the screen's colours.
pub(super) fn append_row(photo: &DynamicImage, y: u32, x: u32, width: u32, out: &mut Vec<Color32>) {
    let row = |channels: usize| {
        let start = (y as usize * photo.width() as usize + x as usize) * channels;
        start..start + width as usize * channels
    };
    let rgba = Color32::from_rgba_unmultiplied;
    match photo {
        DynamicImage::ImageLuma8(p) => out.extend(p.as_raw()[row(1)].iter().map(|&l| Color32::from_gray(l))),
        DynamicImage::ImageLumaA8(p) => {
            out.extend(p.as_raw()[row(2)].chunks_exact(2).map(|c| rgba(c[0], c[0], c[0], c[1])));
        }
        DynamicImage::ImageRgb8(p) => {
            out.extend(p.as_raw()[row(3)].chunks_exact(3).map(|c| Color32::from_rgb(c[0], c[1], c[2])));
        }
        DynamicImage::ImageRgba8(p) => {
            out.extend(p.as_raw()[row(4)].chunks_exact(4).map(|c| rgba(c[0], c[1], c[2], c[3])));
        }
        DynamicImage::ImageLuma16(p) => {
            out.extend(p.as_raw()[row(1)].iter().map(|&l| Color32::from_gray(eight_bits(l))));
        }
        DynamicImage::ImageLumaA16(p) => out.extend(p.as_raw()[row(2)].chunks_exact(2).map(|c| {
            let [l, a] = [c[0], c[1]].map(eight_bits);
            rgba(l, l, l, a)
        })),
        DynamicImage::ImageRgb16(p) => out.extend(p.as_raw()[row(3)].chunks_exact(3).map(|c| {
            let [r, g, b] = [c[0], c[1], c[2]].map(eight_bits);
            Color32::from_rgb(r, g, b)
        })),
        DynamicImage::ImageRgba16(p) => out.extend(p.as_raw()[row(4)].chunks_exact(4).map(|c| {
            let [r, g, b, a] = [c[0], c[1], c[2], c[3]].map(eight_bits);
            rgba(r, g, b, a)
        })),
        other => out.extend((x..x + width).map(|x| {
            let image::Rgba([r, g, b, a]) = other.get_pixel(x, y);
            rgba(r, g, b, a)
        })),
    }
}

/// The nearest of 256 steps to one of 65 536.
fn eight_bits(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba};

    use super::*;

    fn row(photo: &DynamicImage, y: u32, x: u32, width: u32) -> Vec<Color32> {
        let mut out = Vec::new();
        append_row(photo, y, x, width, &mut out);
        out
    }

    #[test]
    fn every_kind_of_pixel_is_shown_in_its_own_colour() {
        let orange = Color32::from_rgb(250, 128, 3);
        let of = |value: u8| u16::from(value) * 257;
        let kinds: [(DynamicImage, Color32); 9] = [
            (GrayImage::from_pixel(3, 2, Luma([77])).into(), Color32::from_gray(77)),
            (ImageBuffer::from_pixel(3, 2, LumaA([77u8, 255])).into(), Color32::from_gray(77)),
            (RgbImage::from_pixel(3, 2, Rgb([250, 128, 3])).into(), orange),
            (ImageBuffer::from_pixel(3, 2, Rgba([250u8, 128, 3, 255])).into(), orange),
            (ImageBuffer::from_pixel(3, 2, Luma([of(77)])).into(), Color32::from_gray(77)),
            (ImageBuffer::from_pixel(3, 2, LumaA([of(77), 65_535])).into(), Color32::from_gray(77)),
            (ImageBuffer::from_pixel(3, 2, Rgb([of(250), of(128), of(3)])).into(), orange),
            (ImageBuffer::from_pixel(3, 2, Rgba([of(250), of(128), of(3), 65_535])).into(), orange),
            (ImageBuffer::from_pixel(3, 2, Rgb([1.0f32, 0.0, 0.0])).into(), Color32::RED),
        ];
        for (photo, expected) in kinds {
            assert_eq!(row(&photo, 1, 0, 3), [expected; 3], "{:?}", photo.color());
        }
    }

    #[test]
    fn a_part_of_a_row_starts_where_it_was_asked_to() {
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
    fn half_transparent_colours_come_premultiplied() {
        let photo = ImageBuffer::from_pixel(1, 1, Rgba([200u8, 100, 0, 128])).into();
        assert_eq!(row(&photo, 0, 0, 1), [Color32::from_rgba_premultiplied(100, 50, 0, 128)]);
    }
}
