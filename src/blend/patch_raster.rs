//! The pixel grid of a patch over the photo.

use std::ops::Range;

use super::sampled_image::{RowReader, SampledImage};
use crate::geometry::{CropGrid, RectPx};

/// A rectangle of the photo with its own pixel grid. Its pixels may be larger than the photo's (a preview).
#[derive(Clone, Copy)]
pub(super) struct PatchRaster {
    pub(super) rect: RectPx,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Maps the photo to the frame's unit square and back.
    pub(super) unit_grid: CropGrid,
}

impl PatchRaster {
    /// The photo columns that a raster column covers. The columns −1 and `width` are valid too, even outside the photo.
    pub(super) fn columns(&self, column: i64) -> Range<i64> {
        photo_span(column, self.width, self.rect.x, self.rect.width)
    }

    /// The photo rows that a raster row covers, with the same rule as [`columns`](Self::columns).
    pub(super) fn rows(&self, row: i64) -> Range<i64> {
        photo_span(row, self.height, self.rect.y, self.rect.height)
    }

    /// Width and height of a raster pixel, in photo pixels.
    pub(super) fn pixel_size_px(&self) -> [f64; 2] {
        let side = |size: u32, count: u32| f64::from(size) / f64::from(count.max(1));
        [side(self.rect.width, self.width), side(self.rect.height, self.height)]
    }

    /// The centre of a raster pixel, in the photo.
    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
    pub(super) fn center_in_photo(&self, column: i64, row: i64) -> [f64; 2] {
        let [step_x, step_y] = self.pixel_size_px();
        let position = |start: u32, index: i64, step: f64| f64::from(start) + (index as f64 + 0.5) * step;
        [position(self.rect.x, column, step_x), position(self.rect.y, row, step_y)]
    }

    /// Reads the generated image along a row of raster pixels, starting at a column.
    #[expect(clippy::cast_possible_truncation, reason = "positions need no more than single precision")]
    pub(super) fn row_reader<'a>(&self, image: &'a SampledImage, first_column: i64, row: i64) -> RowReader<'a> {
        let [x, y] = self.center_in_photo(first_column, row);
        let [step_x, step_y] = self.pixel_size_px();
        let start = self.unit_grid.to_crop([x, y]);
        let side = |end: [f64; 2]| [0, 1].map(|axis| (self.unit_grid.to_crop(end)[axis] - start[axis]) as f32);
        let (across, down) = (side([x + step_x, y]), side([x, y + step_y]));
        RowReader::new(image, start.map(|coordinate| coordinate as f32), across, down)
    }
}

fn photo_span(index: i64, count: u32, start: u32, size: u32) -> Range<i64> {
    let edge = |index: i64| i64::from(start) + (index * i64::from(size)).div_euclid(i64::from(count.max(1)));
    edge(index)..edge(index + 1)
}
