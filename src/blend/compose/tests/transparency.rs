//! The fill in photos with alpha.

use image::RgbaImage;

use super::*;
use crate::blend::{cut_out, filled_pixels};

const SIDE: u32 = 96;

/// A smooth face without transparency.
fn color(x: f32, y: f32) -> [f32; 3] {
    let wave = |phase: f32| 0.5 + 0.3 * (x * 0.05 + y * 0.03 + phase).sin();
    [wave(0.0), wave(1.0), wave(2.5)]
}

/// The generator's picture of that face, in other colours.
fn fill() -> FacePicture {
    let scale = SIDE as f32 / 64.0;
    let pixel = |index: u32| {
        let at = |index: u32| (index as f32 + 0.5) * scale - 0.5;
        color(at(index % 64), at(index / 64)).map(|value| value * 2.0 - 0.8)
    };
    FacePicture { side_px: 64, pixels: (0..64 * 64).map(pixel).collect() }
}

/// That face with this alpha, 0 to 1. `hidden` is the colour of fully transparent pixels.
fn cut_face(alpha: impl Fn(f32) -> f32, hidden: [f32; 3]) -> image::Rgba32FImage {
    ImageBuffer::from_fn(SIDE, SIDE, |x, y| {
        let alpha = alpha(y as f32);
        let [red, green, blue] = if alpha > 0.0 { color(x as f32, y as f32) } else { hidden };
        Rgba([red, green, blue, alpha])
    })
}

/// Opaque above, transparent below, with a soft edge of 32 pixels.
fn soft_edge(y: f32) -> f32 {
    ((64.0 - y) / 32.0).clamp(0.0, 1.0)
}

/// A hole across the soft edge.
fn hole() -> Mask {
    let mut hole = Mask::empty(SIDE, SIDE);
    hole.draw_segment([40.0, 40.0], [56.0, 60.0], 14.0, StrokeKind::Paint);
    hole
}

fn filled(pixels: DynamicImage, mode: BlendMode) -> DynamicImage {
    apply(&Photo::from_pixels(pixels), &hole(), &square(SIDE), mode, &fill())
}

#[test]
fn the_fill_has_the_transparency_of_its_surroundings() {
    for alpha in [0u8, 1, 100, 128, 254, 255] {
        let photo = to_color_type(cut_face(|_| f32::from(alpha) / 255.0, [0.5; 3]).into(), ColorType::Rgba8);
        for color in [ColorType::La8, ColorType::Rgba8, ColorType::La16, ColorType::Rgba16] {
            for mode in [BlendMode::Poisson, BlendMode::Feather] {
                let filled = filled(to_color_type(photo.clone(), color), mode);
                assert_eq!(filled.color(), color);
                let alphas = filled.to_rgba16();
                let differs = |pixel: &Rgba<u16>| pixel.0[3].abs_diff(u16::from(alpha) * 257) > 8;
                assert!(!alphas.pixels().any(differs), "{alpha} {color:?} {mode:?}");
                let is_exact = filled.to_rgba8().pixels().all(|pixel| pixel.0[3] == alpha);
                assert!(is_exact, "{alpha} {color:?} {mode:?}");
            }
        }
    }
}

#[test]
fn a_soft_edge_continues_through_the_hole() {
    let photo = to_color_type(cut_face(soft_edge, [0.0, 1.0, 0.0]).into(), ColorType::Rgba16);
    for mode in [BlendMode::Poisson, BlendMode::Feather] {
        let filled = filled(photo.clone(), mode).to_rgba16();
        let alpha = |x: u32, y: u32| f32::from(filled.get_pixel(x, y).0[3]) / 65535.0;
        let error = |x: u32, y: u32| (alpha(x, y) - soft_edge(y as f32)).abs();
        let worst = (0..SIDE * SIDE).map(|at| error(at % SIDE, at / SIDE)).fold(0.0, f32::max);
        // The membrane smooths the two bends of the edge, which the hole hides.
        assert!(worst < 0.15, "{mode:?}: {worst}");
        let step = |x: u32, y: u32| (alpha(x, y) - alpha(x, y - 1)).abs();
        let steepest = (0..SIDE).flat_map(|x| (1..SIDE).map(move |y| step(x, y))).fold(0.0, f32::max);
        assert!(steepest < 1.5 / 32.0, "{mode:?}: no step at the seam: {steepest}");
    }
    let plain = filled(photo, BlendMode::None);
    assert!(properties::is_opaque(&plain, 48, 60) && !properties::is_opaque(&plain, 10, 60));
}

