//! The results of one face, which a share stores and the whole evaluation adds up.

use image::RgbImage;
use serde::{Deserialize, Serialize};

use super::{EvaluationProblem, FillScore};

/// The pictures of a row of the contact sheet; `None` is a missing one.
pub(super) type SheetRow = Vec<Option<RgbImage>>;

/// The results of one face, with every hole and method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct FaceResults {
    /// Name of the device of the searches; `None` if the protocol has no search.
    pub device: Option<String>,
    pub scores: Vec<FillScore>,
    pub problems: Vec<EvaluationProblem>,
    /// `None` if the face is not on the contact sheet.
    #[serde(with = "png_rows", default, skip_serializing_if = "Option::is_none")]
    pub sheet_rows: Option<Vec<SheetRow>>,
}

/// Stores pictures as PNG in base64.
mod png_rows {
    use std::io::Cursor;

    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use image::{ImageFormat, ImageResult, RgbImage};
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::SheetRow;

    /// Rows of encoded pictures.
    type EncodedRows = Option<Vec<Vec<Option<String>>>>;

    #[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
    pub(super) fn serialize<S: Serializer>(rows: &Option<Vec<SheetRow>>, serializer: S) -> Result<S::Ok, S::Error> {
        let encode = |picture: &RgbImage| -> ImageResult<String> {
            let mut png = Cursor::new(Vec::new());
            picture.write_to(&mut png, ImageFormat::Png)?;
            Ok(BASE64_STANDARD.encode(png.into_inner()))
        };
        let encode_row = |row: &SheetRow| row.iter().map(|it| it.as_ref().map(encode).transpose()).collect();
        let encoded: Option<ImageResult<_>> = rows.as_ref().map(|rows| rows.iter().map(encode_row).collect());
        let encoded: EncodedRows = encoded.transpose().map_err(S::Error::custom)?;
        encoded.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<SheetRow>>, D::Error> {
        let decode = |text: String| -> Result<RgbImage, D::Error> {
            let png = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
            let picture = image::load_from_memory_with_format(&png, ImageFormat::Png).map_err(D::Error::custom)?;
            Ok(picture.into_rgb8())
        };
        let decode_row = |row: Vec<Option<String>>| row.into_iter().map(|it| it.map(decode).transpose()).collect();
        let encoded = EncodedRows::deserialize(deserializer)?;
        encoded.map(|rows| rows.into_iter().map(decode_row).collect()).transpose()
    }
}
