//! Decodes WebP files.

use image::ImageFormat;

use super::{DecodeLimits, DecodedFile, PhotoError, image_crate};
use crate::photo::metadata::PhotoMetadata;

pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    // The decoder makes room for each frame before it compares the frame's size with that of the picture.
    for (width, height) in frame_sizes(content(bytes)) {
        limits.check(width, height)?;
    }
    let file = image_crate::decode(bytes, ImageFormat::WebP, limits)?;
    // Some programs write other names than the specification's.
    let find = |names: [&[u8; 4]; 2]| {
        let mut found = chunks(content(bytes)).filter(|chunk| chunk.is_whole && names.contains(&chunk.name));
        found.find(|chunk| !chunk.data.is_empty()).map(|chunk| chunk.data.to_vec())
    };
    let metadata = PhotoMetadata {
        icc_profile: find([b"ICCP"; 2]),
        exif: find([b"EXIF", b"Exif"]),
        xmp: find([b"XMP ", b"XMP\0"]),
        ..PhotoMetadata::default()
    };
    Ok(DecodedFile { metadata, ..file })
}

/// What is behind the header of the file: `RIFF`, its size, `WEBP`.
fn content(bytes: &[u8]) -> &[u8] {
    bytes.get(12..).unwrap_or_default()
}

/// A chunk of a RIFF file.
struct Chunk<'a> {
    name: &'a [u8; 4],
    data: &'a [u8],
    /// Otherwise the file ends within it.
    is_whole: bool,
}

/// The chunks in a part of a file.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_first_chunk::<4>()?;
        let (size, behind) = behind.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
        let is_whole = size <= behind.len();
        let (data, behind) = behind.split_at(size.min(behind.len()));
        // Chunks start at even positions.
        rest = behind.get(size % 2..).unwrap_or_default();
        Some(Chunk { name, data, is_whole })
    })
}

/// The sizes that the frames have by their own headers.
fn frame_sizes(part: &[u8]) -> Vec<(u32, u32)> {
    let mut sizes = Vec::new();
    for chunk in chunks(part) {
        // The frame of an animation has chunks of its own behind a header.
        let inner = if chunk.name == b"ANMF" { chunk.data.get(16..) } else { None };
        sizes.extend(frame_size(&chunk));
        sizes.extend(chunks(inner.unwrap_or_default()).filter_map(|chunk| frame_size(&chunk)));
    }
    sizes
}

/// Width and height in the header of a picture's data (RFC 6386, section 9.1; RFC 9649, section 3.4).
fn frame_size(chunk: &Chunk<'_>) -> Option<(u32, u32)> {
    match (chunk.name, chunk.data) {
        (b"VP8 ", [_, _, _, _, _, _, sides @ ..]) => {
            // The highest two bits are a scale.
            let pixels = |bytes: [u8; 2]| u32::from(u16::from_le_bytes(bytes) & 0x3FFF);
            let ([width, height, ..], _) = sides.as_chunks() else { return None };
            Some((pixels(*width), pixels(*height)))
        }
        (b"VP8L", [_, bits @ ..]) => {
            let bits = u32::from_le_bytes(*bits.first_chunk()?);
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, RgbaImage};

    use super::*;

    fn encoded(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = DynamicImage::ImageRgba8(RgbaImage::new(width, height));
        picture.write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::WebP).unwrap();
        bytes
    }

    #[test]
    fn frames_of_all_kinds_tell_their_size() {
        assert_eq!(frame_sizes(content(&encoded(300, 7))), [(300, 7)]);
        let lossy = include_bytes!("../../../assets/fuzz/webp/lossy.webp");
        assert_eq!(frame_sizes(content(lossy)), [(17, 18)]);
        let animated = include_bytes!("../../../assets/fixtures/animated.webp");
        assert!(frame_sizes(content(animated)).len() > 1);
    }

    #[test]
    fn frame_larger_than_its_picture_is_refused() {
        let mut bytes = include_bytes!("../../../assets/fuzz/webp/alpha.webp").to_vec();
        let at = bytes.windows(4).position(|name| name == b"VP8 ").unwrap();
        bytes[at + 14..at + 18].copy_from_slice(&[0xFF, 0x3F, 0xFF, 0x3F]);
        let limits = DecodeLimits { max_pixels: 1000 };
        let refused = decode(&bytes, limits).err().unwrap();
        assert!(matches!(refused, PhotoError::TooLarge { width: 16383, height: 16383, .. }), "{refused}");
    }
}
