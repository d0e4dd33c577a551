//! The texts of one language, from its file in `assets/languages`.
//!
//! The file is YAML of the simplest kind: each line is empty, a comment, or an English text and its translation, both
//! written as in JSON: `"Open": "打开"`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

#[cfg(test)]
use super::template::Name;
use super::template::Template;

/// The translations. Their texts live as long as the program.
#[derive(Debug)]
pub struct Catalogue {
    texts: HashMap<&'static str, &'static str>,
    /// English texts with placeholders, by which messages are recognized, and their translations. Those that explain
    /// most of a message come first.
    templates: Vec<(Template<'static>, Template<'static>)>,
}

/// The Chinese texts, read when they are needed for the first time.
pub fn simplified_chinese() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue::parse(SIMPLIFIED_CHINESE))
}

const SIMPLIFIED_CHINESE: &str = include_str!("../../../assets/languages/zh-CN.yml");

impl Catalogue {
    /// Reads a file. A line that cannot be read is left out; [`unreadable_line`](Self::unreadable_line) finds it.
    pub fn parse(file: &str) -> Self {
        let mut texts = HashMap::new();
        let mut templates = Vec::new();
        for (english, translated) in file.lines().filter_map(entry) {
            let (english, translated): (&'static str, &'static str) = (english.leak(), translated.leak());
            texts.insert(english, translated);
            let template = Template::parse(english);
            if template.names().next().is_some() && template.has_words_or_marks() {
                templates.push((template, Template::parse(translated)));
            }
        }
        templates.sort_by_key(|(english, _)| std::cmp::Reverse(english.letter_count()));
        Self { texts, templates }
    }

    /// The translation of a text.
    pub fn text(&self, english: &str) -> Option<&'static str> {
        self.texts.get(english).copied()
    }

    /// The translation of a composed message; the message itself when it is not known.
    pub fn message<'m>(&self, message: &'m str) -> Cow<'m, str> {
        if let Some(text) = self.text(message) {
            return Cow::Borrowed(text);
        }
        let translated = self.templates.iter().find_map(|template| self.message_from(template, message));
        // Some messages get a capital letter when they begin a sentence.
        let translated = translated.or_else(|| {
            let rest = message.strip_prefix(|first: char| first.is_ascii_uppercase())?;
            let uncapitalized = message.get(..1)?.to_ascii_lowercase() + rest;
            let translated = self.message(&uncapitalized);
            (translated != uncapitalized).then(|| translated.into_owned())
        });
        translated.map_or(Cow::Borrowed(message), Cow::Owned)
    }

    /// The translation of a message that was composed from this template; `None` when it was not. Names around a message,
    /// as in `a.png: …`, say nothing themselves: then the message must be known.
    fn message_from(
        &self,
        (english, translated): &(Template<'static>, Template<'static>),
        message: &str,
    ) -> Option<String> {
        let values = english.values_in(message)?;
        if english.is_distinctive() && english.starts_with_placeholder() && !is_one_part(message, values.first()?.1) {
            return None;
        }
        let values: Vec<_> = values.into_iter().map(|(name, value)| (name, value, self.value(value))).collect();
        if !english.is_distinctive() && values.iter().all(|(_, value, translated)| value == translated) {
            return None;
        }
        Some(translated.format_with(|name, out| {
            *out += values.iter().find(|(other, ..)| *other == name).map_or("", |(.., value)| value);
        }))
    }

    /// A value in a message: a message itself, a list of names, or something without a translation, such as a path.
    fn value<'m>(&self, value: &'m str) -> Cow<'m, str> {
        match self.message(value) {
            Cow::Borrowed(same) if same == value && value.contains(LIST_SEPARATOR) => {
                let items: Vec<_> = value.split(LIST_SEPARATOR).map(|item| self.message(item)).collect();
                Cow::Owned(items.join(LIST_SEPARATOR))
            }
            translated => translated,
        }
    }
}

/// Whether the first value of a message is one part of it, not several: `a.png` is, `a.png: the file is damaged` is not,
/// unless a semicolon ends it.
fn is_one_part(message: &str, value: &str) -> bool {
    !value.contains(": ") || message.get(value.len()..).is_some_and(|rest| rest.starts_with(';'))
}

const LIST_SEPARATOR: &str = ", ";

/// The English text of a line and its translation; `None` when the line has none.
fn entry(line: &str) -> Option<(String, String)> {
    let mut values = serde_json::Deserializer::from_str(line).into_iter::<String>();
    let english = values.next()?.ok()?;
    let rest = line.get(values.byte_offset()..)?.strip_prefix(':')?;
    Some((english, serde_json::from_str(rest).ok()?))
}

#[cfg(test)]
impl Catalogue {
    /// The English texts.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.texts.keys().copied()
    }

    /// The placeholders of a text and of its translation, each sorted.
    pub fn placeholders(&self, english: &'static str) -> [Vec<Name<'static>>; 2] {
        [english, self.text(english).unwrap_or_default()].map(|text| {
            let mut names: Vec<_> = Template::parse(text).names().collect();
            names.sort();
            names
        })
    }

    /// The first line that is neither an entry nor a comment, or whose English text has come before.
    pub fn unreadable_line(file: &str) -> Option<&str> {
        let mut seen = std::collections::HashSet::new();
        file.lines().find(|line| {
            let is_comment = line.is_empty() || line.starts_with('#');
            !is_comment && !entry(line).is_some_and(|(english, _)| seen.insert(english))
        })
    }
}
