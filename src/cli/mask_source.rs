//! Finds the mask for each photo, and its ignored pixels.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::usage_error;
use crate::mask::{FaceRegion, LoadedMask, Mask, MaskPreset, load_mask};
use crate::photo::pictures_with_stem;

/// The value of `--mask`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MaskSource {
    /// A mask preset over the face.
    Preset(MaskPreset),
    /// Parts of the face; not empty.
    Regions(Vec<FaceRegion>),
    /// One mask for every photo.
    File(PathBuf),
    /// A folder with one mask per photo, named by the photo's stem.
    Folder(PathBuf),
}

impl MaskSource {
    /// Reads the option's value. Names of presets and of parts win over a file of the same name.
    pub(super) fn parse(value: &Path) -> anyhow::Result<Self> {
        if let Some(preset) = value.to_str().and_then(MaskPreset::from_id) {
            return Ok(Self::Preset(preset));
        }
        if let Some(regions) = value.to_str().and_then(parse_regions) {
            return Ok(Self::Regions(regions));
        }
        if value.is_dir() {
            return Ok(Self::Folder(value.to_path_buf()));
        }
        if value.is_file() {
            return Ok(Self::File(value.to_path_buf()));
        }
        let (presets, regions) = (MaskPreset::ALL.map(MaskPreset::id), FaceRegion::ALL.map(FaceRegion::id));
        Err(usage_error(format!(
            "there is no mask {}: give a picture with the hole in white, one of {}, or parts of the face, separated by \
             commas: {}",
            value.display(),
            presets.join(", "),
            regions.join(", ")
        )))
    }

    /// Reads the value of `--ignore`: a picture or a folder of them.
    pub(super) fn parse_ignored(value: &Path) -> anyhow::Result<Self> {
        match () {
            () if value.is_dir() => Ok(Self::Folder(value.to_path_buf())),
            () if value.is_file() => Ok(Self::File(value.to_path_buf())),
            () => Err(usage_error(format!(
                "there is no picture {}: give --ignore a picture of the photo's size, white where the photo shall be \
                 ignored, or a folder of them",
                value.display()
            ))),
        }
    }

    /// The single mask file, if one file is used for every photo.
    pub(super) fn shared_file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Preset(_) | Self::Regions(_) | Self::Folder(_) => None,
        }
    }
}

/// Reads parts of the face, separated by commas. `None` when one of the names is unknown.
fn parse_regions(text: &str) -> Option<Vec<FaceRegion>> {
    text.split(',').map(|name| FaceRegion::from_id(name.trim())).collect()
}

/// Opens the mask of a photo of this size. Also returns doubts about it, as sentences for the user.
///
/// A mask that is white everywhere is refused: no pixel of the photo would be known. `--mask full` draws a whole face.
pub(super) fn open_mask(path: &Path, width: u32, height: u32) -> anyhow::Result<(Mask, Vec<String>)> {
    let LoadedMask { mask, warnings, .. } = load_mask(path, width, height)?;
    if mask.is_full() {
        bail!(
            "the mask {} is white everywhere, so no pixel of the photo would stay: draw only the hole in white",
            path.display()
        );
    }
    let name = |warning| format!("{}: {warning}", path.display());
    Ok((mask, warnings.into_iter().map(name).collect()))
}

/// The mask of a photo of this size with its ignored pixels, from the value of `--ignore`, and doubts about their picture.
/// In a folder, photos without a picture have none.
/// The pictures are `factor` times smaller than the mask.
pub(super) fn add_ignored(
    mask: Mask,
    ignored: &MaskSource,
    stem: &OsStr,
    factor: u32,
) -> anyhow::Result<(Mask, Vec<String>)> {
    let path = match ignored {
        MaskSource::File(path) => path.clone(),
        MaskSource::Folder(folder) if masks_with_stem(folder, stem)?.is_empty() => return Ok((mask, Vec::new())),
        MaskSource::Folder(folder) => find_mask_in_folder(folder, stem)?,
        MaskSource::Preset(_) | MaskSource::Regions(_) => return Ok((mask, Vec::new())),
    };
    let opened = open_mask(&path, mask.width() / factor.max(1), mask.height() / factor.max(1));
    let (ignored, warnings) = opened.context("--ignore")?;
    Ok((mask.with_ignored(&ignored.enlarged(factor)), warnings))
}

/// The only picture in a folder with this stem.
pub(super) fn find_mask_in_folder(folder: &Path, stem: &OsStr) -> anyhow::Result<PathBuf> {
    match masks_with_stem(folder, stem)?.as_slice() {
        [path] => Ok(path.clone()),
        [] => bail!("there is no mask for this photo in {}: add {}.png", folder.display(), stem.display()),
        [first, second, ..] => {
            bail!("{} and {} are both masks for this photo: remove one", first.display(), second.display())
        }
    }
}

