//! Draws the Training window.

use egui::{Button, Context, RichText, Role, Ui, WidgetInfo, vec2};

use super::followed_run::FollowedRun;
use super::run_status::format_duration;
use super::run_view::RunView;
use super::sample_panel::SamplePanel;
use super::{RunModel, TrainingAction, TrainingState, charts};
use crate::app::language::{t, translate_message};
use crate::app::panels::widgets::text_field;
use crate::app::state::{Action, Actions};
use crate::app::tasks::PathPurpose;
use crate::app::theme;
use crate::app::toasts::Severity;

/// The Training window and its sample texture.
#[derive(Default)]
pub struct TrainingWindow {
    samples: SamplePanel,
}

/// Initial size. It fits the editor's smallest window, 1024 × 700.
const INITIAL_SIZE: [f32; 2] = [940.0, 600.0];
const MIN_SIZE: [f32; 2] = [560.0, 400.0];
/// Share of the width for the charts.
const CHARTS_WIDTH_SHARE: f32 = 0.56;

impl TrainingWindow {
    /// Draws the window if it is open. `is_locked`: a running fill uses the model.
    pub fn show(&mut self, context: &Context, training: &TrainingState, is_locked: bool, actions: &mut Actions) {
        if !training.is_open {
            return;
        }
        let mut open = true;
        let available = context.content_rect().size() - vec2(32.0, 64.0);
        egui::Window::new(RichText::new(t!("Training")).size(15.0))
            .id(egui::Id::unique("training"))
            .open(&mut open)
            .collapsible(false)
            .default_size(available.min(vec2(INITIAL_SIZE[0], INITIAL_SIZE[1])))
            .min_size(available.min(vec2(MIN_SIZE[0], MIN_SIZE[1])))
            .max_size(available)
            .show(context, |ui| self.show_content(ui, training, is_locked, actions));
        if !open {
            actions.push(Action::Training(TrainingAction::Toggle));
        }
    }

    fn show_content(&mut self, ui: &mut Ui, training: &TrainingState, is_locked: bool, actions: &mut Actions) {
        path_row(ui, training, actions);
        let Some(followed) = &training.followed else {
            let hint = t!("Choose the folder of a training run: the one given to `countenance train` as --out");
            ui.label(theme::hint_text(ui, hint));
            ui.allocate_space(ui.available_size());
            return;
        };
        if let Some(error) = followed.error() {
            ui.label(RichText::new(translate_message(error)).color(theme::palette(ui).error));
        }
        let Some(view) = followed.view() else {
            if followed.error().is_none() {
                ui.label(theme::hint_text(ui, t!("Reading…")));
            }
            ui.allocate_space(ui.available_size());
            return;
        };
        status_row(ui, view);
        button_row(ui, training, view, is_locked, actions);
        ui.separator();
        self.show_charts_and_samples(ui, followed, view, training.is_log_scale, actions);
    }

    fn show_charts_and_samples(
        &mut self,
        ui: &mut Ui,
        followed: &FollowedRun,
        view: &RunView,
        log: bool,
        actions: &mut Actions,
    ) {
        let area = ui.available_rect_before_wrap();
        let (left, right) = area.split_left_right_at_fraction(CHARTS_WIDTH_SHARE);
        let half_gap = theme::GAP / 2.0;
        let column =
            |rect: egui::Rect| egui::UiBuilder::new().max_rect(rect).layout(egui::Layout::top_down(egui::Align::Min));
        // Child UIs, so that content slightly too large for them does not make the window grow every frame.
        let mut charts_ui = ui.new_child(column(left.with_max_x(left.right() - half_gap)));
        charts_ui.set_clip_rect(left.intersect(ui.clip_rect()));
        egui::ScrollArea::vertical().id_salt("training curves").auto_shrink(false).show(&mut charts_ui, |ui| {
            charts::show(ui, view, log);
        });
        let mut samples_ui = ui.new_child(column(right.with_min_x(right.left() + half_gap)));
        samples_ui.set_clip_rect(right.intersect(ui.clip_rect()));
        self.samples.show(&mut samples_ui, followed, actions);
        ui.advance_cursor_after_rect(area);
    }
}

fn path_row(ui: &mut Ui, training: &TrainingState, actions: &mut Actions) {
    let name = t!("Path of the run folder");
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 210.0).max(160.0);
        let (response, text) = text_field(ui, &training.path_text, name, name, vec2(10.0, 6.0), width);
        if response.changed() {
            actions.push(Action::Training(TrainingAction::EditPath(text.clone())));
        }
        let is_enter_pressed = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let is_empty = text.trim().is_empty();
        let follow =
            ui.add_enabled(!is_empty, Button::new(t!("Follow"))).on_disabled_hover_text(t!("Type a path first"));
        let follow = follow.on_hover_text(t!("Follow the run in this folder (Enter)"));
        if follow.clicked() || (is_enter_pressed && !is_empty) {
            actions.push(Action::Training(TrainingAction::FollowTypedPath));
        }
        if ui.button(t!("Choose folder…")).on_hover_text(t!("Choose the folder of a training run")).clicked() {
            actions.push(Action::ChooseFile(PathPurpose::FollowTrainingRun));
        }
    });
}