#[test]
fn colours_of_transparent_pixels_change_nothing() {
    for color in [ColorType::Rgba8, ColorType::La16] {
        for mode in BlendMode::ALL {
            let fill_beside = |hidden: [f32; 3]| {
                let photo = to_color_type(cut_face(soft_edge, hidden).into(), color);
                let pixels = filled_pixels(&hole(), &square(SIDE), 0);
                cut_out(&filled(photo, mode), &pixels)
            };
            assert!(fill_beside([0.0, 1.0, 0.0]) == fill_beside([1.0, 0.0, 1.0]), "{color:?} {mode:?}");
        }
    }
}

/// Difference of two pictures over black and over white, where it is visible at all.
fn visible_difference(a: &RgbaImage, b: &RgbaImage) -> (f32, f32) {
    let over = |pixel: &Rgba<u8>, ground: f32| {
        let alpha = f32::from(pixel.0[3]) / 255.0;
        [0, 1, 2].map(|channel| alpha * f32::from(pixel.0[channel]) + (1.0 - alpha) * ground)
    };
    let difference = |(a, b): (&Rgba<u8>, &Rgba<u8>)| {
        let grounds = [0.0, 255.0].map(|ground| {
            (over(a, ground).into_iter().zip(over(b, ground))).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        });
        grounds[0].max(grounds[1])
    };
    let all: Vec<f32> = a.pixels().zip(b.pixels()).map(difference).filter(|difference| *difference > 0.0).collect();
    (all.iter().sum::<f32>() / all.len() as f32, all.into_iter().fold(0.0, f32::max))
}

/// Colours of faint pixels are often wrong. Neither kind may show in the fill.
#[test]
fn wrong_colours_of_faint_pixels_hardly_spread() {
    let truth = to_color_type(cut_face(soft_edge, [0.0; 3]).into(), ColorType::Rgba8).into_rgba8();
    // As a program stores them that works with premultiplied colours: faint pixels have few of them.
    let mut coarse = truth.clone();
    for pixel in coarse.pixels_mut() {
        let alpha = f32::from(pixel.0[3]);
        for value in pixel.0.iter_mut().take(3).filter(|_| alpha > 0.0) {
            let stored = (f32::from(*value) * alpha / 255.0).floor();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 255")]
            let restored = (stored * 255.0 / alpha).round() as u8;
            *value = restored;
        }
    }
    // The faintest fifteenth is black.
    let mut black = truth.clone();
    black.pixels_mut().filter(|pixel| pixel.0[3] <= 17).for_each(|pixel| pixel.0[..3].fill(0));
    // Counted as fully as opaque pixels, they change the fill by up to 1.5 levels (coarse), and 9 and 11 (black).
    for (mode, coarse_limit, black_limit) in [(BlendMode::Poisson, 1.3, 4.0), (BlendMode::Feather, 1.3, 9.5)] {
        let fill = |photo: &RgbaImage| filled(DynamicImage::ImageRgba8(photo.clone()), mode).into_rgba8();
        let layer = |filled: RgbaImage| cut_out(&filled.into(), &filled_pixels(&hole(), &square(SIDE), 0)).into_rgba8();
        for (kind, limit, photo) in [("coarse", coarse_limit, &coarse), ("black", black_limit, &black)] {
            let (mean, most) = visible_difference(&layer(fill(photo)), &layer(fill(&truth)));
            assert!(most < limit, "{kind} {mode:?}: {mean} levels on average, {most} at most");
        }
    }
}

#[test]
fn previews_know_how_opaque_the_fill_is() {
    let photo = Photo::from_pixels(to_color_type(cut_face(soft_edge, [0.0; 3]).into(), ColorType::Rgba8));
    let patch = |side| Composer::new(&photo, &hole(), &square(SIDE), BlendMode::Poisson, side).render(&fill());
    let (whole, preview) = (patch(None), patch(Some(16)));
    let opacity = |patch: &FillPatch| patch.opacity.as_ref().unwrap().to_vec();
    let mean = |patch: &FillPatch| {
        let shares = patch.rgba.iter().skip(3).step_by(4);
        let weighted =
            shares.clone().zip(opacity(patch)).map(|(share, opacity)| f64::from(*share) * f64::from(opacity));
        weighted.sum::<f64>() / shares.map(|share| f64::from(*share)).sum::<f64>()
    };
    assert_eq!(opacity(&preview).len(), (preview.width * preview.height) as usize);
    assert!((mean(&whole) - mean(&preview)).abs() < 3.0, "{} and {}", mean(&whole), mean(&preview));
    assert!(whole.paste(&photo) == Some(filled(photo.pixels.clone(), BlendMode::Poisson)));
    let opaque = Photo::from_pixels(to_color_type(cut_face(|_| 1.0, [0.0; 3]).into(), ColorType::Rgba8));
    let patch = Composer::new(&opaque, &hole(), &square(SIDE), BlendMode::Poisson, None).render(&fill());
    assert_eq!(patch.opacity, None, "nothing to interpolate");
}
