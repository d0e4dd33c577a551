//! Whether everything can be written where it is wanted, asked before the first search.
//!
//! Files still can come into being or disks fill up while a search runs; this is for the mistakes that can be known.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::args::OutputArgs;
use super::batch::Task;
use super::frames::FRAME_PREFIX;
use super::usage;

/// Standard output in place of a report file.
pub(super) const STANDARD_OUTPUT: &str = "-";

/// Makes the folders of a batch and refuses what cannot be written, or would replace what must not be replaced.
pub(super) fn check(tasks: &[Task], batch: bool, masks: Option<&Path>, output: &OutputArgs) -> anyhow::Result<()> {
    if batch {
        make_folder(&output.out, "--out")?;
    } else {
        check_single_name(&output.out, tasks)?;
    }
    if let Some(layer) = &output.layer {
        check_png_name("--layer", layer)?;
    }
    if let Some(folder) = &output.frames {
        make_folder(folder, "--frames")?;
    }
    let report = output.report.as_deref().filter(|path| *path != Path::new(STANDARD_OUTPUT));
    let mut files: Vec<(&'static str, &Path)> = Vec::new();
    for task in tasks {
        files.push(("--out", &task.out));
        files.extend(task.layer.as_deref().map(|path| ("--layer", path)));
        files.extend(task.gif.as_deref().map(|path| ("--gif", path)));
        files.extend(task.log.as_deref().map(|path| ("--log", path)));
    }
    files.extend(report.map(|path| ("--report", path)));

    check_folders(&files)?;
    check_distinct(&files, tasks.iter().map(|task| task.photo.as_path()).chain(masks))?;
    if !output.force {
        let pictures = files.iter().filter(|(option, _)| matches!(*option, "--out" | "--layer" | "--gif"));
        let pictures = pictures.map(|&(_, path)| path);
        check_free(pictures)?;
        for folder in tasks.iter().filter_map(|task| task.frames.as_deref()) {
            check_no_frames(folder)?;
        }
    }
    Ok(())
}

/// As [`check`], for a command that writes one PNG.
pub(super) fn check_one(out: &Path, inputs: [&Path; 2], force: bool) -> anyhow::Result<()> {
    let files = [("--out", out)];
    check_folders(&files)?;
    check_png_name("--out", out)?;
    check_distinct(&files, inputs.into_iter())?;
    if force { Ok(()) } else { check_free(std::iter::once(out)) }
}

/// A single fill is a PNG under the name that was given.
fn check_single_name(out: &Path, tasks: &[Task]) -> anyhow::Result<()> {
    if out.is_dir() {
        let stem = tasks.first().map(|task| task.stem.as_os_str()).unwrap_or_default();
        let example = out.join(stem).with_extension("png");
        return Err(usage(format!(
            "--out {} is a folder: name the file to write, as in {}",
            out.display(),
            example.display()
        )));
    }
    check_png_name("--out", out)
}

fn check_png_name(option: &str, path: &Path) -> anyhow::Result<()> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
        return Ok(());
    }
    Err(usage(format!("{option} {} does not end in .png: fills are written as PNG, without loss", path.display())))
}

/// Makes the folder that an option names, unless it is there.
pub(super) fn make_folder(folder: &Path, option: &str) -> anyhow::Result<()> {
    if folder.exists() && !folder.is_dir() {
        return Err(usage(format!("{option} {} is a file: a folder is needed here", folder.display())));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| usage(format!("cannot make the folder {option} {}: {error}", folder.display())))?;
    check_writable(folder, option)
}

/// Tries it: permission bits do not tell about read-only disks and the like.
fn check_writable(folder: &Path, option: &str) -> anyhow::Result<()> {
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(|error| usage(format!("cannot write to the folder of {option}, {}: {error}", folder.display())))
}

/// The folder a file lies in, `.` for a bare name.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Files need a folder that can be written to.
pub(super) fn check_folders(files: &[(&'static str, &Path)]) -> anyhow::Result<()> {
    let mut checked = HashSet::new();
    for (option, path) in files {
        if path.is_dir() {
            return Err(usage(format!("{option} {} is a folder: name the file to write", path.display())));
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(usage(format!("there is no folder {} for {option}: make it first", folder.display())));
        }
        if checked.insert(folder) {
            check_writable(folder, option)?;
        }
    }
    Ok(())
}

/// The same file under the same name, however it was written.
pub(super) fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let folder = folder_of(path);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name))
    })
}

