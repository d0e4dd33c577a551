//! The faces that the hole concerns, and the part of the hole that each fills.
//!
//! Faces are found and the hole is split in a background task, for every state of the mask. Of a shown fill, the faces
//! stay whose part of the hole has not changed: Fill adds the others.

use std::sync::Arc;

use super::frame_edits::{FramePlacement, PlacedFrame};
use super::frame_overlap::{FrameOverlap, overlap_of};
use super::{DocumentFace, PhotoDocument};
use crate::blend::filled_pixels;
use crate::face::{DetectError, FaceAtHole, FoundFaces, find_faces};
use crate::geometry::FaceFrame;
use crate::job::{FaceFill, FacePart, PhotoFill, SplitFace, split_hole};
use crate::mask::Mask;
use crate::photo::Photo;

/// What the faces of a hole depend on. Cloning is cheap.
#[derive(Clone)]
pub struct SplitInput {
    pub photo: Arc<Photo>,
    pub hole: Mask,
    frame: FaceFrame,
    /// The frame must not move to the face that is found.
    is_frame_fixed: bool,
    /// The faces, if they were found for this hole before.
    known_faces: Option<FoundFaces>,
    fill_index: Option<usize>,
    fill: Option<PhotoFill>,
}

/// A hole, split between the faces that it concerns.
#[derive(Clone)]
pub struct FaceSplit {
    hole: Mask,
    /// The document's frame, one of the faces' if it is on one of them.
    frame: FaceFrame,
    fill_index: Option<usize>,
    found: FoundFaces,
    /// The faces between which the hole is split.
    faces: Vec<SplitFace>,
    parts: Vec<FacePart>,
    /// Indices of the shown fill's faces whose part has not changed.
    kept: Vec<usize>,
    /// The parts of the other faces.
    unfilled_parts: Vec<FacePart>,
    /// The hole without the parts of the kept faces.
    unfilled: Mask,
    /// Whether hole pixels are in no part.
    has_rest: bool,
}

/// What Fill does in a hole with several faces.
#[derive(Clone, Debug, PartialEq)]
pub struct FacesToFill {
    /// The faces between which the hole is split.
    pub faces: Vec<SplitFace>,
    /// Indices of the shown fill's faces that stay.
    pub kept: Vec<usize>,
    /// In the order of the fills. Not empty.
    pub parts: Vec<FacePart>,
}

impl SplitInput {
    /// Finds the faces and splits the hole. Slow.
    ///
    /// # Errors
    /// When a network cannot be run.
    pub fn split(&self) -> Result<FaceSplit, DetectError> {
        let found = match &self.known_faces {
            Some(found) => found.clone(),
            None => find_faces(&self.photo, &self.hole)?,
        };
        Ok(self.split_between(found))
    }

    /// Splits the hole between the faces that were found.
    pub fn split_between(&self, found: FoundFaces) -> FaceSplit {
        let touches_hole = |frame: &FaceFrame| overlap_of(&self.hole, frame) != FrameOverlap::Outside;
        let frame = found.frame.filter(|frame| !self.is_frame_fixed && touches_hole(frame)).unwrap_or(self.frame);
        let to_split = |&FaceAtHole { frame, is_certain, .. }: &FaceAtHole| SplitFace { frame, is_certain };
        let mut faces: Vec<SplitFace> = found.at_hole.iter().map(to_split).collect();
        let parts = match faces.iter_mut().find(|face| face.frame.is_of_same_face(&frame)) {
            Some(framed) => {
                framed.frame = frame;
                split_hole(&self.hole, &faces)
            }
            // A frame by hand on something else gets all that it covers.
            None if self.is_frame_fixed && touches_hole(&frame) => {
                let mut parts = split_hole(&self.hole, &[frame]);
                let mut rest = self.hole.clone();
                for part in &parts {
                    rest.remove(&part.hole);
                }
                parts.extend(split_hole(&rest, &faces));
                faces.insert(0, frame.into());
                parts
            }
            None => split_hole(&self.hole, &faces),
        };
        let fill = self.fill.as_ref().filter(|fill| fill.hole.ignored() == self.hole.ignored());
        let kept_parts: Vec<(usize, Mask)> = fill.map(|fill| kept_parts(fill, &parts)).unwrap_or_default();
        let mut unfilled = self.hole.clone();
        for (_, part) in &kept_parts {
            unfilled.remove(part);
        }
        let is_kept = |part: &FacePart| kept_parts.iter().any(|(_, kept)| *kept == part.hole);
        let in_parts: usize = parts.iter().map(|part| part.hole.hole_count()).sum();
        FaceSplit {
            has_rest: in_parts < self.hole.hole_count(),
            hole: self.hole.clone(),
            frame,
            fill_index: self.fill_index,
            found,
            faces,
            unfilled_parts: parts.iter().filter(|part| !is_kept(part)).cloned().collect(),
            parts,
            kept: kept_parts.into_iter().map(|(index, _)| index).collect(),
            unfilled,
        }
    }
}

