//! Checks before the first search that all outputs can be written.
//!
//! Files can still appear and disks can still fill up while a search runs; this catches the mistakes that are visible
//! beforehand.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::args::OutputArgs;
use super::hats::has_hats;
use super::inputs::FillTask;
use super::latent_log;
use super::maps::has_maps;
use super::{usage_error, write_stdout};
use crate::fs::{Overwrite, write_atomically};
use crate::job::FRAME_PREFIX;
use crate::photo::{PictureFormat, SaveError, has_photo_extension};

/// File name that stands for standard output.
pub(super) const STANDARD_OUTPUT: &str = "-";

/// Writes the file, or prints the text when the path is [`STANDARD_OUTPUT`]. `what` names the text in the error.
pub(super) fn write_or_print(path: &Path, text: &str, what: &str) -> anyhow::Result<()> {
    if path == Path::new(STANDARD_OUTPUT) {
        return write_stdout(text);
    }
    write_atomically(path, text.as_bytes(), Overwrite::Allow).with_context(|| format!("cannot write {what}"))
}

/// Whether a command may replace existing files, by its `--force`.
pub(super) fn overwrite_policy(force: bool) -> Overwrite {
    if force { Overwrite::Allow } else { Overwrite::Refuse }
}

/// Whether a file name ends in one of `extensions`, in upper or lower case.
pub(super) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Creates the folders of a batch. Refuses outputs that cannot be written or would replace a protected file.
pub(super) fn check_fill_outputs(
    tasks: &[FillTask],
    is_batch: bool,
    input_masks: &[&Path],
    output: &OutputArgs,
) -> anyhow::Result<()> {
    // All names are checked before a folder is created.
    let folders = [(&output.frames, "--frames"), (&output.hats, "--hats"), (&output.maps, "--maps")];
    for (folder, option) in folders.into_iter().filter_map(|(folder, option)| Some((folder.as_deref()?, option))) {
        check_output_folder(folder, option)?;
    }
    check_sheet_extensions(output)?;
    if is_batch {
        create_output_folder(&output.out, "--out")?;
        create_subfolders(tasks)?;
    } else {
        check_single_fill_path(&output.out, tasks)?;
    }
    if let Some(layer) = &output.layer {
        check_picture_extension("--layer", layer)?;
        if PictureFormat::from_path(layer).is_some_and(|format| !format.holds_transparency()) {
            let name = layer.display();
            return Err(usage_error(format!("--layer {name}: {}", SaveError::Transparency)));
        }
    }
    for (folder, option) in folders.into_iter().filter_map(|(folder, option)| Some((folder.as_deref()?, option))) {
        create_output_folder(folder, option)?;
    }
    let report = output.report.as_deref().filter(|path| *path != Path::new(STANDARD_OUTPUT));
    let logged: Vec<PathBuf> =
        tasks.iter().filter_map(|task| task.log.as_deref()).map(latent_log::latents_path).collect();
    let mut files: Vec<(&'static str, &Path)> = logged.iter().map(|path| ("--log", path.as_path())).collect();
    for task in tasks {
        files.push(("--out", &task.out));
        files.extend(task.layer.as_deref().map(|path| ("--layer", path)));
        files.extend(task.frames.gif.as_deref().map(|path| ("--gif", path)));
        files.extend(task.frames.apng.as_deref().map(|path| ("--apng", path)));
        files.extend(task.log.as_deref().map(|path| ("--log", path)));
    }
    files.extend(report.map(|path| ("--report", path)));
    files.extend(output.sheet.as_deref().map(|path| ("--sheet", path)));
    files.extend(output.sheet_gif.as_deref().map(|path| ("--sheet-gif", path)));

    check_parent_folders(&files)?;
    check_no_path_conflicts(&files, tasks.iter().map(|task| task.photo.as_path()).chain(input_masks.iter().copied()))?;
    if !output.force {
        let pictures = files.iter().filter(|(option, _)| !matches!(*option, "--log" | "--report"));
        check_no_existing_pictures(pictures.map(|&(_, path)| path))?;
        for folder in tasks.iter().filter_map(|task| task.frames.folder.as_deref()) {
            check_no_frames(folder)?;
        }
        if let Some(folder) = tasks.iter().filter_map(|task| task.hats.as_deref()).find(|folder| has_hats(folder)) {
            return Err(usage_error(format!(
                "{} holds the generated faces of another search: choose another folder, or add --force to replace them",
                folder.display()
            )));
        }
        if let Some(folder) = tasks.iter().filter_map(|task| task.maps.as_deref()).find(|folder| has_maps(folder)) {
            return Err(usage_error(format!(
                "{} holds the maps of another fill: choose another folder, or add --force to replace them",
                folder.display()
            )));
        }
    }
    Ok(())
}

/// Like [`check_fill_outputs`], for a command that writes one file. Its extension must be one of `extensions`.
pub(super) fn check_single_output<'a>(
    out: &Path,
    extensions: &[&str],
    inputs: impl IntoIterator<Item = &'a Path>,
    force: bool,
) -> anyhow::Result<()> {
    let files = [("--out", out)];
    check_parent_folders(&files)?;
    if !has_extension(out, extensions) {
        let names = extensions.iter().map(|extension| format!(".{extension}")).collect::<Vec<_>>().join(" or ");
        return Err(usage_error(format!("--out {} does not end in {names}: choose a name that does", out.display())));
    }
    check_no_path_conflicts(&files, inputs.into_iter())?;
    if force { Ok(()) } else { check_no_existing_pictures(std::iter::once(out)) }
}

