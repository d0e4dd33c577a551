//! One fill from request to outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::caught::caught;
use super::engine::Engine;
use super::error::FillError;
use super::{Candidate, DeviceInfo, FillOutcome, FillRequest, LiveSettings, StopReason, brief, likeness};
use crate::mask::Mask;
use crate::model::{ModelInfo, Networks};
use crate::search::{Best, Losses, Problem, Search};

/// At most so many iterations go by before their losses are read and a copy of the best fill is put aside.
const READ_EVERY: usize = 32;
/// A copy of the best fill is put aside this often, so that a lost device does not take it along.
const BACKUP_EVERY: Duration = Duration::from_secs(2);

/// What an observer wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    /// End now and return the best so far.
    Stop,
}

/// Follows a fill. Called on the thread that runs it, between gradient evaluations. Losses and pictures are not looked at
/// unless an observer says so.
pub trait Observer {
    /// The device is open, the model loaded, the search about to start. `notes` are for the user, as in "this model
    /// has no discriminator: the prior loss is off".
    fn started(&mut self, device: &DeviceInfo, model: &ModelInfo, notes: &[String]);

    /// Asked before every gradient evaluation; may block (pause).
    fn flow(&mut self) -> Flow;

    /// λ and steps for the next iteration.
    fn live_settings(&mut self) -> Option<LiveSettings> {
        None
    }

    /// Another hole to go on with, if there is a new one. It must be of the photo's size, and some of it must lie in the frame.
    fn new_hole(&mut self) -> Option<Arc<Mask>> {
        None
    }

    /// The search goes on with another hole and takes so many iterations on top of those that its settings say.
    fn extended(&mut self, _by: u32) {}

    /// Whether the losses of this iteration (from 1) must be handed over now rather than in a batch later.
    fn wants_losses(&mut self, _iteration: u32) -> bool {
        false
    }

    /// The losses of every candidate at an iteration. Every iteration comes once, in order.
    fn losses(&mut self, _iteration: u32, _losses: &[Losses]) {}

    /// Whether the pictures of this iteration are wanted. They are the pictures at the start of the iteration, which
    /// its losses describe.
    fn wants_pictures(&mut self, _iteration: u32) -> bool {
        false
    }

    /// `pictures[k]` is G(z) of candidate k, planar RGB in [-1, 1], `[3, size_px, size_px]`; `best` has the least
    /// total loss.
    fn pictures(&mut self, _iteration: u32, _size_px: u32, _pictures: Vec<Vec<f32>>, _best: usize) {}
}

/// Runs one fill to its end.
///
/// # Errors
/// Only when there is no result at all. A search that breaks or is stopped after its first iteration is an outcome with
/// [`FillOutcome::stopped`] set.
pub fn run_fill(
    engine: &mut Engine,
    request: &FillRequest,
    observer: &mut dyn Observer,
) -> Result<FillOutcome, FillError> {
    request.settings.validate()?;
    let model = engine.info(&request.model)?;
    brief::check_start(request, &model)?;
    let size_px = model.image_size_px;
    let problem = brief::problem(request, &request.hole, size_px)?;
    let (device, networks) = engine.networks(request.device, &request.model)?;
    observer.started(&device, &model, &brief::notes(request, &networks, &problem));

    let mut run =
        Run { observer, size_px, first_losses: None, newest_losses: Vec::new(), backup: None, started: Instant::now() };
    // A lost device shows as a panic; nothing of the search is used after one, only the backup.
    let end = caught(|| run.search(networks, &problem, request));
    let seconds = run.started.elapsed().as_secs_f32();
    let first = run.first_losses.take();
    let (result, stopped) = match end {
        Ok((result, stopped)) => (result, stopped),
        Err(reason) => {
            engine.forget();
            (run.backup.take(), Some(StopReason::Failed(format!("{} stopped working ({reason})", device.name))))
        }
    };
    let Some(result) = result else {
        return Err(match stopped {
            Some(StopReason::Failed(reason)) => FillError::Broke { device: device.name, reason },
            _ => FillError::StoppedEarly,
        });
    };
    let best = least_total(result.candidates.iter().map(|candidate| candidate.losses));
    Ok(FillOutcome {
        settings: result.settings,
        start: request.start.clone(),
        model,
        device,
        steps: result.steps,
        evaluations: result.evaluations,
        changed_on_the_way: result.changed_on_the_way,
        seconds,
        stopped,
        explained: result.explained,
        first_losses: first.and_then(|losses| losses.get(best).copied()).unwrap_or(result.candidates[best].losses),
        candidates: result.candidates,
        best,
        size_px,
    })
}

