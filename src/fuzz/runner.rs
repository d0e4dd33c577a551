//! Runs inputs and reports findings.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::Target;
use super::heap::peak_bytes_of;
use crate::catch_panic::catch_panic;
use crate::hash::sha256_of_bytes;

/// An input that takes longer is a finding. Far above what any input needs, because the machine may be busy.
const MAX_TIME: Duration = Duration::from_secs(20);
/// Memory that an input may take: enough for the masks of the largest photo.
const MAX_BYTES: usize = 4 << 30;

/// When to stop changing files.
#[derive(Clone, Copy, Debug)]
pub enum Budget {
    Inputs(u32),
    Time(Duration),
}

/// What is wrong with an input, or `None`.
pub fn finding(target: &Target, bytes: &[u8]) -> Option<String> {
    let started = Instant::now();
    let (result, peak) = peak_bytes_of(|| catch_panic(|| (target.run)(bytes)));
    match result {
        Err(panic) => Some(panic),
        Ok(()) if peak > MAX_BYTES => Some(format!("takes {peak} bytes of memory")),
        Ok(()) if started.elapsed() > MAX_TIME => Some(format!("takes {} seconds", started.elapsed().as_secs())),
        Ok(()) => None,
    }
}

/// The files of a target, with their names.
///
/// # Panics
/// When a file cannot be read, or there is none.
pub fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let fixtures = target.fixtures.iter().map(|name| assets.join("fixtures").join(name));
    let entries = std::fs::read_dir(assets.join("fuzz").join(target.name)).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder").path()).chain(fixtures).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no files", target.name);
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect()
}

/// Runs every file of a target, then random changes of them. Returns the number of inputs.
///
/// # Panics
/// At the first finding. The input is in the folder for temporary files.
pub fn fuzz(target: &Target, budget: Budget, seed: u64) -> u32 {
    let files = corpus(target);
    for (path, bytes) in &files {
        if let Some(reason) = finding(target, bytes) {
            panic!("{}: {reason}", path.display());
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (started, mut inputs) = (Instant::now(), 0);
    let watch = Watch::start(target.name);
    while match budget {
        Budget::Inputs(most) => inputs < most,
        Budget::Time(most) => started.elapsed() < most,
    } {
        let [file, other] = std::array::from_fn(|_| &files[rng.random_range(0..files.len())].1);
        let input = target.mutate(file, other, &mut rng);
        watch.begin(&input);
        if let Some(reason) = finding(target, &input) {
            let path = keep(target.name, &input);
            panic!("{}: {reason}; the input is {}", target.name, path.display());
        }
        inputs += 1;
    }
    inputs
}

/// Writes an input into the folder for temporary files.
fn keep(name: &str, input: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("{name}-{}", &sha256_of_bytes(input)[..16]));
    std::fs::write(&path, input).expect("room for a temporary file");
    path
}

/// The running input, and when it began.
type CurrentInput = Mutex<Option<(Instant, Vec<u8>)>>;

/// Ends the process when an input hangs, and keeps the input.
struct Watch {
    current: Arc<CurrentInput>,
}

impl Watch {
    fn start(name: &'static str) -> Self {
        let current = Arc::<CurrentInput>::default();
        let watched = Arc::downgrade(&current);
        std::thread::spawn(move || {
            while let Some(current) = watched.upgrade() {
                let current = current
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take_if(|(since, _)| since.elapsed() > 3 * MAX_TIME);
                if let Some((_, input)) = current {
                    eprintln!("{name}: hangs; the input is {}", keep(name, &input).display());
                    std::process::abort();
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        Self { current }
    }

    fn begin(&self, input: &[u8]) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), input.to_vec()));
    }
}
