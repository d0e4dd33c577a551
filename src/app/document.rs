//! One photo and the work on it: hole, face frame, fill results, and one undo over all of them.
//!
//! Fill results are kept for good once they exist, so that undo and redo only switch between them. What would surprise:
//! the state of the mask has an identity ([`MaskId`]) that undo brings back, so that a fill is recognised as the fill of
//! this very hole without comparing pixels.

use std::path::PathBuf;
use std::sync::Arc;

use super::curves::Curves;
use crate::blend::{BlendMode, Patch};
use crate::face::FaceFrame;
use crate::job::FillOutcome;
use crate::mask::{Edit, History, Mask, Stroke};
use crate::photo::{Photo, Point, RectPx};

/// Names one state of the mask. 0 is the empty one.
pub type MaskId = u64;

/// A finished fill.
pub struct Fill {
    pub outcome: Arc<FillOutcome>,
    pub curves: Curves,
    /// What was filled.
    pub hole: Arc<Mask>,
    pub mask_id: MaskId,
    pub frame: FaceFrame,
    /// What the user chose to see of it.
    pub look: Look,
    /// Drawn into the photo: a preview at first, full size later.
    pub patch: Option<Patch>,
    /// The look that `patch` shows at full size.
    pub composed: Option<Look>,
    /// The look that is being composed.
    pub requested: Option<Look>,
}

/// Which candidate, joined how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub candidate: usize,
    pub blend: BlendMode,
}

impl Fill {
    /// The look that has to be composed next, if none is under way.
    pub fn wants_compose(&self) -> Option<Look> {
        (self.composed != Some(self.look) && self.requested != Some(self.look)).then_some(self.look)
    }
}

/// Something that undo takes back.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// The newest edit of the mask history, and the state it led to.
    Mask {
        before: MaskId,
        after: MaskId,
    },
    Frame {
        before: FaceFrame,
        after: FaceFrame,
    },
    /// Indices into the fills.
    Fill {
        before: Option<usize>,
        after: Option<usize>,
    },
}

/// What undo or redo touched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The part of the mask to draw again.
    pub hole: Option<RectPx>,
    /// Another fill is shown now.
    pub fill: bool,
}

/// The photo and everything the user did to it.
pub struct Document {
    pub photo: Arc<Photo>,
    /// For titles and suggested file names, without extension.
    pub name: String,
    history: History,
    frame: FaceFrame,
    /// The user, or a face that was found, has placed the frame.
    frame_is_placed: bool,
    /// The frames of the faces found; `None` while they are looked for.
    faces: Option<Vec<FaceFrame>>,
    fills: Vec<Fill>,
    current_fill: Option<usize>,
    undo: Vec<Step>,
    redo: Vec<Step>,
    mask_id: MaskId,
    next_mask_id: MaskId,
    /// The mask of `mask_id`, once somebody needed it for longer than a frame.
    snapshot: Option<(MaskId, Arc<Mask>)>,
    has_hole: bool,
    stroke_open: bool,
    /// The frame before the drag that goes on.
    frame_before_drag: Option<FaceFrame>,
    revision: u64,
    saved_revision: u64,
}

impl Document {
    /// Nothing painted yet.
    pub fn new(photo: Arc<Photo>, name: String, frame: Option<FaceFrame>) -> Self {
        let (width, height) = (photo.width(), photo.height());
        Self {
            history: History::new(width, height),
            frame: frame.unwrap_or_else(|| FaceFrame::centered(width, height)),
            frame_is_placed: false,
            faces: None,
            photo,
            name,
            fills: Vec::new(),
            current_fill: None,
            undo: Vec::new(),
            redo: Vec::new(),
            mask_id: 0,
            next_mask_id: 1,
            snapshot: None,
            has_hole: false,
            stroke_open: false,
            frame_before_drag: None,
            revision: 0,
            saved_revision: 0,
        }
    }

    pub fn mask(&self) -> &Mask {
        self.history.mask()
    }

    pub fn mask_id(&self) -> MaskId {
        self.mask_id
    }

    /// The mask, shared: copied at most once per state.
    pub fn shared_mask(&mut self) -> Arc<Mask> {
        match &self.snapshot {
            Some((id, mask)) if *id == self.mask_id => Arc::clone(mask),
            _ => {
                let mask = Arc::new(self.history.mask().clone());
                self.snapshot = Some((self.mask_id, Arc::clone(&mask)));
                mask
            }
        }
    }

