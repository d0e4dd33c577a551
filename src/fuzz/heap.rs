//! Counts allocated bytes, so that tests can limit them.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

/// The system's allocator, with counts.
struct CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Bytes that all threads hold.
static HELD: AtomicIsize = AtomicIsize::new(0);

thread_local! {
    /// Bytes that this thread has allocated and not freed. Negative when it frees what others have allocated.
    static HELD_HERE: Cell<isize> = const { Cell::new(0) };
    /// The largest value of [`HELD_HERE`] since it was last reset.
    static PEAK_HERE: Cell<isize> = const { Cell::new(0) };
}

/// Adds bytes to the counts; negative when they are freed.
fn count(bytes: isize) {
    HELD.fetch_add(bytes, Ordering::Relaxed);
    let held = HELD_HERE.get() + bytes;
    HELD_HERE.set(held);
    PEAK_HERE.set(PEAK_HERE.get().max(held));
}

/// A layout never holds more than `isize::MAX` bytes.
fn signed(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

/// Counts memory that the system has given, which it may have refused.
fn count_given(pointer: *mut u8, bytes: isize) -> *mut u8 {
    if !pointer.is_null() {
        count(bytes);
    }
    pointer
}

#[expect(unsafe_code, reason = "an allocator is unsafe")]
// SAFETY: every call goes to the system's allocator unchanged. Counting neither allocates nor panics.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the rules.
        count_given(unsafe { System.alloc(layout) }, signed(layout.size()))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the rules.
        count_given(unsafe { System.alloc_zeroed(layout) }, signed(layout.size()))
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-signed(layout.size()));
        // SAFETY: the caller keeps the rules.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let growth = signed(new_size) - signed(layout.size());
        // SAFETY: the caller keeps the rules.
        count_given(unsafe { System.realloc(pointer, layout, new_size) }, growth)
    }
}

/// Runs `work`. Also returns how many bytes this thread held at most, beyond those before. Calls may be nested.
pub fn peak_bytes_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD_HERE.get();
    let outer_peak = PEAK_HERE.replace(before);
    let result = work();
    let peak = PEAK_HERE.get();
    PEAK_HERE.set(peak.max(outer_peak));
    (result, usize::try_from(peak - before).unwrap_or(0))
}

/// Bytes that all threads hold.
pub fn held_bytes() -> isize {
    HELD.load(Ordering::Relaxed)
}

#[test]
fn peak_counts_what_was_freed_again() {
    let (kept, peak) = peak_bytes_of(|| {
        drop(vec![0_u8; 5_000_000]);
        let (kept, inner) = peak_bytes_of(|| vec![0_u8; 1_000_000]);
        assert!((1_000_000..1_100_000).contains(&inner), "{inner}");
        kept
    });
    assert!((5_000_000..5_100_000).contains(&peak), "{peak}");
    let ((), peak) = peak_bytes_of(|| drop(kept));
    assert!(peak < 1000, "{peak}");
}
