//! Tasks for opening and saving projects.
//!
//! A project opens with a changed photo as long as its size is the same, because people also retouch photos in other
//! programs. The user gets a warning. A photo of another size is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::sample_portraits::SamplePortrait;
use crate::device::{DeviceChoice, list_gpus};
use crate::fs::{Overwrite, WriteError};
use crate::model::{self, ModelChoice, ModelError};
use crate::photo::{DecodeLimits, Photo, decode};
use crate::project::{self, PhotoOrigin, Project, ProjectError};
use crate::restore::prepare_photo;

/// A project with its photo.
pub struct OpenedProject {
    pub photo: Arc<Photo>,
    /// The photo before it was prepared for a task.
    pub opened_photo: Arc<Photo>,
    pub name: String,
    pub origin: PhotoOrigin,
    pub project: Project,
    /// The project file.
    pub path: PathBuf,
    /// Hash of the document's own project file, as it belongs to this state; `None` when unknown.
    pub hash: Option<String>,
    /// Whether the file is an autosaved copy.
    pub is_recovered: bool,
    /// What differs from the saved state, for the user.
    pub warnings: Vec<String>,
}

/// Opens a project and its photo. `is_recovered`: the file is an autosaved copy.
///
/// # Errors
/// When the file is no project, or its photo is missing or of another size.
pub fn open_project(path: PathBuf, is_recovered: bool) -> anyhow::Result<OpenedProject> {
    // Before the file is read: if it changes in between, the next save asks, rather than replaces the change.
    let own_hash = project::content_hash(&path);
    let mut project = project::open(&path)?;
    let hash = if is_recovered { hash_before_crash(&path, project.saved_as.as_deref()) } else { own_hash };
    let mut warnings = Vec::new();
    let (photo, name, origin) = match &project.photo.origin {
        PhotoOrigin::Sample(name) => {
            let Some(sample) = SamplePortrait::ALL.into_iter().find(|sample| sample.file_stem() == name) else {
                anyhow::bail!("this version has no sample named {name}: update the program");
            };
            (decode(sample.image_bytes(), DecodeLimits::default())?, name.clone(), project.photo.origin.clone())
        }
        PhotoOrigin::File { path: photo_path, .. } => {
            let folder = photo_search_folder(&path, &project, photo_path, is_recovered);
            let Some(found) = project.photo.find_file(&folder)? else { anyhow::bail!("the project names no photo") };
            let photo = Photo { source: Some(found.path.clone()), ..decode(&found.bytes, DecodeLimits::default())? };
            if !found.is_unchanged {
                let path = found.path.display();
                warnings.push(format!(
                    "The photo has changed since the project was saved, so the painted area may not fit ({path})"
                ));
            }
            let name = super::open_photo::display_name(&found.path);
            (photo, name, PhotoOrigin::File { path: found.path, relative_path: None, sha256: found.sha256 })
        }
    };
    let photo_path = photo.source.clone().unwrap_or_default();
    let opened_photo = Arc::new(photo);
    let photo = prepare_photo(&opened_photo, project.photo.prepared_for)?;
    project.photo.check_size(&photo_path, photo.width(), photo.height())?;
    warnings.extend(photo.warnings.iter().map(|warning| format!("{}: {warning}", super::file_name(&photo_path))));
    warnings.extend(check_model(&mut project));
    warnings.extend(check_device(&mut project));
    Ok(OpenedProject { photo, opened_photo, name, origin, project, path, hash, is_recovered, warnings })
}

/// Hash of the project file that an autosaved copy belongs to. When the file is newer than the copy, another window has
/// saved it since: then the hash of no file, so that the next save asks.
fn hash_before_crash(copy: &Path, saved_as: Option<&Path>) -> Option<String> {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let saved_as = saved_as?;
    let is_newer = modified(saved_as)? > modified(copy)?;
    if is_newer { Some(String::new()) } else { project::content_hash(saved_as) }
}

/// The file that saving a project may replace.
pub enum ReplacedProject {
    None,
    /// The document's own file, if it still has this hash. Without a hash, any content.
    Own(Option<String>),
    /// The user has said so.
    Any,
}

/// Folder to search for a moved photo: the project's, or for an autosaved copy, the original project's or photo's.
fn photo_search_folder(path: &Path, project: &Project, photo_path: &Path, is_recovered: bool) -> PathBuf {
    let sibling = if is_recovered { project.saved_as.as_deref().unwrap_or(photo_path) } else { path };
    let sibling = std::path::absolute(sibling).unwrap_or_else(|_| sibling.to_owned());
    sibling.parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// Checks the project's model, which only the next fill needs. Returns a warning when it is missing or changed.
fn check_model(project: &mut Project) -> Option<String> {
    let ModelChoice::File(path) = &project.model.choice else {
        // The default model may have changed since the project was saved: the hash tells which one it was.
        if let Some(choice) = project.model.sha256.as_deref().and_then(ModelChoice::built_in_by_sha256) {
            project.model.choice = choice;
        }
        return None;
    };
    let model = path.display();
    match (model::inspect(&project.model.choice), &project.model.sha256) {
        (Err(ModelError::Read { .. }), _) => {
            let warning = format!("The model {model} was not found: the next fill uses the built-in one");
            project.model = project::ModelReference::default();
            Some(warning)
        }
        (Ok(info), Some(expected)) if *expected == info.sha256 => None,
        (_, Some(_)) => {
            Some(format!("The model {model} has changed since the project was saved: the next fill may look different"))
        }
        (_, None) => None,
    }
}

/// Checks the project's device. Returns a warning when this machine does not have it.
fn check_device(project: &mut Project) -> Option<String> {
    let required_gpus = match project.device {
        DeviceChoice::Auto | DeviceChoice::Cpu | DeviceChoice::CpuF32 => return None,
        DeviceChoice::Gpu(index) => index.unwrap_or(0) + 1,
    };
    if list_gpus().len() >= required_gpus {
        return None;
    }
    let device = std::mem::take(&mut project.device);
    Some(format!("The device {device} is not available on this machine: the next fill chooses one automatically"))
}

/// What became of a project that was to be saved.
pub enum SavedProject {
    /// It is in the file, which has this hash.
    Saved { hash: String },
    /// Nothing was written, because another window has saved the file meanwhile.
    ChangedElsewhere,
    /// Nothing was written, because the file exists.
    Exists,
}

/// Saves a project.
///
/// # Errors
/// When the file cannot be written.
pub fn save_project(path: &Path, project: &Project, replaces: &ReplacedProject) -> Result<SavedProject, ProjectError> {
    if let ReplacedProject::Own(Some(expected)) = replaces
        && project::content_hash(path).is_some_and(|found| found != *expected)
    {
        return Ok(SavedProject::ChangedElsewhere);
    }
    let overwrite = if matches!(replaces, ReplacedProject::None) { Overwrite::Refuse } else { Overwrite::Allow };
    match project::save(path, project, overwrite) {
        Ok(hash) => Ok(SavedProject::Saved { hash }),
        Err(ProjectError::Save(WriteError::Exists { .. })) => Ok(SavedProject::Exists),
        Err(error) => Err(error),
    }
}
