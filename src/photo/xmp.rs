//! Edits XMP packets in place: upright orientation, no pictures, digital source type.
//!
//! A packet is RDF in XML (ISO 16684-1): descriptions with properties, as attributes or as elements. Only the changed
//! parts of the text are replaced; everything else keeps its bytes. A packet that is not even nearly XML is kept, without
//! the pictures in it that can be recognised.

mod packet;
mod text;
mod unwanted;

use image::metadata::Orientation;
use xmp_writer::{CustomNamespace, Namespace, XmpWriter};

use super::embedded_picture::without_base64_pictures;
use super::exif::swaps_sides;
use packet::{Packet, TextEdit, apply_edits};
use text::ReadablePacket;

/// The namespaces of the properties that are read or written.
mod namespace {
    pub const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    pub const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
    pub const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
    pub const XMP: &str = "http://ns.adobe.com/xap/1.0/";
    pub const XMP_NOTE: &str = "http://ns.adobe.com/xmp/note/";
    pub const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
    /// IPTC Photo Metadata Standard, extension schema.
    pub const IPTC_EXTENSION: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
}
use namespace::{EXIF, IPTC_EXTENSION, PHOTOSHOP, RDF, TIFF, XMP_NOTE};

const IPTC_PREFIX: &str = "Iptc4xmpExt";
const SOURCE_TYPE: &str = "DigitalSourceType";

/// Adapts a packet to upright RGB pixels. The result is UTF-8.
///
/// `turned` is the orientation that was applied to the pixels. Then the packet's orientation becomes upright, and what
/// belongs to width and height is swapped for a quarter turn. Without it the packet's orientation stays: browsers,
/// Photoshop and exiftool turn a picture by EXIF or TIFF alone (Metadata Working Group, Guidelines 2.0, section 5), so
/// the pixels are not turned by it, and whoever does read it sees the export as the photo.
///
/// Removes all pictures, because they would show the old face, and what tells of pictures and films behind the photo.
pub(super) fn make_upright(packet: &[u8], turned: Option<Orientation>) -> Vec<u8> {
    let text = text::decode(packet);
    let Some(readable) = ReadablePacket::find(&text) else {
        return without_base64_pictures(&text).into_bytes();
    };
    let edited = readable.edit(|packet| {
        let mut edits = packet.removals_anywhere(unwanted::is_unwanted);
        if let Some(orientation) = turned {
            edits.extend(packet.edits_setting(TIFF, "Orientation", "1"));
            if swaps_sides(orientation) {
                edits.extend(packet.edits_swapping(TIFF, ["ImageWidth", "ImageLength"]));
                edits.extend(packet.edits_swapping(EXIF, ["PixelXDimension", "PixelYDimension"]));
            }
        }
        edits.extend(edits_describing_rgb(packet));
        edits
    });
    edited.into_bytes()
}

/// Photoshop describes a CMYK picture by its colour mode and its profile. Its pixels are decoded to sRGB.
fn edits_describing_rgb(packet: &Packet<'_, '_>) -> Vec<TextEdit> {
    const CMYK: &str = "4";
    const RGB: &str = "3";
    const SEPARATED: &str = "5";
    let mut edits = Vec::new();
    if packet.value(PHOTOSHOP, "ColorMode") == Some(CMYK) {
        edits.extend(packet.edits_setting(PHOTOSHOP, "ColorMode", RGB));
        edits.extend(packet.removals_of_properties(|namespace, name| (namespace, name) == (PHOTOSHOP, "ICCProfile")));
    }
    if packet.value(TIFF, "PhotometricInterpretation") == Some(SEPARATED) {
        edits.extend(packet.edits_setting(TIFF, "PhotometricInterpretation", "2"));
        edits.extend(packet.edits_setting(TIFF, "SamplesPerPixel", "3"));
    }
    edits
}

/// The identifier of the extended packet that belongs to a packet, if there is one (XMP specification, part 3, section
/// 1.1.3.1).
pub(super) fn extended_packet_id(packet: &[u8]) -> Option<String> {
    let text = text::decode(packet);
    let readable = ReadablePacket::find(&text)?;
    readable.read(|packet| packet.value(XMP_NOTE, "HasExtendedXMP").map(str::to_owned))?
}

/// Adds the descriptions of an extended packet to a packet. An unreadable extended packet is left out.
pub(super) fn join(packet: &[u8], extended: &[u8]) -> Vec<u8> {
    let (text, extended) = (text::decode(packet), text::decode(extended));
    let descriptions = ReadablePacket::find(&extended)
        .and_then(|extended| extended.read(|packet| packet.complete_descriptions().concat()));
    match (ReadablePacket::find(&text), descriptions) {
        (Some(readable), Some(descriptions)) => readable.edit(|packet| packet.insertion(&descriptions)).into_bytes(),
        _ => packet.to_vec(),
    }
}

/// Sets the digital source type of a packet to `url` (a term of IPTC's digital source types) and keeps everything else.
///
/// Without a packet, or when it has no RDF, a new one is made. In a packet that cannot be read as XML, a description is
/// put before the first end of the RDF, where lenient programs find it; when there is no such end, the packet is
/// returned without a source type.
#[must_use]
pub fn with_source_type(packet: Option<&[u8]>, url: &str) -> String {
    let text = text::decode(packet.unwrap_or_default());
    if let Some(readable) = ReadablePacket::find(&text) {
        return readable.edit(|packet| {
            let mut edits =
                packet.removals_of_properties(|namespace, name| (namespace, name) == (IPTC_EXTENSION, SOURCE_TYPE));
            edits.extend(packet.insertion(&source_description(packet.about(), url)));
            edits
        });
    }
    if !text.contains("RDF") {
        let extension = CustomNamespace::new("IPTC Extension", IPTC_PREFIX, IPTC_EXTENSION);
        let mut writer = XmpWriter::new();
        writer.element(SOURCE_TYPE, Namespace::Custom(Box::new(extension))).value(url);
        return writer.finish(None);
    }
    match text.find("</rdf:RDF") {
        Some(end) if !text.contains(url) => apply_edits(&text, vec![(end..end, source_description("", url))]),
        _ => text,
    }
}

/// A description with the source type. `about` names the same picture as the other descriptions.
fn source_description(about: &str, url: &str) -> String {
    format!(
        "<rdf:Description xmlns:rdf=\"{RDF}\" rdf:about=\"{about}\" xmlns:{IPTC_PREFIX}=\"{IPTC_EXTENSION}\">\
         <{IPTC_PREFIX}:{SOURCE_TYPE}>{url}</{IPTC_PREFIX}:{SOURCE_TYPE}></rdf:Description>"
    )
}

#[cfg(test)]
mod tests;
