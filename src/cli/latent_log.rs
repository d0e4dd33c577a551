//! Writes the latents of every iteration as safetensors, beside the CSV of the losses.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use safetensors::tensor::{Dtype, TensorView, serialize};

use crate::fs::{Overwrite, write_atomically};
use crate::job::FillOutcome;

/// Value of `format` in the file's metadata.
const FORMAT: &str = "countenance-search-1";

/// The file beside a log: `losses.csv` and `losses.latents.safetensors`.
pub(super) fn latents_path(log: &Path) -> PathBuf {
    let mut name = log.file_stem().unwrap_or_default().to_os_string();
    name.push(".latents.safetensors");
    log.with_file_name(name)
}

/// Writes the latents of a search: `latents` is `[iterations, candidates, latent_dim]`, `iterations` are their numbers,
/// and `result` holds the latents that became the fill, `[candidates, latent_dim]`.
pub(super) fn write(path: &Path, outcome: &FillOutcome) -> anyhow::Result<()> {
    let history = &outcome.latent_history;
    let numbers: Vec<u32> = history.numbers().collect();
    let latents: Vec<f32> = numbers.iter().filter_map(|number| history.latents(*number)).flatten().copied().collect();
    let result: Vec<f32> = outcome.candidates.iter().flat_map(|candidate| &candidate.latent).copied().collect();
    let latent_dim = outcome.model.latent_dim;
    let latents_shape = vec![numbers.len(), history.candidates(), latent_dim];
    let result_shape = vec![outcome.candidates.len(), latent_dim];
    let context = || format!("cannot write the latents {}", path.display());
    let tensors = BTreeMap::from([
        ("iterations", TensorView::new(Dtype::U32, vec![numbers.len()], bytemuck::cast_slice(&numbers))),
        ("latents", TensorView::new(Dtype::F32, latents_shape, bytemuck::cast_slice(&latents))),
        ("result", TensorView::new(Dtype::F32, result_shape, bytemuck::cast_slice(&result))),
    ]);
    let tensors = tensors.into_iter().map(|(name, tensor)| Ok((name, tensor?)));
    let tensors: BTreeMap<_, _> = tensors.collect::<anyhow::Result<_>>().with_context(context)?;
    let metadata = HashMap::from(
        [("format", FORMAT), ("model", &outcome.model.name), ("model_sha256", &outcome.model.sha256)]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    let bytes = serialize(tensors, Some(metadata)).with_context(context)?;
    write_atomically(path, &bytes, Overwrite::Allow).with_context(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latents_lie_beside_the_log() {
        assert_eq!(latents_path(Path::new("to/losses.csv")), Path::new("to/losses.latents.safetensors"));
        assert_eq!(latents_path(Path::new("losses-ann.v2")), Path::new("losses-ann.latents.safetensors"));
    }
}
