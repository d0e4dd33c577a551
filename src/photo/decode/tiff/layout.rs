//! How the pixels of a page are stored.

use super::chunk::broken;
use super::directory::{Directory, TiffFile};
use super::supported::{self, compression, refuse};
use super::{DecodeLimits, PhotoError, tag};

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colors {
    Grey,
    /// Grey, where zero is white.
    WhiteIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

/// A channel with the opacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alpha {
    /// Number of the sample.
    pub(super) sample: usize,
    /// Whether the colours are multiplied by it.
    pub(super) is_associated: bool,
}

/// How one sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SampleFormat {
    /// 1 to 16, 32 or 64.
    pub(super) bits: usize,
    pub(super) is_float: bool,
}

/// The page's pixels in the file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) colors: Colors,
    pub(super) alpha: Option<Alpha>,
    /// Samples of a pixel, with all extra ones.
    pub(super) samples: usize,
    pub(super) format: SampleFormat,
    pub(super) compression: u16,
    /// Whether the chunks are JPEG pictures that turn from YCbCr to RGB.
    pub(super) is_ycbcr_jpeg: bool,
    pub(super) predictor: u16,
    /// Whether the first pixel of a byte is in its lowest bit.
    pub(super) is_bit_reversed: bool,
    /// Whether each sample has chunks of its own.
    pub(super) is_planar: bool,
    pub(super) chunks: Chunks,
}

/// The strips or tiles.
#[derive(Debug)]
pub(super) struct Chunks {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Chunks from left to right.
    pub(super) across: usize,
    /// Chunks from top to bottom.
    pub(super) down: usize,
    offsets: Vec<u64>,
    /// Empty when the file does not tell.
    byte_counts: Vec<u64>,
}

impl Layout {
    /// Reads the layout of a page.
    ///
    /// # Errors
    /// When the page cannot be decoded, is broken, or is larger than the limits.
    pub(super) fn read(file: &TiffFile<'_>, page: &Directory, limits: DecodeLimits) -> Result<Self, PhotoError> {
        let value = |tag, default| file.unsigned(page, tag).unwrap_or(default);
        let side = |tag| u32::try_from(value(tag, 0)).unwrap_or(u32::MAX);
        let (width, height) = (side(tag::IMAGE_WIDTH), side(tag::IMAGE_LENGTH));
        limits.check(width, height)?;
        let samples = usize::try_from(value(tag::SAMPLES_PER_PIXEL, 1)).unwrap_or(0);
        if !(1..=64).contains(&samples) {
            return refuse(format!("it has {samples} channels"));
        }
        let compression = supported::checked_compression(value(tag::COMPRESSION, 1))?;
        let is_planar = value(tag::PLANAR_CONFIGURATION, 1) == 2 && samples > 1;
        let stored_colors = supported::read_colors(file, page, compression, samples)?;
        supported::check_colors(file, page, stored_colors, compression, is_planar)?;
        let is_ycbcr_jpeg = stored_colors == Colors::YCbCr && compression == compression::JPEG;
        let colors = if is_ycbcr_jpeg { Colors::Rgb } else { stored_colors };
        let color_samples = colors.samples();
        if samples < color_samples {
            return refuse(format!("it has {samples} channels, fewer than its colours need"));
        }
        let format = supported::read_format(file, page)?;
        let predictor = supported::read_predictor(value(tag::PREDICTOR, 1), compression, format)?;
        supported::check_chunks(compression, if is_planar { 1 } else { samples }, format)?;
        let (width, height) = (width as usize, height as usize);
        let planes = if is_planar { samples } else { 1 };
        Ok(Self {
            width,
            height,
            colors,
            alpha: read_alpha(file, page, color_samples, samples),
            samples,
            format,
            compression,
            is_ycbcr_jpeg,
            predictor,
            is_bit_reversed: value(tag::FILL_ORDER, 1) == 2,
            is_planar,
            chunks: Chunks::read(file, page, (width, height), planes)?,
        })
    }

