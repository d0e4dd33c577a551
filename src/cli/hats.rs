//! Writes the generator's whole faces during a search (`fill --hats`), as the blog's code does in `hats_imgs`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use image::DynamicImage;

use crate::face_picture::FacePicture;
use crate::fs::Overwrite;
use crate::photo::{PngMetadata, save_png};

/// Digits of an iteration in a file name, as in the blog's code.
const DIGITS: usize = 4;

/// The folder of one search.
#[derive(Debug)]
pub(super) struct HatsFolder(PathBuf);

impl HatsFolder {
    /// Creates the folder.
    pub(super) fn create(folder: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// Writes G(ẑ) of an iteration, without the photo: `0010.png`.
    pub(super) fn write(&self, iteration: u32, face: &FacePicture) -> anyhow::Result<()> {
        let path = self.0.join(format!("{iteration:0DIGITS$}.png"));
        let picture = DynamicImage::ImageRgb8(face.to_rgb8());
        save_png(&path, &picture, &PngMetadata::default(), Overwrite::Allow).context("cannot write a generated face")
    }
}

/// Whether a folder holds the faces of another search.
pub(super) fn has_hats(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.filter_map(Result::ok).any(|entry| {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".png"));
        number.is_some_and(|number| number.len() >= DIGITS && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
