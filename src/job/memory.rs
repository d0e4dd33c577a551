//! Memory that is free goes back to the system.

/// Has all threads that are started from now on share one heap, so that what one of them has freed serves the others. Each would
/// get its own otherwise on most Linux systems; elsewhere this does nothing.
pub fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library has no safe interface")]
    // SAFETY: it may be called at any time from any thread, and changes where later threads allocate only.
    let is_taken = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) } == 1;
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    debug_assert!(is_taken, "the allocator does not know the option");
}

/// Gives back what large photos and fills took for a moment. The allocator of most Linux systems keeps a hundred megabytes of it
/// otherwise; elsewhere this does nothing.
pub fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library has no safe interface")]
    // SAFETY: it may be called at any time from any thread, and touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn the_allocator_knows_how_to_share_one_heap() {
        share_one_heap();
    }

    #[test]
    fn what_was_freed_goes_back_to_the_system() {
        let resident_bytes = || {
            let status = std::fs::read_to_string("/proc/self/statm").unwrap();
            4096 * status.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
        };
        // Pieces too small for the allocator to give each back by itself, between others that stay.
        let pieces = vec![vec![1u8; 64 << 10]; 3200];
        let kept: Vec<Vec<u8>> = pieces.into_iter().step_by(8).collect();
        let before = resident_bytes();
        give_memory_back();
        let after = resident_bytes();
        assert!(before.saturating_sub(after) > 100 << 20, "{before} bytes, then {after}");
        drop(kept);
    }
}
