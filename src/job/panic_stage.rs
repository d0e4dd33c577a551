//! Panics on purpose in one stage of a fill, for tests. Only on the thread that asked for it.

use std::cell::Cell;

/// A stage of a fill or a quick preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The device is opened and the networks are loaded.
    Load,
    /// The encoder guesses the start latents.
    FirstGuess,
    /// The gradient evaluation of this number, from 1.
    Search { after: u32 },
    /// The known pixels around the hole are prepared for the previews.
    Compose,
    /// A preview is drawn into the photo.
    Render,
}

thread_local! {
    static FAULTY: Cell<Option<Stage>> = const { Cell::new(None) };
}

/// The next time this thread reaches the stage, it panics.
pub(super) fn panic_once_in(stage: Stage) {
    FAULTY.set(Some(stage));
}

/// Whether the panic is still to come.
pub(super) fn is_waiting() -> bool {
    FAULTY.get().is_some()
}

/// Called where a stage begins.
pub(super) fn reach(stage: Stage) {
    if FAULTY.get() == Some(stage) {
        FAULTY.set(None);
        panic!("a fault in {stage:?}");
    }
}
