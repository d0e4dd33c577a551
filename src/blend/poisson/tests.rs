#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "tests: numbers are small")]

use image::{DynamicImage, ImageBuffer, Rgb};
use proptest::prelude::*;

use super::*;
use crate::blend::{BlendMode, Composer, apply};
use crate::face_picture::FacePicture;
use crate::geometry::{CropGrid, FaceFrame, RectPx};

/// The cells of a grid with its border: `f` is free, `.` is boundary, a space is absent.
struct CellLayout {
    width: usize,
    cells: Vec<u8>,
}

impl CellLayout {
    fn new(width: usize, height: usize, cell: impl Fn(usize, usize) -> u8) -> Self {
        let inside = |x: usize, y: usize| x > 0 && y > 0 && x + 1 < width && y + 1 < height;
        let cell = |index: usize| {
            let (x, y) = (index % width, index / width);
            match cell(x, y) {
                b'f' if !inside(x, y) => b'.',
                cell => cell,
            }
        };
        Self { width, cells: (0..width * height).map(cell).collect() }
    }

    fn height(&self) -> usize {
        self.cells.len() / self.width
    }

    fn at(&self, x: usize, y: usize) -> u8 {
        self.cells[y * self.width + x]
    }

    /// The membrane of these cells, built from a photo and a mask with this layout.
    fn membrane(&self) -> Option<Membrane> {
        let (width, height) = (self.width as u32, self.height() as u32);
        let photo = Photo::from_pixels(DynamicImage::ImageRgba8(ImageBuffer::from_fn(width, height, |x, y| {
            image::Rgba([128, 128, 128, if self.at(x as usize, y as usize) == b' ' { 0 } else { 255 }])
        })));
        let mut hole = Mask::empty(width, height);
        let mut shares = Vec::new();
        for y in 1..height - 1 {
            for x in 1..width - 1 {
                let is_free = self.at(x as usize, y as usize) == b'f';
                if is_free {
                    let center = [x as f32 + 0.5, y as f32 + 0.5];
                    hole.draw_segment(center, center, 0.4, crate::mask::StrokeKind::Paint);
                }
                shares.push(if is_free { 255 } else { 0 });
            }
        }
        assert_eq!(hole.hole_count(), shares.iter().filter(|share| **share > 0).count());
        let rect = RectPx { x: 1, y: 1, width: width - 2, height: height - 2 };
        let unit = CropGrid::new(&FaceFrame::centered(width, height), 1).unwrap();
        Membrane::new(
            &photo,
            &hole,
            PatchRaster { rect, width: width - 2, height: height - 2, unit_grid: unit },
            &shares,
        )
    }

    /// The largest error when the boundary values come from `field`.
    fn error(&self, field: impl Fn(usize, usize) -> ColorLanes) -> f32 {
        let membrane = self.membrane().unwrap();
        let boundary_values: Vec<ColorLanes> = membrane.boundary.iter().map(|edge| field(edge.x, edge.y)).collect();
        let found = membrane.solve(&boundary_values);
        let mut error = 0.0f32;
        for y in 0..self.height() {
            for x in 0..self.width {
                let expected = if self.at(x, y) == b'f' { field(x, y) } else { [0.0; 4] };
                for (found, expected) in found.at(x, y).into_iter().zip(expected) {
                    error = error.max((found - expected).abs());
                }
            }
        }
        error
    }
}

/// Fields that equal the mean of their four neighbours everywhere, within [-1, 1].
fn harmonic(width: usize, height: usize) -> impl Fn(usize, usize) -> ColorLanes {
    let side = width.max(height) as f64;
    // sin(kx)·sinh(κy) is harmonic on the grid when cos k + cosh κ = 2.
    let k = 3.0 / side;
    let kappa = (2.0 - k.cos()).acosh();
    #[expect(clippy::cast_possible_truncation, reason = "computed in double precision, needed in single")]
    move |x, y| {
        let wave = (k * x as f64).sin() * (kappa * y as f64).sinh() / (kappa * side).sinh();
        let (x, y) = (x as f64 / side, y as f64 / side);
        [x * x - y * y, 2.0 * x * y - 0.5, x * (x * x - 3.0 * y * y) * 0.5, wave].map(|value| value as f32)
    }
}

