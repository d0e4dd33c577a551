//! Evaluation counts, live settings, early stops and fit warnings.

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
    insta::assert_snapshot!(outcome.fit_warning().unwrap().message, @"This does not look like a face in this frame: the fill matches only 0 % of it");
}
