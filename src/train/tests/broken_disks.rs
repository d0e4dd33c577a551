//! Training on a full disk, in a folder that cannot be written to, and killed while it writes a checkpoint.

use std::time::Duration;

use super::*;
use crate::fs::faults::{FullDisk, file_names, read_only_folder};
use crate::fs::kills::{kill_writers, writer_folder};
use crate::train::trainer::TrainState;

#[test]
fn a_full_disk_keeps_the_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    run(&request(folder.path(), tiny()));
    let checkpoints = checkpoint::folder(folder.path());
    let before = file_names(&checkpoints);
    let longer = TrainRequest { resume: true, ..request(folder.path(), TrainSettings { steps: 12, ..tiny() }) };
    let disk = FullDisk::new(&checkpoints, 1000);
    let mut observer = TestObserver::default();
    let faces = InMemoryFaceImages::noise(16, 20, 1);
    let error = train(&longer, &faces, None, &mut observer).unwrap_err();
    assert!(format!("{:#}", anyhow::Error::new(error)).contains("the disk is full"));
    let is_told =
        |note: &String| note.contains("the disk is full") && note.contains("the checkpoint of step 6 is kept");
    assert!(observer.notes.iter().any(is_told), "{:?}", observer.notes);
    assert_eq!(file_names(&checkpoints), before);
    drop(disk);
    let (outcome, observer) = run(&longer);
    assert_eq!((outcome.end, outcome.step, observer.facts.unwrap().start_step), (TrainEnd::Done, 12, 6));
}

#[test]
fn a_read_only_folder_starts_no_run() {
    let Some((_folder, read_only)) = read_only_folder() else { return };
    let out = read_only.join("run");
    let faces = InMemoryFaceImages::noise(16, 20, 1);
    let error = train(&request(&out, tiny()), &faces, None, &mut TestObserver::default()).unwrap_err();
    let text = format!("{:#}", anyhow::Error::new(error));
    assert!(text.contains("cannot write") && text.contains(&*out.to_string_lossy()), "{text}");
}

fn state(step: u64) -> TrainState {
    TrainState { step, ..TrainState::initial(&tiny()) }
}

#[test]
#[ignore = "a program that `kill_checkpoint_writers` starts and kills"]
fn checkpoint_writer() {
    // Before the kills begin: they are meant for the writing.
    let mut state = state(0);
    let Some(run) = writer_folder() else { return };
    state.step = checkpoint::saved_steps(&run).last().copied().unwrap_or(0);
    loop {
        state.step += 1;
        checkpoint::save(&run, &state).unwrap();
    }
}

/// Returns the step of the last checkpoint.
fn kill_checkpoint_writers(count: u32) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let checkpoints = checkpoint::folder(&run);
    fs::create_dir_all(&checkpoints).unwrap();
    checkpoint::save(&run, &state(1)).unwrap();
    let mut last_step = 1;
    let check = || {
        let (found, notes) = checkpoint::load_newest(&run, &tiny()).unwrap().unwrap();
        assert_eq!(notes, Vec::<String>::new(), "no checkpoint is damaged");
        assert!(found.step >= last_step && found == state(found.step), "step {} after {last_step}", found.step);
        last_step = found.step;
        assert!(checkpoint::saved_steps(&run).len() <= 3, "old checkpoints are removed");
    };
    let writer = "train::tests::broken_disks::checkpoint_writer";
    kill_writers(writer, [&run, &checkpoints], count, Duration::from_millis(200), check);
    last_step
}

#[test]
fn a_killed_run_leaves_whole_checkpoints() {
    kill_checkpoint_writers(4);
}

/// `cargo test -- --ignored a_hundred_killed`
#[test]
#[ignore = "takes a minute"]
fn a_hundred_killed_runs_leave_whole_checkpoints() {
    let last_step = kill_checkpoint_writers(100);
    assert!(last_step > 30, "only {last_step} were written");
}
