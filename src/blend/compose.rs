//! Draws the fill into the photo's pixels.

use std::ops::Range;

use image::DynamicImage;
use rayon::prelude::*;

use super::detail::FillDetail;
use super::extrapolate::Extrapolation;
use super::feather::{self, FeatherBlend};
use super::fill_layer::{cut_out, fade, filled_pixels};
use super::fill_opacity::FillOpacity;
use super::fill_patch::FillPatch;
use super::patch_raster::PatchRaster;
use super::poisson::{self, Membrane};
use super::sampled_image::{SampledImage, luma};
use super::soft_edge::{composed_hole, mix_pixel, softened};
use super::{Blend, BlendMode, fillable_area};
use crate::face_picture::FacePicture;
use crate::geometry::{CropGrid, FaceFrame, RectPx, clip_range};
use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelDataMut};

/// Everything about one hole that does not depend on the generated image. It is computed once, so that drawing a new
/// image at every iteration is cheap.
pub struct Composer {
    /// The patch's pixel grid; `None` when there is nothing to fill.
    raster: Option<PatchRaster>,
    /// The share of the fill in each patch pixel, 0 to 255.
    shares: Vec<u8>,
    /// `None` when the fill is opaque.
    opacity: Option<FillOpacity>,
    /// `None` when the fill is drawn unchanged.
    seam: Option<SeamCorrection>,
    /// Only for patches at full resolution: a smaller one cannot show detail.
    detail: Option<FillDetail>,
    /// Bounds of the filled pixels in the frame's unit square, across and down; `None` when all lie in the frame.
    extrapolated_part: Option<[Range<f32>; 2]>,
    is_grey: bool,
}

/// A generated image, prepared for drawing.
struct PreparedFill<'a> {
    image: SampledImage,
    /// Its low-pass, when mirrored detail is added to it.
    low_pass: Option<SampledImage>,
    offsets: Option<SeamOffsets<'a>>,
}

/// How the fill is made to match the known pixels.
enum SeamCorrection {
    Feather(FeatherBlend),
    Poisson(Membrane),
}

/// The offsets that the blend mode adds to one fill.
enum SeamOffsets<'a> {
    Feather(feather::FeatherOffsets<'a>),
    Poisson(poisson::MembraneOffsets),
}

/// The offsets along one row of the patch.
enum SeamOffsetRow {
    Feather(feather::FeatherRow),
    Poisson(poisson::MembraneRow),
}

impl SeamCorrection {
    fn offsets(&self, image: &SampledImage) -> SeamOffsets<'_> {
        match self {
            Self::Feather(feather) => SeamOffsets::Feather(feather.offsets(image)),
            Self::Poisson(membrane) => SeamOffsets::Poisson(membrane.offsets(image)),
        }
    }
}

