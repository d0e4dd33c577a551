//! For `#[serde(with = "floats")]`: a list of f32 as text, bit for bit.
//!
//! JSON knows no infinity and no NaN, and takes long over many numbers: it gets the bytes of little-endian f32 in base64.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

/// Writes the numbers.
///
/// # Errors
/// When the serializer refuses text.
pub fn serialize<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

/// Reads them back.
///
/// # Errors
/// When it is no base64, or the bytes are no whole numbers.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
    let (values, rest) = bytes.as_chunks::<4>();
    if rest.is_empty() {
        Ok(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    } else {
        Err(D::Error::custom(format!("{} bytes are no list of 32-bit numbers", bytes.len())))
    }
}
