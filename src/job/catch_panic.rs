//! Turns panics into errors: a lost GPU or a failing driver causes a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`. `Err` holds the first line of the panic's message. After a panic, do not use data that `work` was
/// changing.
pub(super) fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
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
    use super::catch_panic;

    #[test]
    fn panic_becomes_its_first_line() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        assert_eq!(catch_panic::<()>(|| panic!("device {}\nlost", 3)), Err("device 3".into()));
        assert_eq!(catch_panic::<()>(|| panic!("lost")), Err("lost".into()));
        assert_eq!(catch_panic::<()>(|| std::panic::panic_any(7)), Err("no reason given".into()));
    }
}
