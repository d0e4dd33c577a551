//! Whole files of all kinds, and what damage does to them.

use proptest::prelude::*;

use super::*;

const BASELINE: &[u8] = include_bytes!("../../../../assets/fixtures/jpeg/baseline.jpg");
/// The same coefficients with a restart mark behind every two units of 16×16 pixels: 8 intervals.
const RESTARTS: &[u8] = include_bytes!("../../../../assets/fixtures/jpeg/restarts.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../../assets/fixtures/jpeg/progressive.jpg");
const SINGLE_SCANS: &[u8] = include_bytes!("../../../../assets/fixtures/jpeg/single-scans.jpg");
const ARITHMETIC: &[u8] = include_bytes!("../../../../assets/fixtures/jpeg/arithmetic.jpg");
const ODD_FACTORS: &[u8] = include_bytes!("../../../../assets/fixtures/jpeg/odd-factors.jpg");

fn opened(bytes: &[u8]) -> DecodedFile {
    decode(bytes, DecodeLimits::default()).unwrap()
}

fn refusal(bytes: &[u8]) -> PhotoError {
    decode(bytes, DecodeLimits::default()).err().unwrap()
}

/// The pixels of a file that opens without a warning.
fn pixels(bytes: &[u8]) -> image::RgbImage {
    let file = opened(bytes);
    assert_eq!(file.warnings, [""; 0]);
    file.pixels.to_rgb8()
}

/// The share of pixels that differ by more than rounding.
fn differing(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let count = a.pixels().zip(b.pixels()).filter(|(a, b)| (0..3).any(|i| a.0[i].abs_diff(b.0[i]) > 4)).count();
    f64::from(u32::try_from(count).unwrap()) / f64::from(a.width() * a.height())
}

fn position(bytes: &[u8], sought: &[u8]) -> usize {
    bytes.windows(sought.len()).position(|part| part == sought).unwrap()
}

/// Where the data of the first scan begin.
fn data_start(bytes: &[u8]) -> usize {
    let scan = position(bytes, &[0xFF, 0xDA]);
    scan + 2 + usize::from(bytes[scan + 3])
}

#[test]
fn equal_coefficients_give_equal_pixels() {
    let expected = pixels(BASELINE);
    assert_eq!(expected.dimensions(), (72, 48));
    for (name, file) in [("restarts", RESTARTS), ("progressive", PROGRESSIVE), ("single scans", SINGLE_SCANS)] {
        assert!(differing(&pixels(file), &expected) < 0.001, "{name}");
    }
}

#[test]
fn both_decoders_agree() {
    for file in [BASELINE, RESTARTS, PROGRESSIVE] {
        let picture = Picture::find(file, 1 << 20).unwrap();
        let mut coefficients = Coefficients::new(&picture.frame);
        assert!(check::decode(&picture, &mut coefficients).is_none());
        let Pixels::Picture(rebuilt) = rebuild::pixels(&picture.frame, picture.color, coefficients) else { panic!() };
        assert!(differing(&rebuilt.to_rgb8(), &pixels(file)) < 0.001);
    }
}

