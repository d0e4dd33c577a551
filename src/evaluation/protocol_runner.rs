//! Runs the evaluation protocol: fills and scores every face, hole and method.

use std::error::Error;
use std::sync::Arc;

use image::RgbImage;

use super::compose::{blank_hole, blend_fill, fill_with_mean};
use super::external_fills::{load_external_fill, write_case};
use super::face::to_planar_image;
use super::{
    EvaluationFace, EvaluationFaceSource, EvaluationProblem, EvaluationProtocol, FillScore, HoleKind, MEAN_METHOD,
    SearchMethod, SearchStats, derive_seed,
};
use crate::blend::BlendMode;
use crate::job::{
    DeviceInfo, FillControl, FillError, FillObserver, FillOutcome, FillRequest, NetworkCache, SearchStart, StopReason,
    run_fill,
};
use crate::mask::Mask;
use crate::metrics::{FillQuality, PlanarImage, diversity};
use crate::model::ModelInfo;
use crate::photo::ContactSheet;
use crate::search::Settings;

/// Results of an evaluation, complete or so far.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// The device of the searches; `None` if the protocol has no search.
    pub device: Option<DeviceInfo>,
    /// Number of processed faces, including those that could not be opened.
    pub faces_done: usize,
    /// Scores by face, then hole, then method in the order of [`EvaluationProtocol::method_names`].
    pub scores: Vec<FillScore>,
    /// Everything that could not be scored or written.
    pub problems: Vec<EvaluationProblem>,
    /// Contact sheet with a row for each of the first [`EvaluationProtocol::sheet_face_count`] faces: the true face,
    /// then for each hole the face with a grey hole and the picture of every method.
    pub sheet: ContactSheet,
}

/// Observes the progress of an evaluation. The methods are called on the thread that runs it.
pub trait EvaluationObserver {
    /// A note for the user, for example "this model has no discriminator". It may repeat.
    fn note(&mut self, text: &str);

    /// A search is about to evaluate a gradient.
    fn before_gradient(&mut self);

    /// Something could not be scored. The evaluation continues.
    fn problem_found(&mut self, problem: &EvaluationProblem);

    /// All methods of a face are done.
    fn face_done(&mut self, so_far: &Evaluation);
}

/// Runs a protocol. A failure of one picture is recorded as an [`EvaluationProblem`], and the evaluation continues.
///
/// # Errors
/// When the protocol has searches and their device or model cannot be opened.
pub fn run_evaluation(
    networks: &mut NetworkCache,
    protocol: &EvaluationProtocol,
    observer: &mut dyn EvaluationObserver,
) -> Result<Evaluation, FillError> {
    let mut results = Evaluation::default();
    if !protocol.searches.is_empty() {
        let (device, _) = networks.load(protocol.device, &protocol.model)?;
        results.device = Some(device);
    }
    let mut runner = ProtocolRunner { networks, protocol, observer, results };
    for (index, source) in protocol.faces.iter().enumerate() {
        runner.evaluate_face(index, source);
        runner.results.faces_done += 1;
        runner.observer.face_done(&runner.results);
    }
    Ok(runner.results)
}

/// State of a running evaluation.
struct ProtocolRunner<'a> {
    networks: &'a mut NetworkCache,
    protocol: &'a EvaluationProtocol,
    observer: &'a mut dyn EvaluationObserver,
    results: Evaluation,
}

/// One face with one hole.
struct EvaluationCase<'a> {
    face: &'a EvaluationFace,
    kind: HoleKind,
    hole: Arc<Mask>,
    /// The hole, one value per pixel.
    in_hole: Vec<bool>,
    truth: &'a PlanarImage,
}

