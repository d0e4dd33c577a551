//! `--branch LATENTS@N`: goes on from an iteration of an earlier search, whose latents `--log` wrote.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::latent_log;
use super::usage_error;
use crate::job::SearchStart;
use crate::model::ModelInfo;
use crate::search::Settings;

/// An iteration of an earlier search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BranchArg {
    pub(super) path: PathBuf,
    /// Counted from 1.
    pub(super) iteration: u32,
}

impl BranchArg {
    /// Reads `LATENTS@N`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('@').and_then(|(path, number)| Some((path, number.parse().ok()?)));
        match parts {
            Some((path, iteration)) if !path.is_empty() && iteration > 0 => Ok(Self { path: path.into(), iteration }),
            _ => Err("give a file and an iteration, for example search.latents.safetensors@7".into()),
        }
    }

    /// The start of the search. Sets the number of candidates to that of the earlier search.
    pub(super) fn start(&self, model: &ModelInfo, settings: &mut Settings) -> anyhow::Result<SearchStart> {
        let start = self.read(model, settings).with_context(|| format!("--branch {}", self.path.display()));
        start.map_err(|error| usage_error(format!("{error:#}")))
    }

    fn read(&self, model: &ModelInfo, settings: &mut Settings) -> anyhow::Result<SearchStart> {
        let (path, iteration) = (Path::new(&self.path), self.iteration);
        let history = latent_log::read(path, model)?;
        let latents = history.latents(iteration).with_context(|| {
            let (first, last) = (history.first(), history.last());
            format!("there is no iteration {iteration}: use one from {first} to {last}")
        })?;
        let start = SearchStart::Continue { iteration, latents: latents.to_vec() };
        settings.candidates = u32::try_from(history.candidates())?;
        anyhow::ensure!(
            start.fits(settings, model.latent_dim),
            "its latents lie outside [-1, 1]: log the search again"
        );
        Ok(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_has_a_file_and_an_iteration() {
        let branch = BranchArg { path: "a@b/search.latents.safetensors".into(), iteration: 12 };
        assert_eq!(BranchArg::parse("a@b/search.latents.safetensors@12"), Ok(branch));
        for text in ["search.latents.safetensors", "a@0", "@3", "a@x"] {
            assert!(BranchArg::parse(text).is_err(), "{text}");
        }
    }
}
