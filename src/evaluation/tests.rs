//! Complete evaluations with the tiny model and synthetic faces.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};

use super::external_fills::case_name;
use super::scores::{SCORE_METRICS, ScoreMetric};
use super::*;
use crate::blend::BlendMode;
use crate::device::DeviceChoice;
use crate::job::NetworkCache;
use crate::mask::load_mask;
use crate::model::ModelChoice;
use crate::photo::ContactSheet;
use crate::search::{Preset, Settings};

/// Side of the tiny model's crop.
const SIZE_PX: u32 = 16;

/// A temporary folder with faces.
struct FaceFolder(tempfile::TempDir);

impl FaceFolder {
    /// The faces are 32 pixels wide, so they must be scaled to the model's crop.
    fn with_faces(names: &[&str]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, base) in names.iter().zip((0_u32..).step_by(40)) {
            let value =
                |x: u32, y: u32| Rgb([base + 3 * x, 5 * y, x * y / 8 + base].map(|it| u8::try_from(it).unwrap()));
            RgbImage::from_fn(32, 32, value).save(folder.path(name)).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn subfolder(&self, name: &str) -> PathBuf {
        std::fs::create_dir_all(self.path(name)).unwrap();
        self.path(name)
    }
}

pub(super) fn protocol(pictures: Vec<PathBuf>) -> EvaluationProtocol {
    EvaluationProtocol {
        faces: pictures.into_iter().map(EvaluationFaceSource::File).collect(),
        holes: EvaluationHoles::Crops(vec![HoleKind::Center, HoleKind::Irregular]),
        searches: Vec::new(),
        frames: vec![FrameMode::Known],
        blends: vec![BlendMode::None.into()],
        external_fills: Vec::new(),
        seed: 0,
        model: ModelChoice::File(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors")),
        crop_size_px: SIZE_PX,
        features: None,
        measures_uncertainty: false,
        device: DeviceChoice::Cpu,
        cases_folder: None,
        sheet_face_count: 0,
    }
}

pub(super) fn blog(candidates: u32) -> SearchMethod {
    let settings = Settings { steps: 4, candidates, ..Preset::Blog.settings() };
    SearchMethod { name: "blog".into(), settings }
}

/// Counts the observed events.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) gradients: u64,
    pub(super) problems: Vec<String>,
    scores_after_each_face: Vec<usize>,
}

impl EvaluationObserver for Counts {
    fn started(&mut self, _: usize, _: usize) {}

    fn note(&mut self, _: &str) {}

    fn face_warning(&mut self, face: &str, warning: &str) {
        panic!("{face} is not damaged: {warning}");
    }

    fn before_gradient(&mut self) {
        self.gradients += 1;
    }

    fn problem_found(&mut self, problem: &EvaluationProblem) {
        self.problems.push(problem.to_string());
    }

