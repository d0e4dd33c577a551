//! Runs the evaluation protocol: fills and scores every face, hole and method.

use std::sync::Arc;

use image::RgbImage;

use super::cases::{answer, write_case};
use super::face::measurable;
use super::paint::{blanked, blended, mean_filled};
use super::{
    EvaluationFace, FaceSource, HoleKind, MEAN, Problem, Protocol, Score, SearchFacts, SearchMethod, seed_for,
};
use crate::blend::BlendMode;
use crate::job::{
    DeviceInfo, Engine, FillError, FillOutcome, FillRequest, Flow, Observer, Start, StopReason, run_fill,
};
use crate::mask::Mask;
use crate::metrics::{Picture, Quality, diversity};
use crate::model::ModelInfo;
use crate::photo::Sheet;
use crate::search::Settings;

/// Results of an evaluation, complete or so far.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// The device of the searches; `None` if the protocol has no search.
    pub device: Option<DeviceInfo>,
    /// Number of processed faces, including those that could not be opened.
    pub faces_done: usize,
    /// Scores by face, then hole, then method in the order of [`Protocol::methods`].
    pub scores: Vec<Score>,
    /// Everything that could not be scored or written.
    pub problems: Vec<Problem>,
    /// Contact sheet with a row for each of the first [`Protocol::sheet_faces`]: the true face, then for each hole the
    /// face with a grey hole and the picture of every method.
    pub sheet: Sheet,
}

/// Observes the progress of an evaluation. The methods are called on the thread that runs it.
pub trait Watcher {
    /// A note for the user, such as "this model has no discriminator". The same note may come more than once.
    fn note(&mut self, text: &str);

    /// A search is about to evaluate a gradient.
    fn gradient(&mut self);

    /// Something could not be scored. The evaluation continues.
    fn problem(&mut self, problem: &Problem);

    /// All methods of a face are done.
    fn face_done(&mut self, so_far: &Evaluation);
}

/// Runs a protocol. A failure of one picture is recorded as a [`Problem`], and the evaluation continues.
///
/// # Errors
/// When the protocol has searches and their device or model cannot be opened.
pub fn run(engine: &mut Engine, protocol: &Protocol, watcher: &mut dyn Watcher) -> Result<Evaluation, FillError> {
    let mut done = Evaluation::default();
    if !protocol.searches.is_empty() {
        let (device, _) = engine.prepare(protocol.device, &protocol.model)?;
        done.device = Some(device);
    }
    let mut run = Run { engine, protocol, watcher, done };
    for (index, source) in protocol.faces.iter().enumerate() {
        run.face(index, source);
        run.done.faces_done += 1;
        run.watcher.face_done(&run.done);
    }
    Ok(run.done)
}

/// State of a running evaluation.
struct Run<'a> {
    engine: &'a mut Engine,
    protocol: &'a Protocol,
    watcher: &'a mut dyn Watcher,
    done: Evaluation,
}

/// One face with one hole.
struct Case<'a> {
    face: &'a EvaluationFace,
    kind: HoleKind,
    hole: Arc<Mask>,
    /// The hole, one value per pixel.
    in_hole: Vec<bool>,
    truth: &'a Picture,
}

