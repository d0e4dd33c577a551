//! Reads the metadata of a PNG file, in front of the pixels and behind them.
//!
//! Besides the chunks of the PNG specification (third edition) these are "raw profiles": EXIF, XMP and IPTC as hex in
//! text chunks, as `ImageMagick` and exiftool write them.

use std::io::Cursor;

use super::photoshop;
use crate::photo::encode::XMP_KEYWORD;
use crate::photo::metadata::{ColorEncoding, PhotoMetadata, PhotoText, PixelDensity};
use crate::photo::raw_profile;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";
/// An empty chunk of pixels, at which the decoder stops reading metadata.
const NO_PIXELS: &[u8] = b"\0\0\0\0IDAT\x35\xAF\x06\x1E";

/// Chunks that are read in front of the pixels.
const IN_FRONT: [&[u8; 4]; 14] = [
    b"IHDR", b"PLTE", b"iCCP", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"pHYs", b"eXIf", b"tEXt",
    b"zTXt", b"iTXt",
];
/// Chunks that may also be behind the pixels.
const BEHIND: [&[u8; 4]; 4] = [b"eXIf", b"tEXt", b"zTXt", b"iTXt"];

/// Limit for a decompressed text.
const MAX_TEXT_BYTES: usize = 1 << 26;

/// Reads the metadata. What cannot be read is left out.
pub(super) fn read(bytes: &[u8]) -> PhotoMetadata {
    let limits = png::Limits { bytes: MAX_TEXT_BYTES };
    let decoder = png::Decoder::new_with_limits(Cursor::new(without_pixels(bytes)), limits);
    let Ok(reader) = decoder.read_info() else { return PhotoMetadata::default() };
    let info = reader.info();
    let mut metadata = PhotoMetadata {
        icc_profile: info.icc_profile.as_deref().map(<[u8]>::to_vec),
        exif: info.exif_metadata.as_deref().filter(|block| !block.is_empty()).map(<[u8]>::to_vec),
        density: info.pixel_dims.and_then(density),
        color_encoding: color_encoding(info),
        ..PhotoMetadata::default()
    };
    for text in texts(info) {
        add_text(&mut metadata, text);
    }
    metadata
}

/// The file without its pixels, and with what is behind them in front.
fn without_pixels(bytes: &[u8]) -> Vec<u8> {
    let mut front = SIGNATURE.to_vec();
    let mut rest = bytes.get(SIGNATURE.len()..).unwrap_or_default();
    let mut are_behind = false;
    while let Some(&[a, b, c, d, k, i, n, e]) = rest.first_chunk() {
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let Some((chunk, next)) = rest.split_at_checked(length.saturating_add(12)) else { break };
        let kind = [k, i, n, e];
        are_behind |= kind == *b"IDAT";
        let wanted: &[&[u8; 4]] = if are_behind { &BEHIND } else { &IN_FRONT };
        if wanted.contains(&&kind) {
            front.extend(chunk);
        }
        rest = next;
    }
    front.extend(NO_PIXELS);
    front
}

fn density(dimensions: png::PixelDimensions) -> Option<PixelDensity> {
    let png::PixelDimensions { xppu: x, yppu: y, unit } = dimensions;
    match unit {
        png::Unit::Meter if x > 0 && y > 0 => Some(PixelDensity { x, y, is_per_metre: true }),
        png::Unit::Meter => None,
        png::Unit::Unspecified => PixelDensity::ratio(x, y),
    }
}

