//! A mailbox that keeps only the newest value.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Holds one value; a newer one replaces it. The producer can skip work while the last value was not taken.
#[derive(Debug)]
pub struct Slot<T> {
    value: Mutex<Option<T>>,
    wanted: AtomicBool,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { value: Mutex::new(None), wanted: AtomicBool::new(true) }
    }
}

impl<T> Slot<T> {
    /// Takes the newest value and marks the next one as wanted.
    pub fn take(&self) -> Option<T> {
        let value = self.lock().take();
        self.wanted.store(true, Ordering::Release);
        value
    }

    /// Whether the last value was taken, or none was ever put.
    pub fn wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }

    /// Puts a value. It replaces one that was not taken.
    pub fn put(&self, value: T) {
        *self.lock() = Some(value);
        self.wanted.store(false, Ordering::Release);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<T>> {
        self.value.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
