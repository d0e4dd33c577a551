//! Checkpoints: the state of a run between two steps, as a file.
//!
//! A checksum over the values detects damaged files. A resumed run then uses the previous checkpoint, so the newest
//! [`KEPT_CHECKPOINTS`] are kept.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::TrainError;
use super::net::{NetState, TensorState};
use super::run_folder::RunFolder;
use super::settings::TrainSettings;
use super::trainer::TrainState;

const FORMAT: &str = "countenance-training-1";
/// Number of checkpoints that are kept.
const KEPT_CHECKPOINTS: usize = 2;

/// The folder of a run's checkpoints.
pub(super) fn folder(run: &Path) -> PathBuf {
    run.join("checkpoints")
}

/// The path of a step's checkpoint.
pub(super) fn path(run: &Path, step: u64) -> PathBuf {
    folder(run).join(format!("step-{step:08}.safetensors"))
}

/// The steps with a checkpoint, in ascending order.
pub(super) fn saved_steps(run: &Path) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(folder(run)) else { return Vec::new() };
    let step = |name: &str| name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok();
    let mut steps: Vec<u64> = entries.filter_map(|entry| step(entry.ok()?.file_name().to_str()?)).collect();
    steps.sort_unstable();
    steps
}

/// Writes a checkpoint, then removes all but the newest [`KEPT_CHECKPOINTS`]. A failed write removes none.
pub(super) fn save(run: &Path, state: &TrainState) -> Result<PathBuf, TrainError> {
    let path = path(run, state.step);
    RunFolder::write_file(&path, &encode(state))?;
    for step in saved_steps(run).into_iter().rev().skip(KEPT_CHECKPOINTS) {
        // An old file that cannot be removed does no harm.
        let _ = fs::remove_file(self::path(run, step));
    }
    Ok(path)
}

/// Loads the newest usable checkpoint. Also returns a note for each newer one that cannot be used. `None` if there are
/// no checkpoints.
pub(super) fn load_newest(
    run: &Path,
    settings: &TrainSettings,
) -> Result<Option<(TrainState, Vec<String>)>, TrainError> {
    let mut notes = Vec::new();
    let mut newest_error = None;
    for step in saved_steps(run).into_iter().rev() {
        match load(&path(run, step), settings) {
            Ok(state) => return Ok(Some((state, notes))),
            Err(error) => {
                notes.push(format!("{error}: using the previous one"));
                newest_error.get_or_insert(error);
            }
        }
    }
    match newest_error {
        Some(error) => Err(TrainError::NoUsableCheckpoint { folder: folder(run), reason: error.to_string() }),
        None => Ok(None),
    }
}

/// Reads a checkpoint and checks every name, length and value.
pub(super) fn load(path: &Path, settings: &TrainSettings) -> Result<TrainState, TrainError> {
    let bytes = fs::read(path).map_err(|source| TrainError::Read { path: path.to_path_buf(), source })?;
    decode(&bytes, settings).map_err(|reason| TrainError::DamagedCheckpoint { path: path.to_path_buf(), reason })
}

fn encode(state: &TrainState) -> Vec<u8> {
    let mut tensors: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (net, net_state) in &state.nets {
        for (name, tensor) in &net_state.tensors {
            for (part, values) in tensor.parts() {
                let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                tensors.insert(format!("{net}/{name}/{part}"), bytes);
            }
        }
    }
    let steps: BTreeMap<&String, u64> = state.nets.iter().map(|(name, net)| (name, net.adam_steps)).collect();
    let metadata = HashMap::from([
        ("format".to_string(), FORMAT.to_string()),
        ("step".to_string(), state.step.to_string()),
        ("strength".to_string(), state.augment_strength.to_string()),
        ("optimizer_steps".to_string(), serde_json::json!(steps).to_string()),
        ("crc32c".to_string(), checksum(tensors.iter().map(|(name, bytes)| (name.as_str(), &bytes[..]))).to_string()),
    ]);
    let views = tensors
        .iter()
        .filter_map(|(name, bytes)| Some((name, TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).ok()?)));
    // Cannot fail: each shape is computed from the length of its bytes.
    safetensors::serialize(views, Some(metadata)).unwrap_or_default()
}

/// CRC-32C over names and bytes, in order of the names.
fn checksum<'a>(tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> u32 {
    tensors.fold(0, |sum, (name, bytes)| crc32c::crc32c_append(crc32c::crc32c_append(sum, name.as_bytes()), bytes))
}

