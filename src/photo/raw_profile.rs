//! "Raw profiles" of PNG files: bytes as hex in a text chunk, behind a name and the number of bytes (`ImageMagick`,
//! `coders/png.c`).

use std::fmt::Write as _;

/// How the keyword starts; behind it is what the profile holds.
pub(super) const KEYWORD_START: &str = "Raw profile type ";

/// Bytes in a line.
const LINE_BYTES: usize = 36;

/// The text of a raw profile.
pub(super) fn encode(name: &str, bytes: &[u8]) -> String {
    let mut text = format!("\n{name}\n{:8}\n", bytes.len());
    for line in bytes.chunks(LINE_BYTES) {
        for byte in line {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

/// The bytes of a raw profile. `None` when the text is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (_name, rest) = text.strip_prefix('\n')?.split_once('\n')?;
    let (length, digits) = rest.split_once('\n')?;
    let length: usize = length.trim().parse().ok()?;
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Option<Vec<u8>> = digits.chars().filter(|c| !c.is_ascii_whitespace()).map(digit).collect();
    let mut bytes: Vec<u8> = digits?.as_chunks().0.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.truncate(length);
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_survive_as_text() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = encode("iptc", &bytes);
        assert!(text.starts_with("\niptc\n     256\n000102") && text.lines().all(|line| line.len() <= 72), "{text}");
        assert_eq!(decode(&text), Some(bytes));
    }

    #[test]
    fn other_texts_are_no_profiles() {
        assert_eq!(decode("\nexif\n  2\n0a FF\n00"), Some(vec![10, 255]), "no more than the number says");
        for text in ["", "\nexif", "\nexif\n2\n", "\nexif\n0\n00", "\nexif\nmany\n00", "\nexif\n2\nxyz", "exif\n1\n00"]
        {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
