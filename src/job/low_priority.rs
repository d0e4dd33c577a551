//! Low priority for compute threads, so that the window stays responsive on the same processors.

use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// On a scale of 0 to 100, where 50 is the default. On Linux it is a nice value of 9.
const LOW_PRIORITY: u8 = 25;

/// Lowers the priority of the calling thread, as far as the system allows.
pub fn lower_thread_priority() {
    let lowered = ThreadPriorityValue::try_from(LOW_PRIORITY).and_then(|value| {
        set_current_thread_priority(ThreadPriority::Crossplatform(value)).map_err(|error| error.to_string())
    });
    if let Err(reason) = lowered {
        tracing::debug!("this thread keeps its priority: {reason}");
    }
}

/// Starts rayon's global thread pool at low priority. Call it in a program with a window, before any computation. A
/// pool that already runs is not changed.
pub fn start_low_priority_pool() {
    let pool = rayon::ThreadPoolBuilder::new().thread_name(|index| format!("compute {index}"));
    if let Err(error) = pool.start_handler(|_| lower_thread_priority()).build_global() {
        tracing::debug!("the compute threads keep their priority: {error}");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_the_calling_thread_lowers_its_priority() {
        // The nineteenth field of stat. Counted after the name in brackets, because the name may hold spaces.
        let nice = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let behind_name = stat.rsplit_once(") ").unwrap().1;
            behind_name.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
        };
        let before = nice();
        let lowered = std::thread::spawn(move || {
            lower_thread_priority();
            nice()
        });
        let lowered = lowered.join().unwrap();
        assert!(lowered >= 9, "{lowered}");
        assert_eq!(nice(), before);
    }
}
