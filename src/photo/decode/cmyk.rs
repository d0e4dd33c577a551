//! Converts CMYK pixels to sRGB.

use image::RgbImage;
use moxcms::{CmsError, ColorProfile, DataColorSpace, Layout, TransformOptions};
use rayon::prelude::*;

/// The embedded profile is broken, or not one for CMYK.
#[derive(Debug, thiserror::Error)]
#[error("the CMYK profile in the file cannot be used")]
pub(super) struct UnusableProfile(#[from] CmsError);

/// For the user when the conversion had to do without the profile.
pub(super) const PROFILE_IGNORED: &str = "the CMYK profile in the file cannot be used: colours are only roughly right";

/// Converts interleaved CMYK pixels (0 is no ink, 255 full ink) to sRGB. Missing values count as no ink.
///
/// With a profile its perceptual intent decides. Without one each ink takes away its share of light, as other programs
/// show such files; this cannot fail.
///
/// # Errors
/// When the profile cannot be used: convert without it and tell the user [`PROFILE_IGNORED`].
pub(super) fn to_rgb(
    cmyk: &[u8],
    width: u32,
    height: u32,
    profile: Option<&[u8]>,
) -> Result<RgbImage, UnusableProfile> {
    let mut pixels = RgbImage::from_pixel(width, height, image::Rgb([255; 3]));
    let columns = (width as usize).max(1);
    let rows = pixels.par_chunks_mut(3 * columns).zip(cmyk.par_chunks(4 * columns));
    if let Some(profile) = profile {
        let profile = ColorProfile::new_from_slice(profile)?;
        if profile.color_space != DataColorSpace::Cmyk {
            return Err(CmsError::InvalidProfile.into());
        }
        let srgb = ColorProfile::new_srgb();
        // A pixel of four channels is `Rgba` to moxcms, whatever the channels are.
        let transform = profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, TransformOptions::default())?;
        rows.try_for_each(|(rgb, cmyk)| {
            let count = (cmyk.len() / 4).min(rgb.len() / 3);
            transform.transform(&cmyk[..4 * count], &mut rgb[..3 * count])
        })?;
    } else {
        rows.for_each(|(rgb, cmyk)| {
            for (rgb, inks) in rgb.as_chunks_mut().0.iter_mut().zip(cmyk.as_chunks().0) {
                *rgb = without_profile(*inks);
            }
        });
    }
    Ok(pixels)
}

/// Each ink lets through the light that it does not cover.
#[expect(clippy::cast_possible_truncation, reason = "at most 255")]
fn without_profile([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    [c, m, y].map(|ink| {
        let light = u32::from(255 - ink) * u32::from(255 - k);
        ((light + 127) / 255) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_take_away_light() {
        let cmyk = [[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 0], [0, 128, 255, 64]].concat();
        let rgb = to_rgb(&cmyk, 2, 2, None).unwrap();
        assert_eq!(rgb.into_raw(), [255, 255, 255, 0, 0, 0, 0, 255, 255, 191, 95, 0]);
    }

    #[test]
    fn missing_pixels_are_white() {
        let rgb = to_rgb(&[0, 0, 0, 255, 9], 2, 2, None).unwrap();
        assert_eq!(rgb.into_raw(), [0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255]);
    }

    /// A profile with two grid points for each ink (ICC.1:2022, section 10.11): white paper, grey where there is only
    /// cyan, black under any other ink.
    fn grey_cyan_profile() -> Vec<u8> {
        let identity: Vec<u8> = (0..=255).collect();
        let colors = (0..16).flat_map(|inks| match inks {
            0 => [255, 128, 128],
            0b1000 => [128, 128, 128],
            _ => [0, 128, 128],
        });
        let matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1].map(|value: u32| (value << 16).to_be_bytes()).concat();
        let tables = [&identity.repeat(4)[..], &colors.collect::<Vec<u8>>(), &identity.repeat(3)].concat();
        let lookup = [&b"mft1\0\0\0\0\x04\x03\x02\0"[..], &matrix, &tables].concat();
        let length = u32::try_from(lookup.len()).unwrap();
        let mut header = [0; 128];
        header[..4].copy_from_slice(&(144 + length).to_be_bytes());
        header[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
        header[12..24].copy_from_slice(b"prtrCMYKLab ");
        header[36..40].copy_from_slice(b"acsp");
        // The white point of the connection space.
        header[68..80].copy_from_slice(&[0x0000_F6D6u32, 0x0001_0000, 0x0000_D32D].map(u32::to_be_bytes).concat());
        let tag = [&1u32.to_be_bytes()[..], b"A2B0", &144u32.to_be_bytes(), &length.to_be_bytes()].concat();
        [&header[..], &tag, &lookup].concat()
    }

    #[test]
    fn profile_decides_the_colours() {
        let cmyk = [[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255]].concat();
        let rgb = to_rgb(&cmyk, 3, 1, Some(&grey_cyan_profile())).unwrap();
        let expected = [255, 255, 255, 120, 120, 120, 0, 0, 0u8];
        assert!(rgb.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) < 4), "{:?}", rgb.into_raw());
    }

    #[test]
    fn profile_for_other_pixels_is_refused() {
        let rgb_profile = ColorProfile::new_srgb().encode().unwrap();
        assert!(to_rgb(&[0; 4], 1, 1, Some(&rgb_profile)).is_err());
        assert!(to_rgb(&[0; 4], 1, 1, Some(b"no profile")).is_err());
    }
}
