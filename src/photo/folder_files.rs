//! The photos among the files of a folder, and what is passed over.
//!
//! Browsers, phones and cameras fill folders with more than photos that can be opened. Nothing is passed over in
//! silence: a picture of a kind that cannot be opened counts as a photo, so that opening it tells why it cannot be.
//! Only next to an openable picture of the same name it does not count: cameras write a JPEG beside their raw file.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use super::decode::{PHOTO_EXTENSIONS, StartContent, content_at_start};

/// Extensions of pictures that cannot be opened.
const CLOSED_EXTENSIONS: [&str; 35] = [
    "heic", "heif", "hif", "avif", "jxl", "jp2", "j2k", "jpx", "jxr", "psd", "psb", "xcf", "kra", "ora", "gif", "tga",
    "exr", "qoi", "3fr", "arw", "cr2", "cr3", "crw", "dng", "iiq", "nef", "nrw", "orf", "pef", "raf", "rw2", "sr2",
    "srf", "srw", "x3f",
];

/// At most this many files are named.
const MAX_NAMES: usize = 3;

/// The photos of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderFiles {
    /// Sorted by name. Pictures that cannot be opened are among them.
    pub photos: Vec<PathBuf>,
    pub passed_over: PassedOver,
}

/// What a folder holds besides photos. Its text is empty if there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// Pictures that could be opened, by their content, but that do not have a picture's extension.
    misnamed: Vec<OsString>,
    /// Pictures that cannot be opened beside an openable one of the same name.
    doubles: Vec<OsString>,
    /// Files that hold no picture.
    other_files: usize,
    /// Folders in the folder.
    pub subfolders: usize,
}

/// Whether a file name has the extension of a picture that can be opened, in upper or lower case.
#[must_use]
pub fn has_photo_extension(path: &Path) -> bool {
    has_extension(path, &PHOTO_EXTENSIONS)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Sorts out the files of one folder, given by their names. Names with a dot in front are hidden: they do not count.
#[must_use]
pub fn sort_out_files(folder: &Path, names: impl IntoIterator<Item = OsString>) -> FolderFiles {
    let (mut openable, mut closed) = (Vec::new(), Vec::new());
    let mut passed_over = PassedOver::default();
    let mut names: Vec<OsString> = names.into_iter().filter(|name| !is_hidden(name)).collect();
    names.sort();
    for name in names {
        let path = folder.join(&name);
        if has_photo_extension(&path) {
            openable.push(path);
        } else if has_extension(&path, &CLOSED_EXTENSIONS) {
            closed.push(path);
        } else {
            match content_at_start(&path) {
                StartContent::Openable => passed_over.misnamed.push(name),
                StartContent::ClosedPhoto => closed.push(path),
                StartContent::Other => passed_over.other_files += 1,
            }
        }
    }
    let mut stems: HashSet<OsString> = openable.iter().filter_map(|path| stem(path)).collect();
    let mut photos = openable;
    for path in closed {
        if stem(&path).is_some_and(|stem| stems.insert(stem)) {
            photos.push(path);
        } else {
            passed_over.doubles.extend(path.file_name().map(OsStr::to_os_string));
        }
    }
    photos.sort();
    FolderFiles { photos, passed_over }
}

/// The pictures in a folder with this stem, sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn pictures_with_stem(folder: &Path, stem: &OsStr) -> std::io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_picture = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        path.file_stem() == Some(stem) && !is_hidden(name) && has_photo_extension(path) && path.is_file()
    };
    let mut pictures: Vec<PathBuf> = paths.filter(is_picture).collect();
    pictures.sort();
    Ok(pictures)
}

fn stem(path: &Path) -> Option<OsString> {
    path.file_stem().map(OsStr::to_os_string)
}

/// Whether a file or a folder of this name is hidden on Unix.
#[must_use]
pub fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

impl PassedOver {
    /// Whether nothing was passed over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what was passed over in a subfolder.
    pub fn add(&mut self, other: Self) {
        self.misnamed.extend(other.misnamed);
        self.doubles.extend(other.doubles);
        self.other_files += other.other_files;
        self.subfolders += other.subfolders;
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.misnamed.is_empty() {
            parts.push(format!("{} (a picture without a picture's extension: rename it)", name_some(&self.misnamed)));
        }
        if !self.doubles.is_empty() {
            parts.push(format!("{} (beside a picture of the same name)", name_some(&self.doubles)));
        }
        let counted = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{count} {what}s")),
        };
        parts.extend(counted(self.other_files, "other file"));
        parts.extend(counted(self.subfolders, "subfolder"));
        out.write_str(&parts.join(", "))
    }
}

/// The first names, and how many more there are.
fn name_some(names: &[OsString]) -> String {
    let shown: Vec<_> = names.iter().take(MAX_NAMES).map(|name| name.display().to_string()).collect();
    match names.len().saturating_sub(MAX_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";

    /// The file names of the photos, and the text about all others.
    fn sorted(files: &[(&str, &[u8])]) -> (Vec<String>, String) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let found = sort_out_files(folder.path(), files.iter().map(|(name, _)| OsString::from(name)));
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(found.passed_over.is_empty(), found.passed_over.to_string().is_empty());
        (found.photos.iter().map(name).collect(), found.passed_over.to_string())
    }

    #[test]
    fn extensions_of_browsers_and_cameras_are_known() {
        let names = ["b.JPG", "a.jfif", "c.jpe", "d.JIF", "e.dib", "f.mpo", "g.TIFF", "h.tif", "i.webp"];
        let (photos, text) = sorted(&names.map(|name| (name, b"".as_slice())));
        assert_eq!((photos.len(), photos[0].as_str(), text.as_str()), (names.len(), "a.jfif", ""));
    }

    #[test]
    fn pictures_that_cannot_be_opened_count() {
        let (photos, text) = sorted(&[("a.heic", b""), ("b.CR3", b"x"), ("c.bin", HEIC), ("d.txt", b"text")]);
        assert_eq!(photos, ["a.heic", "b.CR3", "c.bin"]);
        assert_eq!(text, "1 other file");
    }

    #[test]
    fn a_raw_file_beside_its_jpeg_is_passed_over() {
        let (photos, text) = sorted(&[("a.cr2", b""), ("a.JPG", b""), ("b.heic", b""), ("b.dng", b"")]);
        assert_eq!(photos, ["a.JPG", "b.dng"]);
        assert_eq!(text, "a.cr2, b.heic (beside a picture of the same name)");
    }

    #[test]
    fn misnamed_pictures_are_named() {
        let (photos, text) = sorted(&[("a.jpg_large", PNG), ("b", PNG), ("c.x", PNG), ("d.y", PNG), (".e", PNG)]);
        assert_eq!(photos, [""; 0]);
        assert_eq!(text, "a.jpg_large, b, c.x and 1 more (a picture without a picture's extension: rename it)");
    }

    #[test]
    fn other_files_and_subfolders_are_counted() {
        let mut passed_over = PassedOver { other_files: 2, ..PassedOver::default() };
        passed_over.add(PassedOver { other_files: 1, subfolders: 1, ..PassedOver::default() });
        assert_eq!(passed_over.to_string(), "3 other files, 1 subfolder");
    }
}
