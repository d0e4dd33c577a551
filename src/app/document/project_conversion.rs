//! Converts a document to a project and back.
//!
//! A project holds only the current mask and the shown fill, each of which becomes one undo step. Earlier strokes and
//! fills are not in the file.

use std::path::PathBuf;
use std::sync::Arc;

use super::frame_edits::FramePlacement;
use super::{DocumentFace, DocumentFill, PhotoDocument};
use crate::app::latest::Latest;
use crate::app::loss_history::LossHistory;
use crate::app::preferences::Preferences;
use crate::mask::MaskEdit;
use crate::photo::Photo;
use crate::project::{ModelReference, PhotoOrigin, PhotoReference, Project, ProjectFace, ProjectFill};

impl PhotoDocument {
    /// The document as a project.
    pub fn make_project(&self, preferences: &Preferences, model_sha256: Option<String>) -> Project {
        Project {
            photo: PhotoReference {
                origin: self.origin.clone(),
                width_px: self.photo.width(),
                height_px: self.photo.height(),
            },
            mask: self.mask.clone(),
            frame: self.face_frame(),
            // Face detection after loading must not move the frame away from a fill.
            frame_is_placed: self.is_frame_placed || self.shown_fill.is_some(),
            frame_is_by_hand: self.placed_frame.placement != FramePlacement::Automatic,
            preset: preferences.preset,
            settings: preferences.settings,
            blend: preferences.blend,
            model: ModelReference { choice: preferences.model.clone(), sha256: model_sha256 },
            device: preferences.device,
            fill: self.shown_fill().map(to_project),
            saved_as: self.project_path.clone(),
        }
    }

    /// Creates a document from a project. It counts as saved until it is marked otherwise.
    pub fn from_project(photo: Arc<Photo>, name: String, origin: PhotoOrigin, project: &Project) -> Self {
        let mut document = Self::new(photo, name, Some(project.frame), origin);
        document.is_frame_placed = project.frame_is_placed;
        if !project.mask.is_blank() {
            document.edit_mask(&MaskEdit::Replace(project.mask.clone()));
        }
        if project.frame_is_by_hand {
            document.placed_frame.placement = FramePlacement::Hand;
        } else {
            // Until the mask changes, the frame is the saved one.
            document.set_up_to_date_frame(project.frame);
        }
        if let Some(fill) = &project.fill {
            document.add_fill(from_project(fill));
        }
        document.saved_revision = document.revision;
        document.project_revision = document.revision;
        document
    }

    /// The project file; `None` until the project is saved.
    pub fn project_path(&self) -> Option<&std::path::Path> {
        self.project_path.as_deref()
    }

    /// Hash of the project file as this window read or wrote it; `None` when unknown.
    pub fn project_hash(&self) -> Option<&str> {
        self.project_hash.as_deref()
    }

    /// Records that the document was saved to this project file, with this hash, as of `revision`.
    pub fn mark_project_saved(&mut self, path: PathBuf, hash: Option<String>, revision: u64) {
        (self.project_path, self.project_hash) = (Some(path), hash);
        (self.saved_revision, self.project_revision) = (revision, revision);
    }

    /// Marks a document recovered after a crash as unsaved. `project_path` holds an older state, if any, with this hash.
    pub fn mark_recovered(&mut self, project_path: Option<PathBuf>, hash: Option<String>) {
        (self.project_path, self.project_hash) = (project_path, hash);
        self.revision += 1;
    }

    /// Marks the unsaved changes as not worth saving.
    pub fn discard_changes(&mut self) {
        (self.saved_revision, self.project_revision) = (self.revision, self.revision);
    }

    /// Whether there is work that is not in the project file, even if it was exported.
    pub fn has_changes_since_project_save(&self) -> bool {
        self.has_work() && self.revision != self.project_revision
    }

    /// The suggested path for saving the project: its current file, or else a new file in the photo's folder.
    pub fn suggested_project_path(&self) -> PathBuf {
        let new_path = || self.path_beside_photo(&format!("{}.{}", self.name, crate::project::PROJECT_EXTENSION));
        self.project_path.clone().unwrap_or_else(new_path)
    }
}

fn to_project(fill: &DocumentFill) -> ProjectFill {
    let face = |face: &DocumentFace| ProjectFace { fill: face.fill.clone(), loss_curves: face.loss_history.points() };
    ProjectFill { hole: fill.hole.clone(), faces: fill.faces.iter().map(face).collect(), selected: fill.selected }
}

fn from_project(fill: &ProjectFill) -> DocumentFill {
    let face = |face: &ProjectFace| {
        let loss_history = LossHistory::from_points(face.loss_curves.clone());
        DocumentFace { fill: face.fill.clone(), loss_history }
    };
    let faces = fill.faces.iter().map(face).collect();
    let (hole, composition) = (fill.hole.clone(), Latest::default());
    DocumentFill { hole, faces, selected: fill.selected, composition, branch: None }
}
