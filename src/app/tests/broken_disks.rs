//! Saving on a full disk, in a folder that cannot be written to, and killed in the middle.

use std::path::Path;
use std::time::Duration;

use super::export_and_close::{choose_path, wait_until_saved};
use super::fill::editor_with_fill;
use super::projects::document;
use super::{TestWindow, newest_message};
use crate::app::autosave::{RecoveryFile, find_recoverable};
use crate::app::tasks::PathPurpose;
use crate::app::toasts::Severity;
use crate::fs::faults::{FullDisk, file_names, read_only_folder};
use crate::fs::kills::{kill_writers, writer_folder};
use crate::fs::{Overwrite, write_atomically};
use crate::photo::{PngMetadata, save_png};
use crate::project::{self, Project};

const SAVES: [(PathPurpose, &str); 4] = [
    (PathPurpose::Export, "filled.png"),
    (PathPurpose::ExportLayer, "layer.png"),
    (PathPurpose::SaveMask, "mask.png"),
    (PathPurpose::SaveProject, "work.countenance"),
];

/// Tries to save, and checks that the user is told and that the work still counts as unsaved.
fn assert_refused(window: &mut TestWindow<'_>, purpose: PathPurpose, path: &Path, expected: &str) {
    choose_path(window, purpose, path, true);
    wait_until_saved(window);
    let message = newest_message(window);
    assert_eq!((message.severity, &*message.headline), (Severity::Error, "Not saved; your work is still here"));
    assert!(message.details[0].contains(expected), "{purpose:?}: {message:?}");
    assert!(document(window).has_unsaved_work() && document(window).shown_fill().is_some());
}

#[test]
fn a_full_disk_keeps_old_files_and_the_work() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    for (purpose, name) in SAVES {
        std::fs::write(folder.path().join(name), "old").expect("written");
        let disk = FullDisk::new(folder.path(), 40);
        assert_refused(&mut window, purpose, &folder.path().join(name), "the disk is full: free some space");
        drop(disk);
        assert_eq!(std::fs::read(folder.path().join(name)).expect("the old file"), b"old");
    }
    assert_eq!(file_names(folder.path()).len(), SAVES.len(), "no half files remain");
    for (purpose, name) in SAVES {
        choose_path(&mut window, purpose, &folder.path().join(name), true);
        wait_until_saved(&mut window);
        assert_eq!(newest_message(&window).severity, Severity::Success, "there is space again");
        assert_ne!(std::fs::read(folder.path().join(name)).expect("the new file"), b"old");
    }
}

#[test]
fn a_read_only_folder_is_named_and_nothing_lost() {
    let Some((_folder, read_only)) = read_only_folder() else { return };
    let (mut window, _) = editor_with_fill();
    for (purpose, name) in SAVES {
        assert_refused(&mut window, purpose, &read_only.join(name), "you have no permission to write to");
    }
}

#[test]
fn autosave_on_a_broken_disk_keeps_the_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = RecoveryFile::new(folder.path());
    let mut project = project::tests::project();
    file.write(&project).expect("written");
    project.frame_is_placed = !project.frame_is_placed;
    let disk = FullDisk::new(folder.path(), 40);
    let error = format!("{:#}", file.write(&project).unwrap_err());
    assert!(error.contains("the disk is full"), "{error}");
    assert_ne!(project::open(file.path()).expect("the old copy").frame_is_placed, project.frame_is_placed);
    drop(disk);
    file.write(&project).expect("written");
    assert_eq!(project::open(file.path()).expect("the new copy").frame_is_placed, project.frame_is_placed);
    assert_eq!(file_names(folder.path()).len(), 2, "the copy and its lock");
    if let Some((_folder, read_only)) = read_only_folder() {
        let error = RecoveryFile::new(&read_only.join("unsaved")).write(&project).unwrap_err();
        assert!(format!("{error:#}").contains(&*read_only.to_string_lossy()), "{error:#}");
    }
}

/// Two different projects, so that each write changes the file.
fn projects() -> [Project; 2] {
    let first = project::tests::project();
    let mut second = first.clone();
    second.frame_is_placed = !first.frame_is_placed;
    [first, second]
}

fn photo() -> image::DynamicImage {
    image::RgbImage::from_fn(200, 150, |x, y| image::Rgb([x, y, x * y].map(|value| value.to_le_bytes()[0]))).into()
}

#[test]
#[ignore = "a program that `kill_all_writers` starts and kills"]
fn project_writer() {
    let Some(folder) = writer_folder() else { return };
    for project in projects().iter().cycle() {
        project::save(&folder.join("work.countenance"), project, Overwrite::Allow).unwrap();
    }
}

#[test]
#[ignore = "a program that `kill_all_writers` starts and kills"]
fn export_writer() {
    let Some(folder) = writer_folder() else { return };
    loop {
        save_png(&folder.join("filled.png"), &photo(), &PngMetadata::default(), Overwrite::Allow).unwrap();
    }
}

#[test]
#[ignore = "a program that `kill_all_writers` starts and kills"]
fn autosave_writer() {
    let Some(folder) = writer_folder() else { return };
    // As the editor does: first take over what a crash has left.
    let left = find_recoverable(&folder, &[]).projects.into_iter().next();
    let file = left.map_or_else(|| std::sync::Arc::new(RecoveryFile::new(&folder)), |project| project.file);
    for project in projects().iter().cycle() {
        file.write(project).unwrap();
    }
}

/// Kills each kind of writer `count` times. The file that it writes must always be a whole one.
fn kill_all_writers(count: u32) {
    let kill = |writer: &str, folder: &Path, check: &mut dyn FnMut()| {
        let writer = format!("app::tests::broken_disks::{writer}");
        kill_writers(&writer, [folder, folder], count, Duration::from_millis(60), check);
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    project::save(&path, &projects()[0], Overwrite::Allow).unwrap();
    kill("project_writer", folder.path(), &mut || drop(project::open(&path).expect("a whole project")));

    let path = folder.path().join("filled.png");
    write_atomically(&path, &crate::photo::encode_png(&photo(), &PngMetadata::default()).unwrap(), Overwrite::Allow)
        .unwrap();
    kill("export_writer", folder.path(), &mut || assert_eq!(image::open(&path).expect("a whole picture"), photo()));

    let folder = tempfile::tempdir().expect("a folder");
    kill("autosave_writer", folder.path(), &mut || {
        let names = file_names(folder.path());
        let projects: Vec<_> = names.iter().filter(|name| name.ends_with(".countenance")).collect();
        assert!(projects.len() <= 1, "one copy is taken over again and again: {names:?}");
        for name in projects {
            project::open(&folder.path().join(name)).expect("a whole copy");
        }
    });
    let found = find_recoverable(folder.path(), &[]).projects;
    assert_eq!(found.len(), 1, "the work can be recovered");
}

#[test]
fn killed_writers_leave_whole_files() {
    kill_all_writers(3);
}

/// `cargo test -- --ignored a_hundred_killed`
#[test]
#[ignore = "takes minutes"]
fn a_hundred_killed_writers_leave_whole_files() {
    kill_all_writers(100);
}
