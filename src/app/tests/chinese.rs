//! The editor in Chinese, and the choice of the language.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::explore_window::open_explore;
use super::export_and_close::{choose_path, wait_until_saved};
use super::fill::{finish_fill, start_fill};
use super::system_fonts::has_chinese_font;
use super::training_window::run_folder;
use super::{TestWindow, button, change_preferences, click, editor, editor_of_size, newest_message, press, wait_for};
use crate::app::explore::SavedFaces;
use crate::app::language::{self, Language, LanguageChoice, tests::in_chinese};
use crate::app::state::Action;
use crate::app::system_fonts;
use crate::app::tasks::PathPurpose;
use crate::explore::LatentLibrary;

/// An editor of the smallest size whose fonts have Chinese characters. Without such a font, boxes are allowed.
fn chinese_editor<'a>() -> (TestWindow<'a>, std::sync::Arc<super::ScriptedEngine>) {
    // The first frame has only egui's own fonts.
    let language = language::current();
    language::set(Language::English);
    let (mut window, engine) = editor_of_size(1024.0, 700.0);
    if has_chinese_font() {
        system_fonts::install(&window.ctx, Language::SimplifiedChinese);
    } else {
        window.ctx.set_missing_glyph_policy(egui::epaint::text::MissingGlyphPolicy::default());
    }
    window.step();
    language::set(language);
    window.run_steps(2);
    (window, engine)
}

/// The accessible names and values on the screen.
fn shown_texts(window: &TestWindow<'_>) -> Vec<String> {
    let nodes = window.root().children_recursive();
    nodes.filter_map(|node| node.accesskit_node().label().or_else(|| node.accesskit_node().value())).collect()
}

/// English words that stay: names of people, formats, methods, devices and keys.
const NAMES: &str = "countenance eileen collins grace hopper nasa mit apache amos cvpr yeh chen brandon astronaut face png \
                     jpeg webp tiff bmp xmp cpu gpu hmc adam kid log ctrl shift tab esc enter delete backspace pageup \
                     pagedown space openbracket closebracket plus equals minus period questionmark english encoder";

/// Fails when a text on the screen has an English word.
fn assert_chinese(window: &TestWindow<'_>, screen: &str) {
    // egui's own names of its windows, and a text of the scripted engine.
    let of_others = ["Hide", "Close window", "No GPU here: the CPU does the work"];
    let is_english = |word: &str| word.len() > 2 && !NAMES.split_whitespace().any(|name| name == word.to_lowercase());
    let has_english = |text: &&String| {
        text.split(|character: char| !character.is_ascii_alphabetic()).any(is_english)
            && !of_others.contains(&text.as_str())
            && !text.starts_with("Resize ")
    };
    let texts = shown_texts(window);
    assert!(texts.iter().any(|text| text.contains(|it| ('一'..='龥').contains(&it))), "{screen}: {texts:?}");
    let english: Vec<_> = texts.iter().filter(has_english).collect();
    assert!(english.is_empty(), "{screen}: {english:#?}");
}

#[test]
fn a_photo_is_filled_and_exported_in_chinese() {
    in_chinese(|| {
        let (mut window, engine) = chinese_editor();
        assert_chinese(&window, "start screen");
        click(&mut window, "示例：Eileen Collins");
        wait_for(&mut window, "the photo", |editor| editor.state.document.is_some());
        assert!(super::is_enabled(&window, "打开照片…") && !super::is_enabled(&window, "导出…"));
        start_fill(&mut window, &engine);
        button(&window, "停止");
        assert_chinese(&window, "fill");
        finish_fill(&mut window, &engine);
        button(&window, "填充");
        window.get_by_label("候选 1，最佳");
        window.get_by_label("更多").click();
        window.run_steps(16);
        window.get_by_label("涂抹时显示初步猜测");
        assert_chinese(&window, "settings");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("填充.png");
        choose_path(&mut window, PathPurpose::Export, &path, true);
        wait_until_saved(&mut window);
        assert_eq!(newest_message(&window).headline, format!("已导出：{}", path.display()));
        // Files stay English, whatever the language.
        let record = crate::job::Provenance::read(&std::fs::read(&path).expect("a file")).expect("a record");
        assert!(serde_json::to_string(&record).expect("plain data").is_ascii());
        choose_path(&mut window, PathPurpose::Export, &path.with_extension("tif"), true);
        wait_until_saved(&mut window);
        let notes = &newest_message(&window).details;
        assert_eq!(notes[0], "TIFF：填充区域之外的每个像素都与照片完全相同");
    });
}

