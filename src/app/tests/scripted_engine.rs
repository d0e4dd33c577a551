//! A scripted engine: records the commands and sends the events that a test asks for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::app::fill_controller::FillWorker;
use crate::blend::FillPatch;
use crate::geometry::RectPx;
use crate::job::{
    Candidate, DeviceInfo, FacesId, FacesRequest, FillOutcome, FillRequest, GeneratedFaces, IterationLosses, JobId,
    QuickPreview, QuickPreviewId, SearchPreview, StopReason, WorkerCommand, WorkerEvent,
};
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::search::Losses;

/// The recorded commands and the pending events.
#[derive(Default)]
pub struct ScriptedEngine {
    sent: Mutex<Vec<WorkerCommand>>,
    events: Mutex<VecDeque<WorkerEvent>>,
    preview: Mutex<Option<SearchPreview>>,
    quick_preview: Mutex<Option<QuickPreview>>,
    faces: Mutex<Option<GeneratedFaces>>,
}

impl FillWorker for Arc<ScriptedEngine> {
    fn send(&self, command: WorkerCommand) {
        self.sent.lock().expect("not poisoned").push(command);
    }

    fn try_event(&self) -> Option<WorkerEvent> {
        self.events.lock().expect("not poisoned").pop_front()
    }

    fn take_preview(&self) -> Option<SearchPreview> {
        self.preview.lock().expect("not poisoned").take()
    }

    fn take_quick_preview(&self) -> Option<QuickPreview> {
        self.quick_preview.lock().expect("not poisoned").take()
    }

    fn take_thumbnails(&self) -> Option<GeneratedFaces> {
        self.faces.lock().expect("not poisoned").take()
    }
}

/// Side of the scripted pictures.
pub const SIZE_PX: u32 = 4;
/// Number of candidates of a scripted fill.
pub const CANDIDATES: usize = 3;
/// Index of the best candidate.
pub const BEST: usize = 1;

pub fn device() -> DeviceInfo {
    DeviceInfo { name: "CPU".to_owned(), is_gpu: false, notice: Some("No GPU here: the CPU does the work".to_owned()) }
}

pub fn model() -> ModelInfo {
    ModelInfo {
        name: "face-64".to_owned(),
        sha256: "0".repeat(64),
        image_size_px: 64,
        latent_dim: 100,
        has_discriminator: true,
        has_encoder: true,
        metadata: std::collections::BTreeMap::new(),
    }
}

/// A picture of one grey value.
pub fn picture(tone: f32) -> Vec<f32> {
    vec![tone; 3 * (SIZE_PX * SIZE_PX) as usize]
}

/// Losses of each candidate; [`BEST`] has the lowest. The prior term is a fifth of the total.
pub fn losses(scale: f32) -> Vec<Losses> {
    [3.0, 1.0, 2.0]
        .map(|rank| Losses { context: 0.8 * rank * scale, prior: 2.0 * rank * scale, total: rank * scale })
        .to_vec()
}

impl ScriptedEngine {
    pub fn push_event(&self, event: WorkerEvent) {
        self.events.lock().expect("not poisoned").push_back(event);
    }

    /// The newest job and its request.
    pub fn newest_job(&self) -> (JobId, FillRequest) {
        let sent = self.sent.lock().expect("not poisoned");
        let newest = sent.iter().rev().find_map(|command| match command {
            WorkerCommand::Start(job, request) => Some((*job, (**request).clone())),
            _ => None,
        });
        newest.expect("a fill was started")
    }

    /// Whether a command of this kind was sent.
    pub fn was_sent(&self, matches: impl Fn(&WorkerCommand) -> bool) -> bool {
        self.sent.lock().expect("not poisoned").iter().any(matches)
    }

    pub fn report_start(&self) {
        let (job, _) = self.newest_job();
        self.push_event(WorkerEvent::Started { job, device: device(), notes: Vec::new() });
    }

    /// Reports the iterations `first..=last` as done.
    pub fn report_progress(&self, first: u32, last: u32) {
        let (job, _) = self.newest_job();
        #[expect(clippy::cast_precision_loss, reason = "few iterations")]
        let iterations = (first..=last)
            .map(|iteration| IterationLosses { iteration, candidates: losses(1.0 / (iteration as f32).sqrt()) })
            .collect();
        self.push_event(WorkerEvent::Progress {
            job,
            iterations,
            remaining_secs: Some(1.2),
            extended_by: 0,
            paused: false,
        });
    }

    pub fn set_preview(&self) {
        self.set_preview_in_hole(0);
    }

