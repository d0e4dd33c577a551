//! The parts of a face, as holes that follow its landmarks.
//!
//! The outlines are drawn from the five points that the face detector finds: eyes, tip of the nose, corners of the mouth.
//! A mesh of hundreds of points would be more exact, but needs another network and a runtime for it. The five points are
//! enough for holes that are a little larger than the part. Seen by eye on 34 faces, frontal to half turned, the whole
//! part was covered in 34 (mouth), 33 (eyes), 33 (nose) and 32 (brows). The points cannot tell how far a mouth is open,
//! and in heads that are turned by more than about 45° the far half is guessed.
//!
//! Left and right are as seen in the picture, not the person's own.

mod convex_hull;
mod outlines;

use super::{Area, AreaOutline, Mask, StrokeKind};
use crate::geometry::Point;
use outlines::FaceShape;

/// A part of a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaceRegion {
    Eyes,
    /// The eye that is left in the picture.
    LeftEye,
    RightEye,
    Brows,
    /// The nose with its wings.
    Nose,
    Mouth,
    Chin,
    /// The half of the face that is left in the picture, up to the ridge of the nose.
    LeftHalf,
    RightHalf,
    /// The face without eyes, brows and mouth.
    Skin,
}

impl FaceRegion {
    /// All parts, in the order of menus and help texts.
    pub const ALL: [Self; 10] = [
        Self::Eyes,
        Self::LeftEye,
        Self::RightEye,
        Self::Brows,
        Self::Nose,
        Self::Mouth,
        Self::Chin,
        Self::LeftHalf,
        Self::RightHalf,
        Self::Skin,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Eyes => "eyes",
            Self::LeftEye => "left-eye",
            Self::RightEye => "right-eye",
            Self::Brows => "brows",
            Self::Nose => "nose",
            Self::Mouth => "mouth",
            Self::Chin => "chin",
            Self::LeftHalf => "left-half",
            Self::RightHalf => "right-half",
            Self::Skin => "skin",
        }
    }

    /// The part with this [`id`](Self::id).
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.id() == id)
    }

    /// The part in a photo of this size, for a face with these landmarks: two eyes, tip of the nose, two corners of the
    /// mouth, each pair in the same order. Empty when the landmarks are not finite or lie on one line.
    #[must_use]
    pub fn hole_in_photo(self, width: u32, height: u32, landmarks_in_photo: &[Point; 5]) -> Mask {
        let mut mask = Mask::empty(width, height);
        let Some(face) = FaceShape::new(landmarks_in_photo) else { return mask };
        for points in self.outlines(&face) {
            mask.draw_area(&Area { kind: StrokeKind::Paint, outline: AreaOutline::Polygon(points) });
        }
        for region in self.left_out() {
            mask.remove(&region.hole_in_photo(width, height, landmarks_in_photo));
        }
        mask
    }

    /// Closed outlines that cover the part, in photo pixels. They may overlap.
    fn outlines(self, face: &FaceShape) -> Vec<Vec<Point>> {
        let both = |side: &dyn Fn(usize) -> Vec<Vec<Point>>| [side(0), side(1)].concat();
        match self {
            Self::Eyes => both(&|side| vec![face.eye(side)]),
            Self::LeftEye => vec![face.eye(0)],
            Self::RightEye => vec![face.eye(1)],
            Self::Brows => both(&|side| face.brow(side)),
            Self::Nose => vec![face.nose()],
            Self::Mouth => vec![face.mouth()],
            Self::Chin => vec![face.chin()],
            Self::LeftHalf => vec![face.half(0)],
            Self::RightHalf => vec![face.half(1)],
            Self::Skin => both(&|side| vec![face.half(side)]),
        }
    }

    /// Parts inside the outlines that do not belong to this part.
    fn left_out(self) -> &'static [Self] {
        match self {
            // The nose of a turned head can touch the far eye.
            Self::Nose => &[Self::Eyes],
            Self::Skin => &[Self::Eyes, Self::Brows, Self::Mouth],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests;
