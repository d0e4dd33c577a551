//! The networks and their weight files.

/// Which model file to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// The one inside the program.
    #[default]
    Embedded,
    /// A `.safetensors` file.
    File(std::path::PathBuf),
}

/// What a model file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// `face-64` for the embedded one, else the file's stem.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Side of the crop in pixels.
    pub image_size_px: u32,
    pub latent_dim: usize,
    pub has_discriminator: bool,
    pub has_encoder: bool,
    /// The file's own metadata, by key.
    pub metadata: std::collections::BTreeMap<String, String>,
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("cannot read the model {path}: check that the file exists and can be read", path = path.display())]
    Read { path: std::path::PathBuf, source: std::io::Error },
}

/// Reads what a model file says about itself and checks it, without building the networks.
///
/// # Errors
/// When the file cannot be read, or is not a model; the text names the first thing that is wrong.
pub fn inspect(choice: &ModelChoice) -> Result<ModelInfo, ModelError> {
    let _ = choice;
    unimplemented!()
}

/// Model files beside the program: `models/*.safetensors` of the working folder and of the program's folder.
#[must_use]
pub fn find_models() -> Vec<std::path::PathBuf> {
    unimplemented!()
}
