//! The editor's background thread.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use super::follow::Follower;
use super::{Command, Engine, Event, FillRequest, JobId, Preview, Slot, run_fill};

/// Called whenever there is something new to draw.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Events that may wait for the editor; the thread waits when it does not take them.
const EVENT_BOUND: usize = 1024;

/// A handle to the thread named `fill`. Dropping it stops the thread.
pub struct Worker {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    previews: Arc<Slot<Preview>>,
}

impl Worker {
    /// Starts the thread. `wake` is called (from that thread) whenever there is something new to draw.
    #[must_use]
    pub fn spawn(wake: Wake) -> Self {
        let (commands, command_receiver) = mpsc::channel();
        let (event_sender, events) = mpsc::sync_channel(EVENT_BOUND);
        let previews = Arc::new(Slot::default());
        let line = Line { commands: command_receiver, events: event_sender, previews: previews.clone(), wake };
        let spawned = thread::Builder::new().name("fill".into()).spawn(move || serve(&line));
        if let Err(error) = spawned {
            // The channels are closed now, so that every command is answered by silence; this says why.
            tracing::error!("cannot start the fill thread: {error}");
        }
        Self { commands, events, previews }
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
}

/// The thread's ends of the channels.
pub(super) struct Line {
    pub commands: mpsc::Receiver<Command>,
    events: mpsc::SyncSender<Event>,
    pub previews: Arc<Slot<Preview>>,
    wake: Wake,
}

impl Line {
    pub fn tell(&self, event: Event) {
        // Nobody listens any more when the editor is closing.
        let _ = self.events.send(event);
        (self.wake)();
    }

    pub fn show(&self, preview: Preview) {
        self.previews.put(preview);
        (self.wake)();
    }
}

fn serve(line: &Line) {
    let mut engine = Engine::default();
    let mut next: Option<(JobId, Box<FillRequest>)> = None;
    loop {
        let (job, request) = match next.take() {
            Some(start) => start,
            None => match line.commands.recv() {
                Ok(Command::Start(job, request)) => (job, request),
                Ok(Command::WarmUp(device, model)) => {
                    line.tell(match engine.prepare(device, &model) {
                        Ok((device, model)) => Event::Ready { device, model },
                        Err(error) => Event::NotReady { message: error.to_string() },
                    });
                    continue;
                }
                // The rest is about a running search, and none runs.
                Ok(_) => continue,
                Err(mpsc::RecvError) => return,
            },
        };
        let mut follower = Follower::new(line, job, &request);
        let result = run_fill(&mut engine, &request, &mut follower);
        follower.flush();
        next = follower.into_next();
        line.tell(match result {
            Ok(outcome) => Event::Finished { job, outcome: Arc::new(outcome) },
            Err(error) => Event::Failed { job, message: error.to_string(), causes: causes(&error) },
        });
    }
}

/// What is behind an error, outermost first.
fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string).collect()
}
