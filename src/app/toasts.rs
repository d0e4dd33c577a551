//! Messages to the user, shown as toasts. A toast goes by itself; a message about lost work stays until it is closed
//! (see `lasting_messages`).
//!
//! Screen readers cannot read the toast library's text, so the newest message is also a label of zero size.

use std::time::Duration;

use egui_notify::{Anchor, Toast, ToastLevel, Toasts};

use super::language::translate_message;
use super::shortcuts::EditorCommand;
use super::state::Actions;
use super::{accessibility, lasting_messages, theme};

/// The severity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    Success,
    Warning,
    Error,
}

impl Severity {
    /// Colour of the dot in front of a message. It is readable on the toasts of both themes.
    pub fn color(self) -> egui::Color32 {
        match self {
            Self::Info | Self::Success => theme::DARK_PALETTE.accent,
            Self::Warning => theme::DARK_PALETTE.warning,
            Self::Error => theme::DARK_PALETTE.error,
        }
    }
}

/// A headline and optional details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMessage {
    pub severity: Severity,
    pub headline: String,
    pub details: Vec<String>,
    /// The message stays until the user closes it, because something was lost, or because it has a button.
    pub is_lasting: bool,
    /// A button: its text and its command.
    pub button: Option<(&'static str, EditorCommand)>,
}

impl UserMessage {
    pub fn new(severity: Severity, headline: impl Into<String>) -> Self {
        Self { severity, headline: headline.into(), details: Vec::new(), is_lasting: false, button: None }
    }

    /// The error as headline and its causes as details.
    pub fn from_error(error: &anyhow::Error) -> Self {
        let mut causes = error.chain().map(ToString::to_string);
        let headline = causes.next().unwrap_or_default();
        Self::new(Severity::Error, headline).with_details(causes.collect())
    }

    /// An error that loses work: it stays until the user closes it.
    pub fn lost_work(headline: impl Into<String>, details: Vec<String>) -> Self {
        Self::new(Severity::Error, headline).with_details(details).lasting()
    }

    pub fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// The message in the language of the interface. The text of its button is translated when it is drawn.
    pub fn translated(self) -> Self {
        let translated = |text: String| translate_message(&text).into_owned();
        Self {
            headline: translated(self.headline),
            details: self.details.into_iter().map(translated).collect(),
            ..self
        }
    }

    /// Whether two messages have the same headline and the same first detail.
    fn is_about_the_same(&self, other: &Self) -> bool {
        self.headline == other.headline && self.details.first() == other.details.first()
    }

    /// Keeps the message until the user closes it.
    pub fn lasting(mut self) -> Self {
        self.is_lasting = true;
        self
    }

    /// Offers a command. The message stays until it is closed.
    pub fn with_button(mut self, text: &'static str, command: EditorCommand) -> Self {
        self.button = Some((text, command));
        self.lasting()
    }

    /// The headline and details, wrapped between words at `columns` characters. Longer words are not split.
    fn wrapped_text(&self, columns: usize) -> String {
        let lines = std::iter::once(&self.headline).chain(&self.details);
        lines.map(|line| wrap_words(line, columns)).collect::<Vec<_>>().join("\n")
    }

    /// How long the toast is shown: longer for long texts and for errors. It stays while the pointer is over it.
    fn display_duration(&self) -> Duration {
        let characters = self.headline.len() + self.details.iter().map(String::len).sum::<usize>();
        let reading_secs = 3 + characters as u64 / 20;
        Duration::from_secs(if self.severity == Severity::Error { reading_secs.max(12) } else { reading_secs })
    }
}

/// Wraps between words, and between Chinese characters, which count as two columns.
fn wrap_words(text: &str, columns: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line_width = 0;
    for word in text.split_whitespace() {
        for (index, piece) in unbreakable_pieces(word).into_iter().enumerate() {
            let separator = if index == 0 { " " } else { "" };
            let width = width_in_columns(piece);
            match lines.last_mut() {
                Some(line) if line_width + separator.len() + width <= columns => {
                    line.push_str(separator);
                    line.push_str(piece);
                    line_width += separator.len() + width;
                }
                _ => {
                    lines.push(piece.to_owned());
                    line_width = width;
                }
            }
        }
    }
    lines.join("\n")
}

/// A word in parts between which a line may end: a Chinese character with the punctuation after it, or Latin letters.
fn unbreakable_pieces(word: &str) -> Vec<&str> {
    let may_break = |before: char, after: char| {
        (is_wide(before) || is_wide(after)) && !"，。：；、？！）”》".contains(after) && !"（“《".contains(before)
    };
    let mut pieces = Vec::new();
    let mut start = 0;
    for ((_, before), (at, after)) in word.char_indices().zip(word.char_indices().skip(1)) {
        if may_break(before, after) {
            pieces.extend(word.get(start..at));
            start = at;
        }
    }
    pieces.extend(word.get(start..));
    pieces
}

