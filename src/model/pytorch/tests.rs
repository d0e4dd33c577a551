use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;

use super::*;
use crate::fs::Overwrite;
use crate::model::cpu::{CpuActivations, CpuNetworks, LoadMode};
use crate::model::weight_file::{StoragePrecision, WeightTensors, serialize_safetensors};
use crate::model::{ModelFile, TINY_MODEL, WeightTensor};

/// Both implementations compute in f32 and sum up to 128 products of numbers around one, in different orders.
const TOLERANCE: f32 = 2e-5;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures").join(name)
}

/// `PyTorch`'s results: latents `[2, 8]`, pictures `[2, 3, 16, 16]`, logits `[2]`.
fn golden(name: &str) -> Vec<f32> {
    golden_of("dcgan-16-golden.safetensors", name)
}

fn golden_of(file: &str, name: &str) -> Vec<f32> {
    let bytes = std::fs::read(fixture(file)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let data = file.tensor(name).unwrap().data();
    data.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

/// The model file of an imported checkpoint.
fn model(imported: &super::import::ImportedModel) -> ModelFile {
    ModelFile::parse(
        "imported",
        &serialize_safetensors(&imported.tensors, &imported.metadata, StoragePrecision::Single).unwrap(),
    )
    .unwrap()
}

/// The pictures (planar) and logits that a model computes for latents.
fn pictures_and_logits(file: &ModelFile, latents: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let networks = CpuNetworks::load(file, LoadMode::Direct).unwrap();
    let mut activations = CpuActivations::default();
    let pictures = networks.generate(2, latents, &mut activations);
    let logits = networks.discriminate(2, &pictures, &mut activations).unwrap();
    let planes = |picture: &[f32]| -> Vec<f32> {
        (0..3).flat_map(|channel| picture.iter().skip(channel).step_by(3)).copied().collect()
    };
    (pictures.chunks(16 * 16 * 3).flat_map(planes).collect(), logits)
}

fn assert_near(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    let furthest = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(furthest <= tolerance, "{furthest}");
}

#[test]
fn imported_networks_give_pytorchs_pictures_and_logits() {
    let imported = import(&fixture("dcgan-16.pth"), SourcePrior::Uniform).unwrap();
    let file = model(&imported);
    assert_eq!((file.info.image_size_px, file.info.latent_dim, file.info.has_encoder), (16, 8, false));
    let (pictures, logits) = pictures_and_logits(&file, &golden("z"));
    assert_near(&pictures, &golden("pictures"), TOLERANCE);
    // A logit sums 128 such values.
    assert_near(&logits, &golden("logits"), 10.0 * TOLERANCE);
}

/// Files that hold their golden numbers too, which an import must ignore (`assets/fixtures/dcgan_5x5.py`).
const LARGE_KERNELS: [(&str, SourcePrior, usize); 2] = [
    ("dcgan-5x5-pytorch.safetensors", SourcePrior::Normal, 5),
    ("dcgan-5x5-tensorflow.safetensors", SourcePrior::Uniform, 6),
];

#[test]
fn five_by_five_kernels_and_linear_layers_give_the_golden_pictures() {
    for (name, usual_prior, kernel) in LARGE_KERNELS {
        assert_eq!(import(&fixture(name), None).unwrap().prior, usual_prior);
        let file = model(&import(&fixture(name), SourcePrior::Uniform).unwrap());
        assert_eq!((file.info.image_size_px, file.info.latent_dim, file.info.has_discriminator), (16, 6, true));
        let kernels = file.architecture.networks().flat_map(|plan| &plan.layers).map(|layer| layer.kernel.size());
        assert_eq!(kernels.collect::<Vec<_>>(), [4, kernel, kernel, kernel, kernel, 4], "{name}");
        let golden = |part: &str| golden_of(name, &format!("golden.{part}"));
        let (pictures, logits) = pictures_and_logits(&file, &golden("z"));
        assert_near(&pictures, &golden("pictures"), TOLERANCE);
        assert_near(&logits, &golden("logits"), 10.0 * TOLERANCE);
    }
}

/// The same variables as in the safetensors file, written by TensorFlow 2.21.
#[test]
fn a_tensorflow_checkpoint_is_read_by_any_of_its_names() {
    let expected = model(&import(&fixture("dcgan-5x5-tensorflow.safetensors"), None).unwrap());
    for ending in ["", ".index", ".data-00000-of-00001"] {
        let imported = import(&fixture(&format!("dcgan-5x5.model-2{ending}")), None).unwrap();
        assert_eq!(imported.prior, SourcePrior::Uniform);
        assert_eq!(model(&imported).tensors(), expected.tensors());
    }
}

#[test]
fn damaged_tensorflow_checkpoints_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [index, data] = ["index", "data-00000-of-00001"].map(|ending| folder.path().join(format!("model-2.{ending}")));
    let [index_bytes, data_bytes] = ["index", "data-00000-of-00001"]
        .map(|ending| std::fs::read(fixture(&format!("dcgan-5x5.model-2.{ending}"))).unwrap());
    let import = |index_bytes: &[u8], data_bytes: &[u8]| {
        std::fs::write(&index, index_bytes).unwrap();
        std::fs::write(&data, data_bytes).unwrap();
        import(&index, None).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(import(&index_bytes, &data_bytes), Ok(()));
    for at in (0..index_bytes.len()).step_by(5) {
        assert!(import(&index_bytes[..at], &data_bytes).is_err(), "cut at {at}");
        let mut changed = index_bytes.clone();
        changed[at] ^= 0x41;
        // Some bytes are checksums and padding. No other may bring the program down.
        let _ = import(&changed, &data_bytes);
    }
    let mut changed = data_bytes.clone();
    changed[1000] ^= 1;
    assert!(import(&index_bytes, &changed).unwrap_err().contains("its checksum is wrong"));
    assert!(import(&index_bytes, &data_bytes[..5000]).unwrap_err().contains("its values lie outside the file"));
    let first_format = folder.path().join("first.ckpt");
    std::fs::write(&first_format, &index_bytes).unwrap();
    let error = super::import(&first_format, None).unwrap_err().to_string();
    assert!(error.contains("tensorflow_to_safetensors.py"), "{error}");
}

#[test]
fn export_and_import_keep_large_kernels_and_linear_layers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exported.safetensors");
    for (name, ..) in LARGE_KERNELS {
        let file = model(&import(&fixture(name), SourcePrior::Normal).unwrap());
        let exported = export(&file, &path, Overwrite::Allow).unwrap();
        assert_eq!(exported.linear_layers, ["netG.main.0"]);
        let again = model(&import(&path, SourcePrior::Normal).unwrap());
        assert_eq!(again.architecture, file.architecture);
        for (name, weights) in file.tensors() {
            assert_near(&again.tensors()[name].values, &weights.values, 1e-6);
        }
    }
}

#[test]
fn linear_layers_of_other_sizes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, shape: &[usize]| {
        let mut tensors = checkpoint::read(&fixture("dcgan-5x5-pytorch.safetensors")).unwrap();
        tensors.retain(|name, _| name.starts_with("netG."));
        let values = vec![0.0; shape.iter().product()];
        tensors.insert(name.into(), WeightTensor { shape: shape.to_vec(), values });
        let path = folder.path().join("changed.safetensors");
        std::fs::write(&path, serialize_safetensors(&tensors, &BTreeMap::new(), StoragePrecision::Single).unwrap())
            .unwrap();
        import(&path, None).unwrap_err().to_string().lines().next().unwrap().to_string()
    };
    insta::assert_snapshot!(refused("netG.fc.weight", &[512, 6]), @"netG.fc is linear with 6 inputs and 512 outputs: it needs 4×4 pixels of the next convolution's channels as output, or of the previous one's as input");
    insta::assert_snapshot!(refused("netG.fc.bias", &[8]), @"netG.fc.bias does not have 128 values");
}

