//! Encodes pixels and metadata as JPEG.
//!
//! The `image` crate compresses the pixels, each channel at full resolution. The segments of the metadata are put in
//! front here, because that crate knows neither XMP nor IPTC nor the print size.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder as _};

use super::encode::{PngMetadata, SaveError, photoshop_resource};
use super::metadata::PixelDensity;
use super::pixel_data::PixelData;
use super::save_picture::EncodedFile;

/// The most data of a segment, without marker and length.
const MAX_SEGMENT_BYTES: usize = 65_533;

/// Keyword of the texts that a JPEG's comments become.
const COMMENT: &str = "Comment";

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// The longest XMP packet that fits.
pub(crate) const MAX_XMP_BYTES: usize = MAX_SEGMENT_BYTES - XMP.len();

/// Encodes as 8-bit grey or RGB. `quality` is 1 to 100.
pub(super) fn encode(pixels: &DynamicImage, metadata: &PngMetadata<'_>, quality: u8) -> Result<EncodedFile, SaveError> {
    if !is_opaque(pixels) {
        return Err(SaveError::Transparency);
    }
    let has_color = pixels.color().has_color();
    let pixels: DynamicImage = if has_color { pixels.to_rgb8().into() } else { pixels.to_luma8().into() };
    let mut compressed = Vec::new();
    JpegEncoder::new_with_quality(&mut compressed, quality.clamp(1, 100))
        .write_image(pixels.as_bytes(), pixels.width(), pixels.height(), pixels.color().into())
        .map_err(SaveError::EncodeJpeg)?;
    let Segments { bytes: segments, left_out } = metadata_segments(metadata);
    let bytes = [b"\xFF\xD8", segments.as_slice(), behind_jfif(&compressed)].concat();
    Ok(EncodedFile { bytes, left_out })
}

/// Whether no pixel is transparent, not even a little.
fn is_opaque(pixels: &DynamicImage) -> bool {
    if !pixels.color().has_alpha() {
        return true;
    }
    match PixelData::of(pixels) {
        PixelData::Bits8 { data, channels } => data.iter().skip(channels - 1).step_by(channels).all(|&a| a == u8::MAX),
        PixelData::Bits16 { data, channels } => {
            data.iter().skip(channels - 1).step_by(channels).all(|&a| a == u16::MAX)
        }
    }
}

/// The file without its start and its JFIF header, which is written anew.
fn behind_jfif(file: &[u8]) -> &[u8] {
    let rest = file.strip_prefix(b"\xFF\xD8").unwrap_or(file);
    match *rest {
        [0xFF, 0xE0, high, low, ..] => rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..).unwrap_or(rest),
        _ => rest,
    }
}

/// Segments, and the names of what does not fit into them.
#[derive(Default)]
struct Segments {
    bytes: Vec<u8>,
    left_out: Vec<&'static str>,
}

impl Segments {
    /// Adds a segment; `name` says what is missing when the data is too long.
    fn add(&mut self, name: &'static str, marker: u8, identifier: &[u8], data: &[u8]) {
        match u16::try_from(2 + identifier.len() + data.len()) {
            Ok(length) => {
                self.bytes.extend([0xFF, marker]);
                self.bytes.extend(length.to_be_bytes());
                self.bytes.extend(identifier);
                self.bytes.extend(data);
            }
            Err(_) => self.left_out.push(name),
        }
    }

    /// Adds a profile in numbered parts (ICC.1:2022, annex B.4).
    fn add_profile(&mut self, profile: &[u8]) {
        let parts: Vec<&[u8]> = profile.chunks(MAX_SEGMENT_BYTES - 14).collect();
        let Ok(count) = u8::try_from(parts.len()) else {
            self.left_out.push("profile (longer than 16 MB)");
            return;
        };
        for (number, part) in (1..=count).zip(parts) {
            self.add("profile", 0xE2, &[b"ICC_PROFILE\0", &[number, count][..]].concat(), part);
        }
    }
}

/// The segments of the metadata. Sources as for reading (see `jpeg_metadata`).
fn metadata_segments(metadata: &PngMetadata<'_>) -> Segments {
    let mut segments = Segments::default();
    segments.add("print size", 0xE0, b"JFIF\0\x01\x02", &jfif_density(metadata.density));
    if let Some(exif) = metadata.exif {
        segments.add("EXIF (longer than 64 KB)", 0xE1, b"Exif\0\0", exif);
    }
    if let Some(xmp) = &metadata.xmp {
        segments.add("XMP (longer than 64 KB)", 0xE1, XMP, xmp);
    }
    segments.add_profile(metadata.icc_profile.unwrap_or_default());
    if let Some(records) = metadata.iptc {
        segments.add("IPTC (longer than 64 KB)", 0xED, b"Photoshop 3.0\0", &photoshop_resource(records));
    }
    for text in metadata.photo_texts.iter().filter(|text| text.keyword == COMMENT) {
        segments.add("comment (longer than 64 KB)", 0xFE, &[], text.text.as_bytes());
    }
    if metadata.photo_texts.iter().any(|text| text.keyword != COMMENT) {
        segments.left_out.push("texts of a PNG");
    }
    segments
}

/// The end of a JFIF header: unit, pixels per unit across and down, no thumbnail (ITU-T T.871, section 10.1).
fn jfif_density(density: Option<PixelDensity>) -> Vec<u8> {
    let (unit, [x, y]) = match density {
        Some(density) if density.is_per_metre => (1u8, [density.x, density.y].map(per_inch)),
        Some(PixelDensity { x, y, .. }) => (0, [x, y].map(|value| u16::try_from(value).ok())),
        None => (0, [Some(1); 2]),
    };
    let (unit, x, y) = match (x, y) {
        (Some(x), Some(y)) => (unit, x, y),
        _ => (0, 1, 1),
    };
    [&[unit][..], &x.to_be_bytes(), &y.to_be_bytes(), &[0, 0]].concat()
}

/// Whole pixels per inch. `None` when there are none, or too many for the header.
fn per_inch(per_metre: u32) -> Option<u16> {
    let per_inch = (u64::from(per_metre) * 254 + 5000) / 10_000;
    u16::try_from(per_inch).ok().filter(|per_inch| *per_inch > 0)
}
