//! The editor.

pub mod canvas;

/// Opens the window and runs until it is closed.
///
/// # Errors
/// When no window can be opened.
pub fn run(photo: Option<std::path::PathBuf>) -> anyhow::Result<()> {
    let _ = photo;
    unimplemented!()
}
