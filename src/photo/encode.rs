//! Encodes pixels and metadata as PNG.
//!
//! Uses the `png` crate directly, because the `image` crate cannot write text chunks. The compression settings are
//! those of `image`: fast, and never larger than the pixels themselves.

use std::borrow::Cow;
use std::path::Path;

use image::{ColorType, DynamicImage};
use png::chunk::ChunkType;
use png::text_metadata::{ITXtChunk, ZTXtChunk};

use super::metadata::{ColorEncoding, PhotoMetadata, PhotoText, PixelDensity};
use super::{Photo, raw_profile};
use crate::fs::{Overwrite, WriteError, write_atomically};

/// Why a picture cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("the picture cannot be encoded as PNG")]
    Encode(#[from] png::EncodingError),
    #[error("pixels of type {name} cannot be saved: convert the photo to 8 or 16 bits")]
    ColorType { name: String },
    #[error("the picture cannot be encoded as JPEG")]
    EncodeJpeg(#[source] image::ImageError),
    #[error("the picture cannot be encoded as WebP")]
    EncodeWebP(#[from] image_webp::EncodingError),
    #[error("a JPEG cannot hold transparency: choose .png, .tif or .webp")]
    Transparency,
    #[error(
        "a {format} holds at most {max_side} pixels a side, and the picture has {width}×{height}: choose .png or .tif"
    )]
    SideTooLong { format: &'static str, width: u32, height: u32, max_side: u32 },
    #[error("the picture does not fit into the 4 GB of a TIFF: choose .png")]
    TiffTooLarge,
}

/// Keyword of the PNG text chunk with the XMP packet (XMP specification, part 3, section 1.1.5).
pub(super) const XMP_KEYWORD: &str = "XML:com.adobe.xmp";

/// Metadata to write into a picture, as a PNG has it. Other formats take of it what they can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PngMetadata<'a> {
    /// Must fit the colour type of the pixels: RGB or grey.
    pub icc_profile: Option<&'a [u8]>,
    /// EXIF block for upright pixels, without a marker in front.
    pub exif: Option<&'a [u8]>,
    /// XMP packet. Left out when it is not UTF-8, because a PNG cannot hold it.
    pub xmp: Option<Cow<'a, [u8]>>,
    /// IPTC-IIM records.
    pub iptc: Option<&'a [u8]>,
    /// The print size of a pixel.
    pub density: Option<PixelDensity>,
    /// The colour space without a profile. The rendering intent of sRGB is left out beside a profile.
    pub color_encoding: ColorEncoding,
    /// Texts of the photo's file.
    pub photo_texts: &'a [PhotoText],
    /// Compressed text by keyword (1 to 79 characters).
    pub texts: Vec<(&'static str, String)>,
}

impl<'a> PngMetadata<'a> {
    /// Only a colour profile.
    #[must_use]
    pub fn only_profile(icc_profile: Option<&'a [u8]>) -> Self {
        Self { icc_profile, ..Self::default() }
    }
}

impl Photo {
    /// All metadata of the photo.
    #[must_use]
    pub fn png_metadata(&self) -> PngMetadata<'_> {
        PngMetadata {
            icc_profile: self.metadata.icc_profile.as_deref(),
            exif: self.metadata.exif.as_deref(),
            xmp: self.metadata.xmp.as_deref().map(Cow::Borrowed),
            iptc: self.metadata.iptc.as_deref(),
            density: self.metadata.density,
            color_encoding: self.metadata.color_encoding,
            photo_texts: &self.metadata.texts,
            texts: Vec::new(),
        }
    }

    /// What an RGB picture in the colours of the photo needs: profile, colour space and print size, but no personal
    /// data. A grey photo's profile does not fit.
    #[must_use]
    pub fn color_metadata(&self) -> PngMetadata<'_> {
        let profile = self.metadata.icc_profile.as_deref().filter(|_| self.pixels.color().has_color());
        let PhotoMetadata { density, color_encoding, .. } = self.metadata;
        PngMetadata { density, color_encoding, ..PngMetadata::only_profile(profile) }
    }
}

/// Encodes as PNG, with the pixels' own colour type and bit depth.
///
/// # Errors
/// When the pixels have a colour type that no photo has, or there are no pixels.
pub fn encode_png(pixels: &DynamicImage, metadata: &PngMetadata<'_>) -> Result<Vec<u8>, SaveError> {
    use png::BitDepth::{Eight, Sixteen};
    use png::ColorType::{Grayscale, GrayscaleAlpha, Rgb, Rgba};
    let (color, depth) = match pixels.color() {
        ColorType::L8 => (Grayscale, Eight),
        ColorType::La8 => (GrayscaleAlpha, Eight),
        ColorType::Rgb8 => (Rgb, Eight),
        ColorType::Rgba8 => (Rgba, Eight),
        ColorType::L16 => (Grayscale, Sixteen),
        ColorType::La16 => (GrayscaleAlpha, Sixteen),
        ColorType::Rgb16 => (Rgb, Sixteen),
        ColorType::Rgba16 => (Rgba, Sixteen),
        other => return Err(SaveError::ColorType { name: format!("{other:?}") }),
    };
    let mut info = png::Info::with_size(pixels.width(), pixels.height());
    (info.color_type, info.bit_depth) = (color, depth);
    info.icc_profile = metadata.icc_profile.map(Cow::Borrowed);
    info.exif_metadata = metadata.exif.map(Cow::Borrowed);
    info.pixel_dims = metadata.density.map(|density| png::PixelDimensions {
        xppu: density.x,
        yppu: density.y,
        unit: if density.is_per_metre { png::Unit::Meter } else { png::Unit::Unspecified },
    });
    info.compressed_latin1_text = metadata.iptc.map(iptc_chunk).into_iter().collect();
    info.utf8_text = text_chunks(metadata);
    let data = match depth {
        Sixteen => Cow::Owned(to_big_endian(pixels.as_bytes())),
        _ => Cow::Borrowed(pixels.as_bytes()),
    };
    encode_with_info(info, &color_chunks(metadata), &data)
}

