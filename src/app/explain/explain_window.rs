//! Draws the window "How it works": the chapters on the left, the figures of one of them on the right.

use std::time::Duration;

use egui::{Button, Context, RichText, ScrollArea, Sense, Ui, vec2};

use super::drawing_painter::DrawingPainter;
use super::figure_controls::{self, FigureControls};
use super::{ExplainAction, ExplainState};
use crate::app::language::{t, translate};
use crate::app::state::{Action, Actions};
use crate::app::theme;
use crate::explain::{Chapter, Controls, Figure, FigureData};

/// Initial size, unless the editor's window is smaller: a figure with its caption fits.
const INITIAL_SIZE: [f32; 2] = [920.0, 720.0];
const MIN_SIZE: [f32; 2] = [640.0, 400.0];
const CHAPTERS_WIDTH: f32 = 184.0;
/// Wide enough for long lines of text to stay readable.
const MAX_FIGURE_WIDTH: f32 = 700.0;
/// The progress is drawn so often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// The window, its textures, and the figure that moves by itself.
#[derive(Default)]
pub struct ExplainWindow {
    painter: DrawingPainter,
    playing: Option<Playing>,
}

/// A figure that moves.
#[derive(Clone, Copy)]
struct Playing {
    figure: Figure,
    /// Seconds since the last frame.
    waited_secs: f32,
}

impl ExplainWindow {
    /// Draws the window if it is open.
    pub fn show(&mut self, context: &Context, explain: &ExplainState, actions: &mut Actions) {
        if !explain.is_open {
            self.playing = None;
            self.painter.end_frame();
            return;
        }
        let mut open = true;
        let available = context.content_rect().size() - vec2(32.0, 64.0);
        egui::Window::new(RichText::new(t!("How it works")).size(15.0))
            .id(egui::Id::unique("explain"))
            .open(&mut open)
            .collapsible(false)
            .default_size(available.min(vec2(INITIAL_SIZE[0], INITIAL_SIZE[1])))
            .min_size(available.min(vec2(MIN_SIZE[0], MIN_SIZE[1])))
            .max_size(available)
            .show(context, |ui| self.show_content(ui, explain, actions));
        if !open {
            actions.push(Action::Explain(ExplainAction::Toggle));
        }
        self.painter.end_frame();
    }

    fn show_content(&mut self, ui: &mut Ui, explain: &ExplainState, actions: &mut Actions) {
        let area = ui.available_rect_before_wrap();
        let layout = || egui::Layout::top_down(egui::Align::Min);
        let list = area.with_max_x(area.left() + CHAPTERS_WIDTH);
        // Child UIs, so that content slightly too large for them does not make the window grow every frame.
        let mut list_ui = ui.new_child(egui::UiBuilder::new().max_rect(list).layout(layout()));
        chapter_list(&mut list_ui, explain, actions);
        let page = area.with_min_x(list.right() + theme::GAP * 2.0);
        let mut page_ui = ui.new_child(egui::UiBuilder::new().max_rect(page).layout(layout()));
        page_ui.set_clip_rect(page.intersect(ui.clip_rect()));
        // Each chapter has its own scroll position.
        let scroll = ScrollArea::vertical().id_salt(("explain", explain.chapter)).auto_shrink(false);
        scroll.show(&mut page_ui, |ui| {
            ui.set_max_width(ui.available_width().min(MAX_FIGURE_WIDTH) - theme::GAP);
            self.show_chapter(ui, explain, actions);
        });
        ui.advance_cursor_after_rect(area);
    }

    fn show_chapter(&mut self, ui: &mut Ui, explain: &ExplainState, actions: &mut Actions) {
        let mut controls = explain.controls.clone();
        let data = explain.data();
        ui.label(RichText::new(translate(explain.chapter.title())).color(theme::palette(ui).strong_text).size(20.0));
        for figure in explain.chapter.figures() {
            ui.add_space(theme::GAP);
            ui.label(RichText::new(translate(figure.title())).color(theme::palette(ui).strong_text).size(15.0));
            ui.label(translate(figure.caption()));
            let shown = FigureControls { figure: *figure, data: &data, explain };
            let is_playing = self.playing.is_some_and(|playing| playing.figure == *figure);
            if figure_controls::show(ui, &shown, is_playing, &mut controls, actions) {
                self.playing = (!is_playing).then_some(Playing { figure: *figure, waited_secs: 0.0 });
            }
            self.show_figure(ui, *figure, &data, explain, &mut controls);
            ui.add_space(theme::GAP);
        }
        self.play(ui, &data, &mut controls);
        if controls != explain.controls {
            actions.push(Action::Explain(ExplainAction::SetControls(Box::new(controls))));
        }
    }

    fn show_figure(
        &mut self,
        ui: &mut Ui,
        figure: Figure,
        data: &FigureData,
        explain: &ExplainState,
        controls: &mut Controls,
    ) {
        let Some(drawing) = data.draw(figure, controls) else {
            missing_figure(ui, explain);
            return;
        };
        let sense = if Controls::can_be_dragged(figure) { Sense::click_and_drag() } else { Sense::hover() };
        let painted = self.painter.show(ui, &drawing, translate(figure.title()), sense);
        if let Some(at) = painted.pressed_at() {
            if ui.input(|input| input.pointer.any_pressed()) {
                controls.grab(figure, at);
            }
            controls.drag(figure, at);
        }
        if Controls::can_be_dragged(figure) {
            painted.response.on_hover_cursor(egui::CursorIcon::Grab);
        }
    }

    /// Moves the playing figure by a frame when it is time.
    fn play(&mut self, ui: &Ui, data: &FigureData, controls: &mut Controls) {
        let Some(playing) = &mut self.playing else { return };
        let frame_secs = if playing.figure == Figure::Ascent { 0.15 } else { 0.6 };
        playing.waited_secs += ui.input(|input| input.stable_dt).min(frame_secs);
        if playing.waited_secs >= frame_secs {
            playing.waited_secs = 0.0;
            let frames = data.frames(playing.figure, controls);
            controls.set_frame(playing.figure, (controls.frame(playing.figure) + 1) % frames.max(1));
        }
        ui.ctx().request_repaint_after(Duration::from_secs_f32(frame_secs - playing.waited_secs));
    }
}

fn chapter_list(ui: &mut Ui, explain: &ExplainState, actions: &mut Actions) {
    ui.with_layout(egui::Layout::top_down_justified(egui::Align::Min), |ui| {
        for (number, chapter) in (1..).zip(Chapter::ALL) {
            let text = format!("{number}  {}", translate(chapter.title()));
            let button = Button::selectable(explain.chapter == chapter, text).truncate();
            if ui.add(button.min_size(vec2(0.0, theme::ROW_HEIGHT))).clicked() {
                actions.push(Action::Explain(ExplainAction::ShowChapter(chapter)));
            }
        }
    });
}

/// What stands in the place of a figure without data.
fn missing_figure(ui: &mut Ui, explain: &ExplainState) {
    if let Some(share) = explain.progress() {
        let percent = format!("{:.0}", share * 100.0);
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(theme::hint_text(ui, t!("Computing… {percent} %", percent)));
        });
        ui.ctx().request_repaint_after(PROGRESS_INTERVAL);
    } else {
        ui.label(theme::hint_text(ui, t!("This model or photo does not allow this figure")));
    }
    ui.add_space(theme::GAP * 4.0);
}
