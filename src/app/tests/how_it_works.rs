//! The window that explains the method: its chapters, what can be played with, and the photo and fill that it is about.

use std::path::PathBuf;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::end_to_end::editor_with_real_engine;
use super::{TestWindow, click, editor, editor_with_photo, has_button, press, wait_for};
use crate::app::explain::{ExplainAction, LatentChoice};
use crate::app::language::tests::in_chinese;
use crate::app::language::{translate, translate_message};
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, EditorState};
use crate::explain::{Chapter, Controls, FigureData};
use crate::model::ModelChoice;

fn state<'w>(window: &'w TestWindow<'_>) -> &'w EditorState {
    &window.state().state
}

fn explain(window: &mut TestWindow<'_>, action: ExplainAction) {
    window.state_mut().state.handle(Action::Explain(action));
    window.run_steps(2);
}

/// Opens the window in an editor without a photo, with the tiny model.
fn open_window<'a>() -> TestWindow<'a> {
    let (mut window, _) = editor();
    let model = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
    super::change_preferences(&mut window, |preferences| preferences.model = ModelChoice::File(model));
    press(&mut window, Modifiers::NONE, Key::F2);
    window
}

/// Shows a chapter and waits until its figures are computed.
fn show_chapter(window: &mut TestWindow<'_>, chapter: Chapter) {
    explain(window, ExplainAction::ShowChapter(chapter));
    wait_for(window, "the figures", |editor| {
        let data = editor.state.explain.data();
        let is_drawn = |figure: &crate::explain::Figure| data.draw(*figure, &Controls::default()).is_some();
        chapter.figures().iter().all(is_drawn) && editor.state.explain.progress().is_none()
    });
}

/// The accessible name of the figure that has this text.
fn figure_text(window: &TestWindow<'_>, text: &str) -> String {
    window.get_by_label_contains(text).accesskit_node().label().expect("a name")
}

/// Presses an arrow key on a slider.
fn move_slider(window: &mut TestWindow<'_>, name: &str, key: Key) {
    window.get_by_role_and_label(Role::Slider, name).focus();
    window.run_steps(2);
    press(window, Modifiers::NONE, key);
}

#[test]
fn it_opens_by_key_menu_and_start_screen() {
    let (mut window, _) = editor();
    click(&mut window, "How it works");
    assert!(state(&window).explain.is_open);
    window.run_steps(2);
    assert!(has_button(&window, "1  Guess what is missing"));
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!state(&window).explain.is_open && !has_button(&window, "1  Guess what is missing"));
    press(&mut window, Modifiers::NONE, Key::F2);
    assert!(state(&window).explain.is_open);
    press(&mut window, Modifiers::NONE, Key::F2);
    let (mut window, _) = editor_with_photo();
    click(&mut window, "Help, theme and language");
    click(&mut window, "How it works");
    assert!(state(&window).explain.is_open);
}

#[test]
fn every_chapter_shows_its_figures() {
    let mut window = open_window();
    for (number, chapter) in (1..).zip(Chapter::ALL) {
        click(&mut window, &format!("{number}  {}", chapter.title()));
        show_chapter(&mut window, chapter);
        window.get_by_label(chapter.title());
        for figure in chapter.figures() {
            window.get_by_label(figure.title());
            window.get_by_label(figure.caption());
            let images = window.get_all_by_role(Role::Image);
            let name = |node: &egui_kittest::Node<'_>| node.accesskit_node().label().unwrap_or_default();
            let starts = |node: egui_kittest::Node<'_>| name(&node).starts_with(figure.title());
            assert_eq!(images.map(starts).filter(|starts| *starts).count(), 1, "{figure:?}");
        }
    }
}

#[test]
fn sliders_change_the_figures() {
    let mut window = open_window();
    let before = figure_text(&window, "best y");
    assert!(before.contains("x = 1.20\nbest y = 0.960"), "{before}");
    move_slider(&mut window, "Correlation", Key::ArrowLeft);
    let after = figure_text(&window, "best y");
    assert!(after.contains("x = 1.20") && after != before, "{after}");
    move_slider(&mut window, "x, the known value", Key::ArrowRight);
    assert!(!figure_text(&window, "best y").contains("x = 1.20"));

    show_chapter(&mut window, Chapter::Convolution);
    assert!(figure_text(&window, "zeros between").contains("Output, 5 × 5"));
    explain_controls(&mut window, |controls| controls.transposed.kernel_side = 4);
    assert!(figure_text(&window, "zeros between").contains("Output, 6 × 6"));
    explain_controls(&mut window, |controls| controls.transposed.stride = 1);
    assert!(figure_text(&window, "zeros between").contains("Output, 4 × 4"));
}

