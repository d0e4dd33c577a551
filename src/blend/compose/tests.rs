#![expect(clippy::cast_precision_loss, reason = "tests: numbers are small")]

use image::{ColorType, ImageBuffer, Rgba};

mod properties;
mod transparency;

use super::*;
use crate::mask::{MaskPreset, StrokeKind};
use crate::photo::test_pictures::{PHOTO_COLOR_TYPES, to_color_type};

fn hash(x: u32, y: u32, seed: u32) -> u32 {
    (x + 7919 * y + 104_729 * seed).wrapping_mul(2_654_435_761).rotate_left(15).wrapping_mul(2_246_822_519)
}

/// Noise in every channel, with some fully transparent pixels.
fn noise(color: ColorType, width: u32, height: u32, seed: u32) -> DynamicImage {
    let rgba = ImageBuffer::from_fn(width, height, |x, y| {
        let value = |channel: u32| (hash(x, y, seed * 4 + channel) >> 16) as u16;
        Rgba([value(0), value(1), value(2), if value(3) < 3000 { 0 } else { value(3) }])
    });
    to_color_type(DynamicImage::ImageRgba16(rgba), color)
}

/// Bytes of a pixel.
fn bytes_at(pixels: &DynamicImage, x: u32, y: u32) -> &[u8] {
    let size = usize::from(pixels.color().bytes_per_pixel());
    let start = (y as usize * pixels.width() as usize + x as usize) * size;
    &pixels.as_bytes()[start..start + size]
}

/// A fill of 64×64 pixels, all different.
fn noisy_fill(seed: u32) -> FacePicture {
    let value = |index: u32| (hash(index, 0, seed) >> 8) as f32 / (1 << 23) as f32 - 1.0;
    FacePicture::from_planes(&(0..3 * 4096).map(value).collect::<Vec<f32>>())
}

fn square(side: u32) -> FaceFrame {
    FaceFrame::centered(side, side)
}

#[test]
fn without_blending_the_fill_is_unchanged() {
    let photo = Photo::from_pixels(noise(ColorType::Rgb8, 64, 64, 1));
    let fill = noisy_fill(5);
    let hole = MaskPreset::Center.hole_in_photo(64, 64, &square(64), 64, 0);
    let filled = apply(&photo, &hole, &square(64), BlendMode::None, &fill).to_rgb8();
    for (x, y) in [(16, 16), (47, 47), (30, 21)] {
        for channel in 0..3 {
            let expected = (fill.pixels[(y * 64 + x) as usize][channel] * 0.5 + 0.5) * 255.0;
            let found = f32::from(filled.get_pixel(x, y).0[channel]);
            assert!((found - expected).abs() <= 0.51, "at {x}, {y}: {found} and {expected}");
        }
    }
}

#[test]
fn feathering_fades_from_the_edge_to_the_middle() {
    for side in [64, 300] {
        let photo = Photo::from_pixels(image::RgbImage::from_pixel(side, side, image::Rgb([150, 100, 60])).into());
        let hole = MaskPreset::Center.hole_in_photo(side, side, &square(side), 64, 0);
        let fill = FacePicture::uniform(64, [0.0, 0.0, 0.0]);
        let filled = apply(&photo, &hole, &square(side), BlendMode::Feather, &fill).to_rgb8();
        let bounds = hole.hole_bounds().unwrap();
        for at in [bounds.x, bounds.right() - 1] {
            for other in [bounds.y, bounds.y + bounds.height / 2, bounds.bottom() - 1] {
                assert_eq!(filled.get_pixel(at, other).0, [150, 100, 60], "side {side}, at {at}, {other}");
                assert_eq!(filled.get_pixel(other, at).0, [150, 100, 60], "side {side}, at {other}, {at}");
            }
        }
        let middle = filled.get_pixel(side / 2, side / 2).0;
        assert!(middle.iter().all(|value| (127..=128).contains(value)), "{middle:?}");
    }
}

#[test]
fn feathering_fades_without_steps() {
    let photo = Photo::from_pixels(image::RgbImage::from_pixel(256, 256, image::Rgb([200, 200, 200])).into());
    let hole = MaskPreset::Center.hole_in_photo(256, 256, &square(256), 64, 0);
    let filled = apply(&photo, &hole, &square(256), BlendMode::Feather, &FacePicture::uniform(64, [0.0; 3])).to_rgb8();
    let row: Vec<i32> = (60..196).map(|x| i32::from(filled.get_pixel(x, 100).0[0])).collect();
    assert!(row.windows(2).all(|pair| (pair[0] - pair[1]).abs() <= 5), "{row:?}");
}