/// The pictures in a folder with this stem, sorted. A stem with a subfolder is searched in the subfolder of that name, if
/// there is one.
fn masks_with_stem(folder: &Path, stem: &OsStr) -> anyhow::Result<Vec<PathBuf>> {
    let name = Path::new(stem);
    let subfolder = name.parent().filter(|parent| *parent != Path::new("")).map(|parent| folder.join(parent));
    let folder = &subfolder.filter(|subfolder| subfolder.is_dir()).unwrap_or_else(|| folder.to_path_buf());
    pictures_with_stem(folder, name.file_name().unwrap_or(stem))
        .with_context(|| format!("cannot list the masks in {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preset_names_win_over_files_of_that_name() {
        for preset in MaskPreset::ALL {
            assert_eq!(MaskSource::parse(Path::new(preset.id())).unwrap(), MaskSource::Preset(preset));
        }
        for region in FaceRegion::ALL {
            assert_eq!(MaskSource::parse(Path::new(region.id())).unwrap(), MaskSource::Regions(vec![region]));
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("center");
        std::fs::write(&file, b"").unwrap();
        assert_eq!(MaskSource::parse(&file).unwrap(), MaskSource::File(file));
        assert_eq!(MaskSource::parse(folder.path()).unwrap(), MaskSource::Folder(folder.path().into()));
    }

    #[test]
    fn parts_are_separated_by_commas() {
        let parse = |text: &str| MaskSource::parse(Path::new(text));
        let expected = MaskSource::Regions(vec![FaceRegion::Eyes, FaceRegion::Brows]);
        assert_eq!(parse("eyes,brows").unwrap(), expected);
        assert_eq!(parse("eyes, brows").unwrap(), expected);
        for text in ["eyes,ears", "eyes,", "", "eyes,center"] {
            assert!(parse(text).unwrap_err().is::<crate::cli::UsageError>(), "{text}");
        }
    }

    #[test]
    fn a_missing_mask_error_lists_the_presets() {
        let error = MaskSource::parse(Path::new("centre.png")).unwrap_err();
        assert!(error.is::<crate::cli::UsageError>());
        insta::assert_snapshot!(error, @"there is no mask centre.png: give a picture with the hole in white, one of center, half, left, random, random-20, grid, lowres, full, or parts of the face, separated by commas: eyes, left-eye, right-eye, brows, nose, mouth, chin, left-half, right-half, skin");
    }

    #[test]
    fn a_mask_folder_is_searched_by_stem() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ann.JFIF", "bob.png", "bob.jpg", "ann.txt"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let text = |stem: &str| match find_mask_in_folder(folder.path(), OsStr::new(stem)) {
            Ok(path) => path.display().to_string(),
            Err(error) => error.to_string(),
        };
        let text = |stem: &str| text(stem).replace(&folder.path().display().to_string(), "DIR");
        assert_eq!(text("ann"), "DIR/ann.JFIF");
        insta::assert_snapshot!(text("bob"), @"DIR/bob.jpg and DIR/bob.png are both masks for this photo: remove one");
        std::fs::create_dir(folder.path().join("more")).unwrap();
        std::fs::write(folder.path().join("more/bob.png"), b"").unwrap();
        assert_eq!([text("more/bob"), text("less/ann")], ["DIR/more/bob.png", "DIR/ann.JFIF"]);
        insta::assert_snapshot!(text("eve"), @"there is no mask for this photo in DIR: add eve.png");
    }

    #[test]
    fn a_mask_that_is_white_everywhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = |white_columns: u32| {
            let path = folder.path().join("mask.png");
            let pixel = |x, _| image::Luma([if x < white_columns { 255_u8 } else { 0 }]);
            image::GrayImage::from_fn(20, 10, pixel).save(&path).unwrap();
            let opened = open_mask(&path, 20, 10);
            opened.map_err(|error| error.to_string().replace(&folder.path().display().to_string(), "DIR"))
        };
        insta::assert_snapshot!(open(20).unwrap_err(), @"the mask DIR/mask.png is white everywhere, so no pixel of the photo would stay: draw only the hole in white");
        let (mask, warnings) = open(19).unwrap();
        assert_eq!((mask.hole_count(), warnings.len()), (190, 1));
        assert!(warnings[0].contains("mask.png: the mask is white over 95 %"), "{warnings:?}");
        assert_eq!(open(9).unwrap().1, [""; 0]);
    }
}
