//! Names files that cannot be opened, by their content: HEIC, raw files, web pages and the like.
//!
//! A file that cannot be opened is seldom broken. Its name and what to do with it help more than "not a picture".

mod iso_media;
mod signatures;
mod text;

use std::fmt;

/// A kind of file that cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKind {
    /// With an article, for example "a HEIC picture".
    pub name: &'static str,
    /// What to do to get a picture that can be opened.
    pub advice: &'static str,
    pub content: FileContent,
}

/// What a file of an unopenable kind holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// A photo or a picture that may be one.
    Photo,
    /// Graphics or a document.
    Drawing,
    /// No picture.
    Other,
}

impl FileKind {
    const fn photo(name: &'static str, advice: &'static str) -> Self {
        Self { name, advice, content: FileContent::Photo }
    }

    const fn drawing(name: &'static str, advice: &'static str) -> Self {
        Self { name, advice, content: FileContent::Drawing }
    }

    const fn other(name: &'static str, advice: &'static str) -> Self {
        Self { name, advice, content: FileContent::Other }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, advice, content } = self;
        match content {
            FileContent::Photo | FileContent::Drawing => {
                write!(out, "this is {name}, which cannot be opened: {advice}")
            }
            FileContent::Other => write!(out, "this is {name}: {advice}"),
        }
    }
}

/// Bytes at the start of a file that [`kind_of_start`] needs.
pub(super) const START_BYTES: usize = 4096;

/// Photos that only their own programs can show.
const EXPORT_IT: &str = "open it in the program that made it, export it as PNG or JPEG, and open that";
/// Pictures that most viewers can show.
const CONVERT_IT: &str = "save it as PNG or JPEG with a picture viewer or a converter, and open that";
/// Files that hold no picture.
const CHOOSE_A_PICTURE: &str = "choose a PNG, JPEG, WebP, TIFF or BMP file";

/// A raw file of a camera.
pub(super) const CAMERA_RAW: FileKind = FileKind::photo(
    "a camera's raw file",
    "develop it with the camera's program, Lightroom or darktable, export it as TIFF or JPEG, and open that",
);

/// The kind of a whole file that is not in a format that can be opened.
pub(super) fn kind_of(bytes: &[u8]) -> Option<FileKind> {
    if bytes.iter().all(|byte| *byte == 0) {
        let advice = "it was not downloaded or copied completely: get another copy of it";
        return Some(FileKind::other("a file of zeros", advice));
    }
    kind_of_start(bytes).or_else(|| signatures::kind_at_end(bytes))
}

/// Like [`kind_of`], from the first [`START_BYTES`] of a file.
pub(super) fn kind_of_start(bytes: &[u8]) -> Option<FileKind> {
    let start = bytes.get(..START_BYTES).unwrap_or(bytes);
    if start.is_empty() {
        return None;
    }
    iso_media::kind_of(start).or_else(|| signatures::kind_of(start)).or_else(|| text::kind_of(start))
}

#[cfg(test)]
mod tests;
