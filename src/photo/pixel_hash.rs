//! SHA-256 of decoded pixels, independent of the file format.

use sha2::{Digest as _, Sha256};

use super::{Photo, PixelData};

/// Channel values that are converted to bytes at a time.
const VALUES_PER_CHUNK: usize = 1 << 15;

impl Photo {
    /// Name of the pixels' colour type, for example `rgb8` or `la16`.
    #[must_use]
    pub fn color_name(&self) -> String {
        format!("{:?}", self.pixels.color()).to_lowercase()
    }

    /// SHA-256 of size, colour type and channel values (16 bits: little endian), in hexadecimal. Metadata is not
    /// included, so the same picture in another lossless file has the same hash.
    #[must_use]
    pub fn pixel_sha256(&self) -> String {
        let mut hash = Sha256::new_with_prefix(hash_prefix(self.width(), self.height(), &self.color_name()));
        match PixelData::of(&self.pixels) {
            PixelData::Bits8 { data, .. } => hash.update(data),
            PixelData::Bits16 { data, .. } => {
                for samples in data.chunks(VALUES_PER_CHUNK) {
                    hash.update(samples.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<u8>>());
                }
            }
        }
        format!("{:x}", hash.finalize())
    }
}

/// SHA-256 of a picture's size, kind and bytes, in hexadecimal. `kind` distinguishes pictures with the same bytes.
pub(crate) fn sha256_of_pixels(width: u32, height: u32, kind: &str, pixels: &[u8]) -> String {
    format!("{:x}", Sha256::new_with_prefix(hash_prefix(width, height, kind)).chain_update(pixels).finalize())
}

fn hash_prefix(width: u32, height: u32, kind: &str) -> String {
    format!("{width}x{height} {kind}\n")
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, ImageBuffer, Luma};

    use super::*;

    #[test]
    fn hash_equals_that_of_sha256sum() {
        let photo = Photo::from_pixels(DynamicImage::ImageLuma8(GrayImage::from_raw(2, 1, vec![1, 2]).unwrap()));
        // printf '2x1 l8\n\1\2' | sha256sum
        assert_eq!(photo.pixel_sha256(), "963df4e46c5757762c3259bc1d0339f1780dcb73632869166e56dbefd6404fb7");
        assert_eq!(photo.pixel_sha256(), sha256_of_pixels(2, 1, "l8", &[1, 2]));
    }

    #[test]
    fn sixteen_bits_are_hashed_low_byte_first() {
        let pixels = ImageBuffer::<Luma<u16>, _>::from_raw(1, 2, vec![0x0201, 0x0403]).unwrap();
        let photo = Photo::from_pixels(DynamicImage::ImageLuma16(pixels));
        assert_eq!(photo.pixel_sha256(), sha256_of_pixels(1, 2, "l16", &[1, 2, 3, 4]));
    }

    #[test]
    fn size_and_colour_type_change_the_hash() {
        let hash = |width, height, kind| sha256_of_pixels(width, height, kind, &[0; 12]);
        let all = [hash(3, 4, "l8"), hash(4, 3, "l8"), hash(2, 2, "rgb8"), hash(12, 1, "l8")];
        assert!((0..4).all(|one| (0..one).all(|other| all[one] != all[other])));
    }
}