#[test]
fn odd_sampling_factors_are_decoded() {
    let (found, expected) = (pixels(ODD_FACTORS), pixels(BASELINE));
    let apart = found.iter().zip(expected.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
    assert!(apart < 4 * found.len() as u64, "{apart}");
}

#[test]
fn what_follows_the_picture_is_ignored() {
    let expected = pixels(BASELINE);
    let film = [&[0xFF, 0xDA, 1, 2, 0xFF, 0xD8, 0xFF, 0xC4, 0, 3][..], &[7; 99], &[0xFF, 0xDA]].concat();
    for rest in [&film[..], SINGLE_SCANS, &[0xFF], &[0; 50]] {
        assert_eq!(pixels(&[BASELINE, rest].concat()), expected);
        assert_eq!(pixels(&[PROGRESSIVE, rest].concat()), pixels(PROGRESSIVE));
    }
}

#[test]
fn filling_before_marks_is_skipped() {
    let scan = position(BASELINE, &[0xFF, 0xDA]);
    let filled = [&BASELINE[..scan], &[0xFF; 3], &BASELINE[scan..BASELINE.len() - 2], &[0xFF; 5], &[0xD9]].concat();
    assert_eq!(pixels(&filled), pixels(BASELINE));
}

#[test]
fn missing_end_mark_does_no_harm() {
    for file in [BASELINE, RESTARTS, PROGRESSIVE, SINGLE_SCANS] {
        assert_eq!(pixels(&file[..file.len() - 2]), pixels(file));
    }
}

#[test]
fn cut_files_are_refused() {
    for file in [BASELINE, RESTARTS, PROGRESSIVE, SINGLE_SCANS] {
        let start = data_start(file);
        for cut in [2, 30, start, start + 9, usize::midpoint(start, file.len()), file.len() - 12] {
            assert!(matches!(refusal(&file[..cut]), PhotoError::CutShort), "{cut}");
        }
    }
}

#[test]
fn mended_end_is_told() {
    for file in [BASELINE, RESTARTS] {
        let start = data_start(file);
        let half = &file[..usize::midpoint(start, file.len())];
        let warnings = opened(&[half, &[0xFF, 0xD9]].concat()).warnings;
        let [warning] = &warnings[..] else { panic!("{warnings:?}") };
        let share: f64 = warning.split_once(": ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
        assert!(warning.contains("missing") && (30.0..70.0).contains(&share), "{warning}");
    }
    let start = data_start(PROGRESSIVE);
    let warning = &opened(&[&PROGRESSIVE[..start + 300], &[0xFF, 0xD9]].concat()).warnings[0];
    assert!(warning.contains("lacks fine detail"), "{warning}");
    // Nothing at all.
    let start = data_start(BASELINE);
    assert!(matches!(refusal(&[&BASELINE[..=start], &[0xFF, 0xD9]].concat()), PhotoError::Broken { .. }));
}

#[test]
fn stray_marks_harm_one_interval() {
    let expected = pixels(RESTARTS);
    let third = position(RESTARTS, &[0xFF, 0xD1]) + 2;
    for mark in [0x9F, 0xD9, 0xD8, 0xC4, 0xDA, 0xE1, 0xD6] {
        let mut bytes = RESTARTS.to_vec();
        bytes[third + 8..third + 10].copy_from_slice(&[0xFF, mark]);
        let file = opened(&bytes);
        assert!(file.warnings[0].contains("damaged"), "{mark:X}: {:?}", file.warnings);
        let share = differing(&file.pixels.to_rgb8(), &expected);
        // One interval has 2 of 15 units; its neighbours get some of its chroma.
        assert!(share < 0.25, "{mark:X}: {share}");
    }
}

#[test]
fn lost_restart_marks_are_told() {
    let mark = position(RESTARTS, &[0xFF, 0xD2]);
    let file = opened(&[&RESTARTS[..mark], &RESTARTS[mark + 2..]].concat());
    assert!(file.warnings[0].contains("damaged"), "{:?}", file.warnings);
    assert!(differing(&file.pixels.to_rgb8(), &pixels(RESTARTS)) < 0.4);
}

#[test]
fn height_may_follow_the_scan() {
    let mut bytes = BASELINE.to_vec();
    let frame = position(&bytes, &[0xFF, 0xC0]);
    bytes[frame + 5..frame + 7].fill(0);
    assert!(matches!(refusal(&bytes), PhotoError::Broken { .. }));
    bytes.splice(BASELINE.len() - 2..BASELINE.len() - 2, [0xFF, 0xDC, 0, 4, 0, 48]);
    assert!(differing(&pixels(&bytes), &pixels(BASELINE)) < 0.001);
}

#[test]
fn wrong_size_is_told() {
    let frame = position(BASELINE, &[0xFF, 0xC0]);
    for (place, side) in [(6, 30), (8, 40), (6, 100)] {
        let mut bytes = BASELINE.to_vec();
        bytes[frame + place] = side;
        let warnings = opened(&bytes).warnings;
        assert!(warnings.iter().any(|warning| warning.contains("damaged")), "{side}");
    }
}

#[test]
fn film_frames_have_typical_tables() {
    // The encoder uses exactly those.
    let mut bytes = Vec::new();
    let expected =
        image::RgbImage::from_fn(24, 16, |x, y| image::Rgb([x, y, 6].map(|value| u8::try_from(10 * value).unwrap())));
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&expected).unwrap();
    let with_tables = pixels(&bytes);
    while let Some(table) = bytes.windows(2).position(|mark| mark == [0xFF, 0xC4]) {
        let length = usize::from(u16::from_be_bytes([bytes[table + 2], bytes[table + 3]]));
        bytes.drain(table..table + 2 + length);
    }
    assert!(differing(&pixels(&bytes), &with_tables) < 0.001);
}

#[test]
fn twelve_bits_become_sixteen() {
    let grey = image::GrayImage::from_pixel(20, 9, image::Luma([188]));
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 100).encode_image(&grey).unwrap();
    let frame = position(&bytes, &[0xFF, 0xC0]);
    bytes[frame + 1] = 0xC1;
    bytes[frame + 4] = 12;
    let found = opened(&bytes).pixels;
    assert_eq!(found.color(), image::ColorType::L16);
    // 60 above the middle, of 4096 values.
    let expected = (2048 + 60) << 4 | (2048 + 60) >> 8;
    assert!(found.to_luma16().iter().all(|value| value.abs_diff(expected) <= 16), "{:?}", found.to_luma16().get(0..4));
}

