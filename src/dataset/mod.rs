//! Training datasets: many aligned faces of one size, packed in one file.
//!
//! A dataset is a `.safetensors` file with one tensor `faces`, U8 `[count, size, size, 3]`, RGB. [`FaceDataset`]
//! memory-maps it, so opening is fast and a dataset may be larger than the memory. [`FaceDatasetWriter`] writes picture
//! by picture, so their number need not be known in advance.
//!
//! Note: the header comes first in the file but is written last. Space is reserved for it and padded with space
//! characters, which the format allows.

mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;

use crate::fs::WriteError;

pub use reader::FaceDataset;
#[cfg(test)]
pub(crate) use tests::stored_info;
pub use writer::FaceDatasetWriter;

/// The value of the metadata key `format`.
const FORMAT: &str = "countenance-faces-1";
/// Name of the only tensor.
const TENSOR_NAME: &str = "faces";
/// Channels, and so bytes, of a pixel.
const CHANNELS: usize = 3;
/// Maximum side of a picture in pixels. No generator of this program draws larger ones.
const MAX_SIZE_PX: u32 = 256;

/// Origin of the faces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatasetInfo {
    /// Free text that names the source.
    pub source: String,
    /// Licence of the pictures, if known.
    pub licence: Option<String>,
}

/// Why a dataset cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error("cannot read the dataset {path}: check that the file exists and can be read", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a dataset ({reason}): make one with `countenance prepare`", path = path.display())]
    NotADataset { path: PathBuf, reason: String },
    #[error("the dataset {path} is truncated or has extra bytes: copy it again, or prepare it again", path = path.display())]
    Truncated { path: PathBuf },
    #[error(
        "{path} holds {found}, but a dataset needs one tensor {TENSOR_NAME} of type U8 and shape [count, size, size, 3]: \
         make one with `countenance prepare`",
        path = path.display()
    )]
    WrongTensor { path: PathBuf, found: String },
    #[error("the metadata of {path} says image_size = {found}, but the pictures are {size_px} pixels wide: prepare it again", path = path.display())]
    WrongImageSize { path: PathBuf, found: String, size_px: usize },
    #[error("the dataset {path} holds no faces: prepare it again from more photos", path = path.display())]
    NoFaces { path: PathBuf },
    #[error("a picture of {found} bytes does not fit into a dataset of {size_px}×{size_px} pixels")]
    WrongPictureSize { found: usize, size_px: u32 },
    #[error("a dataset cannot hold pictures of {size_px} pixels: use a size from 1 to {MAX_SIZE_PX}")]
    SizeOutOfRange { size_px: u32 },
    #[error("the header of the dataset is too long ({length} bytes): shorten the source and the licence")]
    HeaderTooLong { length: usize },
    #[error(transparent)]
    Save(#[from] WriteError),
}

/// Bytes of one picture.
fn picture_bytes(size_px: u32) -> usize {
    size_px as usize * size_px as usize * CHANNELS
}
