//! Compares the texts in the source files with the translations.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Literal, literals_under};
use crate::app::language::catalogue::{Catalogue, simplified_chinese};
use crate::app::language::template::{Name, Template};
use crate::app::shortcuts::{COMMANDS, EXTRA_HELP_ROWS};
use crate::blend::BlendMode;
use crate::explain::{Chapter, KernelKind};
use crate::job::{Certainty, MapKind};
use crate::restore::ImageTask;
use crate::search::{Field, Preset, SETTINGS};

/// Capitalised texts in `src/app` that are not translated: names, titles of publications, keys, and what is printed when no
/// window can be opened.
const UNTRANSLATED: [&str; 13] = [
    "Countenance",
    "Countenance {}",
    "English",
    "Eileen Collins",
    "Grace Hopper",
    "Escape",
    "Comma",
    "Esc",
    "Vec<PathBuf>",
    "Yeh, Chen et al., Semantic Image Inpainting, CVPR 2017",
    "Brandon Amos, Image Completion with Deep Learning in TensorFlow, 2016",
    "Cannot open a window ({error}): {advice}, or fill from the command line, as in `countenance fill photo.jpg --mask \
     mask.png --out filled.png`",
    // The fonts that would show its translation are missing when it is told.
    "This system has no font with Chinese characters: install one, such as Noto Sans CJK, and start the program again",
];

/// Files outside `src/app` whose texts the editor shows.
const MESSAGE_FILES: [&str; 36] = [
    "device.rs",
    "explain/ascent.rs",
    "explain/chapters.rs",
    "explain/convolution_figure.rs",
    "explain/faces.rs",
    "explain/layers.rs",
    "explain/loss_plane.rs",
    "explain/normal.rs",
    "explain/parts.rs",
    "explore/latent_library.rs",
    "face/crop.rs",
    "face/detect.rs",
    "fs.rs",
    "job/error.rs",
    "job/export_file.rs",
    "job/fit_quality.rs",
    "job/network_cache.rs",
    "job/validate.rs",
    "mask/file.rs",
    "mask/mask_picture.rs",
    "restore/prepare.rs",
    "model/weight_file.rs",
    "photo/decode/cmyk.rs",
    "photo/decode/error.rs",
    "photo/decode/file_kind.rs",
    "photo/decode/file_kind/iso_media.rs",
    "photo/decode/file_kind/signatures.rs",
    "photo/decode/file_kind/text.rs",
    "photo/decode/jpeg/check.rs",
    "photo/decode/tiff.rs",
    "photo/decode/tiff/pages.rs",
    "photo/decode/tiff/supported.rs",
    "photo/encode.rs",
    "photo/save_picture.rs",
    "project/error.rs",
    "train/run_monitor.rs",
];

/// Texts in these files that are no messages: parts of file formats, names and values.
const NO_MESSAGES: [&str; 15] = [
    "'{text}' is not a device: use auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)",
    "DirectX 12",
    "gpu:{} {}",
    "its header is wrong",
    "crx ",
    "Raw profile type iptc",
    "version https://git-lfs.github.com/",
    "<!doctype svg",
    "<!doctype html",
    "SGI LogLuv",
    "CIE Lab",
    "{} and {last}",
    "{percent:.0} %",
    "{side} × {side}",
    "{side_px} × {side_px}",
];

fn is_key(text: &str) -> bool {
    simplified_chinese().text(text).is_some()
}

/// Fails with all `texts`, and where they are.
fn assert_none<'a>(what: &str, texts: impl Iterator<Item = &'a Literal>) {
    let found: BTreeSet<String> = texts.map(|it| format!("{}:{}: {:?}", it.file, it.line, it.value)).collect();
    assert!(found.is_empty(), "{what}:\n{}", found.into_iter().collect::<Vec<_>>().join("\n"));
}

fn editor_literals() -> Vec<Literal> {
    literals_under("app").into_iter().filter(|literal| !literal.file.starts_with("app/language/")).collect()
}

#[test]
fn every_text_of_the_editor_is_translated() {
    let literals = editor_literals();
    let is_text = |literal: &&Literal| {
        let text = literal.value.as_str();
        let is_capitalized = text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.contains(|character: char| character.is_ascii_lowercase());
        literal.is_wrapped() || (is_capitalized && !literal.is_internal())
    };
    let missing = literals.iter().filter(is_text).filter(|literal| !is_key(&literal.value));
    assert_none("add these to zh-CN.yml", missing.filter(|literal| !UNTRANSLATED.contains(&literal.value.as_str())));
}

#[test]
fn every_message_is_translated() {
    let literals: Vec<Literal> =
        literals_under("").into_iter().filter(|literal| MESSAGE_FILES.contains(&literal.file.as_str())).collect();
    let files: BTreeSet<&str> = literals.iter().map(|literal| literal.file.as_str()).collect();
    assert_eq!(files.len(), MESSAGE_FILES.len(), "a file was moved: {files:?}");
    let is_message = |literal: &&Literal| {
        let has_words = literal.value.contains(' ') && literal.value.contains(|it: char| it.is_ascii_lowercase());
        has_words && !literal.is_internal() && !NO_MESSAGES.contains(&literal.value.as_str())
    };
    assert_none("add these to zh-CN.yml", literals.iter().filter(is_message).filter(|literal| !is_key(&literal.value)));
}