fn color_encoding(info: &png::Info<'_>) -> ColorEncoding {
    let numbers = |points: png::SourceChromaticities, one: u32| {
        let png::SourceChromaticities { white, red, green, blue } = points;
        [white.0, white.1, red.0, red.1, green.0, green.1, blue.0, blue.1].map(|number| number.into_scaled() / one)
    };
    ColorEncoding {
        gamma: info.gama_chunk.map(png::ScaledFloat::into_scaled),
        chromaticities: info.chrm_chunk.map(|points| numbers(points, 1)),
        srgb_intent: info.srgb.map(|intent| intent as u8),
        cicp: info.coding_independent_code_points.map(|points| {
            let is_full_range = u8::from(points.is_video_full_range_image);
            [points.color_primaries, points.transfer_function, points.matrix_coefficients, is_full_range]
        }),
        mastering_display: info.mastering_display_color_volume.map(|volume| {
            // The chunk has units of 0.00002, and red, green and blue before white.
            let [white_x, white_y, colors @ ..] = numbers(volume.chromaticities, 2);
            [colors[0], colors[1], colors[2], colors[3], colors[4], colors[5], white_x, white_y]
                .into_iter()
                .flat_map(|number| u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes())
                .chain(volume.max_luminance.to_be_bytes())
                .chain(volume.min_luminance.to_be_bytes())
                .collect::<Vec<u8>>()
                .try_into()
                .unwrap_or_default()
        }),
        content_light: info
            .content_light_level
            .map(|light| [light.max_content_light_level, light.max_frame_average_light_level]),
    }
}

/// All texts that can be read.
fn texts(info: &png::Info<'_>) -> Vec<PhotoText> {
    let international = info.utf8_text.iter().filter_map(|chunk| {
        let mut chunk = chunk.clone();
        chunk.decompress_text_with_limit(MAX_TEXT_BYTES).ok()?;
        Some(PhotoText { text: chunk.get_text().ok()?, keyword: chunk.keyword })
    });
    let plain = info.uncompressed_latin1_text.iter();
    let plain = plain.map(|chunk| PhotoText { keyword: chunk.keyword.clone(), text: utf_8_where_written(&chunk.text) });
    let compressed = info.compressed_latin1_text.iter().filter_map(|chunk| {
        let mut chunk = chunk.clone();
        chunk.decompress_text_with_limit(MAX_TEXT_BYTES).ok()?;
        Some(PhotoText { text: utf_8_where_written(&chunk.get_text().ok()?), keyword: chunk.keyword })
    });
    international.chain(plain).chain(compressed).collect()
}

/// Many programs write UTF-8 where PNG wants Latin-1. Latin-1 hardly ever looks like UTF-8.
fn utf_8_where_written(latin_1: &str) -> String {
    let bytes: Option<Vec<u8>> = latin_1.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| latin_1.to_owned())
}

/// Puts a text where it belongs. What a chunk of its own says comes before what a raw profile says.
fn add_text(metadata: &mut PhotoMetadata, PhotoText { keyword, text }: PhotoText) {
    if keyword == XMP_KEYWORD {
        metadata.xmp.get_or_insert(text.into_bytes());
    } else if let Some(kind) = keyword.strip_prefix(raw_profile::KEYWORD_START) {
        if let Some(profile) = raw_profile::decode(&text) {
            add_raw_profile(metadata, kind, profile);
        }
    } else if is_kept(&keyword) && !text.is_empty() {
        metadata.texts.push(PhotoText { keyword, text });
    }
}

/// Whether a text is written for people. Left out: a program's notes on the file (`date:modify`, `Thumb::URI`,
/// `ImageMagick`'s hash of the pixels) and the record of an earlier fill.
fn is_kept(keyword: &str) -> bool {
    !keyword.contains(':') && !matches!(keyword, "" | "signature" | "countenance")
}

fn add_raw_profile(metadata: &mut PhotoMetadata, kind: &str, profile: Vec<u8>) {
    const XMP_MARK: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
    match kind.to_ascii_lowercase().as_str() {
        "exif" | "app1" => {
            if let Some(packet) = profile.strip_prefix(XMP_MARK) {
                metadata.xmp.get_or_insert_with(|| packet.to_vec());
            } else {
                metadata.exif.get_or_insert(profile);
            }
        }
        "xmp" => _ = metadata.xmp.get_or_insert(profile),
        "iptc" | "8bim" => {
            let resources = profile.strip_prefix(b"Photoshop 3.0\0").unwrap_or(&profile);
            metadata.density = metadata.density.or_else(|| photoshop::density(resources));
            let iptc = photoshop::iptc(resources).or_else(|| (profile.first() == Some(&0x1C)).then_some(profile));
            metadata.iptc = metadata.iptc.take().or(iptc);
        }
        "icc" | "icm" => _ = metadata.icc_profile.get_or_insert(profile),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
