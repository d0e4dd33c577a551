//! The window's layout: the position of each panel, and the scene for the canvas.
//!
//! Panels only read the state. They push actions, which are handled after everything is drawn, so that a frame shows
//! one consistent state.

use super::canvas::{CanvasScene, MaskDisplay};
use super::preferences::PANEL_WIDTH;
use super::state::{Action, CanvasCommand};
use super::{Editor, dialogs, panels, theme};

impl Editor {
    /// Draws everything, then handles the actions.
    pub(super) fn show_window(&mut self, ui: &mut egui::Ui) {
        let mut actions = Vec::new();
        if self.state.document.is_some() {
            self.show_editor(ui, &mut actions);
        } else {
            self.show_status_bar(ui);
            self.show_path_bar(ui, &mut actions);
            egui::CentralPanel::no_frame().show(ui, |ui| {
                ui.painter().rect_filled(ui.max_rect(), 0.0, theme::palette(ui).canvas);
                self.start_screen.show(ui, &self.state, &mut actions);
            });
        }
        self.explore_window.show(ui.ctx(), &self.state, &mut actions);
        self.training_window.show(ui.ctx(), &self.state, &mut actions);
        dialogs::show_help_window(ui.ctx(), &self.state, &mut actions);
        dialogs::show_unsaved_changes_dialog(ui.ctx(), &self.state, &mut actions);
        let has_strip = self.state.document.is_some() && panels::candidate_strip::is_visible(&self.state);
        let strip_height = if has_strip { theme::CANDIDATE_STRIP_HEIGHT } else { 0.0 };
        self.toaster.show(ui, theme::STATUS_HEIGHT + strip_height, &mut actions);
        for action in actions {
            if let Action::SetTheme(choice) = &action {
                theme::set_theme(ui.ctx(), *choice);
            }
            self.state.handle(action);
        }
        for message in self.state.take_messages() {
            self.toaster.push(message);
            ui.ctx().request_repaint();
        }
    }

    fn show_editor(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        let bar_frame = theme::bar_frame(ui);
        egui::Panel::top("toolbar").frame(bar_frame).show_separator_line(false).show(ui, |ui| {
            panels::toolbar::show(ui, &self.state, self.canvas.zoom(), actions);
        });
        self.show_progress_bar(ui);
        self.show_status_bar(ui);
        let panel = egui::Panel::right("settings")
            .frame(bar_frame.inner_margin(0.0))
            .default_size(self.state.preferences.panel_width)
            .size_range(*PANEL_WIDTH.start()..=*PANEL_WIDTH.end())
            .show(ui, |ui| {
                // Content that is too wide, such as a long number, must not widen the panel.
                let panel_rect = ui.available_rect_before_wrap();
                let mut content = ui.new_child(egui::UiBuilder::new().max_rect(panel_rect));
                self.show_settings_panel(&mut content, actions);
                ui.advance_cursor_after_rect(panel_rect);
            });
        let width = panel.response.rect.width();
        if PANEL_WIDTH.contains(&width) {
            self.state.preferences.panel_width = width;
        }
        self.show_candidate_strip(ui, actions);
        self.show_path_bar(ui, actions);
        self.show_recovery_bar(ui, actions);
        egui::CentralPanel::no_frame().show(ui, |ui| self.show_canvas(ui, actions));
    }

