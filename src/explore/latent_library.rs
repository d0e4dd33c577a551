//! A file of named latents.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Latent, LatentSource, sample_latent};
use crate::fs::{Overwrite, WriteError, write_atomically};
use crate::model::ModelInfo;

/// Value of `format` in the file.
const FORMAT: &str = "countenance-latents-1";

/// A saved latent and its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedLatent {
    /// SHA-256 of its model. Another model draws another face from the latent.
    pub model_sha256: String,
    /// The model's name, for messages.
    pub model: String,
    /// For example "mean of samples 3, 7, 12".
    pub made_from: String,
    pub latent: Latent,
}

impl SavedLatent {
    fn belongs_to(&self, model: &ModelInfo) -> bool {
        self.model_sha256 == model.sha256 && self.latent.len() == model.latent_dim
    }
}

/// Named latents. They may belong to different models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatentLibrary {
    format: String,
    latents: BTreeMap<String, SavedLatent>,
}

/// Why a latent cannot be found by its name, or a name cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LatentLibraryError {
    #[error("cannot read the library {path}: check that the file exists and can be read", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not a library of latents ({reason}): choose a file written with --library", path = path.display())]
    Format { path: PathBuf, reason: String },
    #[error("there is no latent named '{name}': {}", known_names(known))]
    UnknownName { name: String, known: Vec<String> },
    #[error("'{name}' belongs to {model}, not to the current model: choose it with --model, or find the latent again")]
    OtherModel { name: String, model: String },
    #[error("'{name}' is not a valid name: use words without * or =, no + or - between spaces, and not just a number")]
    InvalidName { name: String },
    #[error("'{name}' already exists: choose another name, or allow replacing it")]
    NameTaken { name: String },
    #[error("the library cannot be saved")]
    Save(#[from] WriteError),
}

fn known_names(known: &[String]) -> String {
    if known.is_empty() { "the library is empty".into() } else { format!("the library has {}", known.join(", ")) }
}

impl Default for LatentLibrary {
    fn default() -> Self {
        Self { format: FORMAT.into(), latents: BTreeMap::new() }
    }
}

