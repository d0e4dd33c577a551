//! The start screen: drop a photo (where the window system allows it), choose one, type a path, or try a sample.

use egui::{Button, Color32, Rect, RichText, Role, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui};
use egui::{WidgetInfo, vec2};

use super::widgets::text_field;
use super::{add_command_button, file_menu};
use crate::app::dialogs::DocumentSource;
use crate::app::language::{LanguageChoice, t};
use crate::app::preferences::Preferences;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, Actions, CommandStates, FileState, typed_path};
use crate::app::theme;

/// The start screen's textures and its text field.
#[derive(Default)]
pub struct StartScreen {
    /// Thumbnails of the samples.
    textures: Vec<(SamplePortrait, TextureHandle)>,
    path_text: String,
}

const CONTENT_WIDTH: f32 = 480.0;
const DROP_HEIGHT: f32 = 192.0;
/// The most recent files shown here. The toolbar's menu has them all.
const MAX_RECENT_FILES: usize = 3;
const SAMPLE_SIDE: f32 = 112.0;
/// Height of the whole content, to centre it.
const CONTENT_HEIGHT: f32 = 544.0 + 3.0 * (theme::GAP + theme::ROW_HEIGHT);
/// Height of the card that offers recoverable work.
const RECOVERY_CARD_HEIGHT: f32 = super::recovery::ROW_HEIGHT + 2.0 * theme::GAP;

impl StartScreen {
    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, files: &FileState, commands: &CommandStates, actions: &mut Actions) {
        self.load_textures(ui, files);
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let mut height = CONTENT_HEIGHT;
            if !files.recoverable.is_empty() {
                height += RECOVERY_CARD_HEIGHT + theme::GAP;
            }
            if !actions.preferences.recent_files.paths().is_empty() {
                height += theme::ROW_HEIGHT + theme::GAP;
            }
            ui.add_space(((ui.available_height() - height) / 2.0).max(theme::GAP * 2.0));
            ui.vertical_centered(|ui| {
                ui.set_max_width(CONTENT_WIDTH.min(ui.available_width()));
                ui.label(RichText::new("Countenance").color(theme::palette(ui).strong_text).size(28.0));
                ui.label(
                    RichText::new(t!("Paint over part of a face to replace it")).color(theme::palette(ui).weak_text),
                );
                ui.add_space(theme::GAP * 2.0);
                recovery_card(ui, files, actions);
                drop_area(ui, files, commands, actions);
                ui.add_space(theme::GAP);
                path_field(ui, &mut self.path_text, actions);
                recent_files(ui, actions);
                ui.add_space(theme::GAP * 2.0);
                ui.label(theme::hint_text(ui, t!("No photo at hand? Try one of these")));
                self.sample_buttons(ui, actions);
                ui.add_space(theme::GAP);
                window_buttons(ui, commands, actions);
                language_row(ui, &mut actions.preferences);
            });
        });
    }

    fn load_textures(&mut self, ui: &Ui, files: &FileState) {
        for (sample, image) in &files.sample_thumbnails {
            if !self.textures.iter().any(|(loaded, _)| loaded == sample) {
                let texture = ui.ctx().load_texture(sample.file_stem(), image.clone(), TextureOptions::LINEAR);
                self.textures.push((*sample, texture));
            }
        }
    }

    fn sample_buttons(&self, ui: &mut Ui, actions: &mut Actions) {
        let palette = theme::palette(ui);
        let gap = theme::GAP * 2.0;
        #[expect(clippy::cast_precision_loss, reason = "two samples")]
        let width = SamplePortrait::ALL.len() as f32 * (SAMPLE_SIDE + gap) - gap;
        ui.horizontal(|ui| {
            ui.add_space((ui.available_width() - width) / 2.0);
            ui.spacing_mut().item_spacing.x = gap;
            for sample in SamplePortrait::ALL {
                let size = vec2(SAMPLE_SIDE, SAMPLE_SIDE + theme::ROW_HEIGHT);
                ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Center), |ui| {
                    let (rect, response) = ui.allocate_exact_size(vec2(SAMPLE_SIDE, SAMPLE_SIDE), Sense::click());
                    let name = t!("Sample: {name}", name = sample.person_name());
                    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                    ui.painter().rect_filled(rect, theme::CARD_CORNER_RADIUS, palette.button);
                    if let Some((_, texture)) = self.textures.iter().find(|(loaded, _)| *loaded == sample) {
                        egui::Image::new((texture.id(), rect.size()))
                            .corner_radius(theme::CARD_CORNER_RADIUS)
                            .paint_at(ui, rect);
                    }
                    if response.hovered() || response.has_focus() {
                        let outline = Stroke::new(2.0, palette.accent);
                        ui.painter().rect_stroke(rect, theme::CARD_CORNER_RADIUS, outline, StrokeKind::Outside);
                    }
                    if response.clicked() {
                        actions.push(Action::Open(DocumentSource::Sample(sample)));
                    }
                    ui.label(theme::hint_text(ui, sample.person_name()));
                });
            }
        });
    }
}

