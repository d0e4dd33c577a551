//! Opens photos, and words the messages about them, for all commands.

use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::console::Console;
use crate::catch_panic::catch_panic;
use crate::photo::{self, DecodeLimits, Photo, PhotoError};

/// Opens a photo and prints its warnings. The error names the photo.
pub(super) fn open_photo(path: &Path, console: &mut Console) -> anyhow::Result<Photo> {
    let opened = match photo::open(path, DecodeLimits::default()) {
        // The error already has the path.
        Err(error @ PhotoError::Read { .. }) => return Err(error.into()),
        opened => opened.with_context(|| path.display().to_string()),
    };
    let photo = opened?;
    print_warnings(path, &photo.warnings, console);
    Ok(photo)
}

/// Prints what was repaired or skipped in a photo.
pub(super) fn print_warnings(path: &Path, warnings: &[String], console: &mut Console) {
    for warning in warnings {
        console.print(&format!("warning: {}: {warning}", path.display()));
    }
}

/// Runs the work on one photo. A panic becomes an error, so that the work on other photos goes on.
pub(super) fn work_on_photo<T>(path: &Path, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    catch_panic(work).unwrap_or_else(|reason| {
        Err(anyhow!(
            "{}: the program failed on this photo ({reason}): save the photo as PNG with another program, and try that",
            path.display()
        ))
    })
}

/// The line for an error. It adds the photo's name, unless the error already contains it.
pub(super) fn error_line(path: &Path, error: &str) -> String {
    let photo = path.display().to_string();
    if error.contains(&photo) { format!("error: {error}") } else { format!("error: {photo}: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::console::CapturedConsole;

    fn error_of(path: &Path) -> String {
        let captured = CapturedConsole::default();
        error_line(path, &format!("{:#}", open_photo(path, &mut captured.console()).unwrap_err()))
    }

    #[test]
    fn errors_name_the_photo_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        let text = |path: &Path| error_of(path).replace(&folder.path().display().to_string(), "DIR");
        insta::assert_snapshot!(text(&path), @"error: there is no file DIR/a.jpg: check the name");
        std::fs::write(&path, b"").unwrap();
        insta::assert_snapshot!(text(&path), @"error: DIR/a.jpg: the file is empty: choose another copy of it");
    }

    #[test]
    fn a_panic_becomes_an_error_that_names_the_photo() {
        let error = work_on_photo::<()>(Path::new("a.jpg"), || panic!("index 7")).unwrap_err();
        insta::assert_snapshot!(error_line(Path::new("a.jpg"), &format!("{error:#}")), @"error: a.jpg: the program failed on this photo (index 7): save the photo as PNG with another program, and try that");
        assert_eq!(work_on_photo(Path::new("a.jpg"), || Ok(7)).unwrap(), 7);
    }

    #[test]
    fn warnings_are_printed_with_the_path() {
        let captured = CapturedConsole::default();
        print_warnings(Path::new("in/a.jpg"), &["one".into(), "two".into()], &mut captured.console());
        assert_eq!(captured.take(), "warning: in/a.jpg: one\nwarning: in/a.jpg: two\n");
    }
}