    /// Like [`set_preview`](Self::set_preview), for the hole with this number.
    pub fn set_preview_in_hole(&self, hole_number: u64) {
        let (job, request) = self.newest_job();
        let (candidates, patch) = (pictures().into(), patch());
        let hole =
            self.newest_hole().filter(|(number, _)| *number == hole_number).map_or(request.hole, |(_, hole)| hole);
        *self.preview.lock().expect("not poisoned") =
            Some(SearchPreview { job, size_px: SIZE_PX, candidates, best: BEST, patch, hole_number, hole });
    }

    pub fn report_finish(&self, steps: u32, stopped: Option<StopReason>) {
        self.report_finish_explaining(steps, stopped, Some(0.6));
    }

    /// Like [`report_finish`](Self::report_finish), with this `explained_share`.
    pub fn report_finish_explaining(&self, steps: u32, stopped: Option<StopReason>, explained_share: Option<f32>) {
        let (job, request) = self.newest_job();
        let candidates = pictures()
            .into_iter()
            .zip(losses(0.1))
            .map(|(pixels, losses)| Candidate { latent: vec![0.0; 100], pixels, losses, is_mix: false })
            .collect();
        let outcome = FillOutcome {
            settings: request.settings,
            start: request.start,
            model: model(),
            device: device(),
            steps,
            evaluations: steps,
            changed_during_search: false,
            search_secs: 2.5,
            stopped,
            explained_share,
            candidates,
            best: BEST,
            first_losses: losses(1.0)[BEST],
            size_px: SIZE_PX,
        };
        let (hole_number, hole) = self.newest_hole().unwrap_or((0, request.hole));
        self.push_event(WorkerEvent::Finished { job, outcome: Arc::new(outcome), hole_number, hole });
    }

    /// The newest hole that was sent to the newest job.
    pub fn newest_hole(&self) -> Option<(u64, Arc<Mask>)> {
        let sent = self.sent.lock().expect("not poisoned");
        sent.iter().rev().take_while(|command| !matches!(command, WorkerCommand::Start(..))).find_map(|command| {
            match command {
                WorkerCommand::SetHole(number, hole) => Some((*number, Arc::clone(hole))),
                _ => None,
            }
        })
    }

    /// All requests for a quick preview, oldest first.
    pub fn quick_preview_requests(&self) -> Vec<(QuickPreviewId, FillRequest)> {
        let sent = self.sent.lock().expect("not poisoned");
        let request = |command: &WorkerCommand| match command {
            WorkerCommand::QuickPreview(id, request) => Some((*id, (**request).clone())),
            _ => None,
        };
        sent.iter().filter_map(request).collect()
    }

    /// Answers a request for a quick preview with a grey picture and this loss.
    pub fn answer_quick_preview(&self, id: QuickPreviewId, latent: Vec<f32>, total: f32) {
        let losses = Losses { context: 0.8 * total, prior: 2.0 * total, total };
        let candidate = Candidate { latent, pixels: picture(0.4), losses, is_mix: false };
        *self.quick_preview.lock().expect("not poisoned") = Some(QuickPreview { id, candidate, patch: patch() });
    }

    /// All requests for faces, oldest first.
    pub fn face_requests(&self) -> Vec<(FacesId, FacesRequest)> {
        let sent = self.sent.lock().expect("not poisoned");
        let request = |command: &WorkerCommand| match command {
            WorkerCommand::DrawFaces(id, request) => Some((*id, (**request).clone())),
            _ => None,
        };
        sent.iter().filter_map(request).collect()
    }

    /// Answers the newest request for faces with grey pictures. Returns the requested latents.
    pub fn answer_face_request(&self) -> Vec<Vec<f32>> {
        let (id, request) = self.face_requests().pop().expect("faces were requested");
        let pictures = vec![image::RgbImage::from_pixel(SIZE_PX, SIZE_PX, image::Rgb([90; 3])); request.latents.len()];
        *self.faces.lock().expect("not poisoned") = Some(GeneratedFaces { id, pictures });
        request.latents
    }

    /// Reports that the device is open and the model is loaded.
    pub fn report_ready(&self) {
        self.push_event(WorkerEvent::WarmedUp { device: device(), model: model() });
    }

    pub fn report_failure(&self, message: &str, cause: &str) {
        let (job, _) = self.newest_job();
        self.push_event(WorkerEvent::Failed { job, message: message.to_owned(), causes: vec![cause.to_owned()] });
    }
}

fn patch() -> FillPatch {
    FillPatch {
        rect_in_photo: RectPx { x: 168, y: 68, width: 112, height: 112 },
        width: 2,
        height: 2,
        rgba: [200, 160, 140, 255].repeat(4),
    }
}

fn pictures() -> Vec<Vec<f32>> {
    vec![picture(-0.5), picture(0.2), picture(0.9)]
}
