//! Whole runs on small folders of real photos.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use super::*;
use crate::dataset::FaceDataset;
use crate::shard::Shard;

/// Records the observer calls.
#[derive(Default)]
struct RecordingObserver {
    measured_before: usize,
    done: usize,
    unreadable: Vec<String>,
}

impl PrepareObserver for RecordingObserver {
    fn started(&mut self, measured_before: usize, _photos: usize) {
        self.measured_before = measured_before;
    }

    fn unreadable(&mut self, file: &Path, error: &str) {
        self.unreadable.push(format!("{}: {error}", file.display()));
    }

    fn warned(&mut self, file: &Path, warning: &str) {
        panic!("{} is not damaged: {warning}", file.display());
    }

    fn photo_done(&mut self) {
        self.done += 1;
    }
}

/// A folder of photos and a folder for results.
struct TestFolders(tempfile::TempDir);

impl TestFolders {
    fn empty() -> Self {
        let folders = Self(tempfile::tempdir().unwrap());
        for name in ["photos/more", "out"] {
            fs::create_dir_all(folders.0.path().join(name)).unwrap();
        }
        folders
    }

    /// Two people, one of them twice, and files without a face.
    fn filled() -> Self {
        let folders = Self::empty();
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
        let photos = folders.0.path().join("photos");
        fs::copy(samples.join("grace_hopper.jpg"), photos.join("more/grace.jpg")).unwrap();
        fs::copy(samples.join("astronaut.png"), photos.join("astronaut.png")).unwrap();
        let hopper = image::open(samples.join("grace_hopper.jpg")).unwrap().into_rgb8();
        let (width, height) = (hopper.width() * 4 / 5, hopper.height() * 4 / 5);
        let smaller = imageops::resize(&hopper, width, height, FilterType::Triangle);
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 75).encode_image(&smaller).unwrap();
        fs::write(photos.join("a-copy.jpg"), jpeg).unwrap();
        fs::write(photos.join("broken.png"), b"no picture").unwrap();
        fs::write(photos.join("notes.txt"), b"no picture").unwrap();
        RgbImage::from_pixel(90, 60, Rgb([90; 3])).save(photos.join("plain.png")).unwrap();
        folders
    }

    fn request(&self) -> PrepareRequest {
        PrepareRequest {
            folder: self.0.path().join("photos"),
            results_folder: self.0.path().join("out"),
            size_px: 64,
            thresholds: Thresholds::for_size(64),
            dataset_info: DatasetInfo { source: "tests".into(), licence: None },
            seed: 0,
            overwrite: Overwrite::Refuse,
        }
    }

    fn pictures(&self) -> FoundPictures {
        let request = self.request();
        find_pictures(&request.folder, &request.results_folder).unwrap()
    }

    fn results(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.0.path().join("out")).unwrap().map(Result::unwrap);
        entries
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
            .collect()
    }
}

#[test]
fn good_faces_are_kept_and_all_are_listed() {
    let folders = TestFolders::filled();
    let mut recorder = RecordingObserver::default();
    let done = prepare_dataset(&folders.request(), &folders.pictures(), &mut recorder).unwrap();
    let reasons = vec![(RejectReason::Unreadable, 1), (RejectReason::NoFace, 1), (RejectReason::Duplicate, 1)];
    assert_eq!((done.photos, done.faces, done.kept, done.reasons), (5, 3, 2, reasons));
    assert_eq!((recorder.measured_before, recorder.done), (0, 5));
    assert_eq!(recorder.unreadable.len(), 1);
    assert!(recorder.unreadable[0].starts_with("broken.png: this is a text file"), "{:?}", recorder.unreadable);
    assert_eq!(done.sheet_captions, ["2 of 2 kept", "1 of 1 duplicates"]);

    let results = folders.results();
    assert_eq!(results.keys().collect::<Vec<_>>(), [DATASET_FILE, TABLE_FILE, CONTACT_SHEET_FILE]);
    let dataset = folders.0.path().join("out").join(DATASET_FILE);
    let faces = FaceDataset::open(&dataset).unwrap();
    assert_eq!((faces.len(), faces.size_px(), crate::dataset::stored_info(&dataset).source.as_str()), (2, 64, "tests"));
    let table = String::from_utf8(results[TABLE_FILE].clone()).unwrap();
    let mut rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    // The measurements have their own tests.
    for row in &mut rows {
        row.drain(4..9);
    }
    let rows: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    file,face,outcome,index,duplicate_of,error
    a-copy.jpg,1,duplicate,,more/grace.jpg:1,
    astronaut.png,1,kept,0,,
    broken.png,,unreadable,,,"this is a text file: choose a PNG, JPEG, WebP, TIFF or BMP file"
    more/grace.jpg,1,kept,1,,
    plain.png,,no-face,,,
    "#);
}

