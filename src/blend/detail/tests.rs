#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests: numbers are small"
)]

use image::{DynamicImage, Rgb, RgbImage};

use super::*;
use crate::blend::sampled_image::luma;
use crate::blend::{Blend, BlendMode, apply};
use crate::mask::StrokeKind;

/// Eight photo pixels per generator pixel.
pub(super) const SIDE: u32 = 512;
const GREY: [f32; 3] = [140.0, 120.0, 100.0];

pub(super) fn frame() -> FaceFrame {
    FaceFrame::centered(SIDE, SIDE)
}

fn hole() -> Mask {
    let mut hole = Mask::empty(SIDE, SIDE);
    hole.draw_segment([230.0, 240.0], [290.0, 280.0], 70.0, StrokeKind::Paint);
    hole
}

/// Approximately normal with unit variance; the same for the same arguments.
fn normal(x: u32, y: u32, seed: u32) -> f32 {
    let mut state = u64::from(x) << 40 | u64::from(y) << 20 | u64::from(seed);
    let sum: f32 = (0..4)
        .map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed >> 40) as f32) / (1u32 << 24) as f32 - 0.5
        })
        .sum();
    sum * 3f32.sqrt()
}

/// Grain that is stronger in coarse bands than white noise, and mostly equal in the three colours.
fn grain(x: u32, y: u32) -> [f32; 3] {
    let shared = 4.0 * normal(x, y, 9) + 2.5 * (normal(x / 2, y / 2, 10) + normal(x / 3 + 7, y / 3, 11));
    [0, 1, 2].map(|channel| shared + 2.0 * normal(x, y, channel))
}

pub(super) fn photo(color: impl Fn(u32, u32) -> [f32; 3]) -> Photo {
    let pixels = RgbImage::from_fn(SIDE, SIDE, |x, y| Rgb(color(x, y).map(|value| value.round() as u8)));
    Photo::from_pixels(DynamicImage::ImageRgb8(pixels))
}

fn grainy() -> Photo {
    photo(|x, y| {
        let shade = x as f32 / 20.0;
        let grain = grain(x, y);
        [0, 1, 2].map(|channel| GREY[channel] + shade + grain[channel])
    })
}

fn target() -> RectPx {
    hole().hole_bounds().unwrap()
}

fn detail_of(photo: &Photo, percent: u8) -> Option<FillDetail> {
    FillDetail::new(photo, &hole(), &frame(), target(), percent)
}

/// The texture added over the whole target, in levels of 255, row by row.
fn added(detail: &FillDetail) -> Vec<[f32; 3]> {
    let rows = (0..target().height).flat_map(|row| detail.row(row).texture);
    rows.map(|[red, green, blue, _]| [red, green, blue].map(|value| value * 127.5)).collect()
}

/// Standard deviations of a plane in octave bands, the finest first: differences of box means.
fn bands(plane: &[f32], width: usize) -> [f32; 3] {
    let box_means = |radius: usize| -> Vec<Option<f32>> {
        let rows = plane.len() / width;
        let mean = |index: usize| {
            let (x, y) = (index % width, index / width);
            let is_inside = x >= 6 && y >= 6 && x + 6 < width && y + 6 < rows;
            is_inside.then(|| {
                let window = |center: usize| center - radius..=center + radius;
                let sum: f32 = window(y).flat_map(|y| window(x).map(move |x| plane[y * width + x])).sum();
                sum / ((2 * radius + 1) as f32).powi(2)
            })
        };
        (0..plane.len()).map(mean).collect()
    };
    let levels = [box_means(0), box_means(1), box_means(2), box_means(4)];
    [0, 1, 2].map(|band| {
        let differences: Vec<f32> = levels[band]
            .iter()
            .zip(&levels[band + 1])
            .filter_map(|(fine, coarse)| Some((*fine)? - (*coarse)?))
            .collect();
        deviation(&differences)
    })
}

fn deviation(values: &[f32]) -> f32 {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt()
}

