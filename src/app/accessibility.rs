//! What screen readers need beyond the names of the widgets.

use egui::{Context, Id, Response, accesskit};

/// Names the window.
pub fn name_window(context: &Context, title: &str) {
    context.accesskit_node_builder(egui::accesskit_root_id(), |node| node.set_label(title));
}

/// Describes a widget whose tooltip is not enough: egui describes enabled widgets only.
/// `description` is called only while a screen reader is there.
pub fn describe(response: &Response, description: impl FnOnce() -> String) {
    if response.ctx.has_accesskit_node(response.id) {
        let description = description();
        response.ctx.accesskit_node_builder(response.id, |node| node.set_description(description));
    }
}

/// Lets screen readers say this widget's name when it changes, wherever the keyboard focus is.
pub fn announce_changes(context: &Context, id: Id) {
    context.accesskit_node_builder(id, |node| node.set_live(accesskit::Live::Polite));
}
