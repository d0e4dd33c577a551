use super::*;
use crate::project::tests::project;

fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn changes_are_written_once_after_the_delay() {
    let mut autosave = Autosave::in_folder(Path::new("unused"));
    let start = Instant::now();
    assert!(matches!(autosave.next_action(start, None), AutosaveAction::Nothing));
    assert!(matches!(autosave.next_action(start, Some(1)), AutosaveAction::Wait(AUTOSAVE_DELAY)));
    // Further changes do not postpone it.
    assert!(matches!(autosave.next_action(start + secs(4), Some(2)), AutosaveAction::Wait(wait) if wait == secs(1)));
    assert!(matches!(autosave.next_action(start + secs(5), Some(3)), AutosaveAction::Write(_)));
    assert!(matches!(autosave.next_action(start + secs(20), Some(4)), AutosaveAction::Nothing), "one task at a time");
    autosave.task_finished(true);
    assert!(
        matches!(autosave.next_action(start + secs(20), Some(3)), AutosaveAction::Nothing),
        "this revision is in the file"
    );
    assert!(matches!(autosave.next_action(start + secs(21), Some(4)), AutosaveAction::Wait(AUTOSAVE_DELAY)));
}

#[test]
fn the_file_is_removed_once_after_saving() {
    let mut autosave = Autosave::in_folder(Path::new("unused"));
    let start = Instant::now();
    autosave.next_action(start, Some(1));
    assert!(matches!(autosave.next_action(start + secs(5), Some(1)), AutosaveAction::Write(_)));
    autosave.task_finished(true);
    assert!(matches!(autosave.next_action(start + secs(6), None), AutosaveAction::Remove(_)));
    autosave.task_finished(true);
    assert!(matches!(autosave.next_action(start + secs(7), None), AutosaveAction::Nothing));
}

#[test]
fn a_failure_is_reported_once_and_retried() {
    let mut autosave = Autosave::in_folder(Path::new("unused"));
    let mut now = Instant::now();
    let mut attempt = |autosave: &mut Autosave, succeeds| {
        assert!(
            matches!(autosave.next_action(now, Some(1)), AutosaveAction::Wait(AUTOSAVE_DELAY)),
            "retried after the delay"
        );
        now += AUTOSAVE_DELAY;
        assert!(matches!(autosave.next_action(now, Some(1)), AutosaveAction::Write(_)));
        autosave.task_finished(succeeds)
    };
    assert!(attempt(&mut autosave, false));
    assert!(!attempt(&mut autosave, false));
    assert!(!attempt(&mut autosave, true));
    autosave.document_changed();
    assert!(attempt(&mut autosave, false), "a failure after a success is reported again");
}

#[test]
fn another_document_with_the_same_revision_is_written() {
    let mut autosave = Autosave::in_folder(Path::new("unused"));
    let start = Instant::now();
    autosave.next_action(start, Some(1));
    autosave.next_action(start + AUTOSAVE_DELAY, Some(1));
    autosave.document_changed();
    autosave.task_finished(true);
    assert!(matches!(autosave.next_action(start + AUTOSAVE_DELAY, Some(1)), AutosaveAction::Wait(_)));
}

#[test]
fn without_a_folder_nothing_happens() {
    let mut autosave = Autosave::default();
    let start = Instant::now();
    assert!(matches!(autosave.next_action(start, Some(1)), AutosaveAction::Nothing));
    assert!(matches!(autosave.next_action(start + secs(60), Some(1)), AutosaveAction::Nothing));
}

fn scan(folder: &Path) -> RecoveryScanResult {
    find_recoverable(folder, &[])
}

#[test]
fn closed_windows_work_is_offered_to_one_window() {
    let folder = tempfile::tempdir().unwrap();
    let missing_folder = folder.path().join("not/there/yet");
    let file = RecoveryFile::new(&missing_folder);
    let is_empty = |result: &RecoveryScanResult| result.projects.is_empty() && !result.owned_elsewhere;
    assert!(is_empty(&scan(&missing_folder)));
    file.write(&project()).unwrap();
    let result = scan(&missing_folder);
    assert!(result.projects.is_empty() && result.owned_elsewhere, "its window is running");
    let own_paths = [file.path().to_owned()];
    assert!(is_empty(&find_recoverable(&missing_folder, &own_paths)), "the file belongs to this window");
    drop(file);
    let result = scan(&missing_folder);
    assert_eq!(result.projects.iter().map(|project| project.name.as_str()).collect::<Vec<_>>(), ["face"]);
    assert!(!result.owned_elsewhere);
    assert!(scan(&missing_folder).projects.is_empty(), "another window offers it");
    drop(result);
    assert_eq!(scan(&missing_folder).projects.len(), 1, "released without a decision");
}

