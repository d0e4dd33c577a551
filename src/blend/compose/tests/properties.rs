//! Properties of every photo, hole, frame and fill.

use image::{ColorType, ImageBuffer};
use proptest::prelude::*;

use super::*;

/// A photo with the bytes of another one under the hole of a mask.
fn with_hole_from(photo: &DynamicImage, other: &DynamicImage, hole: &Mask) -> DynamicImage {
    let size = usize::from(photo.color().bytes_per_pixel());
    let mut bytes = photo.as_bytes().to_vec();
    for (index, _) in hole.to_bytes().iter().enumerate().filter(|(_, pixel)| **pixel != 0) {
        bytes[index * size..(index + 1) * size].copy_from_slice(&other.as_bytes()[index * size..(index + 1) * size]);
    }
    let wide: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect();
    let (width, height) = (photo.width(), photo.height());
    match photo.color() {
        ColorType::L8 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
        ColorType::La8 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLumaA8),
        ColorType::Rgb8 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
        ColorType::Rgba8 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
        ColorType::L16 => ImageBuffer::from_raw(width, height, wide).map(DynamicImage::ImageLuma16),
        ColorType::La16 => ImageBuffer::from_raw(width, height, wide).map(DynamicImage::ImageLumaA16),
        ColorType::Rgb16 => ImageBuffer::from_raw(width, height, wide).map(DynamicImage::ImageRgb16),
        _ => ImageBuffer::from_raw(width, height, wide).map(DynamicImage::ImageRgba16),
    }
    .unwrap()
}

fn any_mask(width: u32, height: u32) -> impl Strategy<Value = Mask> {
    let point = || [-5.0f32..width as f32 + 5.0, -5.0f32..height as f32 + 5.0];
    let kind = prop_oneof![3 => Just(StrokeKind::Paint), 1 => Just(StrokeKind::Ignore)];
    prop::collection::vec((point(), point(), 0.0f32..18.0, kind), 0..5).prop_map(move |segments| {
        let mut mask = Mask::empty(width, height);
        for (from, to, radius, kind) in segments {
            mask.draw_segment(from, to, radius, kind);
        }
        mask
    })
}

fn any_frame() -> impl Strategy<Value = FaceFrame> {
    ([0.0f32..80.0, 0.0f32..60.0], 10.0f32..120.0, prop_oneof![Just(0.0f32), -3.2f32..3.2])
        .prop_map(|(center_in_photo, side_px, angle_radians)| FaceFrame { center_in_photo, side_px, angle_radians })
}

fn any_fill() -> impl Strategy<Value = FacePicture> {
    prop::collection::vec(-1.0f32..=1.0, 3 * 16 * 16).prop_map(|planes| FacePicture::from_planes(&planes))
}

fn any_blend() -> impl Strategy<Value = Blend> {
    let soft_edge_px = prop_oneof![2 => Just(0), 1 => 1..15u16];
    let parts = (0..BlendMode::ALL.len(), prop_oneof![Just(0u8), Just(100), 1..100u8], soft_edge_px);
    parts.prop_map(|(mode, detail_percent, soft_edge_px)| Blend {
        mode: BlendMode::ALL[mode],
        detail_percent,
        completion: false,
        soft_edge_px,
    })
}

/// Whether a pixel's centre lies in a frame's fillable area, enlarged by some pixels to allow for rounding at its
/// border.
fn is_in(frame: &FaceFrame, larger_by_px: f32, x: u32, y: u32) -> bool {
    let area = fillable_area(frame);
    FaceFrame { side_px: area.side_px + larger_by_px, ..area }.contains([x as f32 + 0.5, y as f32 + 0.5])
}

