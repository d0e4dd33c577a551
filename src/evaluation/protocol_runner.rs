//! Runs the evaluation protocol, face by face.

use super::case_runner::CaseRunner;
use super::{EvaluationProblem, EvaluationProtocol, FillScore};
use crate::blend::Blend;
use crate::catch_panic::catch_panic;
use crate::job::{DeviceInfo, FillError, NetworkCache, completion_network};
use crate::perceptual::{FeaturesError, Lpips, PerceptualKind};
use crate::photo::ContactSheet;

/// Results of an evaluation, complete or so far.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// The device of the searches; `None` if the protocol has no search.
    pub device: Option<DeviceInfo>,
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
}

/// Observes the progress of an evaluation. The methods are called on the thread that runs it.
pub trait EvaluationObserver {
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
///
/// # Errors
/// When the file of features cannot be used, or the protocol has searches and their device or model cannot be opened.
pub fn run_evaluation(
    networks: &mut NetworkCache,
    protocol: &EvaluationProtocol,
    observer: &mut dyn EvaluationObserver,
) -> Result<Evaluation, EvaluationError> {
    let lpips = protocol.features.as_deref().map(Lpips::read).transpose()?;
    let mut results = Evaluation { perceptual: lpips.as_ref().map(Lpips::kind), ..Evaluation::default() };
    if !protocol.searches.is_empty() {
        let (device, model) = networks.load(protocol.device, &protocol.model)?;
        results.device = Some(device);
        let is_ignored = |blend: Blend| blend.completion && completion_network(blend, &model).is_none();
        if protocol.blends.iter().any(|method| is_ignored(method.blend)) {
            observer.note("The completion network does not fit this model: it is not used");
        }
    }
    let mut runner = CaseRunner { networks, lpips: lpips.as_ref(), protocol, observer, results };
    for (index, source) in protocol.faces.iter().enumerate() {
        // A decoder may panic on a hostile file. One face must not end the run.
        if let Err(reason) = catch_panic(|| runner.evaluate_face(index, source)) {
            runner.add_failure(source, &reason);
        }
        runner.results.faces_done += 1;
        runner.observer.face_done(&runner.results);
    }
    Ok(runner.results)
}
