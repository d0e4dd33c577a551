//! Finds the page of a TIFF file that is the photo.
//!
//! A file may hold thumbnails, masks, smaller copies and further pages, in a chain of directories and one level
//! below it. The photo is the largest page that is none of these.

use std::collections::HashSet;

use super::directory::{Directory, TiffFile};
use super::raw_file::is_raw_file;
use super::{PhotoError, tag};
use crate::photo::decode::file_kind::CAMERA_RAW;

/// Most directories that are looked at. The limit bounds the work on a broken file.
const MAX_DIRECTORIES: usize = 1024;

/// A page, or another directory of the file.
pub(super) struct Page {
    pub(super) directory: Directory,
    /// The directory that this one lies below.
    pub(super) parent: Option<usize>,
}

/// The page to decode.
pub(super) struct Choice {
    pub(super) page: usize,
    /// Other pages of the file that show something else.
    pub(super) other_pages: usize,
    /// The file holds only this page, but calls it a smaller copy of another.
    pub(super) is_marked_reduced: bool,
}

/// All directories of the chain, each followed by those below it. Loops are cut.
pub(super) fn list_pages(file: &TiffFile<'_>) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut seen = HashSet::new();
    let mut read_new = |offset| -> Option<Directory> {
        (seen.len() < MAX_DIRECTORIES && seen.insert(offset)).then(|| file.directory(offset))?
    };
    let mut next = file.first_directory();
    while let Some(directory) = next.and_then(&mut read_new) {
        next = directory.next;
        let children = file.first_unsigned(&directory, tag::SUB_DIRECTORIES, MAX_DIRECTORIES);
        let parent = pages.len();
        pages.push(Page { directory, parent: None });
        let children = children.into_iter().filter_map(&mut read_new);
        pages.extend(children.map(|directory| Page { directory, parent: Some(parent) }));
    }
    pages
}

/// Chooses the largest page that is no smaller copy and no mask; the first of several.
///
/// # Errors
/// [`PhotoError::OtherKind`] for a camera's raw data, because only a preview could be opened;
/// [`PhotoError::UnsupportedTiff`] when the file holds no picture at its full size.
pub(super) fn choose(file: &TiffFile<'_>, pages: &[Page]) -> Result<Choice, PhotoError> {
    let pictures: Vec<Picture> =
        pages.iter().enumerate().filter_map(|(index, page)| Picture::new(file, index, &page.directory)).collect();
    let full = |picture: &&Picture| !picture.is_reduced && !picture.is_mask;
    // The first of the largest ones.
    let largest = pictures.iter().rev().filter(full).max_by_key(|picture| picture.pixels());
    if is_raw_file(file, pages, largest.is_some()) {
        return Err(PhotoError::OtherKind(CAMERA_RAW));
    }
    if let Some(photo) = largest {
        let other_pages = pictures.iter().filter(full).filter(|other| !photo.contains(other)).count();
        return Ok(Choice { page: photo.page, other_pages, is_marked_reduced: false });
    }
    match pictures.as_slice() {
        [] => Err(PhotoError::UnsupportedTiff { reason: "it holds no picture".into() }),
        [only] if !only.is_mask => Ok(Choice { page: only.page, other_pages: 0, is_marked_reduced: true }),
        _ => Err(PhotoError::UnsupportedTiff { reason: "it holds only smaller copies of a picture".into() }),
    }
}

/// What counts for the choice.
struct Picture {
    page: usize,
    width: u64,
    height: u64,
    is_reduced: bool,
    is_mask: bool,
}

impl Picture {
    /// `None` for a directory without a picture.
    fn new(file: &TiffFile<'_>, page: usize, directory: &Directory) -> Option<Self> {
        let value = |tag| file.unsigned(directory, tag);
        let (width, height) = (value(tag::IMAGE_WIDTH)?, value(tag::IMAGE_LENGTH)?);
        let data = [tag::STRIP_OFFSETS, tag::TILE_OFFSETS, tag::JPEG_INTERCHANGE_FORMAT];
        if width == 0 || height == 0 || !data.into_iter().any(|tag| directory.has(tag)) {
            return None;
        }
        let subfile = value(tag::NEW_SUBFILE_TYPE).unwrap_or(0);
        // The old tag: 2 is a smaller copy.
        let is_reduced = subfile & 1 != 0 || value(tag::SUBFILE_TYPE) == Some(2);
        // Transparency masks; depth maps and semantic masks of DNG 1.6.
        let is_mask = subfile & 0b1100 != 0 || matches!(value(tag::PHOTOMETRIC), Some(4 | 51177 | 52527));
        Some(Self { page, width, height, is_reduced, is_mask })
    }

    fn pixels(&self) -> u64 {
        self.width.saturating_mul(self.height)
    }

    /// Whether the other page is this one, or has its proportions at a smaller size: a level of a pyramid without the
    /// mark. Sizes are rounded to pixels.
    fn contains(&self, other: &Self) -> bool {
        let (one, two) = (other.width.saturating_mul(self.height), other.height.saturating_mul(self.width));
        let has_proportions = one.abs_diff(two) <= self.width.max(self.height);
        self.page == other.page || (has_proportions && other.width < self.width && other.height < self.height)
    }
}
