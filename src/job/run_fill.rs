//! Runs one fill: from a request to its outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::FillError;
use super::network_cache::NetworkCache;
use super::run_ahead::RunAhead;
use super::{
    Candidate, DeviceInfo, FillOutcome, FillRequest, LatentHistory, LiveSettings, StopReason, fit_quality, validate,
};
use crate::catch_panic::catch_panic;
use crate::face_picture::FacePicture;
use crate::mask::Mask;
use crate::model::{ModelInfo, Networks};
use crate::search::{BestCandidates, Losses, Search, SearchProblem, Settings};

/// Most iterations whose losses the observer gets together.
const MAX_UNREAD_ITERATIONS: usize = 32;
/// Time between two copies of the best fill to the host. A lost device cannot destroy a copy.
const BACKUP_INTERVAL: Duration = Duration::from_secs(2);

/// Whether an observer lets the search continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillControl {
    Continue,
    /// End now and return the best result so far.
    Stop,
}

/// Receives progress of a fill and controls it. Called on the search thread, between gradient evaluations. Losses and
/// pictures are read from the device only when the observer wants them.
pub trait FillObserver {
    /// The device is open, the model is loaded, and the search is about to start. `notes` are for the user, for example
    /// "This model has no discriminator: the prior loss is off".
    fn started(&mut self, device: &DeviceInfo, model: &ModelInfo, notes: &[String]);

    /// Called before every gradient evaluation. May block to pause the search.
    fn control(&mut self) -> FillControl;

    /// λ and steps for the next iteration.
    fn live_settings(&mut self) -> Option<LiveSettings> {
        None
    }

    /// A new hole to continue with, if there is one. It must have the photo's size, and a part of it must lie in the
    /// frame.
    fn take_new_hole(&mut self) -> Option<Mask> {
        None
    }

    /// The search continues, with a new hole or from an earlier search, and runs this many iterations more than its
    /// settings say.
    fn search_extended(&mut self, _by: u32) {}

    /// Whether the losses of this iteration (from 1) are needed now, rather than later in a batch.
    fn wants_losses(&mut self, _iteration: u32) -> bool {
        false
    }

    /// Losses of every candidate at an iteration. Called once for every iteration, in order.
    fn losses(&mut self, _iteration: u32, _losses: &[Losses]) {}

    /// Whether the pictures of this iteration are wanted. They belong to its losses: both come from the latents at the
    /// start of the iteration.
    fn wants_pictures(&mut self, _iteration: u32) -> bool {
        false
    }

    /// `pictures[k]` is G(z) of candidate k. `best` is the index of the lowest total loss.
    fn pictures(&mut self, _iteration: u32, _pictures: Vec<Arc<FacePicture>>, _best: usize) {}
}

