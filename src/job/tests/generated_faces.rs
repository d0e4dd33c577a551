//! Faces drawn from latents, and fills that start at one of them.

use super::*;
use crate::explore::{FaceRenderer, sample_latent};
use crate::job::{FacesRequest, GeneratedFaces};

fn faces_request(numbers: std::ops::Range<u64>) -> FacesRequest {
    let latents = numbers.map(|number| sample_latent(number, 8)).collect();
    FacesRequest { latents, model: tiny_model(), device: DeviceChoice::Cpu }
}

fn wait_for_faces(test_worker: &TestWorker) -> GeneratedFaces {
    test_worker.wait_for(|event| match event {
        WorkerEvent::Faces(faces) => Some(faces),
        _ => None,
    })
}

#[test]
fn worker_draws_the_faces_of_the_command_line() {
    let test_worker = TestWorker::new();
    test_worker.worker.send(WorkerCommand::DrawFaces(5, Box::new(faces_request(3..9))));
    let faces = wait_for_faces(&test_worker);
    let latents: Vec<Vec<f32>> = (3..9).map(|number| sample_latent(number, 8)).collect();
    let expected = FaceRenderer::new(&crate::model::load(&tiny_model()).unwrap()).unwrap().draw(&latents);
    assert_eq!((faces.id, faces.pictures.len()), (5, 6));
    let pictures: Vec<_> = faces.pictures.iter().map(|picture| picture.to_rgb8()).collect();
    assert!(pictures == expected && pictures[0] != pictures[1]);
}

#[test]
fn newest_faces_are_drawn_after_the_search() {
    let test_worker = TestWorker::new();
    test_worker.start_long(1);
    test_worker.wait_for_progress();
    test_worker.worker.send(WorkerCommand::DrawFaces(1, Box::new(faces_request(0..2))));
    test_worker.worker.send(WorkerCommand::DrawFaces(2, Box::new(faces_request(2..5))));
    test_worker.worker.send(WorkerCommand::Start(2, Box::new(request())));
    test_worker.wait_for(|event| match event {
        WorkerEvent::Faces(_) => panic!("faces during a search"),
        event => matches!(event, WorkerEvent::Finished { job: 1, .. }).then_some(()),
    });
    let faces = wait_for_faces(&test_worker);
    assert_eq!((faces.id, faces.pictures.len()), (2, 3));
    test_worker.wait_for_outcome(2);
}

#[test]
fn faces_that_cannot_be_drawn_say_why() {
    let test_worker = TestWorker::new();
    let failure = |test_worker: &TestWorker, request: u64| {
        test_worker.wait_for(|event| match event {
            WorkerEvent::FacesFailed { id, message } if id == request => Some(message),
            _ => None,
        })
    };
    let missing = ModelChoice::File("no/such.safetensors".into());
    test_worker
        .worker
        .send(WorkerCommand::DrawFaces(1, Box::new(FacesRequest { model: missing, ..faces_request(0..1) })));
    let message = failure(&test_worker, 1);
    assert!(message.contains("no/such.safetensors"), "{message}");
    test_worker.worker.send(WorkerCommand::DrawFaces(
        2,
        Box::new(FacesRequest { latents: vec![vec![0.0; 7]], ..faces_request(0..1) }),
    ));
    let message = failure(&test_worker, 2);
    assert!(message.contains("do not fit tiny-16"), "{message}");
    test_worker.worker.send(WorkerCommand::DrawFaces(3, Box::new(faces_request(0..1))));
    assert_eq!(wait_for_faces(&test_worker).id, 3, "the thread still works");
}

#[test]
fn provenance_repeats_a_fill_from_a_chosen_face() {
    let face = sample_latent(12, 8);
    let as_set = request();
    let start = SearchStart::spread_around(&face, &as_set.settings);
    let request = FillRequest { start: start.clone(), ..as_set.clone() };
    let one_step = |request: &FillRequest| {
        let settings = Settings { steps: 1, noise: 0.0, ..request.settings };
        fill(&FillRequest { settings, ..request.clone() }, &mut RecordingObserver::default()).unwrap()
    };
    assert_eq!(one_step(&request).candidates[0].latent, face, "the first candidate starts at the face itself");

    let outcome = fill(&request, &mut RecordingObserver::default()).unwrap();
    assert_ne!(outcome.candidates, fill(&as_set, &mut RecordingObserver::default()).unwrap().candidates);
    let record = FillRecord::of_best(&request, outcome.clone());
    let provenance = Provenance::new(&request.photo, &record).unwrap();
    assert_eq!(provenance.start, start);
    let again = FillRequest { start: provenance.start.clone(), settings: provenance.settings, ..as_set };
    assert_eq!(fill(&again, &mut RecordingObserver::default()).unwrap().candidates, outcome.candidates);
}
