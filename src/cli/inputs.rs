//! The photos to process, and the output paths for each of them.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::args::OutputArgs;
use super::usage_error;
use crate::job::FrameOutputs;
use crate::photo::{PHOTO_EXTENSIONS, PassedOver, is_hidden, sort_out_files};
use crate::prepare::find_pictures;

/// The input photos.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PhotoInputs {
    /// A single file: `--out` is a file.
    One(PathBuf),
    /// Several, or a folder: `--out` is a folder.
    Many(Vec<BatchPhoto>),
}

/// A photo of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BatchPhoto {
    pub(super) path: PathBuf,
    /// The folder of the photo within the one that was given; empty for photos directly in it. Outputs are in folders of
    /// the same name.
    pub(super) subfolder: PathBuf,
}

impl From<PathBuf> for BatchPhoto {
    fn from(path: PathBuf) -> Self {
        Self { path, subfolder: PathBuf::new() }
    }
}

/// One photo and its output paths.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FillTask {
    pub(super) photo: PathBuf,
    /// The photo's name without its extension. Masks in a folder and outputs of a batch are named by it.
    pub(super) stem: OsString,
    /// See [`BatchPhoto::subfolder`].
    pub(super) subfolder: PathBuf,
    pub(super) out: PathBuf,
    pub(super) layer: Option<PathBuf>,
    pub(super) frames: FrameOutputs,
    /// The folder of the generator's faces.
    pub(super) hats: Option<PathBuf>,
    pub(super) maps: Option<PathBuf>,
    pub(super) log: Option<PathBuf>,
}

impl FillTask {
    /// Subfolder and stem, by which a mask is found.
    pub(super) fn name(&self) -> PathBuf {
        self.subfolder.join(&self.stem)
    }
}

/// Replaces each folder by its pictures, with `recursive` also by those of its subfolders, except in that folder. Files
/// are not checked: a missing photo is reported when it is opened. Also returns a line for each folder that holds something
/// else.
pub(super) fn expand_folders(
    photos: &[PathBuf],
    recursive: Option<&Path>,
) -> anyhow::Result<(PhotoInputs, Vec<String>)> {
    if let [photo] = photos
        && !photo.is_dir()
    {
        return Ok((PhotoInputs::One(photo.clone()), Vec::new()));
    }
    let (mut files, mut skipped) = (Vec::new(), Vec::new());
    for path in photos {
        if path.is_dir() {
            let (pictures, skipped_line) = match recursive {
                Some(out) => pictures_below(path, out)?,
                None => pictures_in(path).map(|(files, line)| (files.into_iter().map(Into::into).collect(), line))?,
            };
            files.extend(pictures);
            skipped.extend(skipped_line);
        } else {
            files.push(path.clone().into());
        }
    }
    Ok((PhotoInputs::Many(files), skipped))
}

