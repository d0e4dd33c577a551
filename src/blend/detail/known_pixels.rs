//! Photo pixels outside the hole.

use std::ops::Range;

use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelData, catmull_rom_weights};

/// A photo of which only known pixels that are not fully transparent can be read.
pub(super) struct KnownPixels<'a> {
    samples: PixelData<'a>,
    hole: &'a Mask,
    width: u32,
}

impl<'a> KnownPixels<'a> {
    pub(super) fn new(photo: &'a Photo, hole: &'a Mask) -> Self {
        Self { samples: PixelData::of(&photo.pixels), hole, width: photo.width() }
    }

    /// The colour at a point of the photo, by the same cubic as the generated image: red, green and blue in [-1, 1].
    /// `None` when a pixel under the cubic is not known.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "photo coordinates, checked to be at least 0"
    )]
    pub(super) fn interpolated_at(&self, [x, y]: [f64; 2]) -> Option<[f32; 3]> {
        let split = |at: f64| {
            let from_first = at - 1.5;
            (from_first >= 0.0)
                .then(|| (from_first as u32, catmull_rom_weights((from_first - from_first.floor()) as f32)))
        };
        let ((column, along), (row, down)) = (split(x)?, split(y)?);
        let mut sum = [0.0; 3];
        for (y, down) in (row..).zip(down) {
            for (color, along) in self.known_run_of_four(column, y)?.into_iter().zip(along) {
                for (sum, value) in sum.iter_mut().zip(color) {
                    *sum += down * along * value;
                }
            }
        }
        Some(sum)
    }

    /// Four pixels of a row: red, green and blue in [-1, 1] each. `None` when one of them is outside the photo or the
    /// mask, in the hole, or fully transparent.
    fn known_run_of_four(&self, column: u32, y: u32) -> Option<[[f32; 3]; 4]> {
        let end = column.checked_add(4)?;
        let known = self.hole.rect();
        if end > self.width.min(known.right())
            || y >= known.bottom()
            || self.hole.row(y, column..end).iter().any(|hole| *hole != 0)
        {
            return None;
        }
        let first = y as usize * self.width as usize + column as usize;
        match &self.samples {
            PixelData::Bits8 { data, channels } => {
                four_colors(data.get(first * channels..(first + 4) * channels)?, *channels)
            }
            PixelData::Bits16 { data, channels } => {
                four_colors(data.get(first * channels..(first + 4) * channels)?, *channels)
            }
        }
    }

    /// Reads part of a row, which must lie in the photo and the mask: red, green and blue in [-1, 1] (grey in all
    /// three), and 1. Hole pixels and fully transparent pixels give four zeros.
    pub(super) fn read_row(&self, y: u32, columns: Range<u32>, row: &mut Vec<[f32; 4]>) {
        row.clear();
        let is_hole = self.hole.row(y, columns.clone());
        let first = y as usize * self.width as usize + columns.start as usize;
        match &self.samples {
            PixelData::Bits8 { data, channels } => read_samples(data, *channels, first, is_hole, row),
            PixelData::Bits16 { data, channels } => read_samples(data, *channels, first, is_hole, row),
        }
    }
}

fn read_samples<T: ChannelValue>(data: &[T], channels: usize, first: usize, is_hole: &[u8], row: &mut Vec<[f32; 4]>) {
    let samples = data.get(first * channels..(first + is_hole.len()) * channels).unwrap_or_default();
    row.extend(samples.chunks_exact(channels).zip(is_hole).map(|(pixel, &hole)| {
        let known = if hole == 0 { known_color(pixel) } else { None };
        known.map_or([0.0; 4], |[red, green, blue]| [red, green, blue, 1.0])
    }));
}

fn four_colors<T: ChannelValue>(samples: &[T], channels: usize) -> Option<[[f32; 3]; 4]> {
    let mut colors = [[0.0; 3]; 4];
    for (color, pixel) in colors.iter_mut().zip(samples.chunks_exact(channels)) {
        *color = known_color(pixel)?;
    }
    Some(colors)
}

/// Red, green and blue of a pixel (grey in all three); `None` when it is fully transparent.
#[inline]
fn known_color<T: ChannelValue>(pixel: &[T]) -> Option<[f32; 3]> {
    let scaled = |sample: T| sample.to_f32() * (2.0 / T::MAX) - 1.0;
    match *pixel {
        [_, alpha] | [_, _, _, alpha] if alpha.is_zero() => None,
        [red, green, blue, ..] => Some([red, green, blue].map(scaled)),
        [grey, ..] => Some([scaled(grey); 3]),
        [] => None,
    }
}
