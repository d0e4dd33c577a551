use image::{DynamicImage, Rgb, RgbImage, imageops};

use super::*;
use crate::face::TEMPLATE_IN_UNIT;
use crate::geometry::Point;
use crate::mask::StrokeKind;

const PORTRAITS: [&str; 2] = ["astronaut.png", "grace_hopper.jpg"];

fn portrait(name: &str) -> Photo {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples").join(name);
    crate::photo::open(&path, crate::photo::DecodeLimits::default()).unwrap()
}

/// The frame of the largest face, found in the whole photo.
fn whole_frame(photo: &Photo) -> FaceFrame {
    face_frames(photo).unwrap()[0]
}

/// A line in the frame's unit square, and its thickness as a share of the frame's side.
type Line = (Point, Point, f32);

const MOUTH: Line = ([0.36, 0.71], [0.64, 0.71], 0.12);
const RIGHT_EYE: Line = ([0.24, 0.3], [0.36, 0.3], 0.11);
const BOTH_EYES: Line = ([0.24, 0.3], [0.76, 0.3], 0.11);
const LOWER_HALF: Line = ([0.2, 0.8], [0.8, 0.8], 0.3);

fn painted(photo: &Photo, frame: &FaceFrame, (from, to, radius): Line) -> Mask {
    let mut hole = Mask::empty(photo.width(), photo.height());
    let map = frame.photo_from_unit();
    hole.draw_segment(map.apply(from), map.apply(to), radius * frame.side_px, StrokeKind::Paint);
    hole
}

/// Mean distance of eyes and corners of the mouth, in distances between the eyes.
fn landmark_error(found: &FaceFrame, truth: &FaceFrame) -> f32 {
    let distance = |[ax, ay]: Point, [bx, by]: Point| (ax - bx).hypot(ay - by);
    let points = |frame: &FaceFrame| TEMPLATE_IN_UNIT.map(|point| frame.photo_from_unit().apply(point));
    let (found, truth) = (points(found), points(truth));
    let mean = [0, 1, 3, 4].into_iter().map(|index| distance(found[index], truth[index])).sum::<f32>() / 4.0;
    mean / distance(truth[0], truth[1])
}

/// The photo with other pixels under the hole.
fn with_hole_pixels(photo: &Photo, hole: &Mask, pixel: impl Fn(u32, u32) -> Rgb<u8>) -> Photo {
    let mut pixels = photo.pixels.to_rgb8();
    for (x, y, value) in pixels.enumerate_pixels_mut().filter(|(x, y, _)| hole.is_hole(*x, *y)) {
        *value = pixel(x, y);
    }
    Photo::from_pixels(pixels.into())
}

#[test]
fn frames_without_the_hole_are_near_the_whole_faces() {
    let mut errors = Vec::new();
    for name in PORTRAITS {
        let photo = portrait(name);
        let truth = whole_frame(&photo);
        for (what, line, limit) in [
            ("mouth", MOUTH, 0.08),
            ("an eye", RIGHT_EYE, 0.08),
            ("both eyes", BOTH_EYES, 0.08),
            ("the lower half", LOWER_HALF, 0.12),
        ] {
            let frame = find_frame(&photo, &painted(&photo, &truth, line)).unwrap().unwrap();
            errors.push((name, what, landmark_error(&frame, &truth), limit));
        }
    }
    assert!(errors.iter().all(|(.., error, limit)| error < limit), "{errors:#?}");
}

#[test]
fn the_frame_is_the_same_whatever_is_hidden() {
    for (name, line) in [(PORTRAITS[0], MOUTH), (PORTRAITS[1], BOTH_EYES), (PORTRAITS[0], LOWER_HALF)] {
        let photo = portrait(name);
        let painted = painted(&photo, &whole_frame(&photo), line);
        // Stripes of hole and of ignored pixels.
        let hole = painted.filtered(painted.rect(), |x, _| x % 64 < 40);
        let mut ignored = painted.clone();
        ignored.remove(&hole);
        let mask = hole.with_ignored(&ignored);
        let noise = |x: u32, y: u32| {
            Rgb((x * 7919 + y * 104_729).wrapping_mul(2_654_435_761).to_be_bytes()[..3].try_into().unwrap())
        };
        let frames = [
            find_frame(&photo, &mask).unwrap().unwrap(),
            find_frame(&with_hole_pixels(&photo, &painted, |_, _| Rgb([0; 3])), &mask).unwrap().unwrap(),
            find_frame(&with_hole_pixels(&photo, &painted, noise), &mask).unwrap().unwrap(),
        ];
        let bits = frames.map(|FaceFrame { center_in_photo: [x, y], side_px, angle_radians }| {
            [x, y, side_px, angle_radians].map(f32::to_bits)
        });
        assert!(bits[0] == bits[1] && bits[0] == bits[2], "{name}: {frames:?}");
    }
}

