//! The editor: a window around the canvas.
//!
//! [`State`] holds everything and changes in one place, [`State::handle`]; panels read it and answer with actions. What
//! would surprise: nothing slow happens on this thread. Files, dialogs and full-size pictures are tasks on threads of
//! their own, the search runs on the fill thread, and both wake the window when they have news.

pub mod canvas;
mod curves;
mod dialogs;
mod document;
mod fill;
mod icons;
mod messages;
mod panels;
mod persist;
mod samples;
mod shortcuts;
mod state;
mod tasks;
#[cfg(test)]
mod tests;
mod theme;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use canvas::{Canvas, CanvasScene};
use fill::Engine;
use messages::Toaster;
use panels::candidates::Gallery;
use panels::start::Start;
use persist::{PANEL_WIDTH, Remembered};
use shortcuts::Verb;
use state::{Action, CanvasCall, Source, State};
use tasks::{Task, Tasks};

use crate::job::Worker;

/// Opens the window and runs until it is closed.
///
/// # Errors
/// When no window can be opened.
pub fn run(photo: Option<PathBuf>) -> anyhow::Result<()> {
    let settings_path = Remembered::default_path();
    let remembered = settings_path.as_deref().map_or_else(Remembered::default, Remembered::load);
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Countenance")
        .with_app_id("countenance")
        .with_inner_size([1280.0, 820.0])
        .with_min_inner_size([1024.0, 700.0]);
    if let Ok(icon) = eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")) {
        viewport = viewport.with_icon(icon);
    }
    let options = eframe::NativeOptions { viewport, renderer: eframe::Renderer::Wgpu, ..Default::default() };
    let create = move |creation: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        let context = creation.egui_ctx.clone();
        let worker = Worker::spawn(Arc::new(move || context.request_repaint()));
        let mut editor = Editor::new(&creation.egui_ctx, Box::new(worker), remembered, settings_path);
        editor.state.prepare();
        if let Some(path) = photo {
            editor.state.handle(Action::Open(Source::File(path)));
        }
        Ok(Box::new(editor))
    };
    eframe::run_native("Countenance", options, Box::new(create)).map_err(|error| {
        anyhow!(
            "No window can be opened here ({error}): start the editor on a desktop, or fill without a window, as in \
             `countenance fill photo.jpg --mask mask.png --out filled.png`"
        )
    })
}

/// The window's content.
pub(crate) struct Editor {
    state: State,
    canvas: Canvas,
    toaster: Toaster,
    gallery: Gallery,
    start: Start,
    /// Where the settings go; `None` in tests and where the system has no such folder.
    settings_path: Option<PathBuf>,
    saved: Remembered,
    changed_at: Option<Instant>,
}

/// Settings are written this long after their last change.
const SETTLE: Duration = Duration::from_secs(2);

impl Editor {
    fn new(
        context: &egui::Context,
        engine: Box<dyn Engine>,
        remembered: Remembered,
        settings_path: Option<PathBuf>,
    ) -> Self {
        theme::install(context, remembered.theme);
        // Ctrl with + and − belongs to the photo.
        context.options_mut(|options| options.zoom_with_keyboard = false);
        Self {
            saved: remembered.clone(),
            state: State::new(engine, Tasks::new(context.clone()), remembered),
            canvas: Canvas::default(),
            toaster: Toaster::default(),
            gallery: Gallery::default(),
            start: Start::default(),
            settings_path,
            changed_at: None,
        }
    }

    fn handle_keys(&mut self, context: &egui::Context) {
        if self.state.leave.is_some() {
            return;
        }
        if self.state.leaflet.is_none() {
            let held = !context.text_edit_focused() && context.input(|input| input.key_down(shortcuts::BEFORE_KEY));
            let released = context.input(|input| input.key_released(shortcuts::BEFORE_KEY));
            if held || released {
                self.state.handle(Action::ShowBefore(held));
            }
        }
        for verb in shortcuts::pressed(context, self.state.candidate_count()) {
            match verb {
                Verb::Stop => self.leave_one_level(),
                _ => self.state.handle(Action::Do(verb)),
            }
        }
    }

