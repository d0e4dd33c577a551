//! Runs fills: from requests to their outcomes.

use super::error::FillError;
use super::fill_observer::FillObserver;
use super::network_cache::NetworkCache;
use super::run_ahead::RunAhead;
use super::running_fill::RunningFill;
use super::{FillOutcome, FillRequest};
use crate::catch_panic::catch_panic;
use crate::search::SearchBatch;

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
    run_fills(cache, vec![(request, observer)]).pop().unwrap_or(Err(FillError::StoppedEarly))
}

/// Runs several fills at once, each to its own end: their candidates go through the networks together. On a CPU each ends
/// exactly as it would have ended alone. Returns the outcomes in the order of the fills.
///
/// An observer that blocks stops all of them.
pub fn run_fills(
    cache: &mut NetworkCache,
    fills: Vec<(&FillRequest, &mut dyn FillObserver)>,
) -> Vec<Result<FillOutcome, FillError>> {
    let begun = fills.into_iter().map(|(request, observer)| RunningFill::begin(cache, request, observer));
    let mut fills: Vec<Result<RunningFill<'_>, FillError>> = begun.collect();
    let mut running: Vec<&mut RunningFill<'_>> = fills.iter_mut().flatten().collect();
    // A lost device causes a panic. After a panic only the backups are used, nothing else of the searches.
    if let Err(reason) = catch_panic(|| run_searches(&mut running)) {
        cache.drop_networks();
        for fill in running {
            fill.device_failed(&reason);
        }
    }
    fills.into_iter().map(|fill| fill.and_then(RunningFill::into_outcome)).collect()
}

/// Runs the searches until each has ended.
fn run_searches(fills: &mut [&mut RunningFill<'_>]) {
    for fill in fills.iter_mut() {
        fill.start_search();
    }
    let (mut batch, mut run_ahead) = (SearchBatch::default(), RunAhead::new());
    loop {
        for fill in fills.iter_mut() {
            fill.before_step();
        }
        let mut running: Vec<_> = fills.iter_mut().filter_map(|fill| fill.search_mut()).collect();
        if running.is_empty() {
            break;
        }
        let began = batch.advance(&mut running);
        if let Some(search) = running.first() {
            run_ahead.evaluated(search);
        }
        for (fill, began) in fills.iter_mut().filter(|fill| fill.is_running()).zip(began) {
            fill.after_step(began);
        }
    }
}
