//! Actions of the Training window, and results of its background tasks.

use std::path::Path;
use std::time::{Duration, Instant};

use super::State;
use super::files::expand_home;
use crate::app::messages::{Level, Message};
use crate::app::tasks::{Purpose, Task};
use crate::app::training::{Followed, ModelOf, TrainingAction, TrainingDone, TrainingTask};
use crate::model::ModelChoice;

impl State {
    /// Opens or closes the Training window. Opening it follows the last run again.
    pub(super) fn toggle_training(&mut self) {
        self.training.is_open = !self.training.is_open;
        if !self.training.is_open {
            return;
        }
        if let Some(followed) = &mut self.training.followed {
            followed.hurry();
        } else if let Some(path) = self.remembered.training_run.clone() {
            self.training.follow(&path);
        }
    }

    pub(super) fn follow_training_run(&mut self, path: &Path) {
        self.training.is_open = true;
        self.training.follow(path);
        self.remembered.training_run = Some(path.to_owned());
    }

    pub(super) fn handle_training(&mut self, action: TrainingAction) {
        match action {
            TrainingAction::Close => self.training.is_open = false,
            TrainingAction::Type(text) => self.training.typed = text,
            TrainingAction::FollowTyped => {
                let typed = self.training.typed.trim().trim_matches('"').to_owned();
                if !typed.is_empty() {
                    self.follow_training_run(&expand_home(&typed));
                }
            }
            TrainingAction::Pick => self.ask_for_path(Purpose::FollowRun),
            TrainingAction::SetLog(log) => self.training.log = log,
            TrainingAction::ShowSample(step) => {
                if let Some(followed) = &mut self.training.followed {
                    followed.choose(step);
                }
                self.load_samples();
            }
            TrainingAction::Stop => self.do_with_run(|run| TrainingTask::Stop(run.folder().clone())),
            TrainingAction::ShowFolder => {
                self.do_with_run(|run| TrainingTask::ShowFolder(run.folder().path().to_owned()));
            }
            TrainingAction::UseModel(of) => {
                if let Some(followed) = self.training.followed.as_ref().filter(|_| !self.is_locked()) {
                    let path = match of {
                        ModelOf::Best => followed.folder().best_path(),
                        ModelOf::Newest => followed.folder().model_path(),
                    };
                    self.spawn(Task::InspectModel(ModelChoice::File(path)));
                }
            }
        }
    }

    fn do_with_run(&self, task: impl FnOnce(&Followed) -> TrainingTask) {
        if let Some(followed) = &self.training.followed {
            self.spawn(Task::Training(task(followed)));
        }
    }

    pub(super) fn take_training(&mut self, done: TrainingDone) {
        match done {
            TrainingDone::Read(reading) => {
                if let Some(followed) = &mut self.training.followed {
                    followed.take_reading(*reading);
                }
                self.load_samples();
            }
            TrainingDone::Decoded(decoded) => {
                if let Some(followed) = &mut self.training.followed {
                    followed.take_picture(decoded);
                }
                self.load_samples();
            }
            TrainingDone::StopAsked(Ok(())) => {
                self.tell(Level::Info, "The run stops after its current step and saves a checkpoint");
                if let Some(followed) = &mut self.training.followed {
                    followed.hurry();
                }
            }
            TrainingDone::StopAsked(Err(error)) => {
                let error = anyhow::Error::new(error).context("Could not ask the run to stop");
                self.messages.push(Message::from_error(&error));
            }
            TrainingDone::FolderShown { is_shown: true, .. } => {}
            TrainingDone::FolderShown { path, is_shown: false } => {
                let headline = "Could not open the folder in a file manager: copy its path instead";
                let message = Message::new(Level::Warning, headline);
                self.messages.push(message.with_details(vec![path.display().to_string()]));
            }
        }
    }

    /// Decodes the shown sample pictures and their neighbours, one at a time.
    fn load_samples(&mut self) {
        if let Some(request) = self.training.followed.as_mut().and_then(Followed::next_picture) {
            self.spawn(Task::Training(TrainingTask::Decode(request)));
        }
    }

    /// Reads the followed run when due, while the window is open. Returns the time until the next read.
    pub fn follow_run(&mut self, now: Instant) -> Option<Duration> {
        let followed = self.training.followed.as_mut().filter(|_| self.training.is_open)?;
        let reading = followed.next_reading(now);
        let wait = followed.wait(now);
        if let Some(reading) = reading {
            self.spawn(Task::Training(TrainingTask::Read(reading)));
        }
        wait
    }
}
