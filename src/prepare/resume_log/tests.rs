use std::fs;

use super::*;
use crate::prepare::measure::CropMeasures;
use crate::prepare::quality::Fingerprint;

fn faces(count: usize) -> PhotoFaces {
    let grey = image::GrayImage::new(8, 8);
    let crop = CropMeasures { sharpness: 47.25, fingerprint: Fingerprint::of(&grey) };
    let face = MeasuredFace { score: 0.9, yaw: -0.1, side_px: 90.0, outside: 0.0, crop: Some(crop) };
    PhotoFaces::Faces(vec![face; count])
}

struct TestFiles(tempfile::TempDir);

impl TestFiles {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn lines(&self) -> PathBuf {
        self.0.path().join("lines")
    }

    fn crops(&self) -> PathBuf {
        self.0.path().join("crops")
    }

    fn open(&self) -> (ResumeLog, HashMap<PathBuf, ResumeLogEntry>) {
        ResumeLog::open(&self.lines(), &self.crops(), Path::new("photos"), 2).unwrap()
    }

    /// A resume log of three photos with one, zero and two faces. The crops are filled with 1, 2 and 3.
    fn filled() -> Self {
        let test_files = Self::new();
        let (mut log, entries) = test_files.open();
        assert!(entries.is_empty());
        log.append(Path::new("a"), FileStamp::default(), faces(1), &[1; 12]).unwrap();
        log.append(Path::new("b"), FileStamp::default(), PhotoFaces::Error("broken".into()), &[]).unwrap();
        log.append(Path::new("c"), FileStamp::default(), faces(2), &[[2; 12], [3; 12]].concat()).unwrap();
        test_files
    }
}

#[test]
fn added_entries_are_read_back() {
    let test_files = TestFiles::filled();
    let (mut log, entries) = test_files.open();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[Path::new("b")].found, PhotoFaces::Error("broken".into()));
    let c = &entries[Path::new("c")];
    assert_eq!((c.first_crop, c.crop_count(), &c.found), (1, 2, &faces(2)));
    assert_eq!(log.read_crop(2).unwrap(), [3; 12]);
    let entry = log.append(Path::new("d"), FileStamp::default(), faces(1), &[4; 12]).unwrap();
    assert_eq!(log.read_crop(entry.first_crop).unwrap(), [4; 12]);
}

#[test]
fn truncated_files_keep_all_complete_photos() {
    let test_files = TestFiles::filled();
    let (lines, crops) = (fs::read(test_files.lines()).unwrap(), fs::read(test_files.crops()).unwrap());
    let line_ends: Vec<usize> = (0..lines.len()).filter(|&at| lines[at] == b'\n').map(|at| at + 1).collect();
    for cut in 0..=lines.len() {
        fs::write(test_files.lines(), &lines[..cut]).unwrap();
        fs::write(test_files.crops(), &crops).unwrap();
        let (mut log, entries) = test_files.open();
        let complete = line_ends.iter().filter(|&&end| end <= cut).count().saturating_sub(1);
        assert_eq!(entries.len(), complete, "cut at {cut}");
        let entry = log.append(Path::new("d"), FileStamp::default(), faces(1), &[9; 12]).unwrap();
        assert_eq!(log.read_crop(entry.first_crop).unwrap(), [9; 12]);
        drop(log);
        assert_eq!(test_files.open().1.len(), complete + 1, "cut at {cut}");
    }
    for (cut, complete) in [(36, 3), (35, 2), (12, 2), (11, 0)] {
        fs::write(test_files.lines(), &lines).unwrap();
        fs::write(test_files.crops(), &crops[..cut]).unwrap();
        assert_eq!(test_files.open().1.len(), complete, "crops cut at {cut}");
    }
}

#[test]
fn newest_entry_of_a_photo_wins() {
    let test_files = TestFiles::filled();
    test_files.open().0.append(Path::new("b"), FileStamp::default(), faces(1), &[5; 12]).unwrap();
    let (_, entries) = test_files.open();
    assert_eq!((entries.len(), entries[Path::new("b")].first_crop), (3, 3));
}

#[test]
fn files_of_other_runs_and_programs_are_refused() {
    let test_files = TestFiles::filled();
    let refused = |folder: &str, size_px| {
        let error =
            ResumeLog::open(&test_files.lines(), &test_files.crops(), Path::new(folder), size_px).err().unwrap();
        error.to_string().replace(&test_files.0.path().display().to_string(), "OUT")
    };
    insta::assert_snapshot!(refused("other", 2), @"OUT/lines belongs to a run on photos at 2 pixels: finish that run, or delete the file to start again");
    insta::assert_snapshot!(refused("photos", 4), @"OUT/lines belongs to a run on photos at 2 pixels: finish that run, or delete the file to start again");
    fs::write(test_files.lines(), "notes\nof mine\n").unwrap();
    insta::assert_snapshot!(refused("photos", 2), @"OUT/lines is not a file of this program: delete it, or choose another folder");
    assert_eq!(fs::read_to_string(test_files.lines()).unwrap(), "notes\nof mine\n");
}

#[test]
fn two_runs_at_once_are_refused() {
    let test_files = TestFiles::filled();
    let _open = test_files.open();
    let error = ResumeLog::open(&test_files.lines(), &test_files.crops(), Path::new("photos"), 2).err().unwrap();
    assert!(matches!(error, ResumeLogError::InUse { .. }), "{error}");
}

#[test]
fn delete_removes_both_files() {
    let test_files = TestFiles::filled();
    test_files.open().0.delete().unwrap();
    assert_eq!(fs::read_dir(test_files.0.path()).unwrap().count(), 0);
}

#[test]
fn changed_photo_has_another_stamp() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let before = FileStamp::of(file.path());
    fs::write(file.path(), b"more").unwrap();
    assert_ne!(FileStamp::of(file.path()), before);
    assert_eq!(FileStamp::of(Path::new("no/such/file")), FileStamp::default());
}
