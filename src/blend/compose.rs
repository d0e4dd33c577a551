//! Draws the fill into the photo's pixels.

use std::ops::Range;

use image::DynamicImage;
use rayon::prelude::*;

use super::detail::FillDetail;
use super::extrapolate::Extrapolation;
use super::feather::{self, FeatherBlend};
use super::patch_raster::PatchRaster;
use super::poisson::{self, Membrane};
use super::sampled_image::{SampledImage, luma};
use super::{Blend, BlendMode, fillable_area};
use crate::geometry::{CropGrid, FaceFrame, RectPx};
use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelDataMut};

/// A rectangle of the photo with the fill drawn in it, for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillPatch {
    /// The part of the photo that it covers: the bounds of the filled pixels. Empty when nothing is filled.
    pub rect_in_photo: RectPx,
    /// Its size in pixels, which may be smaller than the rectangle's (a preview).
    pub width: u32,
    pub height: u32,
    /// RGBA, not premultiplied. Alpha is 255 where filled and 0 elsewhere. In a preview, where a patch pixel covers
    /// several photo pixels, alpha is the share of them that is filled.
    pub rgba: Vec<u8>,
}

/// Everything about one hole that does not depend on the generated image. It is computed once, so that drawing a new
/// image at every iteration is cheap.
pub struct Composer {
    /// The patch's pixel grid; `None` when there is nothing to fill.
    raster: Option<PatchRaster>,
    /// The filled share of each patch pixel, 0 to 255.
    alpha: Vec<u8>,
    seam: SeamCorrection,
    /// Only for patches at full resolution: a smaller one cannot show detail.
    detail: Option<FillDetail>,
    /// Bounds of the filled pixels, across and down in the frame's unit square; `None` when all of them lie in the
    /// frame.
    extrapolated_part: Option<[Range<f32>; 2]>,
    is_grey: bool,
}

/// A generated image, prepared for drawing.
struct PreparedFill {
    image: SampledImage,
    /// Its low-pass, when mirrored detail is added to it.
    low_pass: Option<SampledImage>,
}

/// How the fill is made to match the known pixels.
enum SeamCorrection {
    /// The fill is drawn unchanged.
    Unchanged,
    Feather(Box<FeatherBlend>),
    Poisson(Box<Membrane>),
}

/// The offsets that the blend mode adds to one fill.
enum SeamOffsets<'a> {
    Nothing,
    Feather(feather::FeatherOffsets<'a>),
    Poisson(poisson::MembraneOffsets<'a>),
}

/// The offsets along one row of the patch.
enum SeamOffsetRow {
    Nothing,
    Feather(feather::FeatherRow),
    Poisson(poisson::MembraneRow),
}

impl SeamCorrection {
    fn offsets(&self, picture: &SampledImage) -> SeamOffsets<'_> {
        match self {
            Self::Unchanged => SeamOffsets::Nothing,
            Self::Feather(feather) => SeamOffsets::Feather(feather.offsets(picture)),
            Self::Poisson(membrane) => SeamOffsets::Poisson(membrane.offsets(picture)),
        }
    }
}

impl SeamOffsets<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "positions need no more than single precision")]
    fn row(&self, raster: &PatchRaster, row: u32) -> SeamOffsetRow {
        match self {
            Self::Nothing => SeamOffsetRow::Nothing,
            Self::Feather(offsets) => {
                let ([x, y], [step_x, _]) = (raster.center_in_photo(0, i64::from(row)), raster.pixel_size_px());
                SeamOffsetRow::Feather(offsets.row(x as f32, step_x as f32, y as f32))
            }
            Self::Poisson(offsets) => SeamOffsetRow::Poisson(offsets.row(row, raster.width, raster.height)),
        }
    }
}

impl SeamOffsetRow {
    #[inline]
    fn at(&self, column: usize) -> [f32; 4] {
        match self {
            Self::Nothing => [0.0; 4],
            Self::Feather(row) => row.at(column),
            Self::Poisson(row) => row.at(column),
        }
    }
}