    /// Numbers of the samples that are kept: colours, then opacity.
    pub(super) fn kept_samples(&self) -> Vec<usize> {
        (0..self.colors.samples()).chain(self.alpha.map(|alpha| alpha.sample)).collect()
    }

    /// Pixels of a whole chunk.
    pub(super) fn chunk_pixels(&self) -> u64 {
        (self.chunks.width as u64).saturating_mul(self.chunks.height as u64)
    }

    /// Samples of a pixel in one chunk.
    pub(super) fn chunk_samples(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }
}

impl Colors {
    /// Samples of a pixel without extra ones.
    pub(super) fn samples(self) -> usize {
        match self {
            Self::Grey | Self::WhiteIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

impl Chunks {
    fn read(
        file: &TiffFile<'_>,
        page: &Directory,
        (width, height): (usize, usize),
        planes: usize,
    ) -> Result<Self, PhotoError> {
        let value = |tag| file.unsigned(page, tag).and_then(|value| usize::try_from(value).ok());
        let is_tiled = page.has(tag::TILE_WIDTH);
        let (chunk_width, chunk_height) = if is_tiled {
            (value(tag::TILE_WIDTH).unwrap_or(0), value(tag::TILE_LENGTH).unwrap_or(0))
        } else {
            (width, value(tag::ROWS_PER_STRIP).unwrap_or(height).min(height))
        };
        // A tile may be larger than the photo, but no program writes one that is much larger.
        if chunk_width == 0 || chunk_height == 0 || chunk_width > width.saturating_mul(2).saturating_add(65_536) {
            return Err(broken("its strips or tiles do not cover it"));
        }
        // Some writers of tiles use the tags of strips.
        let (offsets, byte_counts) = if page.has(tag::TILE_OFFSETS) {
            (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
        };
        let (across, down) = (width.div_ceil(chunk_width), height.div_ceil(chunk_height));
        let offsets = file.unsigned_list(page, offsets).ok_or_else(|| broken("its strips or tiles do not cover it"))?;
        let byte_counts = file.unsigned_list(page, byte_counts).unwrap_or_default();
        let expected = across.checked_mul(down).and_then(|count| count.checked_mul(planes));
        if expected.is_none_or(|expected| offsets.len() < expected) {
            return Err(broken("its strips or tiles do not cover it"));
        }
        Ok(Self { width: chunk_width, height: chunk_height, across, down, offsets, byte_counts })
    }

    /// The bytes of a chunk in the file, cut at the end of the file. `None` when it starts behind it.
    pub(super) fn bytes<'a>(&self, file: &TiffFile<'a>, index: usize) -> Option<&'a [u8]> {
        let start = usize::try_from(*self.offsets.get(index)?).ok()?;
        let rest = file.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let count = self.byte_counts.get(index).and_then(|count| usize::try_from(*count).ok());
        // Some writers leave the counts out, or zero.
        let count = count.filter(|count| *count > 0).unwrap_or(rest.len());
        Some(rest.get(..count).unwrap_or(rest))
    }
}

/// The opacity among the extra samples (TIFF 6.0, section 18). A file without the tag may still have one more channel
/// than its colours need: that is taken as opacity, as other programs do.
fn read_alpha(file: &TiffFile<'_>, page: &Directory, color_samples: usize, samples: usize) -> Option<Alpha> {
    let alpha = |extra: usize, kind: u64| {
        let sample = color_samples + extra;
        (matches!(kind, 1 | 2) && sample < samples).then_some(Alpha { sample, is_associated: kind == 1 })
    };
    match file.unsigned_list(page, tag::EXTRA_SAMPLES) {
        Some(kinds) => kinds.into_iter().enumerate().find_map(|(extra, kind)| alpha(extra, kind)),
        None => (samples == color_samples + 1).then(|| alpha(0, 2))?,
    }
}
