//! The editor window: start-up, keyboard, window events and preferences.
//!
//! Only [`EditorState::handle`] changes the editor's state; panels read it and ask for actions. Nothing slow runs on the
//! UI thread: files, dialogs and full-size pictures are background tasks, and the search runs on the fill thread. Both
//! request a repaint when they have a result.
//!
//! The way of a stroke:
//!
//! 1. `canvas` turns the drag into actions on the document: begin, extend, end.
//! 2. `document` keeps a copy of the mask as an undo step, and draws. The copy shares the tiles that the stroke leaves
//!    alone.
//! 3. `canvas` compares the mask with that of the last frame, and uploads only the part that differs.
//! 4. After every action, `fill` compares the hole with the last one that it used. At the stroke's end it searches the
//!    face frame for it, sends it to a running search, or asks for a first guess.
//! 5. An answer names its hole. One for an earlier hole is dropped.
//!
//! The way of a fill:
//!
//! 1. `fill` makes a request: photo, hole, frame, settings. It waits until the frame is found.
//! 2. The `outbox` sends it to the fill thread (`job`), which puts progress, previews and the result into a mailbox.
//! 3. Each frame, [`EditorState::poll`] takes the mailbox's events. Those of an earlier job are dropped.
//! 4. The result becomes a fill of the document, as an undo step. If the hole concerns several faces, the next one is
//!    searched first, on the photo with the fills so far: see `fill::face_queue`.
//! 5. A background task composes the fill at full size for the screen, again whenever the user chooses another look.
//! 6. An export, a project and the provenance are made from the same record.

mod accessibility;
mod autosave;
mod batch;
pub mod canvas;
mod clipboard_events;
mod dialogs;
mod document;
mod engine;
mod explain;
mod explore;
mod file_drop;
mod fill;
mod frame_stats;
mod icons;
mod language;
mod lasting_messages;
mod latest;
mod layout;
mod loss_history;
mod maps;
mod outbox;
mod panels;
mod picture_cache;
mod preferences;
mod recent_files;
mod repaint_throttle;
pub mod sample_portraits;
mod shortcuts;
mod state;
mod system_fonts;
mod tasks;
#[cfg(test)]
mod tests;
mod text_picture;
mod theme;
mod toasts;
mod training;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use batch::BatchAction;
use clipboard_events::PasteRequest;
use dialogs::{DialogAction, DocumentSource};
use document::DocumentAction;
use explain::ExplainAction;
pub(crate) use explain::{PORTRAIT, drawing_picture, portrait_subject};
use explore::SavedFaces;
use fill::FillAction;
use frame_stats::FrameStats;
use language::{Language, LanguageChoice};
use layout::Widgets;
pub(crate) use maps::{LegendText, paint_legend};
pub(crate) use preferences::Preferences;
use repaint_throttle::RepaintThrottle;
use shortcuts::EditorCommand;
use state::{Action, EditorState};
use tasks::{Task, TaskRunner};
use toasts::Severity;
use training::TrainingAction;

use crate::device::is_software_adapter;
use crate::job::{self, WorkerHandle};

/// Opens the window and runs until it is closed.
///
/// # Errors
/// When no window can be opened.
pub fn run(photo: Option<PathBuf>) -> anyhow::Result<()> {
    let started_at = Instant::now();
    job::share_one_heap();
    job::start_low_priority_pool();
    let preferences_path = Preferences::default_path();
    let preferences = preferences_path.as_deref().map_or_else(Preferences::default, Preferences::load);
    let language = preferences.language.language();
    let mut viewport = egui::ViewportBuilder::default()
        .with_title(TITLE)
        .with_app_id(APP_ID)
        .with_inner_size([1280.0, 820.0])
        .with_min_inner_size([1024.0, 700.0]);
    if let Ok(icon) = eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")) {
        viewport = viewport.with_icon(icon);
    }
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Wgpu,
        // The editor adds the fonts itself.
        system_font_fallback: false,
        ..Default::default()
    };
    let create = move |creation: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        system_fonts::install(&creation.egui_ctx, language);
        let is_software = creation.wgpu_render_state.as_ref().is_some_and(|state| is_software_adapter(&state.adapter));
        let throttle = Arc::new(RepaintThrottle::new(creation.egui_ctx.clone(), is_software));
        let worker_throttle = Arc::clone(&throttle);
        let worker = WorkerHandle::spawn(Arc::new(move |urgency| worker_throttle.request_repaint(urgency)));
        let mut editor = Editor::new(&creation.egui_ctx, worker, preferences, preferences_path);
        editor.next_language = Some(language);
        editor.repaint_throttle = Some(throttle);
        editor.frame_stats = FrameStats::new(started_at);
        editor.state.files.can_drop_files = file_drop::accepts_dropped_files(creation);
        editor.state.start_initial_tasks();
        editor.state.files.paste_folder = state::default_paste_folder();
        if let Some(folder) = autosave::default_autosave_folder() {
            editor.state.enable_autosave(&folder);
        }
        if let Some(path) = explore::default_library_path() {
            editor.state.explore.saved_faces = SavedFaces::with_path(path);
        }
        if let Some(path) = photo {
            editor.state.handle(Action::Open(DocumentSource::File(path)));
        }
        Ok(Box::new(editor))
    };
    eframe::run_native("Countenance", options, Box::new(create)).map_err(|error| window_error(&error))
}

