//! Decodes BMP files.

use image::ImageFormat;

use super::{DecodeLimits, DecodedFile, PhotoError, image_crate};
use crate::photo::metadata::{PhotoMetadata, PixelDensity};

pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    let file = image_crate::decode(bytes, ImageFormat::Bmp, limits)?;
    Ok(DecodedFile { metadata: read_metadata(bytes), ..file })
}

/// Where the header starts, behind the file's own.
const HEADER: usize = 14;
/// The value for an embedded profile, not one in another file.
const EMBEDDED: &[u8] = b"DEBM";

/// Reads the print size and the profile (Microsoft: `BITMAPINFOHEADER`, `BITMAPV5HEADER`).
fn read_metadata(bytes: &[u8]) -> PhotoMetadata {
    let header = bytes.get(HEADER..).unwrap_or_default();
    let u32_at = |at: usize| Some(u32::from_le_bytes(header.get(at..at + 4)?.try_into().ok()?));
    // The header's own length tells what it holds.
    let reaches = |end: u32| u32_at(0).filter(|length| *length >= end);
    let density = || {
        reaches(40)?;
        let (x, y) = (u32_at(24)?, u32_at(28)?);
        let is_valid = |value: u32| value > 0 && i32::try_from(value).is_ok();
        (is_valid(x) && is_valid(y)).then_some(PixelDensity { x, y, is_per_metre: true })
    };
    let profile = || {
        reaches(124)?;
        header.get(56..60).filter(|kind| *kind == EMBEDDED)?;
        let start = usize::try_from(u32_at(112)?).ok()?;
        header.get(start..start.checked_add(usize::try_from(u32_at(116)?).ok()?)?)
    };
    PhotoMetadata { density: density(), icc_profile: profile().map(<[u8]>::to_vec), ..PhotoMetadata::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of this length with a print size and a profile behind it.
    fn bmp(length: u32, x: u32, y: u32, profile: &[u8]) -> Vec<u8> {
        let mut header = vec![0; 124];
        let mut put = |at: usize, value: u32| header[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(0, length);
        put(24, x);
        put(28, y);
        put(56, u32::from_le_bytes(*b"DEBM"));
        put(112, 124);
        put(116, u32::try_from(profile.len()).unwrap());
        [&[0; HEADER][..], &header, profile].concat()
    }

    #[test]
    fn print_size_and_profile_are_read() {
        let metadata = read_metadata(&bmp(124, 11811, 5906, b"profile"));
        assert_eq!(metadata.density, Some(PixelDensity { x: 11811, y: 5906, is_per_metre: true }));
        assert_eq!(metadata.icc_profile.as_deref(), Some(&b"profile"[..]));
        assert_eq!(read_metadata(&bmp(40, 11811, 5906, b"profile")).icc_profile, None, "a shorter header");
        assert_eq!(read_metadata(&bmp(12, 11811, 5906, b"")), PhotoMetadata::default());
        assert_eq!(read_metadata(&bmp(40, 0, u32::MAX, b"")).density, None);
        let whole = bmp(124, 1, 1, b"profile");
        for length in 0..whole.len() {
            assert_eq!(read_metadata(&whole[..length]).icc_profile, None);
        }
    }
}
