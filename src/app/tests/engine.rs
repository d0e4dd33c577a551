//! A scripted engine: records the commands and sends the events that a test asks for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::app::fill::Engine;
use crate::blend::Patch;
use crate::job::{
    Candidate, Command, DeviceInfo, Event, Faces, FacesId, FacesRequest, FillOutcome, FillRequest, IterationLosses,
    JobId, Preview, Sketch, SketchId, StopReason,
};
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::photo::RectPx;
use crate::search::Losses;

/// The recorded commands and the pending events.
#[derive(Default)]
pub struct Script {
    sent: Mutex<Vec<Command>>,
    events: Mutex<VecDeque<Event>>,
    preview: Mutex<Option<Preview>>,
    sketch: Mutex<Option<Sketch>>,
    faces: Mutex<Option<Faces>>,
}

impl Engine for Arc<Script> {
    fn send(&self, command: Command) {
        self.sent.lock().expect("not poisoned").push(command);
    }

    fn try_event(&self) -> Option<Event> {
        self.events.lock().expect("not poisoned").pop_front()
    }

    fn take_preview(&self) -> Option<Preview> {
        self.preview.lock().expect("not poisoned").take()
    }

    fn take_sketch(&self) -> Option<Sketch> {
        self.sketch.lock().expect("not poisoned").take()
    }

    fn take_faces(&self) -> Option<Faces> {
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

impl Script {
    pub fn tell(&self, event: Event) {
        self.events.lock().expect("not poisoned").push_back(event);
    }

    /// The newest job and its request.
    pub fn job(&self) -> (JobId, FillRequest) {
        let sent = self.sent.lock().expect("not poisoned");
        let newest = sent.iter().rev().find_map(|command| match command {
            Command::Start(job, request) => Some((*job, (**request).clone())),
            _ => None,
        });
        newest.expect("a fill was started")
    }

    /// Whether a command of this kind was sent.
    pub fn was_sent(&self, is_it: impl Fn(&Command) -> bool) -> bool {
        self.sent.lock().expect("not poisoned").iter().any(is_it)
    }

    pub fn start(&self) {
        let (job, _) = self.job();
        self.tell(Event::Started { job, device: device(), model: model(), notes: Vec::new() });
    }

    /// Reports the iterations `first..=last` as done.
    pub fn progress(&self, first: u32, last: u32) {
        let (job, _) = self.job();
        #[expect(clippy::cast_precision_loss, reason = "few iterations")]
        let iterations = (first..=last)
            .map(|iteration| IterationLosses { iteration, candidates: losses(1.0 / (iteration as f32).sqrt()) })
            .collect();
        self.tell(Event::Progress {
            job,
            iterations,
            elapsed_secs: 1.0,
            remaining_secs: Some(1.2),
            extended_by: 0,
            paused: false,
        });
    }

    pub fn show(&self, iteration: u32) {
        self.show_in_hole(iteration, 0);
    }

    /// Like [`show`](Self::show), for the hole with this number.
    pub fn show_in_hole(&self, iteration: u32, hole_number: u64) {
        let (job, _) = self.job();
        let (candidates, patch) = (pictures(), patch());
        *self.preview.lock().expect("not poisoned") =
            Some(Preview { job, iteration, size_px: SIZE_PX, candidates, best: BEST, patch, hole_number });
    }

    pub fn finish(&self, steps: u32, stopped: Option<StopReason>) {
        self.finish_explaining(steps, stopped, Some(0.6));
    }

    /// Like [`finish`](Self::finish), with this explained share of the known pixels.
    pub fn finish_explaining(&self, steps: u32, stopped: Option<StopReason>, explained: Option<f32>) {
        let (job, request) = self.job();
        let candidates = pictures()
            .into_iter()
            .zip(losses(0.1))
            .map(|(pixels, losses)| Candidate { latent: vec![0.0; 100], pixels, losses, mixed: false })
            .collect();
        let outcome = FillOutcome {
            settings: request.settings,
            start: request.start,
            model: model(),
            device: device(),
            steps,
            evaluations: steps,
            changed_on_the_way: false,
            seconds: 2.5,
            stopped,
            explained,
            candidates,
            best: BEST,
            first_losses: losses(1.0)[BEST],
            size_px: SIZE_PX,
        };
        let (hole_number, hole) = self.newest_hole().unwrap_or((0, request.hole));
        self.tell(Event::Finished { job, outcome: Arc::new(outcome), hole_number, hole });
    }

    /// The newest hole that was sent to the newest job.
    pub fn newest_hole(&self) -> Option<(u64, Arc<Mask>)> {
        let sent = self.sent.lock().expect("not poisoned");
        sent.iter().rev().take_while(|command| !matches!(command, Command::Start(..))).find_map(|command| match command
        {
            Command::SetHole(number, hole) => Some((*number, Arc::clone(hole))),
            _ => None,
        })
    }

    /// All sketch requests, oldest first.
    pub fn sketches(&self) -> Vec<(SketchId, FillRequest)> {
        let sent = self.sent.lock().expect("not poisoned");
        let sketch = |command: &Command| match command {
            Command::Sketch(id, request) => Some((*id, (**request).clone())),
            _ => None,
        };
        sent.iter().filter_map(sketch).collect()
    }

    /// Answers a sketch request with a grey picture and this loss.
    pub fn draw(&self, id: SketchId, latent: Vec<f32>, total: f32) {
        let losses = Losses { context: 0.8 * total, prior: 2.0 * total, total };
        let candidate = Candidate { latent, pixels: picture(0.4), losses, mixed: false };
        *self.sketch.lock().expect("not poisoned") = Some(Sketch { id, candidate, size_px: SIZE_PX, patch: patch() });
    }

    /// All requests for faces, oldest first.
    pub fn asked_faces(&self) -> Vec<(FacesId, FacesRequest)> {
        let sent = self.sent.lock().expect("not poisoned");
        let asked = |command: &Command| match command {
            Command::Draw(id, request) => Some((*id, (**request).clone())),
            _ => None,
        };
        sent.iter().filter_map(asked).collect()
    }

    /// Answers the newest request for faces with grey pictures. Returns the requested latents.
    pub fn draw_faces(&self) -> Vec<Vec<f32>> {
        let (id, request) = self.asked_faces().pop().expect("faces were requested");
        let pictures = vec![image::RgbImage::from_pixel(SIZE_PX, SIZE_PX, image::Rgb([90; 3])); request.latents.len()];
        *self.faces.lock().expect("not poisoned") = Some(Faces { id, pictures });
        request.latents
    }

    /// Reports that the device is open and the model is loaded.
    pub fn be_ready(&self) {
        self.tell(Event::Ready { device: device(), model: model() });
    }

    pub fn fail(&self, message: &str, cause: &str) {
        let (job, _) = self.job();
        self.tell(Event::Failed { job, message: message.to_owned(), causes: vec![cause.to_owned()] });
    }
}

fn patch() -> Patch {
    Patch {
        rect_in_photo: RectPx { x: 168, y: 68, width: 112, height: 112 },
        width: 2,
        height: 2,
        rgba: [200, 160, 140, 255].repeat(4),
    }
}

fn pictures() -> Vec<Vec<f32>> {
    vec![picture(-0.5), picture(0.2), picture(0.9)]
}
