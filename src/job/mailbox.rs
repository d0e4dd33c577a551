//! A mailbox that keeps only the newest value.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Holds one value; a newer one replaces it. The producer can skip work while the last value was not taken.
#[derive(Debug)]
pub struct Mailbox<T> {
    value: Mutex<Option<T>>,
    is_wanted: AtomicBool,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { value: Mutex::new(None), is_wanted: AtomicBool::new(true) }
    }
}

impl<T> Mailbox<T> {
    /// Takes the newest value and marks the next one as wanted.
    pub fn take(&self) -> Option<T> {
        let value = self.lock().take();
        self.is_wanted.store(true, Ordering::Release);
        value
    }

    /// Whether the last value was taken, or none was ever put.
    pub fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// Puts a value. It replaces one that was not taken.
    pub fn put(&self, value: T) {
        *self.lock() = Some(value);
        self.is_wanted.store(false, Ordering::Release);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<T>> {
        self.value.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
