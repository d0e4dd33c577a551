//! The photo's pixels, without those that nobody may look at.

use std::ops::Range;

use crate::mask::Mask;
use crate::photo::{Photo, Sample, Samples};

/// A photo of which only the known, not fully transparent pixels can be read.
pub(super) struct KnownPixels<'a> {
    samples: Samples<'a>,
    hole: &'a Mask,
    width: u32,
}

impl<'a> KnownPixels<'a> {
    pub(super) fn new(photo: &'a Photo, hole: &'a Mask) -> Self {
        Self { samples: Samples::of(&photo.pixels), hole, width: photo.width() }
    }

    /// Reads part of a row, which must lie in the photo and the mask: red, green, blue in [-1, 1] (grey in all three) and
    /// 1; four zeros for a pixel that is hole or fully transparent.
    pub(super) fn read_row(&self, y: u32, columns: Range<u32>, row: &mut Vec<[f32; 4]>) {
        row.clear();
        let is_hole = self.hole.row(y, columns.clone());
        let first = y as usize * self.width as usize + columns.start as usize;
        match &self.samples {
            Samples::Eight { data, channels } => read(data, *channels, first, is_hole, row),
            Samples::Sixteen { data, channels } => read(data, *channels, first, is_hole, row),
        }
    }
}

fn read<T: Sample>(data: &[T], channels: usize, first: usize, is_hole: &[u8], row: &mut Vec<[f32; 4]>) {
    let samples = data.get(first * channels..(first + is_hole.len()) * channels).unwrap_or_default();
    let has_alpha = channels.is_multiple_of(2);
    let scaled = |sample: T| sample.value() * (2.0 / T::MAX) - 1.0;
    row.extend(samples.chunks_exact(channels).zip(is_hole).map(|(pixel, &hole)| {
        if hole != 0 || (has_alpha && pixel.last().is_some_and(|alpha| alpha.is_zero())) {
            return [0.0; 4];
        }
        match *pixel {
            [red, green, blue, ..] => [scaled(red), scaled(green), scaled(blue), 1.0],
            [grey, ..] => [scaled(grey), scaled(grey), scaled(grey), 1.0],
            [] => [0.0; 4],
        }
    }));
}