impl LatentLibrary {
    /// Reads a library. A missing file gives an empty one.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a library.
    pub fn open(path: &Path) -> Result<Self, LatentLibraryError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(LatentLibraryError::Read { path: path.into(), source }),
        };
        let format_error = |reason: String| LatentLibraryError::Format { path: path.into(), reason };
        let library: Self = serde_json::from_slice(&bytes).map_err(|error| format_error(error.to_string()))?;
        if library.format != FORMAT {
            return Err(format_error(format!("its format is {} where {FORMAT} is needed", library.format)));
        }
        let is_valid = |saved: &SavedLatent| saved.latent.iter().all(|value| value.abs() <= 1.0);
        match library.latents.iter().find(|(_, saved)| !is_valid(saved)) {
            Some((name, _)) => Err(format_error(format!("{name} has a value beyond 1"))),
            None => Ok(library),
        }
    }

    /// Writes the library atomically.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), LatentLibraryError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| LatentLibraryError::Format { path: path.into(), reason: error.to_string() })?;
        Ok(write_atomically(path, (text + "\n").as_bytes(), Overwrite::Allow)?)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.latents.keys().map(String::as_str)
    }

    /// The latents of one model with their names, sorted by name.
    pub fn of_model<'a>(&'a self, model: &'a ModelInfo) -> impl Iterator<Item = (&'a str, &'a SavedLatent)> {
        let latents = self.latents.iter().filter(move |(_, saved)| saved.belongs_to(model));
        latents.map(|(name, saved)| (name.as_str(), saved))
    }

    /// Renames a latent.
    ///
    /// # Errors
    /// When there is no such latent, or the new name is not valid or already exists.
    pub fn rename(&mut self, name: &str, new_name: &str) -> Result<(), LatentLibraryError> {
        let new_name = Self::checked_name(new_name)?;
        if new_name == name {
            return Ok(());
        }
        if self.latents.contains_key(&new_name) {
            return Err(LatentLibraryError::NameTaken { name: new_name });
        }
        let saved = self.remove(name)?;
        self.latents.insert(new_name, saved);
        Ok(())
    }

    /// Removes a latent.
    ///
    /// # Errors
    /// When there is no latent of this name.
    pub fn remove(&mut self, name: &str) -> Result<SavedLatent, LatentLibraryError> {
        self.latents.remove(name).ok_or_else(|| self.unknown_name(name.to_string()))
    }

    fn unknown_name(&self, name: String) -> LatentLibraryError {
        LatentLibraryError::UnknownName { name, known: self.names().map(str::to_string).collect() }
    }

    /// Adds a latent under a name.
    ///
    /// # Errors
    /// When the name is not valid, or exists and must not be replaced.
    pub fn insert(
        &mut self,
        name: &str,
        latent: Latent,
        made_from: String,
        model: &ModelInfo,
        overwrite: Overwrite,
    ) -> Result<(), LatentLibraryError> {
        let name = Self::checked_name(name)?;
        if overwrite == Overwrite::Refuse && self.latents.contains_key(&name) {
            return Err(LatentLibraryError::NameTaken { name });
        }
        let saved = SavedLatent { model_sha256: model.sha256.clone(), model: model.name.clone(), made_from, latent };
        self.latents.insert(name, saved);
        Ok(())
    }

    /// Checks a name and normalises its spaces.
    ///
    /// # Errors
    /// When the name would be parsed as something else in an expression.
    pub fn checked_name(name: &str) -> Result<String, LatentLibraryError> {
        let normalised = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_sign = |word: &str| ["+", "-", "−", "–"].contains(&word);
        let is_invalid = normalised.is_empty()
            || normalised.contains(['*', '='])
            || normalised.split(' ').any(is_sign)
            || LatentSource::parse(&normalised) != LatentSource::Name(normalised.clone());
        if is_invalid { Err(LatentLibraryError::InvalidName { name: name.into() }) } else { Ok(normalised) }
    }

    /// The latent of a sample number or a name, for this model.
    ///
    /// # Errors
    /// When the name does not exist, or belongs to another model.
    pub fn find_latent(&self, source: &LatentSource, model: &ModelInfo) -> Result<Latent, LatentLibraryError> {
        let name = match source {
            LatentSource::Sample(number) => return Ok(sample_latent(*number, model.latent_dim)),
            LatentSource::Name(name) => name.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        match self.latents.get(&name) {
            Some(saved) if saved.belongs_to(model) => Ok(saved.latent.clone()),
            Some(saved) => Err(LatentLibraryError::OtherModel { name, model: saved.model.clone() }),
            None => Err(self.unknown_name(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ModelFile, TINY_MODEL};

    fn model() -> ModelInfo {
        ModelFile::parse("tiny", TINY_MODEL).unwrap().info
    }

    fn named(name: &str) -> LatentSource {
        LatentSource::Name(name.into())
    }

    fn filled() -> LatentLibrary {
        let mut library = LatentLibrary::default();
        let latent = sample_latent(3, 8);
        library.insert("smiling  woman", latent, "sample 3".into(), &model(), Overwrite::Refuse).unwrap();
        library
    }

    #[test]
    fn saved_latents_are_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latents.json");
        assert_eq!(LatentLibrary::open(&path).unwrap(), LatentLibrary::default());
        filled().save(&path).unwrap();
        let library = LatentLibrary::open(&path).unwrap();
        assert_eq!(library, filled());
        assert_eq!(library.find_latent(&named("smiling woman"), &model()).unwrap(), sample_latent(3, 8));
        assert_eq!(library.find_latent(&LatentSource::Sample(9), &model()).unwrap(), sample_latent(9, 8));
    }

    #[test]
    fn unknown_names_and_other_models_are_reported() {
        let library = filled();
        insta::assert_snapshot!(library.find_latent(&named("sad man"), &model()).unwrap_err(), @"there is no latent named 'sad man': the library has smiling woman");
        insta::assert_snapshot!(LatentLibrary::default().find_latent(&named("sad man"), &model()).unwrap_err(), @"there is no latent named 'sad man': the library is empty");
        let other = ModelInfo { sha256: "other".into(), ..model() };
        insta::assert_snapshot!(library.find_latent(&named("smiling woman"), &other).unwrap_err(), @"'smiling woman' belongs to tiny, not to the current model: choose it with --model, or find the latent again");
    }

    #[test]
    fn ambiguous_names_are_refused() {
        for name in ["7", "", "a - b", "a + b", "2 * a", "a − b", "a=b"] {
            assert!(matches!(LatentLibrary::checked_name(name), Err(LatentLibraryError::InvalidName { .. })), "{name}");
        }
        assert_eq!(LatentLibrary::checked_name(" long-haired  man 2 ").unwrap(), "long-haired man 2");
    }

    #[test]
    fn existing_name_is_replaced_only_when_allowed() {
        let mut library = filled();
        let mut insert =
            |overwrite| library.insert("smiling woman", sample_latent(4, 8), "sample 4".into(), &model(), overwrite);
        assert!(matches!(insert(Overwrite::Refuse), Err(LatentLibraryError::NameTaken { .. })));
        insert(Overwrite::Allow).unwrap();
        assert_eq!(library.find_latent(&named("smiling woman"), &model()).unwrap(), sample_latent(4, 8));
    }

    #[test]
    fn latents_can_be_renamed_and_removed() {
        let mut library = filled();
        library.insert("man", sample_latent(4, 8), "sample 4".into(), &model(), Overwrite::Refuse).unwrap();
        assert!(matches!(library.rename("man", "smiling woman"), Err(LatentLibraryError::NameTaken { .. })));
        assert!(matches!(library.rename("man", "7"), Err(LatentLibraryError::InvalidName { .. })));
        assert!(matches!(library.rename("nobody", "somebody"), Err(LatentLibraryError::UnknownName { .. })));
        library.rename("man", "man").unwrap();
        library.rename("man", "old  man").unwrap();
        assert_eq!(library.names().collect::<Vec<_>>(), ["old man", "smiling woman"]);
        assert_eq!(library.find_latent(&named("old man"), &model()).unwrap(), sample_latent(4, 8));
        assert_eq!(library.remove("old man").unwrap().made_from, "sample 4");
        assert!(matches!(library.remove("old man"), Err(LatentLibraryError::UnknownName { .. })));
    }

    #[test]
    fn of_model_lists_only_its_latents() {
        let mut library = filled();
        let other = ModelInfo { sha256: "other".into(), ..model() };
        library.insert("man", sample_latent(4, 8), "sample 4".into(), &other, Overwrite::Refuse).unwrap();
        let names = |model: &ModelInfo| library.of_model(model).map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        assert_eq!((names(&model()), names(&other)), (vec!["smiling woman".into()], vec!["man".to_string()]));
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latents.json");
        let far = serde_json::to_string(&filled()).unwrap().replace('[', "[7.5,");
        for text in ["", "{}", r#"{"format": "other", "latents": {}}"#, &far] {
            fs::write(&path, text).unwrap();
            assert!(matches!(LatentLibrary::open(&path), Err(LatentLibraryError::Format { .. })), "{text}");
        }
    }
}
