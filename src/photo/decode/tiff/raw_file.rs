//! Recognises raw files of cameras. Most of their formats are TIFF files with a preview and private parts.

use super::directory::TiffFile;
use super::pages::Page;
use super::tag;

/// Photometric interpretations: a colour filter array (TIFF/EP, ISO 12234-2), colours before development (DNG 1.7,
/// chapter 4).
const SENSOR_DATA: [u64; 2] = [32803, 34892];

/// Compressions that only cameras use: Kodak (three), Sony, Epson, Samsung, Nikon, DNG's lossy JPEG, Pentax (`ExifTool`'s
/// list of TIFF compressions).
const CAMERA_COMPRESSIONS: [u64; 9] = [262, 32867, 65000, 32767, 32769, 32770, 34713, 34892, 65535];

/// Whether a file holds a sensor's data. A DNG may also hold a developed photo: `has_full_picture` tells whether a page
/// is not marked as a preview.
pub(super) fn is_raw_file(file: &TiffFile<'_>, pages: &[Page], has_full_picture: bool) -> bool {
    let any = |tag: u16, is_raw: &dyn Fn(u64) -> bool| {
        pages.iter().any(|page| file.unsigned(&page.directory, tag).is_some_and(is_raw))
    };
    let is_dng = pages.first().is_some_and(|page| page.directory.has(tag::DNG_VERSION));
    // Canon's header: its mark stands before the first directory, at 16.
    let is_cr2 = file.bytes.get(4..12) == Some(b"\x10\0\0\0CR\x02\0");
    is_cr2
        || (is_dng && !has_full_picture)
        || any(tag::PHOTOMETRIC, &|value| SENSOR_DATA.contains(&value))
        || any(tag::COMPRESSION, &|value| CAMERA_COMPRESSIONS.contains(&value))
}
