//! Which model `--model` means.

use std::path::{Path, PathBuf};

use super::usage;
use crate::model::{self, ModelChoice, ModelInfo};

/// Finds the model and checks its file.
pub(super) fn choose(value: Option<&Path>) -> anyhow::Result<(ModelChoice, ModelInfo)> {
    let choice = resolve(value, model::find_models)?;
    let info = model::inspect(&choice).map_err(|error| match &choice {
        ModelChoice::Embedded => usage(describe(&error)),
        ModelChoice::File(path) => usage(format!("{}: {}", path.display(), describe(&error))),
    })?;
    Ok((choice, info))
}

/// An error and its causes in one line.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// A file goes before a name. `find` lists the model files that can be called by name.
fn resolve(value: Option<&Path>, find: impl FnOnce() -> Vec<PathBuf>) -> anyhow::Result<ModelChoice> {
    let Some(value) = value else { return Ok(ModelChoice::Embedded) };
    if value.is_file() {
        return Ok(ModelChoice::File(value.to_path_buf()));
    }
    let found = find();
    if let Some(path) = found.iter().find(|path| path.file_stem() == Some(value.as_os_str())) {
        return Ok(ModelChoice::File(path.clone()));
    }
    let names: Vec<_> = found.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
    let or_name = if names.is_empty() { String::new() } else { format!(", or one of {}", names.join(", ")) };
    Err(usage(format!(
        "there is no model {}: give a .safetensors file{or_name}; without --model the built-in one is used",
        value.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Vec<PathBuf> {
        vec!["models/tiny.safetensors".into()]
    }

    #[test]
    fn without_the_option_the_built_in_model_is_taken() {
        assert_eq!(resolve(None, found).unwrap(), ModelChoice::Embedded);
    }

    #[test]
    fn names_and_files_are_found() {
        let by = |value: &str| resolve(Some(Path::new(value)), found).unwrap();
        assert_eq!(by("tiny"), ModelChoice::File("models/tiny.safetensors".into()));
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(by(file.path().to_str().unwrap()), ModelChoice::File(file.path().into()));
    }

    #[test]
    fn an_unknown_model_is_a_usage_error_that_lists_the_names() {
        let error = resolve(Some(Path::new("face-512")), found).unwrap_err();
        assert!(error.is::<crate::cli::UsageError>());
        insta::assert_snapshot!(error, @"there is no model face-512: give a .safetensors file, or one of tiny; without --model the built-in one is used");
    }
}
