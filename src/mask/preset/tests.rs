#![expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "tests: numbers are small")]

use proptest::prelude::*;

use super::*;
use crate::face;
use crate::photo::Photo;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn cropping_a_preset_keeps_its_known_pixels(
        index in 0..MaskPreset::ALL.len(),
        side_px in 16.0f32..150.0,
        angle_radians in -3.2f32..3.2,
        center in [115.0f32..125.0, 115.0f32..125.0],
        seed in any::<u64>(),
    ) {
        let preset = MaskPreset::ALL[index];
        let frame = FaceFrame { center_in_photo: center, side_px, angle_radians };
        let photo = Photo::from_pixels(image::DynamicImage::new_rgb8(240, 240));
        let mask = preset.hole_in_photo(240, 240, &frame, 32, seed);
        let crop = face::crop(&photo, &mask, &frame, 32).unwrap();
        for (hole, known) in preset.hole_in_crop(32, seed).iter().zip(&crop.known) {
            prop_assert!(*hole || *known == 1.0);
        }
        let with_rounding = FaceFrame { side_px: side_px + 0.01, ..frame };
        for y in 0..240 {
            for x in 0..240 {
                prop_assert!(!mask.is_hole(x, y) || with_rounding.contains([x as f32 + 0.5, y as f32 + 0.5]));
            }
        }
    }

    #[test]
    fn a_preset_on_whole_pixels_crops_exactly(
        index in 0..MaskPreset::ALL.len(), scale in 1u32..5, (x, y) in (0u32..40, 0u32..40), seed in any::<u64>(),
    ) {
        let preset = MaskPreset::ALL[index];
        let side = 32 * scale;
        let center_in_photo = [x as f32 + side as f32 / 2.0, y as f32 + side as f32 / 2.0];
        let frame = FaceFrame { center_in_photo, side_px: side as f32, angle_radians: 0.0 };
        let photo = Photo::from_pixels(image::DynamicImage::new_rgb8(200, 200));
        let mask = preset.hole_in_photo(200, 200, &frame, 32, seed);
        let crop = face::crop(&photo, &mask, &frame, 32).unwrap();
        let expected: Vec<f32> =
            preset.hole_in_crop(32, seed).iter().map(|&hole| if hole { 0.0 } else { 1.0 }).collect();
        prop_assert_eq!(crop.known, expected);
    }
}

#[test]
fn presets_have_the_expected_holes() {
    let count = |preset: MaskPreset| preset.hole_in_crop(64, 7).iter().filter(|&&hole| hole).count();
    assert_eq!(count(MaskPreset::Center), 32 * 32);
    assert_eq!(count(MaskPreset::Half), 32 * 64);
    assert_eq!(count(MaskPreset::Left), 32 * 64);
    assert_eq!(count(MaskPreset::Grid), 64 * 64 - 16 * 16);
    assert_eq!(count(MaskPreset::Lowres), 64 * 64 - 8 * 8);
    assert_eq!(count(MaskPreset::Full), 64 * 64);
    // 3277 expected, standard deviation 26.
    assert!((3140..3410).contains(&count(MaskPreset::Random)));
    // 819 expected, standard deviation 26.
    assert!((690..950).contains(&count(MaskPreset::RandomFifth)));
    let half = MaskPreset::Half.hole_in_crop(64, 0);
    assert!(!half[31 * 64] && half[32 * 64]);
    let left = MaskPreset::Left.hole_in_crop(64, 0);
    assert!(left[31] && !left[32]);
}

#[test]
fn the_centre_has_the_margin_of_the_blog() {
    let frame = FaceFrame { center_in_photo: [50.0, 50.0], side_px: 64.0, angle_radians: 0.0 };
    let hole = |margin| center_hole_in_photo(100, 100, &frame, 64, margin);
    assert_eq!(hole(0.25), MaskPreset::Center.hole_in_photo(100, 100, &frame, 64, 0));
    assert_eq!(hole(0.0), MaskPreset::Full.hole_in_photo(100, 100, &frame, 64, 0));
    // int(64 · 0.4) and int(64 · 0.6).
    assert_eq!(hole(0.4).hole_count(), (38 - 25) * (38 - 25));
}

#[test]
fn the_random_preset_follows_its_seed() {
    let hole = |seed| MaskPreset::Random.hole_in_crop(64, seed);
    assert_eq!(hole(1), hole(1));
    assert_ne!(hole(1), hole(2));
}

#[test]
fn an_unusable_frame_makes_no_hole() {
    for side_px in [0.0, -5.0, f32::NAN, f32::INFINITY] {
        let frame = FaceFrame { center_in_photo: [5.0, 5.0], side_px, angle_radians: 0.0 };
        assert!(MaskPreset::Full.hole_in_photo(10, 10, &frame, 64, 0).is_empty());
    }
    let huge = FaceFrame { center_in_photo: [0.0, 0.0], side_px: 3e38, angle_radians: 0.5 };
    let _ = MaskPreset::Full.hole_in_photo(10, 10, &huge, 64, 0);
}
