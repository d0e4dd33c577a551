//! The worker thread's ends of its channels: commands in, events and pictures out.

use std::sync::Arc;
use std::sync::mpsc;

use super::{Command, Event, Faces, Preview, Sketch, Slot};

/// Called whenever the editor should redraw.
pub type Wake = Arc<dyn Fn(Urgency) + Send + Sync>;

/// How soon the editor should redraw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// For pictures and losses of a running fill: more of them follow soon.
    Soon,
    AtOnce,
}

/// The worker thread's ends of the channels.
pub(super) struct Line {
    pub commands: mpsc::Receiver<Command>,
    pub events: mpsc::SyncSender<Event>,
    pub previews: Arc<Slot<Preview>>,
    pub sketches: Arc<Slot<Sketch>>,
    pub faces: Arc<Slot<Faces>>,
    pub wake: Wake,
}

impl Line {
    pub fn tell(&self, event: Event) {
        let urgency = if matches!(event, Event::Progress { .. }) { Urgency::Soon } else { Urgency::AtOnce };
        // Sending fails only when the editor is closing.
        let _ = self.events.send(event);
        (self.wake)(urgency);
    }

    pub fn show(&self, preview: Preview) {
        self.previews.put(preview);
        (self.wake)(Urgency::Soon);
    }

    pub fn show_sketch(&self, sketch: Sketch) {
        self.sketches.put(sketch);
        (self.wake)(Urgency::AtOnce);
    }

    pub fn show_faces(&self, faces: Faces) {
        self.faces.put(faces);
        (self.wake)(Urgency::AtOnce);
    }
}