fn explain_controls(window: &mut TestWindow<'_>, change: impl FnOnce(&mut Controls)) {
    let mut controls = state(window).explain.controls.clone();
    change(&mut controls);
    explain(window, ExplainAction::SetControls(Box::new(controls)));
}

#[test]
fn lambda_moves_the_share_of_the_prior() {
    let mut window = open_window();
    show_chapter(&mut window, Chapter::Parts);
    let share = |window: &TestWindow<'_>| {
        let text = figure_text(window, "the prior counts");
        text.split_once("the prior counts ").expect("a share").1.split_once(" %").expect("a percentage").0.to_owned()
    };
    let before = share(&window);
    explain_controls(&mut window, |controls| controls.lambda = Some(10.0));
    let most: f32 = share(&window).parse().expect("a number");
    assert!(most > before.parse().expect("a number"), "{before} {most}");
    explain_controls(&mut window, |controls| controls.lambda = Some(0.0));
    assert_eq!(share(&window), "0");
    figure_text(&window, "λ = 0\nloss ");
}

#[test]
fn playing_moves_the_kernel() {
    let mut window = open_window();
    show_chapter(&mut window, Chapter::Convolution);
    window.get_all_by_label("Play").next().expect("a button").click();
    window.run_steps(2);
    wait_for(&mut window, "the kernel", |editor| editor.state.explain.controls.convolution.place > 0);
    click(&mut window, "Pause");
    assert!(!has_button(&window, "Pause"));
}

#[test]
fn the_open_fill_is_explained() {
    let mut window = editor_with_real_engine("tiny-16.safetensors", 8);
    press(&mut window, Modifiers::NONE, Key::F2);
    show_chapter(&mut window, Chapter::Parts);
    let parts = |window: &TestWindow<'_>| state(window).explain.data().parts.expect("computed");
    let before = parts(&window);
    assert!(!state(&window).explain.has_fill());
    press(&mut window, Modifiers::NONE, Key::F2);
    click(&mut window, "Fill");
    wait_for(&mut window, "the fill", |editor| editor.state.has_fill());
    press(&mut window, Modifiers::NONE, Key::F2);
    assert!(state(&window).explain.has_fill());
    wait_for(&mut window, "the new parts", |editor| {
        let parts = editor.state.explain.data().parts.expect("computed");
        !std::sync::Arc::ptr_eq(&parts, &before) && editor.state.explain.progress().is_none()
    });
    let document = state(&window).document.as_ref().expect("open");
    let candidate = document.shown_face().expect("a fill").record().shown_candidate().expect("shown").clone();
    assert!((parts(&window).losses.total - candidate.losses.total).abs() < 1e-3);
    show_chapter(&mut window, Chapter::Layers);
    assert_eq!(state(&window).explain.data().layers.expect("computed").latent, candidate.latent);
    window.get_by_label("z* of the fill");
    let latent = LatentChoice { changed: Some((2, 0.75)), ..state(&window).explain.latent };
    explain(&mut window, ExplainAction::SetLatent(latent));
    wait_for(&mut window, "the layers", |editor| {
        editor.state.explain.data().layers.is_some_and(|layers| layers.latent[2].to_bits() == 0.75f32.to_bits())
    });
}

#[test]
fn a_closed_window_computes_nothing() {
    let mut window = open_window();
    press(&mut window, Modifiers::NONE, Key::F2);
    explain(&mut window, ExplainAction::ShowChapter(Chapter::Parts));
    let is_empty = |data: &FigureData| data.parts.is_none() && data.faces.is_none() && data.blocks.is_none();
    assert!(is_empty(&state(&window).explain.data()) && state(&window).explain.progress().is_none());
}

#[test]
fn every_text_of_the_figures_is_translated() {
    let mut window = open_window();
    let mut texts = Vec::new();
    for chapter in Chapter::ALL {
        show_chapter(&mut window, chapter);
        let data = state(&window).explain.data();
        for figure in chapter.figures() {
            let drawing = data.draw(*figure, &Controls::default()).expect("computed");
            texts.extend(drawing.texts().map(str::to_owned));
        }
    }
    let has_word = |text: &str| text.split(|it: char| !it.is_ascii_alphabetic()).any(|word| word.len() > 2);
    texts.retain(|text| has_word(text));
    assert!(texts.len() > 40, "{texts:?}");
    in_chinese(|| {
        let english: Vec<&String> = texts.iter().filter(|text| has_word(&translate_message(text))).collect();
        assert!(english.is_empty(), "{english:?}");
        assert_eq!(translate(EditorCommand::HowItWorks.name()), "工作原理");
    });
}