#[test]
fn windows_have_own_files_offered_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = [(); 2].map(|()| RecoveryFile::new(folder.path()));
    assert_ne!(first.path(), second.path());
    first.write(&project()).unwrap();
    second.write(&project()).unwrap();
    let old = std::fs::File::options().append(true).open(first.path()).unwrap();
    old.set_modified(std::time::SystemTime::now() - secs(100)).unwrap();
    let newest = second.path().to_owned();
    drop((first, second));
    let found = scan(folder.path()).projects;
    assert_eq!((found.len(), found[0].file.path()), (2, newest.as_path()));
}

#[test]
fn a_closed_recovery_file_is_never_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = RecoveryFile::new(folder.path());
    file.write(&project()).unwrap();
    file.remove_project();
    assert!(!file.path().exists());
    file.write(&project()).unwrap();
    assert!(file.path().exists());
    file.close();
    file.write(&project()).unwrap();
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn broken_files_stay_and_stale_locks_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("1-2.countenance");
    std::fs::write(&broken, "{").unwrap();
    for (name, age) in [("old.lock", 100_000), ("new.lock", 10)] {
        let lock = std::fs::File::create(folder.path().join(name)).unwrap();
        lock.set_modified(std::time::SystemTime::now() - secs(age)).unwrap();
    }
    assert!(scan(folder.path()).projects.is_empty());
    assert_eq!(std::fs::read_to_string(&broken).unwrap(), "{");
    assert!(!folder.path().join("old.lock").exists() && folder.path().join("new.lock").exists());
}

#[test]
fn work_from_the_future_is_still_offered() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = [(); 2].map(|()| RecoveryFile::new(folder.path()));
    first.write(&project()).unwrap();
    second.write(&project()).unwrap();
    // The clock was set back after the first was written.
    let file = std::fs::File::options().append(true).open(first.path()).unwrap();
    file.set_modified(std::time::SystemTime::now() + secs(100_000)).unwrap();
    let lock = std::fs::File::create(folder.path().join("future.lock")).unwrap();
    lock.set_modified(std::time::SystemTime::now() + secs(100_000)).unwrap();
    let path = first.path().to_owned();
    drop((first, second, lock));
    let found = scan(folder.path()).projects;
    assert_eq!((found.len(), found[0].file.path()), (2, path.as_path()));
    assert!(folder.path().join("future.lock").exists(), "its age is unknown, so it stays");
}

#[test]
fn a_change_during_a_write_keeps_its_delay() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut autosave = Autosave::in_folder(folder.path());
    let start = Instant::now();
    assert!(matches!(autosave.next_action(start, Some(1)), AutosaveAction::Wait(_)));
    assert!(matches!(autosave.next_action(start + AUTOSAVE_DELAY, Some(1)), AutosaveAction::Write(_)));
    // A change during the write.
    assert!(matches!(autosave.next_action(start + AUTOSAVE_DELAY, Some(2)), AutosaveAction::Nothing));
    assert!(!autosave.task_finished(true));
    assert!(matches!(autosave.next_action(start + 2 * AUTOSAVE_DELAY, Some(2)), AutosaveAction::Write(_)));
}

#[test]
fn scans_repeat_while_another_window_owns_work() {
    let mut timer = RecoveryScanTimer::default();
    let start = Instant::now();
    assert_eq!(timer.time_until_scan(start), None, "no other window has work");
    timer.scan_finished(&RecoveryScanResult { owned_elsewhere: true, ..RecoveryScanResult::default() });
    assert_eq!(timer.time_until_scan(start), Some(RECOVERY_SCAN_INTERVAL));
    assert_eq!(timer.time_until_scan(start + secs(4)), Some(secs(1)));
    assert_eq!(timer.time_until_scan(start + secs(6)), Some(Duration::ZERO));
    assert_eq!(timer.time_until_scan(start + secs(60)), None, "one scan at a time");
    timer.scan_finished(&RecoveryScanResult { owned_elsewhere: true, ..RecoveryScanResult::default() });
    assert_eq!(timer.time_until_scan(start + secs(60)), Some(RECOVERY_SCAN_INTERVAL));
    timer.scan_finished(&RecoveryScanResult::default());
    assert_eq!(timer.time_until_scan(start + secs(120)), None);
}
