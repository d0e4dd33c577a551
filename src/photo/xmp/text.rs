//! Finds the XML in a packet, as programs really write it: in any Unicode encoding, with leftovers of an older and
//! longer packet behind, with characters and prefixes that XML does not allow.

use std::borrow::Cow;
use std::ops::Range;

use roxmltree::{Document, Error, ParsingOptions};

use super::namespace::{EXIF, IPTC_EXTENSION, PHOTOSHOP, RDF, TIFF, XMP, XMP_NOTE};
use super::packet::{Packet, TextEdit, apply_edits};

/// Namespaces of prefixes that a packet uses without declaring them.
const USUAL_PREFIXES: [(&str, &str); 9] = [
    ("x", "adobe:ns:meta/"),
    ("rdf", RDF),
    ("xmp", XMP),
    ("xap", XMP),
    ("tiff", TIFF),
    ("exif", EXIF),
    ("photoshop", PHOTOSHOP),
    ("xmpNote", XMP_NOTE),
    ("Iptc4xmpExt", IPTC_EXTENSION),
];

/// Most undeclared prefixes in a packet. Each costs another reading.
const MAX_UNDECLARED: usize = 8;
/// Most end tags that are tried.
const MAX_END_TAGS: usize = 3;
/// Most elements and texts of a packet. Lightroom's longest have some ten thousand.
const MAX_NODES: u32 = 1_000_000;

/// Decodes a packet as UTF-8, UTF-16 or UTF-32 (XMP specification, part 1, section 7.3.2), without zeros. Bytes that
/// are not UTF-8 are taken for Latin-1, which some programs mix in.
pub(super) fn decode(packet: &[u8]) -> String {
    let (mut text, is_transcoded) = match packet {
        [0xFF, 0xFE, 0, 0, ..] | [b'<', 0, 0, 0, ..] => (from_utf_32(packet, u32::from_le_bytes), true),
        [0, 0, 0xFE, 0xFF, ..] | [0, 0, 0, b'<', ..] => (from_utf_32(packet, u32::from_be_bytes), true),
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => (from_utf_16(packet, u16::from_le_bytes), true),
        [0xFE, 0xFF, ..] | [0, b'<', ..] => (from_utf_16(packet, u16::from_be_bytes), true),
        _ => (from_utf_8(packet), false),
    };
    text.retain(|c| c != '\0');
    let mut rest = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    // Its declaration would name another encoding.
    if is_transcoded && rest.starts_with("<?xml ") {
        rest = rest.split_once("?>").map_or(rest, |(_, behind)| behind);
    }
    rest.to_owned()
}

fn from_utf_8(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    text
}

fn from_utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn from_utf_32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> String {
    let units = bytes.as_chunks().0.iter().map(|four| unit(*four));
    units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// A packet with an element that can be read.
pub(super) struct ReadablePacket<'a> {
    /// The packet from its start mark to its end mark, where it has them, without what is before and behind.
    text: &'a str,
    /// An element around the packet's element, with the same bytes but those that XML does not allow.
    xml: String,
    /// Position in `text` minus position in `xml`.
    shift: isize,
}

impl<'a> ReadablePacket<'a> {
    /// `None` when there is no element with RDF, or it cannot be read.
    pub fn find(text: &'a str) -> Option<Self> {
        let roots = [find_start_tag(text, &["xmpmeta", "xapmeta"]), find_start_tag(text, &["RDF"])];
        roots.into_iter().flatten().find_map(|(start, name)| {
            let rest = text.get(start..)?;
            let end_tag = format!("</{name}");
            let ends = rest.match_indices(&end_tag).filter_map(|(at, _)| Some(at + rest.get(at..)?.find('>')? + 1));
            let empty = rest.find('>').filter(|end| rest.get(..*end).is_some_and(|tag| tag.ends_with('/')));
            let ends = empty.map(|end| end + 1).into_iter().chain(ends).take(MAX_END_TAGS);
            ends.into_iter().find_map(|length| Self::read_element(text, start..start + length))
        })
    }

    fn read_element(text: &'a str, element: Range<usize>) -> Option<Self> {
        let allowed = allowed_characters(text.get(element.clone())?);
        let mut declarations = String::new();
        for _ in 0..=MAX_UNDECLARED {
            let head = format!("<packet{declarations}>");
            let xml = format!("{head}{allowed}</packet>");
            match parse(&xml).map(|document| Packet::new(&document, text, 0).is_some()) {
                Ok(has_rdf) => {
                    let outer = outer_range(text, element.clone());
                    let shift = element.start.checked_signed_diff(outer.start)?.checked_sub_unsigned(head.len())?;
                    return has_rdf.then_some(Self { text: text.get(outer)?, xml, shift });
                }
                Err(Error::UnknownNamespace(prefix, _)) => {
                    let usual = USUAL_PREFIXES.iter().find(|(name, _)| *name == prefix);
                    let namespace =
                        usual.map_or(Cow::Owned(format!("unknown:{prefix}")), |(_, url)| Cow::Borrowed(*url));
                    declarations.extend([" xmlns:", &prefix, "=\"", &namespace, "\""]);
                }
                Err(_) => return None,
            }
        }
        None
    }

    /// The text with these edits.
    pub fn edit(&self, edits: impl FnOnce(&Packet<'_, '_>) -> Vec<TextEdit>) -> String {
        self.read(edits).map_or_else(|| self.text.to_owned(), |edits| apply_edits(self.text, edits))
    }

    /// Reads the packet once more: a parsed document cannot be kept beside its text.
    pub fn read<T>(&self, read: impl FnOnce(&Packet<'_, '_>) -> T) -> Option<T> {
        let document = parse(&self.xml).ok()?;
        Some(read(&Packet::new(&document, self.text, self.shift)?))
    }
}

fn parse(xml: &str) -> Result<Document<'_>, Error> {
    Document::parse_with_options(xml, ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() })
}

/// Position and name of the first start tag with one of these names, with any prefix.
fn find_start_tag<'a>(text: &'a str, names: &[&str]) -> Option<(usize, &'a str)> {
    text.match_indices('<').find_map(|(start, _)| {
        let rest = text.get(start + 1..)?;
        let name = rest.get(..rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<'))?)?;
        let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
        names.contains(&local).then_some((start, name))
    })
}

/// The packet around an element: with the marks directly before and behind it. Behind the end mark may be the rest of
/// an older packet.
fn outer_range(text: &str, element: Range<usize>) -> Range<usize> {
    let before = text.get(..element.start).unwrap_or_default();
    let start = before
        .rfind("<?xpacket")
        .unwrap_or_else(|| if before.trim_start().starts_with('<') { 0 } else { element.start });
    let behind = text.get(element.end..).unwrap_or_default();
    let mark = behind.len() - behind.trim_start().len();
    let has_end_mark = behind.trim_start().starts_with("<?xpacket");
    let end_mark = behind.get(mark..).filter(|_| has_end_mark).and_then(|mark| mark.find("?>"));
    start..end_mark.map_or(element.end, |length| element.end + mark + length + 2)
}

/// The same text in as many bytes. Replaces characters that XML does not allow, and all references: programs leave out
/// the start or the end of one, and none is needed.
fn allowed_characters(text: &str) -> String {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => c,
        '&' | '\0'..='\x1F' => '_',
        '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
        _ => c,
    };
    text.chars().map(allowed).collect()
}
