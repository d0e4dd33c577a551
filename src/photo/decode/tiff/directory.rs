//! Reads the directories of a TIFF file: lists of tagged values.
//!
//! Both byte orders, classic files and `BigTIFF`. Every access is checked, because offsets come from the file. Sources:
//! TIFF 6.0 (Adobe 1992), section 2; "The `BigTIFF` File Format" of libtiff.

/// Most entries that are read of one directory. Real ones have fewer than 200; the limit bounds the work on a broken
/// file.
const MAX_ENTRIES: usize = 1024;

/// A TIFF file in memory.
#[derive(Clone, Copy)]
pub(super) struct TiffFile<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) is_big_endian: bool,
    is_big_tiff: bool,
}

/// One directory: the tags of a page, or those that another tag points to.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    entries: Vec<Entry>,
    /// Offset of the next directory of the chain.
    pub(super) next: Option<u64>,
}

/// A tagged list of values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) tag: u16,
    /// The type, as in the file.
    pub(super) kind: u16,
    pub(super) count: u64,
    /// Where the values stand in the file.
    position: usize,
}

/// Types of values.
pub(super) mod kind {
    pub(in super::super) const BYTE: u16 = 1;
    pub(in super::super) const SHORT: u16 = 3;
    pub(in super::super) const LONG: u16 = 4;
    pub(in super::super) const RATIONAL: u16 = 5;
    pub(in super::super) const SRATIONAL: u16 = 10;
    pub(in super::super) const FLOAT: u16 = 11;
    pub(in super::super) const DOUBLE: u16 = 12;
    pub(in super::super) const IFD: u16 = 13;
    pub(in super::super) const LONG8: u16 = 16;
    pub(in super::super) const IFD8: u16 = 18;
}

/// Bytes of one value of a type.
fn value_bytes(kind: u16) -> Option<usize> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => return None,
    })
}

impl Entry {
    /// Bytes of one value.
    pub(super) fn value_bytes(&self) -> Option<usize> {
        value_bytes(self.kind)
    }
}