#[test]
fn holes_are_filled_up_to_the_photos_border() {
    let photo = Photo::from_pixels(image::RgbImage::from_pixel(100, 100, image::Rgb([10, 10, 10])).into());
    let mut hole = Mask::empty(100, 100);
    for at in [[0.0, 0.0], [99.9, 50.0], [40.0, 45.0]] {
        hole.draw_segment(at, at, 12.0, StrokeKind::Paint);
    }
    // Poisson would return the photo: a constant fill has no gradients.
    for mode in [BlendMode::Feather, BlendMode::None] {
        let filled = apply(&photo, &hole, &square(100), mode, &FacePicture::uniform(64, [1.0, 1.0, 1.0])).to_rgb8();
        for (x, y) in [(0, 0), (99, 50), (40, 45)] {
            assert!(filled.get_pixel(x, y).0[0] > 10, "{mode:?} at {x}, {y}");
        }
    }
}

#[test]
fn feather_without_known_pixels_equals_no_blending() {
    let photo = Photo::from_pixels(noise(ColorType::Rgba8, 64, 64, 1));
    let hole = MaskPreset::Full.hole_in_photo(64, 64, &square(64), 64, 0);
    let fill = noisy_fill(6);
    let filled = |mode| apply(&photo, &hole, &square(64), mode, &fill);
    assert_eq!(filled(BlendMode::Feather), filled(BlendMode::None));
    // Known, but fully transparent: so is the fill, and its colours are the generator's.
    let clear = Photo::from_pixels(DynamicImage::new_rgba8(64, 64));
    let hole = MaskPreset::Center.hole_in_photo(64, 64, &square(64), 64, 0);
    let filled = |mode| apply(&clear, &hole, &square(64), mode, &fill).to_rgba8();
    for (feathered, plain) in filled(BlendMode::Feather).pixels().zip(filled(BlendMode::None).pixels()) {
        assert_eq!((&feathered.0[..3], feathered.0[3]), (&plain.0[..3], 0));
    }
}

#[test]
fn a_stroke_leaving_the_frame_shows_no_edge() {
    let photo = Photo::from_pixels(image::RgbImage::from_pixel(200, 200, image::Rgb([128; 3])).into());
    let mut hole = Mask::empty(200, 200);
    hole.draw_segment([100.0, 110.0], [100.0, 55.0], 12.0, StrokeKind::Paint);
    let frame = FaceFrame { center_in_photo: [100.0, 100.0], side_px: 64.0, angle_radians: 0.0 };
    // Stripes down the frame, whose upper edge is at 68.
    let pixels = (0..4096).map(|index| if index % 16 < 8 { [0.6; 3] } else { [-0.2; 3] }).collect();
    let stripes = FacePicture { side_px: 64, pixels };
    for mode in BlendMode::ALL {
        let filled = apply(&photo, &hole, &frame, mode, &stripes).to_luma32f();
        let at = |x: u32, y: u32| filled.get_pixel(x, y).0[0];
        let step = |y: u32| (90..110).map(|x| (at(x, y) - at(x, y - 1)).abs()).fold(0.0, f32::max);
        assert!(step(68) < 0.1, "{mode:?}: {}", step(68));
        let contrast =
            |y: u32| (90..110).map(|x| at(x, y)).fold(0.0, f32::max) - (90..110).map(|x| at(x, y)).fold(1.0, f32::min);
        assert!(contrast(75) > 0.3 && contrast(50) < 0.1, "{mode:?}: {} and {}", contrast(75), contrast(50));
    }
}

#[test]
fn known_pixels_beyond_an_unfilled_part_tint_nothing() {
    // The hole extends far beyond the filled area; known pixels lie only outside of it.
    let photo = Photo::from_pixels(image::RgbImage::from_pixel(200, 200, image::Rgb([255, 0, 0])).into());
    let mut hole = Mask::empty(200, 200);
    hole.draw_segment([100.0, 100.0], [100.0, 100.0], 80.0, StrokeKind::Paint);
    let frame = FaceFrame { center_in_photo: [100.0, 100.0], side_px: 64.0, angle_radians: 0.0 };
    let filled = apply(&photo, &hole, &frame, BlendMode::Feather, &FacePicture::uniform(64, [0.0; 3])).to_rgb8();
    assert_eq!(filled.get_pixel(37, 100).0, [128, 128, 128]);
    assert_eq!(filled.get_pixel(35, 100).0, [255, 0, 0]);
}

