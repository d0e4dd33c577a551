use std::path::Path;

use super::*;
use crate::cli::UsageError;
use crate::cli::args::{self, Command};
use crate::cli::console::CapturedConsole;

/// A temporary folder with a folder `photos`.
struct PrepareTestFolder(tempfile::TempDir);

impl PrepareTestFolder {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.0.path().join("photos")).unwrap();
        place
    }

    fn with_photos() -> Self {
        let place = Self::new();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/grace_hopper.jpg");
        std::fs::copy(sample, place.0.path().join("photos/grace.jpg")).unwrap();
        std::fs::write(place.0.path().join("photos/broken.jpg"), b"no picture").unwrap();
        place
    }

    /// Runs a command; returns its result and its messages with this folder as DIR.
    fn run(&self, options: &str) -> (anyhow::Result<CommandStatus>, String) {
        let here = self.0.path().display().to_string();
        let line = format!("countenance prepare DIR/photos DIR/out {options}").replace("DIR", &here);
        let told = CapturedConsole::default();
        let ending = match args::parse(args::build_command(), line.split_whitespace()).unwrap().command {
            Some(Command::Prepare(args)) => prepare_request(&args)
                .and_then(|(request, pictures)| run_request(&request, &pictures, &mut told.console())),
            other => panic!("another command: {other:?}"),
        };
        let text = told.take();
        (ending, text.replace(&here, "DIR"))
    }

    fn refusal(&self, options: &str) -> String {
        let error = self.run(options).0.unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
        error.to_string().replace(&self.0.path().display().to_string(), "DIR")
    }
}

#[test]
fn an_unreadable_photo_does_not_stop_the_run() {
    let place = PrepareTestFolder::with_photos();
    let (ending, told) = place.run("");
    assert_eq!(ending.unwrap(), CommandStatus::SomeFailed);
    insta::assert_snapshot!(told, @r"
    2 photos; an interrupted run can be continued (prepare.journal and prepare.crops)
    error: broken.jpg: this is not a picture that can be opened: choose a PNG, JPEG, WebP, TIFF or BMP file
    1 of 1 faces in 2 photos kept; 1 unreadable
    DIR/out/faces.safetensors has the dataset, kept.csv lists every face
    sheet.png shows, from the top: 1 of 1 kept
    ");
    insta::assert_snapshot!(place.refusal(""), @"DIR/out/faces.safetensors already exists: choose another OUT, or add --force");
    assert_eq!(place.run("--force --size 128").0.unwrap(), CommandStatus::SomeFailed);
    let dataset = place.0.path().join("out").join(DATASET_FILE);
    let faces = crate::dataset::FaceDataset::open(&dataset).unwrap();
    assert_eq!((faces.size_px(), crate::dataset::stored_info(&dataset).source.as_str()), (128, "photos"));
}

#[test]
fn a_run_that_keeps_nothing_fails() {
    let place = PrepareTestFolder::with_photos();
    let (ending, _) = place.run("--min-sharpness 100000");
    let error = ending.unwrap_err();
    assert_eq!(crate::cli::exit_code_for(&error), 1);
    insta::assert_snapshot!(format!("{error:#}").replace(&place.0.path().display().to_string(), "DIR"), @"no dataset was made from DIR/photos: none of 1 faces in 2 photos can be kept: 1 unreadable, 1 blurred; run it again with other thresholds, no photo is measured twice");
    let (ending, told) = place.run("--min-side 20");
    assert_eq!(ending.unwrap(), CommandStatus::SomeFailed);
    assert!(told.starts_with("resuming: 2 of 2 photos are already measured"), "{told}");
}

#[test]
fn invalid_folders_are_usage_errors() {
    let place = PrepareTestFolder::new();
    insta::assert_snapshot!(place.refusal(""), @"there is no picture in DIR/photos and its subfolders: file names must end in one of png, jpg, jpeg, webp, tif, tiff, bmp");
    let place = PrepareTestFolder::with_photos();
    std::fs::write(place.0.path().join("out"), b"a file").unwrap();
    insta::assert_snapshot!(place.refusal(""), @"OUT DIR/out is a file: a folder is needed here");
    std::fs::remove_dir_all(place.0.path().join("photos")).unwrap();
    insta::assert_snapshot!(place.refusal(""), @"there is no folder DIR/photos: give a folder of photos");
}
