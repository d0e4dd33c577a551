//! The strip with the candidates, and the loss plot: always seen, and without moving the canvas.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Rect};
use egui_kittest::kittest::Queryable;

use super::fill::{editor_with_fill, finish_fill, start_fill};
use super::scripted_engine::{CANDIDATES, SIZE_PX, ScriptedEngine};
use super::{TestWindow, button, click, editor_at_scale, has_button, open_sample, press, wait_for};
use crate::app::panels::candidate_painter::IN_PLACE_PX;
use crate::app::theme;

/// The smallest window, with a sample photo.
fn small_editor<'a>(pixels_per_point: f32) -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_at_scale(1024.0, 700.0, pixels_per_point);
    open_sample(&mut window);
    (window, engine)
}

fn canvas_rect(window: &TestWindow<'_>) -> Rect {
    window.get_by_label("Canvas").rect()
}

fn wait_for_pictures(window: &mut TestWindow<'_>, cell_px: u32) {
    wait_for(window, "the candidates' pictures", |editor| {
        editor
            .widgets
            .candidate_strip
            .shown_grid()
            .is_some_and(|grid| (grid.candidates, u32::try_from(grid.cell_px)) == (CANDIDATES, Ok(cell_px)))
    });
}

#[test]
fn candidates_and_losses_stay_visible_with_more_open() {
    for pixels_per_point in [1.0, 2.0] {
        let (mut window, engine) = small_editor(pixels_per_point);
        start_fill(&mut window, &engine);
        finish_fill(&mut window, &engine);
        window.get_by_label("More").click();
        window.run_steps(4);
        let canvas = canvas_rect(&window);
        let strip = Rect::from_min_max(canvas.left_bottom(), egui::pos2(canvas.right(), 700.0 - theme::STATUS_HEIGHT));
        for name in [
            "Candidate 1, best",
            "Candidate 2",
            "Candidate 3",
            "More like this",
            "Mix two candidates",
            "Best",
            "Face only",
        ] {
            let rect = button(&window, name).rect();
            assert!(strip.contains_rect(rect), "{name}: {rect} is not in {strip}");
        }
        // The plot's button for a logarithmic scale, above the plot.
        let losses = button(&window, "log").rect();
        let fill = button(&window, "Fill").rect();
        let gap = fill.top() - losses.bottom();
        assert!(
            gap >= theme::PLOT_HEIGHT && losses.left() > canvas.right(),
            "the plot is above the Fill button: {gap}"
        );
        assert!(fill.bottom() < 700.0);
    }
}

#[test]
fn the_canvas_keeps_its_size_during_a_fill() {
    let (mut window, engine) = small_editor(1.0);
    assert!(!has_button(&window, "More like this"), "no strip without a fill");
    let without_strip = canvas_rect(&window);
    start_fill(&mut window, &engine);
    let at_start = canvas_rect(&window);
    assert!(
        (without_strip.height() - at_start.height() - (theme::CANDIDATE_STRIP_HEIGHT + theme::TIMELINE_HEIGHT)).abs()
            < 1.0
    );
    engine.report_progress(1, 9);
    engine.set_preview();
    window.run_steps(2);
    assert!(has_button(&window, "Candidate 2, best"));
    assert_eq!(canvas_rect(&window), at_start, "with candidates");
    finish_fill(&mut window, &engine);
    assert_eq!(canvas_rect(&window), at_start, "with the result");
    press(&mut window, Modifiers::NONE, Key::M);
    window.get_by_role_and_label(Role::Slider, "Mix");
    assert_eq!(canvas_rect(&window), at_start, "with the mix slider");
}

#[test]
fn tiles_show_fills_in_place_or_whole_faces() {
    let (mut window, engine) = small_editor(1.0);
    start_fill(&mut window, &engine);
    assert!(window.state().widgets.candidate_strip.shown_grid().is_none());
    engine.set_preview();
    window.run_steps(2);
    wait_for_pictures(&mut window, IN_PLACE_PX);
    click(&mut window, "Face only");
    wait_for_pictures(&mut window, SIZE_PX);
    finish_fill(&mut window, &engine);
    assert!(
        window.state().widgets.candidate_strip.shown_grid().is_some(),
        "the end of the search leaves no empty tiles"
    );
    click(&mut window, "Face only");
    wait_for_pictures(&mut window, IN_PLACE_PX);
    start_fill(&mut window, &engine);
    assert!(window.state().widgets.candidate_strip.shown_grid().is_none(), "the last fill's pictures are dropped");
}

#[test]
fn a_chosen_candidate_scrolls_into_view() {
    let (mut window, _engine) = editor_with_fill();
    let document = window.state_mut().state.document.as_mut().expect("open");
    let outcome = Arc::make_mut(&mut document.shown_face_mut().expect("filled").fill.record.outcome);
    let worst = outcome.candidates[0].clone();
    outcome.candidates.extend(vec![worst; 12]);
    window.run_steps(2);
    let strip_right = button(&window, "More like this").rect().left();
    assert!(button(&window, "Candidate 9").rect().right() > strip_right, "hidden at first");
    press(&mut window, Modifiers::NONE, Key::Num9);
    window.run_steps(30);
    let ninth = button(&window, "Candidate 9").rect();
    assert!(ninth.right() <= strip_right && ninth.left() >= 0.0, "{ninth}");
    press(&mut window, Modifiers::NONE, Key::A);
    window.run_steps(30);
    assert!(button(&window, "Candidate 1, best").rect().left() >= 0.0);
}