fn correlation(pairs: &[[f32; 3]]) -> f32 {
    let products: f32 = pairs.iter().map(|[red, _, blue]| red * blue).sum();
    let (reds, blues): (f32, f32) =
        pairs.iter().fold((0.0, 0.0), |(reds, blues), [red, _, blue]| (reds + red * red, blues + blue * blue));
    products / (reds * blues).sqrt()
}

#[test]
fn grain_matches_the_known_pixels_spectrum() {
    let found = added(&detail_of(&grainy(), 100).unwrap());
    let known: Vec<[f32; 3]> = (0..120 * SIDE).map(|index| grain(index % SIDE, index / SIDE)).collect();
    for channel in 0..3 {
        let plane = |pixels: &[[f32; 3]]| pixels.iter().map(|pixel| pixel[channel]).collect::<Vec<f32>>();
        let found = bands(&plane(&found), target().width as usize);
        let expected = bands(&plane(&known), SIDE as usize);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 0.15, "channel {channel}: {found} for {expected}");
        }
    }
    assert!(
        (correlation(&found) - correlation(&known)).abs() < 0.06,
        "{} {}",
        correlation(&found),
        correlation(&known)
    );
}

#[test]
fn a_photo_without_texture_gives_no_texture() {
    for slope in [0.0, 0.08] {
        let smooth = photo(|x, y| GREY.map(|value| value + slope * (x as f32 - 0.4 * y as f32)));
        let detail = detail_of(&smooth, 100).unwrap();
        assert_eq!(detail.row(0), DetailRow::default(), "slope {slope}");
    }
}

#[test]
fn known_edges_do_not_become_texture() {
    let with_bars = photo(|x, y| {
        // No bar is its own mirror image.
        let is_bar = (x + y / 3) % 70 < 5 || (y + x / 2) % 110 < 4 || (x + y) % 130 < 6;
        [0, 1, 2].map(|channel| (if is_bar { 20.0 } else { GREY[channel] }) + grain(x, y)[channel])
    });
    let found = added(&detail_of(&with_bars, 100).unwrap());
    let plain = added(&detail_of(&grainy(), 100).unwrap());
    let strongest = |pixels: &[[f32; 3]]| pixels.iter().flatten().fold(0.0, |max: f32, value| max.max(value.abs()));
    assert!(strongest(&found) < 1.3 * strongest(&plain), "{} and {}", strongest(&found), strongest(&plain));
    let reds = |pixels: &[[f32; 3]]| deviation(&pixels.iter().map(|pixel| pixel[0]).collect::<Vec<f32>>());
    assert!((reds(&found) / reds(&plain) - 1.0).abs() < 0.15, "{} and {}", reds(&found), reds(&plain));
}

#[test]
fn strength_scales_the_texture() {
    let photo = grainy();
    let whole = added(&detail_of(&photo, 100).unwrap());
    for percent in [25, 60] {
        let part = added(&detail_of(&photo, percent).unwrap());
        let share = f32::from(percent) / 100.0;
        assert!(
            part.iter().flatten().zip(whole.iter().flatten()).all(|(part, whole)| (part - share * whole).abs() < 1e-3)
        );
    }
    assert!(detail_of(&photo, 0).is_none());
}

