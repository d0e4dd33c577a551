//! Checks before the first search that all outputs can be written.
//!
//! Files can still appear and disks can still fill up while a search runs; this catches the mistakes that are visible
//! beforehand.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::args::OutputArgs;
use super::batch::Task;
use super::frames::FRAME_PREFIX;
use super::usage;

/// File name that stands for standard output.
pub(super) const STANDARD_OUTPUT: &str = "-";

/// Creates the folders of a batch. Refuses outputs that cannot be written or would replace a protected file.
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

/// Like [`check`], for a command that writes one file. Its extension must be one of `extensions`.
pub(super) fn check_one<'a>(
    out: &Path,
    extensions: &[&str],
    inputs: impl IntoIterator<Item = &'a Path>,
    force: bool,
) -> anyhow::Result<()> {
    let files = [("--out", out)];
    check_folders(&files)?;
    let fits = |extension: &std::ffi::OsStr| extensions.iter().any(|known| extension.eq_ignore_ascii_case(known));
    if !out.extension().is_some_and(fits) {
        let names = extensions.iter().map(|extension| format!(".{extension}")).collect::<Vec<_>>().join(" or ");
        return Err(usage(format!("--out {} does not end in {names}: choose a name that does", out.display())));
    }
    check_distinct(&files, inputs.into_iter())?;
    if force { Ok(()) } else { check_free(std::iter::once(out)) }
}

/// The output of a single fill must be a PNG file, not a folder.
fn check_single_name(out: &Path, tasks: &[Task]) -> anyhow::Result<()> {
    if out.is_dir() {
        let stem = tasks.first().map(|task| task.stem.as_os_str()).unwrap_or_default();
        let example = out.join(stem).with_extension("png");
        return Err(usage(format!(
            "--out {} is a folder: give a file name, for example {}",
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
    Err(usage(format!("{option} {} does not end in .png: fills are saved as lossless PNG", path.display())))
}

/// Creates the folder that an option names, if it is missing.
pub(super) fn make_folder(folder: &Path, option: &str) -> anyhow::Result<()> {
    if folder.exists() && !folder.is_dir() {
        return Err(usage(format!("{option} {} is a file: a folder is needed here", folder.display())));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| usage(format!("cannot create the folder {option} {}: {error}", folder.display())))?;
    check_writable(folder, option)
}

/// Creates a temporary file, because permission bits do not show a read-only disk.
fn check_writable(folder: &Path, option: &str) -> anyhow::Result<()> {
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(|error| usage(format!("cannot write to the folder of {option}, {}: {error}", folder.display())))
}

/// The parent folder of a file, `.` for a bare name.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Each file needs an existing parent folder with write permission.
pub(super) fn check_folders(files: &[(&'static str, &Path)]) -> anyhow::Result<()> {
    let mut checked = HashSet::new();
    for (option, path) in files {
        if path.is_dir() {
            return Err(usage(format!("{option} {} is a folder: give a file name", path.display())));
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(usage(format!("there is no folder {} for {option}: create it first", folder.display())));
        }
        if checked.insert(folder) {
            check_writable(folder, option)?;
        }
    }
    Ok(())
}

/// Canonical path of a file, also of one that does not exist yet.
pub(super) fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let folder = folder_of(path);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name))
    })
}

/// Refuses two outputs with one path, and outputs that would replace an input. `--force` does not change that.
pub(super) fn check_distinct<'a>(
    outputs: &[(&'static str, &Path)],
    inputs: impl Iterator<Item = &'a Path>,
) -> anyhow::Result<()> {
    let mut taken: HashMap<PathBuf, &'static str> = inputs.map(|path| (identity(path), "an input")).collect();
    for &(option, path) in outputs {
        if let Some(other) = taken.insert(identity(path), option) {
            return Err(usage(format!("{option} {} is the same file as {other}: choose another name", path.display())));
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
    Err(usage(format!("{}{others} already exists: choose another name, or add --force", first.display())))
}

/// Refuses a folder with frames of another search: the two would be mixed.
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
mod tests;
