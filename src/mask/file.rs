//! Mask image files: white is hole, pure red is ignored, everything else is known.

use std::path::{Path, PathBuf};

use image::DynamicImage;

use super::Mask;
use super::mask_picture::{
    brightness, describe_without_hole, ignored_in_picture, is_photo_with_transparency, looks_upside_down,
    picture_of_mask, warnings_about,
};
use crate::fs::Overwrite;
use crate::photo::{self, DecodeLimits, Photo, PhotoError, PngMetadata, SaveError};

/// Why a mask file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MaskFileError {
    #[error(
        "{mask} is {width}×{height} pixels and the photo {photo_width}×{photo_height}: use a mask of the photo's size",
        mask = mask_name(path)
    )]
    Size {
        /// Empty for a mask from memory.
        path: PathBuf,
        width: u32,
        height: u32,
        photo_width: u32,
        photo_height: u32,
    },
    /// The picture shows no hole. `seen` says what it shows instead.
    #[error(
        "{mask} has no hole: {seen}. White, or brighter than half (128 of 255), is filled, so draw the hole in white on \
         black",
        mask = mask_name(path)
    )]
    NoHole { path: PathBuf, seen: String },
    #[error(
        "{mask} is a photo with a transparent part: draw the hole in white on black, in a picture of its own",
        mask = mask_name(path)
    )]
    PhotoWithTransparency { path: PathBuf },
    /// The error's text already says why, so the error is not a source.
    #[error("{mask} cannot be used: {cause}", mask = mask_name(path))]
    Photo { path: PathBuf, cause: PhotoError },
}

/// Names a mask in an error; the path is empty for a mask from memory.
fn mask_name(path: &Path) -> String {
    if path.as_os_str().is_empty() { "the mask".into() } else { format!("the mask {}", path.display()) }
}

/// A mask from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedMask {
    pub mask: Mask,
    /// Black and white may have changed places.
    pub looks_upside_down: bool,
    /// Doubts about the file, as sentences for the user, without a full stop.
    pub warnings: Vec<String>,
}

/// Loads a mask for a photo of this size. Pixels brighter than half are hole; transparent pixels are not. Pure red pixels
/// are ignored.
///
/// # Errors
/// When the file cannot be opened as an image, has another size, or shows no hole.
pub fn load_mask(path: &Path, width: u32, height: u32) -> Result<LoadedMask, MaskFileError> {
    let opened = photo::open(path, DecodeLimits::default());
    let Photo { pixels, warnings, .. } = opened.map_err(|cause| MaskFileError::Photo { path: path.into(), cause })?;
    let loaded = mask_of_picture(&pixels, path, width, height)?;
    Ok(LoadedMask { warnings: warnings.into_iter().chain(loaded.warnings).collect(), ..loaded })
}

/// The mask that a picture shows, for a photo of this size, as from a file.
///
/// # Errors
/// When the picture has another size, or shows no hole.
pub fn mask_from_picture(pixels: &DynamicImage, width: u32, height: u32) -> Result<LoadedMask, MaskFileError> {
    mask_of_picture(pixels, Path::new(""), width, height)
}

fn mask_of_picture(pixels: &DynamicImage, path: &Path, width: u32, height: u32) -> Result<LoadedMask, MaskFileError> {
    check_size(pixels, path, width, height)?;
    let mask = to_mask(pixels);
    if mask.is_empty() {
        return Err(MaskFileError::NoHole { path: path.into(), seen: describe_without_hole(pixels) });
    }
    if is_photo_with_transparency(pixels) {
        return Err(MaskFileError::PhotoWithTransparency { path: path.into() });
    }
    let warnings = warnings_about(pixels, &mask);
    Ok(LoadedMask { looks_upside_down: looks_upside_down(&mask), mask, warnings })
}

/// Reads a mask that this program has embedded in a file. It may be empty. `None` as the size accepts any.
///
/// # Errors
/// When the bytes cannot be opened as an image, or it has another size.
pub fn decode_mask(bytes: &[u8], size: Option<(u32, u32)>) -> Result<Mask, MaskFileError> {
    let opened = photo::decode(bytes, DecodeLimits::default());
    let pixels = opened.map_err(|cause| MaskFileError::Photo { path: PathBuf::new(), cause })?.pixels;
    if let Some((width, height)) = size {
        check_size(&pixels, Path::new(""), width, height)?;
    }
    Ok(to_mask(&pixels))
}

