//! One photo of a batch.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::language::t;
use crate::app::tasks::file_name;

/// Side of the small pictures.
pub const THUMBNAIL_PX: u32 = 192;

/// One photo of a batch.
pub struct BatchPhoto {
    pub path: PathBuf,
    pub state: PhotoState,
    /// The shown candidate, counted from the best.
    pub rank: usize,
    /// The user does not want it exported.
    pub is_excluded: bool,
    /// It was exported with the shown candidate.
    pub is_exported: bool,
}

/// What has become of a photo.
pub enum PhotoState {
    Waiting,
    /// With the finished share of its searches, 0 to 1.
    Running(f32),
    Done(KeptFill),
    /// With what to tell the user.
    Failed(String),
}

/// A finished fill, and its small pictures as JPEG.
#[derive(Clone)]
pub struct KeptFill {
    /// The project file.
    pub project: PathBuf,
    pub before: Arc<Vec<u8>>,
    /// For each candidate, the best first.
    pub after: Vec<Arc<Vec<u8>>>,
    pub face_count: usize,
    /// A doubt about the fill.
    pub warning: Option<String>,
}

impl BatchPhoto {
    pub fn new(path: PathBuf) -> Self {
        Self { path, state: PhotoState::Waiting, rank: 0, is_excluded: false, is_exported: false }
    }

    pub fn name(&self) -> String {
        file_name(&self.path)
    }

    pub fn kept_fill(&self) -> Option<&KeptFill> {
        match &self.state {
            PhotoState::Done(fill) => Some(fill),
            _ => None,
        }
    }

    /// Number of candidates to choose from.
    pub fn candidate_count(&self) -> usize {
        self.kept_fill().map_or(0, |fill| fill.after.len())
    }

    /// Whether it is filled, and not excluded.
    pub fn is_to_export(&self) -> bool {
        self.kept_fill().is_some() && !self.is_excluded
    }

    /// Its state in a few words.
    pub fn state_text(&self) -> String {
        match &self.state {
            PhotoState::Waiting => t!("Waiting").to_owned(),
            PhotoState::Running(share) => t!("Filling, {percent} %", percent = format!("{:.0}", share * 100.0)),
            PhotoState::Failed(_) => t!("Failed").to_owned(),
            PhotoState::Done(_) if self.is_excluded => t!("Excluded from the export").to_owned(),
            PhotoState::Done(fill) => {
                let exported = if self.is_exported { t!(", exported") } else { "" };
                let shown = t!("Candidate {number} of {count}", number = self.rank + 1, count = fill.after.len());
                format!("{shown}{exported}")
            }
        }
    }
}
