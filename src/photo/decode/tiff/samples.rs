//! Puts the samples of all chunks together: one list of channel values, row by row.

use half::f16;
use image::{DynamicImage, ImageBuffer};

use super::chunk::Chunk;
use super::layout::{Colors, Layout, SampleFormat};
use crate::photo::ChannelValue;

/// A channel value that samples are converted to: `u8` for up to 8 bits, `u16` for more.
pub(super) trait Value: ChannelValue + Default {
    /// Scales a whole number of `bits` bits to the full range.
    fn from_bits(value: u64, bits: usize) -> Self;

    /// A whole number as it is.
    fn from_index(value: u64) -> Self;

    /// The value as it is, as a place in a list.
    fn to_index(self) -> usize;

    /// `None` when the number of values does not fit the size, or no photo has so many channels.
    fn into_picture(values: Vec<Self>, size: (u32, u32), channels: usize) -> Option<DynamicImage>;
}

#[expect(clippy::cast_possible_truncation, reason = "the values are in range")]
impl Value for u8 {
    fn from_bits(value: u64, bits: usize) -> Self {
        scale(value, bits, u64::from(Self::MAX)) as Self
    }

    fn from_index(value: u64) -> Self {
        value as Self
    }

    fn to_index(self) -> usize {
        self.into()
    }

    fn into_picture(values: Vec<Self>, (width, height): (u32, u32), channels: usize) -> Option<DynamicImage> {
        match channels {
            1 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageLuma8),
            2 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageLumaA8),
            3 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageRgb8),
            4 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageRgba8),
            _ => None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the values are in range")]
impl Value for u16 {
    fn from_bits(value: u64, bits: usize) -> Self {
        scale(value, bits, u64::from(Self::MAX)) as Self
    }

    fn from_index(value: u64) -> Self {
        value as Self
    }

    fn to_index(self) -> usize {
        self.into()
    }

    fn into_picture(values: Vec<Self>, (width, height): (u32, u32), channels: usize) -> Option<DynamicImage> {
        match channels {
            1 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageLuma16),
            2 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageLumaA16),
            3 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageRgb16),
            4 => ImageBuffer::from_raw(width, height, values).map(DynamicImage::ImageRgba16),
            _ => None,
        }
    }
}

/// Scales `0..2^bits` to `0..=most`, rounded. At most 64 bits.
fn scale(value: u64, bits: usize, most: u64) -> u64 {
    let largest = u128::from(u64::MAX >> (64 - bits.clamp(1, 64)));
    let scaled = (u128::from(value) * u128::from(most) + largest / 2) / largest;
    u64::try_from(scaled).unwrap_or(most).min(most)
}

/// What is unusual about the numbers of a page.
#[derive(Debug, Default)]
pub(super) struct NumberRange {
    /// Floating-point numbers.
    floats: u64,
    /// Those that are not from 0 to 1.
    outside: u64,
    /// The largest whole number.
    largest: u64,
}

/// Floating-point pictures overshoot a little at edges; the cut is not visible.
const OVERSHOOT: f64 = 0.02;

impl NumberRange {
    /// The share of floating-point numbers that were cut, in percent, when there are any.
    #[expect(clippy::cast_precision_loss, reason = "a percentage")]
    pub(super) fn percent_cut(&self) -> Option<f64> {
        (self.outside > 0).then(|| 100.0 * self.outside as f64 / self.floats as f64)
    }

    /// Whether numbers of 32 or 64 bits use so little of their range that the photo would be black.
    pub(super) fn is_too_dark(&self, format: SampleFormat) -> bool {
        !format.is_float && format.bits >= 32 && self.largest > 0 && u8::from_bits(self.largest, format.bits) == 0
    }

    #[expect(clippy::cast_possible_truncation, reason = "single precision is enough for 16 bits")]
    fn add_float<T: Value>(&mut self, value: f64) -> T {
        self.floats += 1;
        if !(-OVERSHOOT..=1.0 + OVERSHOOT).contains(&value) {
            self.outside += 1;
        }
        let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        T::from_f32(value as f32 * T::MAX)
    }