impl Run<'_> {
    fn face(&mut self, index: usize, source: &FaceSource) {
        let face = match EvaluationFace::open(source, index, self.protocol.crop_size_px) {
            Ok(face) => face,
            Err(error) => return self.problem(Problem::new(&source.name(), None, None, &error)),
        };
        let truth = measurable(&face.pixels);
        let mut row = vec![Some(face.pixels.clone())];
        for &kind in &self.protocol.holes {
            let hole = kind.hole_in_crop(self.protocol.crop_size_px, index, self.protocol.seed);
            let in_hole = hole.pixels().iter().map(|&pixel| pixel != 0).collect();
            let case = Case { face: &face, kind, hole: Arc::new(hole), in_hole, truth: &truth };
            row.extend(self.case(&case));
        }
        if index < self.protocol.sheet_faces {
            self.done.sheet.add_row(row);
        }
    }

    /// Fills one hole with every method. Returns the pictures for the sheet's row.
    fn case(&mut self, case: &Case) -> Vec<Option<RgbImage>> {
        if let Some(folder) = &self.protocol.cases
            && let Err(error) = write_case(folder, case.face, case.kind, &case.hole)
        {
            self.problem(Problem::new(&case.face.name, Some(case.kind), None, &error));
        }
        let mut pictures = vec![Some(blanked(case.face, &case.hole))];
        let floor = mean_filled(case.face, &case.hole);
        self.score(case, MEAN, &floor, None);
        pictures.push(Some(floor));
        for method in &self.protocol.searches {
            pictures.extend(self.search(case, method));
        }
        for others in &self.protocol.others {
            let answer = answer(others, case.face, case.kind, &case.hole);
            match &answer {
                Ok(picture) => self.score(case, &others.name, picture, None),
                Err(error) => {
                    self.problem(Problem::new(&case.face.name, Some(case.kind), Some(&others.name), error));
                }
            }
            pictures.push(answer.ok());
        }
        pictures
    }

    /// Runs one search and scores it with every blend.
    fn search(&mut self, case: &Case, method: &SearchMethod) -> Vec<Option<RgbImage>> {
        let (photo, frame) = case.face.as_photo();
        let seed = seed_for("search", case.face.index, self.protocol.seed);
        let request = FillRequest {
            photo: Arc::new(photo),
            hole: case.hole.clone(),
            frame,
            settings: Settings { seed, ..method.settings },
            start: Start::AsSet,
            blend: BlendMode::None.into(),
            model: self.protocol.model.clone(),
            device: self.protocol.device,
        };
        let outcome = match run_fill(self.engine, &request, &mut Follower(self.watcher)) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.problem(Problem::new(&case.face.name, Some(case.kind), Some(&method.name), &error));
                return vec![None; self.protocol.blends.len()];
            }
        };
        if let Some(StopReason::Failed(reason)) = &outcome.stopped {
            let message =
                format!("the search failed at iteration {} ({reason}): its best fill so far is scored", outcome.steps);
            let (face, method) = (case.face.name.clone(), Some(method.name.clone()));
            self.problem(Problem { face, mask: Some(case.kind), method, message });
        }
        let protocol = self.protocol;
        let scored = |&blend: &BlendMode| {
            let (picture, facts) = judged(case, &outcome, blend, seed)?;
            self.score(case, &method.name_with(blend), &picture, Some(facts));
            Some(picture)
        };
        protocol.blends.iter().map(scored).collect()
    }

    fn score(&mut self, case: &Case, method: &str, picture: &RgbImage, search: Option<SearchFacts>) {
        let quality = Quality::of(case.truth, &measurable(picture), &case.in_hole);
        let (face, mask, method) = (case.face.name.clone(), case.kind, method.to_string());
        self.done.scores.push(Score { face, mask, method, quality, search });
    }

    fn problem(&mut self, problem: Problem) {
        self.watcher.problem(&problem);
        self.done.problems.push(problem);
    }
}

/// Blends all candidates. Returns the best candidate's picture and the statistics of the search.
fn judged(case: &Case, outcome: &FillOutcome, blend: BlendMode, search_seed: u64) -> Option<(RgbImage, SearchFacts)> {
    let draw = |pixels: &[f32]| blended(case.face, &case.hole, blend, pixels, outcome.size_px);
    let best = outcome.candidates.get(outcome.best)?;
    let pictures: Vec<Picture> =
        outcome.candidates.iter().map(|candidate| measurable(&draw(&candidate.pixels))).collect();
    let psnr = pictures.iter().map(|picture| Quality::psnr_hole_db(case.truth, picture, &case.in_hole));
    let facts = SearchFacts {
        search_seed,
        seconds: outcome.seconds.into(),
        steps: outcome.steps,
        context_loss: best.losses.context.into(),
        best_of_k_psnr_hole_db: psnr.fold(0.0, f64::max),
        diversity: diversity(&pictures, &case.in_hole),
    };
    Some((draw(&best.pixels), facts))
}

/// Adapter from a fill's [`Observer`] to a [`Watcher`].
struct Follower<'a>(&'a mut dyn Watcher);

impl Observer for Follower<'_> {
    fn started(&mut self, device: &DeviceInfo, _: &ModelInfo, notes: &[String]) {
        for note in device.notice.iter().chain(notes) {
            self.0.note(note);
        }
    }

    fn flow(&mut self) -> Flow {
        self.0.gradient();
        Flow::Continue
    }
}
