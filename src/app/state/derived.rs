//! What several panels show, derived from the state once per frame.

use std::sync::Arc;

use super::commands::BATCH_RUNS;
use super::{CommandStates, EditorState};
use crate::app::canvas::MaskDisplay;
use crate::app::document::{DocumentFill, PhotoDocument};
use crate::app::fill::{RunningFill, ShownFill, TimelineView, edit_disabled_reason};
use crate::app::language::translate;
use crate::app::maps::MapView;
use crate::blend::FillPatch;
use crate::job::MapKind;
use crate::mask::Mask;
use crate::search::{LatentEdit, Losses};

/// What several panels show.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states of a machine")]
pub struct Derived<'a> {
    pub commands: CommandStates,
    pub document: Option<&'a PhotoDocument>,
    /// The fill whose candidates are shown.
    pub fill: Option<ShownFill<'a>>,
    /// Candidate indices in display order.
    pub candidate_order: Vec<usize>,
    /// The losses of the shown picture.
    pub losses: Option<Losses>,
    /// Why no batch can start, in the language of the interface.
    pub batch_disabled_reason: Option<&'static str>,
    /// The patches shown in the photo, one drawn over the other.
    pub patches: Vec<&'a Arc<FillPatch>>,
    /// The mask that is drawn over the photo.
    pub shown_mask: Option<&'a Mask>,
    pub mask_display: MaskDisplay,
    pub shows_first_guess: bool,
    /// The chosen map of the shown candidate.
    pub map: Option<(MapKind, MapView<'a>)>,
    /// The face frame for the current hole is being searched.
    pub is_frame_pending: bool,
    /// Fill was pressed, and starts when the frame is found or the photo is prepared.
    pub is_fill_waiting: bool,
    /// The photo is being enlarged, or gets colours, for a task.
    pub is_photo_preparing: bool,
    /// The timeline of the shown fill; `None` while a search runs, and without iterations.
    pub timeline: Option<TimelineView>,
    /// How the shown face is edited; `None` while the sliders are closed, and without a finished fill.
    pub edit: Option<LatentEdit>,
    /// Why the shown face cannot be edited, in the language of the interface.
    pub edit_disabled_reason: Option<&'static str>,
    /// The fill that the shown one is compared with, and its index.
    pub compared: Option<(usize, &'a DocumentFill)>,
}

impl Derived<'_> {
    /// The running fill.
    pub fn running(&self) -> Option<&RunningFill> {
        match self.fill {
            Some(ShownFill::Running(run)) => Some(run),
            _ => None,
        }
    }

    pub fn is_running(&self) -> bool {
        self.running().is_some()
    }
}

impl EditorState {
    /// Derives what several panels show.
    pub fn derive(&self) -> Derived<'_> {
        let (document, fill) = (self.document.as_ref(), &self.fill);
        let shown_fill = document.and_then(|document| fill.shown_fill(document));
        Derived {
            commands: CommandStates::new(|command| self.disabled_reason(command)),
            document,
            fill: shown_fill,
            candidate_order: shown_fill.map(ShownFill::candidate_order).unwrap_or_default(),
            losses: document.and_then(|document| fill.shown_losses(document)),
            batch_disabled_reason: self.batch_disabled_reason().map(translate),
            patches: document.map(|document| fill.shown_patches(document)).unwrap_or_default(),
            shown_mask: document.map(|document| fill.shown_mask(document)),
            mask_display: document.map_or(MaskDisplay::Tinted, |document| fill.mask_display(document)),
            shows_first_guess: document.is_some_and(|document| fill.shows_first_guess(document)),
            map: self.maps.view(document, fill, &self.engine),
            is_frame_pending: document.is_some_and(|document| fill.is_frame_pending(document)),
            is_fill_waiting: fill.is_waiting(),
            is_photo_preparing: fill.is_photo_preparing(),
            timeline: document.and_then(|document| fill.timeline_view(document)),
            edit: self.shown_edit(),
            edit_disabled_reason: self.edit_disabled_reason().map(translate),
            compared: self.compared_fill(),
        }
    }

    fn shown_edit(&self) -> Option<LatentEdit> {
        let document = self.document.as_ref().filter(|_| self.preferences.edits_face && !self.fill.is_running())?;
        document.shown_face().map(|_| self.fill.shown_edit(document))
    }

    fn edit_disabled_reason(&self) -> Option<&'static str> {
        let reason = edit_disabled_reason(self.document.as_ref()?, &self.engine);
        reason.or_else(|| self.batch.is_running().then_some(BATCH_RUNS))
    }

    /// The fill that the shown one is compared with, and its index.
    fn compared_fill(&self) -> Option<(usize, &DocumentFill)> {
        let (document, index) = (self.document.as_ref()?, self.compared_index()?);
        Some((index, document.fills().get(index)?))
    }

    /// Index of the fill that the shown one is compared with.
    pub(super) fn compared_index(&self) -> Option<usize> {
        let shown = self.document.as_ref()?.shown_fill_index()?;
        self.view.compared_fill.filter(|compared| *compared != shown)
    }

    /// Number of candidates to choose from.
    pub fn candidate_count(&self) -> usize {
        self.shown_fill().map_or(0, ShownFill::candidate_count)
    }

    /// The fill whose candidates are shown.
    pub fn shown_fill(&self) -> Option<ShownFill<'_>> {
        self.document.as_ref().and_then(|document| self.fill.shown_fill(document))
    }
}

#[cfg(test)]
impl EditorState {
    /// Whether the document shows a finished fill.
    pub fn has_fill(&self) -> bool {
        self.document.as_ref().is_some_and(|document| document.shown_fill().is_some())
    }

    /// Whether the hole is drawn as not filled yet.
    pub fn is_hole_tinted(&self) -> bool {
        self.derive().mask_display == MaskDisplay::Tinted
    }
}
