//! JSON formats of losses and masks.
//!
//! JSON has no infinity and no NaN. Lists of numbers are therefore stored as base64 text ([`crate::serde_floats`]).

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::mask::{Mask, decode_mask, encode_mask_png};
use crate::search::Losses;

/// Losses of one candidate. NaN and infinity are stored as `null`.
#[derive(Serialize, Deserialize)]
pub(super) struct LossesJson {
    #[serde(default)]
    context: Option<f32>,
    #[serde(default)]
    prior: Option<f32>,
    #[serde(default)]
    total: Option<f32>,
}

impl From<Losses> for LossesJson {
    fn from(losses: Losses) -> Self {
        let finite = |value: f32| value.is_finite().then_some(value);
        Self { context: finite(losses.context), prior: finite(losses.prior), total: finite(losses.total) }
    }
}

impl From<LossesJson> for Losses {
    fn from(json: LossesJson) -> Self {
        let number = |value: Option<f32>| value.filter(|value| value.is_finite()).unwrap_or(f32::NAN);
        Self { context: number(json.context), prior: number(json.prior), total: number(json.total) }
    }
}

/// Stores a mask as a PNG, in base64.
pub(super) struct MaskJson(pub Mask);

impl Serialize for MaskJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let png = encode_mask_png(&self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&BASE64_STANDARD.encode(png))
    }
}

impl<'de> Deserialize<'de> for MaskJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let png = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
        decode_mask(&png, None).map(Self).map_err(D::Error::custom)
    }
}
