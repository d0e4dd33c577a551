use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::TARGETS;
use super::runner::{Budget, fuzz};

/// Fuzzes every target, on all cores. `budget` gets the number of threads.
fn fuzz_all(budget: impl Fn(usize) -> Budget + Sync, seed: u64) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (next, inputs) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let count = fuzz(target, budget(threads), seed);
                    inputs.lock().unwrap().push((target.name, count));
                }
            });
        }
    });
    eprintln!("inputs with seed {seed}: {:?}", inputs.lock().unwrap());
}

#[test]
fn files_and_few_changes_give_no_findings() {
    fuzz_all(|_| Budget::Inputs(50), 1);
}

/// Fuzzes for as many seconds as `COUNTENANCE_FUZZ_SECONDS` says, or 120. Each run makes other changes.
#[test]
#[ignore = "takes minutes"]
fn random_changes_give_no_findings() {
    let seconds = std::env::var("COUNTENANCE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(120.0);
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    #[expect(clippy::cast_precision_loss, reason = "few threads and targets")]
    fuzz_all(|threads| Budget::Time(Duration::from_secs_f64(seconds * threads as f64 / TARGETS.len() as f64)), seed);
}
