//! The editor's background thread.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use super::background;
use super::faces::draw_faces;
use super::follow::{Follower, Waiting};
use super::line::{Line, Wake};
use super::memory::give_memory_back;
use super::run_fill;
use super::sketch::{Easel, sketch};
use super::{
    Command, Engine, Event, Faces, FacesId, FacesRequest, FillRequest, JobId, Preview, Sketch, SketchId, Slot,
};
use crate::model::host::Tape;

/// Capacity of the event channel. The thread blocks when it is full.
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
    /// Starts the thread. `wake` is called from that thread whenever the editor should redraw.
    #[must_use]
    pub fn spawn(wake: Wake) -> Self {
        let (commands, command_receiver) = mpsc::channel();
        let (event_sender, events) = mpsc::sync_channel(EVENT_BOUND);
        let (previews, sketches) = (Arc::new(Slot::default()), Arc::new(Slot::default()));
        let faces = Arc::new(Slot::default());
        let line = Line {
            commands: command_receiver,
            events: event_sender,
            previews: Arc::clone(&previews),
            sketches: Arc::clone(&sketches),
            faces: Arc::clone(&faces),
            wake,
        };
        let spawned = thread::Builder::new().name("fill".into()).spawn(move || {
            background::give_way();
            serve(&line);
        });
        if let Err(error) = spawned {
            // The channels are closed now, so commands get no answer. The log says why.
            tracing::error!("cannot start the fill thread: {error}");
        }
        Self { commands, events, previews, sketches, faces }
    }

    /// Sends a command. Never blocks.
    pub fn send(&self, command: Command) {
        // Sending fails only when the thread has ended, and its last event said why.
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

    /// The newest quick preview, if it was not taken yet.
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

fn serve(line: &Line) {
    let (mut engine, mut easel, mut tape) = (Engine::default(), Easel::default(), Tape::default());
    let mut next = None;
    while let Some(command) = next.take().or_else(|| line.commands.recv().ok()) {
        match command {
            Command::Start(job, request) => {
                let after = fill(line, &mut engine, job, &request);
                give_memory_back();
                next = after.start.map(|(job, request)| Command::Start(job, request));
                if let Some((id, request)) = after.draw {
                    answer_with_faces(line, &mut engine, &mut tape, id, &request);
                }
            }
            Command::Draw(id, request) => answer_with_faces(line, &mut engine, &mut tape, id, &request),
            Command::WarmUp(device, model) => {
                line.tell(match engine.prepare(device, &model) {
                    Ok((device, model)) => Event::Ready { device, model },
                    Err(error) => Event::NotReady { message: error.to_string() },
                });
                give_memory_back();
            }
            Command::Sketch(id, request) => {
                next = newer(line);
                if !matches!(next, Some(Command::Start(..) | Command::Sketch(..))) {
                    draw(line, &mut engine, &mut easel, id, &request);
                }
            }
            // The other commands are for a running search.
            _ => {}
        }
    }
}

/// The next waiting command that matters while no search runs.
fn newer(line: &Line) -> Option<Command> {
    let matters = |command: &Command| {
        matches!(command, Command::Start(..) | Command::WarmUp(..) | Command::Sketch(..) | Command::Draw(..))
    };
    line.commands.try_iter().find(matters)
}

/// Runs a fill. Returns the commands that came meanwhile and still wait.
fn fill(line: &Line, engine: &mut Engine, job: JobId, request: &FillRequest) -> Waiting {
    let mut follower = Follower::new(line, job, request);
    let result = run_fill(engine, request, &mut follower);
    follower.flush();
    let (hole_number, hole) = follower.hole();
    let waiting = follower.into_waiting();
    line.tell(match result {
        Ok(outcome) => Event::Finished { job, outcome: Arc::new(outcome), hole_number, hole },
        Err(error) => Event::Failed { job, message: error.to_string(), causes: causes(&error) },
    });
    waiting
}

fn answer_with_faces(line: &Line, engine: &mut Engine, tape: &mut Tape, id: FacesId, request: &FacesRequest) {
    match draw_faces(engine, tape, id, request) {
        Ok(faces) => line.show_faces(faces),
        Err(error) => line.tell(Event::NotDrawn { faces: id, message: error.to_string() }),
    }
}

fn draw(line: &Line, engine: &mut Engine, easel: &mut Easel, id: SketchId, request: &FillRequest) {
    match sketch(engine, easel, id, request) {
        Ok(Some(sketch)) => line.show_sketch(sketch),
        Ok(None) => {}
        Err(error) => line.tell(Event::NotSketched { sketch: id, message: error.to_string() }),
    }
}

/// The source chain of an error, outermost first.
fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string).collect()
}
