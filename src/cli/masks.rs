//! Where the hole of each photo comes from.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::batch::is_picture;
use super::usage;
use crate::face::FaceFrame;
use crate::mask::{Mask, MaskPreset, load_mask};
use crate::photo::{EXTENSIONS, Photo};

/// What `--mask` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MaskSource {
    /// A ready-made hole over the face.
    Preset(MaskPreset),
    /// One picture for every photo.
    File(PathBuf),
    /// A picture for each photo, under the photo's stem.
    Folder(PathBuf),
}

impl MaskSource {
    /// Reads the option's value; a name goes before a file of the same name.
    pub(super) fn parse(value: &Path) -> anyhow::Result<Self> {
        if let Some(preset) = value.to_str().and_then(MaskPreset::from_id) {
            return Ok(Self::Preset(preset));
        }
        if value.is_dir() {
            return Ok(Self::Folder(value.to_path_buf()));
        }
        if value.is_file() {
            return Ok(Self::File(value.to_path_buf()));
        }
        let names = MaskPreset::ALL.map(MaskPreset::id).join(", ");
        Err(usage(format!("there is no mask {}: give a picture (white is hole), or one of {names}", value.display())))
    }

    /// The file that serves every photo, if there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Preset(_) | Self::Folder(_) => None,
        }
    }

    /// The hole of one photo. `crop_size_px` and `seed` matter to ready-made holes only.
    pub(super) fn hole(
        &self,
        stem: &OsStr,
        photo: &Photo,
        frame: &FaceFrame,
        crop_size_px: u32,
        seed: u64,
    ) -> anyhow::Result<Mask> {
        let path = match self {
            Self::Preset(preset) => {
                return Ok(preset.hole_in_photo(photo.width(), photo.height(), frame, crop_size_px, seed));
            }
            Self::File(path) => path.clone(),
            Self::Folder(folder) => mask_in(folder, stem)?,
        };
        load_mask(&path, photo.width(), photo.height()).context("the mask cannot be used")
    }
}

/// The one picture of a folder with this stem.
fn mask_in(folder: &Path, stem: &OsStr) -> anyhow::Result<PathBuf> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list the masks in {}", folder.display()))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.file_stem() == Some(stem) && is_picture(path))
        .collect();
    found.sort();
    match found.as_slice() {
        [path] => Ok(path.clone()),
        [] => bail!(
            "there is no mask for it in {}: add {}.png (or {})",
            folder.display(),
            stem.display(),
            EXTENSIONS[1..].join(", ")
        ),
        [first, second, ..] => {
            bail!("{} and {} could both be its mask: remove one", first.display(), second.display())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_before_files_and_paths_reach_the_files() {
        for preset in MaskPreset::ALL {
            assert_eq!(MaskSource::parse(Path::new(preset.id())).unwrap(), MaskSource::Preset(preset));
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("center");
        std::fs::write(&file, b"").unwrap();
        assert_eq!(MaskSource::parse(&file).unwrap(), MaskSource::File(file));
        assert_eq!(MaskSource::parse(folder.path()).unwrap(), MaskSource::Folder(folder.path().into()));
    }

    #[test]
    fn a_mask_that_is_not_there_is_a_usage_error_that_lists_the_names() {
        let error = MaskSource::parse(Path::new("centre.png")).unwrap_err();
        assert!(error.is::<crate::cli::UsageError>());
        insta::assert_snapshot!(error, @"there is no mask centre.png: give a picture (white is hole), or one of center, half, left, random, grid, lowres, full");
    }

    #[test]
    fn a_folder_of_masks_is_searched_by_stem() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ann.png", "bob.png", "bob.jpg", "ann.txt"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let text = |stem: &str| match mask_in(folder.path(), OsStr::new(stem)) {
            Ok(path) => path.display().to_string(),
            Err(error) => error.to_string(),
        };
        let text = |stem: &str| text(stem).replace(&folder.path().display().to_string(), "DIR");
        assert_eq!(text("ann"), "DIR/ann.png");
        insta::assert_snapshot!(text("bob"), @"DIR/bob.jpg and DIR/bob.png could both be its mask: remove one");
        insta::assert_snapshot!(text("eve"), @"there is no mask for it in DIR: add eve.png (or jpg, jpeg, webp, tif, tiff, bmp)");
    }
}
