//! Measures photos in parallel, within a memory budget.
//!
//! Every worker has its own rayon pool of one thread, to avoid a deadlock. The detector and the cropper split their
//! work over the pool they run in. In a shared pool, a worker that waits for a part of its photo would start another
//! photo, and then wait for memory that it holds itself.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use image::ImageReader;

use super::PrepareError;
use super::measure::MeasuredPhoto;
use crate::catch_panic::catch_panic;

/// Approximate memory budget for all open photos. A larger photo is opened alone.
const MEMORY_BUDGET_BYTES: u64 = 1 << 30;
/// Bytes per pixel while a photo is opened: the decoder's output, as much for its buffers, and 8-bit RGB.
const BYTES_PER_PIXEL: u64 = 12;

/// The result of a photo, or the error message.
pub(super) type MeasureResult = Result<MeasuredPhoto, String>;

/// Measures every photo of `folder` in parallel. Passes each result to `store` on this thread, in the order of
/// completion. Stops when `store` fails.
pub(super) fn measure_in_parallel(
    folder: &Path,
    files: &[PathBuf],
    measure: impl Fn(&Path) -> MeasureResult + Sync,
    mut store: impl FnMut(&Path, MeasureResult) -> Result<(), PrepareError>,
) -> Result<(), PrepareError> {
    let workers = rayon::current_num_threads().clamp(1, files.len().max(1));
    let pools = (0..workers).map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build());
    let pools = pools.collect::<Result<Vec<_>, _>>().map_err(|error| PrepareError::Threads(Box::new(error)))?;
    let queue = WorkQueue {
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        memory: MemoryBudget::new(MEMORY_BUDGET_BYTES),
    };
    let work = |results: &SyncSender<(usize, MeasureResult)>| {
        while let Some((index, file)) = queue.next(files) {
            let path = folder.join(file);
            let _memory = queue.memory.acquire(estimated_bytes(&path));
            // A decoder may panic on a hostile file. One photo must not end the run.
            let measured = catch_panic(|| measure(&path)).unwrap_or_else(|reason| {
                Err(format!("the program failed on this photo ({reason}): save it as PNG with another program"))
            });
            if results.send((index, measured)).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        let (sender, results) = sync_channel(2 * workers);
        for pool in &pools {
            let sender = sender.clone();
            let work = &work;
            let run = move || pool.install(|| work(&sender));
            let started = thread::Builder::new().name("prepare".into()).spawn_scoped(scope, run);
            if let Err(error) = started {
                queue.stop.store(true, Ordering::Relaxed);
                return Err(PrepareError::Threads(Box::new(error)));
            }
        }
        drop(sender);
        let result = pass_on_results(files, results, &mut store);
        queue.stop.store(true, Ordering::Relaxed);
        result
    })
}

/// Passes results to `store` until it fails or all senders are gone. Dropping the receiver unblocks waiting senders.
fn pass_on_results(
    files: &[PathBuf],
    results: Receiver<(usize, MeasureResult)>,
    store: &mut impl FnMut(&Path, MeasureResult) -> Result<(), PrepareError>,
) -> Result<(), PrepareError> {
    for (index, measured) in results {
        store(&files[index], measured)?;
    }
    Ok(())
}

/// State shared by all workers.
struct WorkQueue {
    next: AtomicUsize,
    stop: AtomicBool,
    memory: MemoryBudget,
}

impl WorkQueue {
    fn next<'a>(&self, files: &'a [PathBuf]) -> Option<(usize, &'a PathBuf)> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        Some((index, files.get(index)?))
    }
}

/// Estimated memory of an open photo. A file that is not a picture counts only its own size; opening it fails later.
fn estimated_bytes(path: &Path) -> u64 {
    let file_bytes = path.metadata().map_or(0, |metadata| metadata.len());
    let size = catch_panic(|| ImageReader::open(path).ok()?.with_guessed_format().ok()?.into_dimensions().ok());
    let size = size.ok().flatten();
    let pixels = size.map_or(0, |(width, height)| u64::from(width) * u64::from(height));
    file_bytes.saturating_add(pixels.saturating_mul(BYTES_PER_PIXEL))
}

/// A memory budget: a counting semaphore over bytes.
struct MemoryBudget {
    total: u64,
    free: Mutex<u64>,
    released: Condvar,
}

/// A share of the budget. Dropping it returns the bytes.
struct MemoryShare<'a> {
    budget: &'a MemoryBudget,
    bytes: u64,
}

impl MemoryBudget {
    fn new(total: u64) -> Self {
        Self { total, free: Mutex::new(total), released: Condvar::new() }
    }

    /// Waits until this many bytes are free. A larger request waits for the whole budget.
    fn acquire(&self, bytes: u64) -> MemoryShare<'_> {
        let bytes = bytes.min(self.total);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.released.wait_while(free, |free| *free < bytes).unwrap_or_else(PoisonError::into_inner);
        *free -= bytes;
        MemoryShare { budget: self, bytes }
    }
}

impl Drop for MemoryShare<'_> {
    fn drop(&mut self) {
        *self.budget.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(count: usize) -> Vec<PathBuf> {
        (0..count).map(|index| PathBuf::from(format!("{index}"))).collect()
    }

    #[test]
    fn panic_becomes_the_error_of_that_photo() {
        let mut results = Vec::new();
        let measure = |path: &Path| match path.file_name().and_then(|name| name.to_str()) {
            Some("7") => panic!("hostile"),
            _ => Ok(MeasuredPhoto::default()),
        };
        measure_in_parallel(Path::new("photos"), &files(40), measure, |file, measured| {
            let error = measured.err().unwrap_or_default();
            assert!(error.is_empty() || error.contains("(hostile)"), "{error}");
            results.push((file.to_path_buf(), !error.is_empty()));
            Ok(())
        })
        .unwrap();
        results.sort_by_key(|(file, _)| file.to_str().unwrap().parse::<usize>().unwrap());
        let expected: Vec<_> = files(40).into_iter().enumerate().map(|(index, file)| (file, index == 7)).collect();
        assert_eq!(results, expected);
    }

    #[test]
    fn failure_to_store_results_ends_the_run() {
        let mut calls = 0;
        let fail = |_: &Path, _| {
            calls += 1;
            Err(PrepareError::NothingKept { photos: 0, faces: 0, reasons: Vec::new() })
        };
        assert!(
            measure_in_parallel(Path::new("photos"), &files(1000), |_| Ok(MeasuredPhoto::default()), fail).is_err()
        );
        assert_eq!(calls, 1);
    }

    #[test]
    fn no_photos_give_no_work() {
        measure_in_parallel(Path::new("photos"), &[], |_| Err(String::new()), |_, _| panic!("nothing to store"))
            .unwrap();
    }

    #[test]
    fn memory_budget_is_never_exceeded() {
        let memory = MemoryBudget::new(10);
        let held = AtomicUsize::new(0);
        thread::scope(|scope| {
            for bytes in [4, 7, 3, 10, 99, 1, 6, 5] {
                let (memory, held) = (&memory, &held);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let share = memory.acquire(bytes);
                        let now = usize::try_from(share.bytes).unwrap();
                        assert!(held.fetch_add(now, Ordering::SeqCst) + now <= 10);
                        held.fetch_sub(now, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(*memory.free.lock().unwrap(), 10);
    }
}