    fn show_settings_panel(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        let margin = egui::Margin::symmetric(16, 12);
        let is_plot_fixed = ui.available_height() >= theme::MIN_PANEL_HEIGHT_FOR_PLOT;
        // The Fill button stays visible when the settings are scrolled.
        let fill_bar_frame = theme::bar_frame(ui).inner_margin(margin);
        egui::Panel::bottom("run").frame(fill_bar_frame).resizable(false).show(ui, |ui| {
            panels::fill_button::show(ui, &self.state, actions);
        });
        if is_plot_fixed && panels::loss_plot::has_losses(&self.state) {
            egui::Panel::bottom("losses").frame(fill_bar_frame).resizable(false).show(ui, |ui| {
                panels::loss_plot::show(ui, &self.state, actions);
            });
        }
        egui::CentralPanel::no_frame().show(ui, |ui| {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                egui::Frame::new().inner_margin(margin).show(ui, |ui| {
                    panels::settings::show(ui, &self.state, actions);
                    if !is_plot_fixed {
                        ui.add_space(theme::GAP * 2.0);
                        panels::loss_plot::show(ui, &self.state, actions);
                    }
                });
            });
        });
    }

    /// Draws the candidates under the canvas.
    fn show_candidate_strip(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        if panels::candidate_strip::is_visible(&self.state) {
            let panel = egui::Panel::bottom("candidates").frame(theme::candidate_strip_frame(ui)).resizable(false);
            panel.exact_size(theme::CANDIDATE_STRIP_HEIGHT).show(ui, |ui| {
                self.candidate_strip.show(ui, &self.state, actions);
            });
        }
    }

    fn show_progress_bar(&self, ui: &mut egui::Ui) {
        let panel = egui::Panel::top("progress").frame(egui::Frame::new()).resizable(false).show_separator_line(false);
        panel.exact_size(theme::PROGRESS_HEIGHT).show(ui, |ui| {
            let palette = theme::palette(ui);
            let mut rect = ui.max_rect();
            ui.painter().rect_filled(rect, 0.0, palette.border);
            if let Some(fill) = self.state.fill_controller.running() {
                rect.set_width(rect.width() * fill.progress());
                ui.painter().rect_filled(rect, 0.0, palette.accent);
            }
        });
    }

    fn show_status_bar(&self, ui: &mut egui::Ui) {
        let frame = theme::bar_frame(ui).inner_margin(egui::Margin::symmetric(12, 0));
        egui::Panel::bottom("status").frame(frame).exact_size(theme::STATUS_HEIGHT).show(ui, |ui| {
            panels::status_bar::show(ui, &self.state);
        });
    }

    fn show_path_bar(&self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        if let Some(bar) = &self.state.path_bar {
            let show = |ui: &mut egui::Ui| dialogs::show_path_bar(ui, bar, actions);
            egui::Panel::top("path").frame(theme::bar_frame(ui)).show(ui, show);
        }
    }

    fn show_recovery_bar(&self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        if !self.state.recoverable.is_empty() {
            let show = |ui: &mut egui::Ui| panels::recovery::show(ui, &self.state, actions);
            egui::Panel::top("recovery").frame(theme::bar_frame(ui)).show(ui, show);
        }
    }

    fn show_canvas(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        for command in self.state.take_canvas_commands() {
            match command {
                CanvasCommand::PhotoChanged => self.canvas.photo_changed(),
                CanvasCommand::MaskChanged(rect_in_photo) => self.canvas.mask_changed(rect_in_photo),
                CanvasCommand::Fit => self.canvas.fit(),
                CanvasCommand::ZoomToFace(frame) => self.canvas.zoom_to_face_or_fit(frame),
                CanvasCommand::FollowFace(frame) => self.canvas.follow_face(frame),
                CanvasCommand::ShowFoundFace(frame) => self.canvas.show_found_face(frame),
                CanvasCommand::ActualPixels => self.canvas.zoom_to_actual_pixels(),
                CanvasCommand::ZoomBy(factor) => self.canvas.zoom_by(factor),
            }
        }
        let Some(document) = &self.state.document else { return };
        let patch = self.state.shown_patch();
        let scene = CanvasScene {
            photo: &document.photo,
            mask: document.mask(),
            face_frame: document.face_frame(),
            faces: document.detected_faces().unwrap_or_default(),
            tool: self.state.tool,
            brush_radius_px: self.state.preferences.brush_radius_px,
            patch,
            patch_version: self.state.shown_patch_version(),
            mask_display: if self.state.show_before { MaskDisplay::Hidden } else { self.state.mask_display() },
            show_frame: !self.state.show_before,
            show_before: self.state.show_before,
            divider: self.state.divider.filter(|_| patch.is_some()),
            is_frame_locked: self.state.is_locked(),
        };
        self.canvas.style = theme::canvas_style(ui);
        actions.extend(self.canvas.ui(ui, &scene).into_iter().map(Action::Canvas));
        if ui.input(|input| !input.raw.hovered_files.is_empty()) {
            let palette = theme::palette(ui);
            let rect = ui.max_rect();
            ui.painter().rect_filled(rect, 0.0, palette.canvas.gamma_multiply(0.8));
            let font = egui::TextStyle::Heading.resolve(ui.style());
            ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, "Drop to open", font, palette.strong_text);
        }
    }
}
