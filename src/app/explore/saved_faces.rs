//! The saved faces, in a library file that the command line reads and writes too.
//!
//! Each change reads the file again first, in the background, so that changes by another program are kept.

use std::path::{Path, PathBuf};

use super::ExploreFace;
use crate::app::language::{t, translate_message};
use crate::explore::{Latent, LatentLibrary, LatentLibraryError};
use crate::fs::Overwrite;
use crate::model::ModelInfo;

/// File name of the library, as on the command line.
const FILE_NAME: &str = "latents.json";

/// A request to read or change the library file.
#[derive(Clone, Debug)]
pub enum LibraryChange {
    Read,
    Save { name: String, latent: Latent, made_from: String, model: Box<ModelInfo> },
    Rename { from: String, to: String },
    Remove { name: String },
}

/// The saved faces.
#[derive(Default)]
pub struct SavedFaces {
    path: Option<PathBuf>,
    /// `None` until it is read.
    library: Option<LatentLibrary>,
    is_busy: bool,
    /// The saved faces of the model in use.
    faces: Vec<ExploreFace>,
    /// Number of saved faces that belong to other models.
    other_model_count: usize,
}

/// Path of the library: the command line's library in the working folder if it exists, otherwise a file in the user's
/// data folder. `None` on systems without a data folder.
pub fn default_library_path() -> Option<PathBuf> {
    let in_working_folder = PathBuf::from(FILE_NAME);
    if in_working_folder.is_file() {
        return std::path::absolute(in_working_folder).ok();
    }
    directories::ProjectDirs::from("", "", "Countenance").map(|dirs| dirs.data_dir().join(FILE_NAME))
}

/// Changes the library file, and returns its new content. Slow, so call it in a background task.
///
/// # Errors
/// When the file cannot be read or written, or the change is invalid. Then the file stays as it was.
pub fn change_library(path: &Path, change: LibraryChange) -> Result<LatentLibrary, LatentLibraryError> {
    let mut library = LatentLibrary::open(path)?;
    match change {
        LibraryChange::Read => return Ok(library),
        LibraryChange::Save { name, latent, made_from, model } => {
            library.insert(&name, latent, made_from, &model, Overwrite::Refuse)?;
        }
        LibraryChange::Rename { from, to } => library.rename(&from, &to)?,
        LibraryChange::Remove { name } => drop(library.remove(&name)?),
    }
    if let Some(folder) = path.parent() {
        // When this fails, saving reports the error.
        let _ = std::fs::create_dir_all(folder);
    }
    library.save(path)?;
    Ok(library)
}

impl SavedFaces {
    pub fn with_path(path: PathBuf) -> Self {
        Self { path: Some(path), ..Self::default() }
    }

    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The saved faces of the model in use, sorted by name.
    pub fn faces(&self) -> &[ExploreFace] {
        &self.faces
    }

    /// Number of saved faces that belong to other models.
    pub fn other_model_count(&self) -> usize {
        self.other_model_count
    }

    /// Marks the library as busy and returns its path. `None` when there is no path, or the library is busy already.
    pub fn begin_change(&mut self) -> Option<PathBuf> {
        let path = self.path.clone().filter(|_| !self.is_busy)?;
        self.is_busy = true;
        Some(path)
    }

    /// Whether the file must be read for the first time.
    pub fn must_be_read(&self) -> bool {
        self.library.is_none() && !self.is_busy && self.path.is_some()
    }

    /// Stores the library's content.
    pub fn set_library(&mut self, library: LatentLibrary, model: Option<&ModelInfo>) {
        (self.library, self.is_busy) = (Some(library), false);
        if let Some(model) = model {
            self.set_model(model);
        }
    }

    /// The read or change failed. The content read before stays.
    pub fn change_failed(&mut self) {
        self.is_busy = false;
        self.library.get_or_insert_default();
    }

    /// Switches to the faces of this model.
    pub fn set_model(&mut self, model: &ModelInfo) {
        let Some(library) = &self.library else { return };
        self.faces =
            library.of_model(model).map(|(name, entry)| ExploreFace::saved(name, entry.latent.clone())).collect();
        self.other_model_count = library.names().count() - self.faces.len();
    }