fn recovery_card(ui: &mut Ui, files: &FileState, actions: &mut Actions) {
    if files.recoverable.is_empty() {
        return;
    }
    let palette = theme::palette(ui);
    let card = egui::Frame::new().fill(palette.panel).stroke(Stroke::new(1.0, palette.accent));
    let card = card.corner_radius(theme::CARD_CORNER_RADIUS).inner_margin(egui::Margin::symmetric(12, 8));
    card.show(ui, |ui| super::recovery::show(ui, files, actions));
    ui.add_space(theme::GAP);
}

fn drop_area(ui: &mut Ui, files: &FileState, commands: &CommandStates, actions: &mut Actions) {
    let palette = theme::palette(ui);
    let hovered = ui.input(|input| !input.raw.hovered_files.is_empty());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), DROP_HEIGHT), Sense::hover());
    let color = if hovered { palette.accent } else { palette.weak_text.gamma_multiply(0.6) };
    ui.painter().rect_filled(rect, theme::CARD_CORNER_RADIUS, palette.panel);
    dashed_outline(ui, rect.shrink(1.0), color);
    let content = egui::UiBuilder::new().max_rect(rect.shrink(theme::GAP * 2.0));
    // A child UI, so that its content does not move the widgets below the area.
    ui.new_child(content).vertical_centered(|ui| {
        ui.add_space(theme::GAP);
        let (icon, _) = ui.allocate_exact_size(vec2(40.0, 40.0), Sense::hover());
        crate::app::icons::Icon::Frame.paint(ui.painter(), icon, color);
        ui.add_space(theme::GAP / 2.0);
        let text = match (files.is_opening, files.can_drop_files) {
            (true, _) => t!("Opening…"),
            (false, true) => t!("Drop a photo or a project here"),
            (false, false) => t!("Open a photo or a project"),
        };
        ui.label(RichText::new(text).color(palette.text).size(15.0));
        ui.add_space(theme::GAP / 2.0);
        let label = RichText::new(EditorCommand::Open.name()).color(palette.on_accent).strong();
        let button = Button::new(label).fill(palette.accent).min_size(vec2(160.0, theme::PRIMARY_HEIGHT));
        add_command_button(ui, commands, EditorCommand::Open, button, actions);
        ui.label(theme::hint_text(ui, t!("PNG, JPEG, WebP, TIFF, BMP, or a saved project")));
    });
}

fn dashed_outline(ui: &Ui, rect: Rect, color: Color32) {
    let stroke = Stroke::new(1.5, color);
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    let inset = 10.0;
    for side in corners.windows(2) {
        let offset = (side[1] - side[0]).normalized() * inset;
        ui.painter().extend(egui::Shape::dashed_line(&[side[0] + offset, side[1] - offset], stroke, 6.0, 5.0));
    }
}

/// The windows that need no photo.
fn window_buttons(ui: &mut Ui, commands: &CommandStates, actions: &mut Actions) {
    for command in [EditorCommand::Batch, EditorCommand::Training, EditorCommand::HowItWorks] {
        let button = Button::new(command.name()).frame_when_inactive(false);
        let button = button.min_size(vec2(0.0, theme::ROW_HEIGHT));
        add_command_button(ui, commands, command, button, actions);
    }
}

/// The languages, each in the middle of a third of the width.
fn language_row(ui: &mut Ui, preferences: &mut Preferences) {
    ui.columns(LanguageChoice::ALL.len(), |columns| {
        for (ui, choice) in columns.iter_mut().zip(LanguageChoice::ALL) {
            let title = RichText::new(choice.title()).small();
            ui.vertical_centered(|ui| ui.radio_value(&mut preferences.language, choice, title));
        }
    });
}

/// The files used last, in one row.
fn recent_files(ui: &mut Ui, actions: &mut Actions) {
    if actions.preferences.recent_files.paths().is_empty() {
        return;
    }
    ui.add_space(theme::GAP);
    let clicked = ui.horizontal(|ui| {
        ui.label(theme::hint_text(ui, t!("Recent")));
        #[expect(clippy::cast_precision_loss, reason = "a few files")]
        let gaps = ui.spacing().item_spacing.x * (MAX_RECENT_FILES as f32 - 1.0);
        #[expect(clippy::cast_precision_loss, reason = "a few files")]
        let width = (ui.available_width() - gaps) / MAX_RECENT_FILES as f32;
        file_menu::recent_files(ui, actions, MAX_RECENT_FILES, width)
    });
    if let Some(path) = clicked.inner {
        actions.push(Action::Open(DocumentSource::File(path)));
    }
}

fn path_field(ui: &mut Ui, path_text: &mut String, actions: &mut Actions) {
    ui.horizontal(|ui| {
        let button_width = 64.0;
        let (name, hint) = (t!("Path of a photo or project"), t!("Or type a path"));
        let width = ui.available_width() - button_width - theme::GAP;
        let (response, text) = text_field(ui, path_text, name, hint, vec2(10.0, 6.0), width);
        let is_enter_pressed = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        *path_text = text;
        let path = typed_path(path_text);
        let button = Button::new(t!("Open")).min_size(vec2(button_width, theme::ROW_HEIGHT));
        let clicked = ui.add_enabled(path.is_some(), button).on_disabled_hover_text(t!("Type a path first")).clicked();
        if let Some(path) = path.filter(|_| clicked || is_enter_pressed) {
            actions.push(Action::Open(DocumentSource::File(path)));
        }
    });
}
