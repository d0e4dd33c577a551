//! The one place that picks a compute device.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use burn::tensor::{Device, DeviceKind};
use burn_wgpu::WgpuBackend;

/// What the user asked for. Written `auto`, `cpu`, `cpu:f32`, `gpu` or `gpu:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceChoice {
    /// The first real GPU, else the CPU.
    #[default]
    Auto,
    Cpu,
    /// The CPU in single precision throughout, also where bfloat16 is faster.
    CpuF32,
    /// The first real GPU, or the one with this number in [`list_gpus`].
    Gpu(Option<usize>),
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::CpuF32 => f.write_str("cpu:f32"),
            Self::Gpu(None) => f.write_str("gpu"),
            Self::Gpu(Some(index)) => write!(f, "gpu:{index}"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cpu:f32" => Ok(Self::CpuF32),
            "gpu" => Ok(Self::Gpu(None)),
            _ => text
                .strip_prefix("gpu:")
                .and_then(|index| index.parse().ok())
                .map(|index| Self::Gpu(Some(index)))
                .ok_or_else(|| {
                    format!(
                        "'{text}' is not a device: use auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)"
                    )
                }),
        }
    }
}

/// A GPU, or a program that plays one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuInfo {
    /// Its number in `gpu:N`.
    pub index: usize,
    pub name: String,
    /// Vulkan, Metal, Dx12 or Gl.
    pub api: String,
    /// Computes on the CPU (lavapipe, `SwiftShader`, WARP): counted as no GPU by `auto`.
    pub software: bool,
}

impl fmt::Display for GpuInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.api)
    }
}

/// Why no device could be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeviceError {
    #[error("this machine offers no GPU: use --device cpu, or install its graphics driver")]
    NoGpu,
    #[error("only software GPUs here ({names}), slower than the CPU itself: use --device cpu, or gpu:N to insist")]
    OnlySoftware { names: String },
    #[error("there is no gpu:{index}: this machine has {count} (see `countenance devices`)")]
    NoSuchGpu { index: usize, count: usize },
    #[error("the GPU {name} could not be started ({reason}): update its driver, or use --device cpu")]
    Start { name: String, reason: String },
}

/// A device that is ready to compute.
#[derive(Clone, Debug)]
pub struct Open<T> {
    pub device: T,
    /// As in "CPU" or "NVIDIA RTX 4070 (Vulkan)".
    pub name: String,
    pub is_gpu: bool,
    /// Why it is not what one might expect.
    pub notice: Option<String>,
}

/// A GPU that takes our own programs.
#[derive(Clone, Debug)]
pub struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    is_lost: Arc<AtomicBool>,
}

