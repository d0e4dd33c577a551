//! What must hold for model files, checkpoints of `PyTorch` and datasets.

use super::scratch;
use crate::dataset::FaceDataset;
use crate::fs::Overwrite;
use crate::model::cpu::{CpuActivations, CpuNetworks, CpuPrecision, LoadMode};
use crate::model::pytorch::{SourcePrior, import};
use crate::model::weight_file::{StoragePrecision, write_model};
use crate::model::{ModelError, ModelFile};

/// Networks with more work than this are not run: a step would take long.
const MAX_FLOP: usize = 20_000_000;

/// A model that opens can be run: its networks draw, score and encode pictures.
pub fn model(bytes: &[u8]) {
    match ModelFile::parse("fuzz", bytes) {
        Ok(file) => run_networks(&file),
        Err(error) => drop(error.to_string()),
    }
}

fn run_networks(file: &ModelFile) {
    if file.architecture.flop_per_step() > MAX_FLOP {
        return;
    }
    for mode in [LoadMode::Direct, LoadMode::Optimized(CpuPrecision::fastest())] {
        let networks = CpuNetworks::load(file, mode).expect("an opened model can be loaded");
        let mut activations = CpuActivations::default();
        let area = file.info.image_size_px as usize * file.info.image_size_px as usize;
        let pictures = networks.generate(2, &vec![0.5; 2 * file.info.latent_dim], &mut activations);
        assert_eq!(pictures.len(), 2 * 3 * area);
        assert!(pictures.iter().all(|value| value.is_nan() || value.abs() <= 1.0), "a picture beyond [-1, 1]");
        let logits = networks.discriminate(2, &pictures, &mut activations);
        assert_eq!(logits.as_ref().map(Vec::len), file.info.has_discriminator.then_some(2));
        let latents = networks.encode(2, &pictures, &vec![1.0; 2 * area]);
        assert_eq!(latents.map(|latents| latents.len()), file.info.has_encoder.then_some(2 * file.info.latent_dim));
        if !matches!(mode, LoadMode::Direct) {
            let logits = logits.unwrap_or_default();
            let from_logits = networks.discriminate_backward(&logits, &mut activations);
            let mut gradient = from_logits.unwrap_or_else(|| vec![1.0; pictures.len()]);
            let gradient = networks.generate_backward(2, &pictures, &mut gradient, &mut activations);
            assert_eq!(gradient.len(), 2 * file.info.latent_dim);
        }
    }
}

/// A checkpoint that can be imported gives a model that opens, unless a number is too large.
pub fn pytorch(bytes: &[u8]) {
    let path = scratch::write("checkpoint.pth", bytes);
    let imported = match import(&path, SourcePrior::Normal) {
        Ok(imported) => imported,
        Err(error) => return drop(error.to_string()),
    };
    let path = scratch::path("imported.safetensors");
    match write_model(&path, &imported.tensors, &imported.metadata, StoragePrecision::Single, Overwrite::Allow) {
        Ok(_) | Err(ModelError::NotFinite { .. }) => {}
        Err(error) => panic!("an imported model does not open: {error}"),
    }
}

/// The pictures of a dataset that opens can be read.
pub fn dataset(bytes: &[u8]) {
    match FaceDataset::open(&scratch::write("faces.safetensors", bytes)) {
        Ok(faces) => {
            let length = 3 * faces.size_px() as usize * faces.size_px() as usize;
            assert_eq!([faces.picture(0).len(), faces.picture(faces.len() - 1).len()], [length; 2]);
        }
        Err(error) => drop(error.to_string()),
    }
}
