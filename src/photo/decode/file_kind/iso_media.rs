//! Files in ISO base media boxes: HEIC, AVIF, and films.
//!
//! The first box `ftyp` lists brands (ISO/IEC 14496-12, section 4.3): the major brand, a version, compatible brands.
//! Cameras write a general brand as the major one, so the compatible brands count too.

use super::{CAMERA_RAW, CONVERT_IT, FileKind};

const HEIC: FileKind = FileKind::photo(
    "a HEIC picture",
    "export it as JPEG or PNG and open that (an iPhone takes JPEGs with Settings, Camera, Formats, Most Compatible)",
);
const AVIF: FileKind = FileKind::photo("an AVIF picture", CONVERT_IT);
const HEIF: FileKind = FileKind::photo("a HEIF picture", CONVERT_IT);
pub(super) const FILM: FileKind =
    FileKind::other("a film or a sound recording", "save a frame of the film as PNG or JPEG and open that");

/// Brands of picture kinds. General brands are last: they also occur in files of the special kinds.
const PICTURE_BRANDS: [(&[&[u8; 4]], FileKind); 4] = [
    (&[b"crx "], CAMERA_RAW),
    (&[b"avif", b"avis", b"avio"], AVIF),
    (&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"], HEIC),
    (&[b"mif1", b"mif2", b"msf1", b"miaf", b"jpeg", b"j2ki", b"avci"], HEIF),
];

/// Boxes that start an old film (MOV) without `ftyp`.
const FIRST_BOXES_OF_FILMS: [&[u8; 4]; 5] = [b"moov", b"mdat", b"wide", b"pnot", b"skip"];

pub(super) fn kind_of(start: &[u8]) -> Option<FileKind> {
    let (size, rest) = start.split_first_chunk::<4>()?;
    let (name, content) = rest.split_first_chunk::<4>()?;
    if FIRST_BOXES_OF_FILMS.contains(&name) && size[0] < b' ' {
        return Some(FILM);
    }
    if name != b"ftyp" {
        return None;
    }
    let content_bytes = usize::try_from(u32::from_be_bytes(*size)).ok()?.saturating_sub(8);
    let words = content.get(..content_bytes).unwrap_or(content).as_chunks::<4>().0;
    // The second word is the version.
    let brands = || words.iter().enumerate().filter(|(index, _)| *index != 1).map(|(_, word)| word);
    let kind = PICTURE_BRANDS.iter().find(|(known, _)| brands().any(|brand| known.contains(&brand)));
    Some(kind.map_or(FILM, |(_, kind)| *kind))
}