impl SeamOffsets<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "positions need no more than single precision")]
    fn row(&self, raster: &PatchRaster, row: u32) -> SeamOffsetRow {
        match self {
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
        let real_hole = hole;
        let composed = composed_hole(real_hole, blend.soft_edge_px);
        let hole = &*composed;
        let is_grey = !photo.pixels.color().has_color();
        let area = fillable_area(frame);
        let grids = CropGrid::new(frame, 1).zip(CropGrid::new(&area, 1));
        let target = grids.map(|(unit_grid, area_grid)| {
            let bounds = area.bounds_in_photo(photo.width(), photo.height()).intersection(hole.rect());
            (unit_grid, FillTarget { hole, area_grid, rect: filled_bounds(hole, area_grid, bounds) })
        });
        let Some((unit_grid, target)) = target.filter(|(_, target)| !target.rect.is_empty()) else {
            return Self {
                raster: None,
                shares: Vec::new(),
                opacity: None,
                seam: None,
                detail: None,
                extrapolated_part: None,
                is_grey,
            };
        };
        let rect = target.rect;
        let (width, height) = patch_size(rect, max_side_px);
        let raster = PatchRaster { rect, width, height, unit_grid };
        let shares = target.shares(&raster);
        let is_interpolated = blend.mode != BlendMode::None && photo.pixels.color().has_alpha();
        let solver_raster = Membrane::solver_raster(raster);
        let is_coarser = (solver_raster.width, solver_raster.height) != (width, height);
        let needs_solver = is_interpolated || blend.mode == BlendMode::Poisson;
        let solver_shares = (is_coarser && needs_solver).then(|| target.shares(&solver_raster));
        let solver_shares = solver_shares.as_ref().unwrap_or(&shares);
        let seam = match blend.mode {
            BlendMode::None => None,
            BlendMode::Feather => FeatherBlend::new(photo, hole, frame, rect).map(SeamCorrection::Feather),
            BlendMode::Poisson => Membrane::new(photo, hole, solver_raster, solver_shares).map(SeamCorrection::Poisson),
        };
        let opacity_offsets =
            is_interpolated.then(|| Membrane::opacity_offsets(photo, hole, solver_raster, solver_shares)).flatten();
        let opacity = opacity_offsets.map(|offsets| FillOpacity::new(offsets, &raster));
        let unit_part = unit_bounds(rect, unit_grid);
        // Tolerance, so that rounding does not put the frame's own corners outside it.
        let is_in_frame = unit_part.iter().all(|along| along.start > -1e-6 && along.end < 1.0 + 1e-6);
        let extrapolated_part = (!is_in_frame).then_some(unit_part);
        let shares = if blend.soft_edge_px == 0 {
            shares
        } else {
            let hole_shares = FillTarget { hole: real_hole, ..target }.shares(&raster);
            softened(&shares, &hole_shares, &raster, blend.soft_edge_px)
        };
        let is_full_size = (width, height) == (rect.width, rect.height);
        let detail = is_full_size.then(|| FillDetail::new(photo, hole, frame, rect, blend.detail_percent)).flatten();
        Self { raster: Some(raster), shares, opacity, seam, detail, extrapolated_part, is_grey }
    }

    /// Prepares a generated picture for drawing.
    fn prepare(&self, fill: &FacePicture) -> PreparedFill<'_> {
        let (mut image, mut low_pass) = match &self.detail {
            Some(detail) => (detail.sharpened(fill), detail.low_pass(fill)),
            None => (SampledImage::from(fill), None),
        };
        if let Some(part) = &self.extrapolated_part {
            let extended = |image: SampledImage| Extrapolation::new(&image, part).with_extrapolated_border(image);
            (image, low_pass) = (extended(image), low_pass.map(extended));
        }
        let offsets = self.seam.as_ref().map(|seam| seam.offsets(&image));
        PreparedFill { image, low_pass, offsets }
    }

    /// Draws one generated picture.
    #[must_use]
    pub fn render(&self, fill: &FacePicture) -> FillPatch {
        let prepared = self.prepare(fill);
        let Some(PatchRaster { rect, width, height, .. }) = self.raster else {
            return FillPatch::default();
        };
        let stride = width as usize * 4;
        let mut rgba = vec![0; stride * height as usize];
        rgba.par_chunks_exact_mut(stride).zip(0..height).for_each(|(pixels, row)| {
            let pixels = pixels.as_chunks_mut::<4>().0;
            self.draw_row(&prepared, row, |column, filled_share, rgb| {
                if let Some([red, green, blue, share]) = pixels.get_mut(column) {
                    for (sample, value) in [red, green, blue].into_iter().zip(rgb) {
                        *sample = u8::from_f32(value * <u8 as ChannelValue>::MAX);
                    }
                    *share = filled_share;
                }
            });
        });
        let opacity = self.opacity.as_ref().map(FillOpacity::at_patch);
        FillPatch { rect_in_photo: rect, width, height, rgba, opacity }
    }

    /// Calls `draw` with the column, filled share and colour of each filled pixel of a row. Colours are 0 to 1; all three
    /// channels are equal for a grey photo.
    fn draw_row(&self, prepared: &PreparedFill<'_>, row: u32, mut draw: impl FnMut(usize, u8, [f32; 3])) {
        let Some(raster) = &self.raster else { return };
        let reader = raster.row_reader(&prepared.image, 0, i64::from(row));
        let low_pass = prepared.low_pass.as_ref().map(|image| raster.row_reader(image, 0, i64::from(row)));
        let offsets = prepared.offsets.as_ref().map(|offsets| offsets.row(raster, row));
        let detail = self.detail.as_ref().map(|detail| detail.row(row));
        let first = row as usize * raster.width as usize;
        let shares = self.shares.get(first..first + raster.width as usize).unwrap_or_default();
        for (column, &share) in shares.iter().enumerate().filter(|(_, share)| **share != 0) {
            let mut color = reader.at(column);
            if let Some(detail) = &detail {
                detail.add_to(column, &mut color, low_pass.as_ref());
            }
            let offset = offsets.as_ref().map_or([0.0; 4], |offsets| offsets.at(column));
            for (value, offset) in color.iter_mut().zip(offset) {
                *value += offset;
            }
            for value in &mut color {
                *value = value.clamp(-1.0, 1.0) * 0.5 + 0.5;
            }
            let [red, green, blue, _] = color;
            draw(column, share, if self.is_grey { [luma([red, green, blue]); 3] } else { [red, green, blue] });
        }
    }
}

