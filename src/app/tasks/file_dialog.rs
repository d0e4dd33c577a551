//! The system's file dialogs.
//!
//! On a system without file dialogs, `rfd` returns as if the user had cancelled. So a dialog that closes faster than a
//! person can react counts as missing ([`DialogAnswer::NoDialog`]), and the editor shows a text field for the path.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::app::language::t;
use crate::photo::{AnimationFormat, PHOTO_EXTENSIONS, PictureFormat};
use crate::project::PROJECT_EXTENSION;

/// What the user is asked to choose a path for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathPurpose {
    /// A photo or a project.
    OpenPhoto,
    SaveProject,
    Export,
    ExportLayer,
    /// How the search went, as an animation.
    ExportSearch,
    /// How the search went, as pictures: a folder.
    ExportFrames,
    LoadMask,
    SaveMask,
    OpenModel,
    /// A folder.
    FollowTrainingRun,
    /// A folder whose photos the batch window fills.
    BatchFolder,
    /// Photos that the batch window fills.
    BatchPhotos,
    /// A folder with the masks of a batch.
    BatchMasks,
    /// A folder for the filled photos of a batch.
    BatchExport,
}

/// What became of a dialog.
pub enum DialogAnswer {
    /// The user chose a path. `confirmed`: the dialog has already asked whether to replace the file.
    Chosen {
        path: PathBuf,
        confirmed: bool,
    },
    /// The user chose several files.
    ChosenFiles(Vec<PathBuf>),
    Cancelled,
    /// There is no file dialog on this system.
    NoDialog,
}

/// A dialog that closes faster than this was never shown.
const MIN_DIALOG_TIME: Duration = Duration::from_millis(400);

/// Shows the dialog and waits for the user's choice. Its texts are in the language of the thread.
pub fn show_file_dialog(purpose: PathPurpose, suggested: Option<&Path>) -> DialogAnswer {
    let opened_at = Instant::now();
    let dialog = build_dialog(purpose, suggested);
    if purpose == PathPurpose::BatchPhotos {
        return match dialog.pick_files() {
            Some(paths) => DialogAnswer::ChosenFiles(paths),
            None if opened_at.elapsed() < MIN_DIALOG_TIME => DialogAnswer::NoDialog,
            None => DialogAnswer::Cancelled,
        };
    }
    let picked = match purpose {
        PathPurpose::OpenPhoto | PathPurpose::LoadMask | PathPurpose::OpenModel | PathPurpose::BatchPhotos => {
            dialog.pick_file()
        }
        PathPurpose::SaveProject
        | PathPurpose::Export
        | PathPurpose::ExportLayer
        | PathPurpose::ExportSearch
        | PathPurpose::SaveMask => dialog.save_file(),
        PathPurpose::FollowTrainingRun
        | PathPurpose::ExportFrames
        | PathPurpose::BatchFolder
        | PathPurpose::BatchMasks
        | PathPurpose::BatchExport => dialog.pick_folder(),
    };
    match picked {
        Some(picked) => {
            let path = with_extension(purpose, &picked);
            DialogAnswer::Chosen { confirmed: path == picked, path }
        }
        None if opened_at.elapsed() < MIN_DIALOG_TIME => DialogAnswer::NoDialog,
        None => DialogAnswer::Cancelled,
    }
}

fn build_dialog(purpose: PathPurpose, suggested: Option<&Path>) -> rfd::FileDialog {
    let mut dialog = rfd::FileDialog::new();
    if let Some(folder) = suggested.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) {
        dialog = dialog.set_directory(folder);
    }
    if let Some(name) = suggested.and_then(Path::file_name) {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    let photos = in_any_case(&PHOTO_EXTENSIONS);
    match purpose {
        PathPurpose::OpenPhoto => {
            let projects = in_any_case(&[PROJECT_EXTENSION]);
            let all_extensions = [photos.as_slice(), &projects].concat();
            let dialog =
                dialog.set_title(t!("Open photo or project")).add_filter(t!("Photos and projects"), &all_extensions);
            dialog
                .add_filter(t!("Photos"), &photos)
                .add_filter(t!("Projects"), &projects)
                .add_filter(t!("All files"), &["*"])
        }
        PathPurpose::SaveProject => {
            dialog.set_title(t!("Save project")).add_filter(t!("Project"), &[PROJECT_EXTENSION])
        }
        PathPurpose::Export => with_picture_filters(dialog.set_title(t!("Export the filled photo")), |_| true),
        PathPurpose::ExportLayer => {
            let dialog = dialog.set_title(t!("Export the fill as a layer"));
            with_picture_filters(dialog, PictureFormat::holds_transparency)
        }
        PathPurpose::ExportSearch => dialog
            .set_title(t!("Export the search"))
            .add_filter("GIF", &in_any_case(&["gif"]))
            .add_filter("APNG", &in_any_case(&["png", "apng"])),
        PathPurpose::ExportFrames => dialog.set_title(t!("Choose a folder for the pictures of the iterations")),
        PathPurpose::LoadMask => dialog
            .set_title(t!("Load mask (white is filled)"))
            .add_filter(t!("Pictures"), &photos)
            .add_filter(t!("All files"), &["*"]),
        PathPurpose::SaveMask => dialog.set_title(t!("Save mask")).add_filter(t!("PNG picture"), &["png"]),
        PathPurpose::OpenModel => dialog.set_title(t!("Open model")).add_filter(t!("Face models"), &["safetensors"]),
        PathPurpose::FollowTrainingRun => dialog.set_title(t!("Choose the folder of a training run")),
        PathPurpose::BatchFolder => dialog.set_title(t!("Choose a folder with photos")),
        PathPurpose::BatchPhotos => {
            let dialog = dialog.set_title(t!("Choose photos")).add_filter(t!("Photos"), &photos);
            dialog.add_filter(t!("All files"), &["*"])
        }
        PathPurpose::BatchMasks => dialog.set_title(t!("Choose the folder with the masks")),
        PathPurpose::BatchExport => dialog.set_title(t!("Choose a folder for the filled photos")),
    }
}