impl Composer {
    /// Prepares for one hole. `max_side_px` limits the patch's longer side (a preview); `None` is full size.
    ///
    /// No photo pixel under the hole is read. Patches are empty when the frame is not finite or contains no hole.
    #[must_use]
    pub fn new(
        photo: &Photo,
        hole: &Mask,
        frame: &FaceFrame,
        blend: impl Into<Blend>,
        max_side_px: Option<u32>,
    ) -> Self {
        let blend = blend.into();
        let is_grey = !photo.pixels.color().has_color();
        let area = fillable_area(frame);
        let grids = CropGrid::new(frame, 1).zip(CropGrid::new(&area, 1));
        let target = grids.map(|(unit, within)| {
            let bounds = area.bounds_in_photo(photo.width(), photo.height()).intersection(hole.rect());
            (unit, FillTarget { hole, area: within, rect: filled_bounds(hole, within, bounds) })
        });
        let Some((unit, target)) = target.filter(|(_, target)| !target.rect.is_empty()) else {
            return Self {
                raster: None,
                alpha: Vec::new(),
                seam: SeamCorrection::Unchanged,
                detail: None,
                extrapolated_part: None,
                is_grey,
            };
        };
        let (width, height) = patch_size(target.rect, max_side_px);
        let raster = PatchRaster { rect: target.rect, width, height, unit_grid: unit };
        let alpha = target.alpha(&raster);
        let join = match blend.mode {
            BlendMode::None => None,
            BlendMode::Feather => FeatherBlend::new(photo, hole, frame, target.rect)
                .map(|feather| SeamCorrection::Feather(Box::new(feather))),
            BlendMode::Poisson => {
                let solver_raster = Membrane::solver_raster(raster);
                let solver_alpha = (solver_raster.width != width || solver_raster.height != height)
                    .then(|| target.alpha(&solver_raster));
                Membrane::new(photo, hole, solver_raster, solver_alpha.as_ref().unwrap_or(&alpha))
                    .map(|membrane| SeamCorrection::Poisson(Box::new(membrane)))
            }
        };
        let unit_part = unit_bounds(target.rect, unit);
        // Tolerance, so that rounding does not put the frame's own corners outside it.
        let is_in_frame = unit_part.iter().all(|along| along.start > -1e-6 && along.end < 1.0 + 1e-6);
        let beyond_frame = (!is_in_frame).then_some(unit_part);
        let is_full_size = (width, height) == (target.rect.width, target.rect.height);
        let detail =
            is_full_size.then(|| FillDetail::new(photo, hole, frame, target.rect, blend.detail_percent)).flatten();
        Self {
            raster: Some(raster),
            alpha,
            seam: join.unwrap_or(SeamCorrection::Unchanged),
            detail,
            extrapolated_part: beyond_frame,
            is_grey,
        }
    }

    /// Prepares a generated image for drawing.
    fn prepare(&self, fill: &[f32], size_px: u32) -> PreparedFill {
        let (picture, smooth) = match &self.detail {
            Some(detail) => (detail.sharpened(fill, size_px), detail.low_pass(fill, size_px)),
            None => (SampledImage::new(fill, size_px), None),
        };
        let Some(part) = &self.extrapolated_part else { return PreparedFill { image: picture, low_pass: smooth } };
        let extrapolated = |picture: SampledImage| {
            let beyond = Extrapolation::new(&picture, part);
            beyond.with_extrapolated_border(picture)
        };
        PreparedFill { image: extrapolated(picture), low_pass: smooth.map(extrapolated) }
    }

    /// Draws one generated image: `fill` is planar RGB in [-1, 1], `[3, size, size]`.
    ///
    /// # Panics
    /// If `fill` has another length.
    #[must_use]
    pub fn render(&self, fill: &[f32], size_px: u32) -> FillPatch {
        let prepared = self.prepare(fill, size_px);
        let Some(PatchRaster { rect, width, height, .. }) = self.raster else {
            return FillPatch { rect_in_photo: RectPx::default(), width: 0, height: 0, rgba: Vec::new() };
        };
        let offsets = self.seam.offsets(&prepared.image);
        let stride = width as usize * 4;
        let mut rgba = vec![0; stride * height as usize];
        rgba.par_chunks_exact_mut(stride).zip(0..height).for_each(|(pixels, row)| {
            let pixels = pixels.as_chunks_mut::<4>().0;
            self.draw_row(&prepared, &offsets, row, |column, alpha, rgb| {
                if let Some([red, green, blue, opacity]) = pixels.get_mut(column) {
                    for (sample, value) in [red, green, blue].into_iter().zip(rgb) {
                        *sample = u8::from_f32(value * <u8 as ChannelValue>::MAX);
                    }
                    *opacity = alpha;
                }
            });
        });
        FillPatch { rect_in_photo: rect, width, height, rgba }
    }