#[test]
fn every_setting_and_command_is_translated() {
    let mut texts = BTreeSet::new();
    for setting in &SETTINGS {
        texts.extend([setting.title, setting.help, setting.details]);
        if let Field::Choice(choice) = &setting.field {
            texts.extend(choice.options().iter().flat_map(|option| [option.title, option.help]));
        }
    }
    texts.extend(Preset::ALL.iter().flat_map(|preset| [preset.title(), preset.help()]));
    texts.extend(BlendMode::ALL.iter().flat_map(|mode| [mode.title(), mode.help()]));
    texts.extend(MapKind::ALL.iter().flat_map(|kind| [kind.title(), kind.explanation(), kind.unit()]));
    texts.extend([0.0, 12.0, 99.0].map(|spread| Certainty::of(spread).words()));
    texts.extend(ImageTask::ALL.iter().flat_map(|task| [task.title(), task.help()]));
    texts.extend(ImageTask::ALL.iter().filter_map(ImageTask::parameter).flat_map(|it| [it.title, it.help]));
    texts.extend(Chapter::ALL.map(Chapter::title));
    let figures = Chapter::ALL.iter().flat_map(|chapter| chapter.figures());
    texts.extend(figures.flat_map(|figure| [figure.title(), figure.caption()]));
    texts.extend(KernelKind::ALL.map(KernelKind::title));
    texts.extend(COMMANDS.iter().flat_map(|entry| [entry.group, entry.name]));
    texts.extend(EXTRA_HELP_ROWS.iter().flat_map(|(group, name, keys)| [*group, *name, *keys]));
    // Some are keys, such as "1".
    texts.retain(|text| text.contains(char::is_alphabetic));
    let missing: Vec<_> = texts.into_iter().filter(|text| !is_key(text)).collect();
    assert!(missing.is_empty(), "add these to zh-CN.yml: {missing:#?}");
}

#[test]
fn texts_of_widgets_are_wrapped() {
    let is_ui_file = |literal: &&Literal| {
        let folders = ["canvas", "dialogs", "explain", "explore", "panels", "training"];
        let in_folder = folders.iter().any(|folder| literal.file.starts_with(&format!("app/{folder}/")));
        in_folder || ["app/layout.rs", "app/lasting_messages.rs", "app/theme.rs"].contains(&literal.file.as_str())
    };
    let literals = editor_literals();
    let is_bare = |literal: &&Literal| {
        let text = literal.value.as_str();
        let is_text = text.starts_with(|first: char| first.is_ascii_uppercase()) && text.len() > 1;
        let is_told =
            ["notify(", "Task::new(", "UserMessage::new("].iter().any(|call| literal.line_before.contains(call))
                || literal.line_before.contains("let headline =");
        is_text && !literal.is_wrapped() && !literal.is_internal() && !literal.is_in_table() && !is_told
    };
    let bare = literals.iter().filter(is_ui_file).filter(is_bare);
    assert_none("wrap these in t!", bare.filter(|literal| !UNTRANSLATED.contains(&literal.value.as_str())));
}

#[test]
fn no_translation_is_unused() {
    let used: BTreeSet<String> = literals_under("").into_iter().map(|literal| literal.value).collect();
    let is_of_the_system = |key: &str| key.contains("(os error ");
    let unused: BTreeSet<_> =
        simplified_chinese().keys().filter(|key| !used.contains(*key) && !is_of_the_system(key)).collect();
    assert!(unused.is_empty(), "no source file has these texts any more: {unused:#?}");
}

#[test]
fn the_file_has_a_translation_on_each_line() {
    let file = include_str!("../../../../assets/languages/zh-CN.yml");
    assert_eq!(Catalogue::unreadable_line(file), None, "the line cannot be read, or its text has come before");
    let catalogue = simplified_chinese();
    let empty: Vec<_> = catalogue.keys().filter(|key| catalogue.text(key).is_none_or(str::is_empty)).collect();
    assert!(empty.is_empty(), "{empty:?}");
}

#[test]
fn translations_keep_the_placeholders() {
    let catalogue = simplified_chinese();
    for key in catalogue.keys() {
        let [english, translated] = catalogue.placeholders(key);
        assert_eq!(english, translated, "{key}");
    }
}

#[test]
fn texts_get_a_value_for_each_placeholder() {
    for literal in editor_literals().iter().filter(|literal| literal.is_wrapped()) {
        let names: BTreeSet<String> = literal.argument_names.iter().cloned().collect();
        let template = Template::parse(&literal.value);
        let name = |name| match name {
            Name::Named(name) => name.to_owned(),
            Name::Numbered(number) => number.to_string(),
        };
        let placeholders: BTreeSet<String> = template.names().map(name).collect();
        assert!(names == placeholders, "{}:{}: {names:?} for {:?}", literal.file, literal.line, literal.value);
    }
}

#[test]
fn terms_are_translated_in_one_way() {
    // English term, its Chinese word. Compared where the text has the term as a word of its own.
    let terms = BTreeMap::from([
        ("mask", "蒙版"),
        ("candidate", "候选"),
        ("discriminator", "判别器"),
        ("encoder", "编码器"),
        ("latents", "潜变量"),
        ("context loss", "语境损失"),
        ("prior loss", "先验损失"),
        ("checkpoint", "检查点"),
        ("face frame", "人脸框"),
        ("held-out faces", "验证人脸"),
    ]);
    let catalogue = simplified_chinese();
    for (term, word) in terms {
        let with_term =
            catalogue.keys().filter(|key| format!(" {} ", key.to_lowercase()).contains(&format!(" {term} ")));
        let other: Vec<_> = with_term.filter(|key| !catalogue.text(key).unwrap_or_default().contains(word)).collect();
        assert!(other.is_empty(), "{term} is {word}: {other:#?}");
    }
}
