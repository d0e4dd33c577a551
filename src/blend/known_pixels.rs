//! Photo pixels that are neither hole nor ignored.

use std::ops::Range;

use crate::geometry::RectPx;
use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelData, catmull_rom_weights};

/// A photo of which only known pixels that are not fully transparent can be read.
pub(super) struct KnownPixels<'a> {
    data: PixelData<'a>,
    unknown: Mask,
    width: u32,
}

/// The mean of some known pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct KnownMean {
    /// In [-1, 1]. Pixels count by their alpha: nearly transparent ones hardly show their colour, and files often store it
    /// coarsely.
    pub(super) color: [f32; 3],
    /// 0 to 1, never 0. 1 in a photo without alpha.
    pub(super) alpha: f32,
}

/// Sums over known pixels.
struct KnownSums {
    /// In units of the channel value, weighted by alpha.
    colors: [f32; 3],
    /// 1 for each pixel of a photo without alpha.
    alpha: f32,
    count: f32,
    max_value: f32,
}

impl<'a> KnownPixels<'a> {
    pub(super) fn new(photo: &'a Photo, mask: &Mask) -> Self {
        Self { data: PixelData::of(&photo.pixels), unknown: mask.unknown(), width: photo.width() }
    }

    /// The mean of the readable pixels of a rectangle, which must lie in the photo and the mask; `None` when there are no
    /// such pixels.
    pub(super) fn mean(&self, rect: RectPx) -> Option<KnownMean> {
        let KnownSums { colors, alpha, count, max_value } = self.sums(rect)?;
        let color = colors.map(|sum| sum / alpha * (2.0 / max_value) - 1.0);
        (alpha > 0.0).then(|| KnownMean { color, alpha: alpha / count })
    }

    /// The mean alpha, 0 to 1, of the known pixels of a rectangle, also of fully transparent ones. The rectangle must lie
    /// in the photo and the mask. `None` when it holds no known pixel.
    pub(super) fn mean_alpha(&self, rect: RectPx) -> Option<f32> {
        let KnownSums { alpha, count, .. } = self.sums(rect)?;
        (count > 0.0).then(|| alpha / count)
    }

    fn sums(&self, rect: RectPx) -> Option<KnownSums> {
        match &self.data {
            PixelData::Bits8 { data, channels } => known_sums(data, *channels, self.width, &self.unknown, rect),
            PixelData::Bits16 { data, channels } => known_sums(data, *channels, self.width, &self.unknown, rect),
        }
    }

    /// The colour at a point of the photo, by the same cubic as the generated image: red, green and blue in [-1, 1].
    /// `None` when a pixel under the cubic is not known.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked not to be negative")]
    pub(super) fn interpolated_at(&self, [x, y]: [f64; 2]) -> Option<[f32; 3]> {
        let taps = |coordinate: f64| {
            let from_first = coordinate - 1.5;
            let weights = catmull_rom_weights((from_first - from_first.floor()) as f32);
            (from_first >= 0.0).then_some((from_first as u32, weights))
        };
        let ((column, along), (row, down)) = (taps(x)?, taps(y)?);
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
    /// mask, unknown, or fully transparent.
    fn known_run_of_four(&self, column: u32, y: u32) -> Option<[[f32; 3]; 4]> {
        let end = column.checked_add(4)?;
        let is_outside = end > self.width.min(self.unknown.width()) || y >= self.unknown.height();
        if is_outside || self.unknown.row_has_hole(y, column..end) {
            return None;
        }
        let first = y as usize * self.width as usize + column as usize;
        let samples = |channels: usize| first * channels..(first + 4) * channels;
        match &self.data {
            PixelData::Bits8 { data, channels } => four_colors(data.get(samples(*channels))?, *channels),
            PixelData::Bits16 { data, channels } => four_colors(data.get(samples(*channels))?, *channels),
        }
    }

    /// Reads part of a row, which must lie in the photo and the mask: red, green and blue in [-1, 1] (grey in all
    /// three), and 1. Unknown and fully transparent pixels give four zeros.
    pub(super) fn read_row(&self, y: u32, columns: Range<u32>, row: &mut Vec<[f32; 4]>) {
        row.clear();
        let unknown = self.unknown.row(y, columns.clone());
        let first = y as usize * self.width as usize + columns.start as usize;
        match &self.data {
            PixelData::Bits8 { data, channels } => read_samples(data, *channels, first, unknown, row),
            PixelData::Bits16 { data, channels } => read_samples(data, *channels, first, unknown, row),
        }
    }
}

fn known_sums<T: ChannelValue>(
    data: &[T],
    channels: usize,
    width: u32,
    unknown: &Mask,
    rect: RectPx,
) -> Option<KnownSums> {
    let has_alpha = channels.is_multiple_of(2);
    let mut sums = KnownSums { colors: [0.0; 3], alpha: 0.0, count: 0.0, max_value: T::MAX };
    for y in rect.y..rect.y + rect.height {
        let start = (y as usize * width as usize + rect.x as usize) * channels;
        let samples = data.get(start..start + rect.width as usize * channels)?;
        let unknown = unknown.row(y, rect.x..rect.x + rect.width);
        for (pixel, _) in samples.chunks_exact(channels).zip(unknown).filter(|(_, is_unknown)| !is_unknown) {
            let alpha = pixel.last().filter(|_| has_alpha).map_or(1.0, |alpha| alpha.to_f32() / T::MAX);
            // A grey value goes to all three channels.
            for (channel, sum) in sums.colors.iter_mut().enumerate() {
                let value = pixel.get(if channels < 3 { 0 } else { channel }).map_or(0.0, |sample| sample.to_f32());
                *sum += alpha * value;
            }
            sums.alpha += alpha;
            sums.count += 1.0;
        }
    }
    Some(sums)
}

fn read_samples<T: ChannelValue>(
    data: &[T],
    channels: usize,
    first: usize,
    unknown: impl ExactSizeIterator<Item = bool>,
    row: &mut Vec<[f32; 4]>,
) {
    let samples = data.get(first * channels..(first + unknown.len()) * channels).unwrap_or_default();
    row.extend(samples.chunks_exact(channels).zip(unknown).map(|(pixel, is_unknown)| {
        let known = if is_unknown { None } else { known_color(pixel) };
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
