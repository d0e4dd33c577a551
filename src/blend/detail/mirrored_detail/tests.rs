#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests: numbers are small"
)]

use super::*;
use crate::blend::detail::tests::{SIDE, frame, photo as photo_of};
use crate::blend::{Blend, BlendMode, apply};
use crate::mask::StrokeKind;

const GREY: f32 = 120.0;

/// Left of the middle.
fn hole() -> Mask {
    let mut hole = Mask::empty(SIDE, SIDE);
    hole.draw_segment([130.0, 200.0], [180.0, 210.0], 80.0, StrokeKind::Paint);
    hole
}

/// Blots and lines that resemble features, in levels around zero; `from_axis` may be negative.
fn features(from_axis: f32, y: f32) -> f32 {
    let blots = (from_axis / 9.0).sin() * (y / 7.0).cos() + (from_axis / 23.0 + y / 31.0).sin();
    20.0 * blots + 12.0 * (from_axis * y / 900.0).sin()
}

fn photo(level: impl Fn(f32, f32) -> f32) -> Photo {
    photo_of(|x, y| [level(x as f32 + 0.5, y as f32 + 0.5); 3])
}

/// Symmetric about an axis, lit from the left.
fn face(axis: f32) -> Photo {
    photo(|x, y| GREY + features((x - axis).abs(), y) - x / 12.0)
}

fn mirrored(photo: &Photo, hole: &Mask) -> Option<MirroredDetail> {
    MirroredDetail::new(photo, hole, &frame(), hole.hole_bounds().unwrap())
}

/// The correlation of the mirrored detail in the middle of the hole with the features hidden there.
fn agreement(mirrored: &MirroredDetail, axis: f32) -> f32 {
    let target = hole().hole_bounds().unwrap();
    let (mut count, mut product, mut mirrored_square, mut true_square) = (0, 0.0, 0.0, 0.0);
    for y in target.y..target.bottom() {
        for (x, [red, _, _, share]) in (target.x..).zip(mirrored.row(y - target.y)) {
            if share > 0.95 {
                let level = |x: f32, y: f32| features((x - axis).abs(), y);
                let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
                // The true features minus their local mean.
                let sum: f32 = (-2..=2)
                    .flat_map(|i| (-2..=2).map(move |j| (i, j)))
                    .map(|(i, j)| level(x + 10.0 * i as f32, y + 10.0 * j as f32))
                    .sum();
                let hidden = level(x, y) - sum / 25.0;
                (count, product) = (count + 1, product + red * hidden);
                (mirrored_square, true_square) = (mirrored_square + red * red, true_square + hidden * hidden);
            }
        }
    }
    assert!(count > 1000, "{count} pixels count in full");
    product / (mirrored_square * true_square).sqrt()
}

#[test]
fn hidden_pixels_get_mirrored_detail_for_any_axis() {
    for axis in [256.0, 276.0, 232.0] {
        let found = agreement(&mirrored(&face(axis), &hole()).unwrap(), axis);
        assert!(found > 0.9, "axis {axis}: {found}");
    }
}

#[test]
fn a_hidden_half_puts_the_axis_mid_frame() {
    let mut half = Mask::empty(SIDE, SIDE);
    half.draw_segment([SIDE as f32, 0.0], [SIDE as f32, SIDE as f32], SIDE as f32 / 2.0, StrokeKind::Paint);
    // In the known half, a strip at the edge is its own mirror image, around a line beside the middle.
    let stripes = photo(|x, y| {
        let features = if x < 202.0 { features(x - 256.0, y) } else { features((x - 232.0).abs(), y) };
        GREY + features
    });
    let mirrored = mirrored(&stripes, &half).unwrap();
    let target = half.hole_bounds().unwrap();
    let row: Vec<[f32; 4]> = mirrored.row(256 - target.y).collect();
    let at = |x: u32| row[(x - target.x) as usize];
    // The line is at 232 and its mirror image at 280: the detail there is symmetric.
    let unlike: f32 = (4..24).map(|away| (at(280 + away)[0] - at(279 - away)[0]).abs()).sum();
    let size: f32 = (4..24).map(|away| at(280 + away)[0].abs()).sum();
    assert!(size > 0.5 && unlike < 0.6 * size, "{unlike} of {size}");
}

