//! A scripted engine: records the commands and sends the events that a test asks for.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::blend::FillPatch;
use crate::face_picture::FacePicture;
use crate::geometry::RectPx;
use crate::job::{
    Candidate, DeviceInfo, FacesId, FacesRequest, FillOutcome, FillProgress, FillRequest, GeneratedFaces,
    IterationLosses, JobId, LatentHistory, QuickPreview, QuickPreviewId, SearchPreview, SearchStart, StopReason,
    WorkerChannels, WorkerCommand, WorkerEvent, WorkerHandle, worker_channels,
};
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::search::{Losses, SearchIteration};

/// The fill thread's ends of the channels, and the commands that came so far.
pub struct ScriptedEngine {
    channels: Mutex<WorkerChannels>,
    received: Mutex<Vec<WorkerCommand>>,
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
pub fn picture(tone: f32) -> Arc<FacePicture> {
    Arc::new(FacePicture::uniform(SIZE_PX as usize, [tone; 3]))
}

/// Losses of each candidate; [`BEST`] has the lowest. The prior term is a fifth of the total.
pub fn losses(scale: f32) -> Vec<Losses> {
    [3.0, 1.0, 2.0]
        .map(|rank| Losses { context: 0.8 * rank * scale, prior: 2.0 * rank * scale, total: rank * scale })
        .to_vec()
}

impl ScriptedEngine {
    /// An engine, and the editor's handle to it.
    pub fn connected() -> (WorkerHandle, Arc<Self>) {
        let (handle, channels) = worker_channels(Arc::new(|_| {}));
        (handle, Arc::new(Self { channels: Mutex::new(channels), received: Mutex::default() }))
    }

    /// All commands so far.
    fn received(&self) -> MutexGuard<'_, Vec<WorkerCommand>> {
        let mut received = self.received.lock().expect("not poisoned");
        received.extend(self.channels.lock().expect("not poisoned").commands.try_iter());
        received
    }

    pub fn push_event(&self, event: WorkerEvent) {
        self.channels.lock().expect("not poisoned").send(event);
    }

    /// The newest job and its request.
    pub fn newest_job(&self) -> (JobId, FillRequest) {
        let sent = self.received();
        let newest = sent.iter().rev().find_map(|command| match command {
            WorkerCommand::Start(job, request) => Some((*job, (**request).clone())),
            _ => None,
        });
        newest.expect("a fill was started")
    }

    /// What this finds in the commands so far, oldest first.
    pub fn commands_of<T>(&self, find: impl Fn(&WorkerCommand) -> Option<T>) -> Vec<T> {
        self.received().iter().filter_map(find).collect()
    }

    /// Whether a command of this kind was sent.
    pub fn was_sent(&self, matches: impl Fn(&WorkerCommand) -> bool) -> bool {
        self.received().iter().any(matches)
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
        let progress = FillProgress { job, iterations, remaining_secs: Some(1.2), extended_by: 0, paused: false };
        self.push_event(WorkerEvent::Progress(progress));
    }

    pub fn set_preview(&self) {
        self.set_preview_in_hole(self.newest_job().1.hole);
    }

    /// Like [`set_preview`](Self::set_preview), for this hole.
    pub fn set_preview_in_hole(&self, hole: Mask) {
        let (job, _) = self.newest_job();
        let (candidates, patch) = (pictures(), patch());
        let preview = SearchPreview { job, candidates, best: BEST, patch, hole };
        self.push_event(WorkerEvent::Preview(preview));
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
            .map(|(picture, losses)| Candidate {
                latent: vec![0.0; 100],
                picture,
                losses,
                is_mix: false,
                kept_at: None,
                edit: None,
            })
            .collect();
        let outcome = FillOutcome {
            latent_history: latent_history(steps),
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
        };
        let hole = self.newest_hole().unwrap_or(request.hole);
        self.push_event(WorkerEvent::Finished { job, outcome: Arc::new(outcome), hole });
    }

    /// The newest hole that was sent to the newest job.
    pub fn newest_hole(&self) -> Option<Mask> {
        let sent = self.received();
        sent.iter().rev().take_while(|command| !matches!(command, WorkerCommand::Start(..))).find_map(|command| {
            match command {
                WorkerCommand::SetHole(hole) => Some(hole.clone()),
                _ => None,
            }
        })
    }

    /// All requests for a quick preview, oldest first.
    pub fn quick_preview_requests(&self) -> Vec<(QuickPreviewId, FillRequest)> {
        let sent = self.received();
        let request = |command: &WorkerCommand| match command {
            WorkerCommand::QuickPreview(id, request) => Some((*id, (**request).clone())),
            _ => None,
        };
        sent.iter().filter_map(request).collect()
    }

    /// Answers a request for a quick preview with a grey picture and this loss.
    pub fn answer_quick_preview(&self, id: QuickPreviewId, latent: Vec<f32>, total: f32) {
        let losses = Losses { context: 0.8 * total, prior: 2.0 * total, total };
        let requests = self.quick_preview_requests();
        let edit =
            requests.into_iter().find(|(requested, _)| *requested == id).and_then(|(_, request)| match request.start {
                SearchStart::Edited(edit) => Some(Arc::new(edit)),
                _ => None,
            });
        let candidate = Candidate { latent, picture: picture(0.4), losses, is_mix: false, kept_at: None, edit };
        self.push_event(WorkerEvent::QuickPreview(Box::new(QuickPreview { id, candidate, patch: patch() })));
    }

    /// All requests for faces, oldest first.
    pub fn face_requests(&self) -> Vec<(FacesId, FacesRequest)> {
        let sent = self.received();
        let request = |command: &WorkerCommand| match command {
            WorkerCommand::DrawFaces(id, request) => Some((*id, (**request).clone())),
            _ => None,
        };
        sent.iter().filter_map(request).collect()
    }

    /// Answers the newest request for faces with grey pictures. Returns the requested latents.
    pub fn answer_face_request(&self) -> Vec<Vec<f32>> {
        let (id, request) = self.face_requests().pop().expect("faces were requested");
        let pictures = vec![picture(-0.3); request.latents.len()];
        self.push_event(WorkerEvent::Faces(GeneratedFaces { id, pictures }));
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

/// Iterations whose latents come nearer to zero, where they end.
pub fn latent_history(steps: u32) -> LatentHistory {
    let mut history = LatentHistory::default();
    for number in 1..=steps {
        let distance = f32::from(u16::try_from(steps - number).expect("few iterations")) / 1000.0;
        history.add(&SearchIteration { number, losses: losses(1.0), latents: vec![distance; 100 * CANDIDATES] });
    }
    history
}

fn patch() -> Arc<FillPatch> {
    Arc::new(FillPatch {
        rect_in_photo: RectPx { x: 168, y: 68, width: 112, height: 112 },
        width: 2,
        height: 2,
        rgba: [200, 160, 140, 255].repeat(4),
        opacity: None,
    })
}

fn pictures() -> Vec<Arc<FacePicture>> {
    vec![picture(-0.5), picture(0.2), picture(0.9)]
}
