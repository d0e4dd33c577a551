//! The evaluation protocol: scores every fill method on the same faces and holes with the same metrics.
//!
//! There are two protocols. The crop protocol cuts holes into aligned faces at the model's size; it compares generators
//! and searches. The photo protocol cuts holes into whole photos and scores the result at the photo's size, as people
//! see it.
//!
//! [`run_evaluation`] runs an [`EvaluationProtocol`] and returns an [`Evaluation`] with a [`FillScore`] for each
//! face × hole × method. [`evaluate_share`] does the same for a share of the faces, so that machines can work at once;
//! [`run_evaluation`] takes over what they have measured. [`summarize_scores`] averages the scores and adds confidence intervals. The methods are the
//! baseline [`MEAN_METHOD`], our searches with their blends, and external fills read from folders. `external_fills`
//! also writes the input files for external methods.
//!
//! Notes:
//! * A search treats the crop as a photo whose face frame covers all of it. So nothing is resampled, and face detection
//!   does not affect the scores. Everything else is the same code that the editor runs.
//! * In a photo, the landmarks of the whole photo give the holes, the true frame, and the part that is scored. A search
//!   gets this frame or one that is found beside the hole (see [`FrameMode`]).
//! * Known pixels always come from the true face. Of an external fill, only the hole pixels count.
//! * Pictures are compared at 8 bits, as they would be saved.
//! * Every random draw depends only on its purpose, the face's index in the list and the seed. So holes and search
//!   starts stay the same when the user adds a method, a mask, or a face at the end of the list.

mod case;
mod case_runner;
mod compose;
mod external_fills;
mod face;
mod face_results;
mod frame_mode;
mod hole;
mod photo_hole;
mod protocol;
mod protocol_runner;
mod scores;
mod share_log;
mod shares;
mod summaries;
mod uncertainty;

pub use face::{EvaluationFace, EvaluationFaceSource};
pub use frame_mode::{FrameMode, FrameStats};
pub use hole::HoleKind;
pub use photo_hole::PhotoHoleKind;
pub use protocol::{BlendMethod, EvaluationHoles, EvaluationProtocol, ExternalFills, MEAN_METHOD, SearchMethod};
pub use protocol_runner::{Evaluation, EvaluationError, EvaluationObserver, evaluate_share, run_evaluation};
pub use scores::{EvaluationProblem, FillScore, PerceptualScore, SearchStats};
pub use share_log::ShareError;
pub use shares::EvaluationShares;
pub use summaries::{ALL_MASKS, ScoreSummary, summarize_differences, summarize_scores};
pub use uncertainty::{PartScore, UncertaintyScore};

use sha2::{Digest as _, Sha256};

/// Derives a seed for one purpose and one face. It has 32 bits, so that every JSON reader keeps it exact.
fn derive_seed(purpose: &str, face_index: usize, seed: u64) -> u64 {
    let digest = Sha256::digest(format!("{purpose} {face_index} {seed}"));
    digest.iter().take(4).fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod photo_tests;
#[cfg(test)]
mod tests;
