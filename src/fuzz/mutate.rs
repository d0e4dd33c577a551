//! Random changes to a file.

use std::ops::Range;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// Longest result. Long inputs take time and find nothing that short ones do not.
pub const MAX_BYTES: usize = 1 << 16;
/// Most changes to one input.
const MAX_CHANGES: u32 = 6;
/// Longest range that is copied, removed or inserted.
const MAX_RANGE_BYTES: usize = 64;

/// Numbers at which sizes, counts and offsets overflow.
const EDGES: [u64; 12] =
    [0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFF, i64::MAX as u64, u64::MAX];

/// Numbers in texts at which checks and conversions fail.
const TEXT_EDGES: [&str; 14] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "2147483648",
    "4294967295",
    "9223372036854775807",
    "18446744073709551615",
    "1e-40",
    "3.5e38",
    "1e308",
    "-0.0",
    "null",
];

/// Changes a file at up to [`MAX_CHANGES`] places. `other` is a file to take parts from, and `words` are texts that mean
/// something in this kind of file.
pub fn mutate(file: &[u8], other: &[u8], words: &[&[u8]], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..rng.random_range(1..=MAX_CHANGES) {
        change_once(&mut bytes, other, words, rng);
        bytes.truncate(MAX_BYTES);
    }
    bytes
}

fn change_once(bytes: &mut Vec<u8>, other: &[u8], words: &[&[u8]], rng: &mut ChaCha8Rng) {
    let at = place(bytes.len(), rng);
    if bytes.is_ascii() && rng.random() {
        if rng.random() {
            replace_number_in_text(bytes, at, rng);
        } else {
            replace_value(bytes, other, words, rng);
        }
        return;
    }
    match rng.random_range(0..12) {
        0 => flip_bit(bytes, at, rng),
        1 => set(bytes, at, &[rng.random()]),
        2 | 3 => set_number(bytes, at, rng),
        4 => add_to_number(bytes, at, rng),
        5 => replace_number_in_text(bytes, at, rng),
        6 => drop(bytes.drain(range_at(at, bytes.len(), rng))),
        7 => {
            let part = bytes[range_at(at, bytes.len(), rng)].to_vec();
            insert(bytes, place(bytes.len(), rng), &part);
        }
        8 => {
            let part = other[range_at(place(other.len(), rng), other.len(), rng)].to_vec();
            if rng.random() { insert(bytes, at, &part) } else { set(bytes, at, &part) }
        }
        9 => {
            let word = words.get(place(words.len(), rng)).copied().unwrap_or_default();
            if rng.random() { insert(bytes, at, word) } else { set(bytes, at, word) }
        }
        10 => {
            bytes.truncate(at);
            bytes.extend_from_slice(&other[place(other.len(), rng)..]);
        }
        _ if rng.random_range(0..4) == 0 => bytes.truncate(at),
        _ => flip_bit(bytes, at, rng),
    }
}

/// A random place before the end; half of the time near the start, where the headers are. 0 when there is none.
fn place(length: usize, rng: &mut ChaCha8Rng) -> usize {
    let end = if rng.random() { length } else { length.min(256) };
    if end == 0 { 0 } else { rng.random_range(0..end) }
}

fn range_at(start: usize, length: usize, rng: &mut ChaCha8Rng) -> Range<usize> {
    start..length.min(start + rng.random_range(1..=MAX_RANGE_BYTES)).max(start)
}

/// Overwrites the bytes at a place, as far as there are any.
fn set(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes.iter_mut().skip(at).zip(new).for_each(|(byte, new)| *byte = *new);
}

fn insert(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    let at = at.min(bytes.len());
    bytes.splice(at..at, new.iter().copied());
}

fn flip_bit(bytes: &mut [u8], at: usize, rng: &mut ChaCha8Rng) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << rng.random_range(0..8);
    }
}

/// Overwrites a number of 1, 2, 4 or 8 bytes in either byte order.
fn set_number(bytes: &mut [u8], at: usize, rng: &mut ChaCha8Rng) {
    let (value, size) = (EDGES[rng.random_range(0..EDGES.len())], 1 << rng.random_range(0..4));
    if rng.random() {
        set(bytes, at, &value.to_le_bytes()[..size]);
    } else {
        set(bytes, at, &value.to_be_bytes()[8 - size..]);
    }
}

/// Adds a small number to a byte, with a carry into the next one in either byte order.
fn add_to_number(bytes: &mut [u8], at: usize, rng: &mut ChaCha8Rng) {
    let change: i16 = rng.random_range(-20..=20);
    let Some(pair) = bytes.get_mut(at..at + 2) else { return };
    let old = [pair[0], pair[1]];
    let new = if rng.random() {
        i16::from_le_bytes(old).wrapping_add(change).to_le_bytes()
    } else {
        i16::from_be_bytes(old).wrapping_add(change).to_be_bytes()
    };
    pair.copy_from_slice(&new);
}

/// Replaces the next number in a text.
fn replace_number_in_text(bytes: &mut Vec<u8>, at: usize, rng: &mut ChaCha8Rng) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = bytes[at..].iter().position(is_digit).map(|offset| at + offset) else { return };
    let end = start + bytes[start..].iter().take_while(|byte| is_digit(byte)).count();
    let new = TEXT_EDGES[rng.random_range(0..TEXT_EDGES.len())];
    bytes.splice(start..end, new.bytes());
}

/// Replaces a value of a JSON text, or the first part of it, by a word or by a value of the other text.
fn replace_value(bytes: &mut Vec<u8>, other: &[u8], words: &[&[u8]], rng: &mut ChaCha8Rng) {
    let Some(range) = value_after(bytes, place(bytes.len(), rng)) else { return };
    let word = words.get(place(words.len(), rng)).copied().unwrap_or_default();
    let value = value_after(other, place(other.len(), rng)).and_then(|range| other.get(range));
    let new = value.filter(|_| rng.random()).unwrap_or(word).to_vec();
    bytes.splice(range, new);
}

/// The range behind the next colon up to the end of the value, or of its first part.
fn value_after(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + text.get(at..)?.iter().position(|&byte| byte == b':')? + 1;
    let length = text[start..].iter().position(|byte| b",}]\n".contains(byte)).unwrap_or(text.len() - start);
    Some(start..start + length)
}
