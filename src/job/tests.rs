//! Whole fills with the tiny model, directly and through the worker.

mod fills_together;
mod generated_faces;
mod hole_changes;
mod image_tasks;
mod lost_gpu;
mod quick_previews;
mod search_control;
mod worker_panics;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use image::{DynamicImage, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::blend::BlendMode;
use crate::mask::{Mask, MaskEdit, MaskPreset, Stroke, StrokeKind};
use crate::model::cpu::CpuPrecision;
use crate::search::{OptimizerKind, Preset, Starts};
use quick_previews::draw_preview;

/// Longer than any tiny fill takes, on the slowest machine.
const TIMEOUT: Duration = Duration::from_mins(1);

pub(crate) fn tiny_model() -> ModelChoice {
    ModelChoice::File(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors"))
}

fn photo(width: u32, height: u32) -> Photo {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    let pixel = |x: u32, y: u32| Rgb([(x * 5) as u8, (y * 7) as u8, (x * y) as u8]);
    Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel)))
}

fn painted_dot(width: u32, height: u32, center: [f32; 2]) -> Mask {
    let mut mask = Mask::empty(width, height);
    mask.apply(&MaskEdit::Stroke(Stroke { kind: StrokeKind::Paint, radius_px: 5.0, points_in_photo: vec![center] }));
    mask
}

fn request() -> FillRequest {
    let settings = Settings { steps: 8, candidates: 2, seed: 3, ..Preset::Best.settings() };
    FillRequest {
        photo: Arc::new(photo(40, 30)),
        hole: painted_dot(40, 30, [20.0, 15.0]),
        frame: FaceFrame::centered(40, 30),
        settings,
        start: SearchStart::FromSettings,
        blend: BlendMode::Feather.into(),
        model: tiny_model(),
        device: DeviceChoice::Cpu,
    }
}

/// Records all calls, and stops or panics on demand.
#[derive(Default)]
struct RecordingObserver {
    iterations: Vec<u32>,
    pictures: Vec<(u32, usize)>,
    notes: Vec<String>,
    stop_after: Option<usize>,
    panic_at: Option<u32>,
}

impl FillObserver for RecordingObserver {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, notes: &[String]) {
        self.notes = notes.to_vec();
    }

    fn control(&mut self) -> FillControl {
        if self.stop_after.is_some_and(|count| self.iterations.len() >= count) {
            FillControl::Stop
        } else {
            FillControl::Continue
        }
    }

    fn wants_losses(&mut self, _: u32) -> bool {
        self.stop_after.is_some()
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        assert!(losses.iter().all(|losses| losses.total.is_finite()));
        self.iterations.push(iteration);
    }

    fn wants_pictures(&mut self, iteration: u32) -> bool {
        assert_ne!(self.panic_at, Some(iteration), "the device is lost");
        iteration.is_multiple_of(4)
    }

    fn pictures(&mut self, iteration: u32, pictures: Vec<Arc<FacePicture>>, best: usize) {
        assert!(best < pictures.len());
        assert!(pictures.iter().all(|picture| picture.side_px == 16 && picture.pixels.len() == 16 * 16));
        self.pictures.push((iteration, pictures.len()));
    }
}

fn fill(request: &FillRequest, recorder: &mut RecordingObserver) -> Result<FillOutcome, FillError> {
    run_fill(&mut NetworkCache::default(), request, recorder)
}

#[test]
fn fill_reports_every_iteration_and_returns_the_best() {
    let mut recorder = RecordingObserver::default();
    let outcome = fill(&request(), &mut recorder).unwrap();
    assert_eq!(recorder.iterations, (1..=8).collect::<Vec<_>>());
    assert_eq!(recorder.pictures, [(4, 2), (8, 2)]);
    assert_eq!((outcome.steps, outcome.candidates[0].picture.side_px, outcome.candidates.len()), (8, 16, 2));
    assert_eq!(outcome.stopped, None);
    assert!(outcome.candidates[outcome.best].losses.total <= outcome.first_losses.total);
    let least = outcome.candidates.iter().map(|candidate| candidate.losses.total).fold(f32::INFINITY, f32::min);
    assert_eq!(outcome.candidates[outcome.best].losses.total.to_bits(), least.to_bits());
}