    fn face_done(&mut self, so_far: &Evaluation) {
        self.scores_after_each_face.push(so_far.scores.len());
    }
}

pub(super) fn evaluate(protocol: &EvaluationProtocol) -> (Evaluation, Counts) {
    let mut counts = Counts::default();
    let evaluation = run_evaluation(&mut NetworkCache::default(), protocol, None, &mut counts).unwrap();
    (evaluation, counts)
}

#[test]
fn every_face_hole_and_method_gets_its_score() {
    let folder = FaceFolder::with_faces(&["ann.png", "bob.png"]);
    let protocol = EvaluationProtocol {
        searches: vec![blog(3)],
        blends: vec![BlendMode::None.into(), BlendMode::Poisson.into()],
        sheet_face_count: 1,
        ..protocol(vec![folder.path("ann.png"), folder.path("bob.png")])
    };
    let (evaluation, counts) = evaluate(&protocol);
    let names = evaluation.scores.iter().map(|score| format!("{} {} {}", score.face, score.mask, score.method));
    insta::assert_snapshot!(names.collect::<Vec<_>>().join("\n"), @r"
    ann center mean
    ann center blog
    ann center blog+poisson
    ann irregular mean
    ann irregular blog
    ann irregular blog+poisson
    bob center mean
    bob center blog
    bob center blog+poisson
    bob irregular mean
    bob irregular blog
    bob irregular blog+poisson
    ");
    assert!(evaluation.problems.is_empty(), "{:?}", evaluation.problems);
    assert_eq!(counts.scores_after_each_face, [6, 12]);
    // One row of truth and, for two holes, the blanked face and three methods.
    assert_eq!(evaluation.sheet.render(ContactSheet::LARGE_SIDE_PX).dimensions(), ((1 + 2 * 4) * 130 + 2, 132));

    let score = |face: usize, method: usize| &evaluation.scores[6 * face + method];
    let (mean, none, poisson) = (score(0, 0), score(0, 1), score(0, 2));
    assert!(mean.search.is_none());
    let stats = none.search.as_ref().unwrap();
    assert_eq!((stats.steps, stats.search_seed), (4, poisson.search.as_ref().unwrap().search_seed));
    assert!(stats.best_of_k_psnr_hole_db.unwrap() >= none.quality.psnr_hole_db && stats.diversity.unwrap() > 0.0);
    assert_ne!(
        stats.search_seed,
        score(1, 1).search.as_ref().unwrap().search_seed,
        "each face starts at its own latents"
    );
    assert_ne!(none.quality, poisson.quality, "the blend changes the score");
}

#[test]
fn the_same_protocol_gives_the_same_numbers() {
    let folder = FaceFolder::with_faces(&["ann.png"]);
    let protocol = EvaluationProtocol { searches: vec![blog(1)], ..protocol(vec![folder.path("ann.png")]) };
    let numbers = || {
        let qualities: Vec<_> = evaluate(&protocol).0.scores.into_iter().map(|score| score.quality).collect();
        qualities
    };
    let first = numbers();
    assert_eq!(first, numbers());
    let other = EvaluationProtocol { seed: 1, ..protocol.clone() };
    assert_ne!(first, evaluate(&other).0.scores.into_iter().map(|score| score.quality).collect::<Vec<_>>());
}

#[test]
fn predicted_gradient_count_equals_the_actual_count() {
    let folder = FaceFolder::with_faces(&["ann.png"]);
    let protocol = EvaluationProtocol { searches: vec![blog(1), blog(2)], ..protocol(vec![folder.path("ann.png")]) };
    assert_eq!(protocol.gradients_per_face(), 2 * (4 + 4));
    assert_eq!(evaluate(&protocol).1.gradients, protocol.gradients_per_face());
}

#[test]
fn truth_under_the_hole_reaches_no_method() {
    let folder = FaceFolder::with_faces(&["ann.png"]);
    let truth = EvaluationFace::open(&EvaluationFaceSource::File(folder.path("ann.png")), 0, SIZE_PX).unwrap().pixels;
    let hole = HoleKind::Center.hole_in_crop(SIZE_PX, 0, 0);
    let noisy = |x, y| if hole.is_hole(x, y) { Rgb([255, 0, 255]) } else { *truth.get_pixel(x, y) };
    truth.save(folder.path("true.png")).unwrap();
    RgbImage::from_fn(SIZE_PX, SIZE_PX, noisy).save(folder.path("noisy.png")).unwrap();
    let methods = |name: &str| {
        let protocol = EvaluationProtocol {
            holes: EvaluationHoles::Crops(vec![HoleKind::Center]),
            searches: vec![blog(2)],
            blends: BlendMode::ALL.map(BlendMethod::from).to_vec(),
            sheet_face_count: 1,
            ..protocol(vec![folder.path(name)])
        };
        let sheet = evaluate(&protocol).0.sheet.render(ContactSheet::LARGE_SIDE_PX);
        // All columns except the true face.
        image::imageops::crop_imm(&sheet, 132, 0, sheet.width() - 132, sheet.height()).to_image()
    };
    assert_eq!(methods("true.png"), methods("noisy.png"));
}

#[test]
fn a_single_candidate_has_no_diversity() {
    let folder = FaceFolder::with_faces(&["ann.png"]);
    let protocol = EvaluationProtocol { searches: vec![blog(1)], ..protocol(vec![folder.path("ann.png")]) };
    let score = &evaluate(&protocol).0.scores[1];
    let stats = score.search.as_ref().unwrap();
    assert_eq!(stats.diversity, None);
    assert_eq!(stats.best_of_k_psnr_hole_db.unwrap().to_bits(), score.quality.psnr_hole_db.to_bits());
}

#[test]
fn written_cases_can_be_filled_and_scored() {
    let folder = FaceFolder::with_faces(&["ann.png"]);
    let (cases, answers) = (folder.subfolder("cases"), folder.subfolder("answers"));
    let protocol = EvaluationProtocol { cases_folder: Some(cases.clone()), ..protocol(vec![folder.path("ann.png")]) };
    evaluate(&protocol);
    let truth = EvaluationFace::open(&EvaluationFaceSource::File(folder.path("ann.png")), 0, SIZE_PX).unwrap();
    for kind in [HoleKind::Center, HoleKind::Irregular] {
        let name = case_name("ann", kind.id());
        let hole = load_mask(&cases.join(format!("{name}_mask.png")), SIZE_PX, SIZE_PX).unwrap().mask;
        assert_eq!(hole, kind.hole_in_crop(SIZE_PX, 0, 0));
        let blanked = image::open(cases.join(format!("{name}.png"))).unwrap().into_rgb8();
        for (x, y, pixel) in blanked.enumerate_pixels() {
            let expected = if hole.is_hole(x, y) { Rgb([128; 3]) } else { *truth.pixels.get_pixel(x, y) };
            assert_eq!(*pixel, expected);
        }
    }
    // An external fill that is right in the hole and wrong in the known pixels.
    let hole = HoleKind::Center.hole_in_crop(SIZE_PX, 0, 0);
    let answer = |x, y| if hole.is_hole(x, y) { *truth.pixels.get_pixel(x, y) } else { Rgb([0; 3]) };
    RgbImage::from_fn(SIZE_PX, SIZE_PX, answer).save(answers.join("ann-center.png")).unwrap();
    RgbImage::new(8, 8).save(answers.join("ann-irregular.png")).unwrap();
    let others = ["wise", "lazy"].map(|name| ExternalFills {
        name: name.into(),
        folder: if name == "wise" { answers.clone() } else { folder.subfolder("nothing") },
    });
    let (evaluation, counts) =
        evaluate(&EvaluationProtocol { cases_folder: None, external_fills: others.into(), ..protocol });
    let [wise] = evaluation.scores.iter().filter(|score| score.method == "wise").collect::<Vec<_>>()[..] else {
        panic!("one external fill of the right size")
    };
    assert_eq!(wise.mask, "center");
    assert_eq!(wise.quality.psnr_whole_db.to_bits(), crate::metrics::PSNR_CEILING_DB.to_bits());
    let problems = counts.problems.join("\n").replace(folder.0.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(problems, @r"
    ann, center, lazy: DIR/nothing/ann-center.png is missing: add the filled picture, or leave this mask out
    ann, irregular, wise: DIR/answers/ann-irregular.png is 8×8 pixels, but its case is 16×16: fill the pictures that --cases writes
    ann, irregular, lazy: DIR/nothing/ann-irregular.png is missing: add the filled picture, or leave this mask out
    ");
}

#[test]
fn a_bad_picture_does_not_change_other_scores() {
    let folder = FaceFolder::with_faces(&["ann.png", "carl.png"]);
    std::fs::write(folder.path("bob.png"), b"no picture").unwrap();
    let pictures = ["ann.png", "bob.png", "carl.png"].map(|name| folder.path(name));
    let (with_bad, counts) = evaluate(&protocol(pictures.to_vec()));
    assert_eq!(with_bad.faces_done, 3);
    insta::assert_snapshot!(counts.problems.join("\n"), @"bob: this is a text file: choose a PNG, JPEG, WebP, TIFF or BMP file");
    RgbImage::new(16, 16).save(folder.path("bob.png")).unwrap();
    let (without_bad, _) = evaluate(&protocol(pictures.to_vec()));
    let other_scores: Vec<_> = without_bad.scores.iter().filter(|score| score.face != "bob").cloned().collect();
    assert_eq!(with_bad.scores, other_scores);
}

/// Panics at the first problem.
#[derive(Default)]
struct PanicsOnce {
    has_panicked: bool,
    problems: Vec<String>,
}

impl EvaluationObserver for PanicsOnce {
    fn started(&mut self, _: usize, _: usize) {}

    fn note(&mut self, _: &str) {}

    fn face_warning(&mut self, _: &str, _: &str) {}

    fn before_gradient(&mut self) {}

    fn problem_found(&mut self, problem: &EvaluationProblem) {
        assert!(std::mem::replace(&mut self.has_panicked, true), "hostile");
        self.problems.push(problem.to_string());
    }

    fn face_done(&mut self, _: &Evaluation) {}
}

#[test]
fn a_panic_fails_one_face_only() {
    let folder = FaceFolder::with_faces(&["ann.png", "carl.png"]);
    std::fs::write(folder.path("bob.png"), b"no picture").unwrap();
    let pictures = ["ann.png", "bob.png", "carl.png"].map(|name| folder.path(name));
    let mut observer = PanicsOnce::default();
    let protocol = EvaluationProtocol { searches: Vec::new(), ..protocol(pictures.to_vec()) };
    let evaluation = run_evaluation(&mut NetworkCache::default(), &protocol, None, &mut observer).unwrap();
    assert_eq!(evaluation.faces_done, 3);
    assert!(evaluation.scores.iter().any(|score| score.face == "carl"));
    insta::assert_snapshot!(observer.problems.join("\n"), @"bob: the program failed on this picture (hostile): save it as PNG with another program");
}

#[test]
fn a_failed_search_does_not_stop_the_others() {
    let folder = FaceFolder::with_faces(&["ann.png"]);
    let mut broken = blog(1);
    broken.settings.learning_rate = f32::NAN;
    let protocol = EvaluationProtocol { searches: vec![broken, blog(1)], ..protocol(vec![folder.path("ann.png")]) };
    let (evaluation, counts) = evaluate(&protocol);
    assert_eq!(evaluation.scores.iter().filter(|score| score.method == "blog").count(), 2);
    assert_eq!(counts.problems.len(), 2);
    assert!(counts.problems[0].starts_with("ann, center, blog: learning-rate is NaN"), "{:?}", counts.problems);
}

#[test]
fn cells_are_means_over_faces() {
    let folder = FaceFolder::with_faces(&["ann.png", "bob.png", "carl.png"]);
    let pictures = ["ann.png", "bob.png", "carl.png"].map(|name| folder.path(name));
    let protocol = protocol(pictures.to_vec());
    let scores = evaluate(&protocol).0.scores;
    let masks = [protocol.holes.ids(), vec![ALL_MASKS]].concat();
    let cells = summarize_scores(&scores, &masks, &[MEAN_METHOD.into(), "nobody".into()]);
    let [center, irregular, all] = &cells[..] else { panic!("{} cells", cells.len()) };
    assert_eq!((center.mask, irregular.mask, center.faces), ("center", "irregular", 3));
    let values: Vec<f64> = [0, 2, 4].map(|index| scores[index].quality.ssim_hole).to_vec();
    assert_eq!(center.summaries.get("ssim_hole"), crate::metrics::MeanEstimate::from_values(&values).as_ref());
    assert!(!center.summaries.contains_key("seconds"), "nothing was searched");
    // Over all masks, the scores of a face are averaged first.
    let of_faces =
        [0, 2, 4].map(|index| f64::midpoint(scores[index].quality.l1_hole, scores[index + 1].quality.l1_hole));
    assert_eq!((all.mask, all.faces), ("all", 3));
    let (found, expected) = (all.summaries["l1_hole"], crate::metrics::MeanEstimate::from_values(&of_faces).unwrap());
    assert!((found.mean - expected.mean).abs() < 1e-12, "{found:?} for {expected:?}");
    assert!((found.half_interval.unwrap() - expected.half_interval.unwrap()).abs() < 1e-12);
    let read = |metric: &ScoreMetric| (metric.value)(&scores[0]);
    let json = serde_json::to_value(&scores[0]).unwrap();
    for metric in &SCORE_METRICS {
        assert_eq!(json.get(metric.id).and_then(serde_json::Value::as_f64), read(metric), "{}", metric.id);
    }
}

#[test]
fn differences_are_paired_by_face() {
    let folder = FaceFolder::with_faces(&["ann.png", "bob.png", "carl.png"]);
    let (cases, answers) = (folder.subfolder("cases"), folder.subfolder("answers"));
    let pictures = ["ann.png", "bob.png", "carl.png"].map(|name| folder.path(name));
    let protocol = EvaluationProtocol {
        cases_folder: Some(cases.clone()),
        holes: EvaluationHoles::Crops(vec![HoleKind::Center]),
        ..protocol(pictures.to_vec())
    };
    evaluate(&protocol);
    for name in ["ann-center.png", "carl-center.png"] {
        std::fs::copy(cases.join(name), answers.join(name)).unwrap();
    }
    let others = vec![ExternalFills { name: "grey".into(), folder: answers }];
    let protocol = EvaluationProtocol { cases_folder: None, external_fills: others, ..protocol };
    let scores = evaluate(&protocol).0.scores;
    let l1 = |face: &str, method: &str| {
        let score = scores.iter().find(|score| score.face == face && score.method == method).unwrap();
        score.quality.l1_hole
    };
    let expected = ["ann", "carl"].map(|face| l1(face, "grey") - l1(face, MEAN_METHOD));
    let cells = summarize_differences(&scores, &protocol.holes.ids(), &protocol.method_names(), MEAN_METHOD);
    let [grey] = &cells[..] else { panic!("{} cells", cells.len()) };
    assert_eq!((grey.method.as_str(), grey.faces), ("grey", 2), "bob has no external fill");
    assert_eq!(grey.summaries.get("l1_hole"), crate::metrics::MeanEstimate::from_values(&expected).as_ref());
}
