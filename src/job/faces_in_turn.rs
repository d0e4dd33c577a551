//! Fills the faces of one photo in turn: each fill works on the result of the one before.
//!
//! The holes of the faces that are not filled yet stay hole for every search and blend, so no value under them is read.

use std::borrow::Cow;
use std::sync::Arc;

use image::DynamicImage;

use super::{ExportContent, FillRecord};
use crate::blend::{FillPatch, cut_out, filled_pixels, part_with_edge};
use crate::mask::Mask;
use crate::photo::{Photo, PixelData, PixelDataMut};

/// A photo with the fills so far.
pub struct FacesInTurn {
    photo: Arc<Photo>,
    /// What is not filled yet.
    hole: Mask,
    filled: Mask,
    /// The fills alone, if they have a soft edge: what is drawn over the photo.
    soft_layer: Option<DynamicImage>,
}

impl FacesInTurn {
    /// Starts with a photo and its whole hole, which must have the same size.
    #[must_use]
    pub fn new(photo: Arc<Photo>, hole: Mask) -> Self {
        let filled = Mask::empty(hole.width(), hole.height());
        Self { photo, hole, filled, soft_layer: None }
    }

    /// The photo that the next fill works on.
    #[must_use]
    pub fn photo(&self) -> &Arc<Photo> {
        &self.photo
    }

    /// The hole of the next fill: everything that is not filled yet.
    #[must_use]
    pub fn hole(&self) -> &Mask {
        &self.hole
    }

    /// The pixels that are filled.
    #[must_use]
    pub fn filled(&self) -> &Mask {
        &self.filled
    }

    /// Uses another hole from now on. Pixels that are filled stay filled.
    pub fn set_hole(&mut self, hole: &Mask) {
        self.hole = hole.clone();
        self.hole.remove(&self.filled);
    }

    /// Adds a fill of [`photo`](Self::photo) and [`hole`](Self::hole). Only the pixels in `part` are taken from it. `None`
    /// when its candidate does not exist.
    pub fn add(&mut self, fill: &FillRecord, part: &Mask) -> Option<()> {
        let fill = &FillRecord { hole: self.hole.clone(), ..fill.clone() };
        let mut pixels = fill.picture(&self.photo, ExportContent::Photo, None)?;
        let (filled, of_other_faces) = split_filled(fill, part);
        copy_pixels(&mut pixels, &self.photo.pixels, &of_other_faces);
        if fill.look.blend.soft_edge_px > 0 {
            let layer = fill.picture(&self.photo, ExportContent::Layer, None)?;
            self.add_to_layer(&layer, &pixels, &filled);
        }
        self.advance(pixels, &filled);
        Some(())
    }

    /// Like [`add`](Self::add), and returns the pixels in `part` for the screen. `made`: the patch that this has returned
    /// before for the same fills. The layer is not made: see [`picture`](Self::picture).
    pub fn add_and_draw(
        &mut self,
        fill: &FillRecord,
        part: &Mask,
        made: Option<&Arc<FillPatch>>,
    ) -> Option<Arc<FillPatch>> {
        let fill = &FillRecord { hole: self.hole.clone(), ..fill.clone() };
        let (filled, of_other_faces) = split_filled(fill, part);
        let patch = match made {
            Some(made) => Arc::clone(made),
            None => Arc::new(fill.compose(&self.photo)?.without(&of_other_faces)),
        };
        let mut pixels = fill.picture(&self.photo, ExportContent::Photo, Some(&patch))?;
        copy_pixels(&mut pixels, &self.photo.pixels, &of_other_faces);
        self.advance(pixels, &filled);
        Some(patch)
    }

    fn advance(&mut self, pixels: DynamicImage, filled: &Mask) {
        self.hole.remove(filled);
        self.filled.add(filled);
        self.photo = Arc::new(Photo::from_pixels(pixels));
    }

    /// Adds these pixels of a fill's layer. Where two soft edges meet, the layer gets the finished colour.
    fn add_to_layer(&mut self, layer: &DynamicImage, finished: &DynamicImage, filled: &Mask) {
        let mut new = filled.clone();
        new.remove(&self.filled);
        let mut met = filled.clone();
        met.remove(&new);
        let nothing = || cut_out(finished, &Mask::empty(filled.width(), filled.height()));
        let layers = self.soft_layer.get_or_insert_with(nothing);
        copy_pixels(layers, layer, &new);
        copy_pixels(layers, &cut_out(finished, &met), &met);
    }

    /// The picture to export. A layer of fills with a soft edge needs that all were added by [`add`](Self::add).
    #[must_use]
    pub fn picture(&self, content: ExportContent) -> Cow<'_, DynamicImage> {
        match (content, &self.soft_layer) {
            (ExportContent::Photo, _) => Cow::Borrowed(&self.photo.pixels),
            (ExportContent::Layer, Some(layer)) => Cow::Borrowed(layer),
            (ExportContent::Layer, None) => Cow::Owned(cut_out(&self.photo.pixels, &self.filled)),
        }
    }
}

/// The pixels of a fill that are taken, and those that are not.
fn split_filled(fill: &FillRecord, part: &Mask) -> (Mask, Mask) {
    let soft_edge_px = fill.look.blend.soft_edge_px;
    let part = part_with_edge(part, &fill.hole, soft_edge_px);
    let mut of_other_faces = filled_pixels(&fill.hole, &fill.frame, soft_edge_px);
    let mut filled = of_other_faces.clone();
    of_other_faces.remove(&part);
    filled.remove(&of_other_faces);
    (filled, of_other_faces)
}

/// Copies these pixels. Both pictures and the mask have the same size.
fn copy_pixels(to: &mut DynamicImage, from: &DynamicImage, pixels: &Mask) {
    if from.color() != to.color() {
        return;
    }
    match (PixelDataMut::of(to), PixelData::of(from)) {
        (Some(PixelDataMut::Bits8 { data: to, channels }), PixelData::Bits8 { data: from, .. }) => {
            copy_values(to, from, channels, pixels);
        }
        (Some(PixelDataMut::Bits16 { data: to, channels }), PixelData::Bits16 { data: from, .. }) => {
            copy_values(to, &from, channels, pixels);
        }
        _ => {}
    }
}

fn copy_values<T: Copy>(to: &mut [T], from: &[T], channels: usize, pixels: &Mask) {
    let Some(bounds) = pixels.hole_bounds() else { return };
    for y in bounds.y..bounds.bottom() {
        let columns = bounds.x..bounds.right();
        for x in pixels.hole_columns(y, columns) {
            let start = (y as usize * pixels.width() as usize + x as usize) * channels;
            let (to, from) = (to.get_mut(start..start + channels), from.get(start..start + channels));
            if let (Some(to), Some(from)) = (to, from) {
                to.copy_from_slice(from);
            }
        }
    }
}

#[cfg(test)]
mod tests;
