//! Encodes pixels and metadata as TIFF (Adobe, *TIFF 6.0*, 1992).
//!
//! An EXIF block is a TIFF file without pixels. The file starts with the photo's block as it is, so that every offset in
//! it stays valid, also those in makers' notes. Only its first directory is replaced: by one at the end of the file,
//! with the entries of the old one and those of the pixels.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::DynamicImage;
use rayon::prelude::*;

use super::encode::{PngMetadata, SaveError};
use super::exif;
use super::metadata::PixelDensity;
use super::pixel_data::PixelData;
use super::save_picture::EncodedFile;

/// Uncompressed size of a strip of rows. Strips are compressed in parallel.
const STRIP_BYTES: usize = 1 << 20;

/// Types of values.
mod kind {
    pub const BYTE: u16 = 1;
    pub const SHORT: u16 = 3;
    pub const LONG: u16 = 4;
    pub const RATIONAL: u16 = 5;
    pub const UNDEFINED: u16 = 7;
}

/// Tags of the first directory that describe pixels, their place, or what is written anew: those of the EXIF block are
/// left out.
const REPLACED_TAGS: [u16; 42] = [
    254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 290, 291,
    296, 317, 320, 322, 323, 324, 325, 330, 338, 339, 347, 512, 513, 514, 529, 700, 33723, 34377, 34675,
];

/// Encodes with the pixels' own depth: grey or RGB, with or without alpha that is not premultiplied.
pub(super) fn encode(pixels: &DynamicImage, metadata: &PngMetadata<'_>) -> Result<EncodedFile, SaveError> {
    let too_large = || SaveError::TiffTooLarge;
    let mut file = TiffWriter::new(metadata.exif);
    let (strips, rows_per_strip) = file.compressed_strips(pixels);
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for strip in &strips {
        offsets.push(file.append(strip).ok_or_else(too_large)?);
        lengths.push(u32::try_from(strip.len()).map_err(|_| too_large())?);
    }
    let color = pixels.color();
    let channels = u16::from(color.channel_count());
    let bits = if color.bytes_per_pixel() > color.channel_count() { 16 } else { 8 };
    file.shorts(258, &vec![bits; usize::from(channels)]);
    file.longs(256, &[pixels.width()]);
    file.longs(257, &[pixels.height()]);
    file.shorts(259, &[8]); // Deflate
    file.shorts(262, &[if color.has_color() { 2 } else { 1 }]); // RGB, or black is zero
    file.longs(273, &offsets);
    file.shorts(274, &[1]); // upright
    file.shorts(277, &[channels]);
    file.longs(278, &[rows_per_strip]);
    file.longs(279, &lengths);
    file.shorts(284, &[1]); // channels interleaved
    file.shorts(317, &[2]); // differences of neighbours
    if color.has_alpha() {
        file.shorts(338, &[2]); // not premultiplied
    }
    file.density(metadata.density);
    file.bytes(700, kind::BYTE, metadata.xmp.as_deref());
    file.bytes(33723, kind::BYTE, metadata.iptc);
    file.bytes(34675, kind::UNDEFINED, metadata.icc_profile);
    let left_out = if metadata.photo_texts.is_empty() { Vec::new() } else { vec!["texts and comments"] };
    Ok(EncodedFile { bytes: file.finish().ok_or_else(too_large)?, left_out })
}

/// An entry of the directory.
struct Entry {
    tag: u16,
    kind: u16,
    count: usize,
    value: Value,
}

enum Value {
    /// In the byte order of the file.
    Bytes(Vec<u8>),
    /// The last four bytes of an entry of the EXIF block: a short value, or an offset.
    Field([u8; 4]),
}

struct TiffWriter {
    bytes: Vec<u8>,
    is_big_endian: bool,
    entries: Vec<Entry>,
}

impl TiffWriter {
    /// Starts with an EXIF block, if there is one that can be read.
    fn new(exif: Option<&[u8]>) -> Self {
        let block = exif.and_then(|block| Some((block, exif::first_directory(block)?)));
        let Some((block, directory)) = block else {
            return Self { bytes: b"II\x2A\0\0\0\0\0".to_vec(), is_big_endian: false, entries: Vec::new() };
        };
        let is_big_endian = block.starts_with(b"MM");
        let mut writer = Self { bytes: block.to_vec(), is_big_endian, entries: Vec::new() };
        for [t0, t1, k0, k1, c0, c1, c2, c3, field @ ..] in directory {
            let (tag, kind) = (writer.read_short([t0, t1]), writer.read_short([k0, k1]));
            let count = writer.read_long([c0, c1, c2, c3]) as usize;
            if !REPLACED_TAGS.contains(&tag) {
                writer.entries.push(Entry { tag, kind, count, value: Value::Field(field) });
            }
        }
        writer
    }

