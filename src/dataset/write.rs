//! Writes a dataset picture by picture.

use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde_json::json;

use super::{About, CHANNELS, DatasetError, FORMAT, MAX_SIZE_PX, TENSOR, picture_bytes};
use crate::photo::{NewFile, Overwrite};

/// The header is padded to a multiple of this many bytes, which aligns the pictures.
const ALIGNMENT: usize = 8;

/// Readers of the format accept headers up to 100 MB. A longer description than this is a mistake.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// Writes a dataset. The file appears under its name in [`finish`](Self::finish). Dropping the writer leaves no file.
pub struct FacesWriter {
    file: BufWriter<NewFile>,
    /// Bytes reserved for the header, without the eight bytes of its length.
    room: usize,
    size_px: u32,
    about: About,
    count: usize,
}

impl FacesWriter {
    /// Creates a dataset for pictures of one size.
    ///
    /// # Errors
    /// When the size is out of range, the header would be too long, or the file cannot be written.
    pub fn create(path: &Path, size_px: u32, about: About, overwrite: Overwrite) -> Result<Self, DatasetError> {
        if !(1..=MAX_SIZE_PX).contains(&size_px) {
            return Err(DatasetError::Side { size_px });
        }
        // Reserves the longest possible header. Readers count bits, which limits the number of pictures.
        let most = usize::MAX / 8 / picture_bytes(size_px);
        let room = header(most, size_px, &about)?.len().next_multiple_of(ALIGNMENT);
        let mut file = BufWriter::with_capacity(1 << 20, NewFile::create(path, overwrite)?);
        let begun = file.write_all(&vec![b' '; size_of::<u64>() + room]);
        begun.map_err(|source| file.get_ref().failed(source))?;
        Ok(Self { file, room, size_px, about, count: 0 })
    }

    /// Adds a picture: `[size, size, 3]`, RGB, row by row.
    ///
    /// # Errors
    /// When the picture has another size, or the file cannot be written.
    pub fn push(&mut self, rgb: &[u8]) -> Result<(), DatasetError> {
        if rgb.len() != picture_bytes(self.size_px) {
            return Err(DatasetError::PictureSize { found: rgb.len(), size_px: self.size_px });
        }
        self.file.write_all(rgb).map_err(|source| self.file.get_ref().failed(source))?;
        self.count += 1;
        Ok(())
    }

    /// Writes the header and gives the file its name. Returns the number of pictures.
    ///
    /// # Errors
    /// When the file cannot be written, or a file of this name has appeared and must not be replaced.
    pub fn finish(mut self) -> Result<usize, DatasetError> {
        let mut text = header(self.count, self.size_px, &self.about)?;
        text.resize(self.room, b' ');
        let length = (self.room as u64).to_le_bytes();
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| {
            self.file.write_all(&length)?;
            self.file.write_all(&text)?;
            self.file.flush()
        });
        written.map_err(|source| self.file.get_ref().failed(source))?;
        let (file, _) = self.file.into_parts();
        file.finish()?;
        Ok(self.count)
    }
}

/// The JSON header of a dataset with `count` pictures.
fn header(count: usize, size_px: u32, about: &About) -> Result<Vec<u8>, DatasetError> {
    let mut metadata = json!({ "format": FORMAT, "image_size": size_px.to_string(), "source": about.source });
    if let Some(licence) = &about.licence {
        metadata["licence"] = json!(licence);
    }
    let shape = [count, size_px as usize, size_px as usize, CHANNELS];
    let tensor = json!({ "dtype": "U8", "shape": shape, "data_offsets": [0, count * picture_bytes(size_px)] });
    let text = json!({ "__metadata__": metadata, TENSOR: tensor }).to_string();
    if text.len() > MAX_HEADER_BYTES {
        return Err(DatasetError::Header { length: text.len() });
    }
    Ok(text.into_bytes())
}
