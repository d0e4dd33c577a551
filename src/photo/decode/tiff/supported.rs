//! Which kinds of pages can be decoded. Refuses the others, and says why.

use super::directory::{Directory, TiffFile};
use super::layout::{Colors, SampleFormat};
use super::{PhotoError, tag};

/// Compressions that can be decoded (TIFF 6.0; Technical Note 2; libtiff for Deflate and WebP).
pub(super) mod compression {
    pub(in super::super) const NONE: u16 = 1;
    pub(in super::super) const FAX4: u16 = 4;
    pub(in super::super) const LZW: u16 = 5;
    pub(in super::super) const JPEG: u16 = 7;
    pub(in super::super) const DEFLATE: u16 = 8;
    pub(in super::super) const OLD_DEFLATE: u16 = 32946;
    pub(in super::super) const PACK_BITS: u16 = 32773;
    pub(in super::super) const WEBP: u16 = 50001;
}

pub(super) fn refuse<T>(reason: impl Into<String>) -> Result<T, PhotoError> {
    Err(PhotoError::UnsupportedTiff { reason: reason.into() })
}

/// The compression, when it can be decoded.
pub(super) fn checked_compression(value: u64) -> Result<u16, PhotoError> {
    use compression::{DEFLATE, FAX4, JPEG, LZW, NONE, OLD_DEFLATE, PACK_BITS, WEBP};
    let known = [NONE, FAX4, LZW, JPEG, DEFLATE, OLD_DEFLATE, PACK_BITS, WEBP];
    let name = match u16::try_from(value).ok() {
        Some(value) if known.contains(&value) => return Ok(value),
        Some(2 | 3) => "an old fax (CCITT group 3)",
        Some(6) => "an old kind of JPEG in TIFF",
        Some(33003 | 33005 | 34712) => "JPEG 2000",
        Some(34661) => "JBIG",
        Some(34676 | 34677) => "SGI LogLuv",
        Some(34887) => "LERC",
        Some(34925) => "LZMA",
        Some(50000) => "Zstandard",
        Some(50002 | 52546) => "JPEG XL",
        _ => return refuse(format!("its compression (number {value}) is not known")),
    };
    refuse(format!("its compression is {name}"))
}

/// What the channels mean, when it can be converted to grey or RGB.
pub(super) fn read_colors(
    file: &TiffFile<'_>,
    page: &Directory,
    compression: u16,
    samples: usize,
) -> Result<Colors, PhotoError> {
    let name = match file.unsigned(page, tag::PHOTOMETRIC) {
        // Left out by a few writers, though it is required.
        None if samples >= 3 => return Ok(Colors::Rgb),
        None if compression == compression::FAX4 => return Ok(Colors::WhiteIsZero),
        None | Some(1) => return Ok(Colors::Grey),
        Some(0) => return Ok(Colors::WhiteIsZero),
        Some(2) => return Ok(Colors::Rgb),
        Some(3) => return Ok(Colors::Palette),
        Some(5) if file.unsigned(page, tag::INK_SET).unwrap_or(1) == 1 && samples >= 4 => return Ok(Colors::Cmyk),
        Some(6) => return Ok(Colors::YCbCr),
        Some(5) => "inks other than cyan, magenta, yellow and black".into(),
        Some(8..=10) => "CIE Lab".into(),
        Some(32844 | 32845) => "LogLuv".into(),
        Some(other) => format!("of an unknown kind (number {other})"),
    };
    refuse(format!("its colours are {name}"))
}

/// Refuses colours that need another compression, or another number of values.
pub(super) fn check_colors(
    file: &TiffFile<'_>,
    page: &Directory,
    colors: Colors,
    compression: u16,
    is_planar: bool,
) -> Result<(), PhotoError> {
    match (colors, compression) {
        (Colors::YCbCr, compression::JPEG) if is_planar => refuse("its JPEG planes are YCbCr"),
        (Colors::Cmyk, compression::JPEG) => refuse("its colours are CMYK within JPEG"),
        (Colors::YCbCr, compression::JPEG) => Ok(()),
        (Colors::YCbCr, _) if file.unsigned_list(page, tag::YCBCR_SUBSAMPLING).as_deref() != Some(&[1, 1]) => {
            refuse("its colours are YCbCr with fewer values than pixels, without JPEG")
        }
        _ => Ok(()),
    }
}

/// Refuses pixels that a compression of pictures cannot hold, or that the decoder cannot return.
pub(super) fn check_chunks(compression: u16, samples: usize, format: SampleFormat) -> Result<(), PhotoError> {
    let (name, fits) = match compression {
        compression::JPEG => ("JPEG", matches!((samples, format.bits), (1 | 3, 8))),
        compression::WEBP => ("WebP", matches!((samples, format.bits), (3 | 4, 8))),
        compression::FAX4 => ("of a fax", matches!((samples, format.bits), (1, 1))),
        _ => return Ok(()),
    };
    if fits { Ok(()) } else { refuse(format!("its compression is {name}, with {samples} × {} bits", format.bits)) }
}

/// How the samples are stored: all of them alike.
pub(super) fn read_format(file: &TiffFile<'_>, page: &Directory) -> Result<SampleFormat, PhotoError> {
    let list = |tag, default| file.unsigned_list(page, tag).filter(|list| !list.is_empty()).unwrap_or(vec![default]);
    let (bits, formats) = (list(tag::BITS_PER_SAMPLE, 1), list(tag::SAMPLE_FORMAT, 1));
    let all_equal = |list: &[u64]| list.iter().all(|value| Some(value) == list.first());
    if !all_equal(&bits) || !all_equal(&formats) {
        return refuse("its channels differ in their number of bits");
    }
    let (bits, format) = (bits.first().copied().unwrap_or(1), formats.first().copied().unwrap_or(1));
    match (format, bits) {
        // 4 is "not defined": taken as whole numbers, as libtiff does.
        (1 | 4, 1..=16 | 32 | 64) => Ok(SampleFormat { bits: usize::try_from(bits).unwrap_or(1), is_float: false }),
        (3, 16 | 32 | 64) => Ok(SampleFormat { bits: usize::try_from(bits).unwrap_or(1), is_float: true }),
        (1 | 4, _) => refuse(format!("it has {bits} bits per channel")),
        (2, _) => refuse("its numbers have a sign, so that it does not tell what is black"),
        (3, _) => refuse(format!("it has floating-point numbers of {bits} bits")),
        _ => refuse("its numbers are complex"),
    }
}

/// How differences of numbers are stored (TIFF 6.0, section 14; Technical Note 3), if the decoder can add them up. As in
/// libtiff the tag counts only for the compressions that it is defined for.
pub(super) fn read_predictor(value: u64, compression: u16, format: SampleFormat) -> Result<u16, PhotoError> {
    use compression::{DEFLATE, LZW, OLD_DEFLATE};
    match value {
        _ if !matches!(compression, LZW | DEFLATE | OLD_DEFLATE) => Ok(1),
        1 => Ok(1),
        2 if matches!(format.bits, 8 | 16 | 32 | 64) => Ok(2),
        3 if format.is_float => Ok(3),
        2 | 3 => refuse(format!("it stores differences of {} bits", format.bits)),
        _ => refuse(format!("its predictor (number {value}) is not known")),
    }
}