impl Gpu {
    /// Whether it was lost, as far as it was noticed: nothing on it can be used any more.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

/// An adapter, and how burn addresses it: numbered among those of its kind.
struct Adapter {
    info: GpuInfo,
    api: wgpu::Backend,
    /// Its place among those of the interface.
    place: usize,
    backend: WgpuBackend,
    kind: DeviceKind,
}

/// Graphics interfaces in the order of preference, with the names that burn and people know them by.
const APIS: [(wgpu::Backend, WgpuBackend, &str); 4] = [
    (wgpu::Backend::Vulkan, WgpuBackend::Vulkan, "Vulkan"),
    (wgpu::Backend::Metal, WgpuBackend::Metal, "Metal"),
    (wgpu::Backend::Dx12, WgpuBackend::Dx12, "DirectX 12"),
    (wgpu::Backend::Gl, WgpuBackend::Gl, "OpenGL"),
];

/// Every GPU that this machine offers, real ones first. Takes some tenths of a second the first time: not for the UI
/// thread.
#[must_use]
pub fn list_gpus() -> Vec<GpuInfo> {
    adapters().iter().map(|adapter| adapter.info.clone()).collect()
}

/// The GPU that `auto` takes, `None` for the CPU.
#[must_use]
pub fn auto_gpu() -> Option<GpuInfo> {
    adapters().iter().map(|adapter| &adapter.info).find(|info| !info.software).cloned()
}

/// Opens the device that was asked for, for the search. `None` is the CPU. A GPU stays open until the program ends; asking again is
/// free, and a GPU that was lost is opened anew.
///
/// # Errors
/// When a GPU was asked for and none can be had. `auto` falls back to the CPU instead and says why in the notice.
pub fn open(choice: DeviceChoice) -> Result<Open<Option<Gpu>>, DeviceError> {
    open_with(choice, None, |adapter| connect(adapter).map(Some))
}

/// The same for burn, which trains. The device is without autodiff.
///
/// # Errors
/// As [`open`].
pub fn open_for_burn(choice: DeviceChoice) -> Result<Open<Device>, DeviceError> {
    open_with(choice, Device::flex(), start)
}

fn open_with<T>(
    choice: DeviceChoice,
    cpu: T,
    start: impl Fn(&Adapter) -> Result<T, DeviceError>,
) -> Result<Open<T>, DeviceError> {
    let on_cpu = |notice| Ok(Open { device: cpu, name: "CPU".into(), is_gpu: false, notice });
    // Asking for GPUs loads their drivers.
    if matches!(choice, DeviceChoice::Cpu | DeviceChoice::CpuF32) {
        return on_cpu(None);
    }
    let opened = |adapter: &Adapter| {
        let GpuInfo { name, software, .. } = &adapter.info;
        let notice = software.then(|| format!("{name} is a software GPU, slower than the CPU itself"));
        Ok(Open { device: start(adapter)?, name: adapter.info.to_string(), is_gpu: true, notice })
    };
    let all = adapters();
    match (choice, all.iter().find(|adapter| !adapter.info.software)) {
        (DeviceChoice::Gpu(Some(index)), _) => match all.get(index) {
            Some(adapter) => opened(adapter),
            None => Err(DeviceError::NoSuchGpu { index, count: all.len() }),
        },
        (DeviceChoice::Auto, Some(adapter)) => {
            opened(adapter).or_else(|error: DeviceError| on_cpu(Some(format!("{error}; the CPU does the work"))))
        }
        (DeviceChoice::Auto, None) => on_cpu(Some("No GPU here: the CPU does the work".into())),
        (_, Some(adapter)) => opened(adapter),
        (_, None) if all.is_empty() => Err(DeviceError::NoGpu),
        (_, None) => {
            let names: Vec<_> =
                all.iter().map(|adapter| format!("gpu:{} {}", adapter.info.index, adapter.info.name)).collect();
            Err(DeviceError::OnlySoftware { names: names.join(", ") })
        }
    }
}

/// Opens an adapter, or finds it open.
fn connect(adapter: &Adapter) -> Result<Gpu, DeviceError> {
    static OPEN: Mutex<BTreeMap<usize, Gpu>> = Mutex::new(BTreeMap::new());
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(gpu) = open.get(&adapter.info.index).filter(|gpu| !gpu.is_lost()) {
        return Ok(gpu.clone());
    }
    // Drivers take some megabytes: none is kept open for a GPU that nobody asks for.
    let found = || enumerate(adapter.api).into_iter().nth(adapter.place).ok_or("it is not there any more");
    let offer = start_with(adapter, found)?;
    let offered = offer.limits();
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("search"),
        required_limits: wgpu::Limits {
            max_buffer_size: offered.max_buffer_size,
            max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
            ..wgpu::Limits::default()
        },
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    };
    let (device, queue) = start_with(adapter, || pollster::block_on(offer.request_device(&descriptor)))?;
    let is_lost = Arc::new(AtomicBool::new(false));
    let lost = Arc::clone(&is_lost);
    device.set_device_lost_callback(move |_, reason| {
        tracing::debug!("a GPU was lost: {reason}");
        lost.store(true, Ordering::Relaxed);
    });
    let gpu = Gpu { device, queue, is_lost };
    open.insert(adapter.info.index, gpu.clone());
    Ok(gpu)
}

/// Starts an adapter for burn, or finds it started. burn panics at the first tensor of a device that failed to start, so that
/// none is handed out without having been opened here.
fn start(adapter: &Adapter) -> Result<Device, DeviceError> {
    static STARTED: Mutex<BTreeMap<usize, Result<Device, DeviceError>>> = Mutex::new(BTreeMap::new());
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let first = || {
        let options = Device::wgpu_options().device_kind(adapter.kind.clone()).graphics_api(adapter.backend);
        start_with(adapter, || options.init())
    };
    started.entry(adapter.info.index).or_insert_with(first).clone()
}

