//! Finds faces that are not upright: in a photo on its side, or of a person on their head.
//!
//! The detector often finds such faces too, but frames them as if they were upright: their eyes where the mouth is. Its
//! score shows that. On 350 photos of `FairFace`'s validation part, faces score at least 0.91 upright (97 % of them), at
//! most 0.906 on their head and at most 0.891 on their side. So a face with a lower score is looked at in eight
//! directions, and the best one is believed. This takes place in a small part of the photo, because most photos have
//! faces with a low score. Only when that leaves no face to rely on, the whole photo is searched in its other three
//! orientations.

use std::f32::consts::{PI, TAU};

use image::RgbImage;
use rayon::prelude::*;

use super::detect::{DetectError, Detection, MIN_SCORE, detect_unrefined, suppress_overlaps};
use super::detector_input::DetectorInput;
use super::fit_frame;
use super::yunet::run_network;
use crate::geometry::{FaceFrame, Similarity};

/// Faces with at least this score are upright.
const UPRIGHT_SCORE: f32 = 0.91;
/// A face is believed to be turned only with at least this score. With much of them hidden, upright faces were seen to
/// score up to 0.57 in a wrong direction.
const MIN_TURNED_SCORE: f32 = 0.65;
/// A face with at least this score is one to rely on, even if it may not be upright. Half-hidden faces score less, see
/// [`find_turned_faces`].
const RELIABLE_SCORE: f32 = 0.8;
/// A face is turned only if that raises its score by at least this much.
const MIN_GAIN: f32 = 0.02;
/// Largest number of faces that are looked at in other directions, the largest first, which bounds the time.
const MAX_TURNED_FACES: usize = 4;

/// Number of directions in which a face is looked at. The detector's score falls only little over half a step, 22.5°.
const DIRECTIONS: u8 = 8;
/// Directions that score this much less than the best one are not looked at again.
const MAX_SCORE_LOSS: f32 = 0.1;
/// A direction that differs by less than this from that of the detected face (25°) is its own: it stays as it is.
const MIN_TURN_RADIANS: f32 = 0.44;
/// A photo with a face turned by more than this (60°) may be on its side as a whole.
const MAX_TILT_RADIANS: f32 = PI / 3.0;
/// Minimum score when a face is looked at, up to half a step off its direction.
const MIN_LOOK_SCORE: f32 = 0.5;
/// Side of the frame in sides of the detection's box, on average.
const FRAME_PER_BOX: f32 = 0.8;
/// How far a face's centre may lie from that of the detected box, in sides of the box. A face found the wrong way up is
/// also found off its place.
const MAX_CENTER_SHIFT: f32 = 0.6;
/// Sides that the frame of the same face may have, in sides of the detected box.
const SIDES_PER_BOX: std::ops::Range<f32> = 0.3..2.5;

/// How a face is looked at: the side of the network's input, and the side of the detection's box in it.
#[derive(Clone, Copy)]
pub(super) struct LookSize {
    input_px: usize,
    box_px: f32,
}

/// For whole faces.
const WHOLE_FACE: LookSize = LookSize { input_px: 160, box_px: 64.0 };
/// For partly hidden faces, which are not recognised as small.
const HIDDEN_FACE: LookSize = LookSize { input_px: 320, box_px: 128.0 };

/// Turns faces that were found in an upright photo into their true direction, and adds those that are found only in the
/// turned photo. `is_at_hole` tells which faces the hole touches, `None` that there is no hole.
///
/// Of a photo with a hole, only the faces at the hole are turned, if there are any. The largest face comes first.
///
/// # Errors
/// When the photo cannot be scaled down.
pub(super) fn find_turned_faces(
    rgb: &RgbImage,
    mut faces: Vec<Detection>,
    is_at_hole: Option<&dyn Fn(&Detection) -> bool>,
) -> Result<Vec<Detection>, DetectError> {
    let is_hidden = |face: &Detection| is_at_hole.is_some_and(|is_at_hole| is_at_hole(face));
    let is_reliable = |face: &Detection| {
        let min_score = if is_hidden(face) { MIN_SCORE } else { RELIABLE_SCORE };
        face.score >= min_score
    };
    let may_be_on_its_side = turn_faces(rgb, &mut faces, is_hidden) > MAX_TILT_RADIANS;
    if !may_be_on_its_side && faces.iter().any(is_reliable) {
        return Ok(faces);
    }
    let mut turned = Vec::new();
    for face in detect_unrefined(rgb, 1..4, MIN_TURNED_SCORE, |_| true)? {
        if is_found_again(rgb, if is_hidden(&face) { HIDDEN_FACE } else { WHOLE_FACE }, &face) {
            turned.push(face);
        }
    }
    turn_faces(rgb, &mut turned, is_hidden);
    let with_rank = |gain: f32| move |face: Detection| (face.score + gain, face);
    let mut ranked: Vec<(f32, Detection)> =
        faces.into_iter().map(with_rank(MIN_GAIN)).chain(turned.into_iter().map(with_rank(0.0))).collect();
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Ok(suppress_overlaps(ranked.into_iter().map(|(_, face)| face)))
}

/// Turns the faces with a low score. Returns by how much at most, in radians.
fn turn_faces(rgb: &RgbImage, faces: &mut [Detection], is_hidden: impl Fn(&Detection) -> bool) -> f32 {
    let is_one_hidden = faces.iter().any(&is_hidden);
    let mut largest_turn = 0.0f32;
    let concerned = faces.iter_mut().filter(|face| is_hidden(face) == is_one_hidden);
    for face in concerned.filter(|face| face.score < UPRIGHT_SCORE).take(MAX_TURNED_FACES) {
        let size = if is_one_hidden { HIDDEN_FACE } else { WHOLE_FACE };
        largest_turn = largest_turn.max(turn_face(rgb, size, face));
    }
    largest_turn
}

