//! The value of `--face`.

use anyhow::bail;

use crate::face::{FaceAtHole, VisibleFaces, face_frames};
use crate::geometry::FaceFrame;
use crate::job::SplitFace;
use crate::mask::Mask;
use crate::photo::Photo;

/// Which face of a photo to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaceChoice {
    /// The faces that the hole covers, or the largest without a hole; without a face, like `None`.
    Auto,
    /// No detection: the whole photo if it is square, otherwise its largest centred square.
    None,
    /// Number of the face in the list, from 1.
    Number(usize),
}

/// The chosen faces.
#[derive(Debug, PartialEq)]
pub(super) struct ChosenFaces {
    /// Not empty. With the number of each face from 1; `None` for one that was not detected.
    pub(super) faces: Vec<(Option<usize>, SplitFace)>,
    /// The number of faces in the photo, if they were detected.
    pub(super) found: Option<usize>,
}

impl FaceChoice {
    /// Reads `auto`, `none` or a number from 1.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            _ => match text.parse() {
                Ok(number) if number > 0 => Ok(Self::Number(number)),
                _ => Err("use auto, none, or a number from 1 (`countenance faces PHOTO` lists them)".into()),
            },
        }
    }

    /// The face frame in a photo without a hole, and a note for the user.
    pub(super) fn locate(self, photo: &Photo) -> anyhow::Result<(FaceFrame, Option<String>)> {
        let faces = self.faces(photo, None)?;
        let note = faces.note(faces.faces.iter().map(|(number, _)| *number));
        let frame = faces.faces.first().map_or_else(|| centered(photo), |(_, face)| face.frame);
        Ok((frame, note))
    }

    /// The frames of the chosen faces. With a mask, faces are found from the known pixels only, and `Auto` is every face
    /// that the hole touches, or else the nearest, or the largest if there is no hole.
    pub(super) fn faces(self, photo: &Photo, hole: Option<&Mask>) -> anyhow::Result<ChosenFaces> {
        if self == Self::None {
            return Ok(ChosenFaces { faces: vec![(None, centered(photo).into())], found: None });
        }
        let (faces, found) = match hole {
            None => self.faces_of_whole_photo(photo)?,
            Some(hole) => self.faces_around_hole(photo, hole)?,
        };
        let faces: Vec<_> = faces.into_iter().map(|(index, face)| (Some(index + 1), face)).collect();
        match self {
            Self::Number(number) if faces.is_empty() => {
                let list = if hole.is_some() { "in the known pixels" } else { "(`countenance faces` lists them)" };
                bail!("there is no face {number}: {found} found {list}")
            }
            _ if faces.is_empty() => Ok(ChosenFaces { faces: vec![(None, centered(photo).into())], found: Some(0) }),
            _ => Ok(ChosenFaces { faces, found: Some(found) }),
        }
    }

    /// The frames of all faces, found without the unknown pixels of a mask; or of the one that is chosen.
    pub(super) fn all_faces(self, photo: &Photo, mask: &Mask) -> anyhow::Result<ChosenFaces> {
        if self != Self::Auto {
            return self.faces(photo, (!mask.is_blank()).then_some(mask));
        }
        let frames = if mask.is_blank() {
            face_frames(photo)?
        } else {
            let faces = VisibleFaces::find(photo, mask)?;
            (0..faces.count()).filter_map(|index| faces.frame(index).transpose()).collect::<Result<_, _>>()?
        };
        if frames.is_empty() {
            return Ok(ChosenFaces { faces: vec![(None, centered(photo).into())], found: Some(0) });
        }
        let faces = (1..).zip(&frames).map(|(number, frame)| (Some(number), (*frame).into())).collect();
        Ok(ChosenFaces { faces, found: Some(frames.len()) })
    }

    /// The chosen face with its index, and the number of all.
    fn faces_of_whole_photo(self, photo: &Photo) -> anyhow::Result<(Vec<(usize, SplitFace)>, usize)> {
        let frames = face_frames(photo)?;
        let index = if let Self::Number(number) = self { number - 1 } else { 0 };
        Ok((frames.get(index).map(|&frame| (index, frame.into())).into_iter().collect(), frames.len()))
    }

    /// The chosen faces with their indices, and the number of all, found without looking under the hole.
    fn faces_around_hole(self, photo: &Photo, hole: &Mask) -> anyhow::Result<(Vec<(usize, SplitFace)>, usize)> {
        let faces = VisibleFaces::find(photo, hole)?;
        let one =
            |index: usize| anyhow::Ok(faces.frame(index)?.map(|frame| (index, frame.into())).into_iter().collect());
        let with_index = |FaceAtHole { index, frame, is_certain }| (index, SplitFace { frame, is_certain });
        let chosen: Vec<_> = match self {
            Self::Number(number) => one(number - 1)?,
            Self::Auto | Self::None => faces.faces_at_hole()?.into_iter().map(with_index).collect(),
        };
        let nearest = faces.index_at_hole().filter(|_| chosen.is_empty() && self == Self::Auto);
        Ok((nearest.map_or(Ok(chosen), one)?, faces.count()))
    }
}

impl ChosenFaces {
    /// A note about the faces that are used, by their numbers.
    pub(super) fn note(&self, used: impl Iterator<Item = Option<usize>>) -> Option<String> {
        match self.found? {
            0 => Some("no face found: using the largest centred square (place the face with --frame)".into()),
            1 => None,
            found => {
                let numbers: Vec<String> = used.flatten().map(|number| number.to_string()).collect();
                Some(match numbers.split_last() {
                    Some((last, rest)) if !rest.is_empty() => {
                        format!("{found} faces found: filling numbers {} and {last}", rest.join(", "))
                    }
                    _ => {
                        let number = numbers.concat();
                        format!("{found} faces found: filling number {number} (choose another with --face N)")
                    }
                })
            }
        }
    }
}

fn centered(photo: &Photo) -> FaceFrame {
    FaceFrame::centered(photo.width(), photo.height())
}

#[cfg(test)]
mod tests;