#[test]
fn every_window_is_chinese() {
    in_chinese(|| {
        let (mut window, engine) = chinese_editor();
        press(&mut window, Modifiers::NONE, Key::F1);
        assert_chinese(&window, "shortcuts");
        press(&mut window, Modifiers::NONE, Key::Escape);
        open_explore(&mut window, &engine);
        click(&mut window, "人脸 3");
        click(&mut window, "人脸 7");
        click(&mut window, "平均");
        window.get_by_label("当前人脸：人脸 3, 人脸 7 的平均");
        assert_chinese(&window, "explore window");
        press(&mut window, Modifiers::NONE, Key::X);
        let run = run_folder(&[20, 40]);
        window.state_mut().state.preferences.training_run = Some(run.path().to_owned());
        press(&mut window, Modifiers::COMMAND, Key::T);
        wait_for(&mut window, "the run", |editor| {
            editor.state.training.followed.as_ref().is_some_and(|run| run.view().is_some())
        });
        window.state_mut().state.training.path_text.clear();
        window.run_steps(2);
        assert_chinese(&window, "training window");
        press(&mut window, Modifiers::COMMAND, Key::T);
        press(&mut window, Modifiers::NONE, Key::F2);
        assert_chinese(&window, "how it works");
    });
}

#[test]
fn errors_are_told_in_chinese() {
    in_chinese(|| {
        let (mut window, _) = chinese_editor();
        let path = std::path::PathBuf::from("/no/such/photo.png");
        window.state_mut().state.handle(Action::Open(crate::app::dialogs::DocumentSource::File(path)));
        wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
        let message = newest_message(&window);
        assert_eq!(message.headline, "照片未打开：photo.png");
        assert_eq!(message.details, ["文件 /no/such/photo.png 不存在：请检查名称"]);
    });
}

#[test]
fn the_language_is_switched_while_the_editor_runs() {
    if !has_chinese_font() {
        return;
    }
    let (mut window, _) = editor();
    window.get_by_label("Chinese (Simplified)").click();
    window.run_steps(4);
    window.get_by_label("涂抹人脸上要替换的部分");
    let chosen = window.state().state.preferences.language;
    assert_eq!(chosen, LanguageChoice::Fixed(Language::SimplifiedChinese));
    change_preferences(&mut window, |preferences| preferences.language = LanguageChoice::Fixed(Language::English));
    window.run_steps(2);
    window.get_by_label("Paint over part of a face to replace it");
    assert_eq!(language::current(), Language::English);
}

#[test]
fn without_a_font_the_language_stays_english() {
    // A test window has only egui's own fonts.
    let (mut window, _) = editor();
    window.state_mut().next_language = Some(Language::SimplifiedChinese);
    window.run_steps(2);
    assert_eq!(language::current(), Language::English);
    assert!(newest_message(&window).headline.starts_with("This system has no font with Chinese characters"));
}

#[test]
fn a_name_is_typed_with_an_input_method() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("latents.json");
    let (mut window, engine) = chinese_editor();
    window.state_mut().state.explore.saved_faces = SavedFaces::with_path(path.clone());
    open_explore(&mut window, &engine);
    let is_free = |editor: &crate::app::Editor| editor.state.explore.saved_faces.disabled_reason().is_none();
    wait_for(&mut window, "the library", is_free);
    click(&mut window, "Face 12");
    window.get_by_label("Name of the face").focus();
    window.run_steps(2);
    let typed = |window: &TestWindow<'_>| window.state().state.explore.name_text.clone();
    for letters in ["x", "xi", "xiao", "xiaomei"] {
        let preedit = egui::ImeEvent::Preedit { text: letters.to_owned(), active_range_chars: None };
        window.event(egui::Event::Ime(preedit));
        window.run_steps(2);
        assert_eq!(typed(&window), letters, "the letters are shown, and replaced by the next ones");
    }
    window.event(egui::Event::Ime(egui::ImeEvent::Commit("小美".to_owned())));
    window.run_steps(2);
    assert_eq!(typed(&window), "小美");
    click(&mut window, "Save");
    wait_for(&mut window, "the library", is_free);
    let library = LatentLibrary::open(&path).expect("readable");
    assert_eq!(library.names().collect::<Vec<_>>(), ["小美"]);
    assert!(super::has_button(&window, "小美"));
}
