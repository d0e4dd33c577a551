//! Splits a hole between the faces of a photo, so that one mask can cover several faces.
//!
//! A hole pixel belongs to the face whose frame contains it; of several, to the nearest, in sides of its frame. A blob
//! of connected pixels stays whole unless it hides features of a second face or reaches out of the first one's fillable
//! area: each half of a torn blob is filled by another search. For a doubtful face no blob is torn: beside a hidden face
//! the detector takes some backgrounds for faces.

mod blob_grid;

use blob_grid::BlobGrid;

use super::validate::has_hole_in_frame;
use crate::blend::{fillable_area, filled_pixels};
use crate::geometry::{CropGrid, FaceFrame};
use crate::mask::Mask;

/// Eyes, nose and mouth lie within this distance of a frame's centre, in sides of the frame.
const FEATURES_RADIUS: f64 = 0.4;
/// A blob that hides a smaller share of a frame near its features does not concern that face.
const MIN_FEATURES_SHARE: f64 = 0.005;

/// A face between which and others a hole is split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitFace {
    pub frame: FaceFrame,
    /// Whether there surely is a face. A doubtful one only gets blobs that concern no other face more.
    pub is_certain: bool,
}

/// A frame that was chosen by hand.
impl From<FaceFrame> for SplitFace {
    fn from(frame: FaceFrame) -> Self {
        Self { frame, is_certain: true }
    }
}

/// A face and the part of the hole that its fill covers.
#[derive(Clone, Debug, PartialEq)]
pub struct FacePart {
    /// Index of the face in the list that was split between.
    pub index: usize,
    pub frame: FaceFrame,
    pub hole: Mask,
}

/// The parts of the hole in the [`fillable_area`] of each frame, in the order of the faces. The parts do not overlap.
/// Faces without a hole pixel in their frame get no part, and pixels outside all areas are in no part.
#[must_use]
pub fn split_hole<F: Copy + Into<SplitFace>>(hole: &Mask, faces: &[F]) -> Vec<FacePart> {
    let faces: Vec<SplitFace> = faces.iter().map(|&face| face.into()).collect();
    let to_part = |(index, hole): (usize, Mask)| {
        let frame = faces.get(index)?.frame;
        has_hole_in_frame(&hole, &frame).then_some(FacePart { index, frame, hole })
    };
    let parts: Vec<(usize, Mask)> = if let [face] = faces.as_slice() {
        vec![(0, filled_pixels(hole, &face.frame, 0))]
    } else {
        let split = HoleSplit::new(hole, &faces);
        (0..faces.len()).map(|index| (index, split.part(hole, index))).collect()
    };
    parts.into_iter().filter_map(to_part).collect()
}

/// A frame with its coordinates.
struct Face {
    frame: FaceFrame,
    is_certain: bool,
    /// Maps the photo to the unit square of the frame.
    unit: CropGrid,
    /// Maps the photo to the unit square of the fillable area.
    area: CropGrid,
}

impl Face {
    /// `None` for a frame that is not finite.
    fn new(&SplitFace { frame, is_certain }: &SplitFace) -> Option<Self> {
        let (unit, area) = (CropGrid::new(&frame, 1)?, CropGrid::new(&fillable_area(&frame), 1)?);
        Some(Self { frame, is_certain, unit, area })
    }

    /// Distance from the centre in sides of the frame.
    fn distance(&self, point_in_photo: [f64; 2]) -> f64 {
        let [u, v] = self.unit.to_crop(point_in_photo);
        (u - 0.5).hypot(v - 0.5)
    }

    fn is_in_frame(&self, point_in_photo: [f64; 2]) -> bool {
        self.unit.to_crop(point_in_photo).iter().all(|value| (0.0..1.0).contains(value))
    }

    fn is_fillable(&self, point_in_photo: [f64; 2]) -> bool {
        self.area.to_crop(point_in_photo).iter().all(|value| (0.0..1.0).contains(value))
    }
}

/// How much of a blob a face claims, in hole pixels.
#[derive(Clone, Copy, Default)]
struct Claim {
    /// In its frame, and nearer to it than to other faces.
    in_frame: u32,
    /// The same, near its features.
    at_features: u32,
}

/// Which faces fill which blob.
struct HoleSplit {
    /// By index; `None` for frames that are not finite.
    faces: Vec<Option<Face>>,
    grid: BlobGrid,
    /// Blob number of each cell plus one; 0 without hole pixels.
    blob_of_cell: Vec<u32>,
    /// Faces that fill each blob: several for a torn one, none for one that no face covers.
    owners: Vec<Vec<usize>>,
}

impl HoleSplit {
    fn new(hole: &Mask, faces: &[SplitFace]) -> Self {
        let grid = BlobGrid::new(hole);
        let mut split = Self {
            faces: faces.iter().map(Face::new).collect(),
            blob_of_cell: vec![0; grid.counts.len()],
            grid,
            owners: Vec::new(),
        };
        let blobs = split.grid.blobs();
        split.owners = blobs.iter().map(|cells| split.owners_in_frames(cells)).collect();
        let filled: Vec<usize> = split.owners.concat();
        for (number, cells) in (0u32..).zip(&blobs) {
            for &cell in cells {
                if let Some(blob) = split.blob_of_cell.get_mut(cell) {
                    *blob = number + 1;
                }
            }
        }
        for (index, cells) in blobs.iter().enumerate() {
            if split.owners.get(index).is_some_and(Vec::is_empty) {
                let owner = split.owner_beside_frames(cells, &filled);
                if let Some(owners) = split.owners.get_mut(index) {
                    owners.extend(owner);
                }
            }
        }
        split
    }

