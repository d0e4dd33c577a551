use std::collections::HashMap;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::*;
use crate::fs::Overwrite;
use crate::model::{ModelChoice, TINY_MODEL, inspect};

type Parts = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// The tiny model's file with its tensors and metadata changed by `change`.
fn changed(change: impl FnOnce(&mut Parts, &mut HashMap<String, String>)) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(TINY_MODEL).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    let mut tensors: Parts = SafeTensors::deserialize(TINY_MODEL)
        .unwrap()
        .iter()
        .map(|(name, view)| (name.to_string(), (view.dtype(), view.shape().to_vec(), view.data().to_vec())))
        .collect();
    change(&mut tensors, &mut metadata);
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap()));
    serialize(views, Some(metadata)).unwrap()
}

fn error_of(bytes: &[u8]) -> String {
    ModelFile::parse("changed", bytes).err().expect("the file must be refused").to_string()
}

#[test]
fn built_in_models_are_valid() {
    for (choice, sizes) in [(ModelChoice::Face128, (128, 128)), (ModelChoice::Face64, (64, 100))] {
        let info = inspect(&choice).unwrap();
        assert_eq!((info.image_size_px, info.latent_dim), sizes);
        assert_eq!(Some(info.name.as_str()), choice.built_in_name());
        assert!(info.has_discriminator && info.has_encoder);
        assert_eq!(info.sha256.len(), 64);
    }
}

#[test]
fn model_choice_survives_saving() {
    for choice in [ModelChoice::Face128, ModelChoice::Face64, ModelChoice::File("models/tiny.safetensors".into())] {
        let saved: Option<PathBuf> = choice.clone().into();
        assert_eq!(ModelChoice::from(saved), choice);
    }
    assert_eq!(Option::<PathBuf>::from(ModelChoice::Face128), None);
}

#[test]
fn a_model_may_lack_discriminator_and_encoder() {
    let bytes = changed(|tensors, _| tensors.retain(|name, _| name.starts_with("generator.")));
    let info = ModelFile::parse("generator only", &bytes).unwrap().info;
    assert!(!info.has_discriminator && !info.has_encoder);
}

#[test]
fn f16_weights_are_read_as_f32() {
    let bytes = changed(|tensors, _| {
        let (dtype, _, data) = tensors.get_mut("generator.to_rgb.bias").unwrap();
        *dtype = Dtype::F16;
        *data = [0.5f32, -2.0, 0.0].iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
    });
    let file = ModelFile::parse("half", &bytes).unwrap();
    assert_eq!(file.tensor("generator.to_rgb.bias").unwrap().values, [0.5, -2.0, 0.0]);
}

