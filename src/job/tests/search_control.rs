//! Evaluation counts, live settings, early stops, paused previews and fit warnings.

use super::*;
use crate::search::OptimizerKind;

/// Changes settings at given evaluations, and stops after some.
#[derive(Default)]
struct ScriptedObserver {
    evaluations: u32,
    stop_after: Option<u32>,
    /// λ and steps from this evaluation (counted from 0) on.
    change: Option<(u32, LiveSettings)>,
}

impl FillObserver for ScriptedObserver {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}

    fn control(&mut self) -> FillControl {
        if self.stop_after == Some(self.evaluations) {
            return FillControl::Stop;
        }
        self.evaluations += 1;
        FillControl::Continue
    }

    fn live_settings(&mut self) -> Option<LiveSettings> {
        self.change.filter(|(from, _)| self.evaluations > *from).map(|(_, live)| live)
    }
}

fn run_scripted(request: &FillRequest, mut scripted: ScriptedObserver) -> FillOutcome {
    run_fill(&mut NetworkCache::default(), request, &mut scripted).unwrap()
}

#[test]
fn evaluations_equal_iterations_except_with_hmc() {
    let mut request = request();
    let outcome = run_scripted(&request, ScriptedObserver::default());
    assert_eq!((outcome.steps, outcome.evaluations, outcome.changed_during_search), (8, 8, false));
    request.settings.optimizer = OptimizerKind::Hmc;
    (request.settings.hmc.leapfrog_steps, request.settings.steps) = (3, 2);
    let outcome = run_scripted(&request, ScriptedObserver::default());
    assert_eq!(outcome.steps, 2);
    assert!(outcome.evaluations > 2 * 3, "{}", outcome.evaluations);
}

#[test]
fn same_stop_gives_the_same_result() {
    for (optimizer, stop_after) in [(OptimizerKind::Adam, 3), (OptimizerKind::Hmc, 6)] {
        let mut request = request();
        request.settings.optimizer = optimizer;
        // With such a large beta trajectories lead downhill.
        (request.settings.hmc.leapfrog_steps, request.settings.hmc.beta) = (4, 200.0);
        let stop = || ScriptedObserver { stop_after: Some(stop_after), ..ScriptedObserver::default() };
        let (one, other) = (run_scripted(&request, stop()), run_scripted(&request, stop()));
        assert_eq!(one.evaluations, stop_after);
        assert_eq!(one.candidates, other.candidates);
        let longer = run_scripted(
            &request,
            ScriptedObserver { stop_after: Some(stop_after + 20), ..ScriptedObserver::default() },
        );
        assert_ne!(one.candidates, longer.candidates, "{optimizer:?}: the stop matters");
    }
}

#[test]
fn only_later_changes_count_as_changed() {
    let live = LiveSettings { lambda: 0.5, steps: 6 };
    let from = |evaluation| {
        run_scripted(&request(), ScriptedObserver { change: Some((evaluation, live)), ..ScriptedObserver::default() })
    };
    let (early, late) = (from(0), from(2));
    assert!(!early.changed_during_search && late.changed_during_search);
    assert_eq!((early.settings.steps, late.settings.steps), (6, 6), "the outcome has the final settings");
    let mut same_settings = request();
    same_settings.settings = early.settings;
    assert_eq!(run_scripted(&same_settings, ScriptedObserver::default()).candidates, early.candidates);
    let same = LiveSettings { lambda: request().settings.lambda, steps: 8 };
    let none = run_scripted(&request(), ScriptedObserver { change: Some((2, same)), ..ScriptedObserver::default() });
    assert!(!none.changed_during_search, "the same values are no change");
}

#[test]
fn bad_fit_gives_a_warning() {
    let mut outcome = run_scripted(&request(), ScriptedObserver::default());
    assert!(outcome.explained_share.unwrap() < 1.0);
    for (explained, has_warning) in [(Some(-0.4), true), (Some(0.05), true), (Some(0.4), false), (None, false)] {
        outcome.explained_share = explained;
        assert_eq!(outcome.fit_warning().is_some(), has_warning, "{explained:?}");
    }
    outcome.explained_share = Some(-0.4);
    let from_guess = FillOutcome { start: SearchStart::Around(vec![0.0; 8]), ..outcome.clone() };
    outcome.settings.starts = Starts::Prior;
    for (steps, has_warnings) in [(4, [false, false]), (49, [false, true]), (50, [true, true])] {
        let warns = |outcome: &FillOutcome| FillOutcome { steps, ..outcome.clone() }.fit_warning().is_some();
        assert_eq!([warns(&outcome), warns(&from_guess)], has_warnings, "{steps}");
    }
    outcome.steps = 50;
    insta::assert_snapshot!(outcome.fit_warning().unwrap().message, @"This does not look like a face in this frame: the fill matches only 0 % of it");
}

#[test]
fn paused_previews_show_the_redrawn_hole() {
    let mut request = request();
    request.model = ModelChoice::Face128;
    (request.settings.steps, request.settings.candidates) = (Settings::MAX_STEPS, 2);
    request.blend = Blend { completion: true, ..request.blend };
    let model = crate::model::inspect(&request.model).unwrap();
    let shown_patch = |preview: &SearchPreview, shown: usize, completion| {
        let FillRequest { photo, hole, frame, .. } = &request;
        let blend = Blend { completion, ..request.blend };
        let picture = picture_to_blend(photo, hole, frame, blend, &model, &preview.candidates[shown]);
        crate::blend::Composer::new(photo, hole, frame, blend, None).render(&picture)
    };
    let test_worker = TestWorker::new();
    test_worker.worker.send(WorkerCommand::Start(1, Box::new(request.clone())));
    let running = test_worker.wait_for_preview(|_| true);
    assert_eq!(*running.patch, shown_patch(&running, running.best, false));
    let is_redrawn = |preview: &SearchPreview, shown| *preview.patch == shown_patch(preview, shown, true);
    test_worker.worker.send(WorkerCommand::Pause);
    test_worker.wait_for_preview(|preview| is_redrawn(preview, preview.best));
    for shown in 0..2 {
        test_worker.worker.send(WorkerCommand::ShowCandidate(Some(shown)));
        assert!(is_redrawn(&test_worker.wait_for_preview(|_| true), shown), "candidate {shown}");
    }
    test_worker.worker.send(WorkerCommand::StepOnce);
    assert!(is_redrawn(&test_worker.wait_for_preview(|_| true), 1), "after a step");
    test_worker.worker.send(WorkerCommand::Cancel);
    test_worker.wait_for_outcome(1);
}
