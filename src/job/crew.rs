//! Who does what the editor asks for: the thread that it asks, or a GPU's own.
//!
//! A GPU compiles its programs and tries which of them are fastest when they are first used: on an H100 that takes 44 s the first
//! time, and 12 s from the driver's cache, where a fill takes the CPU a second or three. So a GPU gets ready on a thread of its own,
//! and until it is ready the CPU stands in for it, also when it has not had such a number of candidates or such a model yet. All
//! of the GPU's work stays on that thread afterwards: a first search on another one stood still for many seconds, whatever was
//! compiled and tuned before.

use super::gpu::{GpuThread, Piece};
use super::line::Herald;
use super::memory::give_memory_back;
use super::station::Station;
use super::{Command, DeviceInfo, Engine, Event, FillError};
use crate::device::{self, DeviceChoice};
use crate::model::{ModelChoice, ModelInfo};
use crate::search::Settings;

#[derive(Default)]
pub(super) struct Crew {
    /// Of this thread: the CPU's.
    engine: Engine,
    gpu: Option<GpuThread>,
}

impl Crew {
    /// Makes a device and a model ready, and has `herald` tell when they are: for a GPU twice, as the CPU is ready to stand in for it
    /// before.
    pub fn warm_up(&mut self, choice: DeviceChoice, model: ModelChoice, settings: Settings, herald: &Herald) {
        self.engine.stands_in_for = gpu_of(choice);
        let is_for_gpu = self.engine.stands_in_for.is_some();
        match &mut self.gpu {
            Some(gpu) if is_for_gpu => gpu.call_off_warm_up(),
            // Networks that a GPU keeps are not needed any more.
            _ => self.gpu = None,
        }
        let ready = self.engine.prepare(choice, &model);
        let is_ready = ready.is_ok();
        herald.tell(told(ready));
        if is_ready
            && is_for_gpu
            && let Some(gpu) = self.gpu_thread()
        {
            rehearse(gpu, choice, model, settings, herald.clone());
        }
        give_memory_back();
    }

    /// Does a command, and waits until it is done. Answers what [`Station::obey`] does; `None` when a thread broke down.
    pub fn serve(&mut self, mut station: Station, command: Command) -> Option<(Station, Option<Command>)> {
        let gpu_name = device_of(&command).and_then(gpu_of);
        self.engine.stands_in_for = None;
        if let Some(name) = gpu_name
            && let Some(gpu) = self.gpu_thread()
        {
            if is_ready(gpu, &command, &station.line.herald) {
                let served = gpu.serve(station, command);
                // The CPU has stood in for now.
                self.engine = Engine::default();
                return served;
            }
            self.engine.stands_in_for = Some(name);
        }
        let next = station.obey(&mut self.engine, command);
        Some((station, next))
    }

    /// With a GPU that was made ready, or is.
    #[cfg(test)]
    pub fn with_gpu(thread: GpuThread) -> Self {
        Self { engine: Engine::default(), gpu: Some(thread) }
    }

    #[cfg(test)]
    pub fn is_warming_up(&self) -> bool {
        self.gpu.as_ref().is_some_and(GpuThread::is_warming_up)
    }

    /// The device whose networks this thread keeps.
    #[cfg(test)]
    pub fn stands_by(&self) -> Option<&str> {
        self.engine.keeps()
    }

    /// The GPU's thread, started when it is first wanted.
    fn gpu_thread(&mut self) -> Option<&mut GpuThread> {
        if self.gpu.is_none() {
            match GpuThread::spawn() {
                Ok(gpu) => self.gpu = Some(gpu),
                // Then this thread does what the GPU's would have done.
                Err(error) => tracing::error!("cannot start the GPU's thread: {error}"),
            }
        }
        self.gpu.as_mut()
    }
}

fn told(ready: Result<(DeviceInfo, ModelInfo), FillError>) -> Event {
    match ready {
        Ok((device, model)) => Event::Ready { device, model },
        Err(error) => Event::NotReady { message: error.to_string() },
    }
}

/// The name of the GPU that is opened for this choice.
fn gpu_of(choice: DeviceChoice) -> Option<String> {
    device::open(choice).ok().filter(|opened| opened.is_gpu).map(|opened| opened.name)
}

/// Whether a GPU can do a command at once. If it was not made ready for such a one yet, that begins now.
fn is_ready(gpu: &mut GpuThread, command: &Command, herald: &Herald) -> bool {
    if gpu.is_warming_up() {
        return false;
    }
    let (Command::Start(_, request) | Command::Sketch(_, request)) = command else { return true };
    let (device, settings) = (request.device, request.settings);
    if gpu.has_rehearsed(&Piece::new(device, &request.model, settings.candidates)) {
        return true;
    }
    rehearse(gpu, device, request.model.clone(), settings, herald.clone());
    false
}

/// Has a GPU get ready, and tells when it is.
fn rehearse(gpu: &mut GpuThread, device: DeviceChoice, model: ModelChoice, settings: Settings, herald: Herald) {
    gpu.warm_up(device, model, settings, move |ready| herald.tell(told(ready)));
}

/// The device that a command wants.
fn device_of(command: &Command) -> Option<DeviceChoice> {
    match command {
        Command::Start(_, request) | Command::Sketch(_, request) => Some(request.device),
        Command::Draw(_, request) => Some(request.device),
        _ => None,
    }
}
