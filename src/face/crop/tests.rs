#![expect(clippy::cast_possible_truncation, clippy::float_cmp, reason = "tests: numbers are small")]

use image::{DynamicImage, ImageBuffer, Rgb, RgbImage, Rgba};
use proptest::prelude::*;

use super::*;
use crate::mask::StrokeKind;

fn frame(center_in_photo: [f32; 2], side_px: f32, angle_radians: f32) -> FaceFrame {
    FaceFrame { center_in_photo, side_px, angle_radians }
}

fn noise(width: u32, height: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let hash = (x + 613 * y + 7919 * seed).wrapping_mul(2_654_435_761).rotate_left(13).wrapping_mul(97);
        Rgb([(hash >> 8) as u8, (hash >> 16) as u8, (hash >> 24) as u8])
    })
}

fn photo(pixels: impl Into<DynamicImage>) -> Photo {
    Photo::from_pixels(pixels.into())
}

fn known_count(crop: &Crop) -> usize {
    crop.known.iter().filter(|&&known| known == 1.0).count()
}

#[test]
fn unscaled_crop_is_exact_outside_the_hole() {
    let pixels = noise(80, 90, 1);
    let mut hole = Mask::empty(80, 90);
    hole.draw_segment([30.5, 40.5], [30.5, 40.5], 0.0, StrokeKind::Paint);
    let crop = crop(&photo(pixels.clone()), &hole, &frame([40.0, 50.0], 64.0, 0.0), 64).unwrap();
    for y in 0..64 {
        for x in 0..64 {
            let index = (y * 64 + x) as usize;
            if (x, y) == (30 - 8, 40 - 18) {
                assert_eq!(crop.known[index], 0.0);
                assert_eq!([0, 1, 2].map(|channel| crop.pixels[channel * 4096 + index]), [0.0; 3]);
                continue;
            }
            assert_eq!(crop.known[index], 1.0, "at {x}, {y}");
            for channel in 0..3 {
                let expected = f32::from(pixels.get_pixel(x + 8, y + 18).0[channel]) / 127.5 - 1.0;
                assert!((crop.pixels[channel * 4096 + index] - expected).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn unscaled_crop_is_exact_in_a_large_photo() {
    let mut hole = Mask::empty(6100, 70);
    hole.draw_segment([6050.5, 30.5], [6050.5, 30.5], 0.0, StrokeKind::Paint);
    let crop = crop(&photo(noise(6100, 70, 2)), &hole, &frame([6060.0, 35.0], 64.0, 0.0), 64).unwrap();
    assert_eq!(known_count(&crop), 64 * 64 - 1);
}

#[test]
fn an_upright_frame_gives_exact_area_means() {
    // 32 crop pixels over 48 photo pixels: one and a half each.
    let pixels = noise(48, 48, 3);
    let value = |x: u32, y: u32| f32::from(pixels.get_pixel(x, y).0[1]);
    let expected = (value(0, 0) + 0.5 * value(1, 0) + 0.5 * value(0, 1) + 0.25 * value(1, 1)) / 2.25;
    let crop = crop(&photo(pixels.clone()), &Mask::empty(48, 48), &frame([24.0, 24.0], 48.0, 0.0), 32).unwrap();
    assert!((crop.pixels[32 * 32] - (expected / 127.5 - 1.0)).abs() < 1e-5);
    assert_eq!(known_count(&crop), 32 * 32);
}

#[test]
fn ignored_pixels_are_unknown_as_hole_is() {
    let mut hole = Mask::empty(48, 48);
    hole.draw_segment([20.0, 20.0], [30.0, 25.0], 5.0, StrokeKind::Paint);
    let ignored = Mask::empty(48, 48).with_ignored(&hole);
    let crops = [hole, ignored].map(|mask| crop(&photo(noise(48, 48, 3)), &mask, &frame([24.0, 24.0], 48.0, 0.3), 32));
    let [of_hole, of_ignored] = crops.map(Result::unwrap);
    assert_eq!(of_hole, of_ignored);
    assert!(known_count(&of_hole) < 32 * 32 - 40);
}

#[test]
fn any_hole_in_the_footprint_is_unknown() {
    let mut hole = Mask::empty(48, 48);
    hole.draw_segment([1.5, 1.5], [1.5, 1.5], 0.0, StrokeKind::Paint);
    let crop = crop(&photo(noise(48, 48, 3)), &hole, &frame([24.0, 24.0], 48.0, 0.0), 32).unwrap();
    // Photo pixel (1, 1) is shared by four crop pixels.
    let unknown: Vec<usize> = (0..1024).filter(|&index| crop.known[index] == 0.0).collect();
    assert_eq!(unknown, [0, 1, 32, 33]);
}

#[test]
fn a_quarter_turn_rotates_the_crop() {
    let pixels = noise(64, 64, 4);
    let quarter = frame([32.0, 32.0], 64.0, std::f32::consts::FRAC_PI_2);
    let crop = crop(&photo(pixels.clone()), &Mask::empty(64, 64), &quarter, 64).unwrap();
    assert_eq!(known_count(&crop), 64 * 64);
    // The crop's right direction points down in the photo, and its down direction points left.
    for (x, y) in [(0, 0), (5, 0), (0, 9), (63, 20)] {
        let expected = f32::from(pixels.get_pixel(63 - y, x).0[0]) / 127.5 - 1.0;
        assert!((crop.pixels[(y * 64 + x) as usize] - expected).abs() < 1e-4, "at {x}, {y}");
    }
}

#[test]
fn pixels_outside_the_photo_are_unknown() {
    let crop = crop(&photo(noise(64, 64, 5)), &Mask::empty(64, 64), &frame([0.0, 64.0], 64.0, 0.0), 64).unwrap();
    for (index, known) in crop.known.iter().enumerate() {
        let inside = index % 64 >= 32 && index / 64 < 32;
        assert_eq!(*known, f32::from(u8::from(inside)), "at {index}");
    }
    let beyond = super::crop(&photo(noise(64, 64, 5)), &Mask::empty(64, 64), &frame([1e30, 0.0], 64.0, 0.0), 64);
    assert_eq!(known_count(&beyond.unwrap()), 0);
}

#[test]
fn only_fully_transparent_pixels_are_unknown() {
    let pixels = ImageBuffer::from_fn(64, 64, |x, _| Rgba([200u8, 100, 50, u8::from(x >= 10)]));
    let crop =
        crop(&photo(DynamicImage::ImageRgba8(pixels)), &Mask::empty(64, 64), &frame([32.0, 32.0], 64.0, 0.0), 64);
    let crop = crop.unwrap();
    assert_eq!(known_count(&crop), 54 * 64);
    assert!((crop.pixels[20] - (200.0 / 127.5 - 1.0)).abs() < 1e-6);
}

#[test]
fn bit_depth_and_channels_change_only_precision() {
    let rgb = DynamicImage::ImageRgb8(noise(70, 70, 6));
    let at = frame([35.0, 36.0], 60.0, 0.4);
    let of = |pixels: DynamicImage| crop(&photo(pixels), &Mask::empty(70, 70), &at, 32).unwrap();
    let reference = of(rgb.clone());
    for other in [rgb.to_rgba8().into(), rgb.to_rgb16().into(), DynamicImage::ImageRgba16(rgb.to_rgba16())] {
        let other = of(other);
        assert_eq!(other.known, reference.known);
        assert!(other.pixels.iter().zip(&reference.pixels).all(|(a, b)| (a - b).abs() < 1e-5));
    }
    let grey = of(DynamicImage::ImageLuma8(rgb.to_luma8()));
    for other in [rgb.to_luma_alpha8().into(), DynamicImage::ImageLuma8(rgb.to_luma8())] {
        assert_eq!(of(other), grey);
    }
    assert_eq!(grey.pixels[..1024], grey.pixels[2048..]);
}

#[test]
fn unusable_frames_and_masks_are_refused() {
    let photo = photo(noise(64, 64, 7));
    for side_px in [15.9, 0.0, -64.0, f32::NAN, f32::INFINITY] {
        let result = crop(&photo, &Mask::empty(64, 64), &frame([32.0, 32.0], side_px, 0.0), 64);
        assert!(matches!(result, Err(CropError::Frame)), "{side_px}");
    }
    let result = crop(&photo, &Mask::empty(64, 63), &frame([32.0, 32.0], 64.0, 0.0), 64);
    assert!(result.unwrap_err().to_string().contains("64×63"));
}

#[test]
fn a_large_frame_is_averaged() {
    let photo = photo(RgbImage::from_pixel(4200, 4200, Rgb([90, 120, 150])));
    let hole = Mask::empty(4200, 4200);
    let crop = crop(&photo, &hole, &frame([2100.0, 2100.0], 4000.0, 0.2), 64).unwrap();
    assert!((crop.pixels[2000] - (90.0 / 127.5 - 1.0)).abs() < 1e-4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn hole_pixels_do_not_change_the_crop(
        center in [0.0f32..90.0, 0.0f32..70.0],
        side_px in 16.0f32..140.0,
        angle_radians in -3.2f32..3.2,
        strokes in prop::collection::vec(([-5.0f32..95.0, -5.0f32..75.0], [0.0f32..90.0, 0.0f32..70.0], 0.0f32..20.0), 1..4),
    ) {
        let mut hole = Mask::empty(90, 70);
        for (from, to, radius) in strokes {
            hole.draw_segment(from, to, radius, StrokeKind::Paint);
        }
        let original = noise(90, 70, 8);
        let other = noise(90, 70, 9);
        let mut changed = original.clone();
        for (x, y, pixel) in changed.enumerate_pixels_mut().filter(|(x, y, _)| hole.is_hole(*x, *y)) {
            *pixel = *other.get_pixel(x, y);
        }
        let at = frame(center, side_px, angle_radians);
        let crop = |pixels: RgbImage| super::crop(&photo(pixels), &hole, &at, 32).unwrap();
        prop_assert_eq!(crop(original), crop(changed));
    }
}

#[test]
fn rgb8_is_rounded_and_interleaved() {
    let crop = Crop {
        size_px: 2,
        pixels: (0..12).map(|n: u8| f32::from(n) / 11.0 * 2.0 - 1.0).collect(),
        known: vec![1.0; 4],
    };
    assert_eq!(crop.to_rgb8(), [0, 93, 185, 23, 116, 209, 46, 139, 232, 70, 162, 255]);
}
