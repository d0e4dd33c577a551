//! What must hold for photos, their metadata and masks.

use image::{DynamicImage, GrayImage, RgbImage};

use super::heap::peak_bytes_of;
use crate::mask::{decode_mask, encode_mask_png};
use crate::photo::{DecodeLimits, Photo, PhotoMetadata, PngMetadata, decode, encode_png, with_source_type};

/// Small, so that an input that passes takes little time.
const LIMITS: DecodeLimits = DecodeLimits { max_pixels: 1 << 14 };

/// Memory for opening a photo: far more than its pixels need.
const MAX_BYTES: usize = 16 << 20;
/// Memory for each byte of a file, because profiles and texts are compressed.
const MAX_BYTES_PER_BYTE: usize = 2048;

/// A photo that opens can be saved as PNG, and that PNG shows the same and says the same.
pub fn photo(bytes: &[u8]) {
    let (decoded, peak) = peak_bytes_of(|| decode(bytes, LIMITS));
    assert!(peak <= MAX_BYTES + MAX_BYTES_PER_BYTE * bytes.len(), "opening takes {peak} bytes of memory");
    match decoded {
        Ok(photo) => check(&photo),
        Err(error) => drop(error.to_string()),
    }
}

fn check(photo: &Photo) {
    let pixels = u64::from(photo.width()) * u64::from(photo.height());
    assert!((1..=LIMITS.max_pixels).contains(&pixels), "{pixels} pixels");
    let png = encode_png(&photo.pixels, &photo.png_metadata()).expect("an opened photo can be saved");
    let again = decode(&png, LIMITS).expect("a saved photo opens");
    assert!(again.pixels == photo.pixels, "the saved pixels differ");
    assert_eq!(again.warnings, [""; 0], "the saved file is damaged");
    let mut kept = kept_by_png(&photo.metadata);
    // Behind a blanked picture, broken blocks may have more of them at other places.
    let is_blanker = |again: &Option<Vec<u8>>, kept: &Option<Vec<u8>>| {
        let (again, kept) = (again.as_deref().unwrap_or_default(), kept.as_deref().unwrap_or_default());
        again.len() <= kept.len() && again.iter().zip(kept).all(|(again, kept)| again == kept || *again == 0)
    };
    if is_blanker(&again.metadata.exif, &kept.exif) {
        kept.exif.clone_from(&again.metadata.exif);
    }
    if again.metadata.iptc.as_ref().map_or(0, Vec::len) <= kept.iptc.as_ref().map_or(0, Vec::len) {
        kept.iptc.clone_from(&again.metadata.iptc);
    }
    assert_eq!(again.metadata, kept, "the saved metadata differs");
    check_for_pictures(&photo.metadata);
}

/// No picture that opens is left in the metadata.
fn check_for_pictures(metadata: &PhotoMetadata) {
    let texts = metadata.texts.iter().map(|text| text.text.as_bytes());
    let blocks = [&metadata.exif, &metadata.xmp, &metadata.iptc].into_iter().filter_map(Option::as_deref);
    for block in blocks.chain(texts) {
        let starts = (0..block.len()).filter(|&at| block[at..].starts_with(b"\xFF\xD8\xFF"));
        for at in starts {
            assert!(decode(&block[at..], LIMITS).is_err(), "a picture is left in the metadata");
        }
    }
}

/// What a PNG can hold of a photo's metadata.
fn kept_by_png(metadata: &PhotoMetadata) -> PhotoMetadata {
    let mut kept = metadata.clone();
    kept.xmp = kept.xmp.filter(|packet| std::str::from_utf8(packet).is_ok());
    if kept.icc_profile.is_some() {
        kept.color_encoding.srgb_intent = None;
    }
    kept
}

/// As [`photo`], for an EXIF block.
pub fn exif(bytes: &[u8]) {
    photo_with(&PngMetadata { exif: Some(bytes), ..PngMetadata::default() });
}

/// As [`photo`], for IPTC records.
pub fn iptc(bytes: &[u8]) {
    photo_with(&PngMetadata { iptc: Some(bytes), ..PngMetadata::default() });
}

/// As [`photo`], for an XMP packet. The source type is added once, and the rest of the packet stays.
pub fn xmp(bytes: &[u8]) {
    photo_with(&PngMetadata { xmp: Some(bytes.into()), ..PngMetadata::default() });
    let once = with_source_type(Some(bytes), "http://example.org/a");
    let twice = with_source_type(Some(once.as_bytes()), "http://example.org/a");
    assert_eq!(with_source_type(Some(twice.as_bytes()), "http://example.org/a"), twice, "adding it again changes it");
    assert!(once.matches("http://example.org/a").count() <= 1, "{once}");
}

/// As [`photo`], for a colour profile, with grey and with coloured pixels.
pub fn icc(bytes: &[u8]) {
    let metadata = PngMetadata { icc_profile: Some(bytes), ..PngMetadata::default() };
    photo_with(&metadata);
    let grey = DynamicImage::ImageLuma8(GrayImage::new(2, 1));
    photo(&encode_png(&grey, &metadata).expect("a profile of any bytes can be written"));
}

fn photo_with(metadata: &PngMetadata<'_>) {
    let pixels = DynamicImage::ImageRgb8(RgbImage::from_fn(3, 2, |x, y| {
        image::Rgb([x + 1, y, 9].map(|value| u8::try_from(value).unwrap_or(0)))
    }));
    photo(&encode_png(&pixels, metadata).expect("metadata of any bytes can be written"));
}

/// A mask that opens survives saving.
pub fn mask(bytes: &[u8]) {
    let Ok(picture) = decode(bytes, LIMITS) else { return };
    let (width, height) = (picture.width(), picture.height());
    let mask = decode_mask(bytes, None).expect("the picture opens");
    let png = encode_mask_png(&mask).expect("an opened mask can be saved");
    assert!(decode_mask(&png, Some((width, height))).expect("a saved mask opens") == mask, "the saved mask differs");
    assert!(decode_mask(&png, Some((width + 1, height))).is_err(), "a mask of another size fits");
}
