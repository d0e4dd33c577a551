//! The evaluation protocol: the same faces, the same holes and the same numbers for every way to fill them.
//!
//! [`run`] takes a [`Protocol`] and answers an [`Evaluation`]: a [`Score`] for each face × hole × method, from which
//! [`cells`] makes means with intervals. Methods are the floor [`MEAN`], our searches with their blends, and others' pictures
//! read from folders; [`write_case`] hands others what they need.
//!
//! What would surprise:
//! * Searches run on the crop itself, taken for a photo with a frame around all of it, so that nothing is resampled on the
//!   way and face detection has no part in the numbers. Everything else is the product's own path.
//! * Known pixels are always those of the truth, in others' pictures too: only what is in the hole is theirs.
//! * Pictures are compared as they would be saved, with 8 bits.
//! * Every random draw depends on a name, the face's place in the list and the seed, and on nothing else. So masks and starts
//!   stay the same when a method, a mask or a face at the end of the list is added.

mod cases;
mod face;
mod hole;
mod paint;
mod protocol;
mod run;
mod score;

pub use cases::{case_name, write_case};
pub use face::{EvaluationFace, FaceError, FaceSource};
pub use hole::HoleKind;
pub use protocol::{MEAN, Others, Protocol, SearchMethod};
pub use run::{Evaluation, Watcher, run};
pub use score::{Cell, MEASURES, Measure, Problem, Score, SearchFacts, cells, differences};

use sha2::{Digest as _, Sha256};

/// A seed of its own for each use and each face. 32 bits, so that every reader of JSON keeps it whole.
fn seed_for(what: &str, face_index: usize, seed: u64) -> u64 {
    let digest = Sha256::digest(format!("{what} {face_index} {seed}"));
    digest.iter().take(4).fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests;
