//! The language of the interface: English, or a translation from `assets/languages`.
//!
//! The English text is the key: `t!("Open")`, `t!("Exported: {path}", path = path.display())`. In a table of constants it
//! is a plain literal, and the code that shows it calls [`translate`].
//!
//! The rest of the program knows only English. Its errors, warnings and notes are translated when the editor shows them:
//! [`translate_message`] recognizes the text by its parts around the placeholders, which are those of the `format!` or
//! `#[error("…")]` in the source. So logs, records and the command line stay English, and `face` or `photo` need not know
//! that there are languages.
//!
//! The language belongs to a thread. The UI thread has the user's; all others keep English, and so does each test.
//!
//! Another language needs a file, a [`Language`] and its row in [`Language::ALL`]; the tests name the missing texts.

mod catalogue;
mod template;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use catalogue::Catalogue;
use template::Template;

/// A text of the interface in the current language. Values replace the placeholders: `t!("{count} faces", count)`, or
/// `t!("{count} faces", count = faces.len())`. Without values it is a `&'static str`, with values a `String`.
macro_rules! t {
    ($text:literal) => { $crate::app::language::translate($text) };
    ($text:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::app::language::format_text(
            $text,
            &[$((stringify!($name), &$crate::app::language::t!(@value $name $(= $value)?) as &dyn std::fmt::Display)),+],
        )
    };
    (@value $name:ident = $value:expr) => { $value };
    (@value $name:ident) => { $name };
}
pub(crate) use t;

/// A language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-CN")]
    SimplifiedChinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::SimplifiedChinese];

    /// Its name. Chinese is named in Latin letters where the window may have no Chinese font.
    pub fn title(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::SimplifiedChinese => t!("Chinese (Simplified)"),
        }
    }

    /// Its language tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SimplifiedChinese => "zh-CN",
        }
    }

    /// A character that a font for this language has and egui's own fonts lack.
    pub fn typical_character(self) -> Option<char> {
        match self {
            Self::English => None,
            Self::SimplifiedChinese => Some('文'),
        }
    }

    /// The language for a locale, such as `zh_CN.UTF-8`; English when there is no translation. Traditional Chinese is
    /// another language.
    fn from_locale(locale: &str) -> Self {
        let locale = locale.to_ascii_lowercase().replace('_', "-");
        let mut parts = locale.split(['-', '.', '@']);
        let is_traditional = || locale.split(['-', '.', '@']).any(|part| ["hant", "tw", "hk", "mo"].contains(&part));
        if parts.next() == Some("zh") && !is_traditional() { Self::SimplifiedChinese } else { Self::English }
    }

    fn catalogue(self) -> Option<&'static Catalogue> {
        match self {
            Self::English => None,
            Self::SimplifiedChinese => Some(catalogue::simplified_chinese()),
        }
    }
}

/// The language setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageChoice {
    /// Follows the system's locale.
    #[default]
    System,
    #[serde(untagged)]
    Fixed(Language),
}

impl LanguageChoice {
    pub const ALL: [Self; 3] = [Self::System, Self::Fixed(Language::English), Self::Fixed(Language::SimplifiedChinese)];

    pub fn title(self) -> &'static str {
        match self {
            Self::System => t!("Follow system"),
            Self::Fixed(language) => language.title(),
        }
    }

    /// The language to use. Asks the system, so it is not for every frame.
    pub fn language(self) -> Language {
        match self {
            Self::System => sys_locale::get_locale().map_or_else(Language::default, |it| Language::from_locale(&it)),
            Self::Fixed(language) => language,
        }
    }
}

thread_local! {
    static CURRENT: Cell<Language> = const { Cell::new(Language::English) };
}

/// The language of this thread.
pub fn current() -> Language {
    CURRENT.get()
}

/// Sets the language of this thread.
pub fn set(language: Language) {
    CURRENT.set(language);
}

/// The text in the current language; the same text when there is no translation.
pub fn translate(text: &'static str) -> &'static str {
    current().catalogue().and_then(|catalogue| catalogue.text(text)).unwrap_or(text)
}

/// A message in the current language that another part of the program has composed in English. What it holds between
/// known words, such as the cause in `cannot save a.png: …`, is translated in the same way.
pub fn translate_message(message: &str) -> Cow<'_, str> {
    match current().catalogue() {
        Some(catalogue) => catalogue.message(message),
        None => Cow::Borrowed(message),
    }
}

/// Replaces the placeholders of a translated text. Called by [`t!`].
pub fn format_text(text: &'static str, values: &[(&str, &dyn Display)]) -> String {
    Template::parse(translate(text)).format(values)
}
