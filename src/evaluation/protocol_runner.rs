//! Runs the evaluation protocol, face by face.

use std::collections::HashMap;

use super::case_runner::CaseRunner;
use super::face_results::FaceResults;
use super::share_log::{FaceRecord, ShareError, ShareLog};
use super::shares::inputs_sha256;
use super::{EvaluationFaceSource, EvaluationProblem, EvaluationProtocol, EvaluationShares, FillScore};
use crate::blend::Blend;
use crate::catch_panic::catch_panic;
use crate::job::{FillError, NetworkCache, completion_network};
use crate::perceptual::{FeaturesError, Lpips, PerceptualKind};
use crate::photo::ContactSheet;
use crate::shard::Shard;

/// Results of an evaluation, complete or so far.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// Names of the devices of the searches. Empty if the protocol has no search; shares may have used several.
    pub devices: Vec<String>,
    /// The kind of perceptual distance; `None` if none is measured.
    pub perceptual: Option<PerceptualKind>,
    /// Number of processed faces, including those that could not be opened.
    pub faces_done: usize,
    /// Scores by face, then hole, then method in the order of [`EvaluationProtocol::method_names`].
    pub scores: Vec<FillScore>,
    /// Everything that could not be scored or written.
    pub problems: Vec<EvaluationProblem>,
    /// Contact sheet of the first [`EvaluationProtocol::sheet_face_count`] faces. A row shows one face: the true face,
    /// then for each hole the face with a grey hole and the picture of every method. In photos, a row shows one hole:
    /// the face with a grey hole, the picture of every method, and the true face.
    pub sheet: ContactSheet,
}

/// Why an evaluation cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    #[error(transparent)]
    Fill(#[from] FillError),
    #[error(transparent)]
    Features(#[from] FeaturesError),
    #[error(transparent)]
    Share(#[from] ShareError),
}

impl Evaluation {
    fn add(&mut self, face: FaceResults) {
        let FaceResults { device, scores, problems, sheet_rows } = face;
        self.devices.extend(device.filter(|name| !self.devices.contains(name)));
        self.scores.extend(scores);
        self.problems.extend(problems);
        for row in sheet_rows.into_iter().flatten() {
            self.sheet.add_row(row);
        }
        self.faces_done += 1;
    }
}

/// Observes the progress of an evaluation. The methods are called on the thread that runs it.
pub trait EvaluationObserver {
    /// The run starts. Of the faces, this number is already measured.
    fn started(&mut self, measured_before: usize, faces: usize);

    /// A note for the user, for example "this model has no discriminator". It may repeat.
    fn note(&mut self, text: &str);

    /// The file of a face was damaged, and opened all the same.
    fn face_warning(&mut self, face: &str, warning: &str);

    /// A search is about to evaluate a gradient.
    fn before_gradient(&mut self);

    /// Something could not be scored. The evaluation continues.
    fn problem_found(&mut self, problem: &EvaluationProblem);

    /// All methods of a face are done.
    fn face_done(&mut self, so_far: &Evaluation);
}

/// Runs a protocol. A failure of one picture is recorded as an [`EvaluationProblem`], and the evaluation continues.
/// Takes over what the shares have measured.
///
/// # Errors
/// When the file of features cannot be used, the protocol has searches and their device or model cannot be opened, or a
/// share belongs to another evaluation.
pub fn run_evaluation(
    networks: &mut NetworkCache,
    protocol: &EvaluationProtocol,
    shares: Option<&EvaluationShares>,
    observer: &mut dyn EvaluationObserver,
) -> Result<Evaluation, EvaluationError> {
    let lpips = read_features(protocol)?;
    let known = shares.map(|shares| shares.read_all(protocol)).transpose()?.unwrap_or_default();
    let faces = FacesToEvaluate { shard: Shard::WHOLE, known, log: None, lpips };
    evaluate_faces(networks, protocol, faces, observer)
}

/// Runs a protocol on a share of the faces, and stores the results. A share that was stopped goes on.
///
/// # Errors
/// As [`run_evaluation`], or when the results cannot be stored.
pub fn evaluate_share(
    networks: &mut NetworkCache,
    protocol: &EvaluationProtocol,
    shares: &EvaluationShares,
    shard: Shard,
    observer: &mut dyn EvaluationObserver,
) -> Result<Evaluation, EvaluationError> {
    let lpips = read_features(protocol)?;
    let (log, known) = shares.open(shard, protocol)?;
    evaluate_faces(networks, protocol, FacesToEvaluate { shard, known, log: Some(log), lpips }, observer)
}

fn read_features(protocol: &EvaluationProtocol) -> Result<Option<Lpips>, FeaturesError> {
    protocol.features.as_deref().map(Lpips::read).transpose()
}

/// Which faces to evaluate.
struct FacesToEvaluate {
    shard: Shard,
    /// Results from before, by index of the face.
    known: HashMap<usize, FaceResults>,
    /// Stores the results of each face.
    log: Option<ShareLog>,
    lpips: Option<Lpips>,
}

fn evaluate_faces(
    networks: &mut NetworkCache,
    protocol: &EvaluationProtocol,
    FacesToEvaluate { shard, mut known, mut log, lpips }: FacesToEvaluate,
    observer: &mut dyn EvaluationObserver,
) -> Result<Evaluation, EvaluationError> {
    let mut evaluation = Evaluation { perceptual: lpips.as_ref().map(Lpips::kind), ..Evaluation::default() };
    let sources = protocol.faces.iter().enumerate().filter(|(index, _)| shard.holds(*index as u64 + 1));
    let sources: Vec<(usize, &EvaluationFaceSource)> = sources.collect();
    let device = if known.len() < sources.len() { open_device(networks, protocol, observer)? } else { None };
    observer.started(known.len(), sources.len());
    for (index, source) in sources {
        if let Some(results) = known.remove(&index) {
            for problem in &results.problems {
                observer.problem_found(problem);
            }
            evaluation.add(results);
            continue;
        }
        let inputs_sha256 = log.is_some().then(|| inputs_sha256(source, protocol));
        let sheet_rows = (index < protocol.sheet_face_count).then(Vec::new);
        let results = FaceResults { device: device.clone(), sheet_rows, ..FaceResults::default() };
        let mut runner = CaseRunner { networks, lpips: lpips.as_ref(), protocol, observer, results };
        // A decoder may panic on a hostile file. One face must not end the run.
        if let Err(reason) = catch_panic(|| runner.evaluate_face(index, source)) {
            runner.add_failure(source, &reason);
        }
        let mut results = runner.results;
        if let Some((log, inputs_sha256)) = log.as_mut().zip(inputs_sha256) {
            let record = FaceRecord { index, inputs_sha256, results };
            log.append(&record)?;
            results = record.results;
        }
        evaluation.add(results);
        observer.face_done(&evaluation);
    }
    Ok(evaluation)
}

/// Opens the device and the model of the searches, and returns the device's name; `None` without searches.
fn open_device(
    networks: &mut NetworkCache,
    protocol: &EvaluationProtocol,
    observer: &mut dyn EvaluationObserver,
) -> Result<Option<String>, EvaluationError> {
    if protocol.searches.is_empty() {
        return Ok(None);
    }
    let (device, model) = networks.load(protocol.device, &protocol.model)?;
    let is_ignored = |blend: Blend| blend.completion && completion_network(blend, &model).is_none();
    if protocol.blends.iter().any(|method| is_ignored(method.blend)) {
        observer.note("The completion network does not fit this model: it is not used");
    }
    Ok(Some(device.name))
}
