//! Faces from nothing but their latents, and fills that begin at one of them.

use super::*;
use crate::explore::{Gallery, sample};
use crate::job::{Faces, FacesRequest};

fn ask(numbers: std::ops::Range<u64>) -> FacesRequest {
    let latents = numbers.map(|number| sample(number, 8)).collect();
    FacesRequest { latents, model: tiny_model(), device: DeviceChoice::Cpu }
}

fn wait_for_faces(desk: &Desk) -> Faces {
    let start = Instant::now();
    loop {
        match desk.worker.take_faces() {
            Some(faces) => return faces,
            None => assert!(start.elapsed() < PATIENCE, "no faces came"),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_worker_draws_the_same_faces_as_the_command_line() {
    let desk = Desk::new();
    desk.worker.send(Command::Draw(5, Box::new(ask(3..9))));
    let faces = wait_for_faces(&desk);
    let latents: Vec<Vec<f32>> = (3..9).map(|number| sample(number, 8)).collect();
    let expected = Gallery::open(&tiny_model()).unwrap().draw(&latents);
    assert_eq!((faces.id, faces.pictures.len()), (5, 6));
    assert!(faces.pictures == expected && faces.pictures[0] != faces.pictures[1]);
}

#[test]
fn faces_wait_for_the_end_of_a_search_and_the_newest_are_drawn() {
    let desk = Desk::new();
    desk.start_long(1);
    desk.wait_for_progress();
    desk.worker.send(Command::Draw(1, Box::new(ask(0..2))));
    desk.worker.send(Command::Draw(2, Box::new(ask(2..5))));
    assert!(desk.worker.take_faces().is_none());
    desk.worker.send(Command::Start(2, Box::new(request())));
    let faces = wait_for_faces(&desk);
    assert_eq!((faces.id, faces.pictures.len()), (2, 3));
    desk.wait_for_outcome(2);
}

#[test]
fn faces_that_cannot_be_drawn_say_why() {
    let desk = Desk::new();
    let not_drawn = |desk: &Desk, wanted: u64| {
        desk.wait_for(|event| match event {
            Event::NotDrawn { faces, message } if faces == wanted => Some(message),
            _ => None,
        })
    };
    let missing = ModelChoice::File("no/such.safetensors".into());
    desk.worker.send(Command::Draw(1, Box::new(FacesRequest { model: missing, ..ask(0..1) })));
    let message = not_drawn(&desk, 1);
    assert!(message.contains("no/such.safetensors"), "{message}");
    desk.worker.send(Command::Draw(2, Box::new(FacesRequest { latents: vec![vec![0.0; 7]], ..ask(0..1) })));
    let message = not_drawn(&desk, 2);
    assert!(message.contains("do not fit tiny-16"), "{message}");
    desk.worker.send(Command::Draw(3, Box::new(ask(0..1))));
    assert_eq!(wait_for_faces(&desk).id, 3, "the thread goes on");
}

#[test]
fn a_fill_begins_at_the_chosen_face_and_its_recipe_repeats_it() {
    let face = sample(12, 8);
    let as_set = request();
    let start = Start::spread_around(&face, &as_set.settings);
    let request = FillRequest { start: start.clone(), ..as_set.clone() };
    let one_step = |request: &FillRequest| {
        let settings = Settings { steps: 1, noise: 0.0, ..request.settings };
        fill(&FillRequest { settings, ..request.clone() }, &mut Recorder::default()).unwrap()
    };
    assert_eq!(one_step(&request).candidates[0].latent, face, "the first candidate begins at the face itself");

    let outcome = fill(&request, &mut Recorder::default()).unwrap();
    assert_ne!(outcome.candidates, fill(&as_set, &mut Recorder::default()).unwrap().candidates);
    let recipe = Recipe::new(&Made {
        outcome: &outcome,
        photo: &request.photo,
        hole: &request.hole,
        frame: request.frame,
        blend: request.blend,
        candidate: outcome.best,
    })
    .unwrap();
    assert_eq!(recipe.start, start);
    let again = FillRequest { start: recipe.start.clone(), settings: recipe.settings, ..as_set };
    assert_eq!(fill(&again, &mut Recorder::default()).unwrap().candidates, outcome.candidates);
}