#[test]
fn stopping_keeps_the_best_so_far() {
    let mut recorder = RecordingObserver { stop_after: Some(3), ..RecordingObserver::default() };
    let outcome = fill(&request(), &mut recorder).unwrap();
    assert_eq!((outcome.steps, outcome.stopped), (3, Some(StopReason::Cancelled)));
}

#[test]
fn stopping_before_the_first_iteration_is_an_error() {
    let mut recorder = RecordingObserver { stop_after: Some(0), ..RecordingObserver::default() };
    assert!(matches!(fill(&request(), &mut recorder), Err(FillError::StoppedEarly)));
}

/// Name of the processor that the tests run on.
fn cpu_name() -> &'static str {
    CpuPrecision::fastest().device_name()
}

#[test]
fn lost_device_keeps_the_best_so_far() {
    let mut recorder = RecordingObserver { panic_at: Some(6), ..RecordingObserver::default() };
    let outcome = fill(&request(), &mut recorder).unwrap();
    let Some(StopReason::Failed(reason)) = outcome.stopped else { panic!("must have failed") };
    assert!(reason.contains(&format!("{} stopped working", cpu_name())), "{reason}");
    assert_eq!(outcome.candidates.len(), 2);
}

#[test]
fn wild_settings_still_end_normally() {
    let mut request = request();
    request.settings.lambda = 1000.0;
    request.settings.learning_rate = 10.0;
    request.settings.optimizer = OptimizerKind::Momentum;
    // Latents are clipped, so even these settings must end normally.
    assert_eq!(fill(&request, &mut RecordingObserver::default()).unwrap().steps, 8);
}