#[test]
fn unusable_cmyk_profile_is_told() {
    let plain = include_bytes!("../../../../assets/fixtures/cmyk.jpg");
    let expected = opened(plain);
    assert_eq!((expected.warnings.len(), expected.metadata.icc_profile), (0, None));
    let profile = [&b"ICC_PROFILE\0\x01\x01"[..], &[0; 16], b"CMYK", &[0; 200]].concat();
    let length = u16::try_from(profile.len() + 2).unwrap().to_be_bytes();
    let with_profile = [&plain[..2], &[0xFF, 0xE2], &length, &profile, &plain[2..]].concat();
    let found = opened(&with_profile);
    assert_eq!(found.warnings, [cmyk::PROFILE_IGNORED]);
    assert_eq!((found.pixels, found.metadata.icc_profile), (expected.pixels, None));
}

#[test]
fn other_kinds_are_named() {
    let text = refusal(ARITHMETIC).to_string();
    assert!(text.contains("arithmetic") && text.contains("cannot be opened") && text.contains("save"), "{text}");
    let frame = position(BASELINE, &[0xFF, 0xC0]);
    for (mark, kind) in [(0xC3, "lossless"), (0xC5, "hierarchical"), (0xF7, "JPEG-LS")] {
        let mut bytes = BASELINE.to_vec();
        bytes[frame + 1] = mark;
        assert!(refusal(&bytes).to_string().contains(kind));
    }
}

#[test]
fn second_frame_is_refused() {
    let frame = position(BASELINE, &[0xFF, 0xC0]);
    let bytes = [&BASELINE[..frame], &BASELINE[frame..frame + 19], &BASELINE[frame..]].concat();
    assert!(matches!(refusal(&bytes), PhotoError::Broken { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(
        file in 0usize..5,
        changes in prop::collection::vec((0usize..2000, any::<u8>()), 1..8),
    ) {
        let mut bytes = [BASELINE, RESTARTS, PROGRESSIVE, SINGLE_SCANS, ODD_FACTORS][file].to_vec();
        for (index, value) in changes {
            let length = bytes.len();
            bytes[index % length] = value;
        }
        if let Ok(file) = decode(&bytes, DecodeLimits { max_pixels: 100_000 }) {
            prop_assert!(u64::from(file.pixels.width()) * u64::from(file.pixels.height()) <= 100_000);
        }
    }
}
