//! The outlines of the parts of one face.
//!
//! They are given in face coordinates: the origin is between the eyes, x runs along the eyes to the right in the picture
//! and counts eye distances, and y runs down to the mouth and counts sizes. The size is the larger of the distances
//! between the eyes and from eyes to mouth: a head that turns shortens the first, a head that nods the second.
//!
//! The tip of the nose tells how far the head is turned: the nose stands out from the face, so it moves sideways. The
//! far half is then drawn narrower and the near half wider.
//!
//! All sizes were chosen by looking at the outlines on about 40 faces.

use std::f32::consts::PI;

use super::convex_hull::{ELLIPSE_CORNERS, convex_hull, ellipse, minus, unit_circle};
use crate::geometry::Point;

/// Distance from eyes to mouth, in eye distances, of a face that looks at the camera: the face frame's template.
const EYES_TO_MOUTH: f32 = 1.02;
/// The least eye distance that is used, in sizes: in a profile both eyes are at one place.
const MIN_EYE_DISTANCE: f32 = 0.5;
/// The tangent of the head's turn for a nose that is one eye distance beside the middle. The nose stands out by about
/// half an eye distance.
const TURN_PER_NOSE_SHIFT: f32 = 2.0;
/// Larger turns are drawn like this one (42°).
const MAX_TURN: f32 = 0.9;
/// How much the turn narrows the far eye and brow, and widens the near ones.
const EYE_FORESHORTENING: f32 = 0.3;
/// Where the skin ends above the eyes, in sizes: little of the forehead beyond is in the face frame.
const TOP: f32 = -0.8;
/// Distance from the mouth to the lower edge of the chin.
const MOUTH_TO_CHIN: f32 = 0.8;
/// Least distance from nose to mouth that is used, in sizes.
const MIN_NOSE_TO_MOUTH: f32 = 0.1;

/// A face as its landmarks show it.
pub(super) struct FaceShape {
    /// Between the eyes, in photo pixels.
    origin_in_photo: Point,
    /// One unit of x, of y above the eyes, and of y below them, in photo pixels. Above the eyes y runs square to x:
    /// the mouth of a turned head is shifted to the side, the forehead is not.
    across: Point,
    down_above_eyes: Point,
    down: Point,
    /// The landmarks in face coordinates, left before right.
    eyes: [Point; 2],
    nose: Point,
    mouth_corners: [Point; 2],
    mouth: Point,
    /// How far the tip of the nose is beside the line from eyes to mouth, in eye distances; positive to the right.
    nose_shift: f32,
    /// Tangent of the angle by which the head is turned; positive to the right.
    turn: f32,
    /// Width of a circle of height 1.
    aspect: f32,
}

impl FaceShape {
    /// `None` when the landmarks are not finite or lie on one line.
    pub fn new(landmarks_in_photo: &[Point; 5]) -> Option<Self> {
        let [eye, other_eye, nose, corner, other_corner] = *landmarks_in_photo;
        let (mut eyes, mut corners) = ([eye, other_eye], [corner, other_corner]);
        if eyes[0][0] > eyes[1][0] {
            eyes.reverse();
            corners.reverse();
        }
        let origin = between(eyes[0], eyes[1], 0.5);
        let (along, to_mouth) = (minus(eyes[1], eyes[0]), minus(between(corners[0], corners[1], 0.5), origin));
        let (eye_distance, mouth_distance) = (along[0].hypot(along[1]), to_mouth[0].hypot(to_mouth[1]));
        let size = eye_distance.max(mouth_distance / EYES_TO_MOUTH);
        let unit = eye_distance.max(MIN_EYE_DISTANCE * size);
        let across = along.map(|value| value / eye_distance * unit);
        let down = to_mouth.map(|value| value / mouth_distance * size);
        let determinant = across[0] * down[1] - across[1] * down[0];
        // False for NaN too.
        let is_usable = determinant.abs() > 0.1 * unit * size && determinant.is_finite();
        if !(is_usable && nose.iter().all(|value| value.is_finite())) {
            return None;
        }
        let in_face = |point: Point| {
            let [x, y] = minus(point, origin);
            [(x * down[1] - y * down[0]) / determinant, (across[0] * y - across[1] * x) / determinant]
        };
        let (nose, mouth_corners) = (in_face(nose), corners.map(in_face));
        let mouth = between(mouth_corners[0], mouth_corners[1], 0.5);
        let nose_shift = (nose[0] - nose[1] / mouth[1] * mouth[0]).clamp(-1.0, 1.0);
        // Down is square to across, on the mouth's side.
        let square = [-across[1], across[0]].map(|value| value / unit * size * determinant.signum());
        Some(Self {
            origin_in_photo: origin,
            across,
            down_above_eyes: square,
            down,
            eyes: eyes.map(in_face),
            nose,
            mouth_corners,
            mouth,
            nose_shift,
            turn: (TURN_PER_NOSE_SHIFT * nose_shift).clamp(-MAX_TURN, MAX_TURN),
            aspect: size / unit,
        })
    }

    /// Maps a point in face coordinates to the photo.
    fn to_photo(&self, [x, y]: Point) -> Point {
        let down = if y < 0.0 { self.down_above_eyes } else { self.down };
        [0, 1].map(|axis| self.origin_in_photo[axis] + x * self.across[axis] + y * down[axis])
    }

    fn points_to_photo(&self, points: impl IntoIterator<Item = Point>) -> Vec<Point> {
        points.into_iter().map(|point| self.to_photo(point)).collect()
    }

    /// The width of eye and brow on a side, relative to a face that looks at the camera.
    fn eye_scale(&self, side: usize) -> f32 {
        (1.0 - sign(side) * self.turn * EYE_FORESHORTENING).clamp(0.6, 1.35)
    }