/// No output may be another output, and none may be an input, `--force` or not: the original is not worth a slip.
pub(super) fn check_distinct<'a>(
    outputs: &[(&'static str, &Path)],
    inputs: impl Iterator<Item = &'a Path>,
) -> anyhow::Result<()> {
    let mut taken: HashMap<PathBuf, &'static str> = inputs.map(|path| (identity(path), "an input")).collect();
    for &(option, path) in outputs {
        if let Some(other) = taken.insert(identity(path), option) {
            return Err(usage(format!("{option} {} is {other} too: choose another name", path.display())));
        }
    }
    Ok(())
}

fn check_free<'a>(pictures: impl Iterator<Item = &'a Path>) -> anyhow::Result<()> {
    let mut there = pictures.filter(|path| path.exists());
    let Some(first) = there.next() else { return Ok(()) };
    let others = match there.count() {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    Err(usage(format!("{}{others} is there already: choose another name, or add --force", first.display())))
}

/// Frames of two searches in one folder would make no sensible film.
fn check_no_frames(folder: &Path) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let old = entries.filter_map(Result::ok).find(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().starts_with(FRAME_PREFIX.as_bytes())
    });
    match old {
        None => Ok(()),
        Some(_) => Err(usage(format!(
            "{} holds the frames of another search: choose another folder, or add --force to replace them",
            folder.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with `photo.png` in it, and the check of a single fill in that folder.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("photo.png"), b"").unwrap();
            Self(folder)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn touch(&self, name: &str) {
            std::fs::write(self.path(name), b"").unwrap();
        }

        /// The error text, with this folder as DIR; empty when all is well.
        fn check(&self, change: impl FnOnce(&mut OutputArgs)) -> String {
            let mut output = OutputArgs {
                out: self.path("out.png"),
                layer: None,
                no_record: false,
                force: false,
                frames: None,
                every: None,
                gif: None,
                log: None,
                report: None,
            };
            change(&mut output);
            let photo = crate::cli::batch::Photos::One(self.path("photo.png"));
            let tasks = crate::cli::batch::tasks(photo, &output).unwrap();
            match check(&tasks, false, None, &output) {
                Ok(()) => String::new(),
                Err(error) => {
                    assert!(error.is::<crate::cli::UsageError>());
                    error.to_string().replace(&self.0.path().display().to_string(), "DIR")
                }
            }
        }
    }

    #[test]
    fn a_new_png_in_a_folder_is_fine_and_nothing_is_left_behind() {
        let place = Place::new();
        assert_eq!(place.check(|_| ()), "");
        assert_eq!(std::fs::read_dir(place.0.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_existing_picture_is_replaced_only_by_force() {
        let place = Place::new();
        place.touch("out.png");
        insta::assert_snapshot!(place.check(|_| ()), @"DIR/out.png is there already: choose another name, or add --force");
        assert_eq!(place.check(|output| output.force = true), "");
    }

    #[test]
    fn a_layer_is_a_png_of_its_own_and_is_not_replaced_either() {
        let place = Place::new();
        place.touch("there.png");
        let layer = |name: &str| place.check(|output| output.layer = Some(place.path(name)));
        assert_eq!(layer("layer.png"), "");
        insta::assert_snapshot!(layer("layer.psd"), @"--layer DIR/layer.psd does not end in .png: fills are written as PNG, without loss");
        insta::assert_snapshot!(layer("out.png"), @"--layer DIR/out.png is --out too: choose another name");
        insta::assert_snapshot!(layer("there.png"), @"DIR/there.png is there already: choose another name, or add --force");
    }

    #[test]
    fn logs_and_reports_are_replaced() {
        let place = Place::new();
        place.touch("log.csv");
        place.touch("report.json");
        let text = place.check(|output| {
            output.log = Some(place.path("log.csv"));
            output.report = Some(place.path("report.json"));
        });
        assert_eq!(text, "");
    }

    #[test]
    fn an_input_is_not_replaced_even_by_force() {
        let place = Place::new();
        let text = place.check(|output| {
            output.out = place.path("../").join(place.0.path().file_name().unwrap()).join("photo.png");
            output.force = true;
        });
        assert!(text.ends_with("photo.png is an input too: choose another name"), "{text}");
    }

    #[test]
    fn two_outputs_under_one_name_are_refused() {
        let place = Place::new();
        let text = place.check(|output| {
            output.log = Some(place.path("notes"));
            output.report = Some(place.path("notes"));
        });
        insta::assert_snapshot!(text, @"--report DIR/notes is --log too: choose another name");
    }

    #[test]
    fn names_that_cannot_be_written_are_told() {
        let place = Place::new();
        let out = |name: &str| place.check(|output| output.out = place.path(name));
        insta::assert_snapshot!(out("out.jpg"), @"--out DIR/out.jpg does not end in .png: fills are written as PNG, without loss");
        insta::assert_snapshot!(out(""), @"--out DIR/ is a folder: name the file to write, as in DIR/photo.png");
        insta::assert_snapshot!(out("missing/out.png"), @"there is no folder DIR/missing for --out: make it first");
        let frames = place.check(|output| output.frames = Some(place.path("photo.png")));
        insta::assert_snapshot!(frames, @"--frames DIR/photo.png is a file: a folder is needed here");
    }

    #[test]
    fn frames_of_another_search_are_not_mixed_with_new_ones() {
        let place = Place::new();
        std::fs::create_dir(place.path("frames")).unwrap();
        place.touch("frames/frame-00100.png");
        let text = place.check(|output| output.frames = Some(place.path("frames")));
        insta::assert_snapshot!(text, @"DIR/frames holds the frames of another search: choose another folder, or add --force to replace them");
    }
}
