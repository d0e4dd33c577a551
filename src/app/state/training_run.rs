//! Actions of the Training window, and results of its background tasks.

use std::path::Path;
use std::time::{Duration, Instant};

use super::EditorState;
use super::files::expand_home;
use crate::app::tasks::{BackgroundTask, PathPurpose};
use crate::app::toasts::{Severity, UserMessage};
use crate::app::training::{FollowedRun, RunModel, TrainingAction, TrainingTask, TrainingTaskResult};
use crate::model::ModelChoice;

impl EditorState {
    /// Opens or closes the Training window. Opening it follows the last run again.
    pub(super) fn toggle_training(&mut self) {
        self.training.is_open = !self.training.is_open;
        if !self.training.is_open {
            return;
        }
        if let Some(followed) = &mut self.training.followed {
            followed.read_soon();
        } else if let Some(path) = self.preferences.training_run.clone() {
            self.training.follow(&path);
        }
    }

    pub(super) fn follow_training_run(&mut self, path: &Path) {
        self.training.is_open = true;
        self.training.follow(path);
        self.preferences.training_run = Some(path.to_owned());
    }

    pub(super) fn handle_training(&mut self, action: TrainingAction) {
        match action {
            TrainingAction::Close => self.training.is_open = false,
            TrainingAction::EditPath(text) => self.training.path_text = text,
            TrainingAction::FollowTypedPath => {
                let typed = self.training.path_text.trim().trim_matches('"').to_owned();
                if !typed.is_empty() {
                    self.follow_training_run(&expand_home(&typed));
                }
            }
            TrainingAction::ChooseFolder => self.show_file_dialog(PathPurpose::FollowTrainingRun),
            TrainingAction::SetLogScale(is_log) => self.training.is_log_scale = is_log,
            TrainingAction::ShowSample(step) => self.update_followed_run(|run| run.select_step(step)),
            TrainingAction::StopRun => self.spawn_for_run(|run| TrainingTask::StopRun(run.folder().clone())),
            TrainingAction::ShowFolder => {
                self.spawn_for_run(|run| TrainingTask::ShowFolder(run.folder().path().to_owned()));
            }
            TrainingAction::UseModel(model) => {
                if let Some(followed) = self.training.followed.as_ref().filter(|_| !self.is_locked()) {
                    let path = match model {
                        RunModel::Best => followed.folder().best_model_path(),
                        RunModel::Newest => followed.folder().model_path(),
                    };
                    self.spawn(BackgroundTask::InspectModel(ModelChoice::File(path)));
                }
            }
        }
    }

    /// Updates the followed run, then requests the next missing sample picture.
    fn update_followed_run(&mut self, update: impl FnOnce(&mut FollowedRun)) {
        let Some(followed) = &mut self.training.followed else { return };
        update(followed);
        if let Some(request) = followed.next_decode_request() {
            self.spawn(BackgroundTask::Training(TrainingTask::DecodeSample(request)));
        }
    }

    fn spawn_for_run(&self, task: impl FnOnce(&FollowedRun) -> TrainingTask) {
        if let Some(followed) = &self.training.followed {
            self.spawn(BackgroundTask::Training(task(followed)));
        }
    }

    pub(super) fn handle_training_result(&mut self, result: TrainingTaskResult) {
        match result {
            TrainingTaskResult::RunRead(reading) => self.update_followed_run(|run| run.apply_reading(*reading)),
            TrainingTaskResult::SampleDecoded(sample) => self.update_followed_run(|run| run.add_sample(sample)),
            TrainingTaskResult::StopRequested(Ok(())) => {
                self.notify(Severity::Info, "The run stops after its current step and saves a checkpoint");
                if let Some(followed) = &mut self.training.followed {
                    followed.read_soon();
                }
            }
            TrainingTaskResult::StopRequested(Err(error)) => {
                let error = anyhow::Error::new(error).context("Could not ask the run to stop");
                self.messages.push(UserMessage::from_error(&error));
            }
            TrainingTaskResult::FolderShown { is_shown: true, .. } => {}
            TrainingTaskResult::FolderShown { path, is_shown: false } => {
                let headline = "Could not open the folder in a file manager: copy its path instead";
                self.notify_with_details(Severity::Warning, headline, vec![path.display().to_string()]);
            }
        }
    }

    /// Reads the followed run when due, while the window is open. Returns the time until the next read.
    pub fn poll_training_run(&mut self, now: Instant) -> Option<Duration> {
        let followed = self.training.followed.as_mut().filter(|_| self.training.is_open)?;
        let reading = followed.take_read_request(now);
        let wait = followed.time_until_next_read(now);
        if let Some(reading) = reading {
            self.spawn(BackgroundTask::Training(TrainingTask::ReadRun(reading)));
        }
        wait
    }
}
