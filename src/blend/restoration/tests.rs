use image::{GrayImage, Luma, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::blend::{BlendMode, apply};
use crate::photo::test_pictures::{PHOTO_COLOR_TYPES, varied_picture};
use crate::restore::prepare_photo;

/// A face of stripes and patches.
fn picture() -> FacePicture {
    let pixels = (0..32 * 32u16).map(|i| {
        let (x, y) = (f32::from(i % 32), f32::from(i / 32));
        [(x * 0.9).sin() * 0.8, (y * 0.7).cos() * 0.7, ((x + y) * 0.3).sin() * 0.6]
    });
    FacePicture { side_px: 32, pixels: pixels.collect() }
}

fn frame(width: u32, height: u32, angle_radians: f32) -> FaceFrame {
    FaceFrame { angle_radians, ..FaceFrame::centered(width, height) }
}

fn restore(photo: &Photo, mask: &Mask, frame: &FaceFrame, task: ImageTask) -> DynamicImage {
    Restorer::new(photo, mask, frame, task, None, false).apply(photo, &picture())
}

#[test]
fn block_means_of_an_enlarged_face_are_the_photos_pixels() {
    for factor in [2, 4, 8] {
        let small = Arc::new(Photo::from_pixels(
            RgbImage::from_fn(24, 20, |x, y| Rgb([x * 9, y * 11, 200 - x * 4].map(|v| u8::try_from(v).unwrap())))
                .into(),
        ));
        let task = ImageTask::SuperResolution { factor };
        let large = prepare_photo(&small, task).unwrap();
        let frame = frame(large.width(), large.height(), 0.2);
        let restored = restore(&large, &Mask::empty(large.width(), large.height()), &frame, task).into_rgb8();
        let changed = restored.pixels().zip(large.pixels.to_rgb8().pixels()).filter(|(a, b)| a != b).count();
        assert!(changed > 1000, "{changed}");
        for (x, y, pixel) in small.pixels.to_rgb8().enumerate_pixels() {
            for channel in 0..3 {
                let block = (0..factor).flat_map(|j| (0..factor).map(move |i| (x * factor + i, y * factor + j)));
                let sum: f32 = block.map(|(x, y)| f32::from(restored.get_pixel(x, y).0[channel])).sum();
                let mean = sum / f32::from(u8::try_from(factor * factor).unwrap());
                let expected = f32::from(pixel.0[channel]);
                assert!((mean - expected).abs() <= 0.5, "{factor} {x} {y}: {mean} {expected}");
            }
        }
    }
}

#[test]
fn a_coloured_face_keeps_the_luminance() {
    let grey = GrayImage::from_fn(60, 50, |x, y| Luma([u8::try_from((x * 37 + y * 91) % 256).unwrap()]));
    let photo = prepare_photo(&Arc::new(Photo::from_pixels(grey.clone().into())), ImageTask::Colorize).unwrap();
    let mask = Mask::empty(60, 50);
    let colored = restore(&photo, &mask, &frame(60, 50, 0.0), ImageTask::Colorize).into_rgb8();
    let mut saturated = 0;
    for (x, y, pixel) in colored.enumerate_pixels() {
        let [red, green, blue] = pixel.0.map(f32::from);
        let expected = f32::from(grey.get_pixel(x, y).0[0]);
        assert!((luma([red, green, blue]) - expected).abs() <= 0.51, "{x} {y}: {pixel:?} {expected}");
        saturated += u32::from(pixel.0[0].abs_diff(pixel.0[2]) > 10);
    }
    assert!(saturated > 500, "{saturated}");
}

#[test]
fn a_deblurred_face_is_the_photo_when_blurred_again() {
    let task = ImageTask::Deblur { radius_px: 2.5 };
    let sharp = apply(
        &Photo::from_pixels(RgbImage::from_pixel(90, 90, Rgb([120, 130, 140])).into()),
        &Mask::full(90, 90),
        &frame(90, 90, 0.0),
        BlendMode::None,
        &FacePicture { pixels: picture().pixels.iter().map(|[r, g, b]| [*b, *r * 0.5, *g]).collect(), ..picture() },
    );
    let blurred = image::imageops::blur(&sharp.to_rgb8(), 2.5);
    let photo = Photo::from_pixels(blurred.clone().into());
    let restored = restore(&photo, &Mask::empty(90, 90), &frame(90, 90, 0.0), task).into_rgb8();
    let again = image::imageops::blur(&restored, 2.5);
    let error = |a: &RgbImage, b: &RgbImage| {
        let inside = |(x, y): &(u32, u32)| (25..65).contains(x) && (25..65).contains(y);
        let places: Vec<_> = (0..90).flat_map(|y| (0..90).map(move |x| (x, y))).filter(inside).collect();
        let sum: f32 =
            places.iter().map(|(x, y)| f32::from(a.get_pixel(*x, *y).0[1].abs_diff(b.get_pixel(*x, *y).0[1]))).sum();
        sum / f32::from(u16::try_from(places.len()).unwrap())
    };
    let drawn = error(
        &image::imageops::blur(&restore(&photo, &Mask::full(90, 90), &frame(90, 90, 0.0), task).into_rgb8(), 2.5),
        &blurred,
    );
    assert!(error(&again, &blurred) < 3.0, "{} {drawn}", error(&again, &blurred));
    assert!(error(&restored, &blurred) > 5.0, "it is sharper than the photo: {}", error(&restored, &blurred));
}

#[test]
fn a_clean_face_stays_where_noise_explains_little() {
    // The photo is far from the drawn face everywhere: no noise of this level explains that.
    let photo = Photo::from_pixels(
        RgbImage::from_fn(80, 80, |x, y| Rgb([if (x / 4 + y / 4) % 2 == 0 { 10 } else { 240 }; 3])).into(),
    );
    let frame = frame(80, 80, 0.0);
    let kept = restore(&photo, &Mask::empty(80, 80), &frame, ImageTask::Denoise { level: 3.0 }).into_rgb8();
    let most = kept.pixels().zip(photo.pixels.to_rgb8().pixels()).map(|(a, b)| a.0[0].abs_diff(b.0[0])).max().unwrap();
    assert!(most < 8, "{most}");
    let smoothed = restore(&photo, &Mask::empty(80, 80), &frame, ImageTask::Denoise { level: 100.0 }).into_rgb8();
    let most =
        smoothed.pixels().zip(photo.pixels.to_rgb8().pixels()).map(|(a, b)| a.0[0].abs_diff(b.0[0])).max().unwrap();
    assert!(most > 60, "{most}");
}

#[test]
fn a_jpeg_face_stays_within_the_rounding() {
    let photo = Photo::from_pixels(varied_picture(image::ColorType::Rgb8, 64, 64));
    let frame = frame(64, 64, 0.0);
    let mean_change = |quality| {
        let restored = restore(&photo, &Mask::empty(64, 64), &frame, ImageTask::Dejpeg { quality }).into_rgb8();
        let changes = restored.pixels().zip(photo.pixels.to_rgb8().pixels().copied().collect::<Vec<_>>());
        changes.map(|(a, b)| f32::from(a.0[1].abs_diff(b.0[1]))).sum::<f32>() / 4096.0
    };
    let [coarse, medium, fine] = [5, 40, 95].map(mean_change);
    assert!(fine < 4.0 && medium > 1.5 * fine && coarse > 1.5 * medium, "{coarse} {medium} {fine}");
}

fn any_task() -> impl Strategy<Value = ImageTask> {
    prop::sample::select(&ImageTask::ALL[1..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_under_the_hole_is_read_and_nothing_outside_the_frame_changes(
        task in any_task(),
        color in prop::sample::select(&PHOTO_COLOR_TYPES[..]),
        angle_radians in -0.5f32..0.5,
        hole in [0u32..40, 0u32..32],
        seed in any::<u32>(),
    ) {
        let photo = Photo::from_pixels(varied_picture(color, 56, 48));
        let frame = FaceFrame { center_in_photo: [26.0, 22.0], side_px: 30.0, angle_radians };
        let mask = Mask::from_fn(56, 48, |x, y| (hole[0]..hole[0] + 6).contains(&x) && (hole[1]..hole[1] + 6).contains(&y));
        let noisy = {
            let noise = varied_picture(color, 56 + seed % 7, 48 + seed % 5).crop_imm(0, 0, 56, 48);
            let mut turns = photo.pixels.clone();
            copy_under(&mut turns, &noise, &mask);
            Photo::from_pixels(turns)
        };
        let (clean, noisy_result) = (restore(&photo, &mask, &frame, task), restore(&noisy, &mask, &frame, task));
        let changed = Restorer::new(&photo, &mask, &frame, task, None, false).changed_pixels(&photo);
        let (clean, noisy_result, before) = (clean.to_rgba16(), noisy_result.to_rgba16(), photo.pixels.to_rgba16());
        for (x, y, pixel) in clean.enumerate_pixels() {
            if mask.is_hole(x, y) {
                prop_assert!(!changed.is_hole(x, y) && pixel == before.get_pixel(x, y), "{} {}", x, y);
            } else {
                prop_assert_eq!(pixel, noisy_result.get_pixel(x, y), "{:?} {} {}", task, x, y);
                prop_assert!(changed.is_hole(x, y) || pixel == before.get_pixel(x, y), "{:?} {} {}", task, x, y);
            }
        }
    }
}

/// Copies the pixels of another picture of the same colour type under a mask.
fn copy_under(to: &mut DynamicImage, from: &DynamicImage, mask: &Mask) {
    use crate::photo::PixelData;
    match (PixelDataMut::of(to), PixelData::of(from)) {
        (Some(PixelDataMut::Bits8 { data, channels }), PixelData::Bits8 { data: from, .. }) => {
            copy_samples(data, from, channels, mask);
        }
        (Some(PixelDataMut::Bits16 { data, channels }), PixelData::Bits16 { data: from, .. }) => {
            copy_samples(data, &from, channels, mask);
        }
        _ => {}
    }
}

fn copy_samples<T: Copy>(to: &mut [T], from: &[T], channels: usize, mask: &Mask) {
    for (index, (to, from)) in to.iter_mut().zip(from).enumerate() {
        let pixel = u32::try_from(index / channels).unwrap();
        if mask.is_hole(pixel % mask.width(), pixel / mask.width()) {
            *to = *from;
        }
    }
}

#[test]
fn a_preview_is_smaller_and_similar() {
    let photo = Photo::from_pixels(
        RgbImage::from_fn(400, 400, |x, y| Rgb([x / 2, y / 2, 90].map(|v| u8::try_from(v).unwrap()))).into(),
    );
    let mask = Mask::empty(400, 400);
    for task in ImageTask::ALL.into_iter().skip(1) {
        let patch = |side| Restorer::new(&photo, &mask, &frame(400, 400, 0.0), task, side, true).render(&picture());
        let (full, preview) = (patch(None), patch(Some(100)));
        assert_eq!((full.width, preview.width, preview.height), (400, 100, 100), "{task:?}");
        let at = |patch: &FillPatch, x: u32, y: u32| patch.rgba[(y * patch.width + x) as usize * 4 + 1];
        let mean = |x: u32, y: u32| {
            let sum: u32 = (0..16).map(|i| u32::from(at(&full, 4 * x + i % 4, 4 * y + i / 4))).sum();
            f32::from(u16::try_from(sum).unwrap()) / 16.0
        };
        let places = (20..80).step_by(7).flat_map(|y| (20..80).step_by(7).map(move |x| (x, y)));
        let (sum, count) = places.fold((0.0, 0.0), |(sum, count), (x, y)| {
            (sum + (mean(x, y) - f32::from(at(&preview, x, y))).abs(), count + 1.0)
        });
        assert!(sum / count < 14.0, "{task:?}: {}", sum / count);
    }
}
