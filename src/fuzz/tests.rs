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

/// Fuzzes for as many seconds as `COUNTENANCE_FUZZ_SECONDS` says, or 120. Each run makes other changes, unless
/// `COUNTENANCE_FUZZ_SEED` fixes them.
#[test]
#[ignore = "takes minutes"]
fn random_changes_give_no_findings() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seconds = number("COUNTENANCE_FUZZ_SECONDS").unwrap_or(120);
    let seed = number("COUNTENANCE_FUZZ_SEED")
        .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()));
    let share = |threads: usize| Duration::from_millis(1000 * seconds * threads as u64 / TARGETS.len() as u64);
    fuzz_all(|threads| Budget::Time(share(threads)), seed);
}