/// Encodes one bit per pixel. `pixels` holds one byte per pixel, row by row; a byte other than zero is white.
pub(crate) fn encode_bilevel_png(width: u32, height: u32, pixels: &[u8]) -> Result<Vec<u8>, SaveError> {
    let mut info = png::Info::with_size(width, height);
    (info.color_type, info.bit_depth) = (png::ColorType::Grayscale, png::BitDepth::One);
    let pack = |bits: &[u8]| (0..).zip(bits).fold(0, |byte, (bit, &white)| byte | u8::from(white != 0) << (7 - bit));
    let rows = pixels.chunks((width as usize).max(1));
    let data: Vec<u8> = rows.flat_map(|row| row.chunks(8).map(pack)).collect();
    encode_with_info(info, &[], &data)
}

/// `chunks` are written in front of the pixels.
fn encode_with_info(info: png::Info<'_>, chunks: &[([u8; 4], Vec<u8>)], data: &[u8]) -> Result<Vec<u8>, SaveError> {
    let mut bytes = Vec::new();
    let is_photo = info.bit_depth != png::BitDepth::One;
    let mut encoder = png::Encoder::with_info(&mut bytes, info)?;
    if is_photo {
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Adaptive);
    }
    let mut writer = encoder.write_header()?;
    for (kind, content) in chunks {
        writer.write_chunk(ChunkType(*kind), content)?;
    }
    writer.write_image_data(data)?;
    writer.finish()?;
    Ok(bytes)
}

/// The chunks of the colour space. The encoder itself would leave out some of them beside others.
fn color_chunks(metadata: &PngMetadata<'_>) -> Vec<([u8; 4], Vec<u8>)> {
    let bytes = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    let ColorEncoding { gamma, chromaticities, srgb_intent, cicp, mastering_display, content_light } =
        metadata.color_encoding;
    let chunks: [([u8; 4], Option<Vec<u8>>); 6] = [
        (*b"gAMA", gamma.map(|gamma| bytes(&[gamma]))),
        (*b"cHRM", chromaticities.map(|numbers| bytes(&numbers))),
        // A file with a profile must not also say that it is sRGB (PNG specification, section 11.3.2.5).
        (*b"sRGB", srgb_intent.filter(|_| metadata.icc_profile.is_none()).map(|intent| vec![intent])),
        (*b"cICP", cicp.map(Vec::from)),
        (*b"mDCV", mastering_display.map(Vec::from)),
        (*b"cLLI", content_light.map(|numbers| bytes(&numbers))),
    ];
    chunks.into_iter().filter_map(|(kind, content)| Some((kind, content?))).collect()
}

/// IPTC records as exiftool, exiv2 and `ImageMagick` read them from a PNG: as an image resource of Photoshop, in hex.
fn iptc_chunk(records: &[u8]) -> ZTXtChunk {
    ZTXtChunk::new("Raw profile type iptc", raw_profile::encode("iptc", &photoshop_resource(records)))
}

/// Image resource 0x0404, without a name.
pub(super) fn photoshop_resource(records: &[u8]) -> Vec<u8> {
    let length = u32::try_from(records.len()).unwrap_or_default().to_be_bytes();
    [b"8BIM\x04\x04\0\0", &length[..], records, &[0][..records.len() % 2]].concat()
}

/// The text chunks. XMP must not be compressed, so that programs without a PNG parser can find it.
fn text_chunks(metadata: &PngMetadata<'_>) -> Vec<ITXtChunk> {
    let xmp = metadata.xmp.as_deref().and_then(|xmp| std::str::from_utf8(xmp).ok());
    let xmp = xmp.map(|text| ITXtChunk::new(XMP_KEYWORD, text));
    let photo_texts = metadata.photo_texts.iter().map(|PhotoText { keyword, text }| ITXtChunk::new(keyword, text));
    let texts = metadata.texts.iter().map(|(keyword, text)| {
        let mut chunk = ITXtChunk::new(*keyword, text);
        chunk.compressed = true;
        chunk
    });
    xmp.into_iter().chain(photo_texts).chain(texts).collect()
}

/// Converts 16-bit channel values to the byte order of PNG: big endian.
fn to_big_endian(samples: &[u8]) -> Vec<u8> {
    let swap = |pair: &[u8; 2]| u16::from_ne_bytes(*pair).to_be_bytes();
    samples.as_chunks().0.iter().flat_map(swap).collect()
}

/// Encodes and writes a PNG.
///
/// # Errors
/// As [`encode_png`] and [`write_atomically`].
pub fn save_png(
    path: &Path,
    pixels: &DynamicImage,
    metadata: &PngMetadata<'_>,
    overwrite: Overwrite,
) -> Result<(), SaveError> {
    Ok(write_atomically(path, &encode_png(pixels, metadata)?, overwrite)?)
}
