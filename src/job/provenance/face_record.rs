//! Parts of the provenance: masks, and the fills of several faces.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::{PhotoId, ProvenanceError};
use crate::geometry::FaceFrame;
use crate::job::{Candidate, FillOutcome, FillRecord, SearchStart};
use crate::mask::{Mask, decode_mask, encode_mask_png};
use crate::photo::SaveError;

/// A mask in a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MaskRecord {
    /// [`Mask::sha256`].
    sha256: String,
    /// PNG, white in the hole and pure red where ignored, in base64.
    png: String,
}

impl MaskRecord {
    pub(super) fn new(mask: &Mask) -> Result<Self, SaveError> {
        Ok(Self { sha256: mask.sha256(), png: BASE64.encode(encode_mask_png(mask)?) })
    }

    /// The mask, with the size of the photo.
    pub(super) fn mask(&self, photo: &PhotoId) -> Result<Mask, ProvenanceError> {
        let png = BASE64.decode(&self.png).map_err(|_| ProvenanceError::MaskChanged)?;
        let mask = decode_mask(&png, Some((photo.width, photo.height)));
        let mask = mask.map_err(|source| ProvenanceError::UnreadableMask { source })?;
        if mask.sha256() == self.sha256 { Ok(mask) } else { Err(ProvenanceError::MaskChanged) }
    }
}

/// One of several fills of a photo, as [`crate::job::FacesInTurn`] joins them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceRecord {
    pub frame: FaceFrame,
    pub candidate: usize,
    pub steps: u32,
    pub evaluations: u32,
    pub stopped_early: bool,
    /// Set when a repeated search would not end at the shown face: because the user mixed it or refined it, or changed a
    /// fill before it. Then this latent is drawn, without a search, as candidate 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_from: Option<SearchStart>,
    /// The part of the hole that was filled.
    pub(super) part: MaskRecord,
}

impl FaceRecord {
    /// Records one fill of this part of the hole.
    ///
    /// # Errors
    /// When the mask has no pixels.
    pub fn new(fill: &FillRecord, part: &Mask) -> Result<Self, SaveError> {
        let FillOutcome { steps, evaluations, ref stopped, .. } = *fill.outcome;
        let (frame, candidate) = (fill.frame, fill.look.candidate);
        Ok(Self {
            frame,
            candidate,
            steps,
            evaluations,
            stopped_early: stopped.is_some(),
            drawn_from: None,
            part: MaskRecord::new(part)?,
        })
    }

    /// The same face, drawn from its latent instead of a search.
    #[must_use]
    pub fn drawn_from(self, candidate: &Candidate) -> Self {
        let drawn_from = Some(SearchStart::At(candidate.latent.clone()));
        Self { candidate: 0, steps: 1, evaluations: 1, stopped_early: false, drawn_from, ..self }
    }
}