/// Drivers fail in more ways than wgpu reports.
fn start_with<T, E: fmt::Display>(adapter: &Adapter, start: impl FnOnce() -> Result<T, E>) -> Result<T, DeviceError> {
    let failed = |reason: String| DeviceError::Start { name: adapter.info.name.clone(), reason };
    match std::panic::catch_unwind(AssertUnwindSafe(start)) {
        Ok(result) => result.map_err(|error| failed(error.to_string())),
        Err(_) => Err(failed("its driver broke down".into())),
    }
}

/// The adapters of the first interface that has a real GPU, else of the first that has any; OpenGL, whose compute
/// shaders are a makeshift, only where nothing else answers. Asked once: the Vulkan loader does not like instances that come
/// and go.
fn adapters() -> &'static [Adapter] {
    static ADAPTERS: OnceLock<Vec<Adapter>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let mut software_only = Vec::new();
        for (api, backend, name) in APIS {
            if api == wgpu::Backend::Gl && !software_only.is_empty() {
                break;
            }
            let found = std::panic::catch_unwind(|| probe(api, backend, name)).unwrap_or_default();
            if found.iter().any(|adapter| !adapter.info.software) {
                return found;
            }
            if software_only.is_empty() {
                software_only = found;
            }
        }
        software_only
    })
}

/// Whether processors do this adapter's work.
#[must_use]
pub fn is_software(adapter: &wgpu::Adapter) -> bool {
    adapter.get_info().device_type == wgpu::DeviceType::Cpu
}

/// What an interface offers, always in the same order.
fn enumerate(api: wgpu::Backend) -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: api.into(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    pollster::block_on(instance.enumerate_adapters(api.into()))
}

/// The adapters behind one interface, real ones first.
fn probe(api: wgpu::Backend, backend: WgpuBackend, api_name: &str) -> Vec<Adapter> {
    let mut counts = [0; 3];
    let mut next = |slot: usize| {
        counts[slot] += 1;
        counts[slot] - 1
    };
    let mut found: Vec<Adapter> = enumerate(api)
        .iter()
        .enumerate()
        .map(|(place, adapter)| {
            let info = adapter.get_info();
            let kind = match info.device_type {
                wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(next(0)),
                wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(next(1)),
                wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu(next(2)),
                // burn has no number for these; OpenGL reports its one adapter so.
                wgpu::DeviceType::Other => DeviceKind::DefaultDevice,
                wgpu::DeviceType::Cpu => DeviceKind::Cpu,
            };
            let software = is_software(adapter);
            let info = GpuInfo { index: 0, name: info.name, api: api_name.into(), software };
            Adapter { info, api, place, backend, kind }
        })
        .collect();
    found.sort_by_key(|adapter| adapter.info.software);
    for (index, adapter) in found.iter_mut().enumerate() {
        adapter.info.index = index;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_that_was_lost_is_opened_anew() {
        let Some(Adapter { info, api, place, backend, kind }) = adapters().first() else {
            eprintln!("no Vulkan, Metal or DirectX here: losing a GPU was not tried");
            return;
        };
        // Under a number of its own: other tests go on with theirs.
        let info = GpuInfo { index: usize::MAX, ..info.clone() };
        let adapter = Adapter { info, api: *api, place: *place, backend: *backend, kind: kind.clone() };
        let first = connect(&adapter).unwrap();
        assert!(Arc::ptr_eq(&first.is_lost, &connect(&adapter).unwrap().is_lost), "it stays open");
        first.device.destroy();
        let _ = first.device.poll(wgpu::PollType::Poll);
        assert!(first.is_lost());
        let second = connect(&adapter).unwrap();
        assert!(!second.is_lost());
        let polled = second.device.poll(wgpu::PollType::wait_indefinitely());
        assert!(polled.is_ok());
    }

    #[test]
    fn choices_are_read_as_they_are_written() {
        let choices = [
            DeviceChoice::Auto,
            DeviceChoice::Cpu,
            DeviceChoice::CpuF32,
            DeviceChoice::Gpu(None),
            DeviceChoice::Gpu(Some(3)),
        ];
        for choice in choices {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("cpu:f16".parse::<DeviceChoice>().is_err());
    }
}
