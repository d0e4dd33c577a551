//! The networks and their weight files.
//!
//! One `.safetensors` file holds a generator, and optionally a discriminator and an encoder (DCGAN, Radford et al.
//! 2016, arXiv 1511.06434). `BatchNorm` is already folded into the convolutions, so no result depends on the batch.
//! Pictures are `[batch, size, size, 3]`, RGB in [-1, 1]; latents are `[batch, latent_dim]` in [-1, 1].

mod architecture;
mod batch_norm;
pub mod completion;
pub mod cpu;
mod directions;
pub mod gpu;
mod networks;
pub(crate) mod plan;
pub mod pytorch;
pub mod weight_file;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

pub use architecture::Architecture;
pub use batch_norm::{BATCH_NORM_EPSILON, BatchNorm, OutputAxis};
pub use directions::{LatentDirection, is_direction_name, write_with_directions};
pub(crate) use networks::read_values;
pub use networks::{NetworkBackend, Networks};
pub use plan::{Activation, LayerKind, LayerPlan, NetworkPlan, NetworkRole};
pub use weight_file::{ModelError, ModelFile, WeightTensor};

/// Name and bytes of a model file that is embedded in the binary.
type EmbeddedModel = (&'static str, &'static [u8]);

static FACE_128: EmbeddedModel = ("face-128", include_bytes!("../../models/face-128.safetensors"));
static FACE_64: EmbeddedModel = ("face-64", include_bytes!("../../models/face-64.safetensors"));

/// Which model to use. Two models are embedded in the binary, so a bare executable works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Option<PathBuf>", into = "Option<PathBuf>")]
pub enum ModelChoice {
    /// Built in: faces of 128×128 pixels.
    #[default]
    Face128,
    /// Built in: faces of 64×64 pixels, about twice as fast.
    Face64,
    /// A `.safetensors` file.
    File(PathBuf),
}

impl ModelChoice {
    /// The built-in models, the default first.
    pub const BUILT_IN: [Self; 2] = [Self::Face128, Self::Face64];

    fn embedded_model(&self) -> Option<EmbeddedModel> {
        match self {
            Self::Face128 => Some(FACE_128),
            Self::Face64 => Some(FACE_64),
            Self::File(_) => None,
        }
    }

    /// The name of a built-in model; `None` for a file.
    #[must_use]
    pub fn built_in_name(&self) -> Option<&'static str> {
        self.embedded_model().map(|(name, _)| name)
    }

    /// The built-in model with this [SHA-256](ModelInfo::sha256).
    #[must_use]
    pub fn built_in_by_sha256(sha256: &str) -> Option<Self> {
        Self::BUILT_IN.into_iter().find(|choice| inspect(choice).is_ok_and(|info| info.sha256 == sha256))
    }

    /// The built-in model with this name.
    #[must_use]
    pub fn built_in_by_name(name: &Path) -> Option<Self> {
        Self::BUILT_IN.into_iter().find(|choice| choice.built_in_name().map(Path::new) == Some(name))
    }
}

/// The form that settings and projects save: a file's path or a built-in model's name; `None` for the default.
impl From<ModelChoice> for Option<PathBuf> {
    fn from(choice: ModelChoice) -> Self {
        match choice {
            ModelChoice::File(path) => Some(path),
            built_in if built_in == ModelChoice::default() => None,
            built_in => built_in.built_in_name().map(PathBuf::from),
        }
    }
}

impl From<Option<PathBuf>> for ModelChoice {
    fn from(saved: Option<PathBuf>) -> Self {
        saved.map_or_else(Self::default, |path| Self::built_in_by_name(&path).unwrap_or(Self::File(path)))
    }
}

/// Description of a model file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The built-in model's name, or the file stem.
    pub name: String,
    /// SHA-256 of the file, hexadecimal; without its directions, which change no picture.
    pub sha256: String,
    /// Side of the crop in pixels.
    pub image_size_px: u32,
    pub latent_dim: usize,
    pub has_discriminator: bool,
    pub has_encoder: bool,
    /// The file's metadata.
    pub metadata: BTreeMap<String, String>,
}

/// Reads and checks a whole model file.
///
/// # Errors
/// When the file cannot be read or is not a model. The message names the first problem.
pub fn load(choice: &ModelChoice) -> Result<ModelFile, ModelError> {
    let (name, bytes) = read_model_bytes(choice)?;
    ModelFile::parse(&name, &bytes)
}

/// Reads the description of a model file and checks its tensor names and shapes. Only [`load`] checks the values. A
/// built-in model is read only once.
///
/// # Errors
/// As [`load`].
pub fn inspect(choice: &ModelChoice) -> Result<ModelInfo, ModelError> {
    static BUILT_IN: [OnceLock<ModelInfo>; ModelChoice::BUILT_IN.len()] =
        [const { OnceLock::new() }; ModelChoice::BUILT_IN.len()];
    let known = ModelChoice::BUILT_IN.iter().zip(&BUILT_IN).find(|(built_in, _)| *built_in == choice);
    if let Some(info) = known.and_then(|(_, info)| info.get()) {
        return Ok(info.clone());
    }
    let (name, bytes) = read_model_bytes(choice)?;
    let (info, ..) = ModelFile::parse_header(&name, &bytes)?;
    if let Some((_, known)) = known {
        // Another thread may have been faster, with the same description.
        let _ = known.set(info.clone());
    }
    Ok(info)
}

fn read_model_bytes(choice: &ModelChoice) -> Result<(Cow<'static, str>, Cow<'static, [u8]>), ModelError> {
    let borrow = |(name, bytes): EmbeddedModel| (name.into(), bytes.into());
    Ok(match choice {
        ModelChoice::Face128 => borrow(FACE_128),
        ModelChoice::Face64 => borrow(FACE_64),
        ModelChoice::File(path) => {
            let bytes = std::fs::read(path).map_err(|source| ModelError::Read { path: path.clone(), source })?;
            let name = path.file_stem().map_or_else(|| "model".into(), |stem| stem.to_string_lossy().into_owned());
            (name.into(), bytes.into())
        }
    })
}

/// Model files in the `models/` folders of the working folder and of the program's folder, sorted. Files named like a
/// built-in model are left out.
#[must_use]
pub fn find_models() -> Vec<PathBuf> {
    let program_folder = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("models")));
    let mut paths: Vec<PathBuf> = [Some(PathBuf::from("models")), program_folder]
        .into_iter()
        .flatten()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_external_model_file(path))
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

fn is_external_model_file(path: &Path) -> bool {
    let is_built_in = path.file_stem().is_some_and(|stem| ModelChoice::built_in_by_name(Path::new(stem)).is_some());
    !is_built_in && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"))
}

/// A tiny model with random weights, for tests (see `assets/fixtures`).
#[cfg(test)]
pub(crate) const TINY_MODEL: &[u8] = include_bytes!("../../assets/fixtures/tiny-16.safetensors");
