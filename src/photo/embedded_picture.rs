//! Finds pictures inside metadata, because they still show the old face.
//!
//! Cameras put previews into makers' notes, in formats that only the maker knows, and programs put them into XMP as
//! base64. So this looks for the pictures themselves: JPEG, PNG and WebP, as bytes and as base64.

/// How JPEG, PNG and WebP start in base64.
const BASE64_STARTS: [&[u8]; 3] = [b"/9j/", b"iVBORw0KGgo", b"UklGR"];
/// A shorter text is no picture.
const LEAST_BASE64_BYTES: usize = 64;

/// Overwrites all pictures with zeros, so that everything else keeps its position. Lets the first byte of Minolta's
/// previews stand, which is no JPEG's.
pub(super) fn blank_pictures(bytes: &mut [u8]) {
    let mut position = 0;
    while position < bytes.len() {
        let end = picture_end(bytes, position).or_else(|| base64_end(bytes, position));
        if let Some(picture) = end.and_then(|end| bytes.get_mut(position..end)) {
            picture.fill(0);
        }
        position = end.unwrap_or(position + 1);
    }
}

/// Whether a text holds a picture as base64.
pub(super) fn holds_base64_picture(text: &str) -> bool {
    (0..text.len()).any(|position| base64_end(text.as_bytes(), position).is_some())
}

/// The text without its pictures in base64.
pub(super) fn without_base64_pictures(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut kept, mut kept_from, mut position) = (String::new(), 0, 0);
    while position < bytes.len() {
        match base64_end(bytes, position) {
            Some(end) => {
                kept.push_str(text.get(kept_from..position).unwrap_or_default());
                (kept_from, position) = (end, end);
            }
            None => position += 1,
        }
    }
    kept + text.get(kept_from..).unwrap_or_default()
}

/// The end of the picture that starts at a position, if one does. A picture without an end takes all bytes.
fn picture_end(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    let length = match rest {
        [0xFF, 0xD8, 0xFF, 0xC0..=0xD7 | 0xDA..=0xFF, ..] => jpeg_length(rest, 2),
        [0xD8, 0xFF, 0xC4 | 0xDB | 0xE0..=0xEF, high, low, ..] => {
            // Minolta changes the first byte. Four bytes occur by chance, so the next segment must follow.
            let segment = usize::from(u16::from_be_bytes([*high, *low]));
            (rest.get(3 + segment) == Some(&0xFF)).then(|| jpeg_length(rest, 1))?
        }
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => png_length(rest),
        [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'E', b'B', b'P', ..] => {
            usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok()?.saturating_add(8)
        }
        _ => return None,
    };
    Some(start + length.min(rest.len()))
}

/// The length of a JPEG file whose first marker after the start is at `position`: up to its end marker, or all bytes.
/// Thumbnails inside its own segments are passed over with them.
fn jpeg_length(bytes: &[u8], mut position: usize) -> usize {
    let is_end = |pair: &[u8]| pair == [0xFF, 0xD9];
    loop {
        let Some(&[high, marker]) = bytes.get(position..).and_then(|rest| rest.first_chunk()) else {
            return bytes.len();
        };
        position = match (high, marker) {
            (0xFF, 0xFF) => position + 1,
            (0xFF, 0xD9) => return position + 2,
            (0xFF, 0x01 | 0xD0..=0xD8) => position + 2,
            (0xFF, 0xC0..) => {
                let length = bytes.get(position + 2..).and_then(|rest| rest.first_chunk());
                let end = position + 2 + usize::from(length.map_or(u16::MAX, |length| u16::from_be_bytes(*length)));
                if marker == 0xDA { scan_end(bytes, end) } else { end }
            }
            // Damage: the next end marker must do.
            _ => {
                let rest = bytes.get(position..).unwrap_or_default();
                let end = rest.windows(2).position(is_end).map(|found| position + found + 2);
                return end.unwrap_or(bytes.len());
            }
        };
    }
}

/// The position of the marker after a scan. Within a scan FF is followed by zero or a restart number.
fn scan_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let is_marker = |pair: &[u8]| matches!(pair, [0xFF, marker] if !matches!(marker, 0x00 | 0xD0..=0xD7 | 0xFF));
    rest.windows(2).position(is_marker).map_or(bytes.len(), |found| start + found)
}

/// The length of a PNG file: up to its last chunk, or all bytes.
fn png_length(bytes: &[u8]) -> usize {
    let mut position = 8;
    while let Some(&[a, b, c, d, k, i, n, e]) = bytes.get(position..).and_then(|rest| rest.first_chunk()) {
        let data = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        position = position.saturating_add(12).saturating_add(data);
        if [k, i, n, e] == *b"IEND" {
            return position;
        }
    }
    bytes.len()
}

/// The end of the picture in base64 that starts at a position, if one does. It may be broken into lines, also as XML
/// writes line ends in attributes.
fn base64_end(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    BASE64_STARTS.iter().find(|signature| rest.starts_with(signature))?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n\t &#;".contains(byte);
    let length = rest.iter().take_while(|byte| is_base64(byte)).count();
    (length >= LEAST_BASE64_BYTES).then_some(start + length)
}

#[cfg(test)]
pub(super) mod tests;