pub(super) fn is_opaque(pixels: &DynamicImage, x: u32, y: u32) -> bool {
    let samples = bytes_at(pixels, x, y);
    let alpha = usize::from(pixels.color().bytes_per_pixel() / pixels.color().channel_count());
    !pixels.color().has_alpha() || samples[samples.len() - alpha..].iter().all(|byte| *byte == 255)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn known_pixels_are_unchanged_and_alpha_is_interpolated(
        color in 0..PHOTO_COLOR_TYPES.len(), hole in any_mask(80, 60), frame in any_frame(), fill in any_fill(), blend in any_blend(),
    ) {
        let photo = Photo::from_pixels(noise(PHOTO_COLOR_TYPES[color], 80, 60, 1));
        let filled = apply(&photo, &hole, &frame, blend, &fill);
        prop_assert_eq!(filled.color(), photo.pixels.color());
        let composed = composed_hole(&hole, blend.soft_edge_px);
        // Other values cannot come from interpolation. A part of the hole without known neighbours is opaque.
        let known: Vec<u16> = (photo.pixels.to_rgba16().enumerate_pixels())
            .filter(|(x, y, _)| !hole.is_hole(*x, *y) && !hole.is_ignored(*x, *y))
            .map(|(.., pixel)| pixel.0[3])
            .collect();
        let lowest = known.iter().copied().min().unwrap_or(u16::MAX).saturating_sub(8);
        let alpha = filled.to_rgba16();
        for y in 0..60 {
            for x in 0..80 {
                if !composed.is_hole(x, y) || !is_in(&frame, 0.01, x, y) {
                    prop_assert_eq!(bytes_at(&filled, x, y), bytes_at(&photo.pixels, x, y));
                } else if is_in(&frame, -0.01, x, y) {
                    prop_assert!(alpha.get_pixel(x, y).0[3] >= lowest);
                    prop_assert!(blend.mode != BlendMode::None || !hole.is_hole(x, y) || is_opaque(&filled, x, y));
                }
            }
        }
    }

    #[test]
    fn hole_pixels_do_not_change_the_fill(
        color in 0..PHOTO_COLOR_TYPES.len(), hole in any_mask(80, 60), frame in any_frame(), fill in any_fill(), blend in any_blend(),
    ) {
        let photo = Photo::from_pixels(noise(PHOTO_COLOR_TYPES[color], 80, 60, 1));
        let changed = with_hole_from(&photo.pixels, &noise(PHOTO_COLOR_TYPES[color], 80, 60, 2), &hole);
        let changed = Photo::from_pixels(changed);
        let (a, b) = (apply(&photo, &hole, &frame, blend, &fill), apply(&changed, &hole, &frame, blend, &fill));
        for y in 0..60 {
            for x in 0..80 {
                let keeps_the_hole = bytes_at(&a, x, y) == bytes_at(&photo.pixels, x, y)
                    && bytes_at(&b, x, y) == bytes_at(&changed.pixels, x, y);
                let same = bytes_at(&a, x, y) == bytes_at(&b, x, y);
                prop_assert!(same || (keeps_the_hole && hole.is_hole(x, y) && !is_in(&frame, -0.01, x, y)));
            }
        }
        for side in [None, Some(20)] {
            let render = |photo: &Photo| Composer::new(photo, &hole, &frame, blend, side).render(&fill);
            prop_assert_eq!(render(&photo), render(&changed));
        }
    }

    #[test]
    fn ignored_pixels_stay_and_do_not_change_the_fill(
        color in 0..PHOTO_COLOR_TYPES.len(), mask in any_mask(80, 60), frame in any_frame(), fill in any_fill(), blend in any_blend(),
    ) {
        let photo = Photo::from_pixels(noise(PHOTO_COLOR_TYPES[color], 80, 60, 1));
        let changed = with_hole_from(&photo.pixels, &noise(PHOTO_COLOR_TYPES[color], 80, 60, 2), &mask.ignored());
        let changed = Photo::from_pixels(changed);
        let (a, b) = (apply(&photo, &mask, &frame, blend, &fill), apply(&changed, &mask, &frame, blend, &fill));
        for y in 0..60 {
            for x in 0..80 {
                if mask.is_ignored(x, y) {
                    prop_assert_eq!(bytes_at(&a, x, y), bytes_at(&photo.pixels, x, y));
                    prop_assert_eq!(bytes_at(&b, x, y), bytes_at(&changed.pixels, x, y));
                } else {
                    prop_assert_eq!(bytes_at(&a, x, y), bytes_at(&b, x, y), "at {}, {}", x, y);
                }
            }
        }
        for side in [None, Some(20)] {
            let render = |photo: &Photo| Composer::new(photo, &mask, &frame, blend, side).render(&fill);
            prop_assert_eq!(render(&photo), render(&changed));
        }
    }

    #[test]
    fn a_full_size_patch_equals_the_finished_photo(
        hole in any_mask(80, 60), frame in any_frame(), fill in any_fill(), blend in any_blend(), grey in any::<bool>(),
    ) {
        let photo = Photo::from_pixels(noise(if grey { ColorType::L8 } else { ColorType::Rgb8 }, 80, 60, 3));
        let blend = Blend { soft_edge_px: 0, ..blend };
        let filled = apply(&photo, &hole, &frame, blend, &fill).to_rgb8();
        let patch = Composer::new(&photo, &hole, &frame, blend, None).render(&fill);
        let rect = patch.rect_in_photo;
        prop_assert_eq!((patch.width, patch.height), (rect.width, rect.height));
        let original = photo.pixels.to_rgb8();
        for (x, y, pixel) in filled.enumerate_pixels() {
            let in_patch = rect.contains(x, y).then(|| {
                let start = ((y - rect.y) * rect.width + x - rect.x) as usize * 4;
                &patch.rgba[start..start + 4]
            });
            match in_patch {
                Some([red, green, blue, 255]) => prop_assert_eq!(pixel.0, [*red, *green, *blue]),
                Some(other) => {
                    prop_assert_eq!(other, [0; 4]);
                    prop_assert_eq!(pixel, original.get_pixel(x, y));
                }
                None => prop_assert_eq!(pixel, original.get_pixel(x, y)),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn unknown_pixels_do_not_change_large_fills(
        color in 0..PHOTO_COLOR_TYPES.len(), mask in any_mask(560, 420), side_px in 260.0f32..540.0, angle_radians in -3.2f32..3.2,
    ) {
        // Here cells hold both known and hole pixels, and there is detail to add.
        let frame = FaceFrame { center_in_photo: [280.0, 210.0], side_px, angle_radians };
        let photo = noise(PHOTO_COLOR_TYPES[color], 560, 420, 1);
        let changed = with_hole_from(&photo, &noise(PHOTO_COLOR_TYPES[color], 560, 420, 2), &mask.unknown());
        let (photo, changed) = (Photo::from_pixels(photo), Photo::from_pixels(changed));
        for side in [Some(200), None] {
            let render = |photo: &Photo| {
                let blend = Blend { mode: BlendMode::Feather, detail_percent: 100, completion: false, soft_edge_px: 0 };
                Composer::new(photo, &mask, &frame, blend, side).render(&FacePicture::uniform(16, [0.1; 3]))
            };
            prop_assert_eq!(render(&photo), render(&changed));
        }
    }
}
