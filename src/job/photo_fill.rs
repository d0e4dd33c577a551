//! All fills of one photo, one for each face, in the order in which they are made: each sees the fills before it.
//!
//! What a user changes later, such as the candidate of the first face, changes what the fills after it see. They are
//! blended again, but not searched again. So the provenance repeats a search only if it would see the same pixels, and
//! otherwise draws the shown face from its latent.

use std::sync::Arc;

use image::DynamicImage;

use super::{ExportContent, FaceRecord, FacesInTurn, FillLook, FillRecord, Provenance};
use crate::blend::{FillPatch, filled_pixels};
use crate::face::crop;
use crate::geometry::FaceFrame;
use crate::hash::sha256_of_bytes;
use crate::mask::Mask;
use crate::photo::{Photo, SaveError};

/// The fill of one face. Cloning is cheap.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceFill {
    /// With the hole that the search saw.
    pub record: FillRecord,
    /// The part of the hole that this fill covers. For a single face, the whole hole.
    pub part: Mask,
    /// [`search_input`] of the search; `None` when it saw the photo without any fill.
    pub search_input: Option<String>,
}

/// The fills of one photo. Cloning is cheap.
#[derive(Clone, Debug, PartialEq)]
pub struct PhotoFill {
    /// The whole hole, the parts of all faces and what lies in no face.
    pub hole: Mask,
    /// Not empty.
    pub faces: Vec<FaceFill>,
}

/// The fills blended into the photo, and how to repeat them.
pub struct FinishedPhoto {
    pub pixels: DynamicImage,
    /// The pixels that were filled.
    pub filled: Mask,
    provenance: Option<Provenance>,
}

impl FinishedPhoto {
    /// How the fills were made; `None` unless it was asked for.
    #[must_use]
    pub fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_ref()
    }
}

impl FaceFill {
    /// The fill of the only face of a photo.
    #[must_use]
    pub fn of_whole_hole(record: FillRecord) -> Self {
        Self { part: record.hole.clone(), record, search_input: None }
    }

    /// Whether a repeated search on this photo and hole sees what this one saw.
    fn saw(&self, original: &Photo, turns: &FacesInTurn) -> bool {
        let FillRecord { hole, frame, outcome, .. } = &self.record;
        let size_px = outcome.model.image_size_px;
        let seen = self.search_input.clone().or_else(|| search_input(original, hole, frame, size_px));
        seen.is_some() && seen == search_input(turns.photo(), turns.hole(), frame, size_px)
    }

    /// Whether a search with the settings of `first` ends at the same candidates.
    fn was_searched_like(&self, first: &Self) -> bool {
        let (own, other) = (&self.record.outcome, &first.record.outcome);
        let is_mix = |face: &Self| face.record.shown_candidate().is_some_and(|candidate| candidate.is_mix);
        own.settings == other.settings
            && own.start == other.start
            && own.device.name == other.device.name
            && !(own.changed_during_search || is_mix(self) || is_mix(first))
    }
}

impl PhotoFill {
    /// The fill of the only face of a photo.
    #[must_use]
    pub fn of_one_face(record: FillRecord) -> Self {
        Self { hole: record.hole.clone(), faces: vec![FaceFill::of_whole_hole(record)] }
    }

    /// The fill, if it is the only one and covers the whole hole.
    #[must_use]
    pub fn only_face(&self) -> Option<&FillRecord> {
        match self.faces.as_slice() {
            [FaceFill { record, part, .. }] if *part == self.hole && record.hole == self.hole => Some(record),
            _ => None,
        }
    }

    /// How each face is shown.
    #[must_use]
    pub fn looks(&self) -> Vec<FillLook> {
        self.faces.iter().map(|face| face.record.look).collect()
    }

