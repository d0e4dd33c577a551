//! The hole of one photo, and the faces that are filled in it.

use std::ffi::OsStr;

use anyhow::bail;

use super::face_choice::{ChosenFaces, FaceChoice};
use super::fill_plan::FillPlan;
use super::mask_source::{MaskSource, add_ignored, find_mask_in_folder, open_mask};
use crate::face::{find_frame, find_landmarks, template_landmarks};
use crate::geometry::FaceFrame;
use crate::job::{FacePart, FillError, SplitFace, split_hole};
use crate::mask::{FaceRegion, Mask, MaskPreset, center_hole_in_photo};
use crate::photo::Photo;

/// The hole of a photo and the faces to fill.
#[derive(Debug)]
pub(super) struct FacesToFill {
    pub(super) hole: Mask,
    /// Not empty.
    pub(super) faces: Vec<FaceToFill>,
    /// A note for the user.
    pub(super) note: Option<String>,
    /// Doubts about the mask.
    pub(super) warnings: Vec<String>,
}

/// One face and its part of the hole.
#[derive(Debug)]
pub(super) struct FaceToFill {
    /// Number of the face from 1, as `--face` takes it; `None` if it was not detected.
    pub(super) number: Option<usize>,
    pub(super) frame: FaceFrame,
    pub(super) hole: Mask,
}

impl FacesToFill {
    /// Finds the hole and the faces of one photo. A mask preset and parts of a face are placed on one face, found in the
    /// whole photo without its ignored pixels. With a mask picture, faces are found from the known pixels only, and every face under the hole is filled.
    pub(super) fn find(plan: &FillPlan, stem: &OsStr, photo: &Photo) -> anyhow::Result<Self> {
        let path = match &plan.mask {
            None => return Self::of_whole_faces(plan, stem, photo),
            Some(MaskSource::Preset(preset)) => return Self::of_preset(plan, *preset, stem, photo),
            Some(MaskSource::Regions(regions)) => return Self::of_regions(plan, regions, stem, photo),
            Some(MaskSource::File(path)) => path.clone(),
            Some(MaskSource::Folder(folder)) => find_mask_in_folder(folder, stem)?,
        };
        let factor = plan.settings.task.enlarges_by();
        let (mask, mut warnings) = open_mask(&path, photo.width() / factor, photo.height() / factor)?;
        let hole = ignoring(plan, stem, mask.enlarged(factor), &mut warnings)?;
        if hole.is_empty() {
            return Err(FillError::EmptyHole.into());
        }
        let chosen = chosen_faces(plan, photo, Some(&hole))?;
        let faces = Self::split(plan, &chosen, &hole)?;
        let note = chosen.note(faces.iter().map(|face| face.number));
        Ok(Self { hole, faces, note, warnings })
    }

    /// The chosen faces as a whole, without a hole: every face, unless one is chosen.
    fn of_whole_faces(plan: &FillPlan, stem: &OsStr, photo: &Photo) -> anyhow::Result<Self> {
        let mut warnings = Vec::new();
        let hole = ignoring(plan, stem, Mask::empty(photo.width(), photo.height()), &mut warnings)?;
        let chosen = match plan.frame {
            Some(frame) => ChosenFaces { faces: vec![(None, frame.into())], found: None },
            None => plan.face.all_faces(photo, &hole)?,
        };
        let faces = Self::split(plan, &chosen, &hole)?;
        let note = chosen.found.filter(|found| *found == 0).and_then(|_| chosen.note(std::iter::empty()));
        Ok(Self { hole, faces, note, warnings })
    }

    fn of_preset(plan: &FillPlan, preset: MaskPreset, stem: &OsStr, photo: &Photo) -> anyhow::Result<Self> {
        let mut warnings = Vec::new();
        let ignored = ignoring(plan, stem, Mask::empty(photo.width(), photo.height()), &mut warnings)?;
        let chosen = chosen_faces(plan, photo, ignored.has_ignored().then_some(&ignored))?;
        let frame = first_frame(&chosen)?;
        let ([width, height], crop_size_px) = ([photo.width(), photo.height()], plan.crop_size_px);
        let hole = match plan.center_scale {
            Some(margin) => center_hole_in_photo(width, height, &frame, crop_size_px, margin),
            None => preset.hole_in_photo(width, height, &frame, crop_size_px, plan.settings.seed),
        };
        let hole = hole.with_ignored(&ignored.ignored());
        let faces = Self::split(plan, &chosen, &hole)?;
        let note = chosen.note(faces.iter().map(|face| face.number));
        Ok(Self { hole, faces, note, warnings })
    }

