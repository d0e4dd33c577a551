//! Reads the metadata of a JPEG file from the segments before its first scan.
//!
//! Sources: EXIF in APP1 (CIPA DC-008-2023, section 4.7); XMP in APP1 (XMP specification, part 3, section 1.1.3);
//! profiles in APP2 (ICC.1:2022, annex B.4); image resources in APP13; print size in APP0 (ITU-T T.871, section 10.1).

use super::photoshop;
use crate::photo::metadata::{PhotoMetadata, PhotoText, PixelDensity};
use crate::photo::xmp;

const JFIF: &[u8] = b"JFIF\0";
const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// A part of a long packet, behind the main packet's identifier of it, its whole length and the position of the part.
const EXTENDED_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// Reads the metadata of the picture at the start of `bytes`. What cannot be read is left out.
pub(super) fn read(bytes: &[u8]) -> PhotoMetadata {
    let mut metadata = PhotoMetadata::default();
    let mut profile_parts: Vec<(u8, &[u8])> = Vec::new();
    let mut extended_parts = Vec::new();
    let mut resources = Vec::new();
    for (marker, data) in segments(bytes) {
        if let (0xE0, Some(header)) = (marker, data.strip_prefix(JFIF)) {
            metadata.density = metadata.density.or_else(|| jfif_density(header));
        } else if let (0xE1, Some(block)) = (marker, data.strip_prefix(EXIF)) {
            add_exif(&mut metadata.exif, block);
        } else if let (0xE1, Some(packet)) = (marker, data.strip_prefix(XMP)) {
            metadata.xmp.get_or_insert_with(|| packet.to_vec());
        } else if let (0xE1, Some(part)) = (marker, data.strip_prefix(EXTENDED_XMP)) {
            extended_parts.extend(ExtendedPart::read(part));
        } else if let (0xE2, Some([number, _, part @ ..])) = (marker, data.strip_prefix(PROFILE)) {
            profile_parts.push((*number, part));
        } else if marker == 0xFE {
            metadata.texts.extend(comment(data));
        } else if let (0xED, Some(part)) = (marker, data.strip_prefix(PHOTOSHOP)) {
            resources.extend(part);
        }
    }
    metadata.icc_profile = join_profile(profile_parts);
    metadata.xmp = metadata.xmp.or_else(|| photoshop::xmp(&resources)).map(|packet| {
        let extended = join_extended(&packet, extended_parts);
        extended.map(|extended| xmp::join(&packet, &extended)).unwrap_or(packet)
    });
    metadata.iptc = photoshop::iptc(&resources);
    metadata.density = metadata.density.or_else(|| photoshop::density(&resources));
    metadata
}

/// Markers and data of the segments before the first scan or the end of the picture.
fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut position = 0;
    std::iter::from_fn(move || {
        loop {
            // A marker follows any number of bytes FF. Other bytes between segments are damage, and skipped.
            let before = bytes.get(position..)?.iter().position(|byte| *byte == 0xFF)?;
            let start = position + before;
            let fill = bytes.get(start..)?.iter().position(|byte| *byte != 0xFF)?;
            let marker = *bytes.get(start + fill)?;
            position = start + fill + 1;
            match marker {
                // No data: zero, TEM, restarts and the start of the picture.
                0x00 | 0x01 | 0xD0..=0xD8 => {}
                0xD9 | 0xDA => return None,
                _ => {
                    let length = u16::from_be_bytes(bytes.get(position..position + 2)?.try_into().ok()?);
                    let end = position + usize::from(length).max(2);
                    let data = bytes.get(position + 2..end)?;
                    position = end;
                    return Some((marker, data));
                }
            }
        }
    })
}

/// Takes the first EXIF block. A long one goes on in further segments, which lack a TIFF header.
fn add_exif(exif: &mut Option<Vec<u8>>, part: &[u8]) {
    let starts_block = part.starts_with(b"II\x2A\0") || part.starts_with(b"MM\0\x2A");
    match exif {
        Some(block) if !starts_block => block.extend(part),
        None if !part.is_empty() => *exif = Some(part.to_vec()),
        _ => {}
    }
}

/// A comment, for a PNG's text. There is no rule for its encoding.
fn comment(data: &[u8]) -> Option<PhotoText> {
    let latin_1 = || data.iter().map(|byte| char::from(*byte)).collect();
    let mut text = String::from_utf8(data.to_vec()).unwrap_or_else(|_| latin_1());
    text.retain(|c| c != '\0');
    (!text.is_empty()).then(|| PhotoText { keyword: "Comment".into(), text })
}

/// The print size in a JFIF header: version, unit, and pixels per unit.
fn jfif_density(header: &[u8]) -> Option<PixelDensity> {
    let &[_, _, unit, x_high, x_low, y_high, y_low, ..] = header else { return None };
    let (x, y) = (u16::from_be_bytes([x_high, x_low]), u16::from_be_bytes([y_high, y_low]));
    match unit {
        0 => PixelDensity::ratio(x.into(), y.into()),
        1 => PixelDensity::per_inch(x.into(), y.into()),
        2 => PixelDensity::per_centimetre(x.into(), y.into()),
        _ => None,
    }
}

/// Joins the parts of a profile by their numbers. `None` when a part is missing.
fn join_profile(mut parts: Vec<(u8, &[u8])>) -> Option<Vec<u8>> {
    parts.sort_by_key(|(number, _)| *number);
    // Numbers start at 1, but some programs start at 0.
    let first = parts.first()?.0;
    let is_complete = first <= 1 && (first..=u8::MAX).zip(&parts).all(|(expected, (number, _))| expected == *number);
    is_complete.then(|| parts.into_iter().flat_map(|(_, part)| part).copied().collect())
}

/// A part of an extended XMP packet (XMP specification, part 3, section 1.1.3.1).
struct ExtendedPart<'a> {
    /// 32 characters.
    id: &'a [u8],
    total_bytes: u32,
    position: u32,
    data: &'a [u8],
}

impl<'a> ExtendedPart<'a> {
    fn read(segment: &'a [u8]) -> Option<Self> {
        let (id, rest) = segment.split_at_checked(32)?;
        let (total, rest) = rest.split_first_chunk()?;
        let (position, data) = rest.split_first_chunk()?;
        let [total_bytes, position] = [total, position].map(|bytes| u32::from_be_bytes(*bytes));
        Some(Self { id, total_bytes, position, data })
    }
}

/// Joins the parts of the extended packet that belongs to a packet. `None` when there is none, or a part is missing.
fn join_extended(packet: &[u8], mut parts: Vec<ExtendedPart<'_>>) -> Option<Vec<u8>> {
    if parts.is_empty() {
        return None;
    }
    let id = xmp::extended_packet_id(packet)?;
    parts.retain(|part| part.id.eq_ignore_ascii_case(id.as_bytes()));
    parts.sort_by_key(|part| part.position);
    let total_bytes = parts.first()?.total_bytes;
    let mut joined = Vec::new();
    for part in parts {
        if part.position as usize != joined.len() {
            return None;
        }
        joined.extend(part.data);
    }
    (joined.len() == total_bytes as usize).then_some(joined)
}

#[cfg(test)]
mod tests;
