//! Exports how a search went: the photo with the fill of each iteration, as an animation or as pictures.

use std::sync::Arc;

use image::DynamicImage;

use super::{FaceFill, FillError, FillRecord, FrameOutputs, FramePlace, FrameRecorder, NetworkCache};
use crate::blend::filled_pixels;
use crate::device::DeviceChoice;
use crate::explore;
use crate::fs::Overwrite;
use crate::model::ModelChoice;
use crate::model::cpu::CpuActivations;
use crate::photo::Photo;

/// Most iterations in an animation: about twenty seconds.
const MAX_ANIMATED: usize = 240;
/// Iterations that are drawn together.
const BATCH: usize = 16;

/// Writes the iterations of one candidate's search, and at the end `result`, the filled photo. Pictures show every
/// iteration, animations evenly spaced ones if there are many. Returns the number of iterations.
///
/// They are drawn on the CPU, whatever the device of the fill, so that this neither waits for a fill nor disturbs one.
///
/// # Errors
/// When the fill has no iterations, the model cannot be loaded, or a file cannot be written.
pub fn export_search(
    photo: &Arc<Photo>,
    face: &FaceFill,
    candidate: usize,
    model: &ModelChoice,
    result: &DynamicImage,
    outputs: &FrameOutputs,
    overwrite: Overwrite,
) -> anyhow::Result<usize> {
    let FaceFill { record: FillRecord { frame, outcome, look, .. }, part: hole, .. } = face;
    let history = &outcome.latent_history;
    let most = if outputs.folder.is_some() { usize::MAX } else { MAX_ANIMATED };
    let numbers: Vec<u32> = history.numbers().step_by(history.len().div_ceil(most).max(1)).collect();
    let mut networks = NetworkCache::default();
    let info = networks.model_info(model)?;
    let (_, networks) = networks.networks(DeviceChoice::Cpu, model)?;
    let part = filled_pixels(hole, frame, 0);
    let place = FramePlace { photo, hole, part: &part, frame, blend: look.blend };
    let mut recorder = FrameRecorder::new(&place, outputs, overwrite)?;
    let mut activations = CpuActivations::default();
    for numbers in numbers.chunks(BATCH) {
        let latents: Option<Vec<Vec<f32>>> =
            numbers.iter().map(|number| Some(history.latent(*number, candidate)?.to_vec())).collect();
        let latents = latents.filter(|latents| latents.iter().all(|latent| latent.len() == info.latent_dim));
        let latents = latents.ok_or_else(|| FillError::StartLatents { model: info.name.clone() })?;
        let draw = |batch, latents: &[f32]| networks.generate(batch, latents, &mut activations);
        let pictures = explore::draw_in_batches(info.image_size_px, &latents, draw);
        for (number, picture) in numbers.iter().zip(pictures) {
            recorder.record(*number, &picture)?;
        }
    }
    recorder.finish(history.last() + 1, result)?;
    Ok(numbers.len())
}