/// Runs one fill to its end.
///
/// ```no_run
/// use std::path::Path;
/// use std::sync::Arc;
///
/// use countenance::blend::Blend;
/// use countenance::device::DeviceChoice;
/// use countenance::face::find_frame;
/// use countenance::job::{
///     DeviceInfo, ExportContent, FillControl, FillObserver, FillRecord, FillRequest, NetworkCache, SearchStart, run_fill,
/// };
/// use countenance::mask::{Mask, Stroke, StrokeKind};
/// use countenance::model::{ModelChoice, ModelInfo};
/// use countenance::photo::{self, DecodeLimits};
/// use countenance::search::Settings;
///
/// struct Silent;
///
/// impl FillObserver for Silent {
///     fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}
///
///     fn control(&mut self) -> FillControl {
///         FillControl::Continue
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let photo = Arc::new(photo::open(Path::new("photo.jpg"), DecodeLimits::default())?);
/// let mut hole = Mask::empty(photo.width(), photo.height());
/// hole.draw_stroke(&Stroke { kind: StrokeKind::Paint, radius_px: 20.0, points_in_photo: vec![[220.0, 300.0], [280.0, 300.0]] });
/// let request = FillRequest {
///     frame: find_frame(&photo, &hole)?.ok_or("no face")?,
///     photo: Arc::clone(&photo),
///     hole,
///     settings: Settings { seed: 7, ..Settings::default() },
///     start: SearchStart::FromSettings,
///     blend: Blend::default(),
///     model: ModelChoice::default(),
///     device: DeviceChoice::Auto,
/// };
/// // The cache keeps device and model for the next fill. All fills of a cache run on one thread.
/// let mut cache = NetworkCache::default();
/// let outcome = run_fill(&mut cache, &request, &mut Silent)?;
/// let fill = FillRecord::of_best(&request, outcome);
/// let filled = fill.picture(&photo, ExportContent::Photo, None).ok_or("no candidate")?;
/// filled.save("filled.png")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Only when there is no result at all. A search that fails or is stopped after its first iteration returns an outcome
/// with [`FillOutcome::stopped`] set.
pub fn run_fill(
    cache: &mut NetworkCache,
    request: &FillRequest,
    observer: &mut dyn FillObserver,
) -> Result<FillOutcome, FillError> {
    request.settings.validate()?;
    let model = cache.model_info(&request.model)?;
    validate::check_start_latents(request, &model)?;
    let size_px = model.image_size_px;
    let problem = validate::search_problem(request, &request.hole, size_px)?;
    let (device, networks) = cache.networks(request.device, &request.model)?;
    observer.started(&device, &model, &validate::start_notes(request, &networks, &problem));

    let started = Instant::now();
    let (newest_losses, latent_history) = (Vec::new(), LatentHistory::default());
    let mut run = FillRun { observer, size_px, first_losses: None, newest_losses, latent_history, backup: None };
    // A lost device causes a panic. After a panic only the backup is used, nothing else of the search.
    let result = catch_panic(|| run.run_search(networks, &problem, request));
    let search_secs = started.elapsed().as_secs_f32();
    let (result, stopped) = result.unwrap_or_else(|reason| {
        cache.drop_networks();
        (run.backup.take(), Some(StopReason::Failed(format!("{} stopped working ({reason})", device.name))))
    });
    let Some(result) = result else {
        return Err(match stopped {
            Some(StopReason::Failed(reason)) => FillError::DeviceFailed { device: device.name, reason },
            _ => FillError::StoppedEarly,
        });
    };
    tracing::debug!("after {} steps, explained share {:?}", result.steps, result.explained_share);
    let best = lowest_total(result.candidates.iter().map(|candidate| candidate.losses));
    let first_losses = run.first_losses.and_then(|losses| losses.get(best).copied());
    Ok(FillOutcome {
        settings: result.settings,
        start: request.start.clone(),
        model,
        device,
        steps: result.steps,
        evaluations: result.history.evaluations,
        changed_during_search: result.history.changed_during_search,
        search_secs,
        stopped,
        explained_share: result.explained_share,
        first_losses: first_losses.unwrap_or(result.candidates[best].losses),
        candidates: result.candidates,
        best,
        latent_history: run.latent_history,
    })
}

/// State of a running fill.
struct FillRun<'a> {
    observer: &'a mut dyn FillObserver,
    size_px: u32,
    first_losses: Option<Vec<Losses>>,
    newest_losses: Vec<Losses>,
    latent_history: LatentHistory,
    backup: Option<BestSoFar>,
}

/// The best result so far, copied to the host.
struct BestSoFar {
    candidates: Vec<Candidate>,
    /// See [`FillOutcome::explained_share`].
    explained_share: Option<f32>,
    steps: u32,
    history: SearchHistory,
    settings: Settings,
}

/// What a repetition must know about the course of a search.
#[derive(Clone, Copy, Default)]
struct SearchHistory {
    evaluations: u32,
    changed_during_search: bool,
}