    /// The hole pixels that a face fills.
    fn part(&self, hole: &Mask, index: usize) -> Mask {
        let Some(Some(face)) = self.faces.get(index) else { return Mask::empty(hole.width(), hole.height()) };
        let bounds = fillable_area(&face.frame).bounds_in_photo(hole.width(), hole.height());
        hole.filtered(bounds, |x, y| {
            let blob = self.blob_of_cell.get(self.grid.cell_at(x, y)).copied().unwrap_or_default() as usize;
            let Some(owners) = blob.checked_sub(1).and_then(|blob| self.owners.get(blob)) else { return false };
            owners.contains(&index) && self.nearest(owners, [f64::from(x) + 0.5, f64::from(y) + 0.5]) == Some(index)
        })
    }

    fn face(&self, index: usize) -> Option<&Face> {
        self.faces.get(index)?.as_ref()
    }

    /// The nearest of these faces with the point in its frame, or else in its fillable area.
    fn nearest(&self, indices: &[usize], point: [f64; 2]) -> Option<usize> {
        self.nearest_of(indices, point, Face::is_in_frame)
            .or_else(|| self.nearest_of(indices, point, Face::is_fillable))
    }

    fn nearest_of(
        &self,
        indices: &[usize],
        point: [f64; 2],
        contains: impl Fn(&Face, [f64; 2]) -> bool,
    ) -> Option<usize> {
        let faces = indices.iter().filter_map(|&index| Some((index, self.face(index)?)));
        let distances =
            faces.filter(|(_, face)| contains(face, point)).map(|(index, face)| (index, face.distance(point)));
        distances.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(index, _)| index)
    }

    /// The faces that fill a blob, the one that it concerns most first. None if it lies in no frame.
    fn owners_in_frames(&self, cells: &[usize]) -> Vec<usize> {
        let all: Vec<usize> = (0..self.faces.len()).collect();
        let mut claims = vec![Claim::default(); all.len()];
        let mut claimed_cells = Vec::new();
        for &cell in cells {
            let (center, count) = (self.grid.center(cell), self.grid.count(cell));
            let Some(index) = self.nearest_of(&all, center, Face::is_in_frame) else { continue };
            let (Some(claim), Some(face)) = (claims.get_mut(index), self.face(index)) else { continue };
            claim.in_frame += count;
            if face.distance(center) < FEATURES_RADIUS {
                claim.at_features += count;
            }
            claimed_cells.push((index, center));
        }
        // A few pixels near the features count for nothing.
        for (claim, face) in claims.iter_mut().zip(&self.faces) {
            let side_px = face.as_ref().map_or(0.0, |face| f64::from(face.frame.side_px));
            if f64::from(claim.at_features) < MIN_FEATURES_SHARE * side_px * side_px {
                claim.at_features = 0;
            }
        }
        let claim = |index: usize| claims.get(index).copied().unwrap_or_default();
        let strength = |index: &usize| (claim(*index).at_features, claim(*index).in_frame);
        // Of equal claims, the first face wins.
        let Some(first) = all.iter().copied().rev().max_by_key(strength).filter(|&first| claim(first).in_frame > 0)
        else {
            return Vec::new();
        };
        let reaches_out = |index: usize| {
            let is_covered = |center| self.face(first).is_some_and(|face| face.is_fillable(center));
            claimed_cells.iter().any(|&(claimant, center)| claimant == index && !is_covered(center))
        };
        let is_certain = |index: usize| self.face(index).is_some_and(|face| face.is_certain);
        let is_needed = |index: usize| claim(index).at_features > 0 || reaches_out(index);
        let others = all
            .into_iter()
            .filter(|&index| index != first && is_certain(index) && claim(index).in_frame > 0 && is_needed(index));
        std::iter::once(first).chain(others).collect()
    }

    /// The face that fills a blob outside all frames: of those that fill something else, the one whose area covers most
    /// of it, or else the nearest.
    fn owner_beside_frames(&self, cells: &[usize], filled: &[usize]) -> Option<usize> {
        let rank = |&index: &usize| {
            let face = self.face(index)?;
            let covered = cells.iter().filter(|&&cell| face.is_fillable(self.grid.center(cell)));
            let distance =
                cells.iter().map(|&cell| face.distance(self.grid.center(cell))).fold(f64::INFINITY, f64::min);
            Some((index, covered.count(), distance))
        };
        let ranked = filled.iter().filter_map(rank).filter(|(_, covered, _)| *covered > 0);
        ranked.max_by(|(_, a, near), (_, b, far)| a.cmp(b).then(far.total_cmp(near))).map(|(index, ..)| index)
    }
}

#[cfg(test)]
mod tests;
