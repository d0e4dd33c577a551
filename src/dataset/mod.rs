//! Faces to train on: many aligned pictures of one size, packed in one file.
//!
//! A `.safetensors` file holds one tensor `faces`, U8 `[count, size, size, 3]`, RGB. It is read through the page cache
//! ([`Faces`]), so that a dataset larger than the memory can be trained on and opening one takes no time, and written
//! picture by picture ([`FacesWriter`]), so that nobody needs to know their number beforehand.
//!
//! What would surprise: the header is written last. Room is left for it in front, and what it does not need is filled
//! with spaces, as the format allows.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::PathBuf;

use crate::photo::SaveError;

pub use read::Faces;
pub use write::FacesWriter;

/// The value of the metadata key `format`.
const FORMAT: &str = "countenance-faces-1";
/// The one tensor.
const TENSOR: &str = "faces";
/// Bytes of a pixel.
const CHANNELS: usize = 3;
/// Largest side of a picture in pixels: no generator here draws more.
const MAX_SIZE_PX: u32 = 256;

/// Where the faces come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Free text.
    pub source: String,
    /// Of the pictures, where it is known.
    pub licence: Option<String>,
}

/// Why a dataset cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error("cannot read the dataset {path}: check that the file exists and can be read", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is no dataset ({reason}): make one with `countenance prepare`", path = path.display())]
    NotADataset { path: PathBuf, reason: String },
    #[error("the dataset {path} is cut short or was added to: copy it again, or prepare it again", path = path.display())]
    CutShort { path: PathBuf },
    #[error(
        "{path} holds {found} where a tensor {TENSOR} of type U8 and shape [count, size, size, 3] is needed: make a \
         dataset with `countenance prepare`",
        path = path.display()
    )]
    Tensor { path: PathBuf, found: String },
    #[error("the metadata of {path} says image_size = {found}, the pictures are {size_px} pixels wide: prepare it again", path = path.display())]
    ImageSize { path: PathBuf, found: String, size_px: usize },
    #[error("the dataset {path} holds no faces: prepare it again from more photos", path = path.display())]
    NoFaces { path: PathBuf },
    #[error("a picture of {found} bytes does not fit a dataset of pictures of {size_px}×{size_px} pixels")]
    PictureSize { found: usize, size_px: u32 },
    #[error("pictures of {size_px} pixels cannot be packed: use 1 to {MAX_SIZE_PX}")]
    Side { size_px: u32 },
    #[error("the description of the dataset is too long ({length} bytes): shorten source and licence")]
    Header { length: usize },
    #[error(transparent)]
    Save(#[from] SaveError),
}

/// Bytes of one picture.
fn picture_bytes(size_px: u32) -> usize {
    size_px as usize * size_px as usize * CHANNELS
}
