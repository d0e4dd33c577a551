//! The photo, the hole and the fill that the figures are about: the open ones, or a bundled portrait.

use std::sync::Arc;

use crate::app::document::{DocumentFace, PhotoDocument};
use crate::app::preferences::Preferences;
use crate::app::sample_portraits::SamplePortrait;
use crate::blend::Blend;
use crate::explain::{FinishedSearch, Subject};
use crate::face::template_landmarks;
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::job::{FillRecord, LatentHistory};
use crate::mask::{FaceRegion, Mask};
use crate::model::ModelChoice;
use crate::photo::Photo;
use crate::restore::ImageTask;
use crate::search::Settings;

/// What a subject depends on. Two that are equal have the same figures.
#[derive(Clone)]
pub struct SubjectSource {
    photo: Option<Arc<Photo>>,
    hole: Mask,
    frame: FaceFrame,
    settings: Settings,
    blend: Blend,
    model: ModelChoice,
    /// The picture of the shown candidate, which identifies the fill.
    candidate: Option<Arc<FacePicture>>,
}

impl PartialEq for SubjectSource {
    fn eq(&self, other: &Self) -> bool {
        fn is_same<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
            a.map(Arc::as_ptr) == b.map(Arc::as_ptr)
        }
        is_same(self.photo.as_ref(), other.photo.as_ref())
            && is_same(self.candidate.as_ref(), other.candidate.as_ref())
            && (self.frame, self.settings, self.blend) == (other.frame, other.settings, other.blend)
            && self.model == other.model
            && self.hole == other.hole
    }
}

impl SubjectSource {
    pub fn of(document: Option<&PhotoDocument>, preferences: &Preferences) -> Self {
        let (model, blend) = (preferences.model.clone(), preferences.blend);
        let settings = Settings { task: ImageTask::Fill, ..preferences.settings };
        let Some(document) = document else {
            let frame = FaceFrame::centered(1, 1);
            return Self { photo: None, hole: Mask::empty(0, 0), frame, settings, blend, model, candidate: None };
        };
        let photo = Some(Arc::clone(&document.photo));
        match shown_fill(document) {
            Some(record) => Self {
                photo,
                hole: record.hole.clone(),
                frame: record.frame,
                settings: record.outcome.settings,
                blend: record.look.blend,
                model,
                candidate: record.shown_candidate().map(|candidate| Arc::clone(&candidate.picture)),
            },
            None => Self {
                photo,
                hole: document.mask().clone(),
                frame: document.face_frame(),
                settings,
                blend,
                model,
                candidate: None,
            },
        }
    }

    /// The subject.
    pub fn subject(&self, document: Option<&PhotoDocument>) -> SubjectInput {
        let Self { frame, settings, blend, .. } = *self;
        let Some(photo) = self.photo.clone() else { return SubjectInput::Portrait { settings, blend } };
        let fill = document.and_then(shown_fill).and_then(finished_search);
        let is_example = self.hole.is_empty();
        let hole = if is_example { mouth(&photo, &self.frame) } else { self.hole.clone() };
        SubjectInput::Open(Arc::new(Subject { photo, hole, is_example, frame, settings, blend, fill }))
    }
}

/// A subject, or the bundled portrait, which is decoded where it is needed.
#[derive(Clone)]
pub enum SubjectInput {
    Open(Arc<Subject>),
    Portrait { settings: Settings, blend: Blend },
}

impl SubjectInput {
    pub fn has_fill(&self) -> bool {
        matches!(self, Self::Open(subject) if subject.fill.is_some())
    }

    /// The subject.
    pub fn resolve(&self) -> anyhow::Result<Arc<Subject>> {
        match self {
            Self::Open(subject) => Ok(Arc::clone(subject)),
            Self::Portrait { settings, blend } => Ok(Arc::new(portrait_subject(*settings, *blend)?)),
        }
    }
}

/// The bundled portrait that stands in for an open photo.
pub const PORTRAIT: SamplePortrait = SamplePortrait::Astronaut;

/// That portrait, with its mouth as the hole.
///
/// # Errors
/// None in practice: the portrait is part of the program.
pub fn portrait_subject(settings: Settings, blend: Blend) -> anyhow::Result<Subject> {
    let photo = Photo::from_pixels(image::load_from_memory(PORTRAIT.image_bytes())?);
    let frame = PORTRAIT.face_frame();
    let hole = mouth(&photo, &frame);
    Ok(Subject { photo: Arc::new(photo), hole, is_example: true, frame, settings, blend, fill: None })
}

/// The shown fill, unless it is one of another task.
fn shown_fill(document: &PhotoDocument) -> Option<&FillRecord> {
    document.shown_face().map(DocumentFace::record).filter(|record| record.task().is_fill())
}

/// The way of the shown candidate. One that was mixed has only its latent.
fn finished_search(record: &FillRecord) -> Option<FinishedSearch> {
    let candidate = record.shown_candidate()?;
    let history: &LatentHistory = &record.outcome.latent_history;
    let latent = |number: u32| Some((number, history.latent(number, record.look.candidate)?.to_vec()));
    let iterations = if candidate.is_mix { Vec::new() } else { history.numbers().filter_map(latent).collect() };
    Some(FinishedSearch {
        model_sha256: record.outcome.model.sha256.clone(),
        result: candidate.latent.clone(),
        iterations,
    })
}

/// The mouth of the face in a frame.
fn mouth(photo: &Photo, frame: &FaceFrame) -> Mask {
    FaceRegion::Mouth.hole_in_photo(photo.width(), photo.height(), &template_landmarks(frame))
}