#[test]
fn invalid_requests_say_what_to_do() {
    let error = |change: fn(&mut FillRequest)| {
        let mut request = request();
        change(&mut request);
        fill(&request, &mut RecordingObserver::default()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(
        error(|request| request.hole = Mask::empty(40, 30)),
        @"nothing to fill: paint over the part of the face to replace"
    );
    insta::assert_snapshot!(
        error(|request| request.hole = painted_dot(40, 30, [0.0, 15.0])),
        @"the hole lies outside the face frame: move the frame over it, or paint inside the frame"
    );
    insta::assert_snapshot!(
        error(|request| request.hole = Mask::empty(3, 3)),
        @"the mask is 3×3 pixels and the photo 40×30: use a mask of the photo's size"
    );
    insta::assert_snapshot!(error(|request| request.settings.steps = 0), @"steps is 0: use 1 to 100000");
}

#[test]
fn full_frame_hole_is_filled_with_a_note() {
    let mut request = request();
    request.hole = MaskPreset::Full.hole_in_photo(40, 30, &request.frame, 16, 0);
    let mut recorder = RecordingObserver::default();
    fill(&request, &mut recorder).unwrap();
    assert_eq!(recorder.notes, ["No known pixels are left in the frame: the fill can be any plausible face"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn noise_in_unknown_pixels_does_not_change_the_fill(noise in prop::collection::vec(any::<u8>(), 3 * 40 * 30)) {
        let mut clean = request();
        // Ignored pixels beside the hole.
        clean.hole.draw_segment([24.0, 8.0], [26.0, 22.0], 2.0, StrokeKind::Ignore);
        let mut noisy = clean.clone();
        let mut pixels = clean.photo.pixels.to_rgb8();
        let unknown = clean.hole.unknown();
        for (x, y, pixel) in pixels.enumerate_pixels_mut() {
            if unknown.is_hole(x, y) {
                let index = 3 * (y * 40 + x) as usize;
                pixel.0.copy_from_slice(&noise[index..index + 3]);
            }
        }
        noisy.photo = Arc::new(Photo::from_pixels(DynamicImage::ImageRgb8(pixels)));
        let results = [&clean, &noisy].map(|request| {
            let outcome = fill(request, &mut RecordingObserver::default()).unwrap();
            let picture = &outcome.candidates[outcome.best].picture;
            crate::blend::apply(&request.photo, &request.hole, &request.frame, request.blend, picture).to_rgb8()
        });
        for (x, y, pixel) in results[1].enumerate_pixels() {
            let is_ignored = clean.hole.is_ignored(x, y);
            let expected = if is_ignored { noisy.photo.pixels.to_rgb8()[(x, y)] } else { results[0][(x, y)] };
            prop_assert_eq!(*pixel, expected, "at {}, {}", x, y);
        }
    }
}

/// A worker that counts its repaint requests.
struct TestWorker {
    worker: WorkerHandle,
    /// Taken from the worker, but not looked at yet.
    events: RefCell<VecDeque<WorkerEvent>>,
    wake_count: Arc<AtomicUsize>,
}

impl TestWorker {
    fn new() -> Self {
        let wake_count = Arc::new(AtomicUsize::new(0));
        let counter = wake_count.clone();
        let worker = WorkerHandle::spawn(Arc::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        Self { worker, events: RefCell::default(), wake_count }
    }

    /// A search that would take minutes.
    fn start_long(&self, job: JobId) {
        let mut request = request();
        request.settings.steps = Settings::MAX_STEPS;
        self.worker.send(WorkerCommand::Start(job, Box::new(request)));
    }

    fn next_event(&self) -> Option<WorkerEvent> {
        let mut events = self.events.borrow_mut();
        events.extend(self.worker.take_events());
        events.pop_front()
    }

    fn wait_for<T>(&self, mut select: impl FnMut(WorkerEvent) -> Option<T>) -> T {
        let start = Instant::now();
        while start.elapsed() < TIMEOUT {
            match self.next_event() {
                Some(event) => {
                    if let Some(selected) = select(event) {
                        return selected;
                    }
                }
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        panic!("the event did not come");
    }

    /// Waits for a preview that passes the check.
    fn wait_for_preview(&self, is_expected: impl Fn(&SearchPreview) -> bool) -> SearchPreview {
        self.wait_for(|event| match event {
            WorkerEvent::Preview(preview) if is_expected(&preview) => Some(preview),
            _ => None,
        })
    }

    fn wait_for_progress(&self) {
        self.wait_for(|event| matches!(event, WorkerEvent::Progress(_)).then_some(()));
    }

    fn wait_for_outcome(&self, id: JobId) -> Arc<FillOutcome> {
        self.wait_for(|event| match event {
            WorkerEvent::Finished { job, outcome, .. } if job == id => Some(outcome),
            WorkerEvent::Failed { message, .. } => panic!("{message}"),
            _ => None,
        })
    }
}

#[test]
fn worker_reports_a_fill_from_start_to_end() {
    let test_worker = TestWorker::new();
    test_worker.worker.send(WorkerCommand::Start(7, Box::new(request())));
    let device = test_worker.wait_for(|event| match event {
        WorkerEvent::Started { job: 7, device, .. } => Some(device),
        _ => None,
    });
    assert_eq!((device.name.as_str(), device.is_gpu), (cpu_name(), false));
    assert_eq!(test_worker.wait_for_outcome(7).steps, 8);
    assert!(test_worker.wake_count.load(Ordering::Relaxed) >= 2);
}

#[test]
fn previews_show_the_fill_in_the_photo() {
    let test_worker = TestWorker::new();
    test_worker.start_long(1);
    let preview = test_worker.wait_for_preview(|_| true);
    assert_eq!((preview.job, preview.candidates.len()), (1, 2));
    assert!(preview.patch.rgba.chunks(4).any(|pixel| pixel[3] == 255), "the hole is drawn");
    test_worker.worker.send(WorkerCommand::Cancel);
    test_worker.wait_for_outcome(1);
}

#[test]
fn cancel_answers_quickly_and_keeps_the_best() {
    let test_worker = TestWorker::new();
    test_worker.start_long(1);
    test_worker.wait_for_progress();
    let cancelled = Instant::now();
    test_worker.worker.send(WorkerCommand::Cancel);
    let outcome = test_worker.wait_for_outcome(1);
    // A wide limit, because other tests run in parallel. An ignored command would take minutes.
    assert!(cancelled.elapsed() < Duration::from_secs(2), "{:?}", cancelled.elapsed());
    assert_eq!(outcome.stopped, Some(StopReason::Cancelled));
}

#[test]
fn paused_search_waits_and_steps_one_iteration() {
    let test_worker = TestWorker::new();
    test_worker.start_long(1);
    test_worker.wait_for_progress();
    test_worker.worker.send(WorkerCommand::Pause);
    let count = |event| match event {
        WorkerEvent::Progress(FillProgress { iterations, paused: true, .. }) => {
            Some(iterations.last().map(|last| last.iteration))
        }
        _ => None,
    };
    test_worker.wait_for(count);
    std::thread::sleep(Duration::from_millis(50));
    while test_worker.next_event().is_some() {}
    std::thread::sleep(Duration::from_millis(50));
    assert!(test_worker.next_event().is_none(), "nothing happens while paused");
    test_worker.worker.send(WorkerCommand::StepOnce);
    let first = test_worker.wait_for(|event| count(event).flatten());
    test_worker.worker.send(WorkerCommand::StepOnce);
    let second = test_worker.wait_for(|event| count(event).flatten());
    assert_eq!(second, first + 1);
    test_worker.worker.send(WorkerCommand::Resume);
    test_worker
        .wait_for(|event| matches!(event, WorkerEvent::Progress(FillProgress { paused: false, .. })).then_some(()));
    test_worker.worker.send(WorkerCommand::Cancel);
    test_worker.wait_for_outcome(1);
}

#[test]
fn new_fill_stops_the_running_one() {
    let test_worker = TestWorker::new();
    test_worker.start_long(1);
    test_worker.wait_for_progress();
    test_worker.worker.send(WorkerCommand::Start(2, Box::new(request())));
    assert_eq!(test_worker.wait_for_outcome(1).stopped, Some(StopReason::Cancelled));
    assert_eq!(test_worker.wait_for_outcome(2).stopped, None);
}

#[test]
fn steps_and_lambda_change_during_the_search() {
    let test_worker = TestWorker::new();
    test_worker.start_long(1);
    test_worker.wait_for_progress();
    test_worker.worker.send(WorkerCommand::SetLiveSettings(LiveSettings { lambda: 0.5, steps: 1 }));
    let outcome = test_worker.wait_for_outcome(1);
    assert_eq!((outcome.settings.lambda.to_bits(), outcome.settings.steps), (0.5f32.to_bits(), 1));
    assert_eq!(outcome.stopped, None);
}

#[test]
fn missing_model_is_named() {
    let test_worker = TestWorker::new();
    let mut request = request();
    request.model = ModelChoice::File("no/such.safetensors".into());
    test_worker.worker.send(WorkerCommand::Start(1, Box::new(request)));
    let (message, causes) = test_worker.wait_for(|event| match event {
        WorkerEvent::Failed { job: 1, message, causes } => Some((message, causes)),
        _ => None,
    });
    assert!(message.contains("no/such.safetensors"), "{message}");
    assert_eq!(causes.len(), 1, "{causes:?}");
}

#[test]
fn warm_up_reports_device_and_model() {
    let test_worker = TestWorker::new();
    test_worker.worker.send(WorkerCommand::WarmUp(DeviceChoice::Cpu, tiny_model()));
    let model = test_worker.wait_for(|event| match event {
        WorkerEvent::WarmedUp { model, .. } => Some(model),
        _ => None,
    });
    assert_eq!((model.name.as_str(), model.image_size_px), ("tiny-16", 16));
}