    /// Esc: leaves what is on top, and stops the fill when nothing is.
    fn leave_one_level(&mut self) {
        if self.canvas.is_dragging() {
            self.canvas.cancel_drag();
            self.state.handle(Action::CancelDrag);
        } else if self.state.leaflet.is_some() {
            self.state.handle(Action::CloseLeaflet);
        } else if self.state.path_bar.is_some() {
            self.state.handle(Action::ClosePathBar);
        } else if self.state.fills.is_running() {
            self.state.handle(Action::Do(Verb::Stop));
        } else {
            self.toaster.dismiss();
        }
    }

    fn handle_window(&mut self, context: &egui::Context) {
        let dropped = context.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
        if let Some(path) = dropped {
            self.state.handle(Action::Open(Source::File(path)));
        }
        if context.input(|input| input.viewport().close_requested()) && !self.state.closing {
            self.state.handle(Action::RequestClose);
            if !self.state.closing {
                context.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            }
        } else if self.state.closing {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn remember(&mut self, context: &egui::Context) {
        let Some(path) = &self.settings_path else { return };
        if self.state.remembered == self.saved || self.state.remembering {
            return;
        }
        let changed_at = *self.changed_at.get_or_insert_with(Instant::now);
        let left = SETTLE.saturating_sub(changed_at.elapsed());
        if left.is_zero() {
            self.saved.clone_from(&self.state.remembered);
            self.changed_at = None;
            self.state.remembering = true;
            self.state.spawn(Task::Remember(Box::new(self.saved.clone()), path.clone()));
        } else {
            context.request_repaint_after(left);
        }
    }

    fn show(&mut self, ui: &mut egui::Ui) {
        let mut actions = Vec::new();
        if self.state.document.is_some() {
            self.show_editor(ui, &mut actions);
        } else {
            self.show_status(ui);
            self.show_path_bar(ui, &mut actions);
            egui::CentralPanel::no_frame().show(ui, |ui| {
                ui.painter().rect_filled(ui.max_rect(), 0.0, theme::palette(ui).canvas);
                self.start.show(ui, &self.state, &mut actions);
            });
        }
        dialogs::show_leaflet(ui.ctx(), &self.state, &mut actions);
        dialogs::show_question(ui.ctx(), &self.state, &mut actions);
        self.toaster.show(ui);
        for action in actions {
            if let Action::SetTheme(choice) = &action {
                theme::choose(ui.ctx(), *choice);
            }
            self.state.handle(action);
        }
        for message in self.state.take_messages() {
            self.toaster.push(message);
            ui.ctx().request_repaint();
        }
    }

    fn show_editor(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        let bar = theme::bar(ui);
        egui::Panel::top("toolbar").frame(bar).show_separator_line(false).show(ui, |ui| {
            panels::toolbar::show(ui, &self.state, self.canvas.zoom(), actions);
        });
        self.show_progress(ui);
        self.show_status(ui);
        let panel = egui::Panel::right("settings")
            .frame(bar.inner_margin(0.0))
            .default_size(self.state.remembered.panel_width)
            .size_range(*PANEL_WIDTH.start()..=*PANEL_WIDTH.end())
            .show(ui, |ui| {
                // What is a little too wide inside (a long number, say) must not widen the panel.
                let inside = ui.available_rect_before_wrap();
                let mut content = ui.new_child(egui::UiBuilder::new().max_rect(inside));
                self.show_panel(&mut content, actions);
                ui.advance_cursor_after_rect(inside);
            });
        let width = panel.response.rect.width();
        if PANEL_WIDTH.contains(&width) {
            self.state.remembered.panel_width = width;
        }
        self.show_path_bar(ui, actions);
        egui::CentralPanel::no_frame().show(ui, |ui| self.show_canvas(ui, actions));
    }

    fn show_panel(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        let margin = egui::Margin::symmetric(16, 12);
        // The button that everything leads to stays where it is, however far the settings unfold.
        let strip = theme::bar(ui).inner_margin(margin);
        egui::Panel::bottom("run").frame(strip).resizable(false).show(ui, |ui| {
            panels::run::show(ui, &self.state, actions);
        });
        egui::CentralPanel::no_frame().show(ui, |ui| {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                egui::Frame::new().inner_margin(margin).show(ui, |ui| {
                    panels::settings::show(ui, &self.state, actions);
                    ui.add_space(theme::GAP);
                    self.gallery.show(ui, &self.state, actions);
                    ui.add_space(theme::GAP);
                    panels::losses::show(ui, &self.state, actions);
                });
            });
        });
    }

