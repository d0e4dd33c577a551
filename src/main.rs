//! The `countenance` program: the editor, or one command without a window.

use std::process::ExitCode;

fn main() -> ExitCode {
    countenance::cli::main()
}
