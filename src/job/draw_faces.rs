//! Draws generated faces from latents, without a photo, a hole or a search.

use std::sync::Arc;

use super::{FillError, NetworkCache};
use crate::catch_panic::catch_panic;
use crate::device::DeviceChoice;
use crate::explore;
use crate::face_picture::FacePicture;
use crate::model::ModelChoice;
use crate::model::cpu::CpuActivations;

/// Identifies a request for faces, so that an answer can be matched to it.
pub type FacesId = u64;

/// A request to draw faces in one batch.
#[derive(Clone, Debug)]
pub struct FacesRequest {
    /// Each of the model's latent length.
    pub latents: Vec<Vec<f32>>,
    pub model: ModelChoice,
    pub device: DeviceChoice,
}

/// The drawn faces.
#[derive(Clone, Debug)]
pub struct GeneratedFaces {
    pub id: FacesId,
    /// One for each latent, in the same order.
    pub pictures: Vec<Arc<FacePicture>>,
}

/// Draws faces with the networks that are loaded for fills.
///
/// # Errors
/// When the model cannot be loaded, or a latent has another length than the model's.
pub(super) fn draw_faces(
    cache: &mut NetworkCache,
    activations: &mut CpuActivations,
    id: FacesId,
    request: &FacesRequest,
) -> Result<GeneratedFaces, FillError> {
    let model = cache.model_info(&request.model)?;
    if request.latents.iter().any(|latent| latent.len() != model.latent_dim) {
        return Err(FillError::StartLatents { model: model.name });
    }
    let (device, networks) = cache.networks(request.device, &request.model)?;
    let generate = |batch, latents: &[f32]| networks.generate(batch, latents, activations);
    let draw = || explore::draw_in_batches(model.image_size_px, &request.latents, generate);
    let pictures = catch_panic(draw).map_err(|reason| {
        *activations = CpuActivations::default();
        cache.drop_networks();
        FillError::DeviceFailed { device: device.name, reason }
    })?;
    Ok(GeneratedFaces { id, pictures })
}