    fn add_whole<T: Value>(&mut self, value: u64, bits: usize) -> T {
        self.largest = self.largest.max(value);
        T::from_bits(value, bits)
    }
}

/// Writes the samples of a chunk to their places in `values`, which holds `kept` channels for each pixel.
///
/// `(left, top)` is the first pixel of the chunk, `plane` the sample that it holds when each has chunks of its own.
pub(super) fn place<T: Value>(
    chunk: &Chunk,
    layout: &Layout,
    (left, top, plane): (usize, usize, usize),
    kept: &[usize],
    values: &mut [T],
    range: &mut NumberRange,
) {
    let row_values = layout.width * kept.len();
    let rows = values.chunks_exact_mut(row_values.max(1)).skip(top);
    let sources = chunk.bytes.chunks_exact(chunk.row_bytes.max(1));
    let mut samples = Vec::new();
    for (source, row) in sources.zip(rows).take(layout.chunks.height) {
        samples.clear();
        unpack(source, layout, range, &mut samples);
        let row = row.get_mut(left * kept.len()..).unwrap_or_default();
        if !layout.is_planar && kept.len() == layout.samples {
            row.iter_mut().zip(&samples).for_each(|(target, sample)| *target = *sample);
            continue;
        }
        for (pixel, target) in samples.chunks_exact(layout.chunk_samples()).zip(row.chunks_exact_mut(kept.len())) {
            for (channel, sample) in target.iter_mut().zip(kept) {
                let found = if layout.is_planar { (*sample == plane).then_some(pixel) } else { pixel.get(*sample..) };
                if let Some([value, ..]) = found {
                    *channel = *value;
                }
            }
        }
    }
}

/// Converts the samples of one row of a chunk.
fn unpack<T: Value>(row: &[u8], layout: &Layout, range: &mut NumberRange, samples: &mut Vec<T>) {
    let SampleFormat { bits, is_float } = layout.format;
    let is_index = layout.colors == Colors::Palette;
    match (bits, is_float) {
        (16, true) => samples
            .extend(words(row, u16::from_ne_bytes).map(|word| -> T { range.add_float(f16::from_bits(word).to_f64()) })),
        (32, true) => {
            samples.extend(words(row, f32::from_ne_bytes).map(|value| -> T { range.add_float(value.into()) }));
        }
        (64, true) => samples.extend(words(row, f64::from_ne_bytes).map(|value| -> T { range.add_float(value) })),
        (8, _) => samples.extend(row.iter().map(|value| T::from_index((*value).into()))),
        (16, _) => samples.extend(words(row, u16::from_ne_bytes).map(|value| T::from_index(value.into()))),
        (32, _) => {
            samples.extend(words(row, u32::from_ne_bytes).map(|value| -> T { range.add_whole(value.into(), bits) }));
        }
        (64, _) => samples.extend(words(row, u64::from_ne_bytes).map(|value| -> T { range.add_whole(value, bits) })),
        _ if is_index => samples.extend(packed(row, bits).map(T::from_index)),
        _ => samples.extend(packed(row, bits).map(|value| T::from_bits(value, bits))),
    }
}

fn words<const N: usize, V>(row: &[u8], convert: fn([u8; N]) -> V) -> impl Iterator<Item = V> {
    row.as_chunks().0.iter().map(move |bytes| convert(*bytes))
}

/// Whole numbers of up to 16 bits, packed from the highest bit on. The last bits of a row may belong to none.
fn packed(row: &[u8], bits: usize) -> impl Iterator<Item = u64> {
    let (mut waiting, mut waiting_bits) = (0_u64, 0);
    let mut bytes = row.iter();
    std::iter::from_fn(move || {
        while waiting_bits < bits {
            waiting = waiting << 8 | u64::from(*bytes.next()?);
            waiting_bits += 8;
        }
        waiting_bits -= bits;
        let value = waiting >> waiting_bits;
        waiting &= (1 << waiting_bits) - 1;
        Some(value)
    })
}
