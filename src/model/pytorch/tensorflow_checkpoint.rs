//! Reads checkpoints of TensorFlow's second format (since TensorFlow 0.12): `NAME.index` describes every variable, and
//! `NAME.data-00000-of-00001` holds the values.
//!
//! The index is a sorted table as in `LevelDB` (`table_format.txt`): blocks of entries, whose keys share the start with the
//! key before, a block that lists the blocks, and a footer. A value is a `BundleEntryProto`, at the empty key a
//! `BundleHeaderProto` (`tensor_bundle.proto`). TensorFlow never compresses the blocks.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;

use super::ImportError;
use super::checkpoint::{Endian, FloatFormat, is_parameter};
use crate::model::WeightTensor;

/// The last bytes of a table.
const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();
/// Bytes of the footer: two places of blocks, padded, and the magic.
const FOOTER_LEN: usize = 48;

#[derive(Clone, PartialEq, Message)]
struct BundleHeader {
    #[prost(int32, tag = "1")]
    num_shards: i32,
    /// 0 is little-endian.
    #[prost(int32, tag = "2")]
    endianness: i32,
}

#[derive(Clone, PartialEq, Message)]
struct BundleEntry {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<EntryShape>,
    #[prost(int32, tag = "3")]
    shard_id: i32,
    #[prost(uint64, tag = "4")]
    offset: u64,
    #[prost(uint64, tag = "5")]
    size: u64,
    /// Masked CRC-32C of the values.
    #[prost(fixed32, tag = "6")]
    crc32c: u32,
}

#[derive(Clone, PartialEq, Message)]
struct EntryShape {
    #[prost(message, repeated, tag = "2")]
    dim: Vec<EntryDimension>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct EntryDimension {
    #[prost(uint64, tag = "1")]
    size: u64,
}

/// The index of the checkpoint that a path means: the index itself, one of its files of values, or the name before these
/// endings.
pub(super) fn index_path(path: &Path) -> Option<PathBuf> {
    let with_ending = |name: &str| path.with_file_name(OsString::from(format!("{name}.index")));
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".index").or_else(|| name.rsplit_once(".data-").map(|(stem, _)| stem));
    let index = with_ending(stem.unwrap_or(name));
    (stem.is_some() || !path.exists()).then_some(index).filter(|index| index.is_file())
}

/// Whether these bytes end as a table does. A checkpoint of the first format is a single table.
pub(super) fn is_table(bytes: &[u8]) -> bool {
    bytes.ends_with(&MAGIC)
}

/// Reads every parameter. `index` is the path of the index.
pub(super) fn read(index: &Path) -> Result<BTreeMap<String, WeightTensor>, ImportError> {
    let unreadable = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ImportError::Read { path, source }
    };
    let bytes = fs::read(index).map_err(unreadable(index))?;
    let damaged = |reason: &str| ImportError::Format { path: index.into(), reason: reason.into() };
    let entries = read_table(&bytes).ok_or_else(|| damaged("its table is damaged"))?;
    let (header, variables) = entries.split_first().ok_or_else(|| damaged("its table is empty"))?;
    let header = BundleHeader::decode(header.1).map_err(|error| damaged(&error.to_string()))?;
    if header.endianness != 0 {
        return Err(damaged("it is from a big-endian machine"));
    }
    let shards = (0..header.num_shards.clamp(0, 999)).map(|shard| {
        let ending = format!("data-{shard:05}-of-{:05}", header.num_shards);
        let path = index.with_extension(ending);
        fs::read(&path).map_err(unreadable(&path))
    });
    let shards = shards.collect::<Result<Vec<_>, _>>()?;
    let mut tensors = BTreeMap::new();
    for (name, entry) in variables {
        let name = String::from_utf8_lossy(name).into_owned();
        if is_parameter(&name) {
            let entry = BundleEntry::decode(*entry).map_err(|error| damaged(&error.to_string()))?;
            let tensor = read_variable(&name, &entry, &shards)?;
            tensors.insert(name, tensor);
        }
    }
    Ok(tensors)
}

fn read_variable(name: &str, entry: &BundleEntry, shards: &[Vec<u8>]) -> Result<WeightTensor, ImportError> {
    let damaged = |reason: &str| ImportError::Tensor { name: name.into(), reason: reason.into() };
    let format = match entry.dtype {
        1 => FloatFormat::F32,
        2 => FloatFormat::F64,
        14 => FloatFormat::Bf16,
        19 => FloatFormat::F16,
        other => return Err(ImportError::Dtype { name: name.into(), found: format!("number {other} of TensorFlow") }),
    };
    let range = usize::try_from(entry.offset).ok().zip(usize::try_from(entry.offset.saturating_add(entry.size)).ok());
    let shard = usize::try_from(entry.shard_id).ok().and_then(|shard| shards.get(shard));
    let bytes = shard.zip(range).and_then(|(shard, (start, end))| shard.get(start..end));
    let bytes = bytes.ok_or_else(|| damaged("its values lie outside the file"))?;
    if crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8) != entry.crc32c {
        return Err(damaged("its checksum is wrong"));
    }
    let dims = entry.shape.iter().flat_map(|shape| &shape.dim);
    let shape: Vec<usize> = dims.map(|dim| usize::try_from(dim.size).unwrap_or(usize::MAX)).collect();
    let values = format.decode(bytes, Endian::Little);
    if shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side)) != Some(values.len()) {
        return Err(damaged("it has another number of values than its shape says"));
    }
    Ok(WeightTensor { shape, values })
}

/// The entries of a table, sorted by key. `None` if it is damaged.
fn read_table(bytes: &[u8]) -> Option<Vec<(Vec<u8>, &[u8])>> {
    let mut footer = bytes.get(bytes.len().checked_sub(FOOTER_LEN)?..).filter(|footer| is_table(footer))?;
    let _metaindex = read_place(&mut footer)?;
    let mut entries = Vec::new();
    for (_, mut place) in read_block(bytes, read_place(&mut footer)?)? {
        entries.extend(read_block(bytes, read_place(&mut place)?)?);
    }
    Some(entries)
}

/// The entries of a block with this offset and length.
fn read_block(bytes: &[u8], (offset, length): (usize, usize)) -> Option<Vec<(Vec<u8>, &[u8])>> {
    let end = offset.checked_add(length)?;
    // The byte behind a block is its kind of compression.
    let block = bytes.get(offset..end).filter(|_| bytes.get(end) == Some(&0))?;
    let (rest, restarts) = block.split_at_checked(block.len().checked_sub(4)?)?;
    let restarts = usize::try_from(u32::from_le_bytes(restarts.try_into().ok()?)).ok()?;
    let mut rest = rest.get(..rest.len().checked_sub(restarts.checked_mul(4)?)?)?;
    let (mut entries, mut key): (_, Vec<u8>) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        let [shared, unshared, value_len] = [(); 3].map(|()| read_varint(&mut rest));
        let (unshared, after) = rest.split_at_checked(unshared?)?;
        let (value, after) = after.split_at_checked(value_len?)?;
        key.truncate(shared?);
        key.extend_from_slice(unshared);
        entries.push((key.clone(), value));
        rest = after;
    }
    Some(entries)
}

/// Offset and length of a block.
fn read_place(bytes: &mut &[u8]) -> Option<(usize, usize)> {
    Some((read_varint(bytes)?, read_varint(bytes)?))
}

fn read_varint(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return usize::try_from(value).ok();
        }
    }
    None
}