    /// Why the library cannot be changed now; `None` when it can.
    pub fn disabled_reason(&self) -> Option<&'static str> {
        if self.path.is_none() {
            Some(t!("This system has no data folder for saved faces"))
        } else if self.is_busy || self.library.is_none() {
            Some(t!("The library is being read or written"))
        } else {
            None
        }
    }

    /// Why `face` cannot be saved under this name; `None` when it can.
    pub fn name_disabled_reason(&self, name: &str, face: &ExploreFace) -> Option<String> {
        if name.trim().is_empty() {
            return Some(t!("Type a name first").to_owned());
        }
        let name = match LatentLibrary::checked_name(name) {
            Ok(name) => name,
            Err(error) => return Some(translate_message(&error.to_string()).into_owned()),
        };
        if face.is_saved && face.name == name {
            return Some(t!("The face already has this name").to_owned());
        }
        let is_taken = self.library.as_ref().is_some_and(|library| library.names().any(|existing| existing == name));
        is_taken.then(|| t!("'{name}' already exists: choose another name", name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ModelFile, TINY_MODEL};

    fn model() -> ModelInfo {
        ModelFile::parse("tiny", TINY_MODEL).unwrap().info
    }

    fn save(path: &Path, name: &str, number: u64) -> Result<LatentLibrary, LatentLibraryError> {
        let ExploreFace { latent, name: made_from, .. } = ExploreFace::sample(number, 8);
        let model = Box::new(model());
        change_library(path, LibraryChange::Save { name: name.to_owned(), latent, made_from, model })
    }

    #[test]
    fn changes_keep_faces_added_by_other_programs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new folder").join(FILE_NAME);
        save(&path, "ann", 1).unwrap();
        let mut other_program = LatentLibrary::open(&path).unwrap();
        other_program.insert("bob", vec![0.5; 8], "the command line".into(), &model(), Overwrite::Refuse).unwrap();
        other_program.save(&path).unwrap();
        change_library(&path, LibraryChange::Rename { from: "ann".into(), to: "carol".into() }).unwrap();
        assert!(matches!(save(&path, "bob", 2), Err(LatentLibraryError::NameTaken { .. })));
        let library = change_library(&path, LibraryChange::Read).unwrap();
        assert_eq!(library.names().collect::<Vec<_>>(), ["bob", "carol"]);
        change_library(&path, LibraryChange::Remove { name: "bob".into() }).unwrap();
        assert_eq!(LatentLibrary::open(&path).unwrap().names().collect::<Vec<_>>(), ["carol"]);
    }

    #[test]
    fn a_name_must_be_new_and_usable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let mut saved_faces = SavedFaces::with_path(path.clone());
        assert!(saved_faces.must_be_read() && saved_faces.disabled_reason().is_some());
        assert_eq!((saved_faces.begin_change().as_ref(), saved_faces.begin_change()), (Some(&path), None));
        saved_faces.set_library(save(&path, "ann", 1).unwrap(), Some(&model()));
        assert!(
            saved_faces.disabled_reason().is_none()
                && saved_faces.faces() == [ExploreFace::saved("ann", ExploreFace::sample(1, 8).latent)]
        );
        let reason = |name: &str, face: &ExploreFace| saved_faces.name_disabled_reason(name, face).unwrap_or_default();
        let other = ExploreFace::sample(2, 8);
        assert_eq!(reason(" ", &other), "Type a name first");
        assert_eq!(reason(" ann", &other), "'ann' already exists: choose another name");
        assert_eq!(reason("ann", &saved_faces.faces()[0]), "The face already has this name");
        assert!(reason("7", &other).contains("is not a valid name"));
        assert_eq!(reason("bob", &other), "");
    }

    #[test]
    fn faces_of_other_models_are_only_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut saved_faces = SavedFaces::with_path(folder.path().join(FILE_NAME));
        saved_faces.set_library(save(&folder.path().join(FILE_NAME), "ann", 1).unwrap(), Some(&model()));
        saved_faces.set_model(&ModelInfo { sha256: "other".into(), ..model() });
        assert_eq!((saved_faces.faces().len(), saved_faces.other_model_count()), (0, 1));
    }
}
