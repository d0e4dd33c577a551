//! Edits XMP packets in place: upright orientation, no thumbnails, digital source type.
//!
//! A packet is RDF in XML (ISO 16684-1): descriptions with properties, as attributes or as elements. Only the changed
//! parts of the text are replaced; everything else keeps its bytes. A packet that `xml` cannot parse (no
//! RDF, one prefix for two namespaces, UTF-16) is kept unchanged, or replaced when something must be written into it.

mod xml;

use std::ops::Range;

use image::metadata::Orientation;
use xmp_writer::{CustomNamespace, Namespace, XmpWriter};

use xml::{XmlDocument, XmlElement};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
/// IPTC Photo Metadata Standard, extension schema.
const IPTC_EXTENSION: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
const IPTC_PREFIX: &str = "Iptc4xmpExt";
const SOURCE_TYPE: &str = "DigitalSourceType";

/// Adapts a packet to upright pixels: sets the orientation, and removes thumbnails, because they would show the old
/// face.
pub(super) fn make_upright(packet: Vec<u8>) -> Vec<u8> {
    let Some(text) = utf8_text(&packet) else { return packet };
    let Some(packet) = XmpPacket::parse(text) else { return text.as_bytes().to_vec() };
    let upright = Orientation::NoTransforms.to_exif().to_string();
    let mut edits = packet.edits_removing(XMP, "Thumbnails");
    edits.extend(packet.value_ranges(TIFF, "Orientation").into_iter().map(|range| (range, upright.clone())));
    apply_edits(text, edits).into_bytes()
}

/// Sets the digital source type of a packet to `url` (a term of IPTC's digital source types) and keeps everything else.
/// Without a readable packet, a new one is made.
#[must_use]
pub fn with_source_type(packet: Option<&[u8]>, url: &str) -> String {
    let merged = packet.and_then(utf8_text).and_then(|text| {
        let packet = XmpPacket::parse(text)?;
        let mut edits = packet.edits_removing(IPTC_EXTENSION, SOURCE_TYPE);
        edits.push((packet.insert_position..packet.insert_position, packet.source_description(url)));
        Some(apply_edits(text, edits))
    });
    merged.unwrap_or_else(|| {
        let extension = CustomNamespace::new("IPTC Extension", IPTC_PREFIX, IPTC_EXTENSION);
        let mut writer = XmpWriter::new();
        writer.element(SOURCE_TYPE, Namespace::Custom(Box::new(extension))).value(url);
        writer.finish(None)
    })
}

/// The packet as UTF-8, without the trailing zeros of TIFF files.
fn utf8_text(packet: &[u8]) -> Option<&str> {
    std::str::from_utf8(packet).ok().map(|text| text.trim_end_matches('\0'))
}

/// A range of the text and its replacement.
type TextEdit = (Range<usize>, String);

fn apply_edits(text: &str, mut edits: Vec<TextEdit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut result = text.to_owned();
    for (range, replacement) in edits.into_iter().rev() {
        result.replace_range(range, &replacement);
    }
    result
}

/// A parsed packet.
struct XmpPacket<'a> {
    xml: XmlDocument<'a>,
    /// The prefix of the RDF namespace, usually `rdf`.
    rdf_prefix: &'a str,
    /// Indices of the descriptions.
    descriptions: Vec<usize>,
    /// Position before the end tag of the RDF, where another description can be inserted.
    insert_position: usize,
}

impl<'a> XmpPacket<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let document = XmlDocument::parse(text)?;
        let (index, rdf) = document.elements().rfind(|(_, element)| document.is_named(element.name, RDF, "RDF"))?;
        let rdf_prefix = rdf.name.split_once(':')?.0;
        let insert_position = rdf.inner.end;
        // `<rdf:RDF/>` is empty.
        if insert_position == rdf.whole.end {
            return None;
        }
        let is_description = |element: &XmlElement<'_>| document.is_named(element.name, RDF, "Description");
        let descriptions = document.children(index).filter(|(_, child)| is_description(child));
        let descriptions = descriptions.map(|(index, _)| index).collect();
        Some(Self { xml: document, rdf_prefix, descriptions, insert_position })
    }

    /// Ranges of the values of a property, in attributes and in elements that hold only text.
    fn value_ranges(&self, namespace: &str, name: &str) -> Vec<Range<usize>> {
        let xml = &self.xml;
        let mut ranges = Vec::new();
        for &index in &self.descriptions {
            let attributes = xml.element(index).attributes.iter();
            let attributes = attributes.filter(|attribute| xml.is_named(attribute.name, namespace, name));
            ranges.extend(attributes.map(|attribute| attribute.value_range.clone()));
            let children = xml.children(index).filter(|(index, child)| {
                let holds_text = child.inner.end < child.whole.end && xml.children(*index).next().is_none();
                holds_text && xml.is_named(child.name, namespace, name)
            });
            ranges.extend(children.map(|(_, child)| child.inner.clone()));
        }
        ranges
    }

    /// Edits that remove a property, and any description that has no other property.
    fn edits_removing(&self, namespace: &str, name: &str) -> Vec<TextEdit> {
        let xml = &self.xml;
        let is_removed = |property: &str| xml.is_named(property, namespace, name);
        let is_about = |property: &str| property.starts_with("xmlns") || xml.is_named(property, RDF, "about");
        let mut removed: Vec<Range<usize>> = Vec::new();
        for &index in &self.descriptions {
            let description = xml.element(index);
            let attributes = description.attributes.iter().map(|attribute| (attribute.name, &attribute.whole));
            let attributes = attributes.filter(|(property, _)| is_removed(property) || !is_about(property));
            let children = xml.children(index).map(|(_, child)| (child.name, &child.whole));
            let (matching, other): (Vec<_>, Vec<_>) =
                attributes.chain(children).partition(|(property, _)| is_removed(property));
            if other.is_empty() && !matching.is_empty() {
                removed.push(description.whole.clone());
            } else {
                removed.extend(matching.into_iter().map(|(_, range)| range.clone()));
            }
        }
        removed.into_iter().map(|range| (range, String::new())).collect()
    }

    /// A description with the source type, about the same picture as the others.
    fn source_description(&self, url: &str) -> String {
        let about = self.descriptions.first().and_then(|&index| {
            let mut attributes = self.xml.element(index).attributes.iter();
            let about = attributes.find(|attribute| self.xml.is_named(attribute.name, RDF, "about"))?;
            self.xml.text().get(about.value_range.clone()).filter(|value| !value.contains('"'))
        });
        let (rdf, about) = (self.rdf_prefix, about.unwrap_or_default());
        format!(
            "<{rdf}:Description {rdf}:about=\"{about}\" xmlns:{IPTC_PREFIX}=\"{IPTC_EXTENSION}\">\
             <{IPTC_PREFIX}:{SOURCE_TYPE}>{url}</{IPTC_PREFIX}:{SOURCE_TYPE}></{rdf}:Description>"
        )
    }
}

#[cfg(test)]
mod tests;
