//! The photo of a project: its reference, and finding its file.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ProjectError;
use crate::hash::sha256_of_bytes;
use crate::photo::DecodeLimits;
use crate::restore::ImageTask;

/// Identifies the photo of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct PhotoReference {
    pub origin: PhotoOrigin,
    /// Of the upright photo, as it is prepared.
    pub width_px: u32,
    pub height_px: u32,
    /// The task that the photo is [prepared](crate::restore::prepare_photo) for; [`ImageTask::Fill`] for the photo as it
    /// is.
    pub prepared_for: ImageTask,
}

/// Where a photo comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhotoOrigin {
    /// A built-in sample photo with this name.
    Sample(String),
    File {
        path: PathBuf,
        /// From the project's folder, with `/` between names. Only set for a project that was read from a file.
        relative_path: Option<String>,
        /// SHA-256 of the file's bytes, in hexadecimal.
        sha256: String,
    },
}

/// A photo file that was found.
#[derive(Debug)]
pub struct FoundPhoto {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub sha256: String,
    /// Whether its bytes equal those of the file that the project was made with.
    pub is_unchanged: bool,
}

impl PhotoReference {
    /// Finds and reads the photo's file. Looks at its absolute path, then at its path relative to the project's
    /// `folder`, then for its name in that folder. A file with the right hash is preferred over one that has only the
    /// right name. `None` for a sample photo.
    ///
    /// # Errors
    /// When there is no file in any of these places, or none can be read.
    pub fn find_file(&self, folder: &Path) -> Result<Option<FoundPhoto>, ProjectError> {
        let PhotoOrigin::File { path, relative_path, sha256: expected } = &self.origin else { return Ok(None) };
        let relative_to_project = relative_path.as_ref().map(|relative| folder.join(relative));
        let in_folder = path.file_name().map(|name| folder.join(name));
        let (mut changed, mut read_error) = (None, None);
        for path in [Some(path.clone()), relative_to_project, in_folder].into_iter().flatten() {
            match std::fs::read(&path) {
                Ok(bytes) => {
                    let sha256 = sha256_of_bytes(&bytes);
                    let is_unchanged = sha256.eq_ignore_ascii_case(expected);
                    let found = FoundPhoto { path, bytes, sha256, is_unchanged };
                    if is_unchanged {
                        return Ok(Some(found));
                    }
                    changed.get_or_insert(found);
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => {
                    read_error.get_or_insert(ProjectError::Read { path, source });
                }
            }
        }
        match (changed, read_error) {
            (Some(found), _) => Ok(Some(found)),
            (None, Some(error)) => Err(error),
            (None, None) => Err(ProjectError::PhotoMissing { path: path.clone(), folder: folder.to_owned() }),
        }
    }

    /// Checks the size of the photo, because the mask would not fit another size. `path` is for the error message.
    ///
    /// # Errors
    /// When the sizes differ.
    pub fn check_size(&self, path: &Path, width: u32, height: u32) -> Result<(), ProjectError> {
        if (width, height) == (self.width_px, self.height_px) {
            return Ok(());
        }
        let (project_width, project_height) = (self.width_px, self.height_px);
        Err(ProjectError::PhotoSize { path: path.to_owned(), width, height, project_width, project_height })
    }
}

/// The photo in the JSON document: the name of a sample, or a file.
#[derive(Serialize, Deserialize)]
pub(super) struct PhotoJson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sample: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    relative_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    width_px: u32,
    height_px: u32,
    #[serde(default, skip_serializing_if = "ImageTask::is_fill")]
    prepared_for: ImageTask,
}

impl PhotoJson {
    /// `folder` is that of the project file.
    pub fn new(photo: &PhotoReference, folder: Option<&Path>) -> Self {
        let (width_px, height_px) = (photo.width_px, photo.height_px);
        let prepared_for = photo.prepared_for;
        let empty =
            Self { sample: None, path: None, relative_path: None, sha256: None, width_px, height_px, prepared_for };
        match &photo.origin {
            PhotoOrigin::Sample(name) => Self { sample: Some(name.clone()), ..empty },
            PhotoOrigin::File { path, sha256, .. } => {
                let path = absolute(path);
                let relative_path = folder.and_then(|folder| relative_path_from(&path, &absolute(folder)));
                Self { path: Some(path), relative_path, sha256: Some(sha256.clone()), ..empty }
            }
        }
    }

    pub fn into_reference(self) -> Result<PhotoReference, ProjectError> {
        let pixels = u64::from(self.width_px) * u64::from(self.height_px);
        if !(1..=DecodeLimits::default().max_pixels).contains(&pixels) {
            let what = format!("a photo of {}×{} pixels", self.width_px, self.height_px);
            return Err(ProjectError::invalid(what));
        }
        let origin = match (self.sample.clone(), self.path.clone()) {
            (Some(name), None) => PhotoOrigin::Sample(name),
            (None, Some(path)) => {
                let sha256 = self.sha256.clone().unwrap_or_default();
                PhotoOrigin::File { path, relative_path: self.relative_path.clone(), sha256 }
            }
            _ => return Err(ProjectError::invalid("it does not say which photo it belongs to")),
        };
        if let Some(parameter) = self.prepared_for.invalid_parameter() {
            return Err(ProjectError::invalid(format!("a photo prepared with {} {}", parameter.id, parameter.value)));
        }
        let Self { width_px, height_px, prepared_for, .. } = self;
        Ok(PhotoReference { origin, width_px, height_px, prepared_for })
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Relative path from a folder to a file, both absolute, with `/` between names. `None` when they are on different
/// drives.
fn relative_path_from(path: &Path, folder: &Path) -> Option<String> {
    let (path, folder): (Vec<_>, Vec<_>) = (path.components().collect(), folder.components().collect());
    let shared = path.iter().zip(&folder).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return None;
    }
    let up = folder.iter().skip(shared).map(|_| Some(".."));
    let down = path.iter().skip(shared).map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    up.chain(down).collect::<Option<Vec<_>>>().map(|parts| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_path_goes_through_the_shared_folder() {
        let cases = [
            ("/a/b/photo.png", "/a/b", Some("photo.png")),
            ("/a/photo.png", "/a/b/c", Some("../../photo.png")),
            ("/a/x/photo.png", "/a/b", Some("../x/photo.png")),
            ("/photo.png", "/", Some("photo.png")),
        ];
        for (path, folder, expected) in cases {
            assert_eq!(
                relative_path_from(Path::new(path), Path::new(folder)).as_deref(),
                expected,
                "{path} from {folder}"
            );
        }
    }
}