#[test]
fn import_scales_normal_latents_to_uniform_ones() {
    let file = model(&import(&fixture("dcgan-16.pth"), SourcePrior::Normal).unwrap());
    let latents: Vec<f32> = golden("z").iter().map(|value| value / 3_f32.sqrt()).collect();
    assert!(latents.iter().all(|value| value.abs() <= 1.0), "the fixture's latents are in range");
    assert_near(&pictures_and_logits(&file, &latents).0, &golden("pictures"), TOLERANCE);
    assert_eq!(file.info.metadata["prior"], "uniform(-1,1)");
    assert_eq!(file.info.metadata["source_prior"], "normal");
}

#[test]
fn export_and_import_give_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exported.safetensors");
    for prior in [SourcePrior::Normal, SourcePrior::Uniform] {
        let file = model(&import(&fixture("dcgan-16.pth"), prior).unwrap());
        let exported = export(&file, &path, Overwrite::Allow).unwrap();
        assert_eq!((exported.networks, exported.layers_with_bias.len()), (vec!["netG", "netD"], 0));
        let again = model(&import(&path, prior).unwrap());
        for (name, weights) in file.tensors() {
            assert_near(&again.tensors()[name].values, &weights.values, 1e-6);
        }
    }
    let tiny = ModelFile::parse("tiny", TINY_MODEL).unwrap();
    let exported = export(&tiny, &path, Overwrite::Allow).unwrap();
    assert_eq!(exported.networks, ["netG", "netD", "netE"]);
    let again = model(&import(&path, SourcePrior::Uniform).unwrap());
    assert_eq!(again.architecture, tiny.architecture);
    for (name, weights) in tiny.tensors() {
        assert_near(&again.tensors()[name].values, &weights.values, 1e-6);
    }
}

