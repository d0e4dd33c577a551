//! `countenance faces`, and the value of `fill --face`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::{CommandStatus, write_stdout};
use crate::face::{Detection, VisibleFaces, detect, face_frames};
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::{self, DecodeLimits, Photo};

/// List the faces found in a photo, largest first
///
/// Coordinates are pixels of the upright photo. The first number of each line is the N of `fill --face N` with a mask
/// preset. With a mask picture, `fill` numbers the faces that it finds without looking under the hole.
#[derive(Debug, Args)]
pub(super) struct FacesArgs {
    /// Photo to search for faces (PNG, JPEG, WebP, TIFF, BMP)
    #[arg(value_name = "PHOTO")]
    photo: PathBuf,

    /// Print JSON: score, box (x, y, width, height) and five landmarks (eyes, nose, corners of the mouth) of each face
    #[arg(long)]
    json: bool,
}

/// Which face of a photo to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaceChoice {
    /// The face that the hole concerns, or the largest without a hole; without a face, like `None`.
    Auto,
    /// No detection: the whole photo if it is square, otherwise its largest centred square.
    None,
    /// Number of the face in the list, from 1.
    Number(usize),
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

    /// The face frame in a photo, and a note for the user. With a hole, faces are found from the known pixels only.
    pub(super) fn locate(self, photo: &Photo, hole: Option<&Mask>) -> anyhow::Result<(FaceFrame, Option<String>)> {
        let centered = FaceFrame::centered(photo.width(), photo.height());
        if self == Self::None {
            return Ok((centered, None));
        }
        let (frame, index, count) = match hole {
            None => self.locate_in_whole_photo(photo)?,
            Some(hole) => self.locate_around_hole(photo, hole)?,
        };
        match (self, frame) {
            (_, Some(frame)) => {
                let number = index + 1;
                let note = format!("{count} faces found: filling number {number} (choose another with --face N)");
                Ok((frame, (count > 1).then_some(note)))
            }
            (Self::Number(number), None) => {
                let list = if hole.is_some() { "in the known pixels" } else { "(`countenance faces` lists them)" };
                bail!("there is no face {number}: {count} found {list}")
            }
            (Self::Auto | Self::None, None) => {
                let note = "no face found: using the largest centred square (place the face with --frame)";
                Ok((centered, Some(note.into())))
            }
        }
    }

    /// The frame, its index, and the number of faces.
    fn locate_in_whole_photo(self, photo: &Photo) -> anyhow::Result<(Option<FaceFrame>, usize, usize)> {
        let frames = face_frames(photo)?;
        let index = if let Self::Number(number) = self { number - 1 } else { 0 };
        Ok((frames.get(index).copied(), index, frames.len()))
    }

    /// Like [`locate_in_whole_photo`](Self::locate_in_whole_photo), without looking under the hole. `Auto` is the face
    /// that the hole concerns.
    fn locate_around_hole(self, photo: &Photo, hole: &Mask) -> anyhow::Result<(Option<FaceFrame>, usize, usize)> {
        let faces = VisibleFaces::find(photo, hole)?;
        let index = if let Self::Number(number) = self { number - 1 } else { faces.index_at_hole().unwrap_or(0) };
        Ok((faces.frame(index)?, index, faces.count()))
    }
}

pub(super) fn run(args: &FacesArgs) -> anyhow::Result<CommandStatus> {
    let photo = photo::open(&args.photo, DecodeLimits::default())?;
    let faces = detect(&photo)?;
    let text = if args.json { serde_json::to_string_pretty(&faces)? + "\n" } else { format_faces(&faces) };
    write_stdout(&text)?;
    Ok(CommandStatus::Success)
}

fn format_faces(faces: &[Detection]) -> String {
    if faces.is_empty() {
        return "no face found\n".into();
    }
    let mut text = String::new();
    for (index, face) in faces.iter().enumerate() {
        let [x, y, width, height] = face.box_in_photo;
        let number = index + 1;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{number}  {width:.0}×{height:.0} at {x:.0}, {y:.0}  score {:.2}", face.score);
    }
    text
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, RgbImage};

    use super::*;
    use crate::mask::StrokeKind;

    fn portrait() -> Photo {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/grace_hopper.jpg");
        photo::open(&path, DecodeLimits::default()).unwrap()
    }

    #[test]
    fn face_values_are_words_or_numbers() {
        assert_eq!(FaceChoice::parse("auto"), Ok(FaceChoice::Auto));
        assert_eq!(FaceChoice::parse("none"), Ok(FaceChoice::None));
        assert_eq!(FaceChoice::parse("2"), Ok(FaceChoice::Number(2)));
        for wrong in ["0", "-1", "first", ""] {
            assert!(FaceChoice::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn auto_falls_back_to_the_centre() {
        let (frame, note) = FaceChoice::Auto.locate(&portrait(), None).unwrap();
        assert!((150.0..260.0).contains(&frame.side_px) && note.is_none(), "{frame:?} {note:?}");
        let plain = Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::new(40, 30)));
        let (frame, note) = FaceChoice::Auto.locate(&plain, None).unwrap();
        assert_eq!(frame, FaceFrame::centered(40, 30));
        assert!(note.unwrap().starts_with("no face found"));
    }

    #[test]
    fn a_missing_face_error_has_the_count() {
        let photo = portrait();
        let error = FaceChoice::Number(2).locate(&photo, None).unwrap_err();
        insta::assert_snapshot!(error, @"there is no face 2: 1 found (`countenance faces` lists them)");
        let hole = Mask::empty(photo.width(), photo.height());
        let error = FaceChoice::Number(2).locate(&photo, Some(&hole)).unwrap_err();
        insta::assert_snapshot!(error, @"there is no face 2: 1 found in the known pixels");
    }

    #[test]
    fn with_a_mask_the_hole_is_not_read() {
        let photo = portrait();
        let (truth, _) = FaceChoice::Auto.locate(&photo, None).unwrap();
        let mut hole = Mask::empty(photo.width(), photo.height());
        let mouth = [0.4, 0.6].map(|x| truth.photo_from_unit().apply([x, 0.71]));
        hole.draw_segment(mouth[0], mouth[1], 25.0, StrokeKind::Paint);
        let mut pixels = photo.pixels.to_rgb8();
        let hidden = pixels.enumerate_pixels_mut().filter(|(x, y, _)| hole.is_hole(*x, *y));
        hidden.for_each(|(.., pixel)| *pixel = image::Rgb([0, 255, 0]));
        let painted_over = Photo::from_pixels(pixels.into());
        let (frame, _) = FaceChoice::Auto.locate(&photo, Some(&hole)).unwrap();
        assert_eq!(FaceChoice::Number(1).locate(&painted_over, Some(&hole)).unwrap(), (frame, None));
        assert!(frame.is_of_same_face(&truth), "{frame:?} {truth:?}");
    }

    #[test]
    fn lines_number_the_faces() {
        let face =
            Detection { score: 0.934, box_in_photo: [10.2, 20.7, 90.0, 110.4], landmarks_in_photo: [[0.0; 2]; 5] };
        insta::assert_snapshot!(format_faces(&[face]), @"1  90×110 at 10, 21  score 0.93");
        assert_eq!(format_faces(&[]), "no face found\n");
    }
}