    /// Calls `draw` with the column, alpha and colour of each filled pixel of a row. Colours are 0 to 1; all three
    /// channels are equal for a grey photo.
    fn draw_row(
        &self,
        prepared: &PreparedFill,
        offsets: &SeamOffsets<'_>,
        row: u32,
        mut draw: impl FnMut(usize, u8, [f32; 3]),
    ) {
        let Some(raster) = &self.raster else { return };
        let reader = raster.row_reader(&prepared.image, 0, i64::from(row));
        let smooth = prepared.low_pass.as_ref().map(|smooth| raster.row_reader(smooth, 0, i64::from(row)));
        let offsets = offsets.row(raster, row);
        let detail = self.detail.as_ref().map(|detail| detail.row(row));
        let first = row as usize * raster.width as usize;
        let alphas = self.alpha.get(first..first + raster.width as usize).unwrap_or_default();
        for (column, &alpha) in alphas.iter().enumerate().filter(|(_, alpha)| **alpha != 0) {
            let mut color = reader.at(column);
            if let Some(detail) = &detail {
                detail.add_to(column, &mut color, smooth.as_ref());
            }
            for (value, offset) in color.iter_mut().zip(offsets.at(column)) {
                *value += offset;
            }
            for value in &mut color {
                *value = value.clamp(-1.0, 1.0) * 0.5 + 0.5;
            }
            let [red, green, blue, _] = color;
            draw(column, alpha, if self.is_grey { [luma([red, green, blue]); 3] } else { [red, green, blue] });
        }
    }
}

/// The finished photo: `fill` (planar RGB in [-1, 1], `[3, size, size]`) in the hole within the frame's [`reach`].
/// Every other pixel stays unchanged, and the photo keeps its colour type. Grey photos get the fill's luma; filled
/// pixels become opaque.
///
/// # Panics
/// If `fill` has another length.
#[must_use]
pub fn apply(
    photo: &Photo,
    hole: &Mask,
    frame: &FaceFrame,
    blend: impl Into<Blend>,
    fill: &[f32],
    size_px: u32,
) -> DynamicImage {
    let composer = Composer::new(photo, hole, frame, blend, None);
    let prepared = composer.prepare(fill, size_px);
    let mut pixels = Photo::from_pixels(photo.pixels.clone()).pixels;
    match PixelDataMut::of(&mut pixels) {
        Some(PixelDataMut::Bits8 { data, channels }) => {
            composer.write_samples(&prepared, data, channels, photo.width());
        }
        Some(PixelDataMut::Bits16 { data, channels }) => {
            composer.write_samples(&prepared, data, channels, photo.width());
        }
        None => {}
    }
    pixels
}

impl Composer {
    /// Writes the fill into a photo's samples. Requires a composer at full size.
    fn write_samples<T: ChannelValue>(
        &self,
        prepared: &PreparedFill,
        data: &mut [T],
        channels: usize,
        photo_width: u32,
    ) {
        let Some(PatchRaster { rect, height, .. }) = self.raster else { return };
        let offsets = self.seam.offsets(&prepared.image);
        let colors = if channels < 3 { 1 } else { 3 };
        let rows = data.par_chunks_exact_mut((photo_width as usize * channels).max(1)).skip(rect.y as usize);
        rows.zip(0..height).for_each(|(samples, row)| {
            self.draw_row(prepared, &offsets, row, |column, _, rgb| {
                let start = (rect.x as usize + column) * channels;
                let Some(pixel) = samples.get_mut(start..start + channels) else { return };
                pixel.fill(T::from_f32(T::MAX));
                for (sample, value) in pixel.iter_mut().zip(rgb).take(colors) {
                    *sample = T::from_f32(value * T::MAX);
                }
            });
        });
    }
}

