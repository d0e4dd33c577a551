//! Finished fills of a photo, and which one is shown with which candidates and blend.
//!
//! A fill has a face, or several that were filled in turn. One of them is selected: the strip shows its candidates, and
//! the frame is on it. Fills are never removed: undo, redo and the list of fills only switch between them. So an index
//! always identifies the same fill.

use std::sync::Arc;

use super::PhotoDocument;
use super::frame_edits::PlacedFrame;
use super::undo::{FrameUndo, UndoStep};
use crate::app::latest::Latest;
use crate::app::loss_history::LossHistory;
use crate::blend::{Blend, FillPatch};
use crate::geometry::FaceFrame;
use crate::job::{Candidate, FaceFill, FillLook, FillRecord, PhotoFill};
use crate::mask::Mask;

/// The iteration of another fill that a fill goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchPoint {
    pub fill_index: usize,
    pub iteration: u32,
}

/// A finished fill.
pub struct DocumentFill {
    /// The whole hole.
    pub hole: Mask,
    /// In the order in which they were filled. Not empty.
    pub faces: Vec<DocumentFace>,
    /// Index of the selected face.
    pub selected: usize,
    /// The fills of all faces, blended into the photo at full size, for the looks of all faces. Previews stand in for the
    /// first one.
    pub composition: Latest<Vec<FillLook>, Vec<Arc<FillPatch>>>,
    /// `None` for a fill that starts afresh.
    pub branch: Option<BranchPoint>,
}

/// The fill of one face.
#[derive(Clone)]
pub struct DocumentFace {
    pub fill: FaceFill,
    pub loss_history: LossHistory,
}

impl DocumentFace {
    pub fn record(&self) -> &FillRecord {
        &self.fill.record
    }
}

impl DocumentFill {
    /// A fill of one face that covers the whole hole. `preview` stands in for the composition.
    pub fn of_one_face(record: FillRecord, loss_history: LossHistory, preview: Option<Arc<FillPatch>>) -> Self {
        let composition = Latest::with_stand_in(preview.map(|preview| vec![preview]));
        let hole = record.hole.clone();
        let faces = vec![DocumentFace { fill: FaceFill::of_whole_hole(record), loss_history }];
        Self { hole, faces, selected: 0, composition, branch: None }
    }

    /// The fills alone, for a background task.
    pub fn photo_fill(&self) -> PhotoFill {
        PhotoFill { hole: self.hole.clone(), faces: self.faces.iter().map(|face| face.fill.clone()).collect() }
    }

    pub fn selected_face(&self) -> Option<&DocumentFace> {
        self.faces.get(self.selected)
    }

    /// How each face is shown.
    pub fn looks(&self) -> Vec<FillLook> {
        self.faces.iter().map(|face| face.record().look).collect()
    }

    /// The fills of all faces at full size. `None` until that is done for the chosen looks.
    pub fn composed(&self) -> Option<&[Arc<FillPatch>]> {
        self.composition.current(&self.looks()).map(Vec::as_slice)
    }
}

impl PhotoDocument {
    pub fn shown_fill(&self) -> Option<&DocumentFill> {
        self.shown_fill.and_then(|index| self.fills.get(index))
    }

    pub fn shown_fill_mut(&mut self) -> Option<&mut DocumentFill> {
        self.shown_fill.and_then(|index| self.fills.get_mut(index))
    }

    /// The selected face of the shown fill.
    pub fn shown_face(&self) -> Option<&DocumentFace> {
        self.shown_fill()?.selected_face()
    }

    pub fn shown_face_mut(&mut self) -> Option<&mut DocumentFace> {
        let fill = self.shown_fill_mut()?;
        fill.faces.get_mut(fill.selected)
    }

    /// The index of the shown fill, which identifies it when a background task finishes.
    pub fn shown_fill_index(&self) -> Option<usize> {
        self.shown_fill
    }

    /// All fills of this photo, in the order in which they were made.
    pub fn fills(&self) -> &[DocumentFill] {
        &self.fills
    }

    /// The fills that can be shown, with their indices: those of a photo of the same size. Enlarging the photo for a task
    /// gives it another size.
    pub fn showable_fills(&self) -> impl Iterator<Item = (usize, &DocumentFill)> {
        self.fills.iter().enumerate().filter(|(_, fill)| fill.hole.rect() == self.mask.rect())
    }

    /// Shows another fill, with the hole and the frame that it was made for, as an undo step.
    pub fn show_fill(&mut self, index: usize) {
        let Some((_, fill)) = self.showable_fills().find(|(showable, _)| *showable == index) else { return };
        let Some(frame) = fill.selected_face().map(|face| face.record().frame) else { return };
        let mask = fill.hole.clone();
        if self.shown_fill == Some(index) && self.is_shown_fill_current() {
            return;
        }
        self.active_stroke = None;
        let mut step = UndoStep::Switch {
            fill: Some(index),
            mask,
            frame: PlacedFrame { frame, is_up_to_date: true, ..self.placed_frame },
        };
        self.swap_with(&mut step, FrameUndo::Restore);
        self.push_step(step);
    }

