//! The editor's background thread.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use super::background;
use super::crew::Crew;
use super::line::{Herald, Line, Wake};
use super::station::Station;
use super::{Command, Event, Faces, Preview, Sketch, Slot};

/// Events that may wait for the editor; the thread waits when it does not take them.
const EVENT_BOUND: usize = 1024;

/// A handle to the thread named `fill`. Dropping it stops the thread.
pub struct Worker {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    previews: Arc<Slot<Preview>>,
    sketches: Arc<Slot<Sketch>>,
    faces: Arc<Slot<Faces>>,
}

impl Worker {
    /// Starts the thread. `wake` is called (from that thread) whenever there is something new to draw.
    #[must_use]
    pub fn spawn(wake: Wake) -> Self {
        let (commands, command_receiver) = mpsc::channel();
        let (event_sender, events) = mpsc::sync_channel(EVENT_BOUND);
        let (previews, sketches) = (Arc::new(Slot::default()), Arc::new(Slot::default()));
        let faces = Arc::new(Slot::default());
        let line = Line {
            commands: command_receiver,
            herald: Herald { events: event_sender, wake },
            previews: Arc::clone(&previews),
            sketches: Arc::clone(&sketches),
            faces: Arc::clone(&faces),
        };
        let spawned = thread::Builder::new().name("fill".into()).spawn(move || {
            background::give_way();
            serve(line);
        });
        if let Err(error) = spawned {
            // The channels are closed now, so that every command is answered by silence; this says why.
            tracing::error!("cannot start the fill thread: {error}");
        }
        Self { commands, events, previews, sketches, faces }
    }

    /// Hands over a command; never blocks.
    pub fn send(&self, command: Command) {
        // A worker that is gone has said why in its last event.
        let _ = self.commands.send(command);
    }

    /// The next event, if one waits.
    #[must_use]
    pub fn try_event(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// The newest preview, if it was not taken yet.
    #[must_use]
    pub fn take_preview(&self) -> Option<Preview> {
        self.previews.take()
    }

    /// The newest sketch, if it was not taken yet.
    #[must_use]
    pub fn take_sketch(&self) -> Option<Sketch> {
        self.sketches.take()
    }

    /// The newest faces, if they were not taken yet.
    #[must_use]
    pub fn take_faces(&self) -> Option<Faces> {
        self.faces.take()
    }
}

fn serve(line: Line) {
    let (mut crew, mut station) = (Crew::default(), Station::new(line));
    let mut next = None;
    while let Some(command) = next.take().or_else(|| station.line.commands.recv().ok()) {
        match command {
            Command::WarmUp(device, model, settings) => {
                crew.warm_up(device, model, *settings, &station.line.herald);
            }
            command => match crew.serve(station, command) {
                Some(served) => (station, next) = served,
                None => return,
            },
        }
    }
}
