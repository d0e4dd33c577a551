//! Reads image resources: the blocks in which Photoshop keeps IPTC records and resolution.
//!
//! They stand in a JPEG's APP13 segments, in TIFF tag 34377, and in a PNG's text "Raw profile type 8bim". Their
//! thumbnails are not kept. Source: Adobe Photoshop File Formats Specification, "Image Resource Blocks".

use crate::photo::metadata::PixelDensity;

/// IPTC-IIM records.
const IPTC: u16 = 0x0404;
const RESOLUTION: u16 = 0x03ED;
const XMP: u16 = 0x0424;

/// The IPTC records of a series of image resources.
pub(super) fn iptc(resources: &[u8]) -> Option<Vec<u8>> {
    resource(resources, IPTC).filter(|records| !records.is_empty()).map(<[u8]>::to_vec)
}

/// The XMP packet of a series of image resources.
pub(super) fn xmp(resources: &[u8]) -> Option<Vec<u8>> {
    resource(resources, XMP).filter(|packet| !packet.is_empty()).map(<[u8]>::to_vec)
}

/// The print size of a series of image resources: always in pixels per inch, as fixed-point numbers with 16 bits behind
/// the point.
pub(super) fn density(resources: &[u8]) -> Option<PixelDensity> {
    let resolution = resource(resources, RESOLUTION)?;
    let inches_at = |at: usize| Some(f64::from(u32_at(resolution, at)?) / 65536.0);
    PixelDensity::per_inch(inches_at(0)?, inches_at(8)?)
}

/// The data of the first resource with this number.
fn resource(mut resources: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        // Photoshop's own signature; other programs of Adobe use others for the same structure.
        resources.get(..4).filter(|signature| matches!(*signature, b"8BIM" | b"MeSa" | b"AgHg" | b"PHUT" | b"DCSR"))?;
        let number = u16::from_be_bytes(resources.get(4..6)?.try_into().ok()?);
        // A name with its length in front, padded to an even number of bytes.
        let name_bytes = (usize::from(*resources.get(6)?) + 1).next_multiple_of(2);
        let start = 6 + name_bytes + 4;
        let length = usize::try_from(u32_at(resources, start - 4)?).ok()?;
        let end = start.checked_add(length)?;
        if number == wanted {
            return resources.get(start..end);
        }
        resources = resources.get(end.checked_next_multiple_of(2)?..)?;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image resource, padded.
    pub fn resource_block(number: u16, name: &[u8], data: &[u8]) -> Vec<u8> {
        let mut block = b"8BIM".to_vec();
        block.extend(number.to_be_bytes());
        block.push(u8::try_from(name.len()).unwrap());
        block.extend(name);
        block.resize(block.len().next_multiple_of(2), 0);
        block.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        block.extend(data);
        block.resize(block.len().next_multiple_of(2), 0);
        block
    }

    #[test]
    fn resources_are_found_behind_others() {
        let resolution =
            [&(300u32 << 16).to_be_bytes()[..], &[0, 1, 0, 1], &(150u32 << 16).to_be_bytes(), &[0; 4]].concat();
        let resources = [
            resource_block(0x040C, b"odd", b"thumbnail"),
            resource_block(RESOLUTION, b"", &resolution),
            resource_block(IPTC, b"even", b"\x1C\x02\x50\0\x03Ann"),
        ]
        .concat();
        assert_eq!(iptc(&resources).as_deref(), Some(&b"\x1C\x02\x50\0\x03Ann"[..]));
        assert_eq!(density(&resources), PixelDensity::per_inch(300.0, 150.0));
        for length in 0..resources.len() {
            let cut = resources.get(..length).unwrap();
            assert!(iptc(cut).is_none_or(|records| records.len() == 8), "no panic, no part of a record");
        }
    }
}