/// The faces of a fill whose part of the hole is one of these parts, by index, with what they fill.
fn kept_parts(fill: &PhotoFill, parts: &[FacePart]) -> Vec<(usize, Mask)> {
    let filled = |face: &FaceFill| filled_pixels(&face.part, &face.record.frame, 0);
    let kept = fill.faces.iter().enumerate().map(|(index, face)| (index, face, filled(face)));
    let is_kept = |face: &FaceFill, filled: &Mask| {
        parts.iter().any(|part| part.frame.is_of_same_face(&face.record.frame) && part.hole == *filled)
    };
    kept.filter(|(_, face, filled)| is_kept(face, filled)).map(|(index, _, filled)| (index, filled)).collect()
}

impl FaceSplit {
    /// The faces that were found.
    pub fn found(&self) -> &FoundFaces {
        &self.found
    }

    fn has_several_faces(&self) -> bool {
        self.parts.len() > 1
    }
}

impl PhotoDocument {
    /// What the faces of the current hole depend on.
    pub fn split_input(&self) -> SplitInput {
        let PlacedFrame { frame, placement, is_up_to_date } = self.placed_frame;
        let known = self.face_split.as_ref().filter(|split| split.hole == self.mask);
        SplitInput {
            photo: Arc::clone(&self.photo),
            hole: self.mask.clone(),
            frame,
            is_frame_fixed: placement != FramePlacement::Automatic || is_up_to_date,
            known_faces: known.map(|split| split.found.clone()),
            fill_index: self.shown_fill,
            fill: self.shown_fill().map(super::DocumentFill::photo_fill),
        }
    }

    /// Stores the faces of a hole.
    pub fn set_face_split(&mut self, split: FaceSplit) {
        self.face_split = Some(split);
    }

    /// The faces of the current hole; `None` until they are found.
    pub fn current_split(&self) -> Option<&FaceSplit> {
        let frame = self.face_frame();
        let is_current = |split: &&FaceSplit| {
            split.hole == self.mask
                && split.fill_index == self.shown_fill
                && (split.frame == frame || split.parts.iter().any(|part| part.frame == frame))
        };
        self.face_split.as_ref().filter(is_current)
    }

    /// Whether the shown fill leaves out faces of its hole.
    pub(super) fn lacks_faces(&self) -> bool {
        let lacks = |split: &FaceSplit| split.has_several_faces() && !split.unfilled_parts.is_empty();
        self.current_split().is_some_and(lacks)
    }

    /// What Fill does if the hole concerns several faces, or one that the frame is not on. `None` when it fills the face
    /// in the frame alone. With `is_other_model`, no face of the shown fill stays.
    pub fn faces_to_fill(&self, is_other_model: bool) -> Option<FacesToFill> {
        let split = self.current_split()?;
        let is_elsewhere = !split.parts.is_empty() && self.frame_overlap() == Some(FrameOverlap::Outside);
        if !(split.has_several_faces() || is_elsewhere) {
            return None;
        }
        let (faces, kept) = (split.faces.clone(), split.kept.clone());
        if is_other_model {
            return Some(FacesToFill { faces, kept: Vec::new(), parts: split.parts.clone() });
        }
        if !split.unfilled_parts.is_empty() {
            return Some(FacesToFill { faces, kept, parts: split.unfilled_parts.clone() });
        }
        self.selected_face_to_fill(faces)
    }

    /// Filling the selected face of the shown fill again. The other faces stay.
    fn selected_face_to_fill(&self, faces: Vec<SplitFace>) -> Option<FacesToFill> {
        let fill = self.shown_fill()?;
        let DocumentFace { fill: FaceFill { record, part, .. }, .. } = fill.selected_face()?;
        let kept = (0..fill.faces.len()).filter(|index| *index != fill.selected).collect();
        let part = FacePart { index: 0, frame: record.frame, hole: part.clone() };
        Some(FacesToFill { faces, kept, parts: vec![part] })
    }

    /// Like [`faces_to_fill`](Self::faces_to_fill), for the selected face of a fill of several.
    pub fn selected_of_several(&self) -> Option<FacesToFill> {
        let is_alone = self.shown_fill()?.photo_fill().only_face().is_some();
        let faces = self.current_split().map(|split| split.faces.clone()).unwrap_or_default();
        if is_alone { None } else { self.selected_face_to_fill(faces) }
    }

    /// Number of faces that Fill fills; 0 until it is known that they are several.
    pub fn count_to_fill(&self) -> usize {
        self.faces_to_fill(false).map_or(0, |faces| faces.parts.len())
    }

    /// Faces of the shown fill that stay although the hole has changed, by index, and the rest of the hole. `None` when
    /// there are none.
    pub fn kept_faces(&self) -> Option<(&[usize], &Mask)> {
        let split = self.current_split().filter(|split| split.has_several_faces() && !split.kept.is_empty())?;
        Some((&split.kept, &split.unfilled))
    }

    /// Whether the hole concerns several faces.
    pub fn has_several_faces(&self) -> bool {
        self.current_split().is_some_and(FaceSplit::has_several_faces)
    }

    /// Whether the faces of the current hole leave a part of it unfilled.
    pub fn has_paint_in_no_face(&self) -> bool {
        self.current_split().is_some_and(|split| split.has_several_faces() && split.has_rest)
    }
}
