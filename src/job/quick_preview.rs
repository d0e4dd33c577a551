//! Quick previews in the photo: the encoder's first guess, the picture of one latent, or an edited face.
//!
//! A quick preview is a fill of one iteration, or of the few steps of an edit, so its picture and losses equal those of a
//! search. The composer is
//! cached, because a mix is drawn many times for the same hole. The completion network redraws the first guess, but not
//! a mix, whose picture must keep up with a slider.

use std::sync::Arc;

use super::{
    Candidate, FillComposer, FillError, FillPlace, FillRequest, NetworkCache, SearchStart, picture_to_blend, validate,
};
use crate::blend::{Blend, FillPatch};
use crate::catch_panic::catch_panic;
use crate::search::{Search, Settings, Starts};

/// Identifies a request for a quick preview, so that an answer can be matched to it.
pub type QuickPreviewId = u64;

/// Longest side of a preview. The generator's own picture has 64 to 256 pixels. Holes up to this size are drawn at full
/// size and with detail.
pub(super) const MAX_PREVIEW_SIDE_PX: u32 = 384;

/// A quick preview.
#[derive(Clone, Debug)]
pub struct QuickPreview {
    pub id: QuickPreviewId,
    /// The drawn latent. Its losses are those of a fill with the request's settings.
    pub candidate: Candidate,
    /// The picture blended into the photo.
    pub patch: Arc<FillPatch>,
}

impl FillRequest {
    /// A request to draw the encoder's guess for the same hole, without a search.
    #[must_use]
    pub fn into_first_guess(self) -> Self {
        let settings = Settings { starts: Starts::Encoder, ..self.settings.without_search() };
        Self { settings, start: SearchStart::FromSettings, ..self }
    }

    /// A request to draw one latent in the same hole, without a search.
    #[must_use]
    pub fn into_latent_drawing(self, latent: Vec<f32>) -> Self {
        Self { settings: self.settings.without_search(), start: SearchStart::At(latent), ..self }
    }
}

/// The composer of the newest place.
pub(super) type ComposerCache = Option<(FillPlace, FillComposer)>;

/// Draws a request of few iterations. `None` when it asks for the encoder's guess and the model has no encoder.
///
/// # Errors
/// The same as for a fill.
pub(super) fn draw_quick_preview(
    cache: &mut NetworkCache,
    composers: &mut ComposerCache,
    id: QuickPreviewId,
    request: &FillRequest,
) -> Result<Option<QuickPreview>, FillError> {
    request.settings.validate()?;
    let model = cache.model_info(&request.model)?;
    if request.start.is_from_settings() && !model.has_encoder {
        return Ok(None);
    }
    validate::check_start_latents(request, &model)?;
    let size_px = model.image_size_px;
    let problem = validate::search_problem(request, &request.hole, size_px)?;
    let (device, networks) = cache.networks(request.device, &request.model)?;
    let draw = || {
        let mut search = Search::new(networks, &problem, request.settings);
        request.start.apply_to(&mut search);
        search.advance();
        while !search.is_done() {
            search.advance();
        }
        search.finish();
        let best = search.best()?;
        Some((
            best.latents.into_iter().next()?,
            search.best_pictures().into_iter().next()?,
            best.losses.into_iter().next()?,
        ))
    };
    let result = catch_panic(draw).map_err(|reason| {
        cache.drop_networks();
        FillError::DeviceFailed { device: device.name, reason }
    })?;
    let Some((latent, picture, losses)) = result else { return Ok(None) };
    let FillRequest { photo, hole, frame, blend, start, .. } = request;
    let task = request.settings.task;
    let redraws = blend.completion && start.is_from_settings() && task.is_fill();
    let blend = Blend { completion: redraws, ..*blend };
    let to_blend = picture_to_blend(photo, hole, frame, blend, &model, &picture);
    #[cfg(test)]
    super::panic_stage::reach(super::panic_stage::Stage::Render);
    let prepare = || FillComposer::new(photo, hole, frame, request.blend, task, Some(MAX_PREVIEW_SIDE_PX));
    let composer = FillPlace::new(photo, hole, *frame, request.blend).of_task(task).get_or_prepare(composers, prepare);
    let patch = Arc::new(composer.render(&to_blend));
    let is_mix = !request.start.is_from_settings();
    let candidate = Candidate { latent, picture, losses, is_mix, kept_at: None, edit: request.start.edit() };
    Ok(Some(QuickPreview { id, candidate, patch }))
}