/// Saves a mask as an 8-bit PNG: the hole is white, everything else black. With ignored pixels, which are red, it is in
/// colour, otherwise grey.
///
/// # Errors
/// As [`crate::photo::save_png`].
pub fn save_mask(path: &Path, mask: &Mask, overwrite: Overwrite) -> Result<(), SaveError> {
    photo::save_png(path, &picture_of_mask(mask), &PngMetadata::default(), overwrite)
}

/// Encodes a mask as a PNG for embedding in other files. [`decode_mask`] reads it. Without ignored pixels, it has one bit
/// per pixel.
///
/// # Errors
/// When the mask has no pixels.
pub fn encode_mask_png(mask: &Mask) -> Result<Vec<u8>, SaveError> {
    if mask.has_ignored() {
        return photo::encode_png(&picture_of_mask(mask), &PngMetadata::default());
    }
    photo::encode_bilevel_png(mask.width(), mask.height(), &mask.to_bytes())
}

fn check_size(image: &DynamicImage, path: &Path, photo_width: u32, photo_height: u32) -> Result<(), MaskFileError> {
    let (width, height) = (image.width(), image.height());
    if (width, height) == (photo_width, photo_height) {
        return Ok(());
    }
    Err(MaskFileError::Size { path: path.into(), width, height, photo_width, photo_height })
}

fn to_mask(image: &DynamicImage) -> Mask {
    let (width, height) = (image.width(), image.height());
    let mask = Mask::from_pixels(width, height, &brightness(image.clone()));
    mask.unwrap_or_else(|| Mask::empty(width, height)).with_ignored(&ignored_in_picture(image))
}

#[cfg(test)]
mod tests {
    use image::GrayImage;

    use super::*;
    use crate::mask::StrokeKind;

