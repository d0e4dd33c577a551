//! The bar between the canvas and the candidates: a slider over the iterations of the search, with buttons to play it,
//! to keep an iteration, to go on from it, and to export the way.

use egui::{Popup, Response, Sense, Slider, Ui, WidgetInfo, pos2, vec2};

use super::fill_list::FillList;
use super::toolbar::{MENU_GAP, MENU_WIDTH, menu_item};
use super::widgets::add_slider;
use super::{add_command_button, command_button};
use crate::app::fill::{FillAction, RunningFill, TimelineView};
use crate::app::icons::{Icon, IconButton};
use crate::app::language::t;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, Actions, Derived, ViewState};
use crate::app::theme;

/// Width of the text that names the iteration: it fits "Iteration 1000 of 1000".
const LABEL_WIDTH: f32 = 148.0;
/// Narrowest slider.
const MIN_SLIDER_WIDTH: f32 = 80.0;

/// Draws the bar. `fills` shows the fills of the photo.
pub fn show(ui: &mut Ui, derived: &Derived<'_>, view: &ViewState, fills: &mut FillList, actions: &mut Actions) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP / 2.0;
        let is_playing = derived.timeline.is_some_and(|timeline| timeline.is_playing);
        let (icon, name) = if is_playing { (Icon::Pause, t!("Stop playing")) } else { (Icon::Play, t!("Play")) };
        let play = IconButton::new(icon, name);
        add_command_button(ui, &derived.commands, EditorCommand::PlayIterations, play, actions);
        // The slider takes what the buttons leave.
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            export_menu(ui, derived, actions);
            fills.show_button(ui, derived, view, actions);
            let branch = IconButton::new(Icon::Branch, EditorCommand::Branch.name()).with_text(t!("Go on"));
            add_command_button(ui, &derived.commands, EditorCommand::Branch, branch, actions).on_hover_text(t!(
                "Starts a fill that goes on from this iteration, with the hole and the settings as they are now. Change \
                 them first to see what they do. Undo goes back"
            ));
            command_button(ui, &derived.commands, EditorCommand::KeepIteration, actions)
                .on_hover_text(t!("Puts this iteration among the candidates"));
            let text = position_text(derived);
            ui.allocate_ui_with_layout(
                vec2(LABEL_WIDTH, theme::ROW_HEIGHT),
                egui::Layout::left_to_right(egui::Align::Center),
                |ui| ui.add(egui::Label::new(theme::hint_text(ui, text)).truncate()),
            );
            let width = (ui.available_width() - theme::GAP).max(MIN_SLIDER_WIDTH);
            match (derived.timeline, derived.running()) {
                (Some(timeline), _) => slider(ui, timeline, width, actions),
                (None, running) => inactive_slider(ui, running, width),
            }
        });
    });
}

/// For example "Iteration 7 of 20".
fn position_text(derived: &Derived<'_>) -> String {
    match (derived.timeline, derived.running()) {
        (Some(TimelineView { shown: Some(number), last, .. }), _) => {
            t!("Iteration {number} of {last}", number, last)
        }
        (Some(TimelineView { best: Some(number), .. }), _) => t!("Result (iteration {number})", number),
        (Some(_), _) => t!("Result").to_owned(),
        // The status bar tells it.
        (None, Some(_)) => String::new(),
        (None, None) => t!("No iterations were kept").to_owned(),
    }
}

fn slider(ui: &mut Ui, timeline: TimelineView, width: f32, actions: &mut Actions) {
    let TimelineView { first, last, best, .. } = timeline;
    let mut position = timeline.position();
    ui.spacing_mut().slider_width = width;
    // The only iteration stands at the end, as the last one of many does.
    let first = if first >= last { last.saturating_sub(1) } else { first };
    let response = add_slider(ui, Slider::new(&mut position, first..=last).show_value(false));
    response.widget_info(|| WidgetInfo::slider(true, f64::from(position), t!("Iteration")));
    if response.changed() {
        actions.push(Action::Fill(FillAction::ShowIteration(position)));
    }
    if let Some(best) = best {
        paint_mark(ui, &response, best, first..=last);
    }
    let keys = t!("Drag to see the search again, as it went. , and . step, Esc shows the result, a dot marks it");
    if response.on_hover_text(keys).double_clicked() {
        actions.push(Action::Fill(FillAction::ShowResult));
    }
}

/// A dot over the slider at the iteration of the result.
fn paint_mark(ui: &Ui, slider: &Response, iteration: u32, range: std::ops::RangeInclusive<u32>) {
    #[expect(clippy::cast_precision_loss, reason = "iterations stay below 2^24")]
    let share = (iteration - range.start()) as f32 / (range.end() - range.start()).max(1) as f32;
    let margin = slider.rect.height() / 2.0;
    let track = slider.rect.x_range().shrink(margin);
    let at = pos2(egui::lerp(track.min..=track.max, share), slider.rect.top());
    ui.painter().circle_filled(at, 2.0, theme::palette(ui).accent);
}

/// While a search runs, the slider only shows how far it is.
fn inactive_slider(ui: &mut Ui, running: Option<&RunningFill>, width: f32) {
    let mut share = running.map_or(0.0, RunningFill::progress);
    ui.spacing_mut().slider_width = width;
    let response = ui.add_enabled_ui(false, |ui| add_slider(ui, Slider::new(&mut share, 0.0..=1.0).show_value(false)));
    response.inner.widget_info(|| WidgetInfo::slider(false, f64::from(share), t!("Iteration")));
    let reason = if running.is_some() {
        t!("When the search has ended, you can go through its iterations here")
    } else {
        t!("The iterations of this fill were not kept: press Fill")
    };
    ui.interact(response.response.rect, response.response.id.with("reason"), Sense::hover()).on_hover_text(reason);
}

fn export_menu(ui: &mut Ui, derived: &Derived<'_>, actions: &mut Actions) {
    let disabled_reason = derived.commands.disabled_reason(EditorCommand::ExportSearch);
    let button = IconButton::new(Icon::Film, t!("Export the search"));
    let response = ui.add_enabled(disabled_reason.is_none(), button);
    let response = response.on_hover_text(t!("Writes how the search went: as GIF, APNG or single pictures"));
    let response = response.on_disabled_hover_text(disabled_reason.unwrap_or_default());
    Popup::menu(&response).gap(MENU_GAP).show(|ui| {
        ui.set_min_width(MENU_WIDTH);
        for command in [EditorCommand::ExportSearch, EditorCommand::ExportFrames] {
            menu_item(ui, &derived.commands, command, actions);
        }
    });
}
