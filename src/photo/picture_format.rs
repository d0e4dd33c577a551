//! The formats in which a picture can be saved.

use std::path::Path;

use image::DynamicImage;

use super::SaveError;

/// Quality of a JPEG, 1 to 100, unless the user says otherwise: hardly any loss is visible, and the file is a fifth of a
/// PNG's.
pub const DEFAULT_JPEG_QUALITY: u8 = 92;

/// A file format, by the extension of the file's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureFormat {
    /// Holds everything: all pixels exactly, all metadata, and the record of the fill.
    #[default]
    Png,
    /// Loses a little of every pixel. 8 bits, no transparency.
    Jpeg,
    /// Holds all pixels exactly.
    Tiff,
    /// Lossless. Holds pixels of 8 bits exactly.
    WebP,
}

impl PictureFormat {
    pub const ALL: [Self; 4] = [Self::Png, Self::Jpeg, Self::Tiff, Self::WebP];

    /// The format with this extension, in upper or lower case.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        Self::ALL
            .into_iter()
            .find(|format| format.extensions().iter().any(|known| known.eq_ignore_ascii_case(extension)))
    }

    /// The usual extension first.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Tiff => &["tif", "tiff"],
            Self::WebP => &["webp"],
        }
    }

    /// Its name for the user.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
        }
    }

    #[must_use]
    pub fn holds_transparency(self) -> bool {
        self != Self::Jpeg
    }

    /// Whether it holds 16 bits per channel.
    #[must_use]
    pub fn holds_16_bits(self) -> bool {
        matches!(self, Self::Png | Self::Tiff)
    }

    /// Longest side in pixels (ITU-T T.81, section B.2.2; the WebP container specification of 2011).
    fn max_side(self) -> u32 {
        match self {
            Self::Png | Self::Tiff => u32::MAX,
            Self::Jpeg => 65_535,
            Self::WebP => 16_383,
        }
    }

    /// Refuses a picture that is too large for the format.
    ///
    /// # Errors
    /// When a side is too long.
    pub fn check_size(self, pixels: &DynamicImage) -> Result<(), SaveError> {
        let (width, height, max_side) = (pixels.width(), pixels.height(), self.max_side());
        if width.max(height) > max_side {
            return Err(SaveError::SideTooLong { format: self.name(), width, height, max_side });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_names_the_format() {
        let format = |name: &str| PictureFormat::from_path(Path::new(name));
        assert_eq!(format("a.PNG"), Some(PictureFormat::Png));
        assert_eq!(["a.jpg", "b.JPEG"].map(format), [Some(PictureFormat::Jpeg); 2]);
        assert_eq!(["a.tif", "b.tiff"].map(format), [Some(PictureFormat::Tiff); 2]);
        assert_eq!(format("v1.5/a.webp"), Some(PictureFormat::WebP));
        assert_eq!(["a.bmp", "png", "a.jpg.bak"].map(format), [None; 3]);
    }

    #[test]
    fn sides_that_a_format_cannot_hold_are_refused() {
        let strip = DynamicImage::new_luma8(65_536, 1);
        let refused = |format: PictureFormat| format.check_size(&strip).unwrap_err().to_string();
        insta::assert_snapshot!(refused(PictureFormat::Jpeg), @"a JPEG holds at most 65535 pixels a side, and the picture has 65536×1: choose .png or .tif");
        insta::assert_snapshot!(refused(PictureFormat::WebP), @"a WebP holds at most 16383 pixels a side, and the picture has 65536×1: choose .png or .tif");
        for format in [PictureFormat::Png, PictureFormat::Tiff] {
            format.check_size(&strip).unwrap();
        }
        PictureFormat::WebP.check_size(&DynamicImage::new_luma8(1, 16_383)).unwrap();
        PictureFormat::Jpeg.check_size(&DynamicImage::new_luma8(1, 65_535)).unwrap();
    }
}