    fn show_progress(&self, ui: &mut egui::Ui) {
        let frame = egui::Frame::new();
        let panel = egui::Panel::top("progress").frame(frame).resizable(false).show_separator_line(false);
        panel.exact_size(theme::PROGRESS_HEIGHT).show(ui, |ui| {
            let palette = theme::palette(ui);
            let mut rect = ui.max_rect();
            ui.painter().rect_filled(rect, 0.0, palette.border);
            if let Some(run) = self.state.fills.run() {
                rect.set_width(rect.width() * run.progress());
                ui.painter().rect_filled(rect, 0.0, palette.accent);
            }
        });
    }

    fn show_status(&self, ui: &mut egui::Ui) {
        let frame = theme::bar(ui).inner_margin(egui::Margin::symmetric(12, 0));
        egui::Panel::bottom("status").frame(frame).exact_size(theme::STATUS_HEIGHT).show(ui, |ui| {
            panels::status::show(ui, &self.state);
        });
    }

    fn show_path_bar(&self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        if let Some(bar) = &self.state.path_bar {
            egui::Panel::top("path").frame(theme::bar(ui)).show(ui, |ui| dialogs::show_path_bar(ui, bar, actions));
        }
    }

    fn show_canvas(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        for call in self.state.take_canvas_calls() {
            match call {
                CanvasCall::PhotoChanged => self.canvas.photo_changed(),
                CanvasCall::HoleChanged(rect_in_photo) => self.canvas.hole_changed(rect_in_photo),
                CanvasCall::Fit => self.canvas.fit(),
                CanvasCall::ActualPixels => self.canvas.zoom_to_actual_pixels(),
                CanvasCall::ZoomBy(factor) => self.canvas.zoom_by(factor),
            }
        }
        let Some(document) = &self.state.document else { return };
        let patch = self.state.patch();
        let scene = CanvasScene {
            photo: &document.photo,
            hole: document.mask(),
            frame: document.frame(),
            faces: document.faces().unwrap_or_default(),
            tool: self.state.tool,
            brush_radius_px: self.state.remembered.brush_radius_px,
            patch,
            patch_version: self.state.scene_version,
            show_hole: self.state.shows_hole() && !self.state.show_before,
            show_frame: !self.state.show_before,
            show_before: self.state.show_before,
            divider: self.state.divider.filter(|_| patch.is_some()),
            locked: self.state.is_locked(),
        };
        self.canvas.style = theme::canvas_style(ui);
        let happened = self.canvas.ui(ui, &scene);
        actions.extend(happened.into_iter().map(Action::Canvas));
        let hovered = ui.input(|input| !input.raw.hovered_files.is_empty());
        if hovered {
            let palette = theme::palette(ui);
            let rect = ui.max_rect();
            ui.painter().rect_filled(rect, 0.0, palette.canvas.gamma_multiply(0.8));
            let font = egui::TextStyle::Heading.resolve(ui.style());
            ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, "Drop to open", font, palette.strong);
        }
    }
}

impl eframe::App for Editor {
    fn raw_input_hook(&mut self, context: &egui::Context, input: &mut egui::RawInput) {
        // Tab is egui's way from widget to widget. It takes the next face only while no widget has the keyboard's focus
        // and there is a choice of faces.
        let faces = self.state.document.as_ref().and_then(|document| document.faces()).map_or(0, <[_]>::len);
        let focused = context.memory(|memory| memory.focused().is_some());
        if faces < 2 || focused {
            return;
        }
        let before = input.events.len();
        input.events.retain(|event| {
            !matches!(event, egui::Event::Key { key: egui::Key::Tab, pressed: true, modifiers, .. } if modifiers.is_none())
        });
        if input.events.len() < before {
            self.state.handle(Action::Do(Verb::NextFace));
        }
    }

    fn logic(&mut self, context: &egui::Context, _frame: &mut eframe::Frame) {
        self.state.poll();
        self.handle_window(context);
        self.remember(context);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let context = ui.ctx().clone();
        self.handle_keys(&context);
        self.show(ui);
    }

    fn on_exit(&mut self) {
        if let Some(path) = self.settings_path.as_ref().filter(|_| self.state.remembered != self.saved)
            && let Err(error) = self.state.remembered.save(path)
        {
            tracing::warn!("settings not saved to {}: {error:#}", path.display());
        }
    }
}
