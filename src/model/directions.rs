//! Latent directions of a model: how its latents move to change one attribute of the face.
//!
//! A model file may hold them beside its networks: a tensor `direction.NAME` of the latent's length for each, and the
//! names in order in the metadata key `directions`. They change no picture, so a file with directions counts as the same
//! model as the file without: `networks_sha256` in the metadata is the SHA-256 of that file.

use std::collections::BTreeMap;
use std::path::Path;

use super::weight_file::{WeightTensors, write_model};
use super::{ModelError, ModelFile, ModelInfo, WeightTensor};
use crate::fs::Overwrite;

/// Prefix of the tensor names.
const TENSOR_PREFIX: &str = "direction.";
/// Metadata: the names, separated by commas.
const NAMES_KEY: &str = "directions";
/// Metadata: SHA-256 of the model file without directions.
const NETWORKS_SHA256_KEY: &str = "networks_sha256";
/// Most directions in a file.
const MAX_DIRECTIONS: usize = 64;
/// Most characters of a name.
const MAX_NAME_LENGTH: usize = 32;

/// A direction in latent space.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentDirection {
    /// For example `smile`.
    pub name: String,
    /// Added to a latent, it moves the attribute by one unit: one standard deviation over the faces that it was computed
    /// from.
    pub vector: Vec<f32>,
}

impl ModelInfo {
    /// The names of the model's directions, in order.
    pub fn direction_names(&self) -> impl Iterator<Item = &str> {
        names(&self.metadata)
    }
}

fn names(metadata: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    metadata.get(NAMES_KEY).into_iter().flat_map(|names| names.split(','))
}

/// Whether a direction can have this name: small letters, digits and hyphens.
#[must_use]
pub fn is_direction_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_NAME_LENGTH).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// Takes the tensors of directions out of the shapes of a file, and checks them.
pub(super) fn take_direction_shapes(
    metadata: &BTreeMap<String, String>,
    latent_dim: usize,
    shapes: &mut BTreeMap<String, Vec<usize>>,
) -> Result<(), ModelError> {
    let mut count = 0;
    for name in names(metadata) {
        count += 1;
        if !is_direction_name(name) || count > MAX_DIRECTIONS {
            let expected = "use at most 64 names of small letters, digits and hyphens, separated by commas";
            return Err(ModelError::Metadata { key: NAMES_KEY, found: name.to_string(), expected });
        }
        let tensor = format!("{TENSOR_PREFIX}{name}");
        match shapes.remove(&tensor) {
            None => return Err(ModelError::MissingTensor { name: tensor }),
            Some(found) if found != [latent_dim] => {
                return Err(ModelError::Shape { name: tensor, found, expected: vec![latent_dim] });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Takes the directions out of the tensors of a checked file.
pub(super) fn take_directions(
    metadata: &BTreeMap<String, String>,
    tensors: &mut WeightTensors,
) -> Result<Vec<LatentDirection>, ModelError> {
    let take = |name: &str| {
        let tensor = format!("{TENSOR_PREFIX}{name}");
        let WeightTensor { values, .. } = tensors.remove(&tensor).ok_or(ModelError::MissingTensor { name: tensor })?;
        Ok(LatentDirection { name: name.to_string(), vector: values })
    };
    names(metadata).map(take).collect()
}

/// The SHA-256 that identifies the networks of a file: its own, or that of the file before it got directions.
pub(super) fn networks_sha256(metadata: &BTreeMap<String, String>, file_sha256: String) -> String {
    let is_hash =
        |text: &&String| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let of_networks = metadata.get(NETWORKS_SHA256_KEY).filter(|_| metadata.contains_key(NAMES_KEY));
    of_networks.filter(is_hash).cloned().unwrap_or(file_sha256)
}

/// Writes a model with these directions instead of its own. `notes` describe them, as metadata.
///
/// # Errors
/// When the file cannot be written.
pub fn write_with_directions(
    file: &ModelFile,
    directions: &[LatentDirection],
    notes: &BTreeMap<String, String>,
    path: &Path,
    overwrite: Overwrite,
) -> Result<ModelInfo, ModelError> {
    let (mut tensors, mut metadata) = (file.tensors().clone(), file.info.metadata.clone());
    metadata.extend(notes.clone());
    if directions.is_empty() {
        metadata.remove(NAMES_KEY);
    } else {
        let names: Vec<&str> = directions.iter().map(|direction| direction.name.as_str()).collect();
        metadata.insert(NAMES_KEY.to_string(), names.join(","));
        metadata.insert(NETWORKS_SHA256_KEY.to_string(), file.info.sha256.clone());
    }
    for LatentDirection { name, vector } in directions {
        let tensor = WeightTensor { shape: vec![vector.len()], values: vector.clone() };
        tensors.insert(format!("{TENSOR_PREFIX}{name}"), tensor);
    }
    write_model(path, &tensors, &metadata, file.precision(), overwrite)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TINY_MODEL;
    use crate::model::weight_file::{StoragePrecision, serialize_safetensors};

    fn direction(name: &str, value: f32) -> LatentDirection {
        LatentDirection { name: name.to_string(), vector: vec![value; 8] }
    }

    fn tiny() -> ModelFile {
        ModelFile::parse("tiny", TINY_MODEL).unwrap()
    }

    #[test]
    fn directions_travel_in_the_file_and_keep_the_model() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny.safetensors");
        let directions = [direction("smile", 0.25), direction("age", -0.5)];
        let notes = BTreeMap::from([("directions_data".to_string(), "three faces".to_string())]);
        write_with_directions(&tiny(), &directions, &notes, &path, Overwrite::Refuse).unwrap();
        let read = ModelFile::parse("tiny", &std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(read.directions, directions);
        assert_eq!(read.info.direction_names().collect::<Vec<_>>(), ["smile", "age"]);
        assert_eq!(read.info.sha256, tiny().info.sha256, "fills of both are the same");
        assert!(read.tensors() == tiny().tensors() && read.info.metadata["directions_data"] == "three faces");

        // New directions replace them, and the model stays the same one.
        write_with_directions(&read, &directions[..1], &notes, &path, Overwrite::Allow).unwrap();
        let read = ModelFile::parse("tiny", &std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((read.directions.len(), read.info.sha256), (1, tiny().info.sha256));
    }

    #[test]
    fn malformed_directions_are_refused() {
        let refused = |names: &str, tensors: &[(&str, usize)]| {
            let (mut weights, mut metadata) = (tiny().tensors().clone(), tiny().info.metadata);
            metadata.insert(NAMES_KEY.to_string(), names.to_string());
            for (name, length) in tensors {
                let tensor = WeightTensor { shape: vec![*length], values: vec![0.0; *length] };
                weights.insert((*name).to_string(), tensor);
            }
            let bytes = serialize_safetensors(&weights, &metadata, StoragePrecision::Half).unwrap();
            ModelFile::parse("tiny", &bytes).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(refused("smile", &[("direction.smile", 8)]), "");
        insta::assert_snapshot!(refused("smile", &[]), @"the model has no tensor direction.smile");
        insta::assert_snapshot!(refused("smile", &[("direction.smile", 7)]), @"the model's tensor direction.smile has shape [7] where [8] is needed");
        insta::assert_snapshot!(refused("smile", &[("direction.smile", 8), ("direction.age", 8)]), @"the model has a tensor direction.age that does not belong there");
        insta::assert_snapshot!(refused("smile,,age", &[("direction.smile", 8)]), @"the model's metadata says directions = : use at most 64 names of small letters, digits and hyphens, separated by commas");
        assert!(refused("smile,smile", &[("direction.smile", 8)]).contains("no tensor"));
    }
}
