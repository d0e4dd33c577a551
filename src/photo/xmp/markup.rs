//! A minimal XML parser: elements, their attributes, and their ranges in the text.

use std::collections::HashMap;
use std::ops::Range;

/// An attribute and its ranges in the text.
pub struct Attribute<'a> {
    pub name: &'a str,
    /// Including the space before it.
    pub whole: Range<usize>,
    /// Without the quotes.
    pub value: Range<usize>,
}

/// An element and its ranges in the text.
pub struct Element<'a> {
    pub name: &'a str,
    pub attributes: Vec<Attribute<'a>>,
    /// Including its tags.
    pub whole: Range<usize>,
    /// Between its tags. An empty range at its end for a self-closing element.
    pub inner: Range<usize>,
    parent: Option<usize>,
}

/// A parsed text: its elements in the order of their start tags.
pub struct Document<'a> {
    text: &'a str,
    elements: Vec<Element<'a>>,
    /// Namespaces by prefix.
    namespaces: HashMap<&'a str, &'a str>,
}

impl<'a> Document<'a> {
    /// `None` when tags do not match, when there is a document type (which could define entities), or when one prefix
    /// has two namespaces.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut document = Self { text, elements: Vec::new(), namespaces: HashMap::new() };
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        while let Some(start) = text[at..].find('<').map(|found| at + found) {
            let rest = &text[start..];
            at = match SKIPPED.iter().find(|(mark, _)| rest.starts_with(mark)) {
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
                    let (element, is_closed) = tag(text, start, open.last().copied())?;
                    let end = element.whole.end;
                    if !is_closed {
                        open.push(document.elements.len());
                    }
                    document.learn(&element)?;
                    document.elements.push(element);
                    end
                }
            };
        }
        open.is_empty().then_some(document)
    }

    /// Registers the namespace prefixes that an element declares. `None` for a prefix with two namespaces.
    fn learn(&mut self, element: &Element<'a>) -> Option<()> {
        for attribute in &element.attributes {
            if let Some(prefix) = attribute.name.strip_prefix("xmlns:") {
                let namespace = self.text.get(attribute.value.clone())?;
                if self.namespaces.insert(prefix, namespace).is_some_and(|before| before != namespace) {
                    return None;
                }
            }
        }
        Some(())
    }

    pub fn text(&self) -> &'a str {
        self.text
    }

    pub fn element(&self, index: usize) -> &Element<'a> {
        &self.elements[index]
    }

    /// All elements, with their indices.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = (usize, &Element<'a>)> {
        self.elements.iter().enumerate()
    }

    /// Direct children of an element, with their indices.
    pub fn children(&self, index: usize) -> impl Iterator<Item = (usize, &Element<'a>)> {
        self.elements.iter().enumerate().skip(index + 1).filter(move |(_, element)| element.parent == Some(index))
    }

    /// Whether a prefixed name has this namespace and local name.
    pub fn is_named(&self, prefixed: &str, namespace: &str, name: &str) -> bool {
        prefixed.split_once(':').is_some_and(|(prefix, local)| {
            local == name && self.namespaces.get(prefix).is_some_and(|found| *found == namespace)
        })
    }
}

/// Start and end of sections without tags.
const SKIPPED: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];

/// Parses the start tag at `start`. Returns the element, and whether the tag is self-closing.
fn tag(text: &str, start: usize, parent: Option<usize>) -> Option<(Element<'_>, bool)> {
    let is_end_of_name = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=' | '<');
    let name_end = start + 1 + text[start + 1..].find(is_end_of_name)?;
    let name = text.get(start + 1..name_end).filter(|name| !name.is_empty())?;
    let mut attributes = Vec::new();
    let mut at = name_end;
    loop {
        let rest = text[at..].trim_ascii_start();
        let begin = text.len() - rest.len();
        let is_closed = rest.starts_with("/>");
        if is_closed || rest.starts_with('>') {
            let end = begin + if is_closed { 2 } else { 1 };
            return Some((Element { name, attributes, whole: start..end, inner: end..end, parent }, is_closed));
        }
        let name = &rest[..rest.find(is_end_of_name)?];
        let value = rest[name.len()..].trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let value_start = text.len() - value.len() + 1;
        let value_end = value_start + text[value_start..].find(quote)?;
        if name.is_empty() || begin == at {
            return None;
        }
        attributes.push(Attribute { name, whole: at..value_end + 1, value: value_start..value_end });
        at = value_end + 1;
    }
}