/// The finished photo: `fill` in the hole within the [`fillable_area`], and mixed with the photo in its soft edge. Other
/// pixels and the photo's colour type stay the same. Grey photos get the fill's luma. In a photo with alpha, filled pixels get the alpha of the known pixels around
/// the hole, interpolated; with [`BlendMode::None`] they are opaque.
#[must_use]
pub fn apply(
    photo: &Photo,
    hole: &Mask,
    frame: &FaceFrame,
    blend: impl Into<Blend>,
    fill: &FacePicture,
) -> DynamicImage {
    Composer::new(photo, hole, frame, blend, None).apply(photo, fill)
}

/// The fill alone, as a layer over the photo: RGBA of the photo's size and bit depth. In the soft edge, its alpha falls
/// off.
#[must_use]
pub fn fill_layer(photo: &Photo, hole: &Mask, frame: &FaceFrame, blend: Blend, fill: &FacePicture) -> DynamicImage {
    let mut composer = Composer::new(photo, hole, frame, blend, None);
    let shares = composer.shares.clone();
    composer.shares.iter_mut().filter(|share| **share != 0).for_each(|share| *share = u8::MAX);
    let mut layer = cut_out(&composer.apply(photo, fill), &filled_pixels(hole, frame, blend.soft_edge_px));
    if let Some(PatchRaster { rect, .. }) = composer.raster {
        fade(&mut layer, rect, &shares);
    }
    layer
}

impl Composer {
    /// The finished photo. Requires a composer at full size.
    fn apply(&self, photo: &Photo, fill: &FacePicture) -> DynamicImage {
        let mut pixels = Photo::from_pixels(photo.pixels.clone()).pixels;
        match PixelDataMut::of(&mut pixels) {
            Some(PixelDataMut::Bits8 { data, channels }) => {
                self.render(fill).copy_to(data, channels, photo.width() as usize);
            }
            Some(PixelDataMut::Bits16 { data, channels }) => self.write(fill, data, channels, photo.width()),
            None => {}
        }
        pixels
    }

