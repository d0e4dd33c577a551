#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "tests: numbers are small"
)]

use image::{DynamicImage, ImageBuffer, Luma, Rgb, Rgba};
use proptest::prelude::*;

use super::*;
use crate::geometry::Point;
use crate::mask::StrokeKind;

fn fill(pixels: impl Into<DynamicImage>, hole: &Mask) -> RgbImage {
    fill_hole(&Photo::from_pixels(pixels.into()), hole).into_owned()
}

fn disc(width: u32, height: u32, center: Point, radius_px: f32) -> Mask {
    let mut mask = Mask::empty(width, height);
    mask.draw_segment(center, center, radius_px, StrokeKind::Paint);
    mask
}

/// A picture whose channels rise along x, along y, and fall along both.
fn gradient(width: u32, height: u32) -> RgbImage {
    let value = |value: f32| (value + 0.5) as u8;
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32, y as f32);
        Rgb([value(x), value(1.2 * y), value(200.0 - 0.5 * (x + y))])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn hole_pixels_are_not_read(
        strokes in prop::collection::vec(([-5.0f32..95.0, -5.0f32..75.0], [0.0f32..90.0, 0.0f32..70.0], 0.0f32..30.0), 1..4),
        seed: u8,
    ) {
        let mut hole = Mask::empty(90, 70);
        for (from, to, radius) in strokes {
            hole.draw_segment(from, to, radius, StrokeKind::Paint);
        }
        let original = gradient(90, 70);
        let mut changed = original.clone();
        for (x, y, pixel) in changed.enumerate_pixels_mut().filter(|(x, y, _)| hole.is_hole(*x, *y)) {
            *pixel = Rgb([seed, (x * 37 + y) as u8, (y * 91) as u8]);
        }
        let filled = fill(original.clone(), &hole);
        prop_assert_eq!(&filled, &fill(changed, &hole));
        for (x, y, pixel) in filled.enumerate_pixels().filter(|(x, y, _)| !hole.is_hole(*x, *y)) {
            prop_assert_eq!(pixel, original.get_pixel(x, y));
        }
    }
}

#[test]
fn a_linear_gradient_continues_through_the_hole() {
    let original = gradient(200, 160);
    for radius_px in [8.0f32, 25.0, 50.0] {
        let hole = disc(200, 160, [90.0, 80.0], radius_px);
        let filled = fill(original.clone(), &hole);
        let differences = filled.as_raw().iter().zip(original.as_raw()).map(|(a, b)| f32::from(a.abs_diff(*b)));
        let (mut largest, mut sum) = (0.0f32, 0.0);
        for difference in differences {
            largest = largest.max(difference);
            sum += difference;
        }
        let mean = sum / (3 * hole.hole_count()) as f32;
        // A constant fill would be off by up to 1.2 radii, and by half a radius on average.
        assert!(largest < 0.2 * radius_px + 1.0 && mean < 0.06 * radius_px + 0.5, "{radius_px}: {largest}, {mean}");
    }
}

#[test]
fn the_fill_has_no_blocks() {
    let hole = disc(120, 120, [60.0, 60.0], 50.0);
    let pixels = RgbImage::from_fn(120, 120, |x, _| if x < 60 { Rgb([20; 3]) } else { Rgb([220; 3]) });
    let filled = fill(pixels, &hole);
    let step = |x: u32| filled.get_pixel(x + 1, 60).0[0].abs_diff(filled.get_pixel(x, 60).0[0]);
    let largest = (12..107).map(step).max().unwrap();
    assert!(largest <= 12, "the largest step between neighbours is {largest}");
}

#[test]
fn without_known_pixels_the_fill_is_grey() {
    let hole = Mask::full(37, 21);
    let filled = fill(gradient(37, 21), &hole);
    assert!(filled.pixels().all(|pixel| *pixel == Rgb([128; 3])));
}

#[test]
fn transparent_pixels_are_filled_too() {
    let is_transparent = |x: u32| (20..30).contains(&x);
    let pixels = ImageBuffer::from_fn(60, 40, |x, _| Rgba([if is_transparent(x) { 255u8 } else { 80 }, 90, 100, 255]));
    let mut transparent = pixels.clone();
    transparent.enumerate_pixels_mut().filter(|(x, ..)| is_transparent(*x)).for_each(|(.., pixel)| pixel.0[3] = 0);
    let fill = |pixels: DynamicImage| fill(pixels, &Mask::empty(60, 40));
    let filled = fill(transparent.clone().into());
    assert!(filled.pixels().all(|pixel| *pixel == Rgb([80, 90, 100])));
    assert_eq!(fill(DynamicImage::ImageRgba8(transparent).to_rgba16().into()), filled);
    assert_eq!(fill(pixels.into()).get_pixel(25, 5), &Rgb([255, 90, 100]), "opaque pixels stay");
}

#[test]
fn grey_photos_are_filled() {
    let hole = disc(50, 50, [25.0, 25.0], 8.0);
    let pixels = ImageBuffer::from_fn(50, 50, |x, y| Luma([if hole.is_hole(x, y) { 255u8 } else { 70 }]));
    let filled = fill(DynamicImage::ImageLuma8(pixels), &hole);
    assert!(filled.pixels().all(|pixel| *pixel == Rgb([70; 3])));
}
