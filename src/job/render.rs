//! The picture that a fill blends into the photo: the generator's, or the completion network's redrawing of it.
//!
//! Redrawing is one pass of a network, too slow for every move of a slider. So the newest pictures are kept for the
//! whole process: moving Detail, exporting what is shown and comparing candidates redraw nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::blend::Blend;
use crate::face::{Crop, crop};
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::hash::sha256_of_bytes;
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::model::completion::CompletionNetwork;
use crate::photo::Photo;

/// Redrawn pictures that are kept: more than the preset Best has candidates, 0.4 MB each.
const KEPT_PICTURES: usize = 12;

static REDRAWN: RedrawnPictures = RedrawnPictures::empty();

/// The completion network that redraws the fills of `model`; `None` when it is off or does not fit the model.
#[must_use]
pub fn completion_network(blend: Blend, model: &ModelInfo) -> Option<&'static CompletionNetwork> {
    (blend.completion && model.has_completion()).then(CompletionNetwork::embedded)
}

/// The picture to blend into the photo, from `drawn`, which is G(ẑ).
///
/// With [`Blend::completion`], and a model that the completion network fits, the network redraws the hole at
/// [`CompletionNetwork::SIDE_PX`]. Otherwise, and for a frame that cannot be cropped, it is `drawn`. No photo value under
/// the hole is read.
#[must_use]
pub fn picture_to_blend(
    photo: &Photo,
    hole: &Mask,
    frame: &FaceFrame,
    blend: Blend,
    model: &ModelInfo,
    drawn: &Arc<FacePicture>,
) -> Arc<FacePicture> {
    let Some(network) = completion_network(blend, model) else { return Arc::clone(drawn) };
    let Ok(crop) = crop(photo, hole, frame, CompletionNetwork::SIDE_PX) else { return Arc::clone(drawn) };
    REDRAWN.get_or_insert(inputs_hash(&crop, drawn), || network.redraw(&crop.pixels, &crop.known, drawn))
}

/// Hash of everything that a redrawn picture depends on.
fn inputs_hash(crop: &Crop, drawn: &FacePicture) -> String {
    // Crop and mask always have the same lengths, so two inputs cannot give the same bytes.
    sha256_of_bytes(bytemuck::cast_slice(&[&crop.pixels[..], &crop.known, drawn.pixels.as_flattened()].concat()))
}

/// The newest redrawn pictures by the hash of their inputs, newest last.
struct RedrawnPictures(Mutex<VecDeque<(String, Arc<FacePicture>)>>);

impl RedrawnPictures {
    const fn empty() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// The kept picture of these inputs. Without one, `redraw` draws it and it is kept.
    fn get_or_insert(&self, inputs_hash: String, redraw: impl FnOnce() -> FacePicture) -> Arc<FacePicture> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, picture)) = kept().iter().find(|(hash, _)| *hash == inputs_hash) {
            return Arc::clone(picture);
        }
        // Not locked while drawing: the editor draws on several threads.
        let picture = Arc::new(redraw());
        let mut kept = kept();
        while kept.len() >= KEPT_PICTURES {
            kept.pop_front();
        }
        kept.push_back((inputs_hash, Arc::clone(&picture)));
        picture
    }
}

#[cfg(test)]
mod tests;
