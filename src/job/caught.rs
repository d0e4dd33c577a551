//! Panics as errors: a GPU that is lost, or a driver that breaks down, shows as a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does some work on a device; `Err` holds the first line of the panic's message. What the work was changing must not
/// be used after one.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        text.lines().next().unwrap_or(text).to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn a_panic_becomes_its_first_line() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught::<()>(|| panic!("device {}\nlost", 3)), Err("device 3".into()));
        assert_eq!(caught::<()>(|| panic!("lost")), Err("lost".into()));
        assert_eq!(caught::<()>(|| std::panic::panic_any(7)), Err("no reason given".into()));
    }
}
