use std::fs;

use super::*;
use crate::prepare::measure::Look;
use crate::prepare::quality::Fingerprint;

fn faces(count: usize) -> Found {
    let grey = image::GrayImage::new(8, 8);
    let look = Look { sharpness: 47.25, fingerprint: Fingerprint::of(&grey) };
    let face = Face { score: 0.9, yaw: -0.1, side_px: 90.0, outside: 0.0, look: Some(look) };
    Found::Faces(vec![face; count])
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn lines(&self) -> PathBuf {
        self.0.path().join("lines")
    }

    fn crops(&self) -> PathBuf {
        self.0.path().join("crops")
    }

    fn open(&self) -> (Journal, HashMap<PathBuf, Entry>) {
        Journal::open(&self.lines(), &self.crops(), Path::new("photos"), 2).unwrap()
    }

    /// A journal of three photos with one, none and two faces; the crops are filled with 1, 2, 3.
    fn filled() -> Self {
        let place = Self::new();
        let (mut journal, entries) = place.open();
        assert!(entries.is_empty());
        journal.add(Path::new("a"), Stamp::default(), faces(1), &[1; 12]).unwrap();
        journal.add(Path::new("b"), Stamp::default(), Found::Error("broken".into()), &[]).unwrap();
        journal.add(Path::new("c"), Stamp::default(), faces(2), &[[2; 12], [3; 12]].concat()).unwrap();
        place
    }
}

#[test]
fn what_was_added_is_there_again() {
    let place = Place::filled();
    let (mut journal, entries) = place.open();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[Path::new("b")].found, Found::Error("broken".into()));
    let c = &entries[Path::new("c")];
    assert_eq!((c.first_crop, c.crops(), &c.found), (1, 2, &faces(2)));
    assert_eq!(journal.crop(2).unwrap(), [3; 12]);
    let entry = journal.add(Path::new("d"), Stamp::default(), faces(1), &[4; 12]).unwrap();
    assert_eq!(journal.crop(entry.first_crop).unwrap(), [4; 12]);
}

#[test]
fn wherever_the_files_end_all_whole_photos_before_that_are_kept() {
    let place = Place::filled();
    let (lines, crops) = (fs::read(place.lines()).unwrap(), fs::read(place.crops()).unwrap());
    let line_ends: Vec<usize> = (0..lines.len()).filter(|&at| lines[at] == b'\n').map(|at| at + 1).collect();
    for cut in 0..=lines.len() {
        fs::write(place.lines(), &lines[..cut]).unwrap();
        fs::write(place.crops(), &crops).unwrap();
        let (mut journal, entries) = place.open();
        let whole = line_ends.iter().filter(|&&end| end <= cut).count().saturating_sub(1);
        assert_eq!(entries.len(), whole, "cut at {cut}");
        let entry = journal.add(Path::new("d"), Stamp::default(), faces(1), &[9; 12]).unwrap();
        assert_eq!(journal.crop(entry.first_crop).unwrap(), [9; 12]);
        drop(journal);
        assert_eq!(place.open().1.len(), whole + 1, "cut at {cut}");
    }
    for (cut, whole) in [(36, 3), (35, 2), (12, 2), (11, 0)] {
        fs::write(place.lines(), &lines).unwrap();
        fs::write(place.crops(), &crops[..cut]).unwrap();
        assert_eq!(place.open().1.len(), whole, "crops cut at {cut}");
    }
}

#[test]
fn the_newest_entry_of_a_photo_counts() {
    let place = Place::filled();
    place.open().0.add(Path::new("b"), Stamp::default(), faces(1), &[5; 12]).unwrap();
    let (_, entries) = place.open();
    assert_eq!((entries.len(), entries[Path::new("b")].first_crop), (3, 3));
}

#[test]
fn another_run_and_another_program_are_told_apart() {
    let place = Place::filled();
    let refused = |folder: &str, size_px| {
        let error = Journal::open(&place.lines(), &place.crops(), Path::new(folder), size_px).err().unwrap();
        error.to_string().replace(&place.0.path().display().to_string(), "OUT")
    };
    insta::assert_snapshot!(refused("other", 2), @"OUT/lines is of a run over photos at 2 pixels: finish that, or delete it to start anew");
    insta::assert_snapshot!(refused("photos", 4), @"OUT/lines is of a run over photos at 2 pixels: finish that, or delete it to start anew");
    fs::write(place.lines(), "notes\nof mine\n").unwrap();
    insta::assert_snapshot!(refused("photos", 2), @"OUT/lines is no journal of this program: delete it, or choose another folder");
    assert_eq!(fs::read_to_string(place.lines()).unwrap(), "notes\nof mine\n");
}

#[test]
fn two_runs_at_once_are_refused() {
    let place = Place::filled();
    let _open = place.open();
    let error = Journal::open(&place.lines(), &place.crops(), Path::new("photos"), 2).err().unwrap();
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
}

#[test]
fn nothing_stays_after_it_is_deleted() {
    let place = Place::filled();
    place.open().0.delete().unwrap();
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 0);
}

#[test]
fn a_changed_photo_has_another_stamp() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let before = Stamp::of(file.path());
    fs::write(file.path(), b"more").unwrap();
    assert_ne!(Stamp::of(file.path()), before);
    assert_eq!(Stamp::of(Path::new("no/such/file")), Stamp::default());
}
