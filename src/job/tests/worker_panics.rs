//! A panic in any stage gives a message, and the next fill works.

use super::*;
use crate::job::panic_stage::{Stage, is_waiting, panic_once_in};
use crate::job::worker::Worker;

const STAGES: [Stage; 5] = [Stage::Load, Stage::FirstGuess, Stage::Search { after: 3 }, Stage::Compose, Stage::Render];

/// A worker that runs on this thread, and the editor's handle to it.
fn worker() -> (Worker, WorkerHandle) {
    let (handle, channels) = worker_channels(Arc::new(|_| {}));
    (Worker::new(channels), handle)
}

/// Runs the commands with one panic in this stage. Returns the events.
fn run_with_panic(stage: Stage, commands: Vec<WorkerCommand>) -> Vec<WorkerEvent> {
    let (mut worker, handle) = worker();
    for command in commands {
        handle.send(command);
    }
    let mailbox = handle.into_mailbox();
    panic_once_in(stage);
    worker.run();
    assert!(!is_waiting(), "{stage:?} was never reached");
    mailbox.take()
}

/// A fill that runs long enough for a preview.
fn fill_with_preview() -> FillRequest {
    let mut request = request();
    request.settings.steps = 5000;
    request
}

#[test]
fn a_panic_in_any_stage_is_reported() {
    for stage in STAGES {
        let (mut worker, handle) = worker();
        panic_once_in(stage);
        // The channel stays open: a closed one stops the search.
        drop(worker.run_job(1, &fill_with_preview()));
        assert!(!is_waiting(), "{stage:?} was never reached");
        // The best so far is kept where there is one.
        let is_late = matches!(stage, Stage::Search { .. } | Stage::Render);
        match handle.take_events().pop() {
            Some(WorkerEvent::Failed { job: 1, message, .. }) if !is_late => {
                assert!(message.contains("a fault in"), "{message}");
            }
            Some(WorkerEvent::Finished { job: 1, outcome, .. }) if is_late => {
                let Some(StopReason::Failed(reason)) = &outcome.stopped else { panic!("{:?}", outcome.stopped) };
                assert!(reason.contains("a fault in"), "{reason}");
            }
            event => panic!("{stage:?}: {event:?}"),
        }
    }
}

#[test]
fn the_next_fill_works_after_a_panic() {
    let expected = fill(&request(), &mut RecordingObserver::default()).unwrap();
    for stage in STAGES {
        let (mut worker, handle) = worker();
        panic_once_in(stage);
        drop(worker.run_job(1, &fill_with_preview()));
        drop(worker.run_job(2, &request()));
        let Some(WorkerEvent::Finished { job: 2, outcome, .. }) = handle.take_events().pop() else {
            panic!("{stage:?}")
        };
        assert_eq!((outcome.stopped.clone(), &outcome.candidates), (None, &expected.candidates), "{stage:?}");
    }
}

#[test]
fn quick_previews_and_warm_ups_survive_panics() {
    let preview = || WorkerCommand::QuickPreview(5, Box::new(request().into_first_guess()));
    for stage in [Stage::Load, Stage::Render] {
        let events = run_with_panic(stage, vec![preview()]);
        let [WorkerEvent::QuickPreviewFailed { id: 5, message }] = &events[..] else { panic!("{events:?}") };
        assert!(message.contains("a fault in"), "{message}");
    }
    let warm_up = || WorkerCommand::WarmUp(DeviceChoice::Cpu, tiny_model());
    let events = run_with_panic(Stage::Load, vec![warm_up(), warm_up()]);
    assert!(
        matches!(&events[..], [WorkerEvent::WarmUpFailed { .. }, WorkerEvent::WarmedUp { .. }]),
        "the next one works: {events:?}"
    );
    let faces = FacesRequest { latents: vec![vec![0.0; 8]], model: tiny_model(), device: DeviceChoice::Cpu };
    let events = run_with_panic(Stage::Load, vec![WorkerCommand::DrawFaces(9, Box::new(faces))]);
    assert!(matches!(&events[..], [WorkerEvent::FacesFailed { id: 9, .. }]), "{events:?}");
}
