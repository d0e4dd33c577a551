//! The worker thread's ends of its channels: commands in, events and pictures out.

use std::sync::Arc;
use std::sync::mpsc;

use super::{GeneratedFaces, Mailbox, QuickPreview, SearchPreview, WorkerCommand, WorkerEvent};

/// Called whenever the editor should redraw.
pub type RequestRepaint = Arc<dyn Fn(RepaintUrgency) + Send + Sync>;

/// How soon the editor should redraw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepaintUrgency {
    /// For pictures and losses of a running fill: more of them follow soon.
    Soon,
    Now,
}

/// The worker thread's ends of the channels.
pub(super) struct WorkerChannels {
    pub commands: mpsc::Receiver<WorkerCommand>,
    pub events: mpsc::SyncSender<WorkerEvent>,
    pub previews: Arc<Mailbox<SearchPreview>>,
    pub quick_previews: Arc<Mailbox<QuickPreview>>,
    pub faces: Arc<Mailbox<GeneratedFaces>>,
    pub request_repaint: RequestRepaint,
}

impl WorkerChannels {
    pub fn send_event(&self, event: WorkerEvent) {
        let is_progress = matches!(event, WorkerEvent::Progress { .. });
        // Sending fails only when the editor is closing.
        let _ = self.events.send(event);
        (self.request_repaint)(if is_progress { RepaintUrgency::Soon } else { RepaintUrgency::Now });
    }

    pub fn send_preview(&self, preview: SearchPreview) {
        self.previews.put(preview);
        (self.request_repaint)(RepaintUrgency::Soon);
    }

    pub fn send_quick_preview(&self, preview: QuickPreview) {
        self.quick_previews.put(preview);
        (self.request_repaint)(RepaintUrgency::Now);
    }

    pub fn send_faces(&self, faces: GeneratedFaces) {
        self.faces.put(faces);
        (self.request_repaint)(RepaintUrgency::Now);
    }
}
