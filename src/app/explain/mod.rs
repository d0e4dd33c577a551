//! The window "How it works": the method in figures that are computed from the program's own models and the open photo.
//!
//! | file | content |
//! | --- | --- |
//! | `mod` | what is open, what the reader has set, and the figures' data |
//! | `subject_source` | the photo, the hole and the fill that the figures are about |
//! | `computations` | computes the data in the background, one after the other |
//! | `explain_window` | the window |
//! | `figure_controls` | sliders and buttons of each figure |
//! | `drawing_painter`, `drawing_picture` | paint a figure in the window, or as a picture |

mod computations;
mod drawing_painter;
mod drawing_picture;
mod explain_window;
mod figure_controls;
mod subject_source;

pub use drawing_picture::drawing_picture;
pub use explain_window::ExplainWindow;

use egui::Color32;

use computations::{Computations, LatentKey, LayersKey, Request};
pub use subject_source::{PORTRAIT, portrait_subject};
use subject_source::{SubjectInput, SubjectSource};

use super::document::PhotoDocument;
use super::outbox::Outbox;
use super::preferences::Preferences;
use super::theme::{DARK_PALETTE, ThemePalette};
use crate::explain::{Chapter, Controls, FigureData, Ink};

/// Something that the reader does.
#[derive(Clone, Debug, PartialEq)]
pub enum ExplainAction {
    /// Open or close the window.
    Toggle,
    ShowChapter(Chapter),
    SetControls(Box<Controls>),
    SetLatent(LatentChoice),
}

/// The latent whose layers are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatentChoice {
    /// ẑ of the fill, if there is one.
    pub uses_fill: bool,
    /// Otherwise, the number of a sample.
    pub sample: u64,
    /// One value that is set by hand: its index and what it is set to.
    pub changed: Option<(usize, f32)>,
}

impl Default for LatentChoice {
    fn default() -> Self {
        Self { uses_fill: true, sample: 0, changed: None }
    }
}

/// The window's data.
#[derive(Default)]
pub struct ExplainState {
    pub is_open: bool,
    pub chapter: Chapter,
    pub controls: Controls,
    pub latent: LatentChoice,
    source: Option<SubjectSource>,
    subject: Option<SubjectInput>,
    /// Identifies the subject.
    subject_id: u64,
    computations: Computations,
}

impl ExplainState {
    pub fn update(&mut self, action: ExplainAction) {
        match action {
            ExplainAction::Toggle => self.is_open = !self.is_open,
            ExplainAction::ShowChapter(chapter) => self.chapter = chapter,
            ExplainAction::SetControls(controls) => self.controls = *controls,
            ExplainAction::SetLatent(latent) => self.latent = latent,
        }
        if !self.is_open {
            self.computations.close();
        }
    }

    /// Brings the figures up to date with the open photo: no action asks for that.
    pub fn follow(&mut self, document: Option<&PhotoDocument>, preferences: &Preferences, outbox: &Outbox) {
        // While something is drawn, the figures show what was before.
        if !self.is_open || document.is_some_and(PhotoDocument::has_active_drag) {
            return;
        }
        let source = SubjectSource::of(document, preferences);
        if self.source.as_ref() != Some(&source) {
            self.subject = Some(source.subject(document));
            self.subject_id += 1;
            self.source = Some(source);
            self.computations.cancel();
        }
        let Some(subject) = self.subject.clone() else { return };
        let LatentChoice { uses_fill, sample, changed } = self.latent;
        let latent = if uses_fill && subject.has_fill() { LatentKey::Fill } else { LatentKey::Sample(sample) };
        let layers = LayersKey { latent, changed: changed.map(|(index, value)| (index, value.to_bits())) };
        let request = Request { subject, subject_id: self.subject_id, layers, model: preferences.model.clone() };
        self.computations.follow(self.chapter, &request, outbox);
    }

    /// Whether the photo has a fill whose ẑ can be shown.
    pub fn has_fill(&self) -> bool {
        self.subject.as_ref().is_some_and(SubjectInput::has_fill)
    }

    /// What has been computed so far.
    pub fn data(&self) -> FigureData {
        self.computations.data()
    }

    /// The share of the running computation that is done; `None` when none is running.
    pub fn progress(&self) -> Option<f32> {
        self.computations.progress()
    }

    fn computations_mut(&mut self) -> &mut Computations {
        &mut self.computations
    }
}

/// The colour of an ink in a theme.
fn ink_color(palette: &ThemePalette, ink: Ink) -> Color32 {
    match ink {
        Ink::Text => palette.text,
        Ink::Weak => palette.weak_text,
        Ink::Strong => palette.strong_text,
        Ink::Accent => palette.accent,
        Ink::Warning => palette.warning,
        Ink::Border => palette.border,
        Ink::Field => palette.field,
        Ink::Light => Color32::WHITE,
        Ink::LightAccent => DARK_PALETTE.accent,
        Ink::LightWarning => DARK_PALETTE.warning,
    }
}
