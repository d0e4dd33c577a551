//! Draws the Training window.

use egui::{Button, Context, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::followed::Followed;
use super::samples::SampleGrid;
use super::status::duration;
use super::view::RunView;
use super::{ModelOf, TrainingAction, charts};
use crate::app::messages::Level;
use crate::app::state::{Action, State};
use crate::app::theme;

/// The Training window and its sample texture.
#[derive(Default)]
pub struct TrainingWindow {
    samples: SampleGrid,
}

/// Initial size. It fits the editor's smallest window, 1024 × 700.
const SIZE: [f32; 2] = [940.0, 600.0];
const MIN_SIZE: [f32; 2] = [560.0, 400.0];
/// Share of the width for the charts.
const CURVES_SHARE: f32 = 0.56;

impl TrainingWindow {
    /// Draws the window if it is open.
    pub fn show(&mut self, context: &Context, state: &State, actions: &mut Vec<Action>) {
        if !state.training.is_open {
            return;
        }
        let mut open = true;
        let room = context.content_rect().size() - vec2(32.0, 64.0);
        egui::Window::new(RichText::new("Training").size(15.0))
            .id(egui::Id::unique("training"))
            .open(&mut open)
            .collapsible(false)
            .default_size(room.min(vec2(SIZE[0], SIZE[1])))
            .min_size(room.min(vec2(MIN_SIZE[0], MIN_SIZE[1])))
            .max_size(room)
            .show(context, |ui| self.content(ui, state, actions));
        if !open {
            actions.push(Action::Training(TrainingAction::Close));
        }
    }

    fn content(&mut self, ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
        path_row(ui, state, actions);
        let Some(followed) = &state.training.followed else {
            ui.label(theme::hint(
                ui,
                "Choose the folder of a training run: the one given to `countenance train` as --out",
            ));
            ui.allocate_space(ui.available_size());
            return;
        };
        if let Some(problem) = followed.problem() {
            ui.label(RichText::new(problem).color(theme::palette(ui).error));
        }
        let Some(view) = followed.view() else {
            if followed.problem().is_none() {
                ui.label(theme::hint(ui, "Reading…"));
            }
            ui.allocate_space(ui.available_size());
            return;
        };
        status_row(ui, view);
        buttons(ui, state, view, actions);
        ui.separator();
        self.body(ui, followed, view, state.training.log, actions);
    }

    fn body(&mut self, ui: &mut Ui, followed: &Followed, view: &RunView, log: bool, actions: &mut Vec<Action>) {
        let area = ui.available_rect_before_wrap();
        let (left, right) = area.split_left_right_at_fraction(CURVES_SHARE);
        let half_gap = theme::GAP / 2.0;
        let part =
            |rect: egui::Rect| egui::UiBuilder::new().max_rect(rect).layout(egui::Layout::top_down(egui::Align::Min));
        // Child UIs, so that content slightly too large for them does not make the window grow every frame.
        let mut curves = ui.new_child(part(left.with_max_x(left.right() - half_gap)));
        curves.set_clip_rect(left.intersect(ui.clip_rect()));
        egui::ScrollArea::vertical().id_salt("training curves").auto_shrink(false).show(&mut curves, |ui| {
            charts::show(ui, view, log);
        });
        let mut grids = ui.new_child(part(right.with_min_x(right.left() + half_gap)));
        grids.set_clip_rect(right.intersect(ui.clip_rect()));
        self.samples.show(&mut grids, followed, actions);
        ui.advance_cursor_after_rect(area);
    }
}

fn path_row(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    const NAME: &str = "Path of the run folder";
    ui.horizontal(|ui| {
        let mut text = state.training.typed.clone();
        let width = (ui.available_width() - 210.0).max(160.0);
        let field = TextEdit::singleline(&mut text).hint_text(NAME).margin(vec2(10.0, 6.0)).desired_width(width);
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::TextInput, true, NAME);
            info.current_text_value = Some(state.training.typed.clone());
            info
        });
        if response.changed() {
            actions.push(Action::Training(TrainingAction::Type(text.clone())));
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let is_empty = text.trim().is_empty();
        let follow = ui.add_enabled(!is_empty, Button::new("Follow")).on_disabled_hover_text("Type a path first");
        let follow = follow.on_hover_text("Follow the run in this folder (Enter)");
        if follow.clicked() || (entered && !is_empty) {
            actions.push(Action::Training(TrainingAction::FollowTyped));
        }
        let pick = ui.button("Choose folder…").on_hover_text("Choose the folder of a training run");
        if pick.clicked() {
            actions.push(Action::Training(TrainingAction::Pick));
        }
    });
}