/// Both samples side by side, the second one smaller.
fn two_faces() -> Photo {
    let mut both = RgbImage::from_pixel(900, 620, Rgb([120, 110, 100]));
    let [first, second] = PORTRAITS.map(|name| portrait(name).pixels.to_rgb8());
    let second = imageops::resize(&second, 256, 300, imageops::FilterType::Triangle);
    imageops::overlay(&mut both, &first, 20, 50);
    imageops::overlay(&mut both, &second, 600, 160);
    Photo::from_pixels(DynamicImage::ImageRgb8(both))
}

#[test]
fn the_hole_chooses_among_faces() {
    let photo = two_faces();
    let none = Mask::empty(photo.width(), photo.height());
    let faces = VisibleFaces::find(&photo, &none).unwrap();
    assert_eq!((faces.count(), faces.index_at_hole()), (2, Some(0)), "without a hole, the largest");
    let frames = [0, 1].map(|index| faces.frame(index).unwrap().unwrap());
    assert!(faces.frame(2).unwrap().is_none() && frames[0].side_px >= frames[1].side_px);
    for (index, line) in
        [(0, MOUTH), (1, MOUTH), (1, ([0.3, 1.3], [0.7, 1.3], 0.1)), (0, ([0.5, 1.4], [0.5, 1.5], 0.1))]
    {
        let hole = painted(&photo, &frames[index], line);
        let found = find_frame(&photo, &hole).unwrap().unwrap();
        assert!(landmark_error(&found, &frames[index]) < 0.15, "face {index}, {line:?}: {found:?}");
    }
}

#[test]
fn whole_faces_are_framed_as_models_are_trained() {
    // Placed by hand over the eyes and the mouth of aligned faces. The detector's frames are 8 % smaller.
    for (name, center_in_photo, side_px) in
        [(PORTRAITS[0], [224.0, 124.0], 112.0), (PORTRAITS[1], [264.0, 230.0], 212.0)]
    {
        let frame = whole_frame(&portrait(name));
        let error = landmark_error(&frame, &FaceFrame { center_in_photo, side_px, angle_radians: 0.0 });
        assert!(error < 0.08 && (0.95..1.06).contains(&(frame.side_px / side_px)), "{name}: {error}, {frame:?}");
    }
}

#[test]
fn a_hole_beside_the_face_does_not_move_its_frame() {
    let photo = portrait(PORTRAITS[1]);
    let truth = whole_frame(&photo);
    let mut hole = Mask::empty(photo.width(), photo.height());
    hole.draw_segment([20.0, 20.0], [20.0, 90.0], 15.0, StrokeKind::Paint);
    assert!(landmark_error(&find_frame(&photo, &hole).unwrap().unwrap(), &truth) < 0.02);
}

#[test]
fn a_photo_without_a_face_has_no_frame() {
    let plain = Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::from_fn(300, 200, |x, y| {
        Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 120])
    })));
    let mut hole = Mask::empty(300, 200);
    hole.draw_segment([100.0, 90.0], [160.0, 100.0], 30.0, StrokeKind::Paint);
    assert_eq!(find_frame(&plain, &hole).unwrap(), None);
    hole = Mask::full(300, 200);
    assert_eq!(find_frame(&plain, &hole).unwrap(), None);
}

#[test]
fn a_mask_of_another_size_is_refused() {
    let error = find_frame(&portrait(PORTRAITS[0]), &Mask::empty(8, 9)).unwrap_err();
    assert!(error.to_string().contains("8×9"), "{error}");
}

#[test]
fn doubtful_faces_inside_better_ones_do_not_count() {
    let face = |score: f32, x: f32, side_px: f32| VisibleFace {
        detection: Detection { score, box_in_photo: [0.0; 4], landmarks_in_photo: [[0.0; 2]; 5] },
        frame: FaceFrame { center_in_photo: [x, 50.0], side_px, angle_radians: 0.0 },
        hole_count: 0,
    };
    let better = face(0.9, 50.0, 40.0);
    assert!(is_beside_better(&face(0.4, 65.0, 10.0), &better), "its centre lies in the better frame");
    assert!(is_beside_better(&face(0.4, 80.0, 80.0), &better), "the better centre lies in its frame");
    assert!(!is_beside_better(&face(0.4, 90.0, 40.0), &better), "elsewhere");
    assert!(!is_beside_better(&face(0.7, 65.0, 10.0), &better), "a good score counts");
    assert!(!is_beside_better(&face(0.4, 50.0, 40.0), &face(0.35, 50.0, 40.0)));
}

#[test]
fn faces_at_the_hole_are_those_it_covers() {
    let photo = two_faces();
    let frames = face_frames(&photo).unwrap();
    let (left, right) = (frames[0], frames[1]);
    let mut hole = painted(&photo, &left, MOUTH);
    let found = |hole: &Mask| VisibleFaces::find(&photo, hole).unwrap().faces_at_hole().unwrap();
    assert!(matches!(found(&hole)[..], [face] if face.frame.is_of_same_face(&left) && face.is_certain));
    hole.add(&painted(&photo, &right, RIGHT_EYE));
    let frames = found(&hole);
    assert!(
        frames.len() == 2
            && [left, right].iter().all(|truth| { frames.iter().any(|face| face.frame.is_of_same_face(truth)) }),
        "{frames:?}"
    );
    assert!(found(&Mask::empty(photo.width(), photo.height())).is_empty());
}
