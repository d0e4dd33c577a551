//! What the editor asks for, done on the thread that calls.

use std::sync::Arc;

use super::faces::draw_faces;
use super::follow::{Follower, Waiting};
use super::line::Line;
use super::memory::give_memory_back;
use super::run_fill;
use super::sketch::{Easel, sketch};
use super::{Command, Engine, Event, FacesId, FacesRequest, FillRequest, JobId, SketchId};
use crate::model::host::Tape;

/// What a thread needs for it besides an engine. Goes to whatever thread does the next command.
pub(super) struct Station {
    pub line: Line,
    easel: Easel,
    tape: Tape,
}

impl Station {
    pub fn new(line: Line) -> Self {
        Self { line, easel: Easel::default(), tape: Tape::default() }
    }

    /// Does one command. Answers the one that comes next, if it was read already.
    pub fn obey(&mut self, engine: &mut Engine, command: Command) -> Option<Command> {
        match command {
            Command::Start(job, request) => {
                let after = self.fill(engine, job, &request);
                give_memory_back();
                if let Some((id, request)) = after.draw {
                    self.answer_with_faces(engine, id, &request);
                }
                after.start.map(|(job, request)| Command::Start(job, request))
            }
            Command::Draw(id, request) => {
                self.answer_with_faces(engine, id, &request);
                None
            }
            Command::Sketch(id, request) => {
                let next = self.newer();
                if !matches!(next, Some(Command::Start(..) | Command::Sketch(..))) {
                    self.draw(engine, id, &request);
                }
                next
            }
            // The rest is about a running search, and none runs, or is not for this thread.
            _ => None,
        }
    }

    /// The next command that matters while no search runs, if one waits already.
    fn newer(&self) -> Option<Command> {
        let matters = |command: &Command| {
            matches!(command, Command::Start(..) | Command::WarmUp(..) | Command::Sketch(..) | Command::Draw(..))
        };
        self.line.commands.try_iter().find(matters)
    }

    /// Runs a fill. Answers what was asked for meanwhile.
    fn fill(&self, engine: &mut Engine, job: JobId, request: &FillRequest) -> Waiting {
        let mut follower = Follower::new(&self.line, job, request);
        let result = run_fill(engine, request, &mut follower);
        follower.flush();
        let (hole_number, hole) = follower.hole();
        let waiting = follower.into_waiting();
        self.line.tell(match result {
            Ok(outcome) => Event::Finished { job, outcome: Arc::new(outcome), hole_number, hole },
            Err(error) => Event::Failed { job, message: error.to_string(), causes: causes(&error) },
        });
        waiting
    }

    fn answer_with_faces(&mut self, engine: &mut Engine, id: FacesId, request: &FacesRequest) {
        match draw_faces(engine, &mut self.tape, id, request) {
            Ok(faces) => self.line.show_faces(faces),
            Err(error) => self.line.tell(Event::NotDrawn { faces: id, message: error.to_string() }),
        }
    }

    fn draw(&mut self, engine: &mut Engine, id: SketchId, request: &FillRequest) {
        match sketch(engine, &mut self.easel, id, request) {
            Ok(Some(sketch)) => self.line.show_sketch(sketch),
            Ok(None) => {}
            Err(error) => self.line.tell(Event::NotSketched { sketch: id, message: error.to_string() }),
        }
    }
}

/// What is behind an error, outermost first.
fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string).collect()
}
