//! Draws the sample pictures of a run, with a slider over its steps.

use std::sync::{Arc, Weak};

use egui::{ColorImage, Role, Slider, TextureHandle, TextureOptions, Ui, WidgetInfo, vec2};

use super::TrainingAction;
use super::followed_run::FollowedRun;
use crate::app::language::{t, translate_message};
use crate::app::panels::widgets::add_slider;
use crate::app::state::{Action, Actions};
use crate::app::theme;

/// The sample picture and its texture.
#[derive(Default)]
pub struct SamplePanel {
    texture: Option<TextureHandle>,
    /// The picture that the texture shows.
    uploaded: Weak<ColorImage>,
}

/// Minimum side of the picture.
const MIN_PICTURE_SIDE: f32 = 120.0;

impl SamplePanel {
    /// Draws the slider and the sample picture of the shown step.
    pub fn show(&mut self, ui: &mut Ui, followed: &FollowedRun, actions: &mut Actions) {
        let steps = followed.view().map_or(&[][..], |view| &view.sample_steps);
        let Some(shown) = followed.shown_step() else {
            ui.label(theme::section_heading(ui, t!("Samples")));
            ui.label(theme::hint_text(ui, t!("Samples appear with the first checkpoint")));
            return;
        };
        step_slider(ui, followed, steps, shown, actions);
        match followed.sample(shown) {
            None => {
                ui.label(theme::hint_text(ui, t!("Loading…")));
            }
            Some(Err(error)) => {
                ui.label(egui::RichText::new(translate_message(error)).color(theme::palette(ui).error));
            }
            Some(Ok(picture)) => {
                if !self.uploaded.ptr_eq(&Arc::downgrade(picture)) {
                    let image = egui::ImageData::Color(Arc::clone(picture));
                    match &mut self.texture {
                        Some(texture) => texture.set(image, TextureOptions::LINEAR),
                        None => self.texture = Some(ui.ctx().load_texture("samples", image, TextureOptions::LINEAR)),
                    }
                    self.uploaded = Arc::downgrade(picture);
                }
                self.show_picture(ui, shown);
            }
        }
    }

    fn show_picture(&self, ui: &mut Ui, shown: u64) {
        let Some(texture) = &self.texture else { return };
        let available = ui.available_size().max(vec2(MIN_PICTURE_SIDE, MIN_PICTURE_SIDE));
        let size = texture.size_vec2();
        let size = size * (available.x / size.x.max(1.0)).min(available.y / size.y.max(1.0));
        let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
        egui::Image::new((texture.id(), size)).corner_radius(theme::CORNER_RADIUS).paint_at(ui, rect);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, t!("Samples of step {step}", step = shown)));
        response.on_hover_text(t!(
            "Top: faces generated from fixed latents. Below, if the model has an encoder: held-out faces, the same \
             faces with a hole, and their reconstructions"
        ));
    }
}

fn step_slider(ui: &mut Ui, followed: &FollowedRun, steps: &[u64], shown: u64, actions: &mut Actions) {
    let last = steps.len().saturating_sub(1);
    let shown_index = steps.binary_search(&shown).unwrap_or(last);
    ui.horizontal(|ui| {
        ui.label(theme::section_heading(ui, t!("Samples")));
        ui.label(theme::hint_text(
            ui,
            t!("Step {step}, {number} of {count}", step = shown, number = shown_index + 1, count = steps.len()),
        ));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let is_newest = followed.selected_step().is_none();
            let button = egui::Button::selectable(is_newest, egui::RichText::new(t!("Newest")).small());
            let response = ui.add(button).on_hover_text(t!("Always show the newest samples"));
            if response.clicked() {
                actions.push(Action::Training(TrainingAction::ShowSample(None)));
            }
        });
    });
    let mut slider_index = shown_index;
    ui.spacing_mut().slider_width = ui.available_width();
    let slider = Slider::new(&mut slider_index, 0..=last).show_value(false);
    let response = ui.add_enabled_ui(last > 0, |ui| add_slider(ui, slider)).inner;
    #[expect(clippy::cast_precision_loss, reason = "shown to assistive technology; steps are far below 2^52")]
    response.widget_info(|| WidgetInfo::slider(last > 0, shown as f64, t!("Step of the samples")));
    if response.changed() {
        let step = steps.get(slider_index).copied();
        actions.push(Action::Training(TrainingAction::ShowSample(step)));
    }
    let tooltip = t!("Step of the samples. Newest follows the run again. Arrow keys go one step back or forward");
    response.on_hover_text(tooltip).on_disabled_hover_text(t!("There is only one sample picture so far"));
}
