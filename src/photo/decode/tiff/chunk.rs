//! Decompresses one strip or tile.
//!
//! The `tiff` crate cannot decode many layouts of pages (palettes, tiles by plane, extra channels), but it knows how
//! chunks are compressed. So each chunk is handed to it as a file of its own, in plain grey or numbered channels.

use std::io::{Cursor, Error, ErrorKind, Read, Result as IoResult, Seek, SeekFrom};

use ::tiff::TiffError;
use ::tiff::decoder::{Decoder, Limits};
use image::error::DecodingError;
use image::{ColorType, DynamicImage, ImageError, ImageFormat};

use super::directory::{TiffFile, kind};
use super::layout::Layout;
use super::supported::{compression, refuse};
use super::{DecodeLimits, PhotoError, tag};
use crate::photo::decode::{image_crate, jpeg};

/// One decompressed chunk.
pub(super) struct Chunk {
    /// Rows from top to bottom, each starting at a byte. Samples of 8, 16, 32 and 64 bits in the machine's byte order;
    /// others packed from the highest bit on.
    pub(super) bytes: Vec<u8>,
    /// Bytes of a row.
    pub(super) row_bytes: usize,
}

/// Most bytes of the JPEG tables, and of a chunk beyond four times its pixels. Real files need far less.
const MARGIN_BYTES: usize = 65_536;

/// Decodes the chunk at `index`. It holds `height` rows that are in the photo.
///
/// # Errors
/// When the chunk is broken, cut short, or needs too much memory.
pub(super) fn decode(
    file: &TiffFile<'_>,
    layout: &Layout,
    (index, height): (usize, usize),
    jpeg_tables: Option<&[u8]>,
    warnings: &mut Vec<String>,
) -> Result<Chunk, PhotoError> {
    let data = layout.chunks.bytes(file, index).ok_or(PhotoError::CutShort)?;
    let row_bits = layout.chunks.width * layout.chunk_samples() * layout.format.bits;
    let row_bytes = row_bits.div_ceil(8);
    // A broken file may call the rest of the file one chunk, again and again.
    let most = (row_bytes * layout.chunks.height).saturating_mul(4).saturating_add(MARGIN_BYTES);
    let data = data.get(..most).unwrap_or(data);
    let bytes = match layout.compression {
        // Codes from the lowest bit on, as programs wrote them before TIFF 5.0: recognised by the first code, as in libtiff.
        compression::LZW if matches!(data, [0, second, ..] if second & 1 == 1) => {
            return refuse("its compression is an old kind of LZW");
        }
        compression::JPEG => decode_jpeg(data, jpeg_tables, layout, height, warnings)?,
        compression::WEBP => {
            let limits = DecodeLimits { max_pixels: layout.chunk_pixels() };
            let picture = image_crate::decode(data, ImageFormat::WebP, limits)?.pixels;
            samples_of(picture, layout, height)?
        }
        _ => {
            let reversed: Vec<u8>;
            let data = if layout.is_bit_reversed {
                reversed = data.iter().map(|byte| byte.reverse_bits()).collect();
                &reversed
            } else {
                data
            };
            let mut bytes = vec![0; row_bytes * height];
            let chunk_file = ChunkFile::new(file, layout, height, data)?;
            decompress(chunk_file, &mut bytes).map_err(decode_error)?;
            bytes
        }
    };
    Ok(Chunk { bytes, row_bytes })
}

fn decompress(chunk_file: ChunkFile<'_>, bytes: &mut [u8]) -> Result<(), TiffError> {
    let mut limits = Limits::default();
    // The chunk is in memory already.
    limits.intermediate_buffer_size = usize::MAX;
    Decoder::new(chunk_file)?.with_limits(limits).read_chunk_bytes(0, bytes)
}

fn decode_error(error: TiffError) -> PhotoError {
    match error {
        TiffError::IoError(source) if source.kind() == ErrorKind::UnexpectedEof => PhotoError::CutShort,
        TiffError::LimitsExceeded => PhotoError::TooMuchMemory { cause: decoding_error(error) },
        other => PhotoError::Broken { cause: decoding_error(other) },
    }
}

fn decoding_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ImageError {
    ImageError::Decoding(DecodingError::new(ImageFormat::Tiff.into(), error))
}

/// The error for a broken file, with the reason for the log.
pub(super) fn broken(reason: impl Into<String>) -> PhotoError {
    PhotoError::Broken { cause: decoding_error(reason.into()) }
}