#[test]
fn grain_is_equal_on_both_sides() {
    let photo = grainy();
    let fill = FacePicture::uniform(64, [0.0; 3]);
    let variation = |mode: BlendMode, detail_percent: u8| {
        let blend = Blend { mode, detail_percent, completion: false, soft_edge_px: 0 };
        let filled = apply(&photo, &hole(), &frame(), blend, &fill).to_rgb8();
        let lumas = |inside: bool| {
            let grown = |by_px: f32| {
                let mut mask = Mask::empty(SIDE, SIDE);
                mask.draw_segment([230.0, 240.0], [290.0, 280.0], 70.0 + by_px, StrokeKind::Paint);
                mask
            };
            let (outer, inner) = if inside { (grown(0.0), grown(-12.0)) } else { (grown(12.0), grown(0.0)) };
            let strip = |x: u32, y: u32| outer.is_hole(x, y) && !inner.is_hole(x, y);
            let at = |x: u32, y: u32| luma(filled.get_pixel(x, y).0.map(f32::from));
            let steps = filled.enumerate_pixels().filter(|(x, y, _)| strip(*x, *y) && strip(*x + 1, *y));
            deviation(&steps.map(|(x, y, _)| at(x + 1, y) - at(x, y)).collect::<Vec<f32>>())
        };
        lumas(true) / lumas(false)
    };
    for mode in [BlendMode::Feather, BlendMode::Poisson] {
        let (without, with) = (variation(mode, 0), variation(mode, 100));
        assert!(without < 0.4, "{mode:?} without detail: {without}");
        assert!((with - 1.0).abs() < 0.15, "{mode:?} with detail: {with}");
    }
}

#[test]
fn thin_holes_get_no_detail() {
    let photo = grainy();
    let scratch = |radius_px: f32| {
        let mut mask = Mask::empty(SIDE, SIDE);
        mask.draw_segment([150.0, 100.0], [350.0, 300.0], radius_px, StrokeKind::Paint);
        let target = mask.hole_bounds().unwrap();
        FillDetail::new(&photo, &mask, &frame(), target, 100)
    };
    // A reference pixel is eight photo pixels.
    assert!(scratch(8.0).is_none() && scratch(20.0).is_some());
}

#[test]
fn small_frames_and_unknown_surroundings_give_no_detail() {
    let photo = grainy();
    let small = FaceFrame { side_px: 70.0, ..frame() };
    let target = RectPx { x: 240, y: 240, width: 30, height: 30 };
    assert!(FillDetail::new(&photo, &hole(), &small, target, 100).is_none());
    let all = Mask::full(SIDE, SIDE);
    let detail = FillDetail::new(&photo, &all, &frame(), all.rect(), 100).unwrap();
    assert_eq!(detail.row(0), DetailRow::default());
    let clear = Photo::from_pixels(DynamicImage::new_rgba8(SIDE, SIDE));
    assert_eq!(detail_of(&clear, 100).unwrap().row(0), DetailRow::default());
}

#[test]
fn the_thread_count_does_not_change_the_fill() {
    let photo = grainy();
    let fill_on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let blend = Blend { mode: BlendMode::Feather, detail_percent: 100, completion: false, soft_edge_px: 0 };
            apply(&photo, &hole(), &frame(), blend, &FacePicture::uniform(64, [0.1; 3]))
        })
    };
    assert_eq!(fill_on(1), fill_on(3));
}

#[test]
fn a_moved_hole_gets_different_patches() {
    let photo = grainy();
    let moved = RectPx { x: target().x + 1, ..target() };
    let (a, b) = (detail_of(&photo, 100), FillDetail::new(&photo, &hole(), &frame(), moved, 100));
    assert_ne!(a.unwrap().row(5), b.unwrap().row(5));
}

#[test]
fn sharpness_follows_the_known_edges() {
    // 8 photo pixels per generator pixel; edges are a few photo pixels wide.
    let sharpness = |edge_px: f32| {
        let photo = photo(|x, y| {
            let from_edge = ((x as f32 * 0.8 + y as f32 * 0.6) % 64.0 - 32.0).abs() - 16.0;
            GREY.map(|grey| grey + 80.0 / (1.0 + (-4.0 * from_edge / edge_px).exp()))
        });
        HoleSurroundings::new(&photo, &hole(), &frame(), target()).unwrap().sharpness()
    };
    let [sharp, less, soft] = [1.0, 6.0, 24.0].map(sharpness);
    assert!(sharp > 0.9 && (0.1..0.9).contains(&less) && soft < 0.1, "{sharp}, {less}, {soft}");
    let flat = photo(|_, _| GREY);
    assert!(HoleSurroundings::new(&flat, &hole(), &frame(), target()).unwrap().sharpness() < 1e-6);
}
