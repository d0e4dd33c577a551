//! For `#[serde(with = "serde_floats")]`: stores a list of f32 bit for bit, as base64 of little-endian bytes.
//!
//! JSON has no infinity and no NaN, and is slow with many numbers.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

/// Serialises the values.
///
/// # Errors
/// When the serialiser refuses text.
pub fn serialize<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

/// Deserialises the values.
///
/// # Errors
/// When the text is not base64, or the number of bytes is not a multiple of four.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
    let (values, remainder) = bytes.as_chunks::<4>();
    if remainder.is_empty() {
        Ok(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    } else {
        Err(D::Error::custom(format!("{} bytes are not a list of 32-bit numbers", bytes.len())))
    }
}