    /// Blends all fills into the photo: one patch for each face, to be drawn one over the other. Of `before`, patches
    /// that were made for some looks, those are used whose look and the looks before it are the same. `None` when a shown
    /// candidate does not exist.
    #[must_use]
    pub fn compose(
        &self,
        photo: &Arc<Photo>,
        before: Option<(&[FillLook], &[Arc<FillPatch>])>,
    ) -> Option<Vec<Arc<FillPatch>>> {
        if let Some(record) = self.only_face() {
            return Some(vec![Arc::new(record.compose(photo)?)]);
        }
        let mut turns = FacesInTurn::new(Arc::clone(photo), self.hole.clone());
        let mut patches = Vec::with_capacity(self.faces.len());
        let mut is_same = before.is_some();
        for (index, face) in self.faces.iter().enumerate() {
            let made = before.and_then(|(looks, patches)| Some((looks.get(index)?, patches.get(index)?)));
            is_same &= made.is_some_and(|(look, _)| *look == face.record.look);
            let made = made.filter(|_| is_same).map(|(_, patch)| patch);
            patches.push(turns.add_and_draw(&face.record, &face.part, made)?);
        }
        Some(patches)
    }

    /// Blends all fills into the photo with its bits. `composed` is the patch on the screen, if there is one for a single
    /// face and its look. `with_record`: also make the provenance. `None` when a shown candidate does not exist.
    ///
    /// # Errors
    /// When a part of the hole has no pixels.
    pub fn finish(
        &self,
        photo: &Arc<Photo>,
        content: ExportContent,
        composed: Option<&FillPatch>,
        with_record: bool,
    ) -> Result<Option<FinishedPhoto>, SaveError> {
        if let Some(record) = self.only_face() {
            let Some(pixels) = record.picture(photo, content, composed) else { return Ok(None) };
            let provenance = with_record.then(|| Provenance::new(photo, record)).transpose()?;
            let filled = filled_pixels(&record.hole, &record.frame, record.look.blend.soft_edge_px);
            return Ok(Some(FinishedPhoto { pixels, filled, provenance }));
        }
        let mut turns = FacesInTurn::new(Arc::clone(photo), self.hole.clone());
        let mut is_repeatable = Vec::with_capacity(self.faces.len());
        for face in &self.faces {
            is_repeatable.push(with_record && face.saw(photo, &turns));
            let record = FillRecord { hole: turns.hole().clone(), ..face.record.clone() };
            if turns.add(&record, &face.part).is_none() {
                return Ok(None);
            }
        }
        let provenance = if with_record { self.provenance(photo, &is_repeatable)? } else { None };
        let (pixels, filled) = (turns.picture(content).into_owned(), turns.filled().clone());
        Ok(Some(FinishedPhoto { pixels, filled, provenance }))
    }

    /// The provenance of the fills, made in turn. `is_repeatable`: whether a repeated search of each face sees the same.
    fn provenance(&self, photo: &Photo, is_repeatable: &[bool]) -> Result<Option<Provenance>, SaveError> {
        let Some(first) = self.faces.first() else { return Ok(None) };
        let is_first_searched = is_repeatable.first() == Some(&true) && first.was_searched_like(first);
        let mut provenance = Provenance::new(photo, &FillRecord { hole: self.hole.clone(), ..first.record.clone() })?;
        if let Some(candidate) = first.record.shown_candidate().filter(|_| !is_first_searched) {
            provenance = provenance.drawn_from(candidate);
        }
        let record = |(face, is_repeatable): (&FaceFill, &bool)| {
            let record = FaceRecord::new(&face.record, &face.part)?;
            let is_searched = is_first_searched && *is_repeatable && face.was_searched_like(first);
            Ok(match face.record.shown_candidate().filter(|_| !is_searched) {
                Some(candidate) => record.drawn_from(candidate),
                None => record,
            })
        };
        let records: Result<_, SaveError> = self.faces.iter().zip(is_repeatable).map(record).collect();
        Ok(Some(provenance.with_fills(records?)))
    }
}

/// Hash of what a search sees: the known pixels of the crop, and which they are. `None` for a frame that cannot be
/// cropped. No photo value under the hole is read.
#[must_use]
pub fn search_input(photo: &Photo, hole: &Mask, frame: &FaceFrame, size_px: u32) -> Option<String> {
    let crop = crop(photo, hole, frame, size_px).ok()?;
    Some(sha256_of_bytes(bytemuck::cast_slice(&[crop.pixels, crop.known].concat())))
}

#[cfg(test)]
mod tests;
