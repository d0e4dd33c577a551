//! Finds the model that `--model` names.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::usage_error;
use crate::job::ModelId;
use crate::model::{self, ModelChoice, ModelInfo};

/// Finds the model and checks its file.
pub(super) fn find_model(value: Option<&Path>) -> anyhow::Result<(ModelChoice, ModelInfo)> {
    let choice = resolve_choice(value, model::find_models)?;
    let info = model::inspect(&choice).map_err(anyhow::Error::from).map_err(|error| match &choice {
        ModelChoice::Face128 | ModelChoice::Face64 => usage_error(format!("{error:#}")),
        ModelChoice::File(path) => usage_error(format!("{}: {error:#}", path.display())),
    })?;
    Ok((choice, info))
}

/// Finds the model of a recorded fill by its hash: the given one if it matches, otherwise a built-in one or one in the
/// models folder.
pub(super) fn find_recorded_model(recorded: &ModelId, value: Option<&Path>) -> anyhow::Result<ModelChoice> {
    let ModelId { name, sha256 } = recorded;
    if let Some(value) = value {
        let (choice, info) = find_model(Some(value))?;
        if info.sha256 != *sha256 {
            let (file, other) = (value.display(), info.sha256);
            bail!("{file} is a different model (SHA-256 {other}): the fill was made with {name} (SHA-256 {sha256})");
        }
        return Ok(choice);
    }
    let files = model::find_models().into_iter().map(ModelChoice::File);
    let has_recorded_hash = |choice: &ModelChoice| model::inspect(choice).is_ok_and(|info| info.sha256 == *sha256);
    ModelChoice::BUILT_IN.into_iter().chain(files).find(has_recorded_hash).ok_or_else(|| {
        anyhow::anyhow!(
            "the model of the fill was not found: give the file of {name} (SHA-256 {sha256}) with --model, or put it in \
             the models folder"
        )
    })
}

/// Tries a file first, then a built-in name, then a name in the models folder, whose files `list_files` returns.
fn resolve_choice(value: Option<&Path>, list_files: impl FnOnce() -> Vec<PathBuf>) -> anyhow::Result<ModelChoice> {
    let Some(value) = value else { return Ok(ModelChoice::default()) };
    if value.is_file() {
        return Ok(ModelChoice::File(value.to_path_buf()));
    }
    if let Some(built_in) = ModelChoice::built_in_by_name(value) {
        return Ok(built_in);
    }
    let files = list_files();
    if let Some(path) = files.iter().find(|path| path.file_stem() == Some(value.as_os_str())) {
        return Ok(ModelChoice::File(path.clone()));
    }
    let built_in = ModelChoice::BUILT_IN.into_iter().filter_map(|choice| choice.built_in_name());
    let names: Vec<&str> = built_in.chain(files.iter().filter_map(|path| path.file_stem()?.to_str())).collect();
    let (value, list, default) = (value.display(), names.join(", "), names[0]);
    Err(usage_error(format!(
        "there is no model {value}: give a .safetensors file, or one of {list}; the default is {default}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<PathBuf> {
        vec!["models/tiny.safetensors".into()]
    }

    #[test]
    fn the_default_is_a_built_in_model() {
        assert_eq!(resolve_choice(None, files).unwrap(), ModelChoice::Face128);
    }

    #[test]
    fn names_and_files_are_found() {
        let by = |value: &str| resolve_choice(Some(Path::new(value)), files).unwrap();
        assert_eq!(by("face-64"), ModelChoice::Face64);
        assert_eq!(by("tiny"), ModelChoice::File("models/tiny.safetensors".into()));
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(by(file.path().to_str().unwrap()), ModelChoice::File(file.path().into()));
    }

    #[test]
    fn an_unknown_model_error_lists_the_names() {
        let error = resolve_choice(Some(Path::new("face-512")), files).unwrap_err();
        assert!(error.is::<crate::cli::UsageError>());
        insta::assert_snapshot!(error, @"there is no model face-512: give a .safetensors file, or one of face-128, face-64, tiny; the default is face-128");
    }
}