    /// Distance from the tip of the nose down to the middle of the mouth.
    fn nose_to_mouth(&self) -> f32 {
        (self.mouth[1] - self.nose[1]).max(MIN_NOSE_TO_MOUTH)
    }

    /// An eye with its lids and lashes. Side 0 is left in the picture.
    pub fn eye(&self, side: usize) -> Vec<Point> {
        let (out, scale, [x, y]) = (sign(side), self.eye_scale(side), self.eyes[side]);
        // The bridge of the nose stays free.
        let inner = (0.35 * scale).min(x.abs() - 0.14);
        let outer = 0.39 * scale;
        let center = [x + out * (outer - inner) / 2.0, y - 0.02];
        let half_width = f32::midpoint(outer, inner);
        let lid = |[dx, dy]: Point| [center[0] + half_width * dx, center[1] + if dy < 0.0 { 0.15 } else { 0.27 } * dy];
        self.points_to_photo(unit_circle().map(lid))
    }

    /// A brow: three outlines that overlap and form an arch.
    pub fn brow(&self, side: usize) -> Vec<Vec<Point>> {
        let (out, scale, [x, y]) = (sign(side), self.eye_scale(side), self.eyes[side]);
        // From the inner end over the peak to the tail: distance outward and down from the eye, and radius. Low brows
        // touch the lid, so the arch does too.
        let arch = [(-0.30, -0.25, 0.135), (0.02, -0.295, 0.175), (0.24, -0.295, 0.17), (0.46, -0.20, 0.12)];
        let ends: Vec<Vec<Point>> = arch
            .into_iter()
            .map(|(along, down, radius)| ellipse([x + out * along * scale, y + down], [radius * scale, radius]))
            .collect();
        ends.windows(2).map(|pair| self.points_to_photo(convex_hull(pair.concat()))).collect()
    }

    /// The nose, from the bridge to below the nostrils, with its wings.
    pub fn nose(&self) -> Vec<Point> {
        let to_mouth = self.nose_to_mouth();
        // The wings stand out less than the tip.
        let wings_x = self.nose[0] - 0.45 * self.nose_shift;
        let wing = |side: usize| {
            let center = [wings_x + sign(side) * 0.22 * self.eye_scale(side), self.nose[1] + 0.05 * to_mouth];
            ellipse(center, [0.18, (0.38 * to_mouth).min(0.17)])
        };
        let tip = ellipse(self.nose, [0.18, (0.42 * to_mouth).min(0.19)]);
        let bridge = ellipse([0.15 * self.nose_shift, 0.06], [0.1, 0.1]);
        self.points_to_photo(convex_hull([wing(0), wing(1), tip, bridge].concat()))
    }

    /// The lips and some skin around them.
    pub fn mouth(&self) -> Vec<Point> {
        let corners = self.mouth_corners.map(|corner| ellipse(corner, [0.16 * self.aspect, 0.16]));
        let half_width = (self.mouth_corners[1][0] - self.mouth_corners[0][0]) / 2.0;
        let [x, y] = self.middle_of_lips();
        let upper = ellipse([x, y], [0.75 * half_width, (0.54 * self.nose_to_mouth()).min(0.24)]);
        let lower = ellipse([x, y + 0.11], [0.95 * half_width, 0.27]);
        self.points_to_photo(convex_hull([corners.concat(), upper, lower].concat()))
    }

    fn middle_of_lips(&self) -> Point {
        [self.mouth[0] + 0.2 * self.nose_shift, self.mouth[1]]
    }

    /// The lowest point of the chin.
    fn chin_end(&self) -> Point {
        [self.mouth[0] + 0.25 * self.nose_shift, self.mouth[1] + MOUTH_TO_CHIN]
    }

    /// The chin, from below the lips.
    pub fn chin(&self) -> Vec<Point> {
        let [x, end] = self.chin_end();
        let below_lips = ellipse([x, self.mouth[1] + 0.5], [0.44, 0.1]);
        let tip = ellipse([x, end - 0.2], [0.4, 0.2]);
        self.points_to_photo(convex_hull([below_lips, tip].concat()))
    }

    /// Half of the face, from the forehead to the chin, up to the ridge of the nose.
    pub fn half(&self, side: usize) -> Vec<Point> {
        let middle = [self.middle_of_lips(), self.nose, [0.15 * self.nose_shift, 0.0]];
        self.points_to_photo(self.contour(side).chain(middle))
    }

    /// The contour of the face on a side, from the top to the end of the chin.
    fn contour(&self, side: usize) -> impl Iterator<Item = Point> {
        let (top, end) = ([-0.1 * self.nose_shift, TOP], self.chin_end());
        let turned_away = sign(side) * self.turn;
        let half_width = 1.1 - 0.62 * turned_away + 0.15 * turned_away.max(0.0).powi(2);
        (0..=ELLIPSE_CORNERS).map(move |index| {
            let angle = f32::from(index) / f32::from(ELLIPSE_CORNERS) * PI;
            let (sin, height) = (angle.sin().max(0.0), angle.cos());
            // Broad at the forehead, narrow at the chin.
            let width = if height > 0.0 { sin.sqrt() } else { sin.powf(0.7) * (1.0 + 0.25 * height) };
            let [x, y] = between(top, end, (1.0 - height) / 2.0);
            [x + sign(side) * half_width * width, y]
        })
    }
}

/// The direction from the middle of the face to a side: -1 to the left, side 0.
fn sign(side: usize) -> f32 {
    if side == 0 { -1.0 } else { 1.0 }
}

/// The point between two others: `share` 0 is the first, 1 the second.
fn between(from: Point, to: Point, share: f32) -> Point {
    [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]))
}