/// Offers the formats that pass. PNG comes first: it is the default.
fn with_picture_filters(dialog: rfd::FileDialog, is_offered: impl Fn(PictureFormat) -> bool) -> rfd::FileDialog {
    PictureFormat::ALL.into_iter().filter(|format| is_offered(*format)).fold(dialog, |dialog, format| {
        dialog.add_filter(t!("{format} picture", format = format.name()), &in_any_case(format.extensions()))
    })
}

/// The extensions in lower and upper case: the dialogs of Linux tell them apart.
fn in_any_case(extensions: &[&str]) -> Vec<String> {
    extensions.iter().flat_map(|extension| [extension.to_lowercase(), extension.to_uppercase()]).collect()
}

/// Adds the extension of the format that is written: the project extension for projects, `.png` for masks, and for
/// exported pictures whose name has none of a format.
pub fn with_extension(purpose: PathPurpose, path: &Path) -> PathBuf {
    let is_export = matches!(purpose, PathPurpose::Export | PathPurpose::ExportLayer);
    if is_export && PictureFormat::from_path(path).is_some() {
        return path.to_owned();
    }
    let required = match purpose {
        PathPurpose::Export | PathPurpose::ExportLayer | PathPurpose::SaveMask => "png",
        PathPurpose::SaveProject => PROJECT_EXTENSION,
        PathPurpose::ExportSearch if AnimationFormat::from_path(path).is_some() => return path.to_owned(),
        PathPurpose::ExportSearch => "gif",
        PathPurpose::OpenPhoto
        | PathPurpose::LoadMask
        | PathPurpose::OpenModel
        | PathPurpose::ExportFrames
        | PathPurpose::FollowTrainingRun
        | PathPurpose::BatchFolder
        | PathPurpose::BatchPhotos
        | PathPurpose::BatchMasks
        | PathPurpose::BatchExport => return path.to_owned(),
    };
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some(extension) if extension == required => path.to_owned(),
        Some(extension) if PHOTO_EXTENSIONS.contains(&extension) => path.with_extension(required),
        _ => {
            let mut name = path.as_os_str().to_owned();
            name.push(".");
            name.push(required);
            PathBuf::from(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_have_both_cases() {
        assert_eq!(in_any_case(&["jpg", "countenance"]), ["jpg", "JPG", "countenance", "COUNTENANCE"]);
    }

    #[test]
    fn saved_files_get_the_extension_of_their_format() {
        let cases = [("a.png", "a.png"), ("a.PNG", "a.PNG"), ("a.bmp", "a.png"), ("a", "a.png"), ("v1.5", "v1.5.png")];
        for (typed, expected) in cases {
            assert_eq!(with_extension(PathPurpose::Export, Path::new(typed)), Path::new(expected), "{typed}");
            assert_eq!(with_extension(PathPurpose::SaveMask, Path::new(typed)), Path::new(expected), "{typed}");
        }
        for typed in ["a.jpg", "a.JPEG", "a.tif", "a.tiff", "a.webp"] {
            assert_eq!(with_extension(PathPurpose::Export, Path::new(typed)), Path::new(typed));
            assert_eq!(with_extension(PathPurpose::SaveMask, Path::new(typed)), Path::new("a.png"));
        }
        for (typed, expected) in
            [("a.jpg", "a.countenance"), ("a.b", "a.b.countenance"), ("a.Countenance", "a.Countenance")]
        {
            assert_eq!(with_extension(PathPurpose::SaveProject, Path::new(typed)), Path::new(expected), "{typed}");
        }
        let search = |name| with_extension(PathPurpose::ExportSearch, Path::new(name));
        assert_eq!(
            ["a", "a.apng", "a.png", "a.jpg"].map(search),
            ["a.gif", "a.apng", "a.png", "a.gif"].map(PathBuf::from)
        );
        assert_eq!(with_extension(PathPurpose::OpenPhoto, Path::new("a.jpg")), Path::new("a.jpg"));
    }
}
