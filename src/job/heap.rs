//! glibc heap settings: keep the memory of the process small.

/// Makes all later threads share one heap, so that memory freed by one thread can be used by the others. By default
/// glibc gives each thread its own heap. Does nothing without glibc.
pub fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library has no safe interface")]
    // SAFETY: it may be called at any time from any thread, and only changes where later threads allocate.
    let is_taken = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) } == 1;
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    debug_assert!(is_taken, "the allocator does not know the option");
}

/// Returns freed memory of large photos and fills to the system. By default glibc keeps much of it. Does nothing
/// without glibc.
pub fn trim_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library has no safe interface")]
    // SAFETY: it may be called at any time from any thread, and only touches free memory.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn allocator_accepts_the_shared_heap_option() {
        share_one_heap();
    }

    #[test]
    fn freed_memory_returns_to_the_system() {
        let resident_bytes = || {
            let status = std::fs::read_to_string("/proc/self/statm").unwrap();
            4096 * status.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
        };
        // The pieces are too small for the allocator to return one by one, and lie between others that stay.
        let pieces = vec![vec![1u8; 64 << 10]; 3200];
        let kept: Vec<Vec<u8>> = pieces.into_iter().step_by(8).collect();
        let before = resident_bytes();
        trim_heap();
        let after = resident_bytes();
        assert!(before.saturating_sub(after) > 100 << 20, "{before} bytes, then {after}");
        drop(kept);
    }
}
