//! The `countenance` program: starts the editor or runs a command.

use std::process::ExitCode;

fn main() -> ExitCode {
    countenance::cli::main()
}
