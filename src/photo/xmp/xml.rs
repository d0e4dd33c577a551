//! A minimal XML parser: elements, their attributes, and their ranges in the text.

use std::collections::HashMap;
use std::ops::Range;

/// An attribute and its ranges in the text.
pub struct XmlAttribute<'a> {
    pub name: &'a str,
    /// Including the space before it.
    pub whole: Range<usize>,
    /// Without the quotes.
    pub value_range: Range<usize>,
}

/// An element and its ranges in the text.
pub struct XmlElement<'a> {
    pub name: &'a str,
    pub attributes: Vec<XmlAttribute<'a>>,
    /// Including its tags.
    pub whole: Range<usize>,
    /// Between its tags. An empty range at its end for a self-closing element.
    pub inner: Range<usize>,
    parent: Option<usize>,
}

/// A parsed text: its elements in the order of their start tags.
pub struct XmlDocument<'a> {
    text: &'a str,
    elements: Vec<XmlElement<'a>>,
    /// Namespaces by prefix.
    namespaces: HashMap<&'a str, &'a str>,
}

impl<'a> XmlDocument<'a> {
    /// `None` when tags do not match, when there is a document type (which could define entities), or when one prefix
    /// has two namespaces.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut document = Self { text, elements: Vec::new(), namespaces: HashMap::new() };
        let mut open: Vec<usize> = Vec::new();
        let mut position = 0;
        while let Some(start) = text[position..].find('<').map(|offset| position + offset) {
            let rest = &text[start..];
            position = match SECTIONS_WITHOUT_TAGS.iter().find(|(mark, _)| rest.starts_with(mark)) {
                Some((_, end)) => start + rest.find(end)? + end.len(),
                None if rest.starts_with("<!") => return None,
                None if rest.starts_with("</") => {
                    let end = start + rest.find('>')?;
                    let element = document.elements.get_mut(open.pop()?)?;
                    if text[start + 2..end].trim_end() != element.name {
                        return None;
                    }
                    element.inner.end = start;
                    element.whole.end = end + 1;
                    end + 1
                }
                None => {
                    let (element, is_closed) = parse_start_tag(text, start, open.last().copied())?;
                    let end = element.whole.end;
                    if !is_closed {
                        open.push(document.elements.len());
                    }
                    document.register_prefixes(&element)?;
                    document.elements.push(element);
                    end
                }
            };
        }
        open.is_empty().then_some(document)
    }

    /// Registers the namespace prefixes that an element declares. `None` for a prefix with two namespaces.
    fn register_prefixes(&mut self, element: &XmlElement<'a>) -> Option<()> {
        for attribute in &element.attributes {
            if let Some(prefix) = attribute.name.strip_prefix("xmlns:") {
                let namespace = self.text.get(attribute.value_range.clone())?;
                if self.namespaces.insert(prefix, namespace).is_some_and(|previous| previous != namespace) {
                    return None;
                }
            }
        }
        Some(())
    }

    pub fn text(&self) -> &'a str {
        self.text
    }

    pub fn element(&self, index: usize) -> &XmlElement<'a> {
        &self.elements[index]
    }

    /// All elements, with their indices.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = (usize, &XmlElement<'a>)> {
        self.elements.iter().enumerate()
    }

    /// Direct children of an element, with their indices.
    pub fn children(&self, index: usize) -> impl Iterator<Item = (usize, &XmlElement<'a>)> {
        self.elements.iter().enumerate().skip(index + 1).filter(move |(_, element)| element.parent == Some(index))
    }

    /// Whether a prefixed name has this namespace and local name.
    pub fn is_named(&self, prefixed: &str, namespace: &str, name: &str) -> bool {
        prefixed.split_once(':').is_some_and(|(prefix, local)| {
            local == name && self.namespaces.get(prefix).is_some_and(|registered| *registered == namespace)
        })
    }
}

/// Start and end of sections without tags.
const SECTIONS_WITHOUT_TAGS: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];

/// Parses the start tag at `start`. Returns the element, and whether the tag is self-closing.
fn parse_start_tag(text: &str, start: usize, parent: Option<usize>) -> Option<(XmlElement<'_>, bool)> {
    let is_end_of_name = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=' | '<');
    let name_end = start + 1 + text[start + 1..].find(is_end_of_name)?;
    let name = text.get(start + 1..name_end).filter(|name| !name.is_empty())?;
    let mut attributes = Vec::new();
    let mut position = name_end;
    loop {
        let rest = text[position..].trim_ascii_start();
        let begin = text.len() - rest.len();
        let is_closed = rest.starts_with("/>");
        if is_closed || rest.starts_with('>') {
            let end = begin + if is_closed { 2 } else { 1 };
            return Some((XmlElement { name, attributes, whole: start..end, inner: end..end, parent }, is_closed));
        }
        let name = &rest[..rest.find(is_end_of_name)?];
        let value = rest[name.len()..].trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let value_start = text.len() - value.len() + 1;
        let value_end = value_start + text[value_start..].find(quote)?;
        if name.is_empty() || begin == position {
            return None;
        }
        attributes.push(XmlAttribute { name, whole: position..value_end + 1, value_range: value_start..value_end });
        position = value_end + 1;
    }
}
