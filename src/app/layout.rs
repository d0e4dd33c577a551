//! The window's layout: the position of each panel, and the scene for the canvas.
//!
//! Panels only read the state. They ask for actions, which are handled after everything is drawn, so that a frame shows
//! one consistent state.

use super::batch::{self, BatchWindow};
use super::canvas::{Canvas, CanvasAction, CanvasScene, ComparedFill, MaskDisplay, PlacedMap};
use super::dialogs::{help_window, path_bar, save_question};
use super::explain::ExplainWindow;
use super::explore::ExploreWindow;
use super::maps::{MapView, show_legend};
use super::panels::candidate_strip::CandidateStrip;
use super::panels::fill_list::{FillList, fill_name};
use super::panels::start_screen::StartScreen;
use super::panels::{edit_panel, fill_button, loss_plot, recovery, settings, status_bar, timeline_bar, toolbar};
use super::preferences::PANEL_WIDTH;
use super::state::{Action, Actions, Derived, EditorState};
use super::toasts::ToastStack;
use super::training::TrainingWindow;
use super::{Editor, theme};
use crate::app::language::t;
use crate::mask::StrokeKind;

/// Width of the path field over the batch window.
const PATH_BAR_WIDTH: f32 = 760.0;

/// What the widgets keep between frames: textures, the canvas's view, texts.
#[derive(Default)]
pub struct Widgets {
    pub canvas: Canvas,
    pub toaster: ToastStack,
    pub candidate_strip: CandidateStrip,
    fill_list: FillList,
    start_screen: StartScreen,
    explore_window: ExploreWindow,
    explain_window: ExplainWindow,
    training_window: TrainingWindow,
    batch_window: BatchWindow,
}

impl Editor {
    /// Draws everything, then handles the actions.
    pub(super) fn show_window(&mut self, ui: &mut egui::Ui) {
        self.widgets.canvas.commands = self.state.outbox.take_view_commands();
        let mut actions = Actions::new(&self.state.preferences);
        self.widgets.show(ui, &self.state, &mut actions);
        if actions.preferences.theme != self.state.preferences.theme {
            theme::set_theme(ui.ctx(), actions.preferences.theme);
        }
        for action in actions.into_list(&self.state.preferences) {
            self.state.handle(action);
        }
        for message in self.state.outbox.take_messages() {
            self.widgets.toaster.push(message);
            ui.ctx().request_repaint();
        }
    }
}

impl Widgets {
    fn show(&mut self, ui: &mut egui::Ui, state: &EditorState, actions: &mut Actions) {
        let derived = state.derive();
        let EditorState { explore, training, dialogs, files, engine, .. } = state;
        let context = ui.ctx().clone();
        if derived.document.is_some() {
            self.show_editor(ui, state, &derived, actions);
        } else {
            show_status_bar(ui, state, &derived);
            show_path_bar(ui, state, actions);
            egui::CentralPanel::no_frame().show(ui, |ui| {
                ui.painter().rect_filled(ui.max_rect(), 0.0, theme::palette(ui).canvas);
                self.start_screen.show(ui, files, &derived.commands, actions);
            });
        }
        self.explore_window.show(&context, explore, engine, &derived, actions);
        self.explain_window.show(&context, &state.explain, actions);
        self.training_window.show(&context, training, derived.is_running(), actions);
        self.batch_window.show(&context, &state.batch, &derived, actions);
        if let Some(question) = dialogs.batch_question {
            batch::show_close_question(&context, question, &state.batch, actions);
        }
        if let Some(window) = dialogs.help_window {
            help_window::show(&context, window, actions);
        }
        if let Some(pending_close) = &dialogs.save_question {
            save_question::show(&context, pending_close, derived.document, actions);
        }
        let fill_panels = theme::CANDIDATE_STRIP_HEIGHT + theme::TIMELINE_HEIGHT;
        let strip_height = if derived.fill.is_some() { fill_panels } else { 0.0 };
        self.toaster.show(ui, theme::STATUS_HEIGHT + strip_height, actions);
    }

