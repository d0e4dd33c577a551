//! Kinds of text files: web pages, drawings, pointers to files elsewhere.

use super::{CHOOSE_A_PICTURE, CONVERT_IT, FileKind};

const WEB_PAGE: FileKind = FileKind::other(
    "a web page that a browser saved in place of the picture",
    "open the picture itself in the browser, and save that",
);
const SVG: FileKind = FileKind::drawing("an SVG drawing", "export it as PNG and open that");
const LFS_POINTER: FileKind = FileKind::other(
    "a pointer of Git LFS to a file that was not downloaded",
    "run `git lfs pull` in its repository, and open it again",
);
const LINK: FileKind = FileKind::other("a link to a web page", "open the page, and save the picture on it");
const TEXT: FileKind = FileKind::other("a text file", CHOOSE_A_PICTURE);

/// Starts of PNM files and their kin, followed by white space.
const PNM: FileKind = FileKind::photo("a PNM picture (PBM, PGM, PPM, PAM or PFM)", CONVERT_IT);

pub(super) fn kind_of(start: &[u8]) -> Option<FileKind> {
    if let [b'P', b'1'..=b'7' | b'F' | b'f', space, b'0'..=b'9' | b'#' | b'W', ..] = start
        && space.is_ascii_whitespace()
    {
        return Some(PNM);
    }
    if is_utf16(start) {
        return Some(TEXT);
    }
    // The start of a file may end in the middle of a character.
    let text = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => str::from_utf8(start.get(..error.valid_up_to())?).ok()?,
        Err(_) => return latin_web_page(start),
    };
    if text.chars().any(|c| c.is_control() && !c.is_whitespace() && c != '\u{1b}') {
        return None;
    }
    Some(kind_of_text(&text.trim_start_matches('\u{feff}').trim_start().to_lowercase()))
}

/// Whether the start has UTF-16's mark, and every second byte is zero in most characters.
fn is_utf16(start: &[u8]) -> bool {
    let zero_at = match start {
        [0xFF, 0xFE, ..] => 1,
        [0xFE, 0xFF, ..] => 0,
        _ => return false,
    };
    let characters = start.as_chunks::<2>().0;
    let zeros = characters.iter().filter(|bytes| bytes.get(zero_at) == Some(&0) && bytes.iter().any(|byte| *byte > 0));
    2 * zeros.count() > characters.len()
}

/// `text` is in lower case and starts with a letter or a sign.
fn kind_of_text(text: &str) -> FileKind {
    let starts_with = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    if starts_with(&["version https://git-lfs.github.com/"]) {
        LFS_POINTER
    } else if starts_with(&["<svg"]) || (starts_with(&["<?xml", "<!doctype svg", "<!--"]) && text.contains("<svg")) {
        SVG
    } else if starts_with(&["<!doctype html", "<html", "<head", "<body", "<script"])
        || (text.starts_with('<') && text.contains("<html"))
    {
        WEB_PAGE
    } else if starts_with(&["[internetshortcut]"]) {
        LINK
    } else {
        TEXT
    }
}

/// Old web pages are not always UTF-8.
fn latin_web_page(start: &[u8]) -> Option<FileKind> {
    let text: String = start.iter().map(|byte| char::from(*byte)).collect::<String>().to_lowercase();
    let text = text.trim_start();
    (text.starts_with("<!doctype html") || text.starts_with("<html")).then_some(WEB_PAGE)
}