#[test]
fn stopped_run_resumes_with_the_same_results() {
    let (whole, stopped) = (TestFolders::filled(), TestFolders::filled());
    prepare_dataset(&whole.request(), &whole.pictures(), &mut RecordingObserver::default()).unwrap();

    // No face passes the thresholds, so the run ends without a dataset but keeps its measurements. It starts with the
    // last photos, so that the crops are numbered in another order.
    let mut some = stopped.pictures();
    some.files.drain(..2);
    let strict = Thresholds { min_score: 1.0, ..Thresholds::for_size(64) };
    let request = PrepareRequest { thresholds: strict, ..stopped.request() };
    let error = prepare_dataset(&request, &some, &mut RecordingObserver::default()).unwrap_err();
    assert!(matches!(error, PrepareError::NothingKept { photos: 3, .. }), "{error}");

    let mut recorder = RecordingObserver::default();
    prepare_dataset(&stopped.request(), &stopped.pictures(), &mut recorder).unwrap();
    assert_eq!((recorder.measured_before, recorder.done), (3, 2));
    assert_eq!(recorder.unreadable.len(), 1, "errors of the first run are reported again");
    assert!(whole.results() == stopped.results());
}

#[test]
fn shares_give_the_same_results_as_one_run() {
    let (whole, shared) = (TestFolders::filled(), TestFolders::filled());
    prepare_dataset(&whole.request(), &whole.pictures(), &mut RecordingObserver::default()).unwrap();

    let measure = |index: u64| {
        let mut recorder = RecordingObserver::default();
        let half = Shard { index, count: 2 };
        let count = measure_share(&shared.request(), &shared.pictures(), half, &mut recorder).unwrap();
        (count, recorder.measured_before, recorder.done)
    };
    assert_eq!([measure(2), measure(1), measure(2)], [(2, 0, 2), (3, 0, 3), (2, 2, 0)], "a share goes on, too");
    // A photo that changes after its share was measured is measured again.
    let plain = shared.0.path().join("photos/plain.png");
    RgbImage::from_pixel(90, 60, Rgb([91; 3])).save(plain).unwrap();
    let mut recorder = RecordingObserver::default();
    prepare_dataset(&shared.request(), &shared.pictures(), &mut recorder).unwrap();
    assert_eq!((recorder.measured_before, recorder.done), (4, 1));
    assert!(whole.results() == shared.results(), "the logs of the shares are deleted");
}

#[test]
fn changed_photo_is_measured_again() {
    let folders = TestFolders::filled();
    let strict = Thresholds { min_score: 1.0, ..Thresholds::for_size(64) };
    let request = PrepareRequest { thresholds: strict, ..folders.request() };
    prepare_dataset(&request, &folders.pictures(), &mut RecordingObserver::default()).unwrap_err();
    RgbImage::from_pixel(60, 90, Rgb([10; 3])).save(folders.0.path().join("photos/broken.png")).unwrap();
    let mut recorder = RecordingObserver::default();
    let done = prepare_dataset(&folders.request(), &folders.pictures(), &mut recorder).unwrap();
    assert_eq!((recorder.measured_before, recorder.done, recorder.unreadable.len()), (4, 1, 0));
    assert_eq!(done.reasons[0], (RejectReason::NoFace, 2));
}

#[test]
fn existing_dataset_is_replaced_only_when_allowed() {
    let folders = TestFolders::filled();
    let path = folders.0.path().join("out").join(DATASET_FILE);
    fs::write(&path, b"precious").unwrap();
    let error =
        prepare_dataset(&folders.request(), &folders.pictures(), &mut RecordingObserver::default()).unwrap_err();
    assert!(
        matches!(error, PrepareError::Dataset(DatasetError::Save(crate::fs::WriteError::Exists { .. }))),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    let request = PrepareRequest { overwrite: Overwrite::Allow, ..folders.request() };
    let mut recorder = RecordingObserver::default();
    assert_eq!(prepare_dataset(&request, &folders.pictures(), &mut recorder).unwrap().kept, 2);
    assert_eq!(recorder.done, 0, "nothing is measured twice");
}

#[test]
fn broken_photos_give_a_table_without_dataset() {
    let folders = TestFolders::empty();
    for name in ["a.jpg", "more/b.png"] {
        fs::write(folders.0.path().join("photos").join(name), b"\xff\xd8\xff\xe0 cut").unwrap();
    }
    let error =
        prepare_dataset(&folders.request(), &folders.pictures(), &mut RecordingObserver::default()).unwrap_err();
    insta::assert_snapshot!(error, @"none of 0 faces in 2 photos can be kept: 2 unreadable; run it again with other thresholds, no photo is measured twice");
    let results = folders.results();
    assert!(!results.contains_key(DATASET_FILE));
    assert_eq!(String::from_utf8(results[TABLE_FILE].clone()).unwrap().lines().count(), 3);
}