#[test]
fn exported_names_match_the_pytorch_example() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exported.safetensors");
    export(&model(&import(&fixture("dcgan-16.pth"), SourcePrior::Normal).unwrap()), &path, Overwrite::Refuse).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<_> = file.iter().map(|(name, view)| format!("{name} {:?}", view.shape())).collect();
    names.sort();
    insta::assert_snapshot!(names.join("\n"), @r"
    netD.main.0.weight [4, 3, 4, 4]
    netD.main.2.weight [8, 4, 4, 4]
    netD.main.3.bias [8]
    netD.main.3.running_mean [8]
    netD.main.3.running_var [8]
    netD.main.3.weight [8]
    netD.main.5.weight [1, 8, 4, 4]
    netG.main.0.weight [8, 8, 4, 4]
    netG.main.1.bias [8]
    netG.main.1.running_mean [8]
    netG.main.1.running_var [8]
    netG.main.1.weight [8]
    netG.main.3.weight [8, 4, 4, 4]
    netG.main.4.bias [4]
    netG.main.4.running_mean [4]
    netG.main.4.running_var [4]
    netG.main.4.weight [4]
    netG.main.6.weight [4, 3, 4, 4]
    ");
}

/// A safetensors file in f16 with the checkpoint's parameters changed by `change`.
fn changed(folder: &Path, change: impl FnOnce(WeightTensors) -> WeightTensors) -> PathBuf {
    let path = folder.join("changed.safetensors");
    let tensors = checkpoint::read(&fixture("dcgan-16.pth")).unwrap();
    std::fs::write(&path, serialize_safetensors(&change(tensors), &BTreeMap::new(), StoragePrecision::Half).unwrap())
        .unwrap();
    path
}

/// Renames tensors. Tensors whose new name is `None` are dropped.
fn renamed(tensors: WeightTensors, name: impl Fn(&str) -> Option<String>) -> WeightTensors {
    tensors.into_iter().filter_map(|(old, weights)| Some((name(&old)?, weights))).collect()
}

type Rename<'a> = &'a dyn Fn(&str) -> Option<String>;

#[test]
fn networks_are_found_under_any_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let only_generator = |old: &str| old.strip_prefix("netG.").map(str::to_string);
    let bare = |old: &str| old.strip_prefix("netG.module.").map(str::to_string);
    let deeper = |old: &str| Some(format!("state.models.{}", old.replace("module.", "")));
    let imported = import(&fixture("dcgan-16.pth"), SourcePrior::Normal).unwrap();
    let names: [Rename<'_>; 3] = [&only_generator, &bare, &deeper];
    for (name, has_discriminator) in names.into_iter().zip([false, false, true]) {
        let path = changed(folder.path(), |tensors| renamed(tensors, name));
        let file = model(&import(&path, SourcePrior::Normal).unwrap());
        assert_eq!(file.info.has_discriminator, has_discriminator);
        let (found, expected) = (&file.tensors()["generator.up.0.weight"], &imported.tensors["generator.up.0.weight"]);
        assert_near(&found.values, &expected.values, 2e-3);
    }
}

