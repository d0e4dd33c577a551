//! Texts with placeholders: `Exported: {path}`.

use std::fmt::Display;

/// A text, cut at its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'a> {
    Literal(&'a str),
    Placeholder(Name<'a>),
}

impl Part<'_> {
    fn letter_count(&self) -> usize {
        match self {
            Part::Literal(text) => text.chars().filter(|character| character.is_alphabetic()).count(),
            Part::Placeholder(_) => 0,
        }
    }
}

/// The name of a placeholder. One without a name, `{}`, is counted among those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name<'a> {
    Named(&'a str),
    Numbered(usize),
}

impl<'a> Template<'a> {
    /// Reads placeholders as `format!` does: `{name}`, `{0}`, `{}`, each perhaps with a format as in `{name:.1}`, which is
    /// left out.
    pub fn parse(text: &'a str) -> Self {
        let mut parts = Vec::new();
        let (mut rest, mut unnamed) = (text, 0);
        while let Some((literal, (inside, after))) =
            rest.split_once('{').and_then(|(literal, rest)| Some((literal, rest.split_once('}')?)))
        {
            let name = inside.split(':').next().unwrap_or_default();
            let name = match name.parse() {
                Ok(number) => Name::Numbered(number),
                Err(_) if name.is_empty() => {
                    unnamed += 1;
                    Name::Numbered(unnamed - 1)
                }
                Err(_) => Name::Named(name),
            };
            parts.extend((!literal.is_empty()).then_some(Part::Literal(literal)));
            parts.push(Part::Placeholder(name));
            rest = after;
        }
        parts.extend((!rest.is_empty()).then_some(Part::Literal(rest)));
        Self { parts }
    }

    /// The placeholders, in the order of the text.
    pub fn names(&self) -> impl Iterator<Item = Name<'a>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(name) => Some(*name),
            Part::Literal(_) => None,
        })
    }

    /// Number of letters outside the placeholders: how much of a message the template explains.
    pub fn letter_count(&self) -> usize {
        self.parts.iter().map(Part::letter_count).sum()
    }

    /// Whether there is more than spaces between the placeholders.
    pub fn has_words_or_marks(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Literal(text) if !text.trim().is_empty()))
    }

    pub fn starts_with_placeholder(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Placeholder(_)))
    }

    /// Whether a message with these words was certainly composed from this template: not for `{name}: {cause}`, nor for
    /// `{time} left`.
    pub fn is_distinctive(&self) -> bool {
        let starts_with_words = self.parts.first().is_some_and(|part| part.letter_count() > 0);
        self.letter_count() >= if starts_with_words { 4 } else { 8 }
    }

    /// The text with values in place of the placeholders.
    pub fn format(&self, values: &[(&str, &dyn Display)]) -> String {
        self.format_with(|name, out| {
            let value = values.iter().find(|(other, _)| Name::Named(other) == name);
            debug_assert!(value.is_some(), "no value for {name:?} in {self:?}");
            *out += &value.map_or_else(String::new, |(_, value)| value.to_string());
        })
    }

    /// The text with what `write` adds for each placeholder.
    pub fn format_with(&self, mut write: impl FnMut(Name<'a>, &mut String)) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text += literal,
                Part::Placeholder(name) => write(*name, &mut text),
            }
        }
        text
    }

    /// The values of the placeholders when `message` was composed from this template; `None` when it was not. The last
    /// literal is looked for at the end, the others as early as possible.
    pub fn values_in<'m>(&self, message: &'m str) -> Option<Vec<(Name<'a>, &'m str)>> {
        let (mut rest, mut values, mut open) = (message, Vec::new(), None);
        for (index, part) in self.parts.iter().enumerate() {
            match (part, open.take()) {
                (Part::Placeholder(name), None) => open = Some(*name),
                // Nothing between two placeholders: nobody can tell where one value ends.
                (Part::Placeholder(_), Some(_)) => return None,
                (Part::Literal(literal), None) => rest = rest.strip_prefix(literal)?,
                (Part::Literal(literal), Some(name)) => {
                    let is_last = index + 1 == self.parts.len();
                    let (value, after) =
                        if is_last { (rest.strip_suffix(literal)?, "") } else { rest.split_once(literal)? };
                    values.push((name, value));
                    rest = after;
                }
            }
        }
        match open {
            Some(name) => values.push((name, rest)),
            None if rest.is_empty() => {}
            None => return None,
        }
        Some(values)
    }
}
