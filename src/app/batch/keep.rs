//! Keeps a finished fill of a batch as a project file, and reads it again.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, imageops};

use super::batch_photo::{KeptFill, THUMBNAIL_PX};
use crate::app::document::DocumentFace;
use crate::app::preferences::Preferences;
use crate::app::tasks::{OpenedProject, open_project};
use crate::face::crop;
use crate::fs::Overwrite;
use crate::geometry::FaceFrame;
use crate::job::{CropPreview, FillRecord};
use crate::mask::Mask;
use crate::photo::Photo;
use crate::project::{self, ModelReference, PhotoOrigin, PhotoReference, Project, ProjectFace, ProjectFill};
use crate::restore::ImageTask;

/// Quality of the small pictures.
const THUMBNAIL_QUALITY: u8 = 90;
/// Most faces in a small picture.
const MAX_SHOWN_FACES: usize = 4;

/// A fill that has just finished.
pub(super) struct FinishedFill {
    pub photo: Arc<Photo>,
    pub origin: PhotoOrigin,
    pub hole: Mask,
    pub faces: Vec<DocumentFace>,
    /// Hole pixels that no face fills.
    pub rest_px: usize,
}

impl FinishedFill {
    /// Writes the project file, and draws the small pictures.
    pub(super) fn keep(&self, path: PathBuf, preferences: &Preferences) -> anyhow::Result<KeptFill> {
        project::save(&path, &self.project(preferences), Overwrite::Allow)?;
        let faces = self.faces.get(..MAX_SHOWN_FACES).unwrap_or(&self.faces);
        let candidates = faces.iter().map(|face| face.record().outcome.candidates.len()).min().unwrap_or(0);
        let no_hole = Mask::empty(self.photo.width(), self.photo.height());
        let (mut before, mut after) = (Vec::new(), vec![Vec::new(); candidates]);
        for face in faces {
            let FillRecord { frame, outcome, look, .. } = face.record();
            let crop = crop(&self.photo, &no_hole, frame, THUMBNAIL_PX)?;
            let pixels = RgbImage::from_raw(THUMBNAIL_PX, THUMBNAIL_PX, crop.to_rgb8());
            before.push(pixels.context("the crop has another size")?);
            let preview = CropPreview::new(&self.photo, &self.hole, frame, look.blend.mode, THUMBNAIL_PX)?;
            for (pictures, index) in after.iter_mut().zip(outcome.ranked_candidates()) {
                let candidate = outcome.candidates.get(index).context("a candidate is missing")?;
                pictures.push(image::DynamicImage::ImageRgba8(preview.render(&candidate.picture)).into_rgb8());
            }
        }
        Ok(KeptFill {
            project: path,
            before: encoded(&before)?,
            after: after.iter().map(|pictures| encoded(pictures)).collect::<Result<_, _>>()?,
            face_count: self.faces.len(),
            warning: self.warning(),
        })
    }

    fn warning(&self) -> Option<String> {
        let of_fit = self.faces.iter().find_map(|face| face.record().outcome.fit_warning());
        let of_rest = (self.rest_px > 0).then(|| "A part of the hole lies in no face and stayed as it was".to_owned());
        of_fit.map(|warning| warning.message).or(of_rest)
    }

    fn project(&self, preferences: &Preferences) -> Project {
        let &Preferences { preset, settings, blend, device, .. } = preferences;
        let sha256 = self.faces.first().map(|face| face.record().outcome.model.sha256.clone());
        let face =
            |face: &DocumentFace| ProjectFace { fill: face.fill.clone(), loss_curves: face.loss_history.points() };
        let (width_px, height_px) = (self.photo.width(), self.photo.height());
        let whole_photo = FaceFrame::centered(width_px, height_px);
        Project {
            photo: PhotoReference { origin: self.origin.clone(), width_px, height_px, prepared_for: ImageTask::Fill },
            mask: self.hole.clone(),
            frame: self.faces.first().map_or(whole_photo, |face| face.record().frame),
            frame_is_placed: true,
            frame_is_by_hand: false,
            preset,
            settings,
            blend,
            model: ModelReference { choice: preferences.model.clone(), sha256 },
            device,
            fill: Some(ProjectFill {
                hole: self.hole.clone(),
                faces: self.faces.iter().map(face).collect(),
                selected: 0,
            }),
            saved_as: None,
        }
    }
}

/// Faces side by side as one JPEG.
fn encoded(faces: &[RgbImage]) -> anyhow::Result<Arc<Vec<u8>>> {
    let columns = u32::from(faces.len() > 1) + 1;
    let side = THUMBNAIL_PX / columns;
    let mut sheet = RgbImage::new(THUMBNAIL_PX, THUMBNAIL_PX);
    for (index, face) in (0..).zip(faces) {
        let face = if columns > 1 { imageops::thumbnail(face, side, side) } else { face.clone() };
        imageops::replace(&mut sheet, &face, (index % columns * side).into(), (index / columns * side).into());
    }
    let mut jpeg = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut jpeg, THUMBNAIL_QUALITY).encode_image(&sheet)?;
    Ok(Arc::new(jpeg.into_inner()))
}

/// Shows the candidate of this rank of each face.
pub(super) fn choose_rank(fill: &mut ProjectFill, rank: usize) {
    for face in &mut fill.faces {
        let record = &mut face.fill.record;
        if let Some(&index) = record.outcome.ranked_candidates().get(rank) {
            record.look.candidate = index;
        }
    }
}

/// Opens a kept fill in the editor, with the candidate of this rank.
///
/// # Errors
/// When the kept fill or its photo is gone.
pub fn open_kept_fill(path: &Path, rank: usize) -> anyhow::Result<OpenedProject> {
    let mut kept = project::open(path)?;
    if let Some(fill) = &mut kept.fill {
        choose_rank(fill, rank);
    }
    project::save(path, &kept, Overwrite::Allow)?;
    open_project(path.to_owned(), true)
}
