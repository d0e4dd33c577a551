//! Text in scripts that egui's own fonts lack.

use std::io::Write as _;
use std::time::Instant;

use egui::epaint::text::{FallbackRequest, FontProvider as _};
use egui_kittest::kittest::Queryable as _;
use egui_system_font_provider::SystemFontProvider;
use image::RgbImage;

use super::{editor, wait_for};
use crate::app::dialogs::DocumentSource;
use crate::app::language::Language;
use crate::app::state::Action;
use crate::app::system_fonts;

/// With this environment variable, a test fails where it would be skipped for want of a font.
const REQUIRE_FONTS: &str = "COUNTENANCE_TESTS_REQUIRE_FONTS";

/// Whether the system has a font with Chinese characters. If not, says that the running test is skipped.
///
/// # Panics
/// When there is none and [`REQUIRE_FONTS`] is set.
pub fn has_chinese_font() -> bool {
    let request = FallbackRequest { cluster: "照", family: &egui::FontFamily::Proportional };
    if SystemFontProvider::new().font_for(&request).is_some() {
        return true;
    }
    assert!(std::env::var_os(REQUIRE_FONTS).is_none(), "no Chinese font, and {REQUIRE_FONTS} is set");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Not `eprintln`, whose text the test runner hides when the test passes.
    let _ = writeln!(std::io::stderr(), "skipped: no Chinese font: {test}");
    false
}

#[test]
fn chinese_file_names_are_drawn() {
    if !has_chinese_font() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("奶奶的照片.png");
    RgbImage::new(40, 30).save(&path).expect("written");
    let (mut window, _) = editor();
    let installed_at = Instant::now();
    system_fonts::install(&window.ctx, Language::English);
    // The test window panics at a character without a glyph.
    window.state_mut().state.handle(Action::Open(DocumentSource::File(path)));
    wait_for(&mut window, "the photo", |editor| editor.state.document.is_some());
    window.get_by_label("奶奶的照片  40 × 30");
    let found =
        window.ctx.fonts(|fonts| fonts.discovered_fonts().iter().map(|font| font.name.clone()).collect::<Vec<_>>());
    assert!(found.iter().any(|name| name.starts_with("system:")), "{found:?}");
    eprintln!("{:.0?} from listing the fonts to the name on the screen, with {found:?}", installed_at.elapsed());
}
