//! A fill while it runs: the search with its observer, and the best result so far.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::best_so_far::{BestSoFar, SearchHistory, lowest_total};
use super::error::FillError;
use super::fill_observer::{FillControl, FillObserver};
use super::network_cache::NetworkCache;
use super::{DeviceInfo, FillOutcome, FillRequest, LatentHistory, LiveSettings, StopReason, validate};
use crate::model::{ModelInfo, Networks};
use crate::search::{Losses, Search, SearchProblem};

/// Most iterations whose losses the observer gets together.
const MAX_UNREAD_ITERATIONS: usize = 32;
/// Time between two copies of the best fill to the host.
const BACKUP_INTERVAL: Duration = Duration::from_secs(2);

/// State of a running fill.
pub(super) struct RunningFill<'a> {
    request: &'a FillRequest,
    observer: &'a mut dyn FillObserver,
    device: DeviceInfo,
    model: ModelInfo,
    networks: Arc<Networks>,
    problem: SearchProblem,
    /// `None` before the start and after the end.
    search: Option<Search>,
    started: Instant,
    history: SearchHistory,
    unread_iterations: usize,
    first_losses: Option<Vec<Losses>>,
    newest_losses: Vec<Losses>,
    latent_history: LatentHistory,
    backup: Option<BestSoFar>,
    last_backup: Instant,
    end: Option<End>,
}

/// The end of a search.
struct End {
    best: Option<BestSoFar>,
    stopped: Option<StopReason>,
    search_secs: f32,
}

impl<'a> RunningFill<'a> {
    /// Checks a request, and opens the device and the model.
    pub fn begin(
        cache: &mut NetworkCache,
        request: &'a FillRequest,
        observer: &'a mut dyn FillObserver,
    ) -> Result<Self, FillError> {
        request.settings.validate()?;
        let model = cache.model_info(&request.model)?;
        validate::check_start_latents(request, &model)?;
        let problem = validate::search_problem(request, &request.hole, model.image_size_px)?;
        let (device, networks) = cache.networks(request.device, &request.model)?;
        observer.started(&device, &model, &validate::start_notes(request, &networks, &problem));
        let now = Instant::now();
        Ok(Self {
            request,
            observer,
            device,
            model,
            networks,
            problem,
            search: None,
            started: now,
            history: SearchHistory::default(),
            unread_iterations: 0,
            first_losses: None,
            newest_losses: Vec::new(),
            latent_history: LatentHistory::default(),
            backup: None,
            last_backup: now,
            end: None,
        })
    }

    /// Sets up the search.
    pub fn start_search(&mut self) {
        #[cfg(test)]
        super::panic_stage::reach(super::panic_stage::Stage::FirstGuess);
        self.started = Instant::now();
        let mut search = Search::new(Arc::clone(&self.networks), &self.problem, self.request.settings);
        self.request.start.apply_to(&mut search);
        if search.extra_iterations() > 0 {
            self.observer.search_extended(search.extra_iterations());
        }
        self.search = Some(search);
    }

    /// The search, if it is running.
    pub fn search_mut(&mut self) -> Option<&mut Search> {
        self.search.as_mut()
    }

    pub fn is_running(&self) -> bool {
        self.search.is_some()
    }

    /// Call before each gradient evaluation: does what the observer wants. May end the search.
    pub fn before_step(&mut self) {
        self.go_on(|fill, search| {
            if search.is_done() {
                return ControlFlow::Break(None);
            }
            if fill.observer.control() == FillControl::Stop {
                return ControlFlow::Break(Some(StopReason::Cancelled));
            }
            if let Some(live) = fill.observer.live_settings() {
                let changed = apply_live_settings(search, live);
                fill.history.changed_during_search |= changed && fill.history.evaluations > 0;
                if search.is_done() {
                    return ControlFlow::Break(None);
                }
            }
            fill.switch_hole(search);
            fill.history.evaluations += 1;
            #[cfg(test)]
            super::panic_stage::reach(super::panic_stage::Stage::Search { after: fill.history.evaluations });
            ControlFlow::Continue(())
        });
    }

    /// Call after each gradient evaluation: reports to the observer. May end the search.
    pub fn after_step(&mut self, began_iteration: bool) {
        if began_iteration {
            self.go_on(Self::report_iteration);
        }
    }

