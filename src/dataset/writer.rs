//! Writes a dataset picture by picture.

use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde_json::json;

use super::{CHANNELS, DatasetError, DatasetInfo, FORMAT, MAX_SIZE_PX, TENSOR_NAME, picture_bytes};
use crate::fs::{AtomicFile, Overwrite};

/// The header is padded to a multiple of this many bytes, which aligns the pictures.
const ALIGNMENT: usize = 8;

/// Readers of the format accept headers up to 100 MB, but a source or licence text longer than this is a mistake.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// Writes a dataset. The file appears under its name in [`finish`](Self::finish). Dropping the writer leaves no file.
pub struct FaceDatasetWriter {
    file: BufWriter<AtomicFile>,
    /// Bytes reserved for the header, without the eight bytes of its length.
    reserved_header_bytes: usize,
    size_px: u32,
    info: DatasetInfo,
    count: usize,
}

impl FaceDatasetWriter {
    /// Creates a dataset for pictures of one size.
    ///
    /// # Errors
    /// When the size is out of range, the header would be too long, or the file cannot be written.
    pub fn create(path: &Path, size_px: u32, info: DatasetInfo, overwrite: Overwrite) -> Result<Self, DatasetError> {
        if !(1..=MAX_SIZE_PX).contains(&size_px) {
            return Err(DatasetError::SizeOutOfRange { size_px });
        }
        // Reserves the longest possible header. Readers compute sizes in bits, which limits the number of pictures.
        let max_count = usize::MAX / 8 / picture_bytes(size_px);
        let reserved_header_bytes = header_json(max_count, size_px, &info)?.len().next_multiple_of(ALIGNMENT);
        let mut file = BufWriter::with_capacity(1 << 20, AtomicFile::create(path, overwrite)?);
        let reserved = file.write_all(&vec![b' '; size_of::<u64>() + reserved_header_bytes]);
        reserved.map_err(|source| file.get_ref().error_from_io(source))?;
        Ok(Self { file, reserved_header_bytes, size_px, info, count: 0 })
    }

    /// Adds a picture: `[size, size, 3]`, RGB, row by row.
    ///
    /// # Errors
    /// When the picture has another size, or the file cannot be written.
    pub fn push(&mut self, rgb: &[u8]) -> Result<(), DatasetError> {
        if rgb.len() != picture_bytes(self.size_px) {
            return Err(DatasetError::WrongPictureSize { found: rgb.len(), size_px: self.size_px });
        }
        self.file.write_all(rgb).map_err(|source| self.file.get_ref().error_from_io(source))?;
        self.count += 1;
        Ok(())
    }

    /// Writes the header and gives the file its name. Returns the number of pictures.
    ///
    /// # Errors
    /// When the file cannot be written, or a file of this name has appeared and must not be replaced.
    pub fn finish(mut self) -> Result<usize, DatasetError> {
        let mut text = header_json(self.count, self.size_px, &self.info)?;
        text.resize(self.reserved_header_bytes, b' ');
        let length = (self.reserved_header_bytes as u64).to_le_bytes();
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| {
            self.file.write_all(&length)?;
            self.file.write_all(&text)?;
            self.file.flush()
        });
        written.map_err(|source| self.file.get_ref().error_from_io(source))?;
        let (file, _) = self.file.into_parts();
        file.commit()?;
        Ok(self.count)
    }
}

/// The JSON header of a dataset with `count` pictures.
fn header_json(count: usize, size_px: u32, info: &DatasetInfo) -> Result<Vec<u8>, DatasetError> {
    let mut metadata = json!({ "format": FORMAT, "image_size": size_px.to_string(), "source": info.source });
    if let Some(licence) = &info.licence {
        metadata["licence"] = json!(licence);
    }
    let shape = [count, size_px as usize, size_px as usize, CHANNELS];
    let tensor = json!({ "dtype": "U8", "shape": shape, "data_offsets": [0, count * picture_bytes(size_px)] });
    let text = json!({ "__metadata__": metadata, TENSOR_NAME: tensor }).to_string();
    if text.len() > MAX_HEADER_BYTES {
        return Err(DatasetError::HeaderTooLong { length: text.len() });
    }
    Ok(text.into_bytes())
}
