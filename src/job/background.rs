//! Threads that compute give way to the window, which is drawn on the same processors.

use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// Of 100, where 50 is what threads have by themselves; on Linux a nice value of 9. On two busy cores frames of the editor take
/// half the time with it.
const PRIORITY: u8 = 25;

/// Lowers the priority of the thread that calls, as far as the system allows.
pub(super) fn give_way() {
    let lowered = ThreadPriorityValue::try_from(PRIORITY).and_then(|value| {
        set_current_thread_priority(ThreadPriority::Crossplatform(value)).map_err(|error| error.to_string())
    });
    if let Err(reason) = lowered {
        tracing::debug!("this thread keeps its priority: {reason}");
    }
}

/// Starts the threads that share out the work of fills, at low priority: for programs with a window, before anything is computed.
/// Where such threads run already they stay as they are.
pub fn start_pool_in_background() {
    let pool =
        rayon::ThreadPoolBuilder::new().thread_name(|index| format!("compute {index}")).start_handler(|_| give_way());
    if let Err(error) = pool.build_global() {
        tracing::debug!("the threads that compute stay as they are: {error}");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_gives_way_is_nice_and_others_stay_as_they_are() {
        // The nineteenth field of stat, counted behind the name in brackets, which may hold spaces.
        let nice = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let behind_name = stat.rsplit_once(") ").unwrap().1;
            behind_name.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
        };
        let before = nice();
        let lowered = std::thread::spawn(move || {
            give_way();
            nice()
        });
        let lowered = lowered.join().unwrap();
        assert!(lowered >= 9, "{lowered}");
        assert_eq!(nice(), before);
    }
}
