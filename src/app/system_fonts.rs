//! Fonts of the operating system, for characters that egui's own fonts lack: Chinese, Arabic, emoji and so on.
//!
//! A thread lists the fonts at the start. A font file is mapped into memory when a character needs it for the first time.

use std::sync::Arc;

use egui_system_font_provider::SystemFontProvider;

/// Uses the system's fonts from the next frame on.
pub fn install(context: &egui::Context) {
    context.set_font_providers(vec![Arc::new(SystemFontProvider::new())]);
}