    pub fn fill_at_mut(&mut self, index: usize) -> Option<&mut DocumentFill> {
        self.fills.get_mut(index)
    }

    /// Whether the shown fill was made for the current hole and frame, and covers all its faces.
    pub fn is_shown_fill_current(&self) -> bool {
        self.shown_fill().is_some_and(|fill| self.is_of_current_hole(fill)) && !self.lacks_faces()
    }

    fn is_of_current_hole(&self, fill: &DocumentFill) -> bool {
        let is_framed = |face: &DocumentFace| face.record().frame == self.face_frame();
        fill.hole == self.mask && fill.selected_face().is_some_and(is_framed)
    }

    /// Adds a finished fill and shows it, as an undo step.
    pub fn add_fill(&mut self, fill: DocumentFill) {
        if self.is_of_current_hole(&fill) {
            self.keep_frame_for_hole();
        }
        let before = self.shown_fill;
        self.fills.push(fill);
        self.shown_fill = Some(self.fills.len() - 1);
        let step = UndoStep::Fill(before);
        // A stroke in progress is not part of the fill: its undo step stays on top.
        let stroke = if self.active_stroke.is_some() { self.undo_steps.pop() } else { None };
        self.push_step(step);
        self.undo_steps.extend(stroke);
    }

    /// Number of faces of the shown fill among which one can be selected: of a fill of this hole.
    pub fn selectable_faces(&self) -> usize {
        self.shown_fill().filter(|fill| fill.hole == self.mask).map_or(0, |fill| fill.faces.len())
    }

    /// Selects a face of the shown fill: the frame moves to it. Without an undo step, because no work is changed.
    pub fn select_filled_face(&mut self, index: usize) {
        let Some(fill) = self.shown_fill_mut() else { return };
        let Some(frame) = fill.faces.get(index).map(|face| face.record().frame) else { return };
        fill.selected = index;
        self.show_frame(frame);
    }

    /// Moves the frame to a face that is filled or being filled, without an undo step.
    pub fn show_frame(&mut self, frame: FaceFrame) {
        self.revision += u64::from(frame != self.face_frame());
        self.is_frame_placed = true;
        self.placed_frame = PlacedFrame { frame, is_up_to_date: true, ..self.placed_frame };
    }

    /// Adds a mix to the selected face's candidates, or replaces the mix `replaced`. Shows it and returns its index.
    pub fn add_or_replace_mix(
        &mut self,
        mix: Candidate,
        patch: Arc<FillPatch>,
        replaced: Option<usize>,
    ) -> Option<usize> {
        let fill = self.shown_fill_mut()?;
        let record = &mut fill.faces.get_mut(fill.selected)?.fill.record;
        let candidate = Arc::make_mut(&mut record.outcome).store_mix(mix, replaced);
        record.look.candidate = candidate;
        let others = fill.composition.take().unwrap_or_default().into_iter().enumerate();
        let others = others.filter(|(index, _)| *index != fill.selected).map(|(_, patch)| patch);
        // The mix is not limited to its part of the hole, so it lies under the other faces.
        fill.composition = Latest::with_stand_in(Some(std::iter::once(patch).chain(others).collect()));
        self.revision += 1;
        Some(candidate)
    }

    /// Adds an edited face to the selected face's candidates, or replaces the edited one at `replaced`, and shows it, as an
    /// undo step.
    pub fn keep_edited(&mut self, edited: Candidate, patch: Arc<FillPatch>, replaced: Option<usize>) {
        let Some(index) = self.shown_fill else { return };
        let Some((face, record)) =
            self.shown_fill().and_then(|fill| Some((fill.selected, fill.selected_face()?.record())))
        else {
            return;
        };
        let step = UndoStep::Candidates { fill: index, face, outcome: Arc::clone(&record.outcome), look: record.look };
        if self.add_or_replace_mix(edited, patch, replaced).is_some() {
            self.push_step(step);
        }
    }

    /// Shows another candidate of the selected face.
    pub fn show_candidate(&mut self, candidate: usize) {
        let Some(FillRecord { look, outcome, .. }) = self.shown_face_mut().map(|face| &mut face.fill.record) else {
            return;
        };
        let before = *look;
        look.candidate = candidate.min(outcome.candidates.len().saturating_sub(1));
        let is_changed = *look != before;
        self.revision += u64::from(is_changed);
    }

    /// Blends all faces of the shown fill in this way.
    pub fn set_blend(&mut self, blend: Blend) {
        let Some(fill) = self.shown_fill_mut() else { return };
        let mut is_changed = false;
        for face in &mut fill.faces {
            is_changed |= std::mem::replace(&mut face.fill.record.look.blend, blend) != blend;
        }
        self.revision += u64::from(is_changed);
    }
}