    /// Parts of one face. The hole follows the face in the whole photo; the frame of the search is found beside the hole.
    fn of_regions(plan: &FillPlan, regions: &[FaceRegion], stem: &OsStr, photo: &Photo) -> anyhow::Result<Self> {
        let mut warnings = Vec::new();
        let mut hole = ignoring(plan, stem, Mask::empty(photo.width(), photo.height()), &mut warnings)?;
        let ignored = hole.ignored();
        let mut chosen = chosen_faces(plan, photo, hole.has_ignored().then_some(&hole))?;
        let frame = first_frame(&chosen)?;
        // With a frame by hand there may be a face in it.
        let may_have_face = plan.frame.is_some() || chosen.faces.iter().any(|(number, _)| number.is_some());
        let found = if may_have_face { find_landmarks(photo, &hole, &frame)? } else { None };
        let landmarks = found.unwrap_or_else(|| template_landmarks(&frame));
        for region in regions {
            hole.add(&region.hole_in_photo(photo.width(), photo.height(), &landmarks));
        }
        let hole = hole.with_ignored(&ignored);
        if found.is_some() && plan.frame.is_none() {
            let beside_hole = find_frame(photo, &hole)?.filter(|beside| beside.is_of_same_face(&frame));
            chosen.faces.iter_mut().take(1).for_each(|(_, face)| face.frame = beside_hole.unwrap_or(frame));
        }
        let faces = Self::split(plan, &chosen, &hole)?;
        let note = chosen.note(faces.iter().map(|face| face.number));
        Ok(Self { hole, faces, note, warnings })
    }

    fn split(plan: &FillPlan, chosen: &ChosenFaces, hole: &Mask) -> anyhow::Result<Vec<FaceToFill>> {
        let faces: Vec<SplitFace> = chosen.faces.iter().map(|(_, face)| *face).collect();
        let number = |index: usize| chosen.faces.get(index).and_then(|(number, _)| *number);
        let to_fill = |FacePart { index, frame, hole }| FaceToFill { number: number(index), frame, hole };
        let parts = split_hole(hole, &faces);
        let is_filled = |index: usize| parts.iter().any(|part| part.index == index);
        // Faces without a hole are restored all the same.
        let nothing = || Mask::empty(hole.width(), hole.height());
        let others =
            chosen.faces.iter().enumerate().filter(|(index, _)| !plan.settings.task.is_fill() && !is_filled(*index));
        let others: Vec<_> = others
            .map(|(_, (number, face))| FaceToFill { number: *number, frame: face.frame, hole: nothing() })
            .collect();
        let faces: Vec<FaceToFill> = parts.into_iter().map(to_fill).chain(others).collect();
        if faces.is_empty() {
            bail!("{}", outside_message(plan, chosen.found));
        }
        Ok(faces)
    }
}

fn first_frame(chosen: &ChosenFaces) -> anyhow::Result<FaceFrame> {
    match chosen.faces.first() {
        Some((_, face)) => Ok(face.frame),
        None => bail!("there is no face frame: place one with --frame"),
    }
}

/// A mask with the pixels that `--ignore` names.
fn ignoring(plan: &FillPlan, stem: &OsStr, mask: Mask, warnings: &mut Vec<String>) -> anyhow::Result<Mask> {
    let Some(ignore) = &plan.ignore else { return Ok(mask) };
    let (mask, told) = add_ignored(mask, ignore, stem, plan.settings.task.enlarges_by())?;
    warnings.extend(told);
    Ok(mask)
}

fn chosen_faces(plan: &FillPlan, photo: &Photo, hole: Option<&Mask>) -> anyhow::Result<ChosenFaces> {
    match plan.frame {
        Some(frame) => Ok(ChosenFaces { faces: vec![(None, frame.into())], found: None }),
        None => plan.face.faces(photo, hole),
    }
}

/// Why nothing can be filled, and what to do.
fn outside_message(plan: &FillPlan, found: Option<usize>) -> String {
    match (plan.face, found) {
        (FaceChoice::Auto, Some(1)) => {
            "the hole lies outside the face that was found: place the face frame over the hole with --frame".into()
        }
        (FaceChoice::Auto, Some(found @ 2..)) => {
            format!("the hole lies in none of the {found} faces found: place the face frame over it with --frame")
        }
        (FaceChoice::Number(number), Some(_)) => {
            format!("the hole lies outside face {number}: leave --face out to fill the face under the hole")
        }
        _ => "the hole lies outside the face frame: place the frame over it with --frame".into(),
    }
}

/// The warning about the part of a hole that no fill covers.
pub(super) fn unfilled_warning(plan: &FillPlan, unfilled: usize, whole: usize) -> String {
    let amount = match share(unfilled, whole) {
        share if share >= 0.01 => format!("{:.0} %", 100.0 * share),
        _ if unfilled == 1 => "1 pixel".into(),
        _ => format!("{unfilled} pixels"),
    };
    let is_auto = plan.frame.is_none() && plan.face == FaceChoice::Auto;
    let (place, advice) = if is_auto {
        ("every face frame that was found", "to fill it too, run again with --frame and a mask of that part only")
    } else {
        ("the face frame", "leave --face and --frame out to fill every face under the hole")
    };
    let verbs = if amount == "1 pixel" || amount.ends_with('%') { "lies" } else { "lie" };
    format!("{amount} of the hole {verbs} outside {place} and stayed as before: {advice}")
}

/// A number of pixels as a share of another, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) fn share(part: usize, whole: usize) -> f64 {
    part as f64 / (whole as f64).max(1.0)
}