fn status_row(ui: &mut Ui, view: &RunView) {
    let palette = theme::palette(ui);
    let color = match view.status.level() {
        Severity::Info | Severity::Success => palette.accent,
        Severity::Warning => palette.warning,
        Severity::Error => palette.error,
    };
    ui.horizontal_wrapped(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), egui::Sense::hover());
        ui.painter().circle_filled(rect.center(), 4.0, color);
        let text = view.status.text();
        let status = ui.label(RichText::new(&text).color(palette.strong_text));
        status.widget_info(|| WidgetInfo::labeled(Role::Status, true, &text));
        ui.label(RichText::new(progress_text(view)).color(palette.text));
    });
    #[expect(clippy::cast_precision_loss, reason = "a share between 0 and 1, only drawn")]
    let share = (view.step as f32 / view.settings.steps.max(1) as f32).clamp(0.0, 1.0);
    let (mut rect, _) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::PROGRESS_HEIGHT), egui::Sense::hover());
    ui.painter().rect_filled(rect, 0.0, palette.border);
    rect.set_width(rect.width() * share);
    ui.painter().rect_filled(rect, 0.0, palette.accent);
    ui.label(theme::hint_text(ui, settings_text(view)));
}

/// Steps done, speed and time left, as text.
fn progress_text(view: &RunView) -> String {
    let mut parts = vec![t!("step {step} of {count}", step = view.step, count = view.settings.steps)];
    parts.extend(
        view.images_per_sec
            .map(|speed| if speed < 100.0 { format!("{speed:.1}") } else { format!("{speed:.0}") })
            .map(|speed| t!("{speed} images/s", speed)),
    );
    parts.extend(view.remaining.map(|time| t!("{time} left", time = format_duration(time))));
    parts.join(" · ")
}

/// The main training settings, as text.
fn settings_text(view: &RunView) -> String {
    let settings = &view.settings;
    let size_px = settings.size_px;
    t!(
        "Recipe {recipe} · {size_px} × {size_px} pixels · width {width} · batch {batch} · seed {seed}",
        recipe = settings.recipe.id(),
        size_px,
        width = settings.width,
        batch = settings.batch,
        seed = settings.seed
    )
}

fn button_row(ui: &mut Ui, training: &TrainingState, view: &RunView, is_locked: bool, actions: &mut Actions) {
    let locked_reason = is_locked.then_some(t!("A fill is running: stop it first"));
    let best = view.best.map_or_else(String::new, |best| {
        t!(" (step {step}, context loss {loss})", step = best.step, loss = format!("{:.4}", best.context_loss))
    });
    let newest = view.sample_steps.last().map_or_else(String::new, |step| t!(" (step {step})", step));
    let disabled_reason = |exists: bool| {
        locked_reason.or_else(|| (!exists).then_some(t!("There is no model before the first checkpoint")))
    };
    let buttons = [
        (
            t!("Stop after this step"),
            t!("Ask the run to save a checkpoint and stop. Continue with the same command and --resume").to_owned(),
            view.status.stop_disabled_reason(),
            Action::Training(TrainingAction::StopRun),
        ),
        (
            t!("Use the best model"),
            t!("Fill with the model that has the lowest context loss on held-out faces so far{best}", best),
            disabled_reason(view.has_best_model),
            Action::UseTrainedModel(RunModel::Best),
        ),
        (
            t!("Use the newest model"),
            t!("Fill with the model of the newest checkpoint{newest}", newest),
            disabled_reason(view.has_newest_model),
            Action::UseTrainedModel(RunModel::Newest),
        ),
        (
            t!("Open folder"),
            t!("Show the run folder in the file manager").to_owned(),
            None,
            Action::Training(TrainingAction::ShowFolder),
        ),
    ];
    ui.horizontal_wrapped(|ui| {
        for (name, tooltip, disabled_reason, action) in buttons {
            let response = ui.add_enabled(disabled_reason.is_none(), Button::new(name)).on_hover_text(tooltip);
            if response.clicked() {
                actions.push(action);
            }
            if let Some(reason) = disabled_reason {
                response.on_disabled_hover_text(reason);
            }
        }
        if ui.button(t!("Copy path")).on_hover_text(t!("Copy the path of the run folder")).clicked()
            && let Some(followed) = &training.followed
        {
            ui.ctx().copy_text(followed.folder().path().display().to_string());
        }
        let log = training.is_log_scale;
        let button = Button::selectable(log, RichText::new(t!("Log scale")).small());
        if ui.add(button).on_hover_text(t!("Use a logarithmic scale in all charts except D outputs")).clicked() {
            actions.push(Action::Training(TrainingAction::SetLogScale(!log)));
        }
    });
}