impl<'a> TiffFile<'a> {
    /// `None` when the file has no TIFF header.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_big_endian = match bytes.get(..2)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let file = Self { bytes, is_big_endian, is_big_tiff: false };
        match file.u16_at(2)? {
            42 => Some(file),
            // The size of an offset, and a zero.
            43 => (file.u16_at(4)? == 8 && file.u16_at(6)? == 0).then_some(Self { is_big_tiff: true, ..file }),
            _ => None,
        }
    }

    pub(super) fn first_directory(&self) -> Option<u64> {
        if self.is_big_tiff { self.u64_at(8) } else { self.u32_at(4).map(u64::from) }
    }

    /// Reads a directory. `None` when it lies outside the file. Entries of unknown type are left out.
    pub(super) fn directory(&self, offset: u64) -> Option<Directory> {
        let offset = usize::try_from(offset).ok().filter(|offset| *offset > 0)?;
        let (count_bytes, entry_bytes) = if self.is_big_tiff { (8, 20) } else { (2, 12) };
        let count = if self.is_big_tiff { self.u64_at(offset)? } else { self.u16_at(offset)?.into() };
        let count = usize::try_from(count).ok()?;
        let first = offset.checked_add(count_bytes)?;
        let end = first.checked_add(count.checked_mul(entry_bytes)?)?;
        let entries = (0..count.min(MAX_ENTRIES)).filter_map(|index| self.entry(first + index * entry_bytes)).collect();
        // Some writers end the file without the last link.
        let next = if self.is_big_tiff { self.u64_at(end) } else { self.u32_at(end).map(u64::from) };
        Some(Directory { entries, next: next.filter(|next| *next > 0) })
    }

    /// The entry at a position. `None` outside the file, and for a value of unknown type.
    fn entry(&self, position: usize) -> Option<Entry> {
        let (tag, kind) = (self.u16_at(position)?, self.u16_at(position + 2)?);
        let (count, field, field_bytes) = if self.is_big_tiff {
            (self.u64_at(position + 4)?, position + 12, 8)
        } else {
            (self.u32_at(position + 4)?.into(), position + 8, 4)
        };
        let offset = if self.is_big_tiff { self.u64_at(field)? } else { self.u32_at(field)?.into() };
        let size = usize::try_from(count).ok()?.checked_mul(value_bytes(kind)?)?;
        let position = if size <= field_bytes { field } else { usize::try_from(offset).ok()? };
        Some(Entry { tag, kind, count, position })
    }

    /// The values of an entry as they are in the file. `None` when they lie outside the file.
    pub(super) fn bytes_of(&self, entry: &Entry) -> Option<&'a [u8]> {
        let size = usize::try_from(entry.count).ok()?.checked_mul(entry.value_bytes()?)?;
        self.bytes.get(entry.position..entry.position.checked_add(size)?)
    }

    /// The values of a tag as they are in the file.
    pub(super) fn tag_bytes(&self, directory: &Directory, tag: u16) -> Option<&'a [u8]> {
        self.bytes_of(directory.entry(tag)?)
    }

    /// The whole numbers of a tag, without a sign.
    pub(super) fn unsigned_list(&self, directory: &Directory, tag: u16) -> Option<Vec<u64>> {
        self.unsigned_values(directory.entry(tag)?)
    }

    /// The first whole numbers of a tag, at most `most`.
    pub(super) fn first_unsigned(&self, directory: &Directory, tag: u16, most: usize) -> Vec<u64> {
        let entry = directory.entry(tag).map(|entry| Entry { count: entry.count.min(most as u64), ..*entry });
        entry.and_then(|entry| self.unsigned_values(&entry)).unwrap_or_default()
    }

    /// The first whole number of a tag.
    pub(super) fn unsigned(&self, directory: &Directory, tag: u16) -> Option<u64> {
        self.first_unsigned(directory, tag, 1).first().copied()
    }

    fn unsigned_values(&self, entry: &Entry) -> Option<Vec<u64>> {
        let bytes = self.bytes_of(entry)?;
        let values = bytes.chunks_exact(entry.value_bytes()?);
        match entry.kind {
            kind::BYTE => Some(bytes.iter().map(|value| u64::from(*value)).collect()),
            kind::SHORT => values.map(|value| self.u16_of(value).map(u64::from)).collect(),
            kind::LONG | kind::IFD => values.map(|value| self.u32_of(value).map(u64::from)).collect(),
            kind::LONG8 | kind::IFD8 => values.map(|value| self.u64_of(value)).collect(),
            _ => None,
        }
    }

    /// The fractions of a tag, or its whole numbers.
    #[expect(clippy::cast_precision_loss, reason = "offsets are not read this way")]
    pub(super) fn number_list(&self, directory: &Directory, tag: u16) -> Option<Vec<f64>> {
        let entry = directory.entry(tag)?;
        let values = self.bytes_of(entry)?.chunks_exact(entry.value_bytes()?);
        let ratio = |numerator: f64, denominator: f64| (denominator != 0.0).then_some(numerator / denominator);
        let halves = |value: &[u8]| Some((self.u32_of(value.get(..4)?)?, self.u32_of(value.get(4..)?)?));
        match entry.kind {
            kind::RATIONAL => {
                values.map(|value| halves(value).and_then(|(one, other)| ratio(one.into(), other.into()))).collect()
            }
            kind::SRATIONAL => values
                .map(|value| {
                    halves(value).and_then(|(one, other)| ratio(one.cast_signed().into(), other.cast_signed().into()))
                })
                .collect(),
            kind::FLOAT => values.map(|value| self.u32_of(value).map(|bits| f32::from_bits(bits).into())).collect(),
            kind::DOUBLE => values.map(|value| self.u64_of(value).map(f64::from_bits)).collect(),
            _ => Some(self.unsigned_list(directory, tag)?.into_iter().map(|value| value as f64).collect()),
        }
    }

    fn u16_of(&self, bytes: &[u8]) -> Option<u16> {
        let bytes = bytes.try_into().ok()?;
        Some(if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32_of(&self, bytes: &[u8]) -> Option<u32> {
        let bytes = bytes.try_into().ok()?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64_of(&self, bytes: &[u8]) -> Option<u64> {
        let bytes = bytes.try_into().ok()?;
        Some(if self.is_big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    fn u16_at(&self, position: usize) -> Option<u16> {
        self.u16_of(self.bytes.get(position..position.checked_add(2)?)?)
    }

    fn u32_at(&self, position: usize) -> Option<u32> {
        self.u32_of(self.bytes.get(position..position.checked_add(4)?)?)
    }

    fn u64_at(&self, position: usize) -> Option<u64> {
        self.u64_of(self.bytes.get(position..position.checked_add(8)?)?)
    }
}

impl Directory {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    pub(super) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }
}
