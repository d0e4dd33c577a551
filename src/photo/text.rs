//! Text in PNG files.

use std::io::Cursor;

/// Room for a text when it is unpacked, and for what comes before it: the mask of a 100-megapixel photo at its worst takes
/// a sixth of that.
const MAX_BYTES: usize = 1 << 27;

/// Why text cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("this is not a PNG: choose the PNG that was exported")]
    NotPng,
    #[error("the PNG is broken or cut short: use another copy of it")]
    Broken(#[from] png::DecodingError),
}

/// The text (iTXt) under a keyword, the first if there are several, wherever in the file it stands; `None` without one.
///
/// # Errors
/// When the file is no PNG, is broken, or the text is longer than 128 MiB.
pub fn read_png_text(bytes: &[u8], keyword: &str) -> Result<Option<String>, TextError> {
    if !bytes.starts_with(b"\x89PNG\r\n\x1A\n") {
        return Err(TextError::NotPng);
    }
    let limits = png::Limits { bytes: MAX_BYTES };
    let mut reader = png::Decoder::new_with_limits(Cursor::new(bytes), limits).read_info()?;
    let find = |info: &png::Info<'_>| info.utf8_text.iter().find(|chunk| chunk.keyword == keyword).cloned();
    let mut found = find(reader.info());
    if found.is_none() {
        // Other programs put text behind the pixels.
        reader.finish()?;
        found = find(reader.info());
    }
    let Some(mut chunk) = found else { return Ok(None) };
    chunk.decompress_text_with_limit(MAX_BYTES)?;
    Ok(Some(chunk.get_text()?))
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, RgbImage};

    use super::*;
    use crate::photo::{Extras, encode_png};

    fn png_with(texts: Vec<(&'static str, String)>) -> Vec<u8> {
        let pixels = DynamicImage::ImageRgb8(RgbImage::new(5, 4));
        encode_png(&pixels, &Extras { texts, ..Extras::default() }).unwrap()
    }

    #[test]
    fn text_comes_back_by_its_keyword() {
        let bytes = png_with(vec![("one", "müßig".repeat(500)), ("two", String::new())]);
        assert!(bytes.len() < 1000, "compressed: {}", bytes.len());
        assert_eq!(read_png_text(&bytes, "one").unwrap(), Some("müßig".repeat(500)));
        assert_eq!(read_png_text(&bytes, "two").unwrap(), Some(String::new()));
        assert_eq!(read_png_text(&bytes, "three").unwrap(), None);
    }

    #[test]
    fn text_behind_the_pixels_is_found() {
        let bytes = png_with(vec![("note", "hello".into())]);
        let at = |kind: &[u8; 4]| bytes.windows(4).position(|window| window == kind).unwrap() - 4;
        let (text, pixels, end) = (at(b"iTXt"), at(b"IDAT"), at(b"IEND"));
        let moved = [&bytes[..text], &bytes[pixels..end], &bytes[text..pixels], &bytes[end..]].concat();
        assert_eq!(read_png_text(&moved, "note").unwrap().as_deref(), Some("hello"));
    }

    #[test]
    fn other_files_and_pieces_are_refused() {
        assert!(matches!(read_png_text(b"\xFF\xD8\xFF\xE0", "note"), Err(TextError::NotPng)));
        let bytes = png_with(Vec::new());
        assert!(matches!(read_png_text(&bytes[..30], "note"), Err(TextError::Broken(_))));
    }
}
