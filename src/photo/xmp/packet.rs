//! The properties of a packet, and edits of its text.

use std::collections::HashSet;
use std::ops::Range;

use roxmltree::{Attribute, Document, Node};

use super::namespace::RDF;
use crate::photo::embedded_picture::{holds_base64_picture, without_base64_pictures};

/// A range of the text and its replacement.
pub(super) type TextEdit = (Range<usize>, String);

/// Applies edits. Of two that overlap, the one that starts earlier or is longer wins: it removes the other's text.
pub(super) fn apply_edits(text: &str, mut edits: Vec<TextEdit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let (mut result, mut position) = (String::new(), 0);
    for (range, replacement) in edits {
        if let Some(kept) = text.get(position..range.start) {
            result.push_str(kept);
            result.push_str(&replacement);
            position = range.end;
        }
    }
    result + text.get(position..).unwrap_or_default()
}

/// A parsed packet.
pub(super) struct Packet<'t, 'd> {
    text: &'t str,
    /// Position in `text` minus position in the document.
    shift: isize,
    /// The RDF element.
    rdf: Node<'d, 'd>,
}

/// A property: namespace and name.
type Name<'a> = (&'a str, &'a str);

fn name_of<'a>(node: &Node<'a, '_>) -> Name<'a> {
    (node.tag_name().namespace().unwrap_or_default(), node.tag_name().name())
}

fn attribute_name<'a>(attribute: &Attribute<'a, '_>) -> Name<'a> {
    (attribute.namespace().unwrap_or_default(), attribute.name())
}

impl<'t, 'd> Packet<'t, 'd> {
    /// `None` when there is no RDF. `shift` is the position in `text` minus that in the document.
    pub fn new(document: &'d Document<'d>, text: &'t str, shift: isize) -> Option<Self> {
        let rdf = document.descendants().find(|node| name_of(node) == (RDF, "RDF"))?;
        Some(Self { text, shift, rdf })
    }

    /// A range of the document in the text.
    fn in_text(&self, range: Range<usize>) -> Range<usize> {
        let shifted = |position: usize| position.checked_add_signed(self.shift).unwrap_or_default();
        shifted(range.start)..shifted(range.end)
    }

    fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(self.in_text(range)).unwrap_or_default()
    }

    fn descriptions(&self) -> impl Iterator<Item = Node<'d, 'd>> + use<'d> {
        self.rdf.children().filter(|node| name_of(node) == (RDF, "Description"))
    }

    /// What the descriptions are about, as it is written.
    pub fn about(&self) -> &'t str {
        let attributes = self.descriptions().flat_map(|description| description.attributes());
        let mut about = attributes.filter(|attribute| attribute_name(attribute) == (RDF, "about"));
        let value = about.next().map(|attribute| self.slice(attribute.range_value()));
        value.filter(|value| !value.contains('"')).unwrap_or_default()
    }

    /// Ranges of the document with the values of a property, in attributes and in elements that hold only text.
    fn value_ranges(&self, namespace: &str, name: &str) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        for description in self.descriptions() {
            let attributes = description.attributes().filter(|other| attribute_name(other) == (namespace, name));
            ranges.extend(attributes.map(|attribute| attribute.range_value()));
            let children = description.children().filter(|child| name_of(child) == (namespace, name));
            ranges.extend(children.filter_map(|child| {
                let only_child = child.first_child().filter(|inner| inner.is_text() && inner.next_sibling().is_none());
                only_child.map(|text| text.range())
            }));
        }
        ranges
    }

    /// The values of a property, as they are written.
    pub fn values(&self, namespace: &str, name: &str) -> Vec<&'t str> {
        self.value_ranges(namespace, name).into_iter().map(|range| self.slice(range).trim()).collect()
    }

    /// The first value of a property, as it is written.
    pub fn value(&self, namespace: &str, name: &str) -> Option<&'t str> {
        self.values(namespace, name).first().copied()
    }

    /// Edits that set a property wherever it has a value.
    pub fn edits_setting(&self, namespace: &str, name: &str, value: &str) -> Vec<TextEdit> {
        let ranges = self.value_ranges(namespace, name).into_iter();
        ranges.map(|range| (self.in_text(range), value.to_owned())).collect()
    }

    /// Edits that swap the values of two properties of a namespace. None unless each has one value.
    pub fn edits_swapping(&self, namespace: &str, names: [&str; 2]) -> Vec<TextEdit> {
        match names.map(|name| self.value_ranges(namespace, name)).each_ref().map(Vec::as_slice) {
            [[one], [other]] => {
                let edit = |to: &Range<usize>, from: &Range<usize>| {
                    (self.in_text(to.clone()), self.slice(from.clone()).to_owned())
                };
                vec![edit(one, other), edit(other, one)]
            }
            _ => Vec::new(),
        }
    }

    /// Edits that remove properties of the descriptions themselves.
    pub fn removals_of_properties(&self, is_removed: impl Fn(&str, &str) -> bool) -> Vec<TextEdit> {
        let mut removed = Vec::new();
        for description in self.descriptions() {
            let attributes =
                description.attributes().filter(|attribute| matches(&is_removed, attribute_name(attribute)));
            removed.extend(attributes.map(|attribute| self.with_space_before(attribute.range())));
            let children = description.children().filter(|child| matches(&is_removed, name_of(child)));
            removed.extend(children.map(|child| child.range()));
        }
        self.edits_removing(removed)
    }

    /// Edits that remove properties wherever they are, also inside of others, and pictures in base64 from all values.
    pub fn removals_anywhere(&self, is_removed: impl Fn(&str, &str) -> bool) -> Vec<TextEdit> {
        let (mut removed, mut values) = (Vec::new(), Vec::new());
        for node in self.rdf.descendants().skip(1) {
            if node.is_text() {
                values.push(node.range());
            } else if node.is_element() && matches(&is_removed, name_of(&node)) {
                removed.push(node.range());
            }
            for attribute in node.attributes() {
                if matches(&is_removed, attribute_name(&attribute)) {
                    removed.push(self.with_space_before(attribute.range()));
                }
                values.push(attribute.range_value());
            }
        }
        let blanked = values.into_iter().filter(|range| holds_base64_picture(self.slice(range.clone())));
        let mut edits: Vec<TextEdit> =
            blanked.map(|range| (self.in_text(range.clone()), without_base64_pictures(self.slice(range)))).collect();
        edits.extend(self.edits_removing(removed));
        edits
    }

    /// Edits that remove ranges of the document, and each description that has nothing else.
    fn edits_removing(&self, mut removed: Vec<Range<usize>>) -> Vec<TextEdit> {
        let known: HashSet<Range<usize>> = removed.iter().cloned().collect();
        for description in self.descriptions() {
            let attributes = description.attributes().filter(|attribute| attribute.namespace() != Some(RDF));
            let attributes = attributes.map(|attribute| self.with_space_before(attribute.range()));
            let children = description.children().filter(Node::is_element).map(|child| child.range());
            let properties: Vec<_> = attributes.chain(children).collect();
            if !properties.is_empty() && properties.iter().all(|property| known.contains(property)) {
                removed.push(description.range());
            }
        }
        removed.into_iter().map(|range| (self.in_text(range), String::new())).collect()
    }

    /// The range of an attribute with the space before it.
    fn with_space_before(&self, range: Range<usize>) -> Range<usize> {
        let before = self.text.get(..self.in_text(range.clone()).start).unwrap_or_default();
        range.start - (before.len() - before.trim_ascii_end().len())..range.end
    }

    /// An edit that puts another description behind the others.
    pub fn insertion(&self, description: &str) -> Vec<TextEdit> {
        let element = self.slice(self.rdf.range());
        let end = self.in_text(self.rdf.range()).end;
        if element.ends_with("/>") {
            // Empty: an end tag takes the place of the slash.
            let name = element.get(1..).and_then(|tag| tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next());
            return vec![(end - 2..end, format!(">{description}</{}>", name.unwrap_or_default()))];
        }
        let end_tag = element.rfind("</").map_or(0, |at| element.len() - at);
        vec![(end - end_tag..end - end_tag, description.to_owned())]
    }

    /// The descriptions, each with all namespaces that it needs elsewhere.
    pub fn complete_descriptions(&self) -> Vec<String> {
        let complete = |description: Node<'_, '_>| {
            let range = description.range();
            let source = self.slice(range.clone());
            let tag_end = description.first_child().map_or(source.len(), |child| child.range().start - range.start);
            let tag = source.get(..tag_end).unwrap_or_default();
            let name_end = source.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
            let (name, rest) = source.split_at(name_end.unwrap_or_default());
            let mut complete = name.to_owned();
            for namespace in self.rdf.namespaces() {
                let prefix = namespace.name().filter(|prefix| *prefix != "xml");
                if let Some(prefix) = prefix.filter(|prefix| !tag.contains(&format!("xmlns:{prefix}="))) {
                    complete.extend([" xmlns:", prefix, "=\"", namespace.uri(), "\""]);
                }
            }
            complete + rest
        };
        self.descriptions().map(complete).collect()
    }
}

fn matches(is_removed: &impl Fn(&str, &str) -> bool, (namespace, name): Name<'_>) -> bool {
    is_removed(namespace, name)
}