fn star(width: usize, height: usize) -> impl Fn(usize, usize) -> u8 {
    move |x, y| {
        let (u, v) = (x as f32 / width as f32 - 0.5, y as f32 / height as f32 - 0.5);
        if u.hypot(v) < 0.33 + 0.1 * (7.0 * v.atan2(u)).sin() { b'f' } else { b'.' }
    }
}

fn scattered(x: usize, y: usize) -> u8 {
    let hash = (x as u32 + 7919 * y as u32).wrapping_mul(2_654_435_761).rotate_left(15).wrapping_mul(2_246_822_519);
    if hash >> 24 > 50 { b'f' } else { b'.' }
}

#[test]
fn harmonic_functions_are_reproduced() {
    for (width, height) in [(5, 4), (66, 66), (131, 90), (402, 300)] {
        let field = harmonic(width, height);
        let all = CellLayout::new(width, height, |_, _| b'f');
        let star = CellLayout::new(width, height, star(width, height));
        let scattered = CellLayout::new(width, height, scattered);
        let combs =
            CellLayout::new(width, height, |x, y| if x % 2 == 0 || (x / 40 + y / 30) % 3 == 0 { b'f' } else { b'.' });
        for (name, layout) in [("all", all), ("star", star), ("scattered", scattered), ("combs", combs)] {
            let error = layout.error(&field);
            assert!(error < 1e-4, "{name}, {width}×{height}: {error:e}");
        }
    }
}

#[test]
fn unknown_border_gives_zero_slope() {
    // Known on the left and right, absent above and below: nothing flows up or down.
    let (width, height) = (40, 30);
    let strip = CellLayout::new(width, height, |x, y| match (x, y) {
        (_, 0 | 29) => b' ',
        (0 | 39, _) => b'.',
        _ => b'f',
    });
    let error = strip.error(|x, _| [x as f32 / 39.0, 1.0 - x as f32 / 39.0, 0.5, 0.0]);
    assert!(error < 1e-4, "{error:e}");
}

#[test]
fn a_part_without_known_neighbours_gets_no_offset() {
    let layout = CellLayout::new(30, 12, |x, y| match (x, y) {
        (2..=10 | 16..=24, 2..=8) => b'f',
        (0..=12, _) => b'.',
        _ => b' ',
    });
    let membrane = layout.membrane().unwrap();
    let found = membrane.solve(&vec![[0.7; 4]; membrane.boundary.len()]);
    assert!((found.at(6, 5)[0] - 0.7).abs() < 1e-4);
    assert!(found.at(20, 5).iter().all(|value| value.abs() < f32::MIN_POSITIVE), "no offset at all");
    assert!(CellLayout::new(9, 9, |x, y| if x % 8 == 0 || y % 8 == 0 { b' ' } else { b'f' }).membrane().is_none());
}

