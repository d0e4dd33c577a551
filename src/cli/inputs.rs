//! The photos to process, and the output paths for each of them.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::args::OutputArgs;
use super::usage_error;
use crate::job::FrameOutputs;
use crate::photo::{PHOTO_EXTENSIONS, PassedOver, is_hidden, sort_out_files};

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
    pub(super) frames: FrameOutputs,
    pub(super) maps: Option<PathBuf>,
    pub(super) log: Option<PathBuf>,
}

/// Replaces each folder by its pictures. Files are not checked: a missing photo is reported when it is opened. Also
/// returns a line for each folder that holds something else.
pub(super) fn expand_folders(photos: &[PathBuf]) -> anyhow::Result<(PhotoInputs, Vec<String>)> {
    if let [photo] = photos
        && !photo.is_dir()
    {
        return Ok((PhotoInputs::One(photo.clone()), Vec::new()));
    }
    let (mut files, mut skipped) = (Vec::new(), Vec::new());
    for path in photos {
        if path.is_dir() {
            let (pictures, skipped_line) = pictures_in(path)?;
            files.extend(pictures);
            skipped.extend(skipped_line);
        } else {
            files.push(path.clone());
        }
    }
    Ok((PhotoInputs::Many(files), skipped))
}

/// The pictures of a folder, sorted by name, without subfolders and hidden files. Pictures of kinds that cannot be
/// opened are among them. Also returns a line about what else the folder holds.
pub(super) fn pictures_in(folder: &Path) -> anyhow::Result<(Vec<PathBuf>, Option<String>)> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| usage_error(format!("cannot list the folder {}: {error}", folder.display())))?;
    let (mut names, mut subfolders) = (Vec::new(), 0);
    for entry in entries.filter_map(Result::ok) {
        if entry.path().is_file() {
            names.push(entry.file_name());
        } else if entry.path().is_dir() && !is_hidden(&entry.file_name()) {
            subfolders += 1;
        }
    }
    let mut found = sort_out_files(folder, names);
    found.passed_over.subfolders = subfolders;
    if found.photos.is_empty() {
        return Err(no_picture_in(&folder.display().to_string(), &found.passed_over));
    }
    Ok((found.photos, skipped_line(folder, &found.passed_over)))
}

/// The usage error of a folder without pictures.
pub(super) fn no_picture_in(folder: &str, passed_over: &PassedOver) -> anyhow::Error {
    let extensions = PHOTO_EXTENSIONS.join(", ");
    let holds = if passed_over.is_empty() { String::new() } else { format!(" (it holds {passed_over})") };
    usage_error(format!("there is no picture in {folder}{holds}: file names must end in one of {extensions}"))
}

/// A line about what was passed over in a folder, if anything was.
pub(super) fn skipped_line(folder: &Path, passed_over: &PassedOver) -> Option<String> {
    (!passed_over.is_empty()).then(|| format!("skipped in {}: {passed_over}", folder.display()))
}

/// Makes the output paths of every photo.
pub(super) fn build_tasks(photos: PhotoInputs, output: &OutputArgs) -> anyhow::Result<Vec<FillTask>> {
    match photos {
        PhotoInputs::One(photo) => Ok(vec![FillTask {
            stem: file_stem(&photo)?,
            photo,
            out: output.out.clone(),
            layer: output.layer.clone(),
            frames: FrameOutputs { folder: output.frames.clone(), gif: output.gif.clone(), apng: output.apng.clone() },
            maps: output.maps.clone(),
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
                        layer: output.layer.as_deref().map(|path| with_suffix(path, &stem)),
                        frames: FrameOutputs {
                            folder: output.frames.as_ref().map(|folder| folder.join(&stem)),
                            gif: output.gif.as_deref().map(|path| with_suffix(path, &stem)),
                            apng: output.apng.as_deref().map(|path| with_suffix(path, &stem)),
                        },
                        maps: output.maps.as_ref().map(|folder| folder.join(&stem)),
                        log: output.log.as_deref().map(|path| with_suffix(path, &stem)),
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

/// Adds a suffix before the extension: `search.gif` and `ann` give `search-ann.gif`.
pub(super) fn with_suffix(path: &Path, suffix: &OsStr) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push("-");
    name.push(suffix);
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
            maps: Some("maps".into()),
            every: None,
            gif: Some("to/search.gif".into()),
            apng: None,
            at: None,
            log: Some("losses".into()),
            report: None,
            quality: 92,
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
                frames: FrameOutputs { folder: Some("frames".into()), gif: Some("to/search.gif".into()), apng: None },
                maps: Some("maps".into()),
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
                frames: FrameOutputs {
                    folder: Some("frames/ann.v2".into()),
                    gif: Some("to/search-ann.v2.gif".into()),
                    apng: None,
                },
                maps: Some("maps/ann.v2".into()),
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
        for name in ["b.PNG", "a.jpg", ".hidden.png", "notes.txt", "c.tiff", "d.heic", "e.jfif"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        std::fs::create_dir(folder.path().join("folder.png")).unwrap();
        let other = folder.path().join("elsewhere.bmp");
        let (photos, skipped) = expand_folders(&[folder.path().into(), other.clone()]).unwrap();
        let expected = ["a.jpg", "b.PNG", "c.tiff", "d.heic", "e.jfif"].map(|name| folder.path().join(name));
        assert_eq!(photos, PhotoInputs::Many([expected.to_vec(), vec![other.clone()]].concat()));
        let skipped = skipped.join("\n").replace(&folder.path().display().to_string(), "DIR");
        insta::assert_snapshot!(skipped, @"skipped in DIR: 1 other file, 1 subfolder");
        assert_eq!(expand_folders(std::slice::from_ref(&other)).unwrap(), (PhotoInputs::One(other), Vec::new()));
    }

    #[test]
    fn a_folder_without_pictures_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        let refused = || expand_folders(&[folder.path().into()]).unwrap_err();
        assert!(refused().is::<crate::cli::UsageError>());
        std::fs::write(folder.path().join("a.txt"), b"").unwrap();
        let text = refused().to_string().replace(&folder.path().display().to_string(), "DIR");
        insta::assert_snapshot!(text, @"there is no picture in DIR (it holds 1 other file): file names must end in one of png, jpg, jpeg, webp, tif, tiff, bmp, jfif, jpe, jif, pjpeg, pjp, mpo, dib, apng");
        std::fs::write(folder.path().join("a.webp"), b"").unwrap();
        let (photos, _) = expand_folders(&[folder.path().into()]).unwrap();
        assert_eq!(photos, PhotoInputs::Many(vec![folder.path().join("a.webp")]));
    }
}
