//! `countenance faces`: lists the faces of a photo.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::console::Console;
use super::photo_access::{open_photo, work_on_photo};
use super::{CommandStatus, write_stdout};
use crate::face::{Detection, detect};

/// List the faces found in a photo, largest first
///
/// Coordinates are pixels of the upright photo. The first number of each line is the N of `fill --face N` with parts
/// of the face or a mask preset. With a mask picture, `fill` numbers the faces that it finds without looking under the hole.
#[derive(Debug, Args)]
pub(super) struct FacesArgs {
    /// Photo to search for faces (PNG, JPEG, WebP, TIFF, BMP)
    #[arg(value_name = "PHOTO")]
    photo: PathBuf,

    /// Print JSON: score, box (x, y, width, height) and five landmarks (eyes, nose, corners of the mouth) of each face
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &FacesArgs) -> anyhow::Result<CommandStatus> {
    let console = &mut Console::stderr();
    let faces = work_on_photo(&args.photo, || {
        let photo = open_photo(&args.photo, console)?;
        detect(&photo).with_context(|| args.photo.display().to_string())
    })?;
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
    use super::*;

    #[test]
    fn lines_number_the_faces() {
        let face =
            Detection { score: 0.934, box_in_photo: [10.2, 20.7, 90.0, 110.4], landmarks_in_photo: [[0.0; 2]; 5] };
        insta::assert_snapshot!(format_faces(&[face]), @"1  90×110 at 10, 21  score 0.93");
        assert_eq!(format_faces(&[]), "no face found\n");
    }
}
