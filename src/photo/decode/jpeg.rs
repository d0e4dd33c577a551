//! Decodes JPEG files (ITU-T T.81).
//!
//! Only the first picture of a file is decoded. A fast decoder makes the pixels; beside it, the entropy-coded data are
//! walked through to count the blocks, because that decoder fills what is missing with grey and says nothing. Damaged
//! pictures, and kinds that it cannot do, are decoded here instead.

mod bits;
mod block;
mod check;
mod coefficients;
mod color_model;
mod fast;
mod frame;
mod huffman;
mod picture;
mod rebuild;
mod scan;
mod scan_data;
mod transform;

use image::error::{DecodingError, ImageFormatHint, UnsupportedError, UnsupportedErrorKind};
use image::{DynamicImage, ImageError, ImageFormat};

use self::check::{Damage, Verdict};
use self::coefficients::Coefficients;
use self::picture::{Picture, Refusal};
use self::rebuild::Pixels;
use super::{DecodeLimits, DecodedFile, PhotoError, cmyk, jpeg_metadata};
use crate::photo::metadata::PhotoMetadata;

pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    let picture = Picture::find(bytes, limits.max_pixels).map_err(|refusal| refused(refusal, limits))?;
    let (width, height) = picture.frame.size();
    limits.check(width, height)?;
    let mut metadata = jpeg_metadata::read(bytes.get(..picture.length).unwrap_or(bytes));
    let (pixels, damage) = decode_picture(&picture);
    let mut warnings = match damage.verdict(picture.has_end_mark) {
        Verdict::Whole => Vec::new(),
        Verdict::Warn(warning) => vec![warning],
        Verdict::CutShort => return Err(PhotoError::CutShort),
        Verdict::Broken => return Err(refused(Refusal::Broken("hardly any data"), limits)),
    };
    let pixels = match pixels {
        Pixels::Picture(pixels) => pixels,
        Pixels::Cmyk(inks) => rgb_from_cmyk(&inks, &picture, &mut metadata, &mut warnings)?,
    };
    Ok(DecodedFile { pixels, metadata, orientation: None, warnings })
}

/// Decodes with the fast decoder where it can be trusted.
fn decode_picture(picture: &Picture) -> (Pixels, Damage) {
    if let Some(file) = fast::file_for(picture) {
        let (pixels, damage) = rayon::join(|| fast::decode(&file, &picture.frame), || check::check(picture));
        if let (Some(pixels), true) = (pixels, damage.is_none()) {
            return (Pixels::Picture(pixels), damage);
        }
    }
    let mut coefficients = Coefficients::new(&picture.frame);
    let damage = check::decode(picture, &mut coefficients);
    (rebuild::pixels(&picture.frame, picture.color, coefficients), damage)
}

/// Converts to sRGB, with the embedded profile if it can be used.
fn rgb_from_cmyk(
    inks: &[u8],
    picture: &Picture,
    metadata: &mut PhotoMetadata,
    warnings: &mut Vec<String>,
) -> Result<DynamicImage, PhotoError> {
    let (width, height) = picture.frame.size();
    let profile = metadata.icc_profile.take();
    if let Some(profile) = &profile {
        match cmyk::to_rgb(inks, width, height, Some(profile)) {
            Ok(pixels) => {
                // The pixels are sRGB now, in the perceptual intent.
                metadata.color_encoding.srgb_intent = Some(0);
                return Ok(pixels.into());
            }
            Err(_) => warnings.push(cmyk::PROFILE_IGNORED.into()),
        }
    }
    let pixels = cmyk::to_rgb(inks, width, height, None).map_err(|error| broken(error.to_string()))?;
    Ok(pixels.into())
}

/// The error for the user.
fn refused(refusal: Refusal, limits: DecodeLimits) -> PhotoError {
    match refusal {
        Refusal::CutShort => PhotoError::CutShort,
        Refusal::Broken(what) => broken(what.into()),
        Refusal::Unsupported(kind) => {
            let reason = UnsupportedErrorKind::GenericFeature(kind.into());
            let cause = UnsupportedError::from_format_and_kind(ImageFormatHint::Exact(ImageFormat::Jpeg), reason);
            PhotoError::Unsupported { format: kind, cause: ImageError::Unsupported(cause) }
        }
        Refusal::TooLarge { width, height } => PhotoError::TooLarge { width, height, max_pixels: limits.max_pixels },
    }
}

fn broken(what: String) -> PhotoError {
    let cause = DecodingError::new(ImageFormatHint::Exact(ImageFormat::Jpeg), what);
    PhotoError::Broken { cause: ImageError::Decoding(cause) }
}

#[cfg(test)]
mod tests;
