//! Fuzzing: everything that reads files, on files changed at random.
//!
//! A [`Target`] reads one kind of file and checks what must hold for whatever it accepts. It must not panic, hang, or
//! take more memory than the limits allow. The starting files are in `assets/fuzz/NAME` and among the fixtures. Files
//! that once were findings are there too, so every test run repeats them:
//!
//! ```sh
//! cargo test --lib fuzz                                                  # the files, and a few changes to each
//! COUNTENANCE_FUZZ_SECONDS=120 cargo test --lib fuzz -- --include-ignored   # and random changes for two minutes
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `targets` | the list of targets, with the words that mean something in their files |
//! | `photos`, `models`, `documents` | what must hold for each kind of file |
//! | `mutate`, `repair` | random changes; correct checksums and lengths after them |
//! | `runner` | runs inputs and reports findings |
//! | `heap`, `scratch` | counting allocated bytes; temporary files |

mod documents;
pub mod heap;
mod models;
mod mutate;
mod photos;
mod repair;
pub mod runner;
mod scratch;
mod targets;
#[cfg(test)]
mod tests;

use rand_chacha::ChaCha8Rng;

use repair::Repair;
pub use targets::TARGETS;

/// Something that reads files of one kind.
pub struct Target {
    /// Also the name of its folder in `assets/fuzz`.
    pub name: &'static str,
    /// Reads a file. Panics when something that must hold does not.
    run: fn(&[u8]),
    repair: Repair,
    /// Texts and numbers that mean something in such files.
    words: &'static [&'static [u8]],
    /// More files to start from, in `assets/fixtures`.
    fixtures: &'static [&'static str],
}

impl Target {
    /// A changed copy of a file, mostly with correct checksums. `other` is a file to take parts from.
    pub fn mutate(&self, file: &[u8], other: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
        use rand::RngExt as _;
        let mut changed = mutate::mutate(file, other, self.words, rng);
        if rng.random_range(0..8) > 0 {
            self.repair(&mut changed);
        }
        changed
    }

    /// Corrects checksums and lengths.
    pub fn repair(&self, bytes: &mut [u8]) {
        // `None` only means that the file is too broken.
        let _ = (self.repair)(bytes);
    }
}