    fn show_editor(&mut self, ui: &mut egui::Ui, state: &EditorState, derived: &Derived<'_>, actions: &mut Actions) {
        let bar_frame = theme::bar_frame(ui);
        if let Some(document) = derived.document {
            egui::Panel::top("toolbar").frame(bar_frame).show_separator_line(false).show(ui, |ui| {
                toolbar::show(ui, &derived.commands, document, state.view.tool, self.canvas.zoom(), actions);
            });
        }
        show_progress_bar(ui, derived);
        show_status_bar(ui, state, derived);
        let panel = egui::Panel::right("settings")
            .frame(bar_frame.inner_margin(0.0))
            .default_size(state.preferences.panel_width)
            .size_range(*PANEL_WIDTH.start()..=*PANEL_WIDTH.end())
            .show(ui, |ui| {
                // Content that is too wide, such as a long number, must not widen the panel.
                let panel_rect = ui.available_rect_before_wrap();
                let mut content = ui.new_child(egui::UiBuilder::new().max_rect(panel_rect));
                show_settings_panel(&mut content, state, derived, actions);
                ui.advance_cursor_after_rect(panel_rect);
            });
        let width = panel.response.rect.width();
        if PANEL_WIDTH.contains(&width) {
            actions.preferences.panel_width = width;
        }
        if derived.fill.is_some() {
            let panel = egui::Panel::bottom("candidates").frame(theme::candidate_strip_frame(ui)).resizable(false);
            panel.exact_size(theme::CANDIDATE_STRIP_HEIGHT).show(ui, |ui| {
                self.candidate_strip.show(ui, derived, state.fill.mix(), actions);
            });
            let frame = bar_frame.inner_margin(egui::Margin::symmetric(8, 2));
            let panel = egui::Panel::bottom("timeline").frame(frame).resizable(false).show_separator_line(false);
            panel.exact_size(theme::TIMELINE_HEIGHT).show(ui, |ui| {
                timeline_bar::show(ui, derived, &state.view, &mut self.fill_list, actions);
            });
        }
        show_path_bar(ui, state, actions);
        if !state.files.recoverable.is_empty() {
            egui::Panel::top("recovery").frame(bar_frame).show(ui, |ui| recovery::show(ui, &state.files, actions));
        }
        egui::CentralPanel::no_frame().show(ui, |ui| self.show_canvas(ui, state, derived, actions));
    }

    fn show_canvas(&mut self, ui: &mut egui::Ui, state: &EditorState, derived: &Derived<'_>, actions: &mut Actions) {
        let Some(document) = derived.document else { return };
        let show_before = state.view.show_before;
        let names = derived.compared.map(|(index, compared)| {
            let shown = document.shown_fill_index().zip(document.shown_fill());
            let shown = shown.map_or_else(String::new, |(index, fill)| fill_name(index, fill));
            [fill_name(index, compared), shown]
        });
        let names = names.as_ref().map(|[before, after]| [before.as_str(), after.as_str()]);
        let before = derived.compared.zip(names).map(|((_, compared), names)| ComparedFill {
            patches: compared.composition.value().map_or(&[][..], Vec::as_slice),
            names,
        });
        let scene = CanvasScene {
            photo: &document.photo,
            mask: derived.shown_mask.unwrap_or(document.mask()),
            face_frame: document.face_frame(),
            faces: document.detected_faces().unwrap_or_default(),
            tool: state.view.tool,
            area_kind: if state.view.areas_ignore { StrokeKind::Ignore } else { StrokeKind::Paint },
            brush_radius_px: state.preferences.brush_radius_px,
            patches: &derived.patches,
            map: match derived.map {
                Some((_, MapView::Ready { map, frame, .. })) => Some(PlacedMap { map, frame }),
                _ => None,
            },
            mask_display: if show_before { MaskDisplay::Hidden } else { derived.mask_display },
            show_frame: !show_before,
            show_before,
            before,
            divider: state.view.divider.filter(|_| !derived.patches.is_empty()),
            is_frame_locked: derived.is_running(),
        };
        self.canvas.style = theme::canvas_style(ui);
        for action in self.canvas.ui(ui, &scene) {
            match action {
                CanvasAction::Edit(edit) => actions.push(Action::Document(edit)),
                CanvasAction::SetBrushRadius(radius_px) => actions.preferences.set_brush_radius(radius_px),
                CanvasAction::SetDivider(position) => actions.push(Action::SetDivider(position)),
            }
        }
        if let Some((kind, view)) = &derived.map {
            show_legend(ui, ui.max_rect(), *kind, view, actions);
        }
        if ui.input(|input| !input.raw.hovered_files.is_empty()) {
            let palette = theme::palette(ui);
            let rect = ui.max_rect();
            ui.painter().rect_filled(rect, 0.0, palette.canvas.gamma_multiply(0.8));
            let font = egui::TextStyle::Heading.resolve(ui.style());
            ui.painter().text(
                rect.center(),
                egui::Align2::CENTER_CENTER,
                t!("Drop to open"),
                font,
                palette.strong_text,
            );
        }
    }
}

