//! Access to the directories of an EXIF block. Every access is checked, because offsets come from the file.

/// Size of an entry: tag, type, count, value.
const ENTRY_BYTES: usize = 12;

const SHORT: u16 = 3;
const RATIONAL: u16 = 5;

/// A block whose byte order is known.
pub(super) struct TiffBlock<'a> {
    pub bytes: &'a mut [u8],
    is_big_endian: bool,
}

impl<'a> TiffBlock<'a> {
    /// `None` when the block does not start as a TIFF file.
    pub fn new(bytes: &'a mut [u8]) -> Option<Self> {
        let is_big_endian = match bytes.get(..4)? {
            b"II\x2A\0" => false,
            b"MM\0\x2A" => true,
            _ => return None,
        };
        Some(Self { bytes, is_big_endian })
    }

    pub fn u16_at(&self, offset: usize) -> Option<u16> {
        let bytes = self.bytes.get(offset..offset.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    /// Reads an offset or a length.
    pub fn u32_at(&self, offset: usize) -> Option<usize> {
        let bytes = self.bytes.get(offset..offset.checked_add(4)?)?.try_into().ok()?;
        let value = if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        usize::try_from(value).ok()
    }

    pub fn first_directory(&self) -> Option<usize> {
        self.u32_at(4)
    }

    /// Where a directory keeps the offset of the next one.
    pub fn link(&self, directory: usize) -> Option<usize> {
        Some(directory + 2 + self.entries(directory)?.count() * ENTRY_BYTES)
    }

    /// Offset of each entry of a directory.
    pub fn entries(&self, directory: usize) -> Option<impl Iterator<Item = usize> + use<>> {
        let count = usize::from(self.u16_at(directory)?);
        let first = directory.checked_add(2)?;
        let last = first.checked_add(count * ENTRY_BYTES)?;
        (last <= self.bytes.len()).then(|| (first..last).step_by(ENTRY_BYTES))
    }

    /// Offset of the entry of a tag.
    pub fn entry(&self, directory: usize, tag: u16) -> Option<usize> {
        self.entries(directory)?.find(|&offset| self.u16_at(offset) == Some(tag))
    }

    /// The 32-bit value of a tag.
    pub fn u32_value(&self, directory: usize, tag: u16) -> Option<usize> {
        self.u32_at(self.entry(directory, tag)? + 8)
    }

    /// The value of a tag with one 16-bit number.
    pub fn short_value(&self, directory: usize, tag: u16) -> Option<u16> {
        let entry = self.entry(directory, tag)?;
        (self.u16_at(entry + 2)? == SHORT && self.u32_at(entry + 4)? == 1).then(|| self.u16_at(entry + 8))?
    }

    /// The value of a tag with one fraction.
    pub fn rational_value(&self, directory: usize, tag: u16) -> Option<f64> {
        let entry = self.entry(directory, tag)?;
        if self.u16_at(entry + 2)? != RATIONAL {
            return None;
        }
        let at = self.u32_at(entry + 8)?;
        let whole = |value: usize| u32::try_from(value).ok().map(f64::from);
        Some(whole(self.u32_at(at)?)? / whole(self.u32_at(at.checked_add(4)?)?)?)
    }

    /// The numbers of a tag with 16-bit or 32-bit numbers.
    pub fn numbers(&self, directory: usize, tag: u16) -> Option<Vec<usize>> {
        let entry = self.entry(directory, tag)?;
        let bytes = self.value_range(entry)?;
        if self.u16_at(entry + 2)? == SHORT {
            bytes.step_by(2).map(|at| self.u16_at(at).map(usize::from)).collect()
        } else {
            bytes.step_by(4).map(|at| self.u32_at(at)).collect()
        }
    }

    /// Where the values of an entry are. `None` outside of the block, and for unknown types.
    pub fn value_range(&self, entry: usize) -> Option<std::ops::Range<usize>> {
        let value_bytes = match self.u16_at(entry + 2)? {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        };
        let length = self.u32_at(entry + 4)?.checked_mul(value_bytes)?;
        let start = if length <= 4 { entry + 8 } else { self.u32_at(entry + 8)? };
        let end = start.checked_add(length)?;
        (end <= self.bytes.len()).then_some(start..end)
    }

    /// Sets the value of a tag with one 16-bit number.
    pub fn set_short_value(&mut self, directory: usize, tag: u16, value: u16) -> Option<()> {
        self.short_value(directory, tag)?;
        let at = self.entry(directory, tag)? + 8;
        let value = if self.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        self.bytes.get_mut(at..at + 2)?.copy_from_slice(&value);
        Some(())
    }

    /// Lowers the count of a tag's values, of which those that remain do not fit into the entry itself.
    pub fn set_count(&mut self, directory: usize, tag: u16, count: u32) -> Option<()> {
        let at = self.entry(directory, tag)? + 4;
        if self.u32_at(at)? <= usize::try_from(count).ok()? {
            return None;
        }
        let count = if self.is_big_endian { count.to_be_bytes() } else { count.to_le_bytes() };
        self.bytes.get_mut(at..at + 4)?.copy_from_slice(&count);
        Some(())
    }

    /// Unlinks the second directory, which only describes the thumbnail (section 4.5.2).
    pub fn unlink_second_directory(&mut self) -> Option<()> {
        let link = self.link(self.first_directory()?)?;
        self.bytes.get_mut(link..link + 4)?.fill(0);
        Some(())
    }

    /// Swaps two entries, except their tags.
    pub fn swap_entries(&mut self, directory: usize, one: u16, other: u16) -> Option<()> {
        let (one, other) = (self.entry(directory, one)?, self.entry(directory, other)?);
        for offset in 2..ENTRY_BYTES {
            self.bytes.swap(one + offset, other + offset);
        }
        Some(())
    }
}
