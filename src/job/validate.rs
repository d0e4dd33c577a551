//! Checks a fill request before the search starts.

use super::{FillError, FillRequest};
use crate::face::crop;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::model::{ModelInfo, Networks};
use crate::search::{SearchProblem, Starts};

/// Builds the search problem: crops the photo and checks the hole.
pub(super) fn search_problem(request: &FillRequest, hole: &Mask, size_px: u32) -> Result<SearchProblem, FillError> {
    let crop = crop(&request.photo, hole, &request.frame, size_px)?;
    check_hole(request, hole)?;
    #[expect(clippy::cast_precision_loss, reason = "crops are at most some hundred pixels wide")]
    let photo_px_per_crop_px = request.frame.side_px / size_px as f32;
    let task = request.settings.task;
    Ok(SearchProblem::of_task(task, size_px as usize, &crop.pixels, &crop.known, photo_px_per_crop_px))
}

/// Checks that a part of the hole lies in the frame. A face is restored with and without a hole.
pub(super) fn check_hole(request: &FillRequest, hole: &Mask) -> Result<(), FillError> {
    if !request.settings.task.is_fill() {
        return Ok(());
    }
    if hole.is_empty() {
        return Err(FillError::EmptyHole);
    }
    if has_hole_in_frame(hole, &request.frame) { Ok(()) } else { Err(FillError::HoleOutsideFrame) }
}

/// Whether a hole pixel has its centre in the frame.
pub(super) fn has_hole_in_frame(hole: &Mask, frame: &FaceFrame) -> bool {
    let bounds = frame.bounds_in_photo(hole.width(), hole.height());
    #[expect(clippy::cast_precision_loss, reason = "photo sides are far below 2^24")]
    let is_filled = |x: u32, y: u32| hole.is_hole(x, y) && frame.contains([x as f32 + 0.5, y as f32 + 0.5]);
    let columns = bounds.x..bounds.right();
    let mut rows = (bounds.y..bounds.bottom()).filter(|y| hole.row_has_hole(*y, columns.clone()));
    rows.any(|y| columns.clone().any(|x| is_filled(x, y)))
}

/// Checks that the start latents fit the model and the settings, and that the model has the directions of an edit.
pub(super) fn check_start_latents(request: &FillRequest, model: &ModelInfo) -> Result<(), FillError> {
    if !request.start.fits(&request.settings, model.latent_dim) {
        return Err(FillError::StartLatents { model: model.name.clone() });
    }
    let edit = request.start.edit();
    let mut names = edit.iter().flat_map(|edit| edit.amounts.keys());
    match names.find(|name| model.direction_names().all(|known| known != *name)) {
        Some(name) => {
            let known = model.direction_names().map(str::to_string).collect();
            Err(FillError::UnknownDirection { model: model.name.clone(), name: name.clone(), known })
        }
        None => Ok(()),
    }
}

/// Notes for the user before the search starts.
pub(super) fn start_notes(request: &FillRequest, networks: &Networks, problem: &SearchProblem) -> Vec<String> {
    let mut notes = Vec::new();
    if !networks.info.has_discriminator && request.settings.lambda > 0.0 {
        notes.push("This model has no discriminator: the prior loss is off".to_string());
    }
    if !networks.info.has_encoder && request.settings.starts == Starts::Encoder && request.start.is_from_settings() {
        notes.push("This model has no encoder: the search starts from the prior".to_string());
    }
    if problem.known.iter().all(|&known| known == 0.0) {
        notes.push("No known pixels are left in the frame: the fill can be any plausible face".to_string());
    }
    notes
}