impl FillRun<'_> {
    fn run_search(
        &mut self,
        networks: Arc<Networks>,
        problem: &SearchProblem,
        request: &FillRequest,
    ) -> (Option<BestSoFar>, Option<StopReason>) {
        #[cfg(test)]
        super::panic_stage::reach(super::panic_stage::Stage::FirstGuess);
        let mut search = Search::new(networks, problem, request.settings);
        request.start.apply_to(&mut search);
        if search.extra_iterations() > 0 {
            self.observer.search_extended(search.extra_iterations());
        }
        let mut last_backup = Instant::now();
        let mut run_ahead = RunAhead::new();
        let mut unread_iterations = 0;
        let mut stopped = None;
        let mut history = SearchHistory::default();
        while !search.is_done() {
            if self.observer.control() == FillControl::Stop {
                stopped = Some(StopReason::Cancelled);
                break;
            }
            if let Some(live) = self.observer.live_settings() {
                history.changed_during_search |= apply_live_settings(&mut search, live) && history.evaluations > 0;
                if search.is_done() {
                    break;
                }
            }
            self.switch_hole(&mut search, request, &mut history);
            history.evaluations += 1;
            #[cfg(test)]
            super::panic_stage::reach(super::panic_stage::Stage::Search { after: history.evaluations });
            let began_iteration = search.advance();
            run_ahead.evaluated(&search);
            if !began_iteration {
                continue;
            }
            unread_iterations += 1;
            let iteration = search.iterations_begun();
            let wants_pictures = self.observer.wants_pictures(iteration);
            let is_first = self.first_losses.is_none();
            let is_due = is_first || unread_iterations >= MAX_UNREAD_ITERATIONS;
            if wants_pictures || is_due || self.observer.wants_losses(iteration) {
                self.read_losses(&mut search);
                unread_iterations = 0;
                if !self.newest_losses.iter().any(|losses| losses.total.is_finite()) {
                    stopped = Some(StopReason::Failed(
                        "the losses are NaN or infinite: use a smaller learning rate or λ".into(),
                    ));
                    break;
                }
            }
            // Before the pictures are shown, because a fault in that must not cost the result.
            if is_first || last_backup.elapsed() > BACKUP_INTERVAL {
                self.backup = best_so_far(&mut search, history);
                last_backup = Instant::now();
            }
            if wants_pictures {
                let best = lowest_total(self.newest_losses.iter().copied());
                self.observer.pictures(iteration, search.pictures(), best);
            }
        }
        self.read_losses(&mut search);
        if stopped.is_none() {
            search.finish();
        }
        (best_so_far(&mut search, history), stopped)
    }

    /// Continues with the observer's new hole, if there is one.
    fn switch_hole(&mut self, search: &mut Search, request: &FillRequest, history: &mut SearchHistory) {
        let Some(hole) = self.observer.take_new_hole() else { return };
        let Ok(problem) = validate::search_problem(request, &hole, self.size_px) else { return };
        search.set_problem(&problem);
        history.changed_during_search = true;
        self.observer.search_extended(search.extra_iterations());
        // The old backup belongs to the old hole.
        self.backup = best_so_far(search, *history);
    }

    fn read_losses(&mut self, search: &mut Search) {
        for iteration in search.take_iterations() {
            self.observer.losses(iteration.number, &iteration.losses);
            self.latent_history.add(&iteration);
            self.first_losses.get_or_insert_with(|| iteration.losses.clone());
            self.newest_losses = iteration.losses;
        }
    }
}

/// Applies λ and steps. Returns whether anything changed.
fn apply_live_settings(search: &mut Search, LiveSettings { lambda, steps }: LiveSettings) -> bool {
    let before = *search.settings();
    search.set_lambda(lambda);
    search.set_steps(steps);
    *search.settings() != before
}

/// The best result of every candidate so far. `None` before the first iteration.
fn best_so_far(search: &mut Search, history: SearchHistory) -> Option<BestSoFar> {
    let BestCandidates { latents, losses } = search.best()?;
    let best = lowest_total(losses.iter().copied());
    let pictures = search.best_pictures();
    let explained_share = pictures.get(best).and_then(|best| fit_quality::explained_share(best, search.problem()));
    let candidates = latents
        .into_iter()
        .zip(losses)
        .zip(pictures)
        .map(|((latent, losses), picture)| Candidate {
            latent,
            picture,
            losses,
            is_mix: false,
            kept_at: None,
            edit: None,
        })
        .collect();
    let (steps, settings) = (search.iterations_done(), *search.settings());
    Some(BestSoFar { candidates, explained_share, steps, history, settings })
}

/// Index of the lowest total loss. NaN is skipped.
pub(super) fn lowest_total(losses: impl Iterator<Item = Losses>) -> usize {
    losses
        .enumerate()
        .filter(|(_, losses)| !losses.total.is_nan())
        .min_by(|(_, a), (_, b)| a.total.total_cmp(&b.total))
        .map_or(0, |(index, _)| index)
}
