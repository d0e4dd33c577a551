//! Reads text chunks of PNG files.

use std::io::Cursor;

/// Limit for a decompressed text, and for the data before it. Far above the mask of the largest photo.
const MAX_TEXT_BYTES: usize = 1 << 27;

/// Why text cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PngTextError {
    #[error("this is not a PNG: choose the exported PNG")]
    NotPng,
    #[error("the PNG is broken or cut short: use another copy of it")]
    Broken(#[from] png::DecodingError),
}

/// Reads the first text (iTXt) with this keyword, before or after the pixels. `None` when there is none.
///
/// # Errors
/// When the file is not a PNG or is broken, or the text is longer than 128 MiB.
pub fn read_png_text(bytes: &[u8], keyword: &str) -> Result<Option<String>, PngTextError> {
    if !bytes.starts_with(b"\x89PNG\r\n\x1A\n") {
        return Err(PngTextError::NotPng);
    }
    let limits = png::Limits { bytes: MAX_TEXT_BYTES };
    let mut reader = png::Decoder::new_with_limits(Cursor::new(bytes), limits).read_info()?;
    let find = |info: &png::Info<'_>| info.utf8_text.iter().find(|chunk| chunk.keyword == keyword).cloned();
    let mut found = find(reader.info());
    if found.is_none() {
        // Other programs put text after the pixels.
        reader.finish()?;
        found = find(reader.info());
    }
    let Some(mut chunk) = found else { return Ok(None) };
    chunk.decompress_text_with_limit(MAX_TEXT_BYTES)?;
    Ok(Some(chunk.get_text()?))
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, RgbImage};

    use super::*;
    use crate::photo::{PngMetadata, encode_png};

    fn png_with(texts: Vec<(&'static str, String)>) -> Vec<u8> {
        let pixels = DynamicImage::ImageRgb8(RgbImage::new(5, 4));
        encode_png(&pixels, &PngMetadata { texts, ..PngMetadata::default() }).unwrap()
    }

    #[test]
    fn text_is_read_by_its_keyword() {
        let bytes = png_with(vec![("one", "müßig".repeat(500)), ("two", String::new())]);
        assert!(bytes.len() < 1000, "compressed: {}", bytes.len());
        assert_eq!(read_png_text(&bytes, "one").unwrap(), Some("müßig".repeat(500)));
        assert_eq!(read_png_text(&bytes, "two").unwrap(), Some(String::new()));
        assert_eq!(read_png_text(&bytes, "three").unwrap(), None);
    }

    #[test]
    fn text_after_the_pixels_is_found() {
        let bytes = png_with(vec![("note", "hello".into())]);
        let at = |kind: &[u8; 4]| bytes.windows(4).position(|window| window == kind).unwrap() - 4;
        let (text, pixels, end) = (at(b"iTXt"), at(b"IDAT"), at(b"IEND"));
        let moved = [&bytes[..text], &bytes[pixels..end], &bytes[text..pixels], &bytes[end..]].concat();
        assert_eq!(read_png_text(&moved, "note").unwrap().as_deref(), Some("hello"));
    }

    #[test]
    fn other_and_truncated_files_are_refused() {
        assert!(matches!(read_png_text(b"\xFF\xD8\xFF\xE0", "note"), Err(PngTextError::NotPng)));
        let bytes = png_with(Vec::new());
        assert!(matches!(read_png_text(&bytes[..30], "note"), Err(PngTextError::Broken(_))));
    }
}
