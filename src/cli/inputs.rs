//! The photos to process, and the output paths for each of them.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::args::OutputArgs;
use super::outputs::has_extension;
use super::usage_error;
use crate::photo::PHOTO_EXTENSIONS;

/// The input photos.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PhotoInputs {
    /// A single file: `--out` is a file.
    One(PathBuf),
    /// Several, or a folder: `--out` is a folder.
    Many(Vec<PathBuf>),
}

/// One photo and its output paths.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FillTask {
    pub(super) photo: PathBuf,
    /// The photo's name without its extension. Masks in a folder and outputs of a batch are named by it.
    pub(super) stem: OsString,
    pub(super) out: PathBuf,
    pub(super) layer: Option<PathBuf>,
    pub(super) frames: Option<PathBuf>,
    pub(super) gif: Option<PathBuf>,
    pub(super) log: Option<PathBuf>,
}

/// Replaces each folder by its pictures. Files are not checked: a missing photo is reported when it is opened.
pub(super) fn expand_folders(photos: &[PathBuf]) -> anyhow::Result<PhotoInputs> {
    if let [photo] = photos
        && !photo.is_dir()
    {
        return Ok(PhotoInputs::One(photo.clone()));
    }
    let mut files = Vec::new();
    for path in photos {
        if path.is_dir() {
            files.extend(pictures_in(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(PhotoInputs::Many(files))
}

/// The pictures of a folder, sorted by name, without subfolders and hidden files.
pub(super) fn pictures_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| usage_error(format!("cannot list the folder {}: {error}", folder.display())))?;
    let mut pictures: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_picture(path)).collect();
    if pictures.is_empty() {
        let (folder, extensions) = (folder.display(), PHOTO_EXTENSIONS.join(", "));
        return Err(usage_error(format!(
            "there is no picture in {folder}: file names must end in one of {extensions}"
        )));
    }
    pictures.sort();
    Ok(pictures)
}

/// Whether a file has a picture's extension and is not hidden.
pub(super) fn is_picture(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && has_extension(path, &PHOTO_EXTENSIONS) && path.is_file()
}

/// Makes the output paths of every photo.
pub(super) fn build_tasks(photos: PhotoInputs, output: &OutputArgs) -> anyhow::Result<Vec<FillTask>> {
    match photos {
        PhotoInputs::One(photo) => Ok(vec![FillTask {
            stem: file_stem(&photo)?,
            photo,
            out: output.out.clone(),
            layer: output.layer.clone(),
            frames: output.frames.clone(),
            gif: output.gif.clone(),
            log: output.log.clone(),
        }]),
        PhotoInputs::Many(photos) => {
            let mut by_stem: HashMap<OsString, PathBuf> = HashMap::new();
            photos
                .into_iter()
                .map(|photo| {
                    let stem = file_stem(&photo)?;
                    if let Some(other) = by_stem.insert(stem.clone(), photo.clone()) {
                        return Err(usage_error(format!(
                            "{} and {} would both become {}: fill them in two runs",
                            other.display(),
                            photo.display(),
                            png_in_folder(&output.out, &stem).display()
                        )));
                    }
                    Ok(FillTask {
                        out: png_in_folder(&output.out, &stem),
                        layer: output.layer.as_deref().map(|path| with_stem_suffix(path, &stem)),
                        frames: output.frames.as_ref().map(|folder| folder.join(&stem)),
                        gif: output.gif.as_deref().map(|path| with_stem_suffix(path, &stem)),
                        log: output.log.as_deref().map(|path| with_stem_suffix(path, &stem)),
                        photo,
                        stem,
                    })
                })
                .collect()
        }
    }
}

fn file_stem(photo: &Path) -> anyhow::Result<OsString> {
    photo.file_stem().map(OsStr::to_os_string).ok_or_else(|| {
        usage_error(format!("'{}' is not a file name: give a photo or a folder of photos", photo.display()))
    })
}

/// `FOLDER/STEM.png`. The extension is appended, because a stem may contain dots.
fn png_in_folder(folder: &Path, stem: &OsStr) -> PathBuf {
    let mut name = stem.to_os_string();
    name.push(".png");
    folder.join(name)
}

/// Adds the stem before the extension: `search.gif` and `ann` give `search-ann.gif`.
fn with_stem_suffix(path: &Path, stem: &OsStr) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push("-");
    name.push(stem);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(out: &str) -> OutputArgs {
        OutputArgs {
            out: out.into(),
            layer: Some("layer.png".into()),
            no_record: false,
            force: false,
            frames: Some("frames".into()),
            every: None,
            gif: Some("to/search.gif".into()),
            log: Some("losses".into()),
            report: None,
        }
    }

    #[test]
    fn one_photo_uses_the_given_paths() {
        let tasks = build_tasks(PhotoInputs::One("in/ann.jpg".into()), &output("filled.png")).unwrap();
        assert_eq!(
            tasks,
            [FillTask {
                photo: "in/ann.jpg".into(),
                stem: "ann".into(),
                out: "filled.png".into(),
                layer: Some("layer.png".into()),
                frames: Some("frames".into()),
                gif: Some("to/search.gif".into()),
                log: Some("losses".into()),
            }]
        );
    }

    #[test]
    fn batch_outputs_are_named_by_photo_stem() {
        let tasks = build_tasks(PhotoInputs::Many(vec!["in/ann.v2.jpg".into()]), &output("filled")).unwrap();
        assert_eq!(
            tasks,
            [FillTask {
                photo: "in/ann.v2.jpg".into(),
                stem: "ann.v2".into(),
                out: "filled/ann.v2.png".into(),
                layer: Some("layer-ann.v2.png".into()),
                frames: Some("frames/ann.v2".into()),
                gif: Some("to/search-ann.v2.gif".into()),
                log: Some("losses-ann.v2".into()),
            }]
        );
    }

    #[test]
    fn two_photos_with_one_stem_are_refused() {
        let photos = PhotoInputs::Many(vec!["a/ann.jpg".into(), "bob.png".into(), "b/ann.png".into()]);
        let error = build_tasks(photos, &output("filled")).unwrap_err();
        assert!(error.is::<crate::cli::UsageError>());
        insta::assert_snapshot!(error, @"a/ann.jpg and b/ann.png would both become filled/ann.png: fill them in two runs");
    }

    #[test]
    fn a_folder_expands_to_its_sorted_pictures() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.PNG", "a.jpg", ".hidden.png", "notes.txt", "c.tiff"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        std::fs::create_dir(folder.path().join("folder.png")).unwrap();
        let other = folder.path().join("elsewhere.bmp");
        let photos = expand_folders(&[folder.path().into(), other.clone()]).unwrap();
        let expected = ["a.jpg", "b.PNG", "c.tiff"].map(|name| folder.path().join(name));
        assert_eq!(photos, PhotoInputs::Many([expected.to_vec(), vec![other]].concat()));
    }

    #[test]
    fn an_empty_folder_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(expand_folders(&[folder.path().into()]).unwrap_err().is::<crate::cli::UsageError>());
        std::fs::write(folder.path().join("a.webp"), b"").unwrap();
        assert_eq!(
            expand_folders(&[folder.path().into()]).unwrap(),
            PhotoInputs::Many(vec![folder.path().join("a.webp")])
        );
    }
}
