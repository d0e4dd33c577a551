//! What a search went through, and that another which goes through the same ends alike.

use super::*;
use crate::search::OptimizerKind;

/// Changes settings at given evaluations, and stops after some.
#[derive(Default)]
struct Director {
    evaluations: u32,
    stop_after: Option<u32>,
    /// λ and steps from this evaluation (counted from 0) on.
    change: Option<(u32, LiveSettings)>,
}

impl Observer for Director {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}

    fn flow(&mut self) -> Flow {
        if self.stop_after == Some(self.evaluations) {
            return Flow::Stop;
        }
        self.evaluations += 1;
        Flow::Continue
    }

    fn live_settings(&mut self) -> Option<LiveSettings> {
        self.change.filter(|(from, _)| self.evaluations > *from).map(|(_, live)| live)
    }
}

fn directed(request: &FillRequest, mut director: Director) -> FillOutcome {
    run_fill(&mut Engine::default(), request, &mut director).unwrap()
}

#[test]
fn evaluations_are_iterations_but_for_trajectories() {
    let mut request = request();
    let outcome = directed(&request, Director::default());
    assert_eq!((outcome.steps, outcome.evaluations, outcome.changed_on_the_way), (8, 8, false));
    request.settings.optimizer = OptimizerKind::Hmc;
    (request.settings.hmc.leapfrog_steps, request.settings.steps) = (3, 2);
    let outcome = directed(&request, Director::default());
    assert_eq!(outcome.steps, 2);
    assert!(outcome.evaluations > 2 * 3, "{}", outcome.evaluations);
}

#[test]
fn a_search_stopped_at_the_same_evaluation_ends_alike() {
    for (optimizer, stop_after) in [(OptimizerKind::Adam, 3), (OptimizerKind::Hmc, 6)] {
        let mut request = request();
        request.settings.optimizer = optimizer;
        // So cold that trajectories lead downhill.
        (request.settings.hmc.leapfrog_steps, request.settings.hmc.beta) = (4, 200.0);
        let stop = || Director { stop_after: Some(stop_after), ..Director::default() };
        let (one, other) = (directed(&request, stop()), directed(&request, stop()));
        assert_eq!(one.evaluations, stop_after);
        assert_eq!(one.candidates, other.candidates);
        let longer = directed(&request, Director { stop_after: Some(stop_after + 20), ..Director::default() });
        assert_ne!(one.candidates, longer.candidates, "{optimizer:?}: the place matters");
    }
}

#[test]
fn only_a_change_after_the_first_evaluation_is_one_on_the_way() {
    let live = LiveSettings { lambda: 0.5, steps: 6 };
    let from = |evaluation| directed(&request(), Director { change: Some((evaluation, live)), ..Director::default() });
    let (early, late) = (from(0), from(2));
    assert!(!early.changed_on_the_way && late.changed_on_the_way);
    assert_eq!((early.settings.steps, late.settings.steps), (6, 6), "the last ones are told");
    let mut as_told = request();
    as_told.settings = early.settings;
    assert_eq!(directed(&as_told, Director::default()).candidates, early.candidates);
    let same = LiveSettings { lambda: request().settings.lambda, steps: 8 };
    let none = directed(&request(), Director { change: Some((2, same)), ..Director::default() });
    assert!(!none.changed_on_the_way, "the same values are no change");
}

#[test]
fn what_explains_nearly_nothing_is_doubted() {
    let mut outcome = directed(&request(), Director::default());
    assert!(outcome.explained.unwrap() < 1.0);
    for (explained, is_doubted) in [(Some(-0.4), true), (Some(0.05), true), (Some(0.4), false), (None, false)] {
        outcome.explained = explained;
        assert_eq!(outcome.doubt().is_some(), is_doubted, "{explained:?}");
    }
    outcome.explained = Some(-0.4);
    insta::assert_snapshot!(outcome.doubt().unwrap().what, @"This does not look like a face in this frame: only 0 % of it is explained");
}
