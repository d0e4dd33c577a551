//! Reads a dataset through a memory map.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;
use safetensors::tensor::{Dtype, Metadata};
use safetensors::{SafeTensorError, SafeTensors};

use super::{CHANNELS, DatasetError, FORMAT, MAX_SIZE_PX, TENSOR_NAME, picture_bytes};

/// A memory-mapped dataset of aligned faces of one size. The system loads pictures from the disk when they are
/// accessed.
#[derive(Debug)]
pub struct FaceDataset {
    map: Mmap,
    /// Byte range of the pictures in the file.
    pictures: Range<usize>,
    count: usize,
    size_px: u32,
}

impl FaceDataset {
    /// Opens a dataset and checks its header and length.
    ///
    /// # Errors
    /// When the file cannot be read, is not a dataset, is truncated, or holds no face.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let read_error = |source| DatasetError::Read { path: path.into(), source };
        let file = File::open(path).map_err(read_error)?;
        if file.metadata().map_err(read_error)?.is_dir() {
            let reason = "it is a folder".to_string();
            return Err(DatasetError::NotADataset { path: path.into(), reason });
        }
        let map = memory_map(&file).map_err(read_error)?;
        let (header_length, header) = SafeTensors::read_metadata(&map).map_err(|error| match error {
            SafeTensorError::MetadataIncompleteBuffer => DatasetError::Truncated { path: path.into() },
            other => DatasetError::NotADataset { path: path.into(), reason: other.to_string() },
        })?;
        let (count, size_px) = check_header(path, &header)?;
        // The eight bytes before the header hold its length.
        let start = header_length + size_of::<u64>();
        let pictures = start..start + count * picture_bytes(size_px);
        Ok(Self { map, pictures, count, size_px })
    }

    /// Number of faces; never 0.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Side of the pictures in pixels.
    #[must_use]
    pub fn size_px(&self) -> u32 {
        self.size_px
    }

    /// One picture: `[size, size, 3]`, RGB, row by row.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn picture(&self, index: usize) -> &[u8] {
        let length = picture_bytes(self.size_px);
        &self.map[self.pictures.clone()][index * length..][..length]
    }
}

#[expect(unsafe_code, reason = "memory mapping is unsafe")]
fn memory_map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is only read, as bytes, and every byte value is valid. Another program that changes the file
    // would change the pictures. Our own writer never does: it replaces a file by a new one.
    unsafe { Mmap::map(file) }
}

/// Checks the header. Returns the number of pictures and their side in pixels.
fn check_header(path: &Path, header: &Metadata) -> Result<(usize, u32), DatasetError> {
    let metadata = header.metadata().clone().unwrap_or_default();
    let metadata_value = |key: &str| metadata.get(key).map_or("nothing", String::as_str);
    if metadata_value("format") != FORMAT {
        let reason = format!("its metadata says format = {}, not {FORMAT}", metadata_value("format"));
        return Err(DatasetError::NotADataset { path: path.into(), reason });
    }
    let wrong_tensor = |found: String| DatasetError::WrongTensor { path: path.into(), found };
    let names = header.offset_keys();
    let ([name], Some(tensor)) = (names.as_slice(), header.info(TENSOR_NAME)) else {
        return Err(wrong_tensor(if names.is_empty() { "no tensor".into() } else { names.join(", ") }));
    };
    let (count, side) = match tensor.shape[..] {
        [count, height, width, CHANNELS] if height == width && tensor.dtype == Dtype::U8 => (count, height),
        _ => return Err(wrong_tensor(format!("{name} of type {:?} and shape {:?}", tensor.dtype, tensor.shape))),
    };
    if count == 0 {
        return Err(DatasetError::NoFaces { path: path.into() });
    }
    let size_px = u32::try_from(side).ok().filter(|size| (1..=MAX_SIZE_PX).contains(size));
    let size_px = size_px.ok_or_else(|| wrong_tensor(format!("pictures of {side} pixels")))?;
    if metadata_value("image_size") != size_px.to_string() {
        let found = metadata_value("image_size").to_string();
        return Err(DatasetError::WrongImageSize { path: path.into(), found, size_px: side });
    }
    Ok((count, size_px))
}
