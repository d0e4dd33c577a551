//! One photo and the work on it: hole, face frame, fill results, and one undo over all of them.
//!
//! What would surprise: the state of the mask has an identity ([`MaskId`]) that undo brings back, so that a fill is
//! recognised as the fill of this very hole without comparing pixels.
//!
//! | file | what |
//! | --- | --- |
//! | `mod` | the photo, its hole, and whether there is something to save |
//! | `frame` | the face frame and the faces it can be put on |
//! | `reach` | whether the paint lies in the frame |
//! | `fill` | finished fills, and which one is shown how |
//! | `undo` | the steps |
//! | `project` | all of it as a project, and back |

mod fill;
mod frame;
mod project;
mod reach;
mod undo;

pub use fill::{Fill, Look};
pub use reach::HoleReach;
pub use undo::Change;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use undo::Step;

use crate::face::FaceFrame;
use crate::mask::{Edit, History, Mask, Stroke, StrokeKind};
use crate::photo::{Photo, Point, RectPx};
use crate::project::PhotoOrigin;

/// Names one state of the mask. 0 is the empty one.
pub type MaskId = u64;

/// The photo and everything the user did to it.
pub struct Document {
    pub photo: Arc<Photo>,
    /// For titles and suggested file names, without extension.
    pub name: String,
    origin: PhotoOrigin,
    /// The project file, once there is one.
    project_path: Option<PathBuf>,
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
    reach: Cell<Option<reach::Known>>,
    /// The kind of stroke that is being drawn.
    open_stroke: Option<StrokeKind>,
    /// The frame before the drag that goes on.
    frame_before_drag: Option<FaceFrame>,
    revision: u64,
    /// In an exported picture or a project.
    saved_revision: u64,
    /// In a project.
    project_revision: u64,
}

impl Document {
    /// Nothing painted yet.
    pub fn new(photo: Arc<Photo>, name: String, frame: Option<FaceFrame>, origin: PhotoOrigin) -> Self {
        let (width, height) = (photo.width(), photo.height());
        Self {
            history: History::new(width, height),
            frame: frame.unwrap_or_else(|| FaceFrame::centered(width, height)),
            frame_is_placed: false,
            faces: None,
            photo,
            name,
            origin,
            project_path: None,
            fills: Vec::new(),
            current_fill: None,
            undo: Vec::new(),
            redo: Vec::new(),
            mask_id: 0,
            next_mask_id: 1,
            snapshot: None,
            has_hole: false,
            reach: Cell::new(None),
            open_stroke: None,
            frame_before_drag: None,
            revision: 0,
            saved_revision: 0,
            project_revision: 0,
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

    /// Starts a stroke. The whole stroke is one step of undo.
    pub fn begin_stroke(&mut self, stroke: Stroke) -> RectPx {
        let kind = stroke.kind;
        let changed = self.edit(Edit::Stroke(stroke));
        self.open_stroke = Some(kind);
        changed
    }

    /// Continues the stroke; does nothing when none was begun.
    pub fn extend_stroke(&mut self, point_in_photo: Point) -> RectPx {
        if self.open_stroke.is_none() {
            return RectPx::default();
        }
        self.snapshot = None;
        self.revision += 1;
        self.history.extend_stroke(point_in_photo)
    }

    pub fn end_stroke(&mut self) {
        self.open_stroke = None;
        self.has_hole = self.look_for_hole();
        self.reach.set(None);
    }

    pub fn is_stroke_open(&self) -> bool {
        self.open_stroke.is_some()
    }

    /// Whether paint is being taken away right now.
    pub fn is_erasing(&self) -> bool {
        self.open_stroke == Some(StrokeKind::Erase)
    }

    /// Whether a stroke or a move of the frame goes on.
    pub fn is_drag_open(&self) -> bool {
        self.open_stroke.is_some() || self.frame_before_drag.is_some()
    }

    /// Does an edit of the mask.
    pub fn edit(&mut self, edit: Edit) -> RectPx {
        self.open_stroke = None;
        let changed = self.history.push(edit);
        let step = Step::Mask { before: self.mask_id, after: self.next_mask_id };
        self.mask_id = self.next_mask_id;
        self.next_mask_id += 1;
        self.push(step);
        self.has_hole = self.look_for_hole();
        changed
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
        self.has_work() && self.revision != self.saved_revision
    }

    fn has_work(&self) -> bool {
        self.mask_id != 0 || self.current_fill.is_some()
    }

    /// The name offered when exporting: beside the photo, `NAME-filled.png`.
    pub fn suggested_export(&self) -> PathBuf {
        self.beside(&format!("{}-filled.png", self.name))
    }

    /// The name offered when exporting the fill alone.
    pub fn suggested_layer(&self) -> PathBuf {
        self.beside(&format!("{}-layer.png", self.name))
    }

    /// The name offered when saving the mask.
    pub fn suggested_mask(&self) -> PathBuf {
        self.beside(&format!("{}-mask.png", self.name))
    }

    fn beside(&self, file_name: &str) -> PathBuf {
        let folder = self.photo.source.as_deref().and_then(std::path::Path::parent);
        folder.map_or_else(|| PathBuf::from(file_name), |folder| folder.join(file_name))
    }

    fn look_for_hole(&self) -> bool {
        self.history.mask().pixels().contains(&Mask::HOLE)
    }
}
