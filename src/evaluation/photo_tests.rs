//! Complete evaluations of a photo with the tiny model.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};

use super::external_fills::case_name;
use super::tests::{Counts, blog, evaluate, protocol};
use super::*;
use crate::blend::{Blend, BlendMode};
use crate::mask::load_mask;
use crate::metrics::PSNR_CEILING_DB;
use crate::perceptual::test_weights::{synthetic_heads, write_synthetic_with_heads};
use crate::photo::ContactSheet;

fn portrait() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/grace_hopper.jpg")
}

/// A short search over the mouth of a photo, in its true frame.
fn photo_protocol(photos: Vec<PathBuf>) -> EvaluationProtocol {
    let mut search = blog(1);
    search.settings.steps = 2;
    EvaluationProtocol {
        faces: photos.into_iter().map(EvaluationFaceSource::Photo).collect(),
        holes: EvaluationHoles::Photos(vec![PhotoHoleKind::Mouth]),
        searches: vec![search],
        blends: vec![BlendMethod { name: "default".into(), blend: Blend::default() }, BlendMode::None.into()],
        ..protocol(Vec::new())
    }
}

fn methods(evaluation: &Evaluation) -> Vec<&str> {
    evaluation.scores.iter().map(|score| score.method.as_str()).collect()
}

#[test]
fn a_photo_is_scored_at_its_own_size() {
    let folder = tempfile::tempdir().unwrap();
    let features = folder.path().join("features.safetensors");
    write_synthetic_with_heads(&features, &synthetic_heads());
    let protocol =
        EvaluationProtocol { features: Some(features), sheet_face_count: 1, ..photo_protocol(vec![portrait()]) };
    let (evaluation, Counts { gradients, problems, .. }) = evaluate(&protocol);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        (methods(&evaluation), gradients),
        (vec!["mean", "blog+default", "blog"], protocol.gradients_per_face())
    );
    let [mean, default, none] = &evaluation.scores[..] else { panic!("three scores") };
    assert!(mean.search.is_none() && default.quality != none.quality);
    for score in &evaluation.scores {
        let Some(PerceptualScore::Lpips(distance)) = score.perceptual else { panic!("{score:?}") };
        assert!((1e-4..1.0).contains(&distance), "{score:?}");
        assert!((5.0..50.0).contains(&score.quality.psnr_hole_db), "{score:?}");
        let FrameStats { frame, true_frame, frame_error, .. } = score.frame.unwrap();
        assert_eq!((frame, frame_error), (true_frame, None));
        // The face is in the middle of the upper half of the portrait.
        let (x, y, side, degrees) = frame;
        assert!((200.0..330.0).contains(&x) && (80.0..250.0).contains(&y), "{frame:?}");
        assert!((120.0..300.0).contains(&side) && degrees.abs() < 15.0, "{frame:?}");
    }
    // One row: the hole, three methods, the truth.
    let (.., side, _) = mean.frame.unwrap().frame;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length in pixels")]
    let side = (1.2 * side).ceil() as u32;
    let dimensions = evaluation.sheet.render(ContactSheet::LARGE_SIDE_PX).dimensions();
    assert_eq!(dimensions, (5 * (side.min(320) + 2) + 2, side.min(320) + 4));
}

#[test]
fn found_frames_are_measured_against_the_true_one() {
    let protocol = EvaluationProtocol { frames: FrameMode::ALL.into(), ..photo_protocol(vec![portrait()]) };
    let (evaluation, counts) = evaluate(&protocol);
    assert!(counts.problems.is_empty(), "{:?}", counts.problems);
    let names = ["mean", "blog+default", "blog", "blog+default@found", "blog@found"];
    assert_eq!(methods(&evaluation), names);
    let frame = |index: usize| evaluation.scores[index].frame.unwrap();
    let found = frame(3);
    assert_eq!((frame(1).frame_mode, found.frame_mode), (FrameMode::Known, FrameMode::Found));
    assert_eq!(found.true_frame, frame(1).frame);
    assert!(found.frame_error.unwrap() < 0.25, "{found:?}");
    let json = serde_json::to_value(&evaluation.scores[3]).unwrap();
    assert_eq!((json["frame_mode"].as_str(), json["frame"].as_array().unwrap().len()), (Some("found"), 4));
}

#[test]
fn a_photo_without_a_face_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let landscape = folder.path().join("landscape.png");
    let value = |x: u32, y: u32| Rgb([x, y, 90].map(|value| u8::try_from(value % 256).unwrap()));
    RgbImage::from_fn(300, 200, value).save(&landscape).unwrap();
    let protocol = EvaluationProtocol { searches: Vec::new(), ..photo_protocol(vec![landscape, portrait()]) };
    let (evaluation, counts) = evaluate(&protocol);
    assert_eq!((evaluation.faces_done, methods(&evaluation)), (2, vec!["mean"]));
    insta::assert_snapshot!(counts.problems.join("\n"), @"landscape: no face was found: use a photo of a face that looks at the camera");
}

#[test]
fn cases_of_photos_can_be_filled_and_scored() {
    let folder = tempfile::tempdir().unwrap();
    let [cases, answers] = ["cases", "answers"].map(|name| folder.path().join(name));
    for folder in [&cases, &answers] {
        std::fs::create_dir(folder).unwrap();
    }
    let name = case_name("grace_hopper", "mouth");
    let truth = image::open(portrait()).unwrap().into_rgb8();
    truth.save(answers.join(format!("{name}.png"))).unwrap();
    let protocol = EvaluationProtocol {
        searches: Vec::new(),
        cases_folder: Some(cases.clone()),
        external_fills: vec![ExternalFills { name: "wise".into(), folder: answers }],
        ..photo_protocol(vec![portrait()])
    };
    let (evaluation, counts) = evaluate(&protocol);
    assert!(counts.problems.is_empty(), "{:?}", counts.problems);
    assert_eq!(methods(&evaluation), ["mean", "wise"]);
    assert_eq!(evaluation.scores[1].quality.psnr_hole_db.to_bits(), PSNR_CEILING_DB.to_bits());
    let hole = load_mask(&cases.join(format!("{name}_mask.png")), truth.width(), truth.height()).unwrap().mask;
    let blanked = image::open(cases.join(format!("{name}.png"))).unwrap().into_rgb8();
    let is_right = |(x, y, pixel): (u32, u32, &Rgb<u8>)| {
        *pixel == if hole.is_hole(x, y) { Rgb([128; 3]) } else { *truth.get_pixel(x, y) }
    };
    assert!(!hole.is_empty() && blanked.enumerate_pixels().all(is_right));
}
