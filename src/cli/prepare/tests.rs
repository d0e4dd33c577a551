use clap::Parser as _;
use std::path::Path;

use super::*;
use crate::cli::UsageError;
use crate::cli::args::{self, Command};
use crate::cli::console::CapturedConsole;

/// A temporary folder with a folder `photos`.
struct PrepareTestFolder(tempfile::TempDir);

impl PrepareTestFolder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.0.path().join("photos")).unwrap();
        folder
    }

    fn with_photos() -> Self {
        let folder = Self::new();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/grace_hopper.jpg");
        std::fs::copy(sample, folder.0.path().join("photos/grace.jpg")).unwrap();
        std::fs::write(folder.0.path().join("photos/broken.jpg"), b"no picture").unwrap();
        folder
    }

    /// Runs a command; returns its result and its messages with this folder as DIR.
    fn run(&self, options: &str) -> (anyhow::Result<CommandStatus>, String) {
        let path = self.0.path().display().to_string();
        let line = format!("countenance prepare DIR/photos DIR/out {options}").replace("DIR", &path);
        let captured = CapturedConsole::default();
        let result = match args::Cli::try_parse_from(line.split_whitespace()).unwrap().command {
            Some(Command::Prepare(args)) => prepare_request(&args)
                .and_then(|(request, pictures)| run_request(&request, &pictures, args.shard, &mut captured.console())),
            other => panic!("another command: {other:?}"),
        };
        (result, captured.take().replace(&path, "DIR"))
    }

    fn refusal(&self, options: &str) -> String {
        let error = self.run(options).0.unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
        error.to_string().replace(&self.0.path().display().to_string(), "DIR")
    }
}

#[test]
fn an_unreadable_photo_does_not_stop_the_run() {
    let folder = PrepareTestFolder::with_photos();
    let (result, messages) = folder.run("");
    assert_eq!(result.unwrap(), CommandStatus::SomeFailed);
    insta::assert_snapshot!(messages, @r"
    2 photos; an interrupted run can be continued (prepare.journal and prepare.crops)
    error: broken.jpg: this is a text file: choose a PNG, JPEG, WebP, TIFF or BMP file
    1 of 1 faces in 2 photos kept; 1 unreadable
    DIR/out/faces.safetensors has the dataset, kept.csv lists every face
    sheet.png shows, from the top: 1 of 1 kept
    ");
    insta::assert_snapshot!(folder.refusal(""), @"DIR/out/faces.safetensors already exists: choose another OUT, or add --force");
    assert_eq!(folder.run("--force --size 128").0.unwrap(), CommandStatus::SomeFailed);
    let dataset = folder.0.path().join("out").join(DATASET_FILE);
    let faces = crate::dataset::FaceDataset::open(&dataset).unwrap();
    assert_eq!((faces.size_px(), crate::dataset::stored_info(&dataset).source.as_str()), (128, "photos"));
}

#[test]
fn a_run_that_keeps_nothing_fails() {
    let folder = PrepareTestFolder::with_photos();
    let (result, _) = folder.run("--min-sharpness 100000");
    let error = result.unwrap_err();
    assert_eq!(crate::cli::exit_code_for(&error), 1);
    insta::assert_snapshot!(format!("{error:#}").replace(&folder.0.path().display().to_string(), "DIR"), @"no dataset was made from DIR/photos: none of 1 faces in 2 photos can be kept: 1 unreadable, 1 blurred; run it again with other thresholds, no photo is measured twice");
    let (result, messages) = folder.run("--min-side 20");
    assert_eq!(result.unwrap(), CommandStatus::SomeFailed);
    assert!(messages.starts_with("resuming: 2 of 2 photos are already measured"), "{messages}");
}

#[test]
fn invalid_folders_are_usage_errors() {
    let folder = PrepareTestFolder::new();
    insta::assert_snapshot!(folder.refusal(""), @"there is no picture in DIR/photos and its subfolders: file names must end in one of png, jpg, jpeg, webp, tif, tiff, bmp, jfif, jpe, jif, pjpeg, pjp, mpo, dib, apng");
    let folder = PrepareTestFolder::with_photos();
    std::fs::write(folder.0.path().join("out"), b"a file").unwrap();
    insta::assert_snapshot!(folder.refusal(""), @"OUT DIR/out is a file: a folder is needed here");
    std::fs::remove_dir_all(folder.0.path().join("photos")).unwrap();
    insta::assert_snapshot!(folder.refusal(""), @"there is no folder DIR/photos: give a folder of photos");
}