/// Reference solution by Gaussian elimination in double precision.
fn dense(layout: &CellLayout, membrane: &Membrane, boundary_values: &[ColorLanes]) -> Vec<(usize, usize, f64)> {
    let links = |x: usize, y: usize| [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)];
    let is_reached = |x: usize, y: usize| {
        let (mut visited, mut stack) = (vec![(x, y)], vec![(x, y)]);
        while let Some((x, y)) = stack.pop() {
            for (x, y) in links(x, y) {
                if layout.at(x, y) == b'.' {
                    return true;
                }
                if layout.at(x, y) == b'f' && !visited.contains(&(x, y)) {
                    visited.push((x, y));
                    stack.push((x, y));
                }
            }
        }
        false
    };
    let free: Vec<(usize, usize)> = (0..layout.cells.len())
        .map(|index| (index % layout.width, index / layout.width))
        .filter(|&(x, y)| layout.at(x, y) == b'f' && is_reached(x, y))
        .collect();
    let count = free.len();
    let mut rows = vec![vec![0.0f64; count + 1]; count];
    for (row, &(x, y)) in rows.iter_mut().zip(&free) {
        let diagonal = free.iter().position(|cell| *cell == (x, y)).unwrap();
        for (x, y) in links(x, y) {
            if let Some(other) = free.iter().position(|cell| *cell == (x, y)) {
                row[diagonal] += 1.0;
                row[other] -= 1.0;
            } else if let Some(edge) = membrane.boundary.iter().position(|edge| (edge.x, edge.y) == (x, y)) {
                row[diagonal] += 1.0;
                row[count] += f64::from(boundary_values[edge][0]);
            }
        }
    }
    for pivot in 0..count {
        let best = (pivot..count).max_by(|a, b| rows[*a][pivot].abs().total_cmp(&rows[*b][pivot].abs())).unwrap();
        rows.swap(pivot, best);
        let from = rows[pivot].clone();
        for (index, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != pivot) {
            let factor = row[pivot] / from[pivot];
            assert!(factor.is_finite(), "row {index}");
            for (value, from) in row.iter_mut().zip(&from) {
                *value -= factor * from;
            }
        }
    }
    free.iter().enumerate().map(|(index, &(x, y))| (x, y, rows[index][count] / rows[index][index])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn small_holes_agree_with_elimination(
        width in 3usize..14,
        height in 3usize..12,
        cells in prop::collection::vec(prop_oneof![6 => Just(b'f'), 2 => Just(b'.'), 1 => Just(b' ')], 14 * 12),
        values in prop::collection::vec(-1.0f32..1.0, 14 * 12),
    ) {
        let layout = CellLayout::new(width, height, |x, y| cells[y * 14 + x]);
        if let Some(membrane) = layout.membrane() {
            let boundary_values: Vec<ColorLanes> =
                membrane.boundary.iter().map(|cell| [values[cell.y * 14 + cell.x]; 4]).collect();
            let found = membrane.solve(&boundary_values);
            for (x, y, expected) in dense(&layout, &membrane, &boundary_values) {
                let error = (f64::from(found.at(x, y)[0]) - expected).abs();
                prop_assert!(error < 2e-4, "{error:e} at {x}, {y}");
            }
        }
    }
}

fn photo_like(fill: &FacePicture, side: u32, change: impl Fn(f32, f32) -> [f32; 3]) -> Photo {
    let grey = Photo::from_pixels(DynamicImage::new_rgb16(side, side));
    let all = Mask::full(side, side);
    let filled = apply(&grey, &all, &FaceFrame::centered(side, side), BlendMode::None, fill).to_rgb16();
    Photo::from_pixels(DynamicImage::ImageRgb16(ImageBuffer::from_fn(side, side, |x, y| {
        let added = change(x as f32 / side as f32, y as f32 / side as f32);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped by the cast")]
        let sample = |channel: usize| (f32::from(filled.get_pixel(x, y).0[channel]) + added[channel] * 65535.0) as u16;
        Rgb([sample(0), sample(1), sample(2)])
    })))
}

fn any_fill() -> FacePicture {
    let value = |index: u32| (index.wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 25) as f32 - 0.25;
    FacePicture::from_planes(&(0..3 * 256).map(value).collect::<Vec<f32>>())
}

fn blob(side: u32) -> Mask {
    let mut hole = Mask::empty(side, side);
    let at = |x: f32, y: f32| [x * side as f32, y * side as f32];
    hole.draw_segment(at(0.3, 0.4), at(0.7, 0.6), 0.2 * side as f32, crate::mask::StrokeKind::Paint);
    hole
}

#[test]
fn fill_plus_harmonic_field_is_restored() {
    let fill = any_fill();
    for side in [64, 300] {
        let photo = photo_like(&fill, side, |x, y| [0.1, 0.2 * x * y, 0.1 * (x * x - y * y)]);
        let filled = apply(&photo, &blob(side), &FaceFrame::centered(side, side), BlendMode::Poisson, &fill);
        let (filled, photo) = (filled.to_rgb16(), photo.pixels.to_rgb16());
        for (found, expected) in filled.pixels().zip(photo.pixels()) {
            for (found, expected) in found.0.into_iter().zip(expected.0) {
                assert!(found.abs_diff(expected) < 10, "{found} and {expected} of 65535");
            }
        }
    }
}

