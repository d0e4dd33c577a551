//! Project files and finding their photos.

use std::path::Path;

use super::project;
use crate::fs::Overwrite;
use crate::fs::WriteError;
use crate::hash::sha256_of_bytes;
use crate::project::{PhotoOrigin, ProjectError, open, save};

/// Saves a project and its photo in `folder`.
fn saved_in(folder: &Path, photo: &[u8]) -> std::path::PathBuf {
    let mut project = project();
    let path = folder.join("face.png");
    std::fs::write(&path, photo).unwrap();
    project.photo.origin = PhotoOrigin::File { path, relative_path: None, sha256: sha256_of_bytes(photo) };
    let path = folder.join("face.countenance");
    save(&path, &project, Overwrite::Refuse).unwrap();
    path
}

#[test]
fn photo_is_found_after_both_files_moved() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    std::fs::create_dir(&old).unwrap();
    let path = saved_in(&old, b"photo");
    let found = open(&path).unwrap().photo.find_file(&old).unwrap().unwrap();
    assert_eq!((found.path, found.is_unchanged), (old.join("face.png"), true));
    std::fs::rename(&old, &new).unwrap();
    let project = open(&new.join("face.countenance")).unwrap();
    let found = project.photo.find_file(&new).unwrap().unwrap();
    assert_eq!((found.path, found.bytes, found.is_unchanged), (new.join("face.png"), b"photo".to_vec(), true));
}

#[test]
fn matching_hash_is_preferred_over_matching_path() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    std::fs::create_dir(&old).unwrap();
    std::fs::create_dir(&new).unwrap();
    let project = open(&saved_in(&old, b"photo")).unwrap();
    std::fs::write(old.join("face.png"), b"retouched").unwrap();
    std::fs::write(new.join("face.png"), b"photo").unwrap();
    let found = project.photo.find_file(&new).unwrap().unwrap();
    assert_eq!((found.path, found.is_unchanged), (new.join("face.png"), true));
    std::fs::remove_file(new.join("face.png")).unwrap();
    let found = project.photo.find_file(&new).unwrap().unwrap();
    assert_eq!(
        (found.path, found.is_unchanged, found.sha256),
        (old.join("face.png"), false, sha256_of_bytes(b"retouched"))
    );
}

#[test]
fn missing_or_resized_photo_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved_in(folder.path(), b"photo");
    std::fs::remove_file(folder.path().join("face.png")).unwrap();
    let photo = open(&path).unwrap().photo;
    let error = photo.find_file(folder.path()).unwrap_err().to_string();
    let expected_path = folder.path().join("face.png");
    assert!(error.contains(&expected_path.display().to_string()) && error.contains("put it there"), "{error}");
    photo.check_size(&expected_path, 40, 30).unwrap();
    let error = photo.check_size(&expected_path, 30, 40).unwrap_err().to_string();
    assert!(error.contains("30×40") && error.contains("40×30") && error.contains("face.png"), "{error}");
}

#[test]
fn save_refuses_existing_files_open_refuses_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("face.countenance");
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    assert!(matches!(open(&path), Err(ProjectError::NotAProject)));
    let refused = save(&path, &project(), Overwrite::Refuse);
    assert!(matches!(refused, Err(ProjectError::Save(WriteError::Exists { .. }))));
    assert_eq!(std::fs::read(&path).unwrap(), [0xff, 0xfe, 0x00]);
    save(&path, &project(), Overwrite::Allow).unwrap();
    assert_eq!(open(&path).unwrap().mask, project().mask);
    assert!(matches!(open(&folder.path().join("none.countenance")), Err(ProjectError::Read { .. })));
    let large = folder.path().join("large.countenance");
    std::fs::File::create(&large).unwrap().set_len(300 << 20).unwrap();
    assert!(matches!(open(&large), Err(ProjectError::TooLarge { .. })));
}