/// The pixels to fill: hole pixels whose centre lies in the frame's [`reach`].
struct FillTarget<'a> {
    hole: &'a Mask,
    /// Maps the photo to the unit square of the fillable area.
    area: CropGrid,
    rect: RectPx,
}

impl FillTarget<'_> {
    /// The filled share of each pixel of a raster, 0 to 255.
    fn alpha(&self, raster: &PatchRaster) -> Vec<u8> {
        let clip = |span: Range<i64>| {
            let at = |at: i64| u32::try_from(at).unwrap_or_default();
            at(span.start)..at(span.end)
        };
        let share = |column: u32, row: u32| {
            let (columns, rows) = (clip(raster.columns(i64::from(column))), clip(raster.rows(i64::from(row))));
            let area = u64::from(columns.end - columns.start) * u64::from(rows.end - rows.start);
            let filled: usize = rows.map(|y| filled_columns(self.hole, self.area, y, columns.clone()).count()).sum();
            u8::try_from((filled as u64 * 255 + area / 2) / area.max(1)).unwrap_or(u8::MAX)
        };
        let row = |row: u32| (0..raster.width).map(move |column| share(column, row));
        (0..raster.height).into_par_iter().flat_map_iter(row).collect()
    }
}

/// The columns of a row that are filled.
pub(super) fn filled_columns(
    hole: &Mask,
    reach: CropGrid,
    y: u32,
    columns: Range<u32>,
) -> impl DoubleEndedIterator<Item = u32> {
    let is_fillable = move |x: u32| {
        let [u, v] = reach.to_crop([f64::from(x) + 0.5, f64::from(y) + 0.5]);
        (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v)
    };
    let row = hole.row(y, columns.clone());
    columns.zip(row).filter(move |(x, pixel)| **pixel != 0 && is_fillable(*x)).map(|(x, _)| x)
}

/// The bounds of a photo rectangle in unit coordinates, across and down.
#[expect(clippy::cast_possible_truncation, reason = "unit coordinates need no more than single precision")]
fn unit_bounds(rect: RectPx, unit: CropGrid) -> [Range<f32>; 2] {
    let corners = [[rect.x, rect.y], [rect.right(), rect.y], [rect.x, rect.bottom()], [rect.right(), rect.bottom()]];
    let corners = corners.map(|corner| unit.to_crop(corner.map(f64::from)));
    [0, 1].map(|axis| {
        let along = corners.map(|corner| corner[axis] as f32);
        along.into_iter().fold(f32::INFINITY, f32::min)..along.into_iter().fold(f32::NEG_INFINITY, f32::max)
    })
}

/// The smallest rectangle around the filled pixels.
fn filled_bounds(hole: &Mask, reach: CropGrid, within: RectPx) -> RectPx {
    let row_bounds = |y: u32| {
        let columns = within.x..within.right();
        if !hole.row_has_hole(y, columns.clone()) {
            return RectPx::default();
        }
        let columns = || filled_columns(hole, reach, y, columns.clone());
        let (Some(first), Some(last)) = (columns().next(), columns().next_back()) else { return RectPx::default() };
        RectPx { x: first, y, width: last + 1 - first, height: 1 }
    };
    (within.y..within.y + within.height).into_par_iter().map(row_bounds).reduce(RectPx::default, RectPx::union)
}

/// The patch's size for a rectangle: unscaled, or scaled down to a longest side.
#[expect(clippy::cast_possible_truncation, reason = "no larger than the rectangle's side")]
fn patch_size(rect: RectPx, max_side_px: Option<u32>) -> (u32, u32) {
    let longest = rect.width.max(rect.height);
    let side = max_side_px.unwrap_or(longest).clamp(1, longest.max(1));
    let scaled = |length: u32| {
        let rounded = u64::from(length) * u64::from(side) + u64::from(longest) / 2;
        (rounded / u64::from(longest)).max(1) as u32
    };
    (scaled(rect.width), scaled(rect.height))
}

#[cfg(test)]
mod tests;