#[test]
fn different_halves_give_no_mirrored_detail() {
    let unlike = photo(|x, y| GREY + if x < 256.0 { features(x, y) } else { features(3.0 * y - 90.0, 2.0 * x + y) });
    assert!(mirrored(&unlike, &hole()).is_none());
}

#[test]
fn a_symmetric_hole_gets_no_mirrored_detail() {
    let mut middle = Mask::empty(SIDE, SIDE);
    middle.draw_segment([216.0, 200.0], [296.0, 200.0], 70.0, StrokeKind::Paint);
    assert!(mirrored(&face(256.0), &middle).is_none());
}

#[test]
fn pixels_under_the_hole_are_not_read() {
    let hole = hole();
    let noisy = photo(|x, y| {
        if hole.is_hole(x as u32, y as u32) {
            (x * y) % 255.0
        } else {
            GREY + features((x - 256.0).abs(), y) - x / 12.0
        }
    });
    let rows = |photo: &Photo| mirrored(photo, &hole).unwrap().pixels;
    assert_eq!(rows(&face(256.0)), rows(&noisy));
}

#[test]
fn the_fill_is_low_pass_plus_mirrored_detail() {
    // A checkerboard that the low-pass removes, on a level that it keeps.
    let check = |index: usize| if (index % 64 + index / 64).is_multiple_of(2) { 0.5 } else { -0.1 };
    let fill = FacePicture { side_px: 64, pixels: (0..64 * 64).map(|index| [check(index); 3]).collect() };
    let blend = |detail_percent| Blend { mode: BlendMode::None, detail_percent, completion: false, soft_edge_px: 0 };
    let (photo, hole) = (face(256.0), hole());
    let filled = |percent| apply(&photo, &hole, &frame(), blend(percent), &fill).to_rgb8();
    let (with, half) = (filled(100), filled(50));
    let target = hole.hole_bounds().unwrap();
    let detail = mirrored(&photo, &hole).unwrap();
    let mut halfway = 0.0f32;
    for y in target.y..target.bottom() {
        for (x, [red, _, _, share]) in (target.x..).zip(detail.row(y - target.y)) {
            if share > 0.99 {
                let expected = 127.5 * (1.0 + 0.2 + red);
                let found = f32::from(with.get_pixel(x, y)[0]);
                assert!((found - expected).abs() < 3.0, "{found} for {expected} at {x}, {y}");
                halfway = halfway.max((f32::from(half.get_pixel(x, y)[0]) - found).abs());
            }
        }
    }
    assert!(halfway > 10.0, "half the detail must change the fill: {halfway}");
}

#[test]
fn mismatched_high_and_low_pass_gives_no_confidence() {
    let strong = |x: f32, y: f32| 2.0 * features((x - 256.0).abs(), y);
    let detail = mirrored(&photo(|x, y| GREY + strong(x, y)), &hole()).unwrap();
    let unit = CropGrid::new(&frame(), 1).unwrap();
    let pixel_grid = CropGrid::new(&frame(), 64).unwrap();
    let confidence = |level: f32, contrast: f32| {
        let pixels = (0..64 * 64).map(|at| {
            let [x, y] = pixel_grid.to_photo([f64::from(at % 64) + 0.5, f64::from(at / 64) + 0.5]);
            [(GREY + level + contrast * strong(x as f32, y as f32)) / 127.5 - 1.0; 3]
        });
        let low_pass = detail.low_pass(&FacePicture { side_px: 64, pixels: pixels.collect() });
        let points = (120..200u32).flat_map(|x| (160..250u32).map(move |y| [x, y]));
        let confidences =
            points.map(|point| low_pass.at(unit.to_crop(point.map(f64::from)).map(|coordinate| coordinate as f32))[3]);
        confidences.sum::<f32>() / 7200.0
    };
    for (level, contrast) in [(0.0, 1.0), (0.0, 0.0), (0.0, -1.0), (70.0, 1.0), (70.0, 0.6)] {
        assert!(confidence(level, contrast) > 0.9, "{level} {contrast}: {}", confidence(level, contrast));
    }
    for (level, contrast) in [(70.0, 0.0), (70.0, -0.5), (-70.0, 0.0)] {
        assert!(confidence(level, contrast) < 0.2, "{level} {contrast}: {}", confidence(level, contrast));
    }
}
