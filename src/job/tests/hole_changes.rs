//! The hole changes while the search runs.

use super::quick_previews::assert_near;
use super::*;

/// Observer that changes the hole at given evaluations.
#[derive(Default)]
struct HoleChanger {
    evaluations: u32,
    /// `(first evaluation, hole)`, in order.
    holes: Vec<(u32, Mask)>,
    stop_after: Option<u32>,
    extended_by: u32,
    iterations: Vec<u32>,
    totals: Vec<f32>,
}

impl FillObserver for HoleChanger {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}

    fn control(&mut self) -> FillControl {
        if self.stop_after == Some(self.evaluations) {
            return FillControl::Stop;
        }
        self.evaluations += 1;
        FillControl::Continue
    }

    fn take_new_hole(&mut self) -> Option<Mask> {
        let is_due = self.holes.first().is_some_and(|(from, _)| self.evaluations > *from);
        is_due.then(|| self.holes.remove(0).1)
    }

    fn search_extended(&mut self, by: u32) {
        self.extended_by = by;
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        self.iterations.push(iteration);
        self.totals.push(losses.iter().map(|losses| losses.total).fold(f32::INFINITY, f32::min));
    }
}

fn run_with_hole_changes(request: &FillRequest, mut hole_changer: HoleChanger) -> (FillOutcome, HoleChanger) {
    let outcome = run_fill(&mut NetworkCache::default(), request, &mut hole_changer).unwrap();
    (outcome, hole_changer)
}

fn other_hole() -> Mask {
    painted_dot(40, 30, [15.0, 12.0])
}

fn change_at(evaluation: u32) -> HoleChanger {
    HoleChanger { holes: vec![(evaluation, other_hole())], ..HoleChanger::default() }
}

#[test]
fn edited_search_resumes_in_mid_schedule() {
    let (outcome, hole_changer) = run_with_hole_changes(&request(), change_at(6));
    assert_eq!((outcome.steps, hole_changer.extended_by), (10, 2), "at 6 of 8, back to 4, and four more");
    assert_eq!(hole_changer.iterations, (1..=10).collect::<Vec<_>>());
    assert!(outcome.changed_during_search && outcome.stopped.is_none());
    let (outcome, hole_changer) = run_with_hole_changes(&request(), change_at(2));
    assert_eq!((outcome.steps, hole_changer.extended_by), (8, 0), "there was enough left");
    assert!(outcome.changed_during_search);
}

#[test]
fn kept_losses_belong_to_the_last_hole() {
    // Stopped just after the edit: the best candidate is from before, with losses for the new hole.
    let (outcome, _) = run_with_hole_changes(&request(), HoleChanger { stop_after: Some(6), ..change_at(5) });
    let mut request = request();
    request.hole = other_hole();
    for candidate in &outcome.candidates {
        let preview = draw_preview(&request.clone().into_latent_drawing(candidate.latent.clone())).unwrap().unwrap();
        assert_near(&preview.candidate, candidate);
    }
}

#[test]
fn edit_continues_from_the_current_latents() {
    // With a tiny learning rate the latents hardly move.
    let mut request = request();
    (request.settings.learning_rate, request.settings.noise) = (1e-6, 0.0);
    let (before, _) = run_with_hole_changes(&request, HoleChanger { stop_after: Some(5), ..HoleChanger::default() });
    let (after, _) = run_with_hole_changes(&request, change_at(5));
    for (before, after) in before.candidates.iter().zip(&after.candidates) {
        assert!(before.latent.iter().zip(&after.latent).all(|(before, after)| (before - after).abs() < 1e-3));
    }
}

#[test]
fn holes_that_cannot_be_filled_are_ignored() {
    let empty = Mask::empty(40, 30);
    let outside = painted_dot(40, 30, [0.0, 15.0]);
    let of_another_photo = painted_dot(30, 30, [15.0, 15.0]);
    for hole in [empty, outside, of_another_photo] {
        let (outcome, _) =
            run_with_hole_changes(&request(), HoleChanger { holes: vec![(3, hole)], ..HoleChanger::default() });
        assert!(!outcome.changed_during_search);
        let (plain, _) = run_with_hole_changes(&request(), HoleChanger::default());
        assert_eq!(outcome.candidates, plain.candidates);
    }
}

#[test]
fn hole_can_change_during_hmc() {
    let mut request = request();
    request.settings.optimizer = OptimizerKind::Hmc;
    (request.settings.hmc.leapfrog_steps, request.settings.steps) = (3, 4);
    let (outcome, _) = run_with_hole_changes(&request, change_at(6));
    assert!(outcome.changed_during_search && outcome.steps >= 4);
}

#[test]
fn worker_reports_which_hole_was_filled() {
    let test_worker = TestWorker::new();
    test_worker.start_long(1);
    test_worker.wait_for_progress();
    test_worker.worker.send(WorkerCommand::SetHole(Mask::empty(40, 30)));
    test_worker.worker.send(WorkerCommand::SetHole(other_hole()));
    test_worker.wait_for_preview(|preview| preview.hole == other_hole());
    test_worker.wait_for_progress();
    test_worker.worker.send(WorkerCommand::Cancel);
    let (hole, outcome) = test_worker.wait_for(|event| match event {
        WorkerEvent::Finished { hole, outcome, .. } => Some((hole, outcome)),
        _ => None,
    });
    assert_eq!(hole, other_hole());
    assert!(outcome.changed_during_search);
}

#[test]
fn paused_search_shows_new_hole_and_blend() {
    let test_worker = TestWorker::new();
    test_worker.start_long(1);
    test_worker.wait_for_preview(|_| true);
    test_worker.worker.send(WorkerCommand::Pause);
    let is_paused = |event| matches!(event, WorkerEvent::Progress(FillProgress { paused: true, .. })).then_some(());
    test_worker.wait_for(is_paused);
    test_worker.worker.send(WorkerCommand::SetHole(other_hole()));
    let feathered = test_worker.wait_for_preview(|preview| preview.hole == other_hole());
    test_worker.worker.send(WorkerCommand::SetBlend(BlendMode::None.into()));
    let bare = test_worker.wait_for_preview(|_| true);
    assert_eq!(bare.patch.rect_in_photo, feathered.patch.rect_in_photo);
    assert_ne!(bare.patch.rgba, feathered.patch.rgba);
    test_worker.worker.send(WorkerCommand::Cancel);
    test_worker.wait_for_outcome(1);
}