    /// Whether anything is painted. While a stroke is drawn: whether anything was before, or is being painted.
    pub fn has_hole(&self) -> bool {
        self.has_hole
    }

    pub fn frame(&self) -> FaceFrame {
        self.frame
    }

    /// The frames of the faces found, the largest first; `None` while they are looked for.
    pub fn faces(&self) -> Option<&[FaceFrame]> {
        self.faces.as_deref()
    }

    /// Takes in the faces found. The largest gets the frame, unless that was placed already.
    pub fn set_faces(&mut self, frames: Vec<FaceFrame>) {
        if let Some(&first) = frames.first()
            && !self.frame_is_placed
        {
            self.frame = first;
            self.frame_is_placed = true;
        }
        self.faces = Some(frames);
    }

    /// Frames the found face with this index; a step of undo.
    pub fn pick_face(&mut self, index: usize) {
        let Some(&face) = self.faces().and_then(|faces| faces.get(index)) else { return };
        let before = self.frame;
        self.set_frame(face);
        self.frame_changed(before);
    }

    /// Frames the face after the framed one.
    pub fn pick_next_face(&mut self) {
        let faces = self.faces().unwrap_or_default();
        let framed = faces.iter().position(|face| *face == self.frame);
        if !faces.is_empty() {
            self.pick_face(framed.map_or(0, |index| (index + 1) % faces.len()));
        }
    }

    pub fn fill(&self) -> Option<&Fill> {
        self.current_fill.and_then(|index| self.fills.get(index))
    }

    pub fn fill_mut(&mut self) -> Option<&mut Fill> {
        self.current_fill.and_then(|index| self.fills.get_mut(index))
    }

    /// The fill's place in the document, to recognise it when a background task comes back.
    pub fn fill_index(&self) -> Option<usize> {
        self.current_fill
    }

    pub fn fill_at(&mut self, index: usize) -> Option<&mut Fill> {
        self.fills.get_mut(index)
    }

    /// Whether the shown fill is that of the hole and the frame as they are now.
    pub fn fill_is_current(&self) -> bool {
        self.fill().is_some_and(|fill| fill.mask_id == self.mask_id && fill.frame == self.frame)
    }

    /// Starts a stroke. The whole stroke is one step of undo.
    pub fn begin_stroke(&mut self, stroke: Stroke) -> RectPx {
        let changed = self.edit(Edit::Stroke(stroke));
        self.stroke_open = true;
        changed
    }

    /// Continues the stroke; does nothing when none was begun.
    pub fn extend_stroke(&mut self, point_in_photo: Point) -> RectPx {
        if !self.stroke_open {
            return RectPx::default();
        }
        self.snapshot = None;
        self.history.extend_stroke(point_in_photo)
    }

    pub fn end_stroke(&mut self) {
        self.stroke_open = false;
        self.has_hole = self.look_for_hole();
    }

    pub fn is_stroke_open(&self) -> bool {
        self.stroke_open
    }

    /// Does an edit of the mask.
    pub fn edit(&mut self, edit: Edit) -> RectPx {
        self.stroke_open = false;
        let changed = self.history.push(edit);
        let step = Step::Mask { before: self.mask_id, after: self.next_mask_id };
        self.mask_id = self.next_mask_id;
        self.next_mask_id += 1;
        self.push(step);
        self.has_hole = self.look_for_hole();
        changed
    }

    /// While a handle is dragged: not a step of undo.
    pub fn set_frame(&mut self, frame: FaceFrame) {
        self.frame_is_placed = true;
        self.frame_before_drag.get_or_insert(self.frame);
        self.frame = frame;
    }

    /// The drag of a handle ended.
    pub fn frame_changed(&mut self, before: FaceFrame) {
        self.frame_before_drag = None;
        if before != self.frame {
            self.push(Step::Frame { before, after: self.frame });
        }
    }

    /// Takes back a stroke or a move of the frame that has not ended, for good. Answers the part of the mask to draw
    /// again.
    pub fn cancel_drag(&mut self) -> Option<RectPx> {
        if let Some(before) = self.frame_before_drag.take() {
            self.frame = before;
        }
        if !self.stroke_open {
            return None;
        }
        let change = self.undo()?;
        self.redo.clear();
        change.hole
    }

