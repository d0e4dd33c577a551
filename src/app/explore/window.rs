//! Draws the Explore window.

use egui::{Context, DragValue, Id, RichText, Role, Ui, WidgetInfo, Window, vec2};

use super::chosen::{self, Portrait, button};
use super::desk::{LAST_FIRST, Page};
use super::grid::{self, COLUMNS, TILE_GAP, Textures};
use super::{Explorer, Wish};
use crate::app::icons::{Icon, IconButton};
use crate::app::shortcuts::Verb;
use crate::app::state::{Action, State};
use crate::app::theme;

/// Textures that the window keeps between frames.
#[derive(Default)]
pub struct ExploreWindow {
    textures: Textures,
    portrait: Portrait,
}

impl ExploreWindow {
    /// Draws the window if it is open.
    pub fn show(&mut self, context: &Context, state: &State, actions: &mut Vec<Action>) {
        if state.remembered.explore {
            let mut open = true;
            let screen = context.content_rect();
            let height = screen.height() - ABOVE - BELOW;
            Window::new(RichText::new("Explore").size(15.0))
                .id(Id::unique("explore"))
                .open(&mut open)
                .default_pos(screen.left_top() + vec2(theme::GAP * 2.0, ABOVE))
                .default_width(width())
                .default_height(height)
                .max_height(height)
                .resizable([false, true])
                .vscroll(true)
                .show(context, |ui| {
                    ui.set_width(width());
                    self.content(ui, state, actions);
                });
            if !open {
                actions.push(Action::Do(Verb::Explore));
            }
        }
        self.textures.end_frame();
    }

    fn content(&mut self, ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
        let explorer = &state.explorer;
        if let Some(trouble) = explorer.album.trouble() {
            show_trouble(ui, trouble, actions);
            return;
        }
        if state.model_info.is_none() {
            ui.label(theme::hint(ui, "The model is loading; its faces will appear in a moment"));
            return;
        }
        header(ui, explorer, actions);
        grid::show(ui, &mut self.textures, explorer, explorer.desk.faces(), false, actions);
        if explorer.album.is_waiting() && state.fills.is_running() {
            ui.label(theme::hint(ui, "New faces appear when the fill has finished"));
        }
        chosen::verbs(ui, explorer, actions);
        self.portrait.show(ui, &mut self.textures, explorer, actions);
        self.kept(ui, explorer, actions);
    }

    fn kept(&mut self, ui: &mut Ui, explorer: &Explorer, actions: &mut Vec<Action>) {
        ui.separator();
        let heading = ui.label(theme::section(ui, "Saved faces"));
        if let Some(path) = explorer.shelf.path() {
            heading.on_hover_text(format!("In {}\nOn the command line, use it with --library", path.display()));
        }
        if explorer.shelf.faces().is_empty() {
            let text = explorer.shelf.obstacle().unwrap_or("None yet: select a face, type a name and press Save");
            ui.label(theme::hint(ui, text));
        }
        grid::show(ui, &mut self.textures, explorer, explorer.shelf.faces(), true, actions);
        match explorer.shelf.others() {
            0 => {}
            1 => drop(ui.label(theme::hint(ui, "1 more belongs to another model"))),
            others => drop(ui.label(theme::hint(ui, format!("{others} more belong to other models")))),
        }
    }
}

/// Space for the toolbar above the window, and for the status bar below, in points.
const ABOVE: f32 = 56.0;
const BELOW: f32 = 40.0;

#[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
fn width() -> f32 {
    let columns = COLUMNS as f32;
    columns * theme::THUMBNAIL + (columns - 1.0) * TILE_GAP
}

fn show_trouble(ui: &mut Ui, trouble: &str, actions: &mut Vec<Action>) {
    ui.label(RichText::new("The model cannot generate faces").color(theme::palette(ui).error));
    ui.label(trouble);
    ui.label(theme::hint(ui, "Choose another model or device in the settings on the right, or try again"));
    if button(ui, "Try again", None, "Loads the model once more") {
        actions.push(Action::Explore(Wish::TryAgain));
    }
}

/// The page's first number or source face, and the buttons for other pages.
fn header(ui: &mut Ui, explorer: &Explorer, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        match explorer.desk.page() {
            Page::Samples => number(ui, explorer, actions),
            Page::Variations { of, .. } => {
                if button(ui, "Back", None, "Goes back to the numbered faces") {
                    actions.push(Action::Explore(Wish::ShowSamples));
                }
                let text = format!("Faces similar to {}", of.name);
                let room = ui.available_width() - MORE_WIDTH;
                ui.add_sized([room, theme::ROW], egui::Label::new(&text).truncate()).on_hover_text(&text);
            }
        }
        if button(ui, "More faces", None, "Shows the next page of faces") {
            actions.push(Action::Explore(Wish::More));
        }
    });
}

/// Width of the "More faces" button.
const MORE_WIDTH: f32 = 112.0;

/// The field for the page's first number.
fn number(ui: &mut Ui, explorer: &Explorer, actions: &mut Vec<Action>) {
    let explanation =
        "Number of the first face on the page. A number always gives the same face, also on the command line";
    ui.label(RichText::new("Faces from number").color(theme::palette(ui).weak)).on_hover_text(explanation);
    let before = explorer.desk.first();
    let mut first = before;
    let response = ui.add(DragValue::new(&mut first).range(0..=LAST_FIRST).speed(0.2));
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::SpinButton, response.enabled(), "Faces from number");
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        let value = before as f64;
        info.value = Some(value);
        info
    });
    response.on_hover_text(explanation);
    if first != before {
        actions.push(Action::Explore(Wish::ShowFrom(first)));
    }
    let dice = ui.add(IconButton::new(Icon::Dice, "Random page"));
    if dice.on_hover_text("Shows a page at a random number").clicked() {
        actions.push(Action::Explore(Wish::ShowFrom(u64::from(rand::random::<u32>()) % LAST_FIRST)));
    }
}
