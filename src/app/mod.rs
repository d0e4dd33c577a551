//! The editor window: start-up, keyboard, window events and preferences.
//!
//! [`State`] holds the editor's state, and only [`State::handle`] changes it. Panels read the state and return actions.
//! Nothing slow runs on the UI thread: files, dialogs and full-size pictures are background tasks, and the search runs
//! on the fill thread. Both request a repaint when they have a result.

mod autosave;
pub mod canvas;
mod curves;
mod dialogs;
mod document;
mod explore;
mod fill;
mod icons;
mod messages;
mod pace;
mod panels;
mod persist;
mod rhythm;
mod samples;
mod shortcuts;
mod state;
mod tasks;
#[cfg(test)]
mod tests;
mod theme;
mod training;
mod window;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use canvas::Canvas;
use explore::ExploreWindow;
use fill::Engine;
use messages::Toaster;
use pace::Pace;
use panels::candidates::Gallery;
use panels::start::Start;
use persist::Remembered;
use rhythm::Rhythm;
use shortcuts::Verb;
use state::{Action, Source, State};
use tasks::{Task, Tasks};
use training::{TrainingAction, TrainingWindow};

use crate::device::is_software;
use crate::job::{self, Worker};

/// Opens the window and runs until it is closed.
///
/// # Errors
/// When no window can be opened.
pub fn run(photo: Option<PathBuf>) -> anyhow::Result<()> {
    let asked_for = Instant::now();
    job::share_one_heap();
    job::start_pool_in_background();
    let settings_path = Remembered::default_path();
    let remembered = settings_path.as_deref().map_or_else(Remembered::default, Remembered::load);
    let mut viewport = egui::ViewportBuilder::default()
        .with_title(TITLE)
        .with_app_id("countenance")
        .with_inner_size([1280.0, 820.0])
        .with_min_inner_size([1024.0, 700.0]);
    if let Ok(icon) = eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")) {
        viewport = viewport.with_icon(icon);
    }
    let options = eframe::NativeOptions { viewport, renderer: eframe::Renderer::Wgpu, ..Default::default() };
    let create = move |creation: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        let in_software = creation.wgpu_render_state.as_ref().is_some_and(|state| is_software(&state.adapter));
        let rhythm = Arc::new(Rhythm::new(creation.egui_ctx.clone(), in_software));
        let waking = Arc::clone(&rhythm);
        let worker = Worker::spawn(Arc::new(move |urgency| waking.wake(urgency)));
        let mut editor = Editor::new(&creation.egui_ctx, Box::new(worker), remembered, settings_path);
        editor.rhythm = Some(rhythm);
        editor.pace = Pace::new(asked_for);
        editor.state.prepare();
        if let Some(folder) = autosave::default_folder() {
            editor.state.autosave_in(&folder);
        }
        if let Some(path) = explore::default_path() {
            editor.state.keep_faces_in(path);
        }
        if let Some(path) = photo {
            editor.state.handle(Action::Open(Source::File(path)));
        }
        Ok(Box::new(editor))
    };
    eframe::run_native("Countenance", options, Box::new(create)).map_err(|error| {
        anyhow!(
            "Cannot open a window ({error}): run the editor on a desktop, or fill from the command line, as in \
             `countenance fill photo.jpg --mask mask.png --out filled.png`"
        )
    })
}

/// The editor: its state, and the widgets that keep data between frames.
pub(crate) struct Editor {
    state: State,
    canvas: Canvas,
    toaster: Toaster,
    gallery: Gallery,
    start: Start,
    explore: ExploreWindow,
    training: TrainingWindow,
    /// Path of the preferences file. `None` in tests and on systems without a settings folder.
    settings_path: Option<PathBuf>,
    saved: Remembered,
    changed_at: Option<Instant>,
    clock: Box<dyn Fn() -> Instant>,
    /// Title last sent to the window.
    title: String,
    pace: Pace,
    /// `None` in tests.
    rhythm: Option<Arc<Rhythm>>,
}

/// Window title while no photo is open.
const TITLE: &str = "Countenance";

/// Delay between the first change of the preferences and writing them to disk.
const SETTLE: Duration = Duration::from_secs(2);

impl Editor {
    fn new(
        context: &egui::Context,
        engine: Box<dyn Engine>,
        remembered: Remembered,
        settings_path: Option<PathBuf>,
    ) -> Self {
        theme::install(context, remembered.theme);
        // Ctrl with + and − zooms the photo, not the interface.
        context.options_mut(|options| options.zoom_with_keyboard = false);
        Self {
            saved: remembered.clone(),
            state: State::new(engine, Tasks::new(context.clone()), remembered),
            canvas: Canvas::default(),
            toaster: Toaster::default(),
            gallery: Gallery::default(),
            start: Start::default(),
            explore: ExploreWindow::default(),
            training: TrainingWindow::default(),
            settings_path,
            changed_at: None,
            clock: Box::new(Instant::now),
            title: TITLE.to_owned(),
            pace: Pace::new(Instant::now()),
            rhythm: None,
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

    /// Handles Esc: cancels or closes the topmost thing, otherwise stops the fill.
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
        } else if self.state.training.is_open {
            self.state.handle(Action::Training(TrainingAction::Close));
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

    fn update_title(&mut self, context: &egui::Context) {
        let title = self.state.document.as_ref().map_or_else(
            || TITLE.to_owned(),
            |document| {
                let project = document.project_path().and_then(std::path::Path::file_stem);
                let name = project.map_or_else(|| document.name.clone(), |stem| stem.to_string_lossy().into_owned());
                let mark = if document.is_unsaved() { "• " } else { "" };
                format!("{mark}{name} – {TITLE}")
            },
        );
        if title != self.title {
            context.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
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
}

impl eframe::App for Editor {
    fn raw_input_hook(&mut self, context: &egui::Context, input: &mut egui::RawInput) {
        // egui uses Tab to move the keyboard focus. Tab selects the next face only when no widget has the focus and the
        // photo has several faces.
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
        if let Some(left) = self.state.autosave((self.clock)()) {
            context.request_repaint_after(left);
        }
        if let Some(left) = self.state.follow_run((self.clock)()) {
            context.request_repaint_after(left);
        }
        self.update_title(context);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.pace.note(frame.info().cpu_usage);
        if let Some(rhythm) = &self.rhythm {
            rhythm.begin_frame();
        }
        let context = ui.ctx().clone();
        self.handle_keys(&context);
        self.show(ui);
    }

    fn on_exit(&mut self) {
        self.state.close_autosave();
        if let Some(path) = self.settings_path.as_ref().filter(|_| self.state.remembered != self.saved)
            && let Err(error) = self.state.remembered.save(path)
        {
            tracing::warn!("settings not saved to {}: {error:#}", path.display());
        }
    }
}