/// A fill under way.
struct Run<'a> {
    observer: &'a mut dyn Observer,
    size_px: u32,
    first_losses: Option<Vec<Losses>>,
    newest_losses: Vec<Losses>,
    backup: Option<RunResult>,
    started: Instant,
}

/// What there is so far, on the host.
struct RunResult {
    candidates: Vec<Candidate>,
    /// By the best of them.
    explained: Option<f32>,
    steps: u32,
    evaluations: u32,
    changed_on_the_way: bool,
    settings: crate::search::Settings,
}

/// What a search went through, as far as another must go through the same to end alike.
#[derive(Clone, Copy, Default)]
struct Course {
    evaluations: u32,
    changed_on_the_way: bool,
}

impl Run<'_> {
    fn search(
        &mut self,
        networks: Arc<Networks>,
        problem: &Problem,
        request: &FillRequest,
    ) -> (Option<RunResult>, Option<StopReason>) {
        let mut search = Search::new(networks, problem, request.settings);
        request.start.bring(&mut search);
        let mut last_backup = Instant::now();
        let mut unread = 0;
        let mut stopped = None;
        let mut course = Course::default();
        while !search.is_done() {
            if self.observer.flow() == Flow::Stop {
                stopped = Some(StopReason::Cancelled);
                break;
            }
            if let Some(live) = self.observer.live_settings() {
                course.changed_on_the_way |= apply_live(&mut search, live) && course.evaluations > 0;
                if search.is_done() {
                    break;
                }
            }
            self.take_new_hole(&mut search, request, &mut course);
            course.evaluations += 1;
            if !search.advance() {
                continue;
            }
            unread += 1;
            let iteration = search.iterations_begun();
            let pictures = self.observer.wants_pictures(iteration);
            if pictures || iteration == 1 || unread >= READ_EVERY || self.observer.wants_losses(iteration) {
                self.read_losses(&mut search);
                unread = 0;
                if !self.newest_losses.iter().any(|losses| losses.total.is_finite()) {
                    stopped = Some(StopReason::Failed(
                        "the losses are no longer numbers: use a smaller learning rate or λ".into(),
                    ));
                    break;
                }
            }
            if pictures {
                let best = least_total(self.newest_losses.iter().copied());
                self.observer.pictures(iteration, self.size_px, search.pictures(), best);
            }
            if iteration == 1 || last_backup.elapsed() > BACKUP_EVERY {
                self.backup = result_of(&mut search, course);
                last_backup = Instant::now();
            }
        }
        self.read_losses(&mut search);
        if stopped.is_none() {
            search.settle();
        }
        (result_of(&mut search, course), stopped)
    }

    /// Goes on with another hole, if the observer has one.
    fn take_new_hole(&mut self, search: &mut Search, request: &FillRequest, course: &mut Course) {
        let Some(hole) = self.observer.new_hole() else { return };
        let Ok(problem) = brief::problem(request, &hole, self.size_px) else { return };
        search.set_problem(&problem);
        course.changed_on_the_way = true;
        self.observer.extended(search.extended_by());
        // What was put aside is of the old hole.
        self.backup = result_of(search, *course);
    }

    fn read_losses(&mut self, search: &mut Search) {
        for (iteration, losses) in search.take_losses() {
            self.observer.losses(iteration, &losses);
            self.first_losses.get_or_insert_with(|| losses.clone());
            self.newest_losses = losses;
        }
    }
}

/// Takes over λ and steps. Answers whether that changed anything.
fn apply_live(search: &mut Search, LiveSettings { lambda, steps }: LiveSettings) -> bool {
    let before = *search.settings();
    search.set_lambda(lambda);
    search.set_steps(steps);
    *search.settings() != before
}

/// The best of every candidate so far, `None` before the first iteration.
fn result_of(search: &mut Search, course: Course) -> Option<RunResult> {
    let Best { latents, losses } = search.best()?;
    let best = least_total(losses.iter().copied());
    let pictures = search.best_pictures();
    let explained = pictures.get(best).and_then(|picture| likeness::explained(picture, search.problem()));
    let candidates = latents
        .into_iter()
        .zip(losses)
        .zip(pictures)
        .map(|((latent, losses), pixels)| Candidate { latent, pixels, losses, mixed: false })
        .collect::<Vec<_>>();
    let Course { evaluations, changed_on_the_way } = course;
    let steps = search.iterations_done();
    Some(RunResult { candidates, explained, steps, evaluations, changed_on_the_way, settings: *search.settings() })
}

/// The index of the least total loss; NaN is never least.
pub(super) fn least_total(losses: impl Iterator<Item = Losses>) -> usize {
    losses
        .enumerate()
        .filter(|(_, losses)| !losses.total.is_nan())
        .min_by(|(_, a), (_, b)| a.total.total_cmp(&b.total))
        .map_or(0, |(index, _)| index)
}