fn window_error(error: &eframe::Error) -> anyhow::Error {
    let advice = match error {
        eframe::Error::Wgpu(_) => {
            "install a Vulkan or OpenGL driver (mesa-vulkan-drivers on Debian and Ubuntu, also without a graphics card)"
        }
        _ => "run the editor on a desktop",
    };
    anyhow!(
        "Cannot open a window ({error}): {advice}, or fill from the command line, as in \
         `countenance fill photo.jpg --mask mask.png --out filled.png`"
    )
}

/// The editor: its state and its widgets.
pub(crate) struct Editor {
    state: EditorState,
    widgets: Widgets,
    /// Path of the preferences file. `None` in tests and on systems without a settings folder.
    preferences_path: Option<PathBuf>,
    /// Waits for the clipboard's answer.
    paste_request: Option<PasteRequest>,
    saved_preferences: Preferences,
    preferences_changed_at: Option<Instant>,
    now: Box<dyn Fn() -> Instant>,
    /// The language setting that was applied last.
    applied_language: LanguageChoice,
    /// The language from the next frame on, when its fonts are known.
    next_language: Option<Language>,
    /// Title last sent to the window.
    sent_title: String,
    frame_stats: FrameStats,
    /// `None` in tests.
    repaint_throttle: Option<Arc<RepaintThrottle>>,
}

/// Name of the desktop entry in `assets/linux`. By it, Wayland and X11 desktops find the window's icon and name.
const APP_ID: &str = "countenance";

/// Window title while no photo is open.
const TITLE: &str = "Countenance";

/// Delay between the first change of the preferences and writing them to disk.
const PREFERENCES_SAVE_DELAY: Duration = Duration::from_secs(2);

impl Editor {
    fn new(
        context: &egui::Context,
        worker: WorkerHandle,
        preferences: Preferences,
        preferences_path: Option<PathBuf>,
    ) -> Self {
        theme::install(context, preferences.theme);
        // Ctrl with + and − zooms the photo, not the interface.
        context.options_mut(|options| options.zoom_with_keyboard = false);
        Self {
            saved_preferences: preferences.clone(),
            applied_language: preferences.language,
            next_language: None,
            state: EditorState::new(worker, TaskRunner::new(context.clone()), preferences),
            widgets: Widgets::default(),
            preferences_path,
            paste_request: None,
            preferences_changed_at: None,
            now: Box::new(Instant::now),
            sent_title: TITLE.to_owned(),
            frame_stats: FrameStats::new(Instant::now()),
            repaint_throttle: None,
        }
    }

    fn handle_keys(&mut self, context: &egui::Context) {
        if self.state.dialogs.save_question.is_some() || self.state.dialogs.batch_question.is_some() {
            return;
        }
        for action in batch::take_pressed_keys(context, &self.state.batch) {
            self.state.handle(action);
        }
        if self.state.dialogs.help_window.is_none() {
            let is_held = !context.text_edit_focused() && context.input(|input| input.key_down(shortcuts::BEFORE_KEY));
            let was_released = context.input(|input| input.key_released(shortcuts::BEFORE_KEY));
            if is_held || was_released {
                self.state.handle(Action::ShowBefore(is_held));
            }
        }
        let candidate_count = self.state.candidate_count();
        for command in shortcuts::pressed_commands(context, candidate_count) {
            match command {
                EditorCommand::Stop => self.handle_escape(),
                _ => self.state.handle(Action::RunCommand(command)),
            }
        }
    }

    /// Handles Esc: cancels a drag, closes what is on top, stops the fill, shows the result or dismisses the messages.
    fn handle_escape(&mut self) {
        if self.widgets.canvas.is_dragging() {
            self.widgets.canvas.cancel_drag();
            self.state.handle(Action::Document(DocumentAction::CancelDrag));
        } else if self.state.dialogs.help_window.is_some() {
            self.state.handle(Action::Dialog(DialogAction::CloseHelpWindow));
        } else if self.state.dialogs.path_bar.is_some() {
            self.state.handle(Action::Dialog(DialogAction::ClosePathBar));
        } else if self.state.fill.is_running() || self.state.fill.is_waiting() {
            self.state.handle(Action::RunCommand(EditorCommand::Stop));
        } else if self.state.batch.is_running() {
            self.state.handle(Action::Batch(BatchAction::Stop));
        } else if self.state.batch.is_open {
            self.state.handle(Action::Batch(BatchAction::Toggle));
        } else if self.state.fill.shows_iteration() {
            self.state.handle(Action::Fill(FillAction::ShowResult));
        } else if self.state.explain.is_open {
            self.state.handle(Action::Explain(ExplainAction::Toggle));
        } else if self.state.training.is_open {
            self.state.handle(Action::Training(TrainingAction::Toggle));
        } else {
            self.widgets.toaster.dismiss_all();
        }
    }

