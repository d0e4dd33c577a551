//! What a person sees while it works: messages, and on a terminal a bar below them.

use std::collections::HashSet;
use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bar shows other losses this often: no eye reads faster.
const SHOW_EVERY: Duration = Duration::from_millis(100);

const TEMPLATE: &str = "{prefix} {bar:24} {pos}/{len}  {msg}";

/// Standard error, or what a test reads instead.
pub(super) struct Console {
    messages: Box<dyn Write + Send>,
    bar: ProgressBar,
    on_terminal: bool,
    last_shown: Option<Instant>,
    told: HashSet<String>,
}

impl Console {
    /// Messages go to standard error; the bar shows only if that is a terminal.
    pub(super) fn stderr() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self { on_terminal: !bar.is_hidden(), ..Self::new(Box::new(std::io::stderr()), bar) }
    }

    fn new(messages: Box<dyn Write + Send>, bar: ProgressBar) -> Self {
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self { messages, bar, on_terminal: false, last_shown: None, told: HashSet::new() }
    }

    /// Prints a line above the bar.
    pub(super) fn say(&mut self, line: &str) {
        let messages = &mut self.messages;
        // With standard error closed there is nobody to tell.
        let _ = self.bar.suspend(|| writeln!(messages, "{line}"));
    }

    /// As [`say`](Self::say), but only the first time: what holds for every photo of a batch.
    pub(super) fn say_once(&mut self, line: &str) {
        if self.told.insert(line.to_string()) {
            self.say(line);
        }
    }

    /// Whether somebody can watch the bar.
    pub(super) fn is_on_terminal(&self) -> bool {
        self.on_terminal
    }

    /// The bar starts anew, for `steps` iterations.
    pub(super) fn begin(&mut self, title: &str, steps: impl Into<u64>) {
        self.last_shown = None;
        self.bar.set_length(steps.into());
        self.bar.set_prefix(title.to_string());
        self.bar.set_message("starting…");
        self.bar.reset();
    }

    /// Whether it is time to show losses again; never without a terminal.
    pub(super) fn wants_losses(&self) -> bool {
        self.on_terminal && self.last_shown.is_none_or(|shown| shown.elapsed() >= SHOW_EVERY)
    }

    /// Shows an iteration and the least total loss of its candidates.
    pub(super) fn show(&mut self, iteration: u32, total_loss: f32) {
        if self.on_terminal {
            self.last_shown = Some(Instant::now());
            self.bar.set_position(iteration.into());
            let left = HumanDuration(self.bar.eta());
            self.bar.set_message(format!("loss {total_loss:.4}  {left:#} left"));
        }
    }

    /// Shows how far a run of many searches has come, and how long the rest takes at that speed.
    pub(super) fn show_place(&mut self, title: &str, position: u64) {
        if self.wants_losses() {
            self.last_shown = Some(Instant::now());
            self.bar.set_prefix(title.to_string());
            self.bar.set_position(position);
            let left = HumanDuration(self.bar.eta());
            self.bar.set_message(format!("{left:#} left"));
        }
    }

    /// Shows how far a training run has come.
    pub(super) fn show_training(&mut self, step: u64, text: &str) {
        self.bar.set_position(step);
        self.bar.set_message(text.to_string());
    }

    /// Takes the bar away.
    pub(super) fn end(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Standard error of a test, as text.
#[cfg(test)]
#[derive(Clone, Default)]
pub(super) struct Told(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(test)]
impl Told {
    /// A console that tells nobody else.
    pub(super) fn console(&self) -> Console {
        Console::new(Box::new(self.clone()), ProgressBar::hidden())
    }

    /// What was told since the last time.
    pub(super) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

#[cfg(test)]
impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