    fn report_iteration(&mut self, search: &mut Search) -> ControlFlow<Option<StopReason>> {
        self.unread_iterations += 1;
        let iteration = search.iterations_begun();
        let wants_pictures = self.observer.wants_pictures(iteration);
        let is_first = self.first_losses.is_none();
        let is_due = is_first || self.unread_iterations >= MAX_UNREAD_ITERATIONS;
        if wants_pictures || is_due || self.observer.wants_losses(iteration) {
            self.read_losses(search);
            self.unread_iterations = 0;
            if !self.newest_losses.iter().any(|losses| losses.total.is_finite()) {
                let reason = "the losses are NaN or infinite: use a smaller learning rate or λ";
                return ControlFlow::Break(Some(StopReason::Failed(reason.into())));
            }
        }
        // Before the pictures are shown, because a fault in that must not cost the result.
        if is_first || self.last_backup.elapsed() > BACKUP_INTERVAL {
            self.backup = BestSoFar::of(search, self.history);
            self.last_backup = Instant::now();
        }
        if wants_pictures {
            let best = lowest_total(self.newest_losses.iter().copied());
            self.observer.pictures(iteration, search.pictures(), best);
        }
        ControlFlow::Continue(())
    }

    /// Does something with the running search, and ends it if that says so.
    fn go_on(&mut self, work: impl FnOnce(&mut Self, &mut Search) -> ControlFlow<Option<StopReason>>) {
        let Some(mut search) = self.search.take() else { return };
        let ControlFlow::Break(stopped) = work(self, &mut search) else {
            self.search = Some(search);
            return;
        };
        self.read_losses(&mut search);
        if stopped.is_none() {
            search.finish();
        }
        let best = BestSoFar::of(&search, self.history);
        self.end = Some(End { best, stopped, search_secs: self.started.elapsed().as_secs_f32() });
    }

    /// Continues with the observer's new hole, if there is one.
    fn switch_hole(&mut self, search: &mut Search) {
        let Some(hole) = self.observer.take_new_hole() else { return };
        let Ok(problem) = validate::search_problem(self.request, &hole, self.model.image_size_px) else { return };
        search.set_problem(&problem);
        self.history.changed_during_search = true;
        self.observer.search_extended(search.extra_iterations());
        // The old backup belongs to the old hole.
        self.backup = BestSoFar::of(search, self.history);
    }

    fn read_losses(&mut self, search: &mut Search) {
        for iteration in search.take_iterations() {
            self.observer.losses(iteration.number, &iteration.losses);
            self.latent_history.add(&iteration);
            self.first_losses.get_or_insert_with(|| iteration.losses.clone());
            self.newest_losses = iteration.losses;
        }
    }

    /// Ends the fill with its backup, unless it has ended before.
    pub fn device_failed(&mut self, reason: &str) {
        let search_secs = self.started.elapsed().as_secs_f32();
        self.search = None;
        self.end.get_or_insert_with(|| End {
            best: self.backup.take(),
            stopped: Some(StopReason::Failed(format!("{} stopped working ({reason})", self.device.name))),
            search_secs,
        });
    }

    /// The outcome at the end.
    pub fn into_outcome(self) -> Result<FillOutcome, FillError> {
        let End { best, stopped, search_secs } = self.end.ok_or(FillError::StoppedEarly)?;
        let Some(result) = best else {
            return Err(match stopped {
                Some(StopReason::Failed(reason)) => FillError::DeviceFailed { device: self.device.name, reason },
                _ => FillError::StoppedEarly,
            });
        };
        tracing::debug!("after {} steps, explained share {:?}", result.steps, result.explained_share);
        let best = lowest_total(result.candidates.iter().map(|candidate| candidate.losses));
        let first_losses = self.first_losses.and_then(|losses| losses.get(best).copied());
        Ok(FillOutcome {
            settings: result.settings,
            start: self.request.start.clone(),
            model: self.model,
            device: self.device,
            steps: result.steps,
            evaluations: result.history.evaluations,
            changed_during_search: result.history.changed_during_search,
            search_secs,
            stopped,
            explained_share: result.explained_share,
            first_losses: first_losses.unwrap_or(result.candidates[best].losses),
            candidates: result.candidates,
            best,
            latent_history: self.latent_history,
        })
    }
}

/// Applies λ and steps. Returns whether anything changed.
fn apply_live_settings(search: &mut Search, LiveSettings { lambda, steps }: LiveSettings) -> bool {
    let before = *search.settings();
    search.set_lambda(lambda);
    search.set_steps(steps);
    *search.settings() != before
}