/// Decodes a chunk that is a JPEG picture, without the tables that all chunks share (TIFF Technical Note 2).
fn decode_jpeg(
    data: &[u8],
    tables: Option<&[u8]>,
    layout: &Layout,
    height: usize,
    warnings: &mut Vec<String>,
) -> Result<Vec<u8>, PhotoError> {
    const START: [u8; 2] = [0xFF, 0xD8];
    const END: [u8; 2] = [0xFF, 0xD9];
    // Adobe's marker with the colour transform, which a decoder cannot guess from the picture: none, or YCbCr.
    let transform = u8::from(layout.is_ycbcr_jpeg);
    let adobe = [&b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0"[..], &[transform]].concat();
    let adobe = if layout.chunk_samples() == 3 { &adobe[..] } else { &[] };
    let tables = tables.filter(|tables| tables.len() <= MARGIN_BYTES);
    let tables = tables.and_then(|tables| tables.strip_prefix(&START)).unwrap_or_default();
    let tables = tables.strip_suffix(&END).unwrap_or(tables);
    let picture = without_color_marks(data.strip_prefix(&START).ok_or(PhotoError::CutShort)?);
    let limits = DecodeLimits { max_pixels: layout.chunk_pixels() };
    let decoded = jpeg::decode(&[&START, adobe, tables, &picture].concat(), limits).map_err(|error| match error {
        PhotoError::TooLarge { .. } => broken("a chunk is larger than the page says"),
        other => other,
    })?;
    warnings.extend(decoded.warnings);
    samples_of(decoded.pixels, layout, height)
}

/// A JPEG picture, after its start mark, without the segments of JFIF and Adobe (APP0 and APP14): the page says what
/// the colours are.
fn without_color_marks(mut picture: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(picture.len());
    // Segments with a length, before the first scan.
    while let [0xFF, marker @ 0xC0..=0xFE, high, low, ..] = *picture
        && !matches!(marker, 0xD0..=0xDA)
        && let Some((segment, rest)) = picture.split_at_checked(2 + usize::from(u16::from_be_bytes([high, low])))
    {
        if !matches!(marker, 0xE0 | 0xEE) {
            kept.extend(segment);
        }
        picture = rest;
    }
    kept.extend(picture);
    kept
}

/// The samples of a chunk that is a picture file of its own.
fn samples_of(picture: DynamicImage, layout: &Layout, height: usize) -> Result<Vec<u8>, PhotoError> {
    let color = match layout.chunk_samples() {
        1 => ColorType::L8,
        4 => ColorType::Rgba8,
        _ => ColorType::Rgb8,
    };
    // A WebP without transparent pixels has no opacity.
    let picture = match picture {
        DynamicImage::ImageRgb8(_) if color == ColorType::Rgba8 => picture.into_rgba8().into(),
        other => other,
    };
    let fits = picture.width() as usize == layout.chunks.width
        && picture.height() as usize >= height
        && picture.color() == color
        && layout.chunk_samples() == usize::from(color.channel_count())
        && layout.format.bits == 8;
    if !fits {
        return Err(broken("a chunk has another size or colour than the page"));
    }
    Ok(picture.into_bytes())
}

/// A TIFF file with one chunk: a header of its own, then the data.
struct ChunkFile<'a> {
    header: Cursor<Vec<u8>>,
    data: Cursor<&'a [u8]>,
    position: u64,
}

impl<'a> ChunkFile<'a> {
    fn new(file: &TiffFile<'_>, layout: &Layout, height: usize, data: &'a [u8]) -> Result<Self, PhotoError> {
        const ENTRIES: u16 = 11;
        let (bits, samples) = (layout.format.bits, layout.chunk_samples());
        let is_whole = matches!(bits, 8 | 16 | 32 | 64) || layout.compression == compression::FAX4;
        // Samples of other sizes are read as plain bytes.
        let (width, bits, samples) = if is_whole {
            (layout.chunks.width, bits, samples)
        } else {
            ((layout.chunks.width * samples * bits).div_ceil(8), 8, 1)
        };
        let header_bytes = 8 + 2 + 12 * usize::from(ENTRIES) + 4;
        let values = [
            (tag::IMAGE_WIDTH, width),
            (tag::IMAGE_LENGTH, height),
            (tag::BITS_PER_SAMPLE, bits),
            (tag::COMPRESSION, layout.compression.into()),
            (tag::PHOTOMETRIC, 1),
            (tag::STRIP_OFFSETS, header_bytes),
            (tag::SAMPLES_PER_PIXEL, samples),
            (tag::ROWS_PER_STRIP, height),
            (tag::STRIP_BYTE_COUNTS, data.len()),
            (tag::PREDICTOR, layout.predictor.into()),
            (tag::SAMPLE_FORMAT, if layout.format.is_float { 3 } else { 1 }),
        ];
        let short = |value: u16| if file.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let long = |value: u32| if file.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut header = if file.is_big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        header.extend(short(42).into_iter().chain(long(8)).chain(short(ENTRIES)));
        for (tag, value) in values {
            let value = u32::try_from(value).map_err(|_| decode_error(TiffError::LimitsExceeded))?;
            header.extend(short(tag).into_iter().chain(short(kind::LONG)).chain(long(1)).chain(long(value)));
        }
        header.extend(long(0));
        Ok(Self { header: Cursor::new(header), data: Cursor::new(data), position: 0 })
    }

    fn header_bytes(&self) -> u64 {
        self.header.get_ref().len() as u64
    }
}

impl Read for ChunkFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let count = if let Some(position) = self.position.checked_sub(self.header_bytes()) {
            self.data.set_position(position);
            self.data.read(buffer)?
        } else {
            self.header.set_position(self.position);
            self.header.read(buffer)?
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for ChunkFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let end = self.header_bytes() + self.data.get_ref().len() as u64;
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(distance) => end.checked_add_signed(distance),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
        };
        self.position = position.ok_or(Error::from(ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
