//! Measures photos in parallel, within a memory budget.
//!
//! Every worker has its own rayon pool of one thread, to avoid a deadlock. The detector and the cropper split their
//! work over the pool they run in. In a common pool, a worker that waits for a part of its photo would start another
//! photo, and then wait for memory that it holds itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use image::ImageReader;

use super::PrepareError;
use super::measure::Face;

/// Approximate memory budget for all open photos. A larger photo is opened alone.
const MEMORY_BYTES: u64 = 1 << 30;
/// Bytes per pixel while a photo is opened: the decoder's output, as much for its buffers, and 8-bit RGB.
const BYTES_PER_PIXEL: u64 = 12;

/// The result of a photo: every face with its crop, or the error message.
pub(super) type Measured = Result<Vec<(Face, Vec<u8>)>, String>;

/// Measures every photo of `folder` in parallel. Passes each result to `take` on this thread, in the order of
/// completion. Stops when `take` fails.
pub(super) fn for_each(
    folder: &Path,
    files: &[PathBuf],
    measure: impl Fn(&Path) -> Measured + Sync,
    mut take: impl FnMut(&Path, Measured) -> Result<(), PrepareError>,
) -> Result<(), PrepareError> {
    let workers = rayon::current_num_threads().clamp(1, files.len().max(1));
    let pools = (0..workers)
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| PrepareError::Threads(Box::new(error)))?;
    let shared = Shared { next: AtomicUsize::new(0), stop: AtomicBool::new(false), memory: Memory::new(MEMORY_BYTES) };
    let work = |results: &SyncSender<(usize, Measured)>| {
        while let Some((index, file)) = shared.next(files) {
            let path = folder.join(file);
            let _taken = shared.memory.take(bytes_of(&path));
            // A decoder may panic on a hostile file. One photo must not end the run.
            let measured = catch_unwind(AssertUnwindSafe(|| measure(&path)))
                .unwrap_or_else(|_| Err("the decoder crashed on this file: open it and save it again".into()));
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
                shared.stop.store(true, Ordering::Relaxed);
                return Err(PrepareError::Threads(Box::new(error)));
            }
        }
        drop(sender);
        let taken = drain(files, results, &mut take);
        shared.stop.store(true, Ordering::Relaxed);
        taken
    })
}

/// Passes results to `take` until all senders are gone or `take` fails. Dropping the receiver unblocks waiting senders.
fn drain(
    files: &[PathBuf],
    results: Receiver<(usize, Measured)>,
    take: &mut impl FnMut(&Path, Measured) -> Result<(), PrepareError>,
) -> Result<(), PrepareError> {
    for (index, measured) in results {
        take(&files[index], measured)?;
    }
    Ok(())
}

/// State shared by all workers.
struct Shared {
    next: AtomicUsize,
    stop: AtomicBool,
    memory: Memory,
}

impl Shared {
    fn next<'a>(&self, files: &'a [PathBuf]) -> Option<(usize, &'a PathBuf)> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        Some((index, files.get(index)?))
    }
}

/// Estimated memory of an open photo. Small for a file that is not a picture; opening it fails later.
fn bytes_of(path: &Path) -> u64 {
    let file_bytes = path.metadata().map_or(0, |metadata| metadata.len());
    let sides =
        ImageReader::open(path).ok().and_then(|reader| reader.with_guessed_format().ok()?.into_dimensions().ok());
    let pixels = sides.map_or(0, |(width, height)| u64::from(width) * u64::from(height));
    file_bytes.saturating_add(pixels.saturating_mul(BYTES_PER_PIXEL))
}

/// A memory budget: a counting semaphore over bytes.
struct Memory {
    all: u64,
    left: Mutex<u64>,
    given_back: Condvar,
}

/// A share of the budget. Dropping it returns the bytes.
struct Taken<'a> {
    from: &'a Memory,
    bytes: u64,
}

impl Memory {
    fn new(all: u64) -> Self {
        Self { all, left: Mutex::new(all), given_back: Condvar::new() }
    }

    /// Waits until this many bytes are free. A larger request waits for the whole budget.
    fn take(&self, bytes: u64) -> Taken<'_> {
        let bytes = bytes.min(self.all);
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = self.given_back.wait_while(left, |left| *left < bytes).unwrap_or_else(PoisonError::into_inner);
        *left -= bytes;
        Taken { from: self, bytes }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.from.left.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.from.given_back.notify_all();
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
        let mut seen = Vec::new();
        let measure = |path: &Path| match path.file_name().and_then(|name| name.to_str()) {
            Some("7") => panic!("hostile"),
            _ => Ok(Vec::new()),
        };
        for_each(Path::new("photos"), &files(40), measure, |file, measured| {
            seen.push((file.to_path_buf(), measured.is_err()));
            Ok(())
        })
        .unwrap();
        seen.sort_by_key(|(file, _)| file.to_str().unwrap().parse::<usize>().unwrap());
        let expected: Vec<_> = files(40).into_iter().enumerate().map(|(index, file)| (file, index == 7)).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn failure_to_store_results_ends_the_run() {
        let mut taken = 0;
        let fail = |_: &Path, _| {
            taken += 1;
            Err(PrepareError::NothingKept { photos: 0, faces: 0, reasons: Vec::new() })
        };
        assert!(for_each(Path::new("photos"), &files(1000), |_| Ok(Vec::new()), fail).is_err());
        assert_eq!(taken, 1);
    }

    #[test]
    fn no_photos_give_no_work() {
        for_each(Path::new("photos"), &[], |_| Ok(Vec::new()), |_, _| panic!("nothing to take")).unwrap();
    }

    #[test]
    fn memory_budget_is_never_exceeded() {
        let memory = Memory::new(10);
        let held = AtomicUsize::new(0);
        thread::scope(|scope| {
            for bytes in [4, 7, 3, 10, 99, 1, 6, 5] {
                let (memory, held) = (&memory, &held);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let taken = memory.take(bytes);
                        let now = usize::try_from(taken.bytes).unwrap();
                        assert!(held.fetch_add(now, Ordering::SeqCst) + now <= 10);
                        held.fetch_sub(now, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(*memory.left.lock().unwrap(), 10);
    }
}