#[test]
fn other_networks_are_refused_with_their_layers() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(WeightTensors) -> WeightTensors| {
        let path = changed(folder.path(), change);
        let text = import(&path, SourcePrior::Normal).unwrap_err().to_string();
        text.lines().take(2).collect::<Vec<_>>().join("\n")
    };
    let generator =
        |tensors: WeightTensors| renamed(tensors, |old| old.strip_prefix("netG.module.").map(str::to_string));
    let without = |tensors: WeightTensors, name: &str| {
        let mut tensors = generator(tensors);
        tensors.remove(name).unwrap();
        tensors
    };
    let with = |tensors: WeightTensors, name: &str, shape: &[usize]| {
        let mut tensors = generator(tensors);
        let values = vec![0.0; shape.iter().product()];
        tensors.insert(name.into(), WeightTensor { shape: shape.to_vec(), values });
        tensors
    };
    insta::assert_snapshot!(refused(&|tensors| without(tensors, "main.1.running_mean")), @r"
    main.1 has no running_mean: save BatchNorm with affine=True and track_running_stats=True
    found: main.0.weight [8, 8, 4, 4], main.1.weight [8], main.3.weight [8, 4, 4, 4], main.4.weight [4], main.6.weight [4, 3, 4, 4]
    ");
    insta::assert_snapshot!(refused(&|tensors| without(tensors, "main.3.weight")), @r"
    main.6 has 4 input channels, but main.0 has 8 output channels
    found: main.0.weight [8, 8, 4, 4], main.1.weight [8], main.4.weight [4], main.6.weight [4, 3, 4, 4]
    ");
    insta::assert_snapshot!(refused(&|tensors| with(tensors, "main.3.weight", &[8, 5, 4, 4])), @r"
    main.6 has 4 input channels, but main.3 has 5 output channels
    found: main.0.weight [8, 8, 4, 4], main.1.weight [8], main.3.weight [8, 5, 4, 4], main.4.weight [4], main.6.weight [4, 3, 4, 4]
    ");
    insta::assert_snapshot!(refused(&|tensors| with(tensors, "main.3.weight", &[8, 4, 3, 3])), @r"
    main.3.weight has shape [8, 4, 3, 3]: only convolutions of 4×4, 5×5 and 6×6 and linear layers are supported
    found: main.0.weight [8, 8, 4, 4], main.1.weight [8], main.3.weight [8, 4, 3, 3], main.4.weight [4], main.6.weight [4, 3, 4, 4]
    ");
    insta::assert_snapshot!(refused(&|tensors| with(tensors, "main.0.weight", &[8, 8, 5, 5])), @r"
    main.0.weight has shape [8, 8, 5, 5]: between 1 pixel and 4×4 pixels it must be 4×4
    found: main.0.weight [8, 8, 5, 5], main.1.weight [8], main.3.weight [8, 4, 4, 4], main.4.weight [4], main.6.weight [4, 3, 4, 4]
    ");
    insta::assert_snapshot!(refused(&|tensors| with(tensors, "main.6.weight", &[4, 1, 4, 4])), @r"
    the pictures have one channel where three are needed
    found: main.0.weight [8, 8, 4, 4], main.1.weight [8], main.3.weight [8, 4, 4, 4], main.4.weight [4], main.6.weight [4, 1, 4, 4]
    ");
    insta::assert_snapshot!(refused(&|tensors| renamed(tensors, |old| old.strip_prefix("netD.").map(Into::into))), @r"
    there is no generator in this file
    found: module.main.0.weight [4, 3, 4, 4], module.main.2.weight [8, 4, 4, 4], module.main.3.weight [8], module.main.5.weight [1, 8, 4, 4]
    ");
    insta::assert_snapshot!(refused(&|_| WeightTensors::new()), @r"
    there is no generator in this file
    found: no weights
    ");
    insta::assert_snapshot!(
        refused(&|tensors| {
            let more = generator(tensors.clone());
            let more = renamed(more, |old| Some(format!("average.{old}")));
            tensors.into_iter().chain(more).collect()
        }),
        @r"
    there is more than one Generator (netG is the second): save one of each
    found: average.main.0.weight [8, 8, 4, 4], average.main.1.weight [8], average.main.3.weight [8, 4, 4, 4], average.main.4.weight [4], average.main.6.weight [4, 3, 4, 4], netD.module.main.0.weight [4, 3, 4, 4], netD.module.main.2.weight [8, 4, 4, 4], netD.module.main.3.weight [8], netD.module.main.5.weight [1, 8, 4, 4], netG.module.main.0.weight [8, 8, 4, 4], netG.module.main.1.weight [8], netG.module.main.3.weight [8, 4, 4, 4], netG.module.main.4.weight [4], netG.module.main.6.weight [4, 3, 4, 4]
    "
    );
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for bytes in [&b""[..], b"no checkpoint", b"PK\x03\x04 cut", &TINY_MODEL[..200]] {
        std::fs::write(&path, bytes).unwrap();
        let error = import(&path, SourcePrior::Normal).unwrap_err();
        assert!(matches!(error, ImportError::Format { .. } | ImportError::Read { .. }), "{error}");
    }
    assert!(matches!(import(Path::new("no/such.pth"), SourcePrior::Normal), Err(ImportError::Read { .. })));
    let bytes = std::fs::read(fixture("dcgan-16.pth")).unwrap();
    for length in (0..bytes.len()).step_by(997) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(import(&path, SourcePrior::Normal).is_err(), "cut at {length}");
    }
}

#[test]
fn a_model_file_is_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.safetensors");
    std::fs::write(&path, TINY_MODEL).unwrap();
    assert!(matches!(import(&path, SourcePrior::Normal), Err(ImportError::Layout { .. })));
}
