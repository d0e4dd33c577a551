//! Fonts of the operating system, for characters that egui's own fonts lack: Chinese, Arabic, emoji and so on.
//!
//! A thread lists the fonts at the start. A font file is mapped into memory when a character needs it for the first time.

use std::sync::Arc;

use egui_system_font_provider::SystemFontProvider;

use super::language::Language;

/// Uses the system's fonts from the next frame on. Some characters have one form in Chinese and another in Japanese: the
/// language of the interface decides, or in English the system's locale.
pub fn install(context: &egui::Context, language: Language) {
    let provider = SystemFontProvider::new();
    let provider = match language {
        Language::English => provider,
        Language::SimplifiedChinese => provider.with_locale(Some(language.tag())),
    };
    context.set_font_providers(vec![Arc::new(provider)]);
}

/// Whether there is a font for the texts of a language. Waits until the fonts are listed, if it needs one of them.
pub fn has_font_for(context: &egui::Context, language: Language) -> bool {
    let font = egui::FontId::default();
    language.typical_character().is_none_or(|character| context.fonts_mut(|fonts| fonts.has_glyph(&font, character)))
}
