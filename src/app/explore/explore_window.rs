//! Draws the Explore window.

use egui::{Context, DragValue, Id, RichText, Ui, Window, vec2};

use super::face_browser::{FacePage, MAX_FIRST_NUMBER};
use super::face_grid::{self, COLUMNS, FaceTextures, TILE_GAP};
use super::selection_panel::{self, ActiveFaceView, text_button};
use super::{ExploreAction, ExploreState};
use crate::app::engine::EngineState;
use crate::app::icons::{Icon, IconButton};
use crate::app::language::{t, translate_message};
use crate::app::panels::widgets::set_number_accessible_name;
use crate::app::state::{Action, Actions, Derived};
use crate::app::theme;

/// Textures that the window keeps between frames.
#[derive(Default)]
pub struct ExploreWindow {
    textures: FaceTextures,
    active_face: ActiveFaceView,
}

impl ExploreWindow {
    /// Draws the window if it is open.
    pub fn show(
        &mut self,
        context: &Context,
        explore: &ExploreState,
        engine: &EngineState,
        derived: &Derived<'_>,
        actions: &mut Actions,
    ) {
        if actions.preferences.explore {
            let mut open = true;
            let screen = context.content_rect();
            let height = screen.height() - SPACE_ABOVE - SPACE_BELOW;
            Window::new(RichText::new(t!("Explore")).size(15.0))
                .id(Id::unique("explore"))
                .open(&mut open)
                .default_pos(screen.left_top() + vec2(theme::GAP * 2.0, SPACE_ABOVE))
                .default_width(content_width())
                .default_height(height)
                .max_height(height)
                .resizable([false, true])
                .vscroll(true)
                .show(context, |ui| {
                    ui.set_width(content_width());
                    self.content(ui, explore, engine, derived, actions);
                });
            if !open {
                actions.preferences.explore = false;
            }
        }
        self.textures.end_frame();
    }

    fn content(
        &mut self,
        ui: &mut Ui,
        explore: &ExploreState,
        engine: &EngineState,
        derived: &Derived<'_>,
        actions: &mut Actions,
    ) {
        if let Some(error) = &explore.thumbnail_error {
            show_model_error(ui, error, actions);
            return;
        }
        if engine.model.is_none() {
            ui.label(theme::hint_text(ui, t!("The model is loading; its faces will appear in a moment")));
            return;
        }
        page_header(ui, explore, actions);
        face_grid::face_grid(ui, &mut self.textures, explore, explore.browser.faces(), false, actions);
        if explore.thumbnails.is_pending() && derived.is_running() {
            ui.label(theme::hint_text(ui, t!("New faces appear when the fill has finished")));
        }
        selection_panel::selection_buttons(ui, explore, actions);
        self.active_face.show(ui, &mut self.textures, explore, actions);
        self.saved_faces_section(ui, explore, actions);
    }

    fn saved_faces_section(&mut self, ui: &mut Ui, explore: &ExploreState, actions: &mut Actions) {
        ui.separator();
        let heading = ui.label(theme::section_heading(ui, t!("Saved faces")));
        if let Some(path) = explore.saved_faces.path() {
            heading.on_hover_text(t!("In {path}\nOn the command line, use it with --library", path = path.display()));
        }
        if explore.saved_faces.faces().is_empty() {
            let text = explore
                .saved_faces
                .disabled_reason()
                .unwrap_or(t!("None yet: select a face, type a name and press Save"));
            ui.label(theme::hint_text(ui, text));
        }
        face_grid::face_grid(ui, &mut self.textures, explore, explore.saved_faces.faces(), true, actions);
        match explore.saved_faces.other_model_count() {
            0 => {}
            1 => drop(ui.label(theme::hint_text(ui, t!("1 more belongs to another model")))),
            count => drop(ui.label(theme::hint_text(ui, t!("{count} more belong to other models", count)))),
        }
    }
}

/// Space for the toolbar above the window, and for the status bar below, in points.
const SPACE_ABOVE: f32 = 56.0;
const SPACE_BELOW: f32 = 40.0;

#[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
fn content_width() -> f32 {
    let columns = COLUMNS as f32;
    columns * theme::THUMBNAIL_SIDE + (columns - 1.0) * TILE_GAP
}

fn show_model_error(ui: &mut Ui, error: &str, actions: &mut Actions) {
    ui.label(RichText::new(t!("The model cannot generate faces")).color(theme::palette(ui).error));
    ui.label(translate_message(error));
    ui.label(theme::hint_text(ui, t!("Choose another model or device in the settings on the right, or try again")));
    if text_button(ui, t!("Try again"), None, t!("Loads the model once more")) {
        actions.push(Action::RetryModel);
    }
}

/// Header of the page: its first number or its source face, and the buttons for other pages.
fn page_header(ui: &mut Ui, explore: &ExploreState, actions: &mut Actions) {
    ui.horizontal(|ui| {
        match explore.browser.page() {
            FacePage::Samples => page_number_field(ui, explore, actions),
            FacePage::Variations { source, .. } => {
                if text_button(ui, t!("Back"), None, t!("Goes back to the numbered faces")) {
                    actions.push(Action::Explore(ExploreAction::ShowSamples));
                }
                let text = t!("Faces similar to {name}", name = source.display_name());
                let width = ui.available_width() - MORE_FACES_WIDTH;
                ui.add_sized([width, theme::ROW_HEIGHT], egui::Label::new(&text).truncate()).on_hover_text(&text);
            }
        }
        if text_button(ui, t!("More faces"), None, t!("Shows the next page of faces")) {
            actions.push(Action::Explore(ExploreAction::ShowNextPage));
        }
    });
}

/// Width of the "More faces" button.
const MORE_FACES_WIDTH: f32 = 112.0;

/// The field for the page's first number.
fn page_number_field(ui: &mut Ui, explore: &ExploreState, actions: &mut Actions) {
    let tooltip =
        t!("Number of the first face on the page. A number always gives the same face, also on the command line");
    ui.label(RichText::new(t!("Faces from number")).color(theme::palette(ui).weak_text)).on_hover_text(tooltip);
    let before = explore.browser.first_number();
    let mut first = before;
    let response = ui.add(DragValue::new(&mut first).range(0..=MAX_FIRST_NUMBER).speed(0.2));
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    set_number_accessible_name(&response, t!("Faces from number"), before as f64);
    response.on_hover_text(tooltip);
    if first != before {
        actions.push(Action::Explore(ExploreAction::ShowFrom(first)));
    }
    let dice = ui.add(IconButton::new(Icon::Dice, t!("Random page")));
    if dice.on_hover_text(t!("Shows a page at a random number")).clicked() {
        actions.push(Action::Explore(ExploreAction::ShowFrom(u64::from(rand::random::<u32>()) % MAX_FIRST_NUMBER)));
    }
}
