//! Several fills at once.

use super::*;
use crate::job::panic_stage::{Stage, panic_once_in};

/// Fills of two photos with other holes and settings, and one that cannot be filled.
fn requests() -> Vec<FillRequest> {
    let first = request();
    let mut second = request();
    (second.hole, second.settings.seed, second.settings.steps) = (painted_dot(40, 30, [12.0, 18.0]), 8, 5);
    let empty = FillRequest { hole: Mask::empty(40, 30), ..request() };
    let larger = FillRequest {
        photo: Arc::new(photo(60, 60)),
        hole: painted_dot(60, 60, [30.0, 30.0]),
        frame: FaceFrame::centered(60, 60),
        settings: Settings { candidates: 3, ..first.settings },
        ..request()
    };
    vec![first, second, empty, larger]
}

fn fill_all(requests: &[FillRequest], observers: &mut [RecordingObserver]) -> Vec<Result<FillOutcome, FillError>> {
    let fills = requests.iter().zip(observers);
    let fills = fills.map(|(request, observer)| (request, observer as &mut dyn FillObserver));
    run_fills(&mut NetworkCache::default(), fills.collect())
}

fn observers<const N: usize>() -> [RecordingObserver; N] {
    std::array::from_fn(|_| RecordingObserver::default())
}

#[test]
fn each_fill_ends_as_it_does_alone() {
    let requests = requests();
    let mut together_observers = observers::<4>();
    let together = fill_all(&requests, &mut together_observers);
    for ((request, together), observed) in requests.iter().zip(together).zip(together_observers) {
        let mut alone_observer = RecordingObserver::default();
        let alone = fill(request, &mut alone_observer);
        assert_eq!(observed.iterations, alone_observer.iterations);
        assert_eq!(observed.pictures, alone_observer.pictures);
        match (alone, together) {
            (Ok(alone), Ok(together)) => {
                assert_eq!(FillOutcome { search_secs: 0.0, ..together }, FillOutcome { search_secs: 0.0, ..alone });
            }
            (Err(alone), Err(together)) => assert_eq!(alone.to_string(), together.to_string()),
            (alone, together) => panic!("{alone:?} {together:?}"),
        }
    }
}

#[test]
fn a_fill_that_is_stopped_does_not_stop_the_others() {
    let requests = [request(), request()];
    let mut observers = observers::<2>();
    observers[0].stop_after = Some(3);
    let outcomes = fill_all(&requests, &mut observers);
    let [Ok(stopped), Ok(other)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!((stopped.steps, &stopped.stopped), (3, &Some(StopReason::Cancelled)));
    assert_eq!((other.steps, &other.stopped), (8, &None));
}

#[test]
fn a_lost_device_keeps_the_best_of_every_fill() {
    let requests = [request(), request()];
    let mut observers = observers::<2>();
    panic_once_in(Stage::Search { after: 4 });
    for outcome in fill_all(&requests, &mut observers) {
        let outcome = outcome.unwrap();
        assert!(matches!(&outcome.stopped, Some(StopReason::Failed(reason)) if reason.contains("a fault in")));
        assert_eq!(outcome.candidates.len(), 2);
    }
}
