//! Makes an EXIF block of the tags of a TIFF file.
//!
//! An EXIF block is a TIFF file without pixels (CIPA DC-008-2023, section 4.5), and a TIFF keeps the same tags among its
//! own. Left out: the place and the kind of the pixels, previews, and maker notes, which hold offsets into the old file
//! and previews of the old face.

use super::directory::{Directory, Entry, TiffFile, kind};
use super::tag;

/// Descriptive tags of the first directory: TIFF 6.0 section 8, EXIF table 4, and tags of Windows and TIFF/EP that
/// raw programs write there.
const DESCRIPTIVE_TAGS: [u16; 33] = [
    269, 270, 271, 272, 282, 283, 285, 296, 305, 306, 315, 316, 18246, 18249, 33432, 33434, 33437, 34850, 34855, 36867,
    37377, 37378, 37380, 37381, 37383, 37385, 37386, 40091, 40092, 40093, 40094, 40095, 50735,
];

/// Tags of the camera's directory that are left out: the maker's note, and Microsoft's padding and offset.
const LEFT_OUT: [u16; 3] = [37500, 59932, 59933];

/// Longest value that is kept. Only comments come near it.
const MAX_VALUE_BYTES: usize = 65_536;
/// Longest block. A broken file may name the same bytes a thousand times.
const MAX_BLOCK_BYTES: usize = 1 << 20;

/// The EXIF block, in the file's byte order. `None` when there is nothing to keep. Tags that the page lacks are taken
/// from `first`, the file's first directory.
pub(super) fn build(file: &TiffFile<'_>, page: &Directory, first: &Directory) -> Option<Vec<u8>> {
    let pointed = |pointer: u16, from: &Directory| {
        file.unsigned(from, pointer).and_then(|offset| file.directory(offset)).unwrap_or_default()
    };
    let either = |pointer: u16| pointed(pointer, if page.has(pointer) { page } else { first });
    let camera = either(tag::EXIF_DIRECTORY);
    let interoperability = pointed(tag::INTEROPERABILITY_DIRECTORY, &camera);
    let gps = either(tag::GPS_DIRECTORY);

    let own = page.entries().iter().chain(first.entries().iter().filter(|entry| !page.has(entry.tag)));
    let mut values: Vec<Value<'_>> =
        own.filter(|entry| DESCRIPTIVE_TAGS.contains(&entry.tag)).filter_map(|entry| value(file, entry)).collect();
    // The print size alone is no reason for a block.
    let describes_the_photo = values.iter().any(|value| !matches!(value.tag, 282 | 283 | 296));

    let is_kept = |entry: &&Entry| !LEFT_OUT.contains(&entry.tag) && !is_pointer(entry.tag);
    let all = |directory: &Directory| -> Vec<Value<'_>> {
        directory.entries().iter().filter(is_kept).filter_map(|entry| value(file, entry)).collect()
    };
    let mut camera_values = all(&camera);
    camera_values.extend(child(tag::INTEROPERABILITY_DIRECTORY, all(&interoperability)));
    let children = [child(tag::EXIF_DIRECTORY, camera_values), child(tag::GPS_DIRECTORY, all(&gps))];
    if !describes_the_photo && children.iter().all(Option::is_none) {
        return None;
    }
    values.extend(children.into_iter().flatten());

    let mut block = Block { bytes: Vec::new(), is_big_endian: file.is_big_endian };
    block.bytes.extend(if file.is_big_endian { b"MM\0\x2A" } else { b"II\x2A\0" });
    block.bytes.extend(block.long(8));
    block.add_directory(values)?;
    Some(block.bytes)
}

fn is_pointer(tag: u16) -> bool {
    [tag::EXIF_DIRECTORY, tag::GPS_DIRECTORY, tag::INTEROPERABILITY_DIRECTORY, tag::SUB_DIRECTORIES].contains(&tag)
}

/// A tag to write.
struct Value<'a> {
    tag: u16,
    content: Content<'a>,
}

enum Content<'a> {
    Values { kind: u16, count: u32, bytes: &'a [u8] },
    Directory(Vec<Value<'a>>),
}

/// `None` for values that cannot be kept: too long, outside the file, or of a type that only `BigTIFF` has.
fn value<'a>(file: &TiffFile<'a>, entry: &Entry) -> Option<Value<'a>> {
    let bytes = file.bytes_of(entry).filter(|bytes| !bytes.is_empty() && bytes.len() <= MAX_VALUE_BYTES)?;
    let is_classic = (kind::BYTE..=kind::DOUBLE).contains(&entry.kind);
    let content = Content::Values { kind: entry.kind, count: u32::try_from(entry.count).ok()?, bytes };
    is_classic.then_some(Value { tag: entry.tag, content })
}

fn child(tag: u16, values: Vec<Value<'_>>) -> Option<Value<'_>> {
    (!values.is_empty()).then_some(Value { tag, content: Content::Directory(values) })
}

struct Block {
    bytes: Vec<u8>,
    is_big_endian: bool,
}

impl Block {
    fn short(&self, value: u16) -> [u8; 2] {
        if self.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn long(&self, value: u32) -> [u8; 4] {
        if self.is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    /// Appends a directory, then its long values and the directories below. `None` when the block becomes too long.
    fn add_directory(&mut self, mut values: Vec<Value<'_>>) -> Option<()> {
        values.sort_by_key(|value| value.tag);
        values.dedup_by_key(|value| value.tag);
        let start = self.bytes.len();
        self.bytes.extend(self.short(u16::try_from(values.len()).ok()?));
        // The entries are filled in below; the link to a next directory stays zero.
        self.bytes.resize(start + 2 + 12 * values.len() + 4, 0);
        for (index, value) in values.into_iter().enumerate() {
            let (kind, count, field) = match value.content {
                Content::Values { kind, count, bytes } => (kind, count, self.add_values(bytes)?),
                Content::Directory(values) => {
                    let offset = self.long(u32::try_from(self.bytes.len()).ok()?);
                    self.add_directory(values)?;
                    (kind::LONG, 1, offset)
                }
            };
            let entry = [&self.short(value.tag)[..], &self.short(kind), &self.long(count), &field].concat();
            let at = start + 2 + 12 * index;
            self.bytes.get_mut(at..at + 12)?.copy_from_slice(&entry);
        }
        Some(())
    }

    /// The last field of an entry: short values themselves, or the offset where they are appended.
    fn add_values(&mut self, bytes: &[u8]) -> Option<[u8; 4]> {
        if bytes.len() <= 4 {
            let mut field = [0; 4];
            field.get_mut(..bytes.len())?.copy_from_slice(bytes);
            return Some(field);
        }
        let offset = self.long(u32::try_from(self.bytes.len()).ok()?);
        self.bytes.extend(bytes);
        // Every offset is even (TIFF 6.0, section 2).
        self.bytes.resize(self.bytes.len().next_multiple_of(2), 0);
        (self.bytes.len() <= MAX_BLOCK_BYTES).then_some(offset)
    }
}