#[test]
fn the_seam_is_as_smooth_as_its_surroundings() {
    // Photo and fill are smooth and different; the blend must be as smooth.
    let side = 256;
    let pixels = (0..256).map(|index| [((index % 16) as f32 / 15.0 - 0.5) * 0.6; 3]).collect();
    let fill = FacePicture { side_px: 16, pixels };
    let photo = Photo::from_pixels(DynamicImage::ImageRgb16(ImageBuffer::from_fn(side, side, |x, y| {
        let wave = |phase: f32| 0.5 + 0.3 * ((x as f32 * 0.02 + y as f32 * 0.03) + phase).sin();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1")]
        let sample = |phase: f32| (wave(phase) * 65535.0) as u16;
        Rgb([sample(0.0), sample(1.0), sample(2.0)])
    })));
    let hole = blob(side);
    let max_steps = |mode: BlendMode| {
        let filled = apply(&photo, &hole, &FaceFrame::centered(side, side), mode, &fill).to_rgb16();
        let (mut seam, mut elsewhere) = (0u16, 0u16);
        for y in 0..side {
            for x in 1..side {
                let step = filled.get_pixel(x, y).0[0].abs_diff(filled.get_pixel(x - 1, y).0[0]);
                let max = if hole.is_hole(x, y) == hole.is_hole(x - 1, y) { &mut elsewhere } else { &mut seam };
                *max = step.max(*max);
            }
        }
        (seam, elsewhere)
    };
    let (seam, elsewhere) = max_steps(BlendMode::Poisson);
    assert!(2 * seam <= 3 * elsewhere, "{seam} at the seam, {elsewhere} elsewhere");
    let (seam, elsewhere) = max_steps(BlendMode::None);
    assert!(seam > 5 * elsewhere, "without blending: {seam} at the seam, {elsewhere} elsewhere");
}

#[test]
fn a_large_hole_is_solved_in_larger_cells() {
    let unit = CropGrid::new(&FaceFrame::centered(9000, 9000), 1).unwrap();
    let rect = RectPx { x: 100, y: 100, width: 5001, height: 3000 };
    let raster = Membrane::solver_raster(PatchRaster { rect, width: 5001, height: 3000, unit_grid: unit });
    assert_eq!((raster.width, raster.height), (2501, 1500));
    let small = PatchRaster { width: 2000, height: 2000, ..raster };
    assert_eq!(Membrane::solver_raster(small).width, 2000);
}

#[test]
fn larger_cells_barely_change_the_membrane() {
    let (side, fill) = (240, any_fill());
    let photo = photo_like(&fill, side, |x, y| [0.1, 0.2 * x * y, 0.1 * (x * x - y * y)]);
    let frame = FaceFrame::centered(side, side);
    let patch = |max_side_px| Composer::new(&photo, &blob(side), &frame, BlendMode::Poisson, max_side_px).render(&fill);
    let (whole, preview) = (patch(None), patch(Some(100)));
    let image = |patch: &crate::blend::FillPatch| {
        image::RgbaImage::from_raw(patch.width, patch.height, patch.rgba.clone()).unwrap()
    };
    let (whole, preview) = (image(&whole), image(&preview));
    let scale = [whole.width() as f32 / preview.width() as f32, whole.height() as f32 / preview.height() as f32];
    for (x, y, pixel) in preview.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[3] == 255) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the image")]
        let at = |index: u32, axis: usize| ((index as f32 + 0.5) * scale[axis]) as u32;
        // The pixel found may be one off.
        let whole = whole.get_pixel(at(x, 0), at(y, 1));
        if whole.0[3] == 0 {
            continue;
        }
        for (a, b) in pixel.0.into_iter().zip(whole.0) {
            assert!(a.abs_diff(b) <= 4, "at {x}, {y}: {pixel:?} and {whole:?}");
        }
    }
}

#[test]
fn the_thread_count_does_not_change_the_result() {
    let (side, fill) = (300, any_fill());
    let photo = photo_like(&fill, side, |x, y| [x * 0.2, y * 0.1, 0.0]);
    let fill_on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| apply(&photo, &blob(side), &FaceFrame::centered(side, side), BlendMode::Poisson, &fill))
    };
    assert_eq!(fill_on(1), fill_on(3));
}
