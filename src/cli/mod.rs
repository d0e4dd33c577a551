//! The command line.

use std::process::ExitCode;

/// Parses the arguments and does what they say.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