fn show_settings_panel(ui: &mut egui::Ui, state: &EditorState, derived: &Derived<'_>, actions: &mut Actions) {
    let EditorState { engine, explore, view, .. } = state;
    let margin = egui::Margin::symmetric(16, 12);
    // The sliders take the plot's place.
    let is_plot_fixed = derived.edit.is_none() && ui.available_height() >= theme::MIN_PANEL_HEIGHT_FOR_PLOT;
    let plotted_fill = derived.fill.filter(|fill| loss_plot::has_losses(*fill));
    // The Fill button stays visible when the settings are scrolled.
    let fill_bar_frame = theme::bar_frame(ui).inner_margin(margin);
    egui::Panel::bottom("run").frame(fill_bar_frame).resizable(false).show(ui, |ui| {
        fill_button::show(ui, derived, view, explore.start_face(), actions);
    });
    if derived.edit.is_some() {
        egui::Panel::bottom("edit").frame(fill_bar_frame).resizable(false).show(ui, |ui| {
            edit_panel::show(ui, derived, engine, actions);
        });
    }
    if let Some(fill) = plotted_fill.filter(|_| is_plot_fixed) {
        egui::Panel::bottom("losses").frame(fill_bar_frame).resizable(false).show(ui, |ui| {
            loss_plot::show(ui, fill, derived.timeline, actions);
        });
    }
    egui::CentralPanel::no_frame().show(ui, |ui| {
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            egui::Frame::new().inner_margin(margin).show(ui, |ui| {
                settings::show(ui, derived, engine, actions);
                if let Some(fill) = plotted_fill.filter(|_| !is_plot_fixed) {
                    ui.add_space(theme::GAP * 2.0);
                    loss_plot::show(ui, fill, derived.timeline, actions);
                }
            });
        });
    });
}

fn show_progress_bar(ui: &mut egui::Ui, derived: &Derived<'_>) {
    let panel = egui::Panel::top("progress").frame(egui::Frame::new()).resizable(false).show_separator_line(false);
    panel.exact_size(theme::PROGRESS_HEIGHT).show(ui, |ui| {
        let palette = theme::palette(ui);
        let mut rect = ui.max_rect();
        ui.painter().rect_filled(rect, 0.0, palette.border);
        if let Some(run) = derived.running() {
            rect.set_width(rect.width() * run.progress());
            ui.painter().rect_filled(rect, 0.0, palette.accent);
        }
    });
}

fn show_status_bar(ui: &mut egui::Ui, state: &EditorState, derived: &Derived<'_>) {
    let frame = theme::bar_frame(ui).inner_margin(egui::Margin::symmetric(12, 0));
    egui::Panel::bottom("status").frame(frame).exact_size(theme::STATUS_HEIGHT).show(ui, |ui| {
        status_bar::show(ui, derived, &state.engine, &state.files);
    });
}

fn show_path_bar(ui: &mut egui::Ui, state: &EditorState, actions: &mut Actions) {
    let Some(bar) = &state.dialogs.path_bar else { return };
    if state.batch.is_open {
        // The batch window asks for paths, and would cover the panel.
        let area = egui::Area::new(egui::Id::unique("path")).order(egui::Order::Foreground);
        area.anchor(egui::Align2::CENTER_TOP, [0.0, theme::GAP]).show(ui.ctx(), |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_width(PATH_BAR_WIDTH.min(ui.ctx().content_rect().width() - 4.0 * theme::GAP));
                path_bar::show(ui, bar, actions);
            });
        });
    } else {
        egui::Panel::top("path").frame(theme::bar_frame(ui)).show(ui, |ui| path_bar::show(ui, bar, actions));
    }
}