fn decode(bytes: &[u8], settings: &TrainSettings) -> Result<TrainState, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let get = |key: &str| metadata.get(key).ok_or_else(|| format!("its metadata has no {key}"));
    if get("format")? != FORMAT {
        return Err("it is not a checkpoint of a training run".into());
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let tensors: BTreeMap<&str, TensorView<'_>> = file.iter().collect();
    let actual = checksum(tensors.iter().map(|(name, view)| (*name, view.data())));
    if get("crc32c")?.parse() != Ok(actual) {
        return Err("its checksum does not match".into());
    }
    let step = get("step")?.parse().map_err(|_| "its step is not a number".to_string())?;
    let steps: BTreeMap<String, u64> =
        serde_json::from_str(get("optimizer_steps")?).map_err(|error| error.to_string())?;
    let read = |name: &str, length: usize| -> Result<Vec<f32>, String> {
        let view = tensors.get(name).ok_or_else(|| format!("it has no {name}"))?;
        if view.dtype() != Dtype::F32 || view.data().len() != 4 * length {
            return Err(format!("{name} does not have {length} values"));
        }
        let values: Vec<f32> = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if values.iter().all(|value| value.is_finite()) { Ok(values) } else { Err(format!("{name} is not finite")) }
    };
    let mut nets: BTreeMap<String, NetState> = BTreeMap::new();
    for (net, name, length, is_learned) in TrainState::expected_tensors(settings) {
        let part = |part: &str| read(&format!("{net}/{name}/{part}"), length);
        let moments = if is_learned { Some([part("first")?, part("second")?]) } else { None };
        let tensor = TensorState { values: part("value")?, averaged: part("average")?, moments };
        let adam_steps = steps.get(&net).copied().unwrap_or(0);
        let net_state = nets.entry(net).or_insert_with(|| NetState { adam_steps, ..NetState::default() });
        net_state.tensors.insert(name, tensor);
    }
    // Older checkpoints do not have this value.
    let strength = metadata.get("strength").map_or(Some(0.0), |text| text.parse().ok());
    let strength = strength.filter(|value| (0.0..=1.0).contains(value)).ok_or("its strength is not between 0 and 1")?;
    Ok(TrainState { step, nets, augment_strength: strength })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny() -> TrainSettings {
        TrainSettings { size_px: 16, width: 2, latent_dim: 3, ..TrainSettings::default() }
    }

    fn state(step: u64) -> TrainState {
        TrainState { step, augment_strength: 0.13, ..TrainState::initial(&tiny()) }
    }

    #[test]
    fn checkpoints_round_trip_and_old_ones_are_removed() {
        let run = tempfile::tempdir().unwrap();
        for step in [5, 10, 15] {
            save(run.path(), &state(step)).unwrap();
        }
        assert_eq!(saved_steps(run.path()), [10, 15]);
        let (found, notes) = load_newest(run.path(), &tiny()).unwrap().unwrap();
        assert_eq!((found, notes.len()), (state(15), 0));
    }

    #[test]
    fn a_damaged_checkpoint_falls_back_to_the_previous() {
        let run = tempfile::tempdir().unwrap();
        save(run.path(), &state(5)).unwrap();
        let newer = save(run.path(), &state(10)).unwrap();
        let whole = fs::read(&newer).unwrap();
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        for bytes in [&whole[..whole.len() / 2], &whole[..4], &[], &changed] {
            fs::write(&newer, bytes).unwrap();
            let (found, notes) = load_newest(run.path(), &tiny()).unwrap().unwrap();
            assert_eq!(found, state(5));
            assert!(notes[0].contains("step-00000010") && notes[0].contains("damaged"), "{notes:?}");
        }
        fs::write(&newer, &changed).unwrap();
        let error = load(&newer, &tiny()).unwrap_err().to_string();
        assert!(error.ends_with("is damaged (its checksum does not match)"), "{error}");
        fs::remove_file(path(run.path(), 5)).unwrap();
        assert!(matches!(load_newest(run.path(), &tiny()), Err(TrainError::NoUsableCheckpoint { .. })));
    }

    #[test]
    fn a_checkpoint_of_another_width_is_refused() {
        let run = tempfile::tempdir().unwrap();
        let file = save(run.path(), &state(5)).unwrap();
        let error = load(&file, &TrainSettings { width: 4, ..tiny() }).unwrap_err().to_string();
        assert!(error.contains("does not have"), "{error}");
    }

    #[test]
    fn a_failed_write_keeps_the_previous_checkpoint() {
        let run = tempfile::tempdir().unwrap();
        save(run.path(), &state(5)).unwrap();
        fs::create_dir(path(run.path(), 10)).unwrap();
        assert!(matches!(save(run.path(), &state(10)), Err(TrainError::Save { .. })));
        assert_eq!(load_newest(run.path(), &tiny()).unwrap().unwrap().0, state(5));
    }
}