fn status_row(ui: &mut Ui, view: &RunView) {
    let palette = theme::palette(ui);
    let color = match view.status.level() {
        Level::Info | Level::Success => palette.accent,
        Level::Warning => palette.warning,
        Level::Error => palette.error,
    };
    ui.horizontal_wrapped(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), egui::Sense::hover());
        ui.painter().circle_filled(rect.center(), 4.0, color);
        let text = view.status.text();
        let status = ui.label(RichText::new(&text).color(palette.strong));
        status.widget_info(|| WidgetInfo::labeled(Role::Status, true, &text));
        ui.label(RichText::new(progress(view)).color(palette.text));
    });
    #[expect(clippy::cast_precision_loss, reason = "a share between 0 and 1, only drawn")]
    let share = (view.step as f32 / view.settings.steps.max(1) as f32).clamp(0.0, 1.0);
    let (mut rect, _) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::PROGRESS_HEIGHT), egui::Sense::hover());
    ui.painter().rect_filled(rect, 0.0, palette.border);
    rect.set_width(rect.width() * share);
    ui.painter().rect_filled(rect, 0.0, palette.accent);
    ui.label(theme::hint(ui, described(view)));
}

/// Steps done, speed and time left, as text.
fn progress(view: &RunView) -> String {
    let mut parts = vec![format!("step {} of {}", view.step, view.settings.steps)];
    parts.extend(
        view.images_per_sec
            .map(|speed| if speed < 100.0 { format!("{speed:.1} images/s") } else { format!("{speed:.0} images/s") }),
    );
    parts.extend(view.remaining.map(|time| format!("{} left", duration(time))));
    parts.join(" · ")
}

/// The main training settings, as text.
fn described(view: &RunView) -> String {
    let settings = &view.settings;
    let size_px = settings.size_px;
    format!(
        "Recipe {} · {size_px} × {size_px} pixels · width {} · batch {} · seed {}",
        settings.recipe.id(),
        settings.width,
        settings.batch,
        settings.seed
    )
}

fn buttons(ui: &mut Ui, state: &State, view: &RunView, actions: &mut Vec<Action>) {
    let locked = state.is_locked().then_some("A fill is running: stop it first");
    let best = view
        .best
        .map_or_else(String::new, |best| format!(" (step {}, context loss {:.4})", best.step, best.context_loss));
    let newest = view.samples.last().map_or_else(String::new, |step| format!(" (step {step})"));
    let no_model = |there: bool| locked.or_else(|| (!there).then_some("There is no model before the first checkpoint"));
    let entries = [
        (
            "Stop after this step",
            "Ask the run to save a checkpoint and stop. Continue with the same command and --resume".to_owned(),
            view.status.obstacle_to_stopping(),
            TrainingAction::Stop,
        ),
        (
            "Use the best model",
            format!("Fill with the model that has the lowest context loss on held-out faces so far{best}"),
            no_model(view.has_best),
            TrainingAction::UseModel(ModelOf::Best),
        ),
        (
            "Use the newest model",
            format!("Fill with the model of the newest checkpoint{newest}"),
            no_model(view.has_newest),
            TrainingAction::UseModel(ModelOf::Newest),
        ),
        ("Open folder", "Show the run folder in the file manager".to_owned(), None, TrainingAction::ShowFolder),
    ];
    ui.horizontal_wrapped(|ui| {
        for (name, explanation, obstacle, action) in entries {
            let response = ui.add_enabled(obstacle.is_none(), Button::new(name)).on_hover_text(explanation);
            if response.clicked() {
                actions.push(Action::Training(action));
            }
            if let Some(obstacle) = obstacle {
                response.on_disabled_hover_text(obstacle);
            }
        }
        if ui.button("Copy path").on_hover_text("Copy the path of the run folder").clicked()
            && let Some(followed) = &state.training.followed
        {
            ui.ctx().copy_text(followed.folder().path().display().to_string());
        }
        let log = state.training.log;
        let button = Button::selectable(log, RichText::new("Log scale").small());
        if ui.add(button).on_hover_text("Use a logarithmic scale in all charts except D outputs").clicked() {
            actions.push(Action::Training(TrainingAction::SetLog(!log)));
        }
    });
}