impl ProtocolRunner<'_> {
    fn evaluate_face(&mut self, index: usize, source: &EvaluationFaceSource) {
        let face = match EvaluationFace::open(source, index, self.protocol.crop_size_px) {
            Ok(face) => face,
            Err(error) => return self.add_problem(EvaluationProblem::new(&source.name(), None, None, &error)),
        };
        let truth = to_planar_image(&face.pixels);
        let mut row = vec![Some(face.pixels.clone())];
        for &kind in &self.protocol.holes {
            let hole = kind.hole_in_crop(self.protocol.crop_size_px, index, self.protocol.seed);
            let in_hole = hole.pixels().iter().map(|&pixel| pixel != 0).collect();
            let case = EvaluationCase { face: &face, kind, hole: Arc::new(hole), in_hole, truth: &truth };
            row.extend(self.evaluate_case(&case));
        }
        if index < self.protocol.sheet_face_count {
            self.results.sheet.add_row(row);
        }
    }

    /// Fills one hole with every method. Returns the pictures for the sheet's row.
    fn evaluate_case(&mut self, case: &EvaluationCase) -> Vec<Option<RgbImage>> {
        if let Some(folder) = &self.protocol.cases_folder
            && let Err(error) = write_case(folder, case.face, case.kind, &case.hole)
        {
            self.add_case_problem(case, None, &error);
        }
        let mut pictures = vec![Some(blank_hole(case.face, &case.hole))];
        let baseline = fill_with_mean(case.face, &case.hole);
        self.add_score(case, MEAN_METHOD, &baseline, None);
        pictures.push(Some(baseline));
        for method in &self.protocol.searches {
            pictures.extend(self.run_search(case, method));
        }
        for fills in &self.protocol.external_fills {
            let fill = load_external_fill(fills, case.face, case.kind, &case.hole);
            match &fill {
                Ok(picture) => self.add_score(case, &fills.name, picture, None),
                Err(error) => self.add_case_problem(case, Some(&fills.name), error),
            }
            pictures.push(fill.ok());
        }
        pictures
    }

    /// Runs one search and scores it with every blend.
    fn run_search(&mut self, case: &EvaluationCase, method: &SearchMethod) -> Vec<Option<RgbImage>> {
        let (photo, frame) = case.face.to_photo();
        let seed = derive_seed("search", case.face.index, self.protocol.seed);
        let request = FillRequest {
            photo: Arc::new(photo),
            hole: case.hole.clone(),
            frame,
            settings: Settings { seed, ..method.settings },
            start: SearchStart::FromSettings,
            blend: BlendMode::None.into(),
            model: self.protocol.model.clone(),
            device: self.protocol.device,
        };
        let outcome = match run_fill(self.networks, &request, &mut FillObserverAdapter(self.observer)) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.add_case_problem(case, Some(&method.name), &error);
                return vec![None; self.protocol.blends.len()];
            }
        };
        if let Some(StopReason::Failed(reason)) = &outcome.stopped {
            let message =
                format!("the search failed at iteration {} ({reason}): its best fill so far is scored", outcome.steps);
            let (face, method) = (case.face.name.clone(), Some(method.name.clone()));
            self.add_problem(EvaluationProblem { face, mask: Some(case.kind), method, message });
        }
        let protocol = self.protocol;
        let score_blend = |&blend: &BlendMode| {
            let (picture, stats) = best_picture_and_stats(case, &outcome, blend, seed)?;
            self.add_score(case, &method.method_name(blend), &picture, Some(stats));
            Some(picture)
        };
        protocol.blends.iter().map(score_blend).collect()
    }

    fn add_score(&mut self, case: &EvaluationCase, method: &str, picture: &RgbImage, search: Option<SearchStats>) {
        let quality = FillQuality::compare(case.truth, &to_planar_image(picture), &case.in_hole);
        let (face, mask, method) = (case.face.name.clone(), case.kind, method.to_string());
        self.results.scores.push(FillScore { face, mask, method, quality, search });
    }

    fn add_case_problem(&mut self, case: &EvaluationCase, method: Option<&str>, error: &(dyn Error + 'static)) {
        self.add_problem(EvaluationProblem::new(&case.face.name, Some(case.kind), method, error));
    }

    fn add_problem(&mut self, problem: EvaluationProblem) {
        self.observer.problem_found(&problem);
        self.results.problems.push(problem);
    }
}

/// Blends all candidates. Returns the best candidate's picture and the statistics of the search.
fn best_picture_and_stats(
    case: &EvaluationCase,
    outcome: &FillOutcome,
    blend: BlendMode,
    search_seed: u64,
) -> Option<(RgbImage, SearchStats)> {
    let blend_candidate = |pixels: &[f32]| blend_fill(case.face, &case.hole, blend, pixels, outcome.size_px);
    let best = outcome.candidates.get(outcome.best)?;
    let pictures: Vec<PlanarImage> =
        outcome.candidates.iter().map(|candidate| to_planar_image(&blend_candidate(&candidate.pixels))).collect();
    let psnr = pictures.iter().map(|picture| FillQuality::psnr_hole_db(case.truth, picture, &case.in_hole));
    let stats = SearchStats {
        search_seed,
        seconds: outcome.search_secs.into(),
        steps: outcome.steps,
        context_loss: best.losses.context.into(),
        best_of_k_psnr_hole_db: psnr.fold(0.0, f64::max),
        diversity: diversity(&pictures, &case.in_hole),
    };
    Some((blend_candidate(&best.pixels), stats))
}

/// Adapter from a fill's [`FillObserver`] to an [`EvaluationObserver`].
struct FillObserverAdapter<'a>(&'a mut dyn EvaluationObserver);

impl FillObserver for FillObserverAdapter<'_> {
    fn started(&mut self, device: &DeviceInfo, _: &ModelInfo, notes: &[String]) {
        for note in device.notice.iter().chain(notes) {
            self.0.note(note);
        }
    }

    fn control(&mut self) -> FillControl {
        self.0.before_gradient();
        FillControl::Continue
    }
}
