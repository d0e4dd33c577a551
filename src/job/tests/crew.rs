//! Who does what is asked for.

use std::sync::mpsc;

use super::*;
use crate::job::crew::Crew;
use crate::job::gpu::{GpuThread, Piece};
use crate::job::line::{Herald, Line};
use crate::job::station::Station;

/// A station, and what comes out of it.
struct Outside {
    events: mpsc::Receiver<Event>,
    faces: Arc<Slot<Faces>>,
    /// Keeps the station's line of commands open.
    _commands: mpsc::Sender<Command>,
}

fn station() -> (Station, Outside) {
    let (commands, command_receiver) = mpsc::channel();
    let (event_sender, events) = mpsc::sync_channel(1024);
    let faces = Arc::new(Slot::default());
    let line = Line {
        commands: command_receiver,
        herald: Herald { events: event_sender, wake: Arc::new(|_| ()) },
        previews: Arc::default(),
        sketches: Arc::default(),
        faces: Arc::clone(&faces),
    };
    (Station::new(line), Outside { events, faces, _commands: commands })
}

impl Outside {
    /// The device of the fill that was started last.
    fn device(&self) -> DeviceInfo {
        let devices = self.events.try_iter().filter_map(|event| match event {
            Event::Started { device, .. } => Some(device),
            Event::Failed { message, .. } => panic!("{message}"),
            _ => None,
        });
        devices.last().expect("a fill was started")
    }
}

fn draw(device: DeviceChoice) -> Command {
    Command::Draw(1, Box::new(FacesRequest { latents: vec![vec![0.1; 8]], model: tiny_model(), device }))
}

#[test]
fn a_gpus_thread_does_a_command_and_hands_the_station_back() {
    let (station, outside) = station();
    let thread = GpuThread::spawn().unwrap();
    let (_, next) = thread.serve(station, Command::Start(1, Box::new(request()))).unwrap();
    assert_eq!((outside.device().name.as_str(), next.is_none()), (cpu_name(), true));
}

#[test]
fn a_command_that_breaks_a_gpus_thread_is_told_by_silence() {
    let (station, _outside) = station();
    let thread = GpuThread::spawn().unwrap();
    thread.order(|_| panic!("the driver"));
    assert!(thread.serve(station, draw(DeviceChoice::Cpu)).is_none());
}

#[test]
fn only_the_newest_warm_up_is_told() {
    let mut thread = GpuThread::spawn().unwrap();
    let (gate, closed) = mpsc::channel::<()>();
    thread.order(move |_| assert!(closed.recv().is_err()));
    let (teller, told) = mpsc::channel();
    let settings = Preset::Best.settings();
    for number in 1..=3 {
        let teller = teller.clone();
        thread.warm_up(DeviceChoice::Cpu, tiny_model(), settings, move |ready| {
            teller.send((number, ready.is_ok())).unwrap();
        });
        if number == 2 {
            thread.call_off_warm_up();
            assert!(!thread.is_warming_up());
        }
    }
    let has_rehearsed = |candidates| thread.has_rehearsed(&Piece::new(DeviceChoice::Cpu, &tiny_model(), candidates));
    assert!(thread.is_warming_up() && !has_rehearsed(1));
    drop((gate, teller));
    assert_eq!(told.iter().collect::<Vec<_>>(), [(3, true)]);
    assert!(!thread.is_warming_up());
    // A first guess is of one candidate.
    assert!(has_rehearsed(1) && has_rehearsed(settings.candidates) && !has_rehearsed(settings.candidates + 1));
    assert!(!thread.has_rehearsed(&Piece::new(DeviceChoice::Cpu, &ModelChoice::Face64, 1)));
}

/// A GPU, or a program that plays one; `None` where there is none at all.
fn any_gpu() -> Option<DeviceChoice> {
    let gpu = crate::device::list_gpus().first().map(|gpu| DeviceChoice::Gpu(Some(gpu.index)));
    if gpu.is_none() {
        eprintln!("no Vulkan, Metal or DirectX here: standing in for a GPU was not tried");
    }
    gpu
}

#[test]
fn what_a_gpu_has_not_rehearsed_is_done_by_the_cpu_and_rehearsed_meanwhile() {
    let Some(device) = any_gpu() else { return };
    let (station, outside) = station();
    let thread = GpuThread::spawn().unwrap();
    // Nothing is rehearsed in earnest here: that takes long.
    let (gate, closed) = mpsc::channel::<()>();
    thread.order(move |_| assert!(closed.recv().is_err()));
    let mut crew = Crew::with_gpu(thread);
    assert!(!crew.is_warming_up());
    crew.serve(station, Command::Start(1, Box::new(FillRequest { device, ..request() }))).unwrap();
    assert!(!outside.device().is_gpu && crew.is_warming_up());
    drop(crew);
    drop(gate);
}

#[test]
fn the_cpu_stands_in_for_a_gpu_until_that_is_ready() {
    let Some(device) = any_gpu() else { return };
    let (station, outside) = station();
    let (ending, thread) = GpuThread::warming_up();
    let mut crew = Crew::with_gpu(thread);
    let start = Command::Start(1, Box::new(FillRequest { device, ..request() }));
    let (station, _) = crew.serve(station, start).unwrap();
    let stand_in = outside.device();
    assert!(!stand_in.is_gpu);
    assert!(stand_in.notice.unwrap().ends_with("is getting ready: the CPU does the work"));
    assert_eq!(crew.stands_by(), Some(cpu_name()));
    // Another device is not the one that it stands in for.
    let (station, _) = crew.serve(station, Command::Start(2, Box::new(request()))).unwrap();
    assert_eq!(outside.device().notice, None);
    drop(ending);
    let (_, next) = crew.serve(station, draw(device)).unwrap();
    assert!(next.is_none() && outside.faces.take().is_some(), "the GPU's thread did it");
    assert_eq!(crew.stands_by(), None, "what stood in has given its networks back");
}
