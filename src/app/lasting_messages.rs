//! Messages that stay until the user closes them: about lost work, and questions with a button.

use egui::{Align, Align2, Area, Button, Context, Label, Layout, Order, RichText, Ui, vec2};

use super::icons::{Icon, IconButton};
use super::state::{Action, Actions};
use super::theme;
use super::toasts::UserMessage;
use crate::app::language::{t, translate};

const WIDTH: f32 = 480.0;
/// Distance from the window's top: below the toolbar, the path field and the bar that offers recoverable work.
const TOP: f32 = 152.0;
/// The newest messages that are shown at once. Closing one shows the next.
const MAX_SHOWN: usize = 3;

/// Shows the newest messages over the canvas, and removes those that the user closes.
pub fn show(context: &Context, messages: &mut Vec<UserMessage>, actions: &mut Actions) {
    if messages.is_empty() {
        return;
    }
    let mut closed = Vec::new();
    let area = Area::new(egui::Id::unique("lasting-messages")).order(Order::Foreground);
    area.anchor(Align2::CENTER_TOP, vec2(0.0, TOP)).show(context, |ui| {
        ui.set_width(WIDTH);
        for (index, message) in messages.iter().enumerate().rev().take(MAX_SHOWN) {
            if show_message(ui, message, actions) {
                closed.push(index);
            }
            ui.add_space(theme::GAP);
        }
    });
    // The largest index is first.
    for index in closed {
        messages.remove(index);
    }
}

/// Shows a message. Returns whether it was closed, or its button was pressed.
fn show_message(ui: &mut Ui, message: &UserMessage, actions: &mut Actions) -> bool {
    let palette = theme::palette(ui);
    let mut is_closed = false;
    let frame = theme::dialog_frame(ui.ctx()).inner_margin(egui::Margin::symmetric(14, 10));
    frame.stroke(egui::Stroke::new(1.0, message.severity.color())).show(ui, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            is_closed = ui.add(IconButton::new(Icon::Close, t!("Close this message"))).clicked();
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.add(Label::new(RichText::new(&message.headline).color(palette.strong_text)).wrap());
                for detail in &message.details {
                    ui.add(Label::new(RichText::new(detail).color(palette.text)).wrap());
                }
                if let Some((text, command)) = message.button {
                    ui.add_space(theme::GAP / 2.0);
                    let button = Button::new(translate(text)).min_size(vec2(0.0, theme::ROW_HEIGHT));
                    if ui.add(button).clicked() {
                        actions.push(Action::RunCommand(command));
                        is_closed = true;
                    }
                }
            });
        });
    });
    is_closed
}
