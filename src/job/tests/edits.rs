//! A hole that changes while the search runs.

use super::sketches::assert_near;
use super::*;

/// Goes on with other holes at given evaluations.
#[derive(Default)]
struct Painter {
    evaluations: u32,
    /// `(evaluation from which on, hole)`, in order.
    holes: Vec<(u32, Arc<Mask>)>,
    stop_after: Option<u32>,
    extended_by: u32,
    iterations: Vec<u32>,
    totals: Vec<f32>,
}

impl Observer for Painter {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}

    fn flow(&mut self) -> Flow {
        if self.stop_after == Some(self.evaluations) {
            return Flow::Stop;
        }
        self.evaluations += 1;
        Flow::Continue
    }

    fn new_hole(&mut self) -> Option<Arc<Mask>> {
        let is_due = self.holes.first().is_some_and(|(from, _)| self.evaluations > *from);
        is_due.then(|| self.holes.remove(0).1)
    }

    fn extended(&mut self, by: u32) {
        self.extended_by = by;
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        self.iterations.push(iteration);
        self.totals.push(losses.iter().map(|losses| losses.total).fold(f32::INFINITY, f32::min));
    }
}

fn painted(request: &FillRequest, mut painter: Painter) -> (FillOutcome, Painter) {
    let outcome = run_fill(&mut Engine::default(), request, &mut painter).unwrap();
    (outcome, painter)
}

fn other_hole() -> Arc<Mask> {
    Arc::new(dab(40, 30, [15.0, 12.0]))
}

fn at(evaluation: u32) -> Painter {
    Painter { holes: vec![(evaluation, other_hole())], ..Painter::default() }
}

#[test]
fn an_edited_search_goes_on_from_the_middle_of_its_schedule_and_counts_on() {
    let (outcome, painter) = painted(&request(), at(6));
    assert_eq!((outcome.steps, painter.extended_by), (10, 2), "at 6 of 8, back to 4, and four more");
    assert_eq!(painter.iterations, (1..=10).collect::<Vec<_>>());
    assert!(outcome.changed_on_the_way && outcome.stopped.is_none());
    let (outcome, painter) = painted(&request(), at(2));
    assert_eq!((outcome.steps, painter.extended_by), (8, 0), "there was enough left");
    assert!(outcome.changed_on_the_way);
}

#[test]
fn the_losses_kept_are_those_of_the_hole_at_the_end() {
    // Stopped just after the edit: the best is one from before, weighed by the new hole.
    let (outcome, _) = painted(&request(), Painter { stop_after: Some(6), ..at(5) });
    let mut alone = request();
    alone.hole = other_hole();
    for candidate in &outcome.candidates {
        let drawn = sketched(&alone.clone().into_drawing_of(candidate.latent.clone())).unwrap().unwrap();
        assert_near(&drawn.candidate, candidate);
    }
}

#[test]
fn an_edit_goes_on_from_the_present_latents() {
    // From nowhere near: with a learning rate of next to nothing the latents stay where they are.
    let mut request = request();
    (request.settings.learning_rate, request.settings.noise) = (1e-6, 0.0);
    let (before, _) = painted(&request, Painter { stop_after: Some(5), ..Painter::default() });
    let (after, _) = painted(&request, at(5));
    for (before, after) in before.candidates.iter().zip(&after.candidates) {
        assert!(before.latent.iter().zip(&after.latent).all(|(before, after)| (before - after).abs() < 1e-3));
    }
}

#[test]
fn holes_that_cannot_be_filled_are_left_aside() {
    let empty = Arc::new(Mask::empty(40, 30));
    let outside = Arc::new(dab(40, 30, [0.0, 15.0]));
    let of_another_photo = Arc::new(dab(30, 30, [15.0, 15.0]));
    for hole in [empty, outside, of_another_photo] {
        let (outcome, _) = painted(&request(), Painter { holes: vec![(3, hole)], ..Painter::default() });
        assert!(!outcome.changed_on_the_way);
        let (plain, _) = painted(&request(), Painter::default());
        assert_eq!(outcome.candidates, plain.candidates);
    }
}

#[test]
fn sampling_can_be_edited_too() {
    let mut request = request();
    request.settings.optimizer = OptimizerKind::Hmc;
    (request.settings.hmc.leapfrog_steps, request.settings.steps) = (3, 4);
    let (outcome, _) = painted(&request, at(6));
    assert!(outcome.changed_on_the_way && outcome.steps >= 4);
}

#[test]
fn the_worker_takes_new_holes_and_tells_which_was_filled() {
    let desk = Desk::new();
    desk.start_long(1);
    desk.wait_for_progress();
    desk.worker.send(Command::SetHole(1, Arc::new(Mask::empty(40, 30))));
    desk.worker.send(Command::SetHole(2, other_hole()));
    let start = Instant::now();
    while desk.worker.take_preview().is_none_or(|preview| preview.hole_number != 2) {
        assert!(start.elapsed() < PATIENCE);
    }
    desk.wait_for_progress();
    desk.worker.send(Command::Cancel);
    let (number, hole, outcome) = desk.wait_for(|event| match event {
        Event::Finished { hole_number, hole, outcome, .. } => Some((hole_number, hole, outcome)),
        _ => None,
    });
    assert_eq!((number, hole), (2, other_hole()));
    assert!(outcome.changed_on_the_way);
}

#[test]
fn a_paused_search_shows_a_new_hole_and_another_blend_at_once() {
    let desk = Desk::new();
    desk.start_long(1);
    let start = Instant::now();
    let preview = |wanted: &dyn Fn(&Preview) -> bool| loop {
        assert!(start.elapsed() < PATIENCE);
        if let Some(preview) = desk.worker.take_preview().filter(wanted) {
            return preview;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    preview(&|_| true);
    desk.worker.send(Command::Pause);
    desk.wait_for(|event| matches!(event, Event::Progress { paused: true, .. }).then_some(()));
    desk.worker.send(Command::SetHole(1, other_hole()));
    let feathered = preview(&|preview| preview.hole_number == 1);
    desk.worker.send(Command::SetBlend(BlendMode::None.into()));
    let bare = preview(&|_| true);
    assert_eq!(bare.patch.rect_in_photo, feathered.patch.rect_in_photo);
    assert_ne!(bare.patch.rgba, feathered.patch.rgba);
    desk.worker.send(Command::Cancel);
    desk.wait_for_outcome(1);
}