fn width_in_columns(text: &str) -> usize {
    text.chars().map(|character| if is_wide(character) { 2 } else { 1 }).sum()
}

/// Whether a character is as wide as two Latin letters: Chinese, Japanese, Korean and their punctuation.
fn is_wide(character: char) -> bool {
    ('\u{2e80}'..='\u{ffef}').contains(&character)
}

/// The toasts on the screen.
pub struct ToastStack {
    toasts: Toasts,
    /// Oldest first.
    lasting: Vec<UserMessage>,
    latest: Option<UserMessage>,
}

impl Default for ToastStack {
    fn default() -> Self {
        let toasts = Toasts::new()
            .with_anchor(Anchor::BottomLeft)
            .with_padding(egui::vec2(theme::GAP * 1.5, theme::GAP * 1.25))
            .with_spacing(theme::GAP);
        Self { toasts, lasting: Vec::new(), latest: None }
    }
}

impl ToastStack {
    /// Longest line of a toast.
    const MAX_COLUMNS: usize = 56;

    pub fn push(&mut self, message: UserMessage) {
        if message.is_lasting {
            // A save that fails again says the same again, perhaps with another temporary file.
            self.lasting.retain(|other| !other.is_about_the_same(&message));
            self.lasting.push(message.clone());
            self.latest = Some(message);
            return;
        }
        let dot = ToastLevel::Custom("•".to_owned(), message.severity.color());
        let mut toast = Toast::custom(message.wrapped_text(Self::MAX_COLUMNS), dot);
        // The library's icons and its close button need an emoji font, which is not built in. Esc dismisses the toast.
        toast.duration(message.display_duration()).show_progress_bar(false).closable(false);
        self.toasts.add(toast);
        self.latest = Some(message);
    }

    /// Dismisses all messages.
    pub fn dismiss_all(&mut self) {
        self.toasts.dismiss_all_toasts();
        self.lasting.clear();
    }

    #[cfg(test)]
    pub fn latest(&self) -> Option<&UserMessage> {
        self.latest.as_ref()
    }

    /// Messages that stay, oldest first.
    #[cfg(test)]
    pub fn lasting(&self) -> &[UserMessage] {
        &self.lasting
    }

    /// Draws the messages; the short ones at least `bottom` above the window's lower edge.
    pub fn show(&mut self, ui: &egui::Ui, bottom: f32, actions: &mut Actions) {
        let margin = egui::vec2(theme::GAP * 2.0, bottom + theme::GAP * 2.0);
        self.toasts = std::mem::take(&mut self.toasts).with_margin(margin);
        self.toasts.show(ui.ctx());
        lasting_messages::show(ui.ctx(), &mut self.lasting, actions);
        // The text of a lasting message is a label already.
        if let Some(message) = self.latest.as_ref().filter(|message| !message.is_lasting && !self.toasts.is_empty()) {
            let corner = egui::Rect::from_min_size(ui.max_rect().left_bottom(), egui::Vec2::ZERO);
            let announcement = ui.interact(corner, egui::Id::unique("announcement"), egui::Sense::hover());
            announcement.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Status, true, &message.headline));
            accessibility::announce_changes(ui.ctx(), announcement.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_every_word() {
        let text = "the hole lies outside the face frame: move the frame over it, or paint inside the frame";
        let wrapped = wrap_words(text, 30);
        assert!(wrapped.lines().all(|line| line.chars().count() <= 30), "{wrapped}");
        assert_eq!(wrapped.replace('\n', " "), text);
    }

    #[test]
    fn chinese_text_is_wrapped_between_characters() {
        let text = "磁盘已满：请释放一些空间，或将 /photos/a.png 保存到其他磁盘（例如“备份”）";
        let wrapped = wrap_words(text, 16);
        assert!(wrapped.lines().all(|line| width_in_columns(line) <= 18), "{wrapped}");
        assert!(wrapped.lines().skip(1).all(|line| !line.starts_with(['：', '，', '）', '”'])), "{wrapped}");
        assert_eq!(wrapped.replace(['\n', ' '], ""), text.replace(' ', ""));
        assert!(wrapped.lines().count() >= 5, "{wrapped}");
    }

    #[test]
    fn error_causes_become_details() {
        let error = anyhow::anyhow!("disk full").context("cannot save face.png");
        let message = UserMessage::from_error(&error);
        assert_eq!(
            (message.headline.as_str(), message.details),
            ("cannot save face.png", vec!["disk full".to_owned()])
        );
    }
}