    #[test]
    fn a_saved_mask_loads_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        let mut mask = Mask::empty(13, 7);
        mask.draw_segment([2.0, 2.0], [9.0, 5.0], 1.5, StrokeKind::Paint);
        save_mask(&path, &mask, crate::fs::Overwrite::Refuse).unwrap();
        let loaded = load_mask(&path, 13, 7).unwrap();
        assert_eq!(loaded, LoadedMask { mask, looks_upside_down: false, warnings: Vec::new() });
        let error = load_mask(&path, 14, 7).unwrap_err().to_string();
        assert!(error.contains("13×7") && error.contains("14×7") && error.contains("mask.png"), "{error}");
    }

    #[test]
    fn one_bit_png_round_trips_every_mask() {
        for (width, height) in [(1, 1), (7, 3), (8, 2), (9, 5), (33, 4)] {
            let pixels: Vec<u8> = (0..width * height).map(|at| if at * at % 7 < 3 { 255 } else { 0 }).collect();
            let mask = Mask::from_pixels(width, height, &pixels).unwrap();
            let bytes = encode_mask_png(&mask).unwrap();
            assert_eq!(bytes[24..26], [1, 0], "one bit, grey");
            assert_eq!(decode_mask(&bytes, Some((width, height))).unwrap(), mask, "{width}×{height}");
        }
        assert!(encode_mask_png(&Mask::empty(0, 0)).is_err());
    }

    #[test]
    fn ignored_pixels_survive_in_red() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        let ignored = Mask::from_fn(13, 7, |x, _| x > 9);
        let mask = Mask::from_fn(13, 7, |x, y| x + y > 8).with_ignored(&ignored);
        save_mask(&path, &mask, Overwrite::Refuse).unwrap();
        let loaded = load_mask(&path, 13, 7).unwrap();
        assert_eq!((&loaded.mask, loaded.mask.ignored()), (&mask, ignored.clone()));
        insta::assert_snapshot!(loaded.warnings.join("; "), @"23.1 % of the mask is pure red: these pixels are ignored, so they stay as they are, and the fill does not depend on them. If they should be filled, paint them white");
        assert_eq!(decode_mask(&encode_mask_png(&mask).unwrap(), None).unwrap(), mask);
        assert_ne!(mask.sha256(), mask.without_ignored().sha256());
        let only_ignored = Mask::empty(13, 7).with_ignored(&ignored);
        assert_eq!(decode_mask(&encode_mask_png(&only_ignored).unwrap(), None).unwrap(), only_ignored);
    }

    #[test]
    fn only_pure_opaque_red_is_ignored() {
        let colors = [[255, 0, 0, 255], [254, 0, 0, 255], [255, 1, 0, 255], [255, 0, 0, 0], [255; 4]];
        let picture = image::RgbaImage::from_fn(5, 1, |x, _| image::Rgba(colors[x as usize]));
        let mask = mask_from_picture(&picture.into(), 5, 1).unwrap().mask;
        assert_eq!((mask.to_bytes(), mask.ignored().to_bytes()), (vec![0, 0, 0, 0, 255], vec![255, 0, 0, 0, 0]));
        let red = image::RgbImage::from_fn(9, 9, |x, y| image::Rgb([if x == y { 255 } else { 0 }, 0, 0]));
        assert!(told(red).contains("painted in a colour that is darker than half"));
    }

    #[test]
    fn transparent_white_is_not_hole() {
        let pixels = image::RgbaImage::from_fn(2, 1, |x, _| image::Rgba([255, 255, 255, if x == 0 { 0 } else { 255 }]));
        let bytes =
            crate::photo::encode_png(&image::DynamicImage::ImageRgba8(pixels), &PngMetadata::default()).unwrap();
        assert_eq!(decode_mask(&bytes, Some((2, 1))).unwrap().to_bytes(), [0, 255]);
        let error = decode_mask(&bytes, Some((5, 5))).unwrap_err().to_string();
        assert!(error.starts_with("the mask is 2×1"), "{error}");
        insta::assert_snapshot!(decode_mask(b"none", None).unwrap_err(), @"the mask cannot be used: this is a text file: choose a PNG, JPEG, WebP, TIFF or BMP file");
    }

    /// What loading a picture as a mask says: an error, or the warnings.
    fn told(picture: impl Into<DynamicImage>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        let picture = picture.into();
        let (width, height) = (picture.width(), picture.height());
        photo::save_png(&path, &picture, &PngMetadata::default(), Overwrite::Refuse).unwrap();
        let told = match load_mask(&path, width, height) {
            Ok(loaded) => format!("{}, {}", loaded.looks_upside_down, loaded.warnings.join("; ")),
            Err(error) => error.to_string(),
        };
        told.replace(&folder.path().display().to_string(), "DIR")
    }

    #[test]
    fn a_mask_of_labels_is_explained() {
        let labels = GrayImage::from_fn(9, 9, |x, y| image::Luma([u8::from(x == y)]));
        insta::assert_snapshot!(told(labels), @"the mask DIR/mask.png has no hole: it has only the values 0 and 1 of 255. White, or brighter than half (128 of 255), is filled, so draw the hole in white on black");
    }

    #[test]
    fn unusual_masks_are_doubted() {
        let inverted = GrayImage::from_fn(9, 9, |x, y| image::Luma([if x == y { 0 } else { 255 }]));
        assert_eq!(told(inverted), "false, ");
        let upside_down = GrayImage::from_fn(9, 9, |x, _| image::Luma([if x == 4 { 0 } else { 255 }]));
        assert_eq!(told(upside_down), "false, ");
        let white = GrayImage::from_pixel(9, 9, image::Luma([255]));
        insta::assert_snapshot!(told(white), @"true, the mask is white over 100 % of the photo, and white is filled: if its hole is drawn in black, invert it");
        let cut_out = image::RgbaImage::from_fn(30, 9, |x, y| {
            let grey = 130 + u8::try_from(x).unwrap();
            image::Rgba([grey, grey, grey, if y > 6 { 0 } else { 255 }])
        });
        insta::assert_snapshot!(told(cut_out), @"the mask DIR/mask.png is a photo with a transparent part: draw the hole in white on black, in a picture of its own");
    }
}
