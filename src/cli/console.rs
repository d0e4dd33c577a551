//! Messages on standard error, and on a terminal a progress bar below them.

use std::collections::HashSet;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::search::Losses;

/// Shortest time between two updates of the bar.
const UPDATE_INTERVAL: Duration = Duration::from_millis(100);

const TEMPLATE: &str = "{prefix} {bar:24} {pos}/{len}  {msg}";

/// Standard error with a progress bar, or a buffer in tests.
pub(super) struct Console {
    messages: Arc<Mutex<Box<dyn Write + Send>>>,
    bar: ProgressBar,
    on_terminal: bool,
    last_update: Option<Instant>,
    printed_once: Arc<Mutex<HashSet<String>>>,
}

impl Console {
    /// Writes to standard error. The bar appears only if that is a terminal.
    pub(super) fn stderr() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self { on_terminal: !bar.is_hidden(), ..Self::new(Box::new(std::io::stderr()), bar) }
    }

    fn new(messages: Box<dyn Write + Send>, bar: ProgressBar) -> Self {
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        let messages = Arc::new(Mutex::new(messages));
        Self { messages, bar, on_terminal: false, last_update: None, printed_once: Arc::default() }
    }

    /// The same console for another thread, without the bar: two cannot share a line.
    pub(super) fn without_bar(&self) -> Self {
        Self {
            messages: Arc::clone(&self.messages),
            bar: ProgressBar::hidden(),
            on_terminal: false,
            last_update: None,
            printed_once: Arc::clone(&self.printed_once),
        }
    }

    /// Prints a line above the bar.
    pub(super) fn print(&mut self, line: &str) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing can be reported when standard error is closed.
        let _ = self.bar.suspend(|| writeln!(messages, "{line}"));
    }

    /// Like [`print`](Self::print), but prints each text only once. For notes that repeat for every photo of a batch.
    pub(super) fn print_once(&mut self, line: &str) {
        if self.printed_once.lock().unwrap_or_else(PoisonError::into_inner).insert(line.to_string()) {
            self.print(line);
        }
    }

    /// Whether the bar is visible.
    pub(super) fn is_on_terminal(&self) -> bool {
        self.on_terminal
    }

    /// Restarts the bar for `steps` iterations.
    pub(super) fn start_bar(&mut self, title: &str, steps: impl Into<u64>) {
        self.last_update = None;
        self.bar.set_length(steps.into());
        self.bar.set_prefix(title.to_string());
        self.bar.set_message("starting…");
        self.bar.reset();
    }

    /// Whether the bar is due for an update; never without a terminal.
    pub(super) fn is_update_due(&self) -> bool {
        self.on_terminal && self.last_update.is_none_or(|updated_at| updated_at.elapsed() >= UPDATE_INTERVAL)
    }

    /// Shows an iteration and the smallest total loss of its candidates.
    pub(super) fn show_losses(&mut self, iteration: u32, losses: &[Losses]) {
        if self.on_terminal {
            self.last_update = Some(Instant::now());
            self.bar.set_position(iteration.into());
            let smallest = losses.iter().map(|losses| losses.total).fold(f32::NAN, f32::min);
            let remaining = HumanDuration(self.bar.eta());
            self.bar.set_message(format!("loss {smallest:.4}  {remaining:#} left"));
        }
    }

    /// Shows the position in a run of many searches and the estimated time left.
    pub(super) fn show_position(&mut self, title: &str, position: u64) {
        if self.is_update_due() {
            self.last_update = Some(Instant::now());
            self.bar.set_prefix(title.to_string());
            self.bar.set_position(position);
            let remaining = HumanDuration(self.bar.eta());
            self.bar.set_message(format!("{remaining:#} left"));
        }
    }

    /// Shows the progress of a training run.
    pub(super) fn show_training(&mut self, step: u64, text: &str) {
        self.bar.set_position(step);
        self.bar.set_message(text.to_string());
    }

    /// Removes the bar.
    pub(super) fn clear_bar(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The remaining time, if the remaining items take as long as those done.
pub(super) fn remaining_time(started: Instant, done: usize, remaining: usize) -> HumanDuration {
    let [done, remaining] = [done, remaining].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    HumanDuration(started.elapsed() / done.max(1) * remaining)
}

/// Captures the messages of a test's console.
#[cfg(test)]
#[derive(Clone, Default)]
pub(super) struct CapturedConsole(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(test)]
impl CapturedConsole {
    /// A console that writes into this buffer.
    pub(super) fn console(&self) -> Console {
        Console::new(Box::new(self.clone()), ProgressBar::hidden())
    }

    /// Takes the messages since the last call.
    pub(super) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

#[cfg(test)]
impl Write for CapturedConsole {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