    fn read_short(&self, bytes: [u8; 2]) -> u16 {
        if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn read_long(&self, bytes: [u8; 4]) -> u32 {
        if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    fn short(&self, value: u16) -> [u8; 2] {
        if self.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn long(&self, value: u32) -> [u8; 4] {
        if self.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    /// Appends data at an even offset, as the format demands. `None` beyond 4 GB.
    fn append(&mut self, data: &[u8]) -> Option<u32> {
        self.bytes.resize(self.bytes.len().next_multiple_of(2), 0);
        let offset = u32::try_from(self.bytes.len()).ok()?;
        self.bytes.extend(data);
        Some(offset)
    }

    fn shorts(&mut self, tag: u16, values: &[u16]) {
        let bytes = values.iter().flat_map(|value| self.short(*value)).collect();
        self.entries.push(Entry { tag, kind: kind::SHORT, count: values.len(), value: Value::Bytes(bytes) });
    }

    fn longs(&mut self, tag: u16, values: &[u32]) {
        let bytes = values.iter().flat_map(|value| self.long(*value)).collect();
        self.entries.push(Entry { tag, kind: kind::LONG, count: values.len(), value: Value::Bytes(bytes) });
    }

    fn bytes(&mut self, tag: u16, kind: u16, value: Option<&[u8]>) {
        if let Some(bytes) = value.filter(|bytes| !bytes.is_empty()) {
            self.entries.push(Entry { tag, kind, count: bytes.len(), value: Value::Bytes(bytes.to_vec()) });
        }
    }

    /// The print size in hundredths of pixels per inch, which is finer than whole pixels per metre; or the ratio of a
    /// pixel's sides.
    fn density(&mut self, density: Option<PixelDensity>) {
        let Some(PixelDensity { x, y, is_per_metre }) = density else { return };
        let fraction = |value: u32| {
            if is_per_metre {
                (u32::try_from((u64::from(value) * 254 + 50) / 100).unwrap_or(u32::MAX), 100)
            } else {
                (value, 1)
            }
        };
        for (tag, (numerator, denominator)) in [(282, fraction(x)), (283, fraction(y))] {
            let bytes = [self.long(numerator), self.long(denominator)].concat();
            self.entries.push(Entry { tag, kind: kind::RATIONAL, count: 1, value: Value::Bytes(bytes) });
        }
        self.shorts(296, &[if is_per_metre { 2 } else { 1 }]);
    }

    /// The compressed rows, and the rows of a strip.
    fn compressed_strips(&self, pixels: &DynamicImage) -> (Vec<Vec<u8>>, u32) {
        let row_bytes = pixels.width() as usize * usize::from(pixels.color().bytes_per_pixel());
        let rows = (STRIP_BYTES / row_bytes.max(1)).clamp(1, pixels.height().max(1) as usize);
        let row_samples = pixels.width() as usize * usize::from(pixels.color().channel_count());
        let strip_samples = (rows * row_samples).max(1);
        let strips = match PixelData::of(pixels) {
            PixelData::Bits8 { data, channels } => {
                let row = |row: &[u8]| differences(row, channels, u8::wrapping_sub).collect::<Vec<u8>>();
                let strip = |strip: &[u8]| deflated(&strip.chunks(row_samples).flat_map(row).collect::<Vec<u8>>());
                data.par_chunks(strip_samples).map(strip).collect()
            }
            PixelData::Bits16 { data, channels } => {
                let row = |row: &[u16]| {
                    differences(row, channels, u16::wrapping_sub)
                        .flat_map(|value| self.short(value))
                        .collect::<Vec<u8>>()
                };
                let strip = |strip: &[u16]| deflated(&strip.chunks(row_samples).flat_map(row).collect::<Vec<u8>>());
                data.par_chunks(strip_samples).map(strip).collect()
            }
        };
        (strips, u32::try_from(rows).unwrap_or(u32::MAX))
    }

    /// Writes long values and the directory. `None` beyond 4 GB.
    fn finish(mut self) -> Option<Vec<u8>> {
        let mut entries = std::mem::take(&mut self.entries);
        // Readers search sorted entries. Of a broken block with a tag twice, the first is kept.
        entries.sort_by_key(|entry| entry.tag);
        entries.dedup_by_key(|entry| entry.tag);
        let mut directory = self.short(u16::try_from(entries.len()).ok()?).to_vec();
        for Entry { tag, kind, count, value } in entries {
            let field = match value {
                Value::Field(field) => field,
                Value::Bytes(bytes) if bytes.len() <= 4 => {
                    let mut field = [0; 4];
                    field.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
                    field
                }
                Value::Bytes(bytes) => {
                    let offset = self.append(&bytes)?;
                    self.long(offset)
                }
            };
            directory.extend(self.short(tag));
            directory.extend(self.short(kind));
            directory.extend(self.long(u32::try_from(count).ok()?));
            directory.extend(field);
        }
        directory.extend([0; 4]); // no further page
        let offset = self.append(&directory)?;
        u32::try_from(self.bytes.len()).ok()?;
        let offset = self.long(offset);
        self.bytes.get_mut(4..8)?.copy_from_slice(&offset);
        Some(self.bytes)
    }
}

/// Differences of neighbouring pixels of a row, channel by channel. The first pixel stays (TIFF 6.0, section 14).
fn differences<T: Copy + Default>(row: &[T], channels: usize, subtract: impl Fn(T, T) -> T) -> impl Iterator<Item = T> {
    let left = std::iter::repeat_n(T::default(), channels).chain(row.iter().copied());
    row.iter().zip(left).map(move |(value, left)| subtract(*value, left))
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory cannot fail.
    let _ = encoder.write_all(data);
    encoder.finish().unwrap_or_default()
}
