//! Reads what a TIFF file says besides its pixels.

use image::metadata::Orientation;

use super::directory::{Directory, TiffFile, kind};
use super::{exif_block, tag};
use crate::photo::decode::photoshop;
use crate::photo::metadata::{PhotoMetadata, PixelDensity};

/// Reads the metadata of a page. What describes the photo may also be in `first`, the file's first directory; the
/// profile and the print size belong to the page.
pub(super) fn read(file: &TiffFile<'_>, page: &Directory, first: &Directory) -> PhotoMetadata {
    let bytes = |tag| [page, first].into_iter().find_map(|directory| non_empty(file.tag_bytes(directory, tag)));
    let resources = bytes(tag::PHOTOSHOP).unwrap_or_default();
    PhotoMetadata {
        icc_profile: non_empty(file.tag_bytes(page, tag::ICC_PROFILE)).map(<[u8]>::to_vec),
        exif: exif_block::build(file, page, first),
        xmp: bytes(tag::XMP).map(<[u8]>::to_vec),
        iptc: [page, first]
            .into_iter()
            .find_map(|directory| iptc(file, directory))
            .or_else(|| photoshop::iptc(resources)),
        density: density(file, page).or_else(|| photoshop::density(resources)),
        ..PhotoMetadata::default()
    }
}

fn non_empty(bytes: Option<&[u8]>) -> Option<&[u8]> {
    bytes.filter(|bytes| !bytes.is_empty())
}

/// IPTC records start with this byte.
const RECORD: u8 = 0x1C;

/// The records of tag 33723. Many programs call the bytes 32-bit numbers, and some then swap them into the file's byte
/// order.
fn iptc(file: &TiffFile<'_>, directory: &Directory) -> Option<Vec<u8>> {
    let bytes = non_empty(file.tag_bytes(directory, tag::IPTC))?;
    let is_swapped = directory.entry(tag::IPTC)?.kind == kind::LONG && bytes.first() != Some(&RECORD);
    let mut records = bytes.to_vec();
    if is_swapped {
        records.as_chunks_mut::<4>().0.iter_mut().for_each(|word| word.reverse());
    }
    (records.first() == Some(&RECORD)).then_some(records)
}

fn density(file: &TiffFile<'_>, page: &Directory) -> Option<PixelDensity> {
    let value = |tag| file.number_list(page, tag)?.first().copied();
    let (x, y) = (value(tag::X_RESOLUTION)?, value(tag::Y_RESOLUTION)?);
    match file.unsigned(page, tag::RESOLUTION_UNIT).unwrap_or(2) {
        2 => PixelDensity::per_inch(x, y),
        3 => PixelDensity::per_centimetre(x, y),
        _ => {
            // Thousandths, because the ratio may be of fractions.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
            let whole = |value: f64| (1000.0 * value).round() as u32;
            PixelDensity::ratio(whole(x), whole(y))
        }
    }
}

/// The page's orientation. A page below another one turns with it.
pub(super) fn orientation(file: &TiffFile<'_>, page: &Directory, parent: Option<&Directory>) -> Option<Orientation> {
    let value = [Some(page), parent].into_iter().flatten().find_map(|page| file.unsigned(page, tag::ORIENTATION))?;
    Orientation::from_exif(u8::try_from(value).ok()?).filter(|orientation| *orientation != Orientation::NoTransforms)
}