    /// Shows a new fill.
    pub fn add_fill(&mut self, fill: Fill) {
        let before = self.current_fill;
        self.fills.push(fill);
        self.current_fill = Some(self.fills.len() - 1);
        self.push(Step::Fill { before, after: self.current_fill });
    }

    /// Chooses how the shown fill looks. Answers whether that is new.
    pub fn set_look(&mut self, change: impl FnOnce(&mut Look)) -> bool {
        let Some(fill) = self.fill_mut() else { return false };
        let before = fill.look;
        change(&mut fill.look);
        fill.look.candidate = fill.look.candidate.min(fill.outcome.candidates.len().saturating_sub(1));
        let changed = fill.look != before;
        if changed {
            self.revision += 1;
        }
        changed
    }

    /// Takes the newest step back.
    pub fn undo(&mut self) -> Option<Change> {
        self.end_stroke();
        let step = self.undo.pop()?;
        self.redo.push(step);
        self.revision += 1;
        Some(match step {
            Step::Mask { before, .. } => {
                let hole = self.history.undo();
                self.mask_moved_to(before, hole)
            }
            Step::Frame { before, .. } => self.frame_moved_to(before),
            Step::Fill { before, .. } => self.fill_moved_to(before),
        })
    }

    /// Does the newest step that was taken back again.
    pub fn redo(&mut self) -> Option<Change> {
        self.end_stroke();
        let step = self.redo.pop()?;
        self.undo.push(step);
        self.revision += 1;
        Some(match step {
            Step::Mask { after, .. } => {
                let hole = self.history.redo();
                self.mask_moved_to(after, hole)
            }
            Step::Frame { after, .. } => self.frame_moved_to(after),
            Step::Fill { after, .. } => self.fill_moved_to(after),
        })
    }

    /// What undo would take back, for its tooltip.
    pub fn undo_name(&self) -> Option<&'static str> {
        self.undo.last().map(Step::name)
    }

    /// What redo would bring back.
    pub fn redo_name(&self) -> Option<&'static str> {
        self.redo.last().map(Step::name)
    }

    /// Counts changes that are worth saving.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What the document was at `revision` is in a file now.
    pub fn mark_saved(&mut self, revision: u64) {
        self.saved_revision = revision;
    }

    /// Whether closing would lose a fill or strokes.
    pub fn is_unsaved(&self) -> bool {
        let has_work = self.mask_id != 0 || self.current_fill.is_some();
        has_work && self.revision != self.saved_revision
    }

    /// The name offered when exporting: beside the photo, `NAME-filled.png`.
    pub fn suggested_export(&self) -> PathBuf {
        self.beside(&format!("{}-filled.png", self.name))
    }

    /// The name offered when saving the mask.
    pub fn suggested_mask(&self) -> PathBuf {
        self.beside(&format!("{}-mask.png", self.name))
    }

    fn beside(&self, file_name: &str) -> PathBuf {
        let folder = self.photo.source.as_deref().and_then(std::path::Path::parent);
        folder.map_or_else(|| PathBuf::from(file_name), |folder| folder.join(file_name))
    }

    fn push(&mut self, step: Step) {
        self.undo.push(step);
        self.redo.clear();
        self.revision += 1;
    }

    fn look_for_hole(&self) -> bool {
        self.history.mask().pixels().contains(&Mask::HOLE)
    }

    fn mask_moved_to(&mut self, id: MaskId, hole: Option<RectPx>) -> Change {
        self.mask_id = id;
        self.has_hole = self.look_for_hole();
        Change { hole, fill: false }
    }

    fn frame_moved_to(&mut self, frame: FaceFrame) -> Change {
        self.frame = frame;
        Change { hole: None, fill: false }
    }

    fn fill_moved_to(&mut self, index: Option<usize>) -> Change {
        // A full-size patch of a large photo is large: only the shown fill keeps one.
        if let Some(fill) = self.fill_mut() {
            (fill.patch, fill.composed, fill.requested) = (None, None, None);
        }
        self.current_fill = index;
        Change { hole: None, fill: true }
    }
}

impl Step {
    fn name(&self) -> &'static str {
        match self {
            Self::Mask { .. } => "painting",
            Self::Frame { .. } => "moving the face frame",
            Self::Fill { .. } => "the fill",
        }
    }
}