#[test]
fn grey_photos_get_the_fills_luma() {
    let fill = FacePicture::uniform(64, [1.0, -1.0, 0.0]);
    let hole = MaskPreset::Center.hole_in_photo(64, 64, &square(64), 64, 0);
    let photo = Photo::from_pixels(noise(ColorType::L16, 64, 64, 1));
    let filled = apply(&photo, &hole, &square(64), BlendMode::None, &fill).to_luma16();
    let expected = (0.2126 + 0.5 * 0.0722) * 65535.0;
    assert!((f64::from(filled.get_pixel(30, 30).0[0]) - expected).abs() <= 1.0);
    let patch = Composer::new(&photo, &hole, &square(64), BlendMode::None, Some(8)).render(&fill);
    assert_eq!(patch.rgba[..4], [63, 63, 63, 255]);
}

#[test]
fn preview_alpha_is_the_filled_share() {
    let photo = Photo::from_pixels(noise(ColorType::Rgb8, 400, 300, 1));
    let mut hole = Mask::empty(400, 300);
    hole.draw_segment([150.0, 150.0], [250.0, 150.0], 50.0, StrokeKind::Paint);
    let frame = FaceFrame::centered(400, 300);
    let patch =
        Composer::new(&photo, &hole, &frame, BlendMode::Feather, Some(96)).render(&FacePicture::uniform(64, [0.5; 3]));
    assert_eq!((patch.width, patch.height), (96, 48));
    assert_eq!(patch.rect_in_photo, RectPx { x: 100, y: 100, width: 200, height: 100 });
    assert_eq!(patch.rgba.len(), 96 * 48 * 4);
    let alpha_sum: f64 = patch.rgba.iter().skip(3).step_by(4).map(|alpha| f64::from(*alpha) / 255.0).sum();
    let share = hole.hole_count() as f64 / (200.0 * 100.0);
    assert!((alpha_sum / (96.0 * 48.0) - share).abs() < 0.01);
    assert_eq!(patch.rgba[(24 * 96 + 48) * 4 + 3], 255);
    assert_eq!(patch.rgba[3], 0);
}

#[test]
fn a_patch_at_full_size_makes_the_finished_photo() {
    let hole = MaskPreset::Center.hole_in_photo(90, 90, &square(90), 64, 0);
    for color in PHOTO_COLOR_TYPES {
        let photo = Photo::from_pixels(noise(color, 90, 90, 3));
        let patch = |max_side_px| {
            let composer = Composer::new(&photo, &hole, &square(90), BlendMode::Poisson, max_side_px);
            composer.render(&noisy_fill(4)).paste(&photo)
        };
        let has_8_bits = color.bytes_per_pixel() == color.channel_count();
        let expected = apply(&photo, &hole, &square(90), BlendMode::Poisson, &noisy_fill(4));
        assert!(patch(None) == has_8_bits.then_some(expected), "{color:?}");
        assert_eq!(patch(Some(20)), None, "{color:?}: a preview is too coarse");
    }
}

#[test]
fn without_a_hole_in_the_frame_nothing_changes() {
    let photo = Photo::from_pixels(noise(ColorType::Rgb8, 50, 40, 1));
    let fill = FacePicture::uniform(8, [0.0; 3]);
    let mut hole = Mask::empty(50, 40);
    hole.draw_segment([3.0, 3.0], [3.0, 3.0], 2.0, StrokeKind::Paint);
    let far = FaceFrame { center_in_photo: [35.0, 20.0], side_px: 20.0, angle_radians: 0.0 };
    let broken = FaceFrame { side_px: f32::NAN, ..far };
    for frame in [far, broken] {
        let patch = Composer::new(&photo, &hole, &frame, BlendMode::Feather, None).render(&fill);
        assert!(patch.rect_in_photo.is_empty() && patch.rgba.is_empty());
        assert_eq!(apply(&photo, &hole, &frame, BlendMode::Feather, &fill), photo.pixels);
    }
    let huge = FaceFrame { side_px: 1e30, ..far };
    let _ = apply(&photo, &hole, &huge, BlendMode::Feather, &fill);
}

#[test]
fn masks_of_another_size_count_where_they_overlap() {
    let photo = Photo::from_pixels(noise(ColorType::Rgb8, 50, 40, 1));
    for (width, height) in [(20, 60), (70, 30), (10, 10)] {
        let hole = Mask::full(width, height);
        let filled = apply(&photo, &hole, &square(50), BlendMode::Feather, &FacePicture::uniform(8, [1.0; 3]));
        assert_ne!(bytes_at(&filled, 5, 5), bytes_at(&photo.pixels, 5, 5));
        assert_eq!(bytes_at(&filled, 49, 39), bytes_at(&photo.pixels, 49, 39));
    }
}