    fn handle_window_events(&mut self, context: &egui::Context) {
        let dropped = context.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
        if let Some(path) = dropped {
            self.state.handle(Action::Open(DocumentSource::File(path)));
        }
        if context.input(|input| input.viewport().close_requested()) && !self.state.files.may_close {
            self.state.handle(Action::RequestClose);
            if !self.state.files.may_close {
                context.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            }
        } else if self.state.files.may_close {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    /// Switches to the language that the user has chosen, unless its characters would all be boxes.
    fn follow_language(&mut self, context: &egui::Context) {
        if let Some(language) = self.next_language.take() {
            if system_fonts::has_font_for(context, language) {
                language::set(language);
            } else {
                let headline = "This system has no font with Chinese characters: install one, such as Noto Sans CJK, \
                                and start the program again";
                self.state.outbox.notify(Severity::Warning, headline);
            }
        }
        let choice = self.state.preferences.language;
        if choice != self.applied_language {
            self.applied_language = choice;
            let language = choice.language();
            system_fonts::install(context, language);
            self.next_language = Some(language);
            context.request_repaint();
        }
    }

    fn update_title(&mut self, context: &egui::Context) {
        let title = self.state.document.as_ref().map_or_else(
            || TITLE.to_owned(),
            |document| {
                let project = document.project_path().and_then(std::path::Path::file_stem);
                let name = project.map_or_else(|| document.name.clone(), |stem| stem.to_string_lossy().into_owned());
                let unsaved_mark = if document.has_unsaved_work() { "• " } else { "" };
                format!("{unsaved_mark}{name} – {TITLE}")
            },
        );
        if title != self.sent_title {
            context.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.sent_title = title;
        }
    }

    fn save_preferences_when_due(&mut self, context: &egui::Context) {
        let Some(path) = &self.preferences_path else { return };
        if self.state.preferences == self.saved_preferences || self.state.files.is_saving_preferences {
            return;
        }
        let changed_at = *self.preferences_changed_at.get_or_insert_with(Instant::now);
        let wait = PREFERENCES_SAVE_DELAY.saturating_sub(changed_at.elapsed());
        if wait.is_zero() {
            self.saved_preferences.clone_from(&self.state.preferences);
            self.preferences_changed_at = None;
            self.state.files.is_saving_preferences = true;
            let (preferences, path) = (self.saved_preferences.clone(), path.clone());
            let save = move || {
                if let Err(error) = preferences.save(&path) {
                    tracing::warn!("settings not saved to {}: {error:#}", path.display());
                }
                Ok(())
            };
            let task = Task::internal().with_reset(|state| state.files.is_saving_preferences = false);
            self.state.outbox.spawn(task, save, |state, ()| state.files.is_saving_preferences = false);
        } else {
            context.request_repaint_after(wait);
        }
    }
}

impl eframe::App for Editor {
    fn raw_input_hook(&mut self, context: &egui::Context, input: &mut egui::RawInput) {
        // egui uses Tab to move the keyboard focus. Tab selects the next face only when no widget has the focus and the
        // photo has several faces.
        let faces = self
            .state
            .document
            .as_ref()
            .map_or(0, |document| document.detected_faces().map_or(0, <[_]>::len).max(document.selectable_faces()));
        if faces < 2 || context.memory(|memory| memory.focused().is_some()) {
            return;
        }
        let event_count = input.events.len();
        input.events.retain(|event| match event {
            egui::Event::Key { key: egui::Key::Tab, pressed: true, modifiers, .. } => !modifiers.is_none(),
            _ => true,
        });
        if input.events.len() < event_count {
            self.state.handle(Action::RunCommand(EditorCommand::NextFace));
        }
    }

    fn logic(&mut self, context: &egui::Context, _frame: &mut eframe::Frame) {
        self.state.poll();
        self.handle_window_events(context);
        self.handle_clipboard(context);
        self.save_preferences_when_due(context);
        if let Some(delay) = self.state.run_autosave((self.now)()) {
            context.request_repaint_after(delay);
        }
        if let Some(delay) = self.state.training.poll((self.now)(), &self.state.outbox) {
            context.request_repaint_after(delay);
        }
        if let Some(delay) = self.state.play_timeline((self.now)()) {
            context.request_repaint_after(delay);
        }
        self.update_title(context);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.frame_stats.record(frame.info().cpu_usage);
        if let Some(throttle) = &self.repaint_throttle {
            throttle.begin_frame();
        }
        let context = ui.ctx().clone();
        self.follow_language(&context);
        self.handle_keys(&context);
        accessibility::name_window(&context, &self.sent_title);
        self.show_window(ui);
    }

    fn on_exit(&mut self) {
        self.state.close_autosave();
        if let Some(path) = self.preferences_path.as_ref().filter(|_| self.state.preferences != self.saved_preferences)
            && let Err(error) = self.state.preferences.save(path)
        {
            tracing::warn!("settings not saved to {}: {error:#}", path.display());
        }
    }
}
