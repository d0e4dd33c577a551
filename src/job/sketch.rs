//! One picture at once, in place in the photo: the encoder's first guess, or what a latent draws.
//!
//! A sketch is a fill of one iteration, so that what it draws and weighs is what a search would. What would surprise: what
//! joins it to the photo is kept, since a mix is drawn many times for the same hole.

use std::sync::{Arc, Weak};

use super::caught::caught;
use super::{Candidate, Engine, FillError, FillRequest, Start, brief};
use crate::blend::{Blend, Composer, Patch};
use crate::face::FaceFrame;
use crate::mask::Mask;
use crate::photo::Photo;
use crate::search::{Search, Settings, Starts};

/// Names a sketch, so that it can be told which request it answers.
pub type SketchId = u64;

/// Longer side of a preview in the photo; the generator's picture itself has 64 to 256 pixels. Smaller holes are drawn at full
/// size, and with detail.
pub(super) const PREVIEW_SIDE_PX: u32 = 384;

/// A picture that was asked for.
#[derive(Clone, Debug)]
pub struct Sketch {
    pub id: SketchId,
    /// What was drawn. Its losses are those of a fill with the request's settings.
    pub candidate: Candidate,
    /// Side of the candidate's picture.
    pub size_px: u32,
    /// The same in place in the photo.
    pub patch: Patch,
}

impl FillRequest {
    /// The encoder's guess for the same hole, as it is.
    #[must_use]
    pub fn into_first_guess(self) -> Self {
        let settings = Settings { starts: Starts::Encoder, ..self.settings.to_draw_one() };
        Self { settings, start: Start::AsSet, ..self }
    }

    /// One latent in the same hole, as it is.
    #[must_use]
    pub fn into_drawing_of(self, latent: Vec<f32>) -> Self {
        Self { settings: self.settings.to_draw_one(), start: Start::At(latent), ..self }
    }
}

/// Keeps what joins pictures to one hole.
#[derive(Default)]
pub(super) struct Easel {
    canvas: Option<(Place, Composer)>,
}

/// What a composer was made for. A photo that is closed meanwhile is not kept.
struct Place {
    photo: Weak<Photo>,
    hole: Weak<Mask>,
    frame: FaceFrame,
    blend: Blend,
}

impl Place {
    fn of(request: &FillRequest) -> Self {
        let FillRequest { photo, hole, frame, blend, .. } = request;
        Self { photo: Arc::downgrade(photo), hole: Arc::downgrade(hole), frame: *frame, blend: *blend }
    }

    fn is(&self, other: &Self) -> bool {
        self.photo.ptr_eq(&other.photo)
            && self.hole.ptr_eq(&other.hole)
            && (self.frame, self.blend) == (other.frame, other.blend)
    }
}

impl Easel {
    fn composer(&mut self, request: &FillRequest) -> &Composer {
        let place = Place::of(request);
        let kept = self.canvas.take().filter(|(kept, _)| kept.is(&place));
        let (_, composer) = self.canvas.insert(kept.unwrap_or_else(|| {
            let FillRequest { photo, hole, frame, blend, .. } = request;
            let composer = Composer::new(photo, hole, frame, *blend, Some(PREVIEW_SIDE_PX));
            (place, composer)
        }));
        composer
    }
}

/// Draws what a request asks for, which is of one iteration. `None` when it asks for the guess of an encoder that the model does
/// not have.
///
/// # Errors
/// As a fill.
pub(super) fn sketch(
    engine: &mut Engine,
    easel: &mut Easel,
    id: SketchId,
    request: &FillRequest,
) -> Result<Option<Sketch>, FillError> {
    request.settings.validate()?;
    let model = engine.info(&request.model)?;
    if request.start.is_as_set() && !model.has_encoder {
        return Ok(None);
    }
    brief::check_start(request, &model)?;
    let size_px = model.image_size_px;
    let problem = brief::problem(request, &request.hole, size_px)?;
    let (device, networks) = engine.networks(request.device, &request.model)?;
    let draw = || {
        let mut search = Search::new(networks, &problem, request.settings);
        request.start.bring(&mut search);
        search.advance();
        let best = search.best()?;
        Some((
            best.latents.into_iter().next()?,
            search.best_pictures().into_iter().next()?,
            best.losses.into_iter().next()?,
        ))
    };
    let drawn = caught(draw).map_err(|reason| {
        engine.forget();
        FillError::Broke { device: device.name, reason }
    })?;
    let Some((latent, pixels, losses)) = drawn else { return Ok(None) };
    let patch = easel.composer(request).patch(&pixels, size_px);
    let mixed = !request.start.is_as_set();
    Ok(Some(Sketch { id, candidate: Candidate { latent, pixels, losses, mixed }, size_px, patch }))
}
