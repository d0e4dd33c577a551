//! Turns panics into errors: a lost GPU, a failing driver or a faulty decoder causes a panic.
//!
//! A caught panic prints nothing: whoever catches it reports it. It is logged at level debug.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `work`. `Err` holds the first line of the panic's message. After a panic, do not use data that `work` was
/// changing.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install_hook();
    let caught = {
        let _guard = CatchGuard::new();
        catch_unwind(AssertUnwindSafe(work))
    };
    caught.map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        text.lines().next().unwrap_or(text).to_string()
    })
}

thread_local! {
    /// How many calls of [`catch_panic`] run on this thread.
    static CATCHES_HERE: Cell<usize> = const { Cell::new(0) };
}

/// How many calls of [`catch_panic`] run on any thread.
static CATCHES: AtomicUsize = AtomicUsize::new(0);

/// Counts a call while it runs.
struct CatchGuard;

impl CatchGuard {
    fn new() -> Self {
        CATCHES_HERE.set(CATCHES_HERE.get() + 1);
        CATCHES.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for CatchGuard {
    fn drop(&mut self) {
        CATCHES_HERE.set(CATCHES_HERE.get() - 1);
        CATCHES.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether a panic on this thread will be caught. rayon and burn's threads of a GPU pass a panic on to the thread that
/// waits for the work, so such a thread counts while any thread catches panics.
fn will_be_caught() -> bool {
    let is_caught_here = CATCHES_HERE.try_with(|catches| catches.get() > 0).unwrap_or(false);
    is_caught_here || (works_for_others() && CATCHES.load(Ordering::SeqCst) > 0)
}

fn works_for_others() -> bool {
    /// Names of burn's threads of a GPU start like this.
    const GPU_THREADS: [&str; 2] = ["DSD", "DSU"];
    let current = std::thread::current();
    let is_gpu_thread = current.name().is_some_and(|name| GPU_THREADS.iter().any(|start| name.starts_with(start)));
    is_gpu_thread || rayon::current_thread_index().is_some()
}

/// Replaces the panic hook by one that logs caught panics and passes all others on to the hook before it.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    // The hook cannot be set during a panic.
    if std::thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if will_be_caught() {
                tracing::debug!("caught: {info}");
            } else {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn panic_becomes_its_first_line() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        assert_eq!(catch_panic::<()>(|| panic!("device {}\nlost", 3)), Err("device 3".into()));
        assert_eq!(catch_panic::<()>(|| panic!("lost")), Err("lost".into()));
        assert_eq!(catch_panic::<()>(|| std::panic::panic_any(7)), Err("no reason given".into()));
    }

    #[test]
    fn only_caught_panics_are_silent() {
        assert!(!will_be_caught());
        let inside = catch_panic(|| {
            assert_eq!(catch_panic::<()>(|| panic!("inner")), Err("inner".into()));
            let on_rayon: Vec<bool> = (0..64).into_par_iter().map(|_| will_be_caught()).collect();
            let elsewhere = std::thread::spawn(will_be_caught).join().unwrap();
            (will_be_caught(), on_rayon.into_iter().all(|caught| caught), elsewhere)
        });
        assert_eq!(inside, Ok((true, true, false)));
        assert!(!will_be_caught());
    }

    #[test]
    fn a_rayon_threads_panic_is_caught() {
        let all = catch_panic(|| (0..64).into_par_iter().for_each(|index| assert!(index != 40, "forty")));
        assert_eq!(all, Err("forty".into()));
    }
}