#[test]
fn a_truncated_file_is_refused() {
    for length in [0, 4, 8, 100, TINY_MODEL.len() / 2, TINY_MODEL.len() - 1] {
        assert!(ModelFile::parse("cut", &TINY_MODEL[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_huge_header_length_is_refused() {
    let mut bytes = TINY_MODEL.to_vec();
    bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(error_of(&bytes).starts_with("the model file is damaged"));
}

#[test]
fn error_names_the_first_problem() {
    insta::assert_snapshot!(
        error_of(&changed(|tensors, _| drop(tensors.remove("generator.up.0.bias")))),
        @"the model has no tensor generator.up.0.bias"
    );
    insta::assert_snapshot!(
        error_of(&changed(|tensors, _| {
            let (_, shape, _) = tensors.get_mut("generator.to_rgb.weight").unwrap();
            shape.swap(0, 1);
        })),
        @"the model's tensor generator.to_rgb.weight has shape [3, 8, 4, 4] where [8, 3, 4, 4] is needed"
    );
    insta::assert_snapshot!(
        error_of(&changed(|tensors, _| {
            let extra = tensors["generator.to_rgb.bias"].clone();
            tensors.insert("generator.extra".into(), extra);
        })),
        @"the model has a tensor generator.extra that does not belong there"
    );
    insta::assert_snapshot!(
        error_of(&changed(|tensors, _| {
            let (_, _, data) = tensors.get_mut("encoder.score.bias").unwrap();
            data[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
        })),
        @"the model's tensor encoder.score.bias holds a value that is not finite (at index 1)"
    );
    insta::assert_snapshot!(
        error_of(&changed(|tensors, _| tensors.get_mut("generator.to_rgb.bias").unwrap().0 = Dtype::I32)),
        @"the model's tensor generator.to_rgb.bias has numbers of type I32: use F16 or F32"
    );
}

#[test]
fn unsupported_metadata_is_refused() {
    let set = |key: &str, value: &str| {
        error_of(&changed(|_, metadata| drop(metadata.insert(key.to_string(), value.to_string()))))
    };
    insta::assert_snapshot!(
        set("format", "other"),
        @"this is not a Countenance model: its metadata has other where format = countenance-gan-1 is needed"
    );
    insta::assert_snapshot!(
        set("image_size", "48"),
        @"the model's metadata says image_size = 48: use a power of two from 16 to 256"
    );
    insta::assert_snapshot!(
        set("batch_norm", "separate"),
        @"the model's metadata says batch_norm = separate: fold BatchNorm into the convolutions first"
    );
    insta::assert_snapshot!(
        set("prior", "normal"),
        @"the model's metadata says prior = normal: this program supports uniform(-1,1)"
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = inspect(&ModelChoice::File("no/such.safetensors".into())).unwrap_err().to_string();
    assert!(error.contains("no/such.safetensors"), "{error}");
}

/// The tiny model.
fn tiny() -> ModelFile {
    ModelFile::parse("tiny", TINY_MODEL).unwrap()
}

#[test]
fn a_written_model_reads_back_and_is_reproducible() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.safetensors");
    let file = tiny();
    let mut metadata = required_metadata(16, file.info.latent_dim);
    metadata.insert("trained_on".into(), "nothing".into());
    let info = write_model(&path, file.tensors(), &metadata, StoragePrecision::Single, Overwrite::Refuse).unwrap();
    let again = crate::model::load(&ModelChoice::File(path.clone())).unwrap();
    assert_eq!(again.tensors(), file.tensors());
    assert_eq!((again.info.name.as_str(), &again.info.metadata), ("again", &metadata));
    assert_eq!(again.info, info);
    let first = std::fs::read(&path).unwrap();
    write_model(&path, file.tensors(), &metadata, StoragePrecision::Single, Overwrite::Allow).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
}

#[test]
fn f16_storage_keeps_four_digits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    let file = tiny();
    write_model(
        &path,
        file.tensors(),
        &required_metadata(16, file.info.latent_dim),
        StoragePrecision::Half,
        Overwrite::Refuse,
    )
    .unwrap();
    let again = crate::model::load(&ModelChoice::File(path)).unwrap();
    for (name, weights) in file.tensors() {
        for (a, b) in weights.values.iter().zip(&again.tensors()[name].values) {
            // Half precision has 11 significant bits; its smallest step is 2^-24.
            assert!((a - b).abs() <= a.abs() / 2048.0 + 6e-8, "{name}: {a} {b}");
        }
    }
}

#[test]
fn an_invalid_model_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.safetensors");
    let file = tiny();
    let refused = |change: &dyn Fn(&mut WeightTensors), precision| {
        let mut tensors = file.tensors().clone();
        change(&mut tensors);
        let error =
            write_model(&path, &tensors, &required_metadata(16, file.info.latent_dim), precision, Overwrite::Allow);
        assert!(!path.exists());
        error.unwrap_err().to_string()
    };
    insta::assert_snapshot!(refused(&|tensors| drop(tensors.remove("generator.up.0.bias")), StoragePrecision::Single), @"the model has no tensor generator.up.0.bias");
    insta::assert_snapshot!(
        refused(&|tensors| tensors.get_mut("generator.to_rgb.bias").unwrap().values[1] = 1e6, StoragePrecision::Half),
        @"the model's tensor generator.to_rgb.bias holds a value that is not finite (at index 1)"
    );
    insta::assert_snapshot!(
        refused(&|tensors| tensors.get_mut("generator.to_rgb.bias").unwrap().values.truncate(2), StoragePrecision::Single),
        @"2 values were given for the tensor generator.to_rgb.bias of shape [3]"
    );
}