/// Turns whole faces with a low score. Returns by how much at most, in radians.
pub(super) fn turn_whole_faces(rgb: &RgbImage, faces: &mut [Detection]) -> f32 {
    turn_faces(rgb, faces, |_| false)
}

/// Whether a face is recognised when it is looked at upright. Upright faces with a large hole were seen to score up to
/// 0.81 on their head or side in the whole photo, but most were not found again.
fn is_found_again(rgb: &RgbImage, size: LookSize, face: &Detection) -> bool {
    let Some(frame) = fit_frame(&face.landmarks_in_photo) else { return false };
    let again = Surroundings::of(face).look(rgb, size, &frame);
    again.is_some_and(|again| again.score >= MIN_TURNED_SCORE)
}

/// Looks at a face in all directions, and replaces it if it is recognised better in another than its own. Returns by how
/// much that turns it, in radians.
fn turn_face(rgb: &RgbImage, size: LookSize, face: &mut Detection) -> f32 {
    let Some(frame) = fit_frame(&face.landmarks_in_photo) else { return 0.0 };
    let surroundings = Surroundings::of(face);
    let again = surroundings.look(rgb, size, &frame);
    let mut own_score = again.map_or(face.score, |again| again.score.max(face.score));
    if own_score >= UPRIGHT_SCORE {
        return 0.0;
    }
    let turn =
        |found: &Detection| fit_frame(&found.landmarks_in_photo).map_or(0.0, |found| turn_between(&frame, &found));
    let (found, upright) = surroundings.look_around(rgb, size);
    for found in found.iter().chain(&upright).filter(|found| turn(found) <= MIN_TURN_RADIANS) {
        own_score = own_score.max(found.score);
    }
    let best = upright.into_iter().max_by(|a, b| a.score.total_cmp(&b.score));
    let Some(best) = best.filter(|best| best.score >= MIN_TURNED_SCORE && best.score > own_score + MIN_GAIN) else {
        return 0.0;
    };
    let turn = turn(&best);
    *face = best;
    turn
}

/// The angle between two frames in radians, 0 to π.
pub(super) fn turn_between(a: &FaceFrame, b: &FaceFrame) -> f32 {
    ((b.angle_radians - a.angle_radians + PI).rem_euclid(TAU) - PI).abs()
}

/// Where a face was detected: the centre and the side of its box.
struct Surroundings {
    center_in_photo: [f32; 2],
    side_px: f32,
}

impl Surroundings {
    fn of(face: &Detection) -> Self {
        let [x, y, width, height] = face.box_in_photo;
        Self { center_in_photo: [x + width / 2.0, y + height / 2.0], side_px: (width * height).sqrt() }
    }

    /// A frame of about the face's size in the middle of the box.
    fn frame(&self, angle_radians: f32) -> FaceFrame {
        let (center_in_photo, side_px) = (self.center_in_photo, FRAME_PER_BOX * self.side_px);
        FaceFrame { center_in_photo, side_px, angle_radians }
    }

    /// The faces found in all directions; and the best of them once more, with each of them upright. Directions between
    /// two steps are recognised well only then.
    fn look_around(&self, rgb: &RgbImage, size: LookSize) -> (Vec<Detection>, Vec<Detection>) {
        let looks = (0..DIRECTIONS).into_par_iter().filter_map(|direction| {
            let angle_radians = f32::from(direction) * TAU / f32::from(DIRECTIONS);
            self.look(rgb, size, &self.frame(angle_radians))
        });
        let found: Vec<Detection> = looks.collect();
        let best_score = found.iter().map(|face| face.score).fold(0.0, f32::max);
        let best = found.par_iter().filter(|face| face.score >= best_score - MAX_SCORE_LOSS);
        let upright = best.filter_map(|face| {
            let frame = fit_frame(&face.landmarks_in_photo)?;
            self.look(rgb, size, &frame)
        });
        let upright = upright.collect();
        (found, upright)
    }

    /// The best face here when the photo is turned and scaled so that this frame is upright. `None` without one.
    fn look(&self, rgb: &RgbImage, size: LookSize, frame: &FaceFrame) -> Option<Detection> {
        let scale = frame.side_px / (FRAME_PER_BOX * size.box_px);
        let rotated = Similarity { scale, angle_radians: frame.angle_radians, translation: frame.center_in_photo };
        #[expect(clippy::cast_precision_loss, reason = "some hundred pixels")]
        let half = size.input_px as f32 / 2.0;
        let photo_from_input = Similarity { translation: rotated.apply([-half, -half]), ..rotated };
        let input = DetectorInput::aligned_part(rgb, size.input_px, photo_from_input);
        let faces = run_network(&input, MIN_LOOK_SCORE).into_iter().filter(|face| self.is_here(face));
        faces.max_by(|a, b| a.score.total_cmp(&b.score))
    }

    /// Whether this may be the face that was detected here.
    fn is_here(&self, face: &Detection) -> bool {
        fit_frame(&face.landmarks_in_photo).is_some_and(|frame| {
            let [dx, dy] = [0, 1].map(|axis| frame.center_in_photo[axis] - self.center_in_photo[axis]);
            dx.hypot(dy) < MAX_CENTER_SHIFT * self.side_px && SIDES_PER_BOX.contains(&(frame.side_px / self.side_px))
        })
    }
}

#[cfg(test)]
mod tests;
