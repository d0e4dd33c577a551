//! Writes the latents of every iteration as safetensors, beside the CSV of the losses, and reads them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use crate::fs::{Overwrite, write_atomically};
use crate::job::{FillOutcome, LatentHistory};
use crate::model::ModelInfo;

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

/// Reads the latents of a search with this model.
pub(super) fn read(path: &Path, model: &ModelInfo) -> anyhow::Result<LatentHistory> {
    let bytes = std::fs::read(path).context("the file cannot be read: check that it exists")?;
    let not_latents = "this is no file of latents: give one that --log wrote";
    let (_, header) = SafeTensors::read_metadata(&bytes).context(not_latents)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    ensure!(metadata.get("format").is_some_and(|format| format == FORMAT), not_latents);
    if metadata.get("model_sha256") != Some(&model.sha256) {
        let other = metadata.get("model").map_or("another model", String::as_str);
        bail!("the latents are of {other}, not of {}: choose that model with --model", model.name);
    }
    let file = SafeTensors::deserialize(&bytes).context(not_latents)?;
    let (latents, numbers) = (file.tensor("latents")?, file.tensor("iterations")?);
    let &[iterations, candidates, latent_dim] = latents.shape() else { bail!(not_latents) };
    let is_of_model = latent_dim == model.latent_dim && (latents.dtype(), numbers.dtype()) == (Dtype::F32, Dtype::U32);
    ensure!(is_of_model && numbers.shape() == [iterations] && iterations > 0, not_latents);
    let values: Vec<f32> = bytemuck::pod_collect_to_vec(latents.data());
    let numbers: Vec<u32> = bytemuck::pod_collect_to_vec(numbers.data());
    let rows = values.chunks_exact((candidates * latent_dim).max(1)).map(<[f32]>::to_vec);
    LatentHistory::from_iterations(candidates, numbers.into_iter().zip(rows)).context(not_latents)
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
