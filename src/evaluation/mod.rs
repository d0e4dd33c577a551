//! The evaluation protocol: scores every fill method on the same faces and holes with the same metrics.
//!
//! [`run_evaluation`] runs an [`EvaluationProtocol`] and returns an [`Evaluation`] with a [`FillScore`] for each
//! face × hole × method. [`summarize_scores`] averages the scores and adds confidence intervals. The methods are the
//! baseline [`MEAN_METHOD`], our searches with their blends, and external fills read from folders. `external_fills`
//! also writes the input files for external methods.
//!
//! Notes:
//! * A search treats the crop as a photo whose face frame covers all of it. So nothing is resampled, and face detection
//!   does not affect the scores. Everything else is the same code that the editor runs.
//! * Known pixels always come from the true face. Of an external fill, only the hole pixels count.
//! * Pictures are compared at 8 bits, as they would be saved.
//! * Every random draw depends only on its purpose, the face's index in the list and the seed. So holes and search
//!   starts stay the same when the user adds a method, a mask, or a face at the end of the list.

mod compose;
mod external_fills;
mod face;
mod hole;
mod protocol;
mod protocol_runner;
mod scores;

pub use face::{EvaluationFace, EvaluationFaceSource};
pub use hole::HoleKind;
pub use protocol::{EvaluationProtocol, ExternalFills, MEAN_METHOD, SearchMethod};
pub use protocol_runner::{Evaluation, EvaluationObserver, run_evaluation};
pub use scores::{EvaluationProblem, FillScore, ScoreSummary, SearchStats, summarize_differences, summarize_scores};

use sha2::{Digest as _, Sha256};

/// Derives a seed for one purpose and one face. It has 32 bits, so that every JSON reader keeps it exact.
fn derive_seed(purpose: &str, face_index: usize, seed: u64) -> u64 {
    let digest = Sha256::digest(format!("{purpose} {face_index} {seed}"));
    digest.iter().take(4).fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests;