    /// Writes the fill into the samples of a photo with 16 bits. Requires a composer at full size.
    fn write(&self, fill: &FacePicture, data: &mut [u16], channels: usize, photo_width: u32) {
        let Some(raster @ PatchRaster { rect, height, .. }) = &self.raster else { return };
        let prepared = self.prepare(fill);
        let colors = if channels < 3 { 1 } else { 3 };
        let rows = data.par_chunks_exact_mut((photo_width as usize * channels).max(1)).skip(rect.y as usize);
        rows.zip(0..*height).for_each(|(samples, row)| {
            let opacity = self.opacity.as_ref().map(|opacity| opacity.row(row, raster));
            self.draw_row(&prepared, row, |column, share, rgb| {
                let start = (rect.x as usize + column) * channels;
                let Some(pixel) = samples.get_mut(start..start + channels) else { return };
                let opacity = opacity.as_ref().map_or(1.0, |opacity| opacity.at(column));
                let mut fill = [u16::from_f32(opacity * <u16 as ChannelValue>::MAX); 4];
                for (sample, value) in fill.iter_mut().zip(rgb).take(colors) {
                    *sample = u16::from_f32(value * <u16 as ChannelValue>::MAX);
                }
                mix_pixel(pixel, &fill[..channels], share);
            });
        });
    }
}

/// The pixels to fill: hole pixels whose centre lies in the [`fillable_area`].
struct FillTarget<'a> {
    hole: &'a Mask,
    /// Maps the photo to the unit square of the fillable area.
    area_grid: CropGrid,
    rect: RectPx,
}

impl FillTarget<'_> {
    /// The filled share of each pixel of a raster, 0 to 255.
    fn shares(&self, raster: &PatchRaster) -> Vec<u8> {
        let share = |column: u32, row: u32| {
            let columns = clip_range(raster.columns(i64::from(column)), self.hole.width());
            let rows = clip_range(raster.rows(i64::from(row)), self.hole.height());
            let area = u64::from(columns.end - columns.start) * u64::from(rows.end - rows.start);
            let filled: usize =
                rows.map(|y| filled_columns(self.hole, self.area_grid, y, columns.clone()).count()).sum();
            u8::try_from((filled as u64 * 255 + area / 2) / area.max(1)).unwrap_or(u8::MAX)
        };
        let row = |row: u32| (0..raster.width).map(move |column| share(column, row));
        (0..raster.height).into_par_iter().flat_map_iter(row).collect()
    }
}

/// The columns of a row that are filled.
fn filled_columns(
    hole: &Mask,
    area_grid: CropGrid,
    y: u32,
    columns: Range<u32>,
) -> impl DoubleEndedIterator<Item = u32> {
    hole.hole_columns(y, columns).filter(move |x| is_fillable(area_grid, *x, y))
}

/// Whether the centre of a pixel lies in the fillable area. `area_grid` maps the photo to its unit square.
pub(super) fn is_fillable(area_grid: CropGrid, x: u32, y: u32) -> bool {
    let [u, v] = area_grid.to_crop([f64::from(x) + 0.5, f64::from(y) + 0.5]);
    (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v)
}

/// The bounds of a photo rectangle in unit coordinates, across and down.
#[expect(clippy::cast_possible_truncation, reason = "unit coordinates need no more than single precision")]
fn unit_bounds(rect: RectPx, unit_grid: CropGrid) -> [Range<f32>; 2] {
    let corners = [[rect.x, rect.y], [rect.right(), rect.y], [rect.x, rect.bottom()], [rect.right(), rect.bottom()]];
    let corners = corners.map(|corner| unit_grid.to_crop(corner.map(f64::from)));
    [0, 1].map(|axis| {
        let along = corners.map(|corner| corner[axis] as f32);
        along.into_iter().fold(f32::INFINITY, f32::min)..along.into_iter().fold(f32::NEG_INFINITY, f32::max)
    })
}

/// The smallest rectangle around the filled pixels in `bounds`.
fn filled_bounds(hole: &Mask, area_grid: CropGrid, bounds: RectPx) -> RectPx {
    let row_bounds = |y: u32| {
        let columns = bounds.x..bounds.right();
        if !hole.row_has_hole(y, columns.clone()) {
            return RectPx::default();
        }
        let filled = || filled_columns(hole, area_grid, y, columns.clone());
        let (Some(first), Some(last)) = (filled().next(), filled().next_back()) else { return RectPx::default() };
        RectPx::from_ranges(first..last + 1, y..y + 1)
    };
    (bounds.y..bounds.bottom()).into_par_iter().map(row_bounds).reduce(RectPx::default, RectPx::union)
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