/// Creates the folders of the photos that come from subfolders.
fn create_subfolders(tasks: &[FillTask]) -> anyhow::Result<()> {
    for folder in tasks.iter().map(|task| parent_folder(&task.out)) {
        std::fs::create_dir_all(folder)
            .map_err(|error| usage_error(format!("cannot create the folder {}: {error}", folder.display())))?;
    }
    Ok(())
}

/// The sheet is a PNG, and its animation a GIF.
fn check_sheet_extensions(output: &OutputArgs) -> anyhow::Result<()> {
    let sheets = [("--sheet", &output.sheet, "png"), ("--sheet-gif", &output.sheet_gif, "gif")];
    for (option, path, extension) in sheets {
        if let Some(path) = path.as_deref().filter(|path| !has_extension(path, &[extension])) {
            return Err(usage_error(format!("{option} {} does not end in .{extension}", path.display())));
        }
    }
    Ok(())
}

/// The output of a single fill must be a picture file, not a folder.
fn check_single_fill_path(out: &Path, tasks: &[FillTask]) -> anyhow::Result<()> {
    if out.is_dir() {
        let stem = tasks.first().map(|task| task.stem.as_os_str()).unwrap_or_default();
        let example = out.join(stem).with_extension("png");
        let (out, example) = (out.display(), example.display());
        return Err(usage_error(format!("--out {out} is a folder: give a file name, for example {example}")));
    }
    check_picture_extension("--out", out)
}

/// Extensions of the formats in which a fill can be saved.
pub(super) fn picture_extensions() -> Vec<&'static str> {
    PictureFormat::ALL.iter().flat_map(|format| format.extensions()).copied().collect()
}

fn check_picture_extension(option: &str, path: &Path) -> anyhow::Result<()> {
    if PictureFormat::from_path(path).is_some() {
        return Ok(());
    }
    Err(usage_error(format!(
        "{option} {} does not end in .png, .jpg, .tif or .webp: choose one of them, it decides the format",
        path.display()
    )))
}

/// Extensions of files that users expect from a command. A missing folder with such a name was meant as a file.
const FILE_EXTENSIONS: [&str; 9] = ["gif", "apng", "json", "csv", "txt", "zip", "safetensors", "heic", "pdf"];

/// Creates the folder that an option names, if it is missing.
pub(super) fn create_output_folder(folder: &Path, option: &str) -> anyhow::Result<()> {
    check_output_folder(folder, option)?;
    std::fs::create_dir_all(folder)
        .map_err(|error| usage_error(format!("cannot create the folder {option} {}: {error}", folder.display())))?;
    check_writable(folder, option)
}

/// Refuses a path that is a file, or names one.
fn check_output_folder(folder: &Path, option: &str) -> anyhow::Result<()> {
    let name = folder.display();
    if folder.is_dir() {
        return Ok(());
    }
    if folder.exists() {
        return Err(usage_error(format!("{option} {name} is a file: a folder is needed here")));
    }
    if has_photo_extension(folder) || has_extension(folder, &FILE_EXTENSIONS) {
        let example = folder.with_extension("");
        return Err(usage_error(format!(
            "{option} {name} is the name of a file: a folder is needed here, for example {}",
            example.display()
        )));
    }
    Ok(())
}
/// Creates a temporary file, because permission bits do not show a read-only disk.
fn check_writable(folder: &Path, option: &str) -> anyhow::Result<()> {
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(|error| usage_error(format!("cannot write to the folder of {option}, {}: {error}", folder.display())))
}

/// The parent folder of a file, `.` for a bare name.
pub(super) fn parent_folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Each file needs an existing parent folder with write permission.
pub(super) fn check_parent_folders(files: &[(&'static str, &Path)]) -> anyhow::Result<()> {
    let mut checked = HashSet::new();
    for (option, path) in files {
        if path.is_dir() {
            return Err(usage_error(format!("{option} {} is a folder: give a file name", path.display())));
        }
        let folder = parent_folder(path);
        if !folder.is_dir() {
            return Err(usage_error(format!("there is no folder {} for {option}: create it first", folder.display())));
        }
        if checked.insert(folder) {
            check_writable(folder, option)?;
        }
    }
    Ok(())
}

/// Canonical path of a file, also of one that does not exist yet.
pub(super) fn canonical_output_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let folder = parent_folder(path);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name))
    })
}

/// Refuses two outputs with one path, and outputs that would replace an input. `--force` does not change that.
pub(super) fn check_no_path_conflicts<'a>(
    outputs: &[(&'static str, &Path)],
    inputs: impl Iterator<Item = &'a Path>,
) -> anyhow::Result<()> {
    let mut used_paths: HashMap<PathBuf, &'static str> =
        inputs.map(|path| (canonical_output_path(path), "an input")).collect();
    for &(option, path) in outputs {
        if let Some(other) = used_paths.insert(canonical_output_path(path), option) {
            let path = path.display();
            return Err(usage_error(format!("{option} {path} is the same file as {other}: choose another name")));
        }
    }
    Ok(())
}

fn check_no_existing_pictures<'a>(pictures: impl Iterator<Item = &'a Path>) -> anyhow::Result<()> {
    let mut existing = pictures.filter(|path| path.exists());
    let Some(first) = existing.next() else { return Ok(()) };
    let more = match existing.count() {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    Err(usage_error(format!("{}{more} already exists: choose another name, or add --force", first.display())))
}

/// Refuses a folder with frames of another search: the two would be mixed.
fn check_no_frames(folder: &Path) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let mut names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
    if !names.any(|name| name.as_encoded_bytes().starts_with(FRAME_PREFIX.as_bytes())) {
        return Ok(());
    }
    Err(usage_error(format!(
        "{} holds the frames of another search: choose another folder, or add --force to replace them",
        folder.display()
    )))
}

#[cfg(test)]
mod tests;