/// The pictures of a folder and its subfolders, sorted, without hidden ones and those in the folder `out`.
fn pictures_below(folder: &Path, out: &Path) -> anyhow::Result<(Vec<BatchPhoto>, Option<String>)> {
    let found = find_pictures(folder, out).map_err(|error| usage_error(error.to_string()))?;
    if found.files.is_empty() {
        return Err(no_picture_in(&folder.display().to_string(), &found.passed_over));
    }
    let batch_photo = |file: PathBuf| BatchPhoto {
        path: folder.join(&file),
        subfolder: file.parent().map(Path::to_path_buf).unwrap_or_default(),
    };
    let unlistable = found.unlistable_folders.first().map(|first| {
        format!(
            "skipped in {}: {} folders that cannot be listed, for example {}",
            folder.display(),
            found.unlistable_folders.len(),
            first.display()
        )
    });
    let line = [skipped_line(folder, &found.passed_over), unlistable].into_iter().flatten().collect::<Vec<_>>();
    let photos = found.files.into_iter().map(batch_photo).collect();
    Ok((photos, (!line.is_empty()).then(|| line.join("\n"))))
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
            subfolder: PathBuf::new(),
            photo,
            out: output.out.clone(),
            layer: output.layer.clone(),
            frames: FrameOutputs { folder: output.frames.clone(), gif: output.gif.clone(), apng: output.apng.clone() },
            hats: output.hats.clone(),
            maps: output.maps.clone(),
            log: output.log.clone(),
        }]),
        PhotoInputs::Many(photos) => {
            let mut by_name: HashMap<PathBuf, PathBuf> = HashMap::new();
            photos
                .into_iter()
                .map(|BatchPhoto { path: photo, subfolder }| {
                    let stem = file_stem(&photo)?;
                    let name = subfolder.join(&stem);
                    if let Some(other) = by_name.insert(name.clone(), photo.clone()) {
                        return Err(usage_error(format!(
                            "{} and {} would both become {}: fill them in two runs",
                            other.display(),
                            photo.display(),
                            png_in_folder(&output.out, &name).display()
                        )));
                    }
                    let suffix = name.iter().collect::<Vec<_>>().join(OsStr::new("-"));
                    let with_name = |path: &Option<PathBuf>| path.as_deref().map(|path| with_suffix(path, &suffix));
                    let in_folder = |folder: &Option<PathBuf>| folder.as_ref().map(|folder| folder.join(&name));
                    Ok(FillTask {
                        out: png_in_folder(&output.out, &name),
                        layer: with_name(&output.layer),
                        frames: FrameOutputs {
                            folder: in_folder(&output.frames),
                            gif: with_name(&output.gif),
                            apng: with_name(&output.apng),
                        },
                        hats: in_folder(&output.hats),
                        maps: in_folder(&output.maps),
                        log: with_name(&output.log),
                        photo,
                        stem,
                        subfolder,
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

/// `FOLDER/SUBFOLDER/STEM.png`. The extension is appended, because a stem may contain dots.
fn png_in_folder(folder: &Path, name: &Path) -> PathBuf {
    let mut name = name.as_os_str().to_os_string();
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
            hats: Some("hats".into()),
            sheet: None,
            sheet_gif: None,
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
                subfolder: "".into(),
                out: "filled.png".into(),
                layer: Some("layer.png".into()),
                frames: FrameOutputs { folder: Some("frames".into()), gif: Some("to/search.gif".into()), apng: None },
                hats: Some("hats".into()),
                maps: Some("maps".into()),
                log: Some("losses".into()),
            }]
        );
    }

    #[test]
    fn batch_outputs_are_named_by_photo_stem() {
        let photo = PathBuf::from("in/ann.v2.jpg").into();
        let tasks = build_tasks(PhotoInputs::Many(vec![photo]), &output("filled")).unwrap();
        assert_eq!(
            tasks,
            [FillTask {
                photo: "in/ann.v2.jpg".into(),
                stem: "ann.v2".into(),
                subfolder: "".into(),
                out: "filled/ann.v2.png".into(),
                layer: Some("layer-ann.v2.png".into()),
                frames: FrameOutputs {
                    folder: Some("frames/ann.v2".into()),
                    gif: Some("to/search-ann.v2.gif".into()),
                    apng: None,
                },
                hats: Some("hats/ann.v2".into()),
                maps: Some("maps/ann.v2".into()),
                log: Some("losses-ann.v2".into()),
            }]
        );
    }

    #[test]
    fn two_photos_with_one_stem_are_refused() {
        let photos = ["a/ann.jpg", "bob.png", "b/ann.png"].map(|path| PathBuf::from(path).into());
        let error = build_tasks(PhotoInputs::Many(photos.to_vec()), &output("filled")).unwrap_err();
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
        let (photos, skipped) = expand_folders(&[folder.path().into(), other.clone()], None).unwrap();
        let expected = ["a.jpg", "b.PNG", "c.tiff", "d.heic", "e.jfif"].map(|name| folder.path().join(name));
        let expected = [expected.to_vec(), vec![other.clone()]].concat().into_iter().map(Into::into).collect();
        assert_eq!(photos, PhotoInputs::Many(expected));
        let skipped = skipped.join("\n").replace(&folder.path().display().to_string(), "DIR");
        insta::assert_snapshot!(skipped, @"skipped in DIR: 1 other file, 1 subfolder");
        let one = expand_folders(std::slice::from_ref(&other), None).unwrap();
        assert_eq!(one, (PhotoInputs::One(other), Vec::new()));
    }

    #[test]
    fn a_folder_without_pictures_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        let refused = || expand_folders(&[folder.path().into()], None).unwrap_err();
        assert!(refused().is::<crate::cli::UsageError>());
        std::fs::write(folder.path().join("a.txt"), b"").unwrap();
        let text = refused().to_string().replace(&folder.path().display().to_string(), "DIR");
        insta::assert_snapshot!(text, @"there is no picture in DIR (it holds 1 other file): file names must end in one of png, jpg, jpeg, webp, tif, tiff, bmp, jfif, jpe, jif, pjpeg, pjp, mpo, dib, apng");
        std::fs::write(folder.path().join("a.webp"), b"").unwrap();
        let (photos, _) = expand_folders(&[folder.path().into()], None).unwrap();
        assert_eq!(photos, PhotoInputs::Many(vec![folder.path().join("a.webp").into()]));
    }

    #[test]
    fn subfolders_are_kept_in_the_names_of_outputs() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["ann.png", "b/ann.png", "b/c/ann.png", "out/ann.png", "b/.hidden/ann.png"] {
            std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            std::fs::write(path(name), b"").unwrap();
        }
        let out = path("out");
        let (photos, skipped) = expand_folders(&[folder.path().into()], Some(&out)).unwrap();
        assert!(skipped.is_empty(), "{skipped:?}");
        let tasks = build_tasks(photos, &output(out.to_str().unwrap())).unwrap();
        let outs: Vec<_> = tasks.iter().map(|task| task.out.clone()).collect();
        assert_eq!(outs, ["out/ann.png", "out/b/ann.png", "out/b/c/ann.png"].map(path));
        assert_eq!(tasks[2].name(), Path::new("b/c/ann"));
        assert_eq!(tasks[2].hats.as_deref(), Some(Path::new("hats/b/c/ann")));
        assert_eq!(tasks[2].log.as_deref(), Some(Path::new("losses-b-c-ann")));
    }
}
