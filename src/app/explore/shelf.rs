//! The saved faces, in a library file that the command line reads and writes too.
//!
//! Each change reads the file again first, in the background, so that changes by another program are kept.

use std::path::{Path, PathBuf};

use super::Face;
use crate::explore::{Latent, Library, LibraryError};
use crate::model::ModelInfo;
use crate::photo::Overwrite;

/// File name of the library, as on the command line.
const FILE_NAME: &str = "latents.json";

/// A change of the library file, or reading it.
#[derive(Clone, Debug)]
pub enum ShelfChange {
    Read,
    Keep { name: String, latent: Latent, made_from: String, model: Box<ModelInfo> },
    Rename { from: String, to: String },
    Remove { name: String },
}

/// The saved faces.
#[derive(Default)]
pub struct Shelf {
    path: Option<PathBuf>,
    /// `None` until it is read.
    library: Option<Library>,
    is_busy: bool,
    /// The saved faces of the model in use.
    faces: Vec<Face>,
    /// Number of saved faces that belong to other models.
    others: usize,
}

/// Path of the library: the one in the working folder, which the command line uses, if it exists. Otherwise in the
/// user's data folder; `None` on systems without one.
pub fn default_path() -> Option<PathBuf> {
    let beside = PathBuf::from(FILE_NAME);
    if beside.is_file() {
        return std::path::absolute(beside).ok();
    }
    directories::ProjectDirs::from("", "", "Countenance").map(|dirs| dirs.data_dir().join(FILE_NAME))
}

/// Changes the library file, and returns its new content. Slow, so call it in a background task.
///
/// # Errors
/// When the file cannot be read or written, or the change is invalid. Then the file stays as it was.
pub fn change_shelf(path: &Path, change: ShelfChange) -> Result<Library, LibraryError> {
    let mut library = Library::open(path)?;
    match change {
        ShelfChange::Read => return Ok(library),
        ShelfChange::Keep { name, latent, made_from, model } => {
            library.insert(&name, latent, made_from, &model, Overwrite::Refuse)?;
        }
        ShelfChange::Rename { from, to } => library.rename(&from, &to)?,
        ShelfChange::Remove { name } => drop(library.remove(&name)?),
    }
    if let Some(folder) = path.parent() {
        // When this fails, saving reports the error.
        let _ = std::fs::create_dir_all(folder);
    }
    library.save(path)?;
    Ok(library)
}

impl Shelf {
    pub fn at(path: PathBuf) -> Self {
        Self { path: Some(path), ..Self::default() }
    }

    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The saved faces of the model in use, sorted by name.
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// Number of saved faces that belong to other models.
    pub fn others(&self) -> usize {
        self.others
    }

    /// Marks the library as busy and returns its path. `None` when there is no path, or the library is busy already.
    pub fn begin(&mut self) -> Option<PathBuf> {
        let path = self.path.clone().filter(|_| !self.is_busy)?;
        self.is_busy = true;
        Some(path)
    }

    /// Whether the file must be read for the first time.
    pub fn is_unread(&self) -> bool {
        self.library.is_none() && !self.is_busy && self.path.is_some()
    }

    /// Stores the library's content.
    pub fn take(&mut self, library: Library, model: Option<&ModelInfo>) {
        (self.library, self.is_busy) = (Some(library), false);
        if let Some(model) = model {
            self.settle_on(model);
        }
    }

    /// The read or change failed. The content read before stays.
    pub fn failed(&mut self) {
        self.is_busy = false;
        self.library.get_or_insert_default();
    }

    /// Switches to the faces of this model.
    pub fn settle_on(&mut self, model: &ModelInfo) {
        let Some(library) = &self.library else { return };
        self.faces = library.of_model(model).map(|(name, named)| Face::kept(name, named.latent.clone())).collect();
        self.others = library.names().count() - self.faces.len();
    }

    /// Why the library cannot be changed now; `None` when it can.
    pub fn obstacle(&self) -> Option<&'static str> {
        if self.path.is_none() {
            Some("This system has no data folder for saved faces")
        } else if self.is_busy || self.library.is_none() {
            Some("The library is being read or written")
        } else {
            None
        }
    }

    /// Why `face` cannot be saved under this name; `None` when it can.
    pub fn obstacle_to_name(&self, name: &str, face: &Face) -> Option<String> {
        if name.trim().is_empty() {
            return Some("Type a name first".to_owned());
        }
        let name = match Library::checked_name(name) {
            Ok(name) => name,
            Err(error) => return Some(error.to_string()),
        };
        if face.is_kept && face.name == name {
            return Some("The face already has this name".to_owned());
        }
        let is_taken = self.library.as_ref().is_some_and(|library| library.names().any(|known| known == name));
        is_taken.then(|| format!("'{name}' already exists: choose another name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ModelFile, TINY};

    fn model() -> ModelInfo {
        ModelFile::parse("tiny", TINY).unwrap().info
    }

    fn keep(path: &Path, name: &str, number: u64) -> Result<Library, LibraryError> {
        let Face { latent, name: made_from, .. } = Face::sample(number, 8);
        let model = Box::new(model());
        change_shelf(path, ShelfChange::Keep { name: name.to_owned(), latent, made_from, model })
    }

    #[test]
    fn changes_keep_faces_added_by_other_programs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new folder").join(FILE_NAME);
        keep(&path, "ann", 1).unwrap();
        let mut elsewhere = Library::open(&path).unwrap();
        elsewhere.insert("bob", vec![0.5; 8], "the command line".into(), &model(), Overwrite::Refuse).unwrap();
        elsewhere.save(&path).unwrap();
        change_shelf(&path, ShelfChange::Rename { from: "ann".into(), to: "carol".into() }).unwrap();
        assert!(matches!(keep(&path, "bob", 2), Err(LibraryError::Taken { .. })));
        let library = change_shelf(&path, ShelfChange::Read).unwrap();
        assert_eq!(library.names().collect::<Vec<_>>(), ["bob", "carol"]);
        change_shelf(&path, ShelfChange::Remove { name: "bob".into() }).unwrap();
        assert_eq!(Library::open(&path).unwrap().names().collect::<Vec<_>>(), ["carol"]);
    }

    #[test]
    fn a_name_must_be_new_and_usable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let mut shelf = Shelf::at(path.clone());
        assert!(shelf.is_unread() && shelf.obstacle().is_some());
        assert_eq!((shelf.begin().as_ref(), shelf.begin()), (Some(&path), None));
        shelf.take(keep(&path, "ann", 1).unwrap(), Some(&model()));
        assert!(shelf.obstacle().is_none() && shelf.faces() == [Face::kept("ann", Face::sample(1, 8).latent)]);
        let obstacle = |name: &str, face: &Face| shelf.obstacle_to_name(name, face).unwrap_or_default();
        let other = Face::sample(2, 8);
        assert_eq!(obstacle(" ", &other), "Type a name first");
        assert_eq!(obstacle(" ann", &other), "'ann' already exists: choose another name");
        assert_eq!(obstacle("ann", &shelf.faces()[0]), "The face already has this name");
        assert!(obstacle("7", &other).contains("is not a valid name"));
        assert_eq!(obstacle("bob", &other), "");
    }

    #[test]
    fn faces_of_other_models_are_only_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut shelf = Shelf::at(folder.path().join(FILE_NAME));
        shelf.take(keep(&folder.path().join(FILE_NAME), "ann", 1).unwrap(), Some(&model()));
        shelf.settle_on(&ModelInfo { sha256: "other".into(), ..model() });
        assert_eq!((shelf.faces().len(), shelf.others()), (0, 1));
    }
}
