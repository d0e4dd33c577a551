//! Lists and opens compute devices. No other module opens one.
//!
//! OpenGL is not used for computing: its context belongs to one thread at a time, and the networks are used from
//! several. A machine with OpenGL alone computes on the CPU; the window may still be drawn with OpenGL.

#[cfg(test)]
pub(crate) mod test_gpu;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuSetup;
use serde::{Deserialize, Serialize};

use crate::catch_panic::catch_panic;

/// The requested device, written `auto`, `cpu`, `cpu:f32`, `gpu` or `gpu:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// The first hardware GPU, else the CPU.
    #[default]
    Auto,
    Cpu,
    /// The CPU in single precision, even where bfloat16 is faster.
    CpuF32,
    /// The first hardware GPU, or the GPU with this index in [`list_gpus`].
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

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let index = || text.strip_prefix("gpu:")?.parse().ok();
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cpu:f32" => Ok(Self::CpuF32),
            "gpu" => Ok(Self::Gpu(None)),
            _ => index().map(|index| Self::Gpu(Some(index))).ok_or_else(|| {
                format!("'{text}' is not a device: use auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)")
            }),
        }
    }
}

/// A hardware or software GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuInfo {
    /// The N of `gpu:N`.
    pub index: usize,
    pub name: String,
    /// Graphics API: Vulkan, Metal or DirectX 12; OpenGL in [`list_opengl_gpus`] alone.
    pub api: String,
    /// Whether it computes on the CPU (lavapipe, `SwiftShader`, WARP). `auto` ignores these.
    pub is_software: bool,
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
    #[error(
        "{names} offers OpenGL alone, and computing needs Vulkan, Metal or DirectX 12: install a Vulkan driver \
         (package mesa-vulkan-drivers on Debian and Ubuntu), or use --device cpu"
    )]
    OnlyOpenGl { names: String },
    #[error("only software GPUs found ({names}), slower than the CPU: use --device cpu, or gpu:N to use one anyway")]
    OnlySoftware { names: String },
    #[error("there is no gpu:{index}: this machine has {count} (see `countenance devices`)")]
    NoSuchGpu { index: usize, count: usize },
    #[error("the GPU {name} could not be started ({reason}): update its driver, or use --device cpu")]
    Start { name: String, reason: String },
}

/// An open device.
#[derive(Clone, Debug)]
pub struct OpenDevice {
    /// `None` for the CPU.
    pub gpu: Option<Gpu>,
    /// As in "CPU" or "NVIDIA RTX 4070 (Vulkan)".
    pub name: String,
    /// For the user: why this device is used, or a drawback of it.
    pub notice: Option<String>,
}

impl OpenDevice {
    /// The device for burn's tensors, without autodiff.
    #[must_use]
    pub fn for_burn(&self) -> Device {
        self.gpu.as_ref().map_or_else(Device::flex, |gpu| gpu.burn.clone())
    }
}

/// An open GPU, for our own shaders and for burn's tensors.
#[derive(Clone, Debug)]
pub struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// The same GPU for burn's tensors, without autodiff.
    pub burn: Device,
    is_lost: Arc<AtomicBool>,
}

impl Gpu {
    /// Whether the driver has reported the GPU as lost. A lost GPU must be opened again. Waits until the GPU is idle.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        // The driver's report reaches burn when the device is polled.
        let is_working = || self.device.poll(wgpu::PollType::Poll).is_ok() && self.burn.sync().is_ok();
        if !self.is_lost.load(Ordering::Relaxed) && catch_panic(is_working) != Ok(true) {
            self.give_up();
        }
        self.is_lost.load(Ordering::Relaxed)
    }

    /// Counts the GPU as lost from now on, because work on it has failed: the driver may never report it.
    pub(crate) fn give_up(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }
}

/// A listed GPU, and how wgpu identifies it.
struct GpuAdapter {
    info: GpuInfo,
    wgpu_backend: wgpu::Backend,
    /// Index in wgpu's list of this API.
    index_in_api: usize,
}

/// Graphics APIs in order of preference, with the name shown to the user.
const GRAPHICS_APIS: [(wgpu::Backend, &str); 3] =
    [(wgpu::Backend::Vulkan, "Vulkan"), (wgpu::Backend::Metal, "Metal"), (wgpu::Backend::Dx12, "DirectX 12")];

/// Lists the GPUs of this machine, hardware GPUs first. The first call is slow because it loads drivers: do not call it
/// on the UI thread.
#[must_use]
pub fn list_gpus() -> Vec<GpuInfo> {
    adapters().iter().map(|adapter| adapter.info.clone()).collect()
}

/// The GPUs that offer OpenGL alone, so that the program cannot compute on them. Empty where [`list_gpus`] has any: then
/// OpenGL's list would repeat it.
#[must_use]
pub fn list_opengl_gpus() -> Vec<GpuInfo> {
    if !adapters().is_empty() {
        return Vec::new();
    }
    let list = || list_api_gpus(wgpu::Backend::Gl, "OpenGL");
    let adapters = catch_panic(list).unwrap_or_default();
    adapters.into_iter().map(|adapter| adapter.info).collect()
}

/// The GPU that `auto` chooses; `None` for the CPU.
#[must_use]
pub fn auto_gpu() -> Option<GpuInfo> {
    adapters().iter().map(|adapter| &adapter.info).find(|info| !info.is_software).cloned()
}

/// Opens the requested device. A GPU stays open until the program ends, so a second call is cheap. A lost GPU is opened
/// again.
///
/// # Errors
/// When the requested GPU cannot be opened. `auto` falls back to the CPU instead and gives the reason in the notice.
pub fn open(choice: DeviceChoice) -> Result<OpenDevice, DeviceError> {
    let on_cpu = |notice| Ok(OpenDevice { gpu: None, name: "CPU".into(), notice });
    // Return early, because listing GPUs loads their drivers.
    if matches!(choice, DeviceChoice::Cpu | DeviceChoice::CpuF32) {
        return on_cpu(None);
    }
    let opened = |adapter: &GpuAdapter| {
        let GpuInfo { name, is_software, .. } = &adapter.info;
        let notice = is_software.then(|| format!("{name} is a software GPU, which is slower than the CPU"));
        Ok(OpenDevice { gpu: Some(open_gpu(adapter)?), name: adapter.info.to_string(), notice })
    };
    let adapters = adapters();
    if adapters.is_empty() && choice != DeviceChoice::Auto {
        return Err(no_gpu_error(&list_opengl_gpus()));
    }
    match (choice, adapters.iter().find(|adapter| !adapter.info.is_software)) {
        (DeviceChoice::Gpu(Some(index)), _) => match adapters.get(index) {
            Some(adapter) => opened(adapter),
            None => Err(DeviceError::NoSuchGpu { index, count: adapters.len() }),
        },
        (DeviceChoice::Auto, Some(adapter)) => {
            opened(adapter).or_else(|error: DeviceError| on_cpu(Some(format!("{error}; using the CPU"))))
        }
        (DeviceChoice::Auto, None) => on_cpu(Some("No GPU found: using the CPU".into())),
        (_, Some(adapter)) => opened(adapter),
        (_, None) => {
            let names: Vec<_> =
                adapters.iter().map(|GpuAdapter { info, .. }| format!("gpu:{} {}", info.index, info.name)).collect();
            Err(DeviceError::OnlySoftware { names: names.join(", ") })
        }
    }
}

/// Why no GPU is listed. `opengl_gpus`: see [`list_opengl_gpus`].
fn no_gpu_error(opengl_gpus: &[GpuInfo]) -> DeviceError {
    if opengl_gpus.is_empty() {
        return DeviceError::NoGpu;
    }
    let names: Vec<_> = opengl_gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    DeviceError::OnlyOpenGl { names: names.join(", ") }
}

/// Opens a GPU, or returns it if it is open.
fn open_gpu(adapter: &GpuAdapter) -> Result<Gpu, DeviceError> {
    static OPEN: Mutex<BTreeMap<usize, Gpu>> = Mutex::new(BTreeMap::new());
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(gpu) = open.get(&adapter.info.index).filter(|gpu| !gpu.is_lost()) {
        return Ok(gpu.clone());
    }
    // Each open driver takes memory, so only requested GPUs are opened.
    let find =
        || list_adapters(adapter.wgpu_backend).into_iter().nth(adapter.index_in_api).ok_or("no longer available");
    let wgpu_adapter = catch_failure(adapter, find)?;
    let gpu = catch_failure(adapter, || share_with_burn(wgpu_adapter, adapter.wgpu_backend))?;
    open.insert(adapter.info.index, gpu.clone());
    Ok(gpu)
}

/// Opens an adapter for burn and for our own shaders: both work on one device and queue.
fn share_with_burn(adapter: wgpu::Adapter, backend: wgpu::Backend) -> Result<Gpu, String> {
    // burn takes the features and most limits from the adapter, not from the device.
    let unused = wgpu::Features::all_experimental_mask() | wgpu::Features::MAPPABLE_PRIMARY_BUFFERS;
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("search"),
        required_features: adapter.features() - unused,
        required_limits: adapter.limits(),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| error.to_string())?;
    let instance = new_instance(backend);
    let setup = WgpuSetup { instance, adapter, device: device.clone(), queue: queue.clone(), backend };
    let burn = Device::wgpu_options().setup(setup).init().map_err(|error| error.to_string())?;
    Ok(Gpu { device, queue, burn, is_lost: Arc::default() })
}

/// Turns errors and driver panics into a [`DeviceError`].
fn catch_failure<T, E: ToString>(adapter: &GpuAdapter, open: impl FnOnce() -> Result<T, E>) -> Result<T, DeviceError> {
    let failed = |reason: String| DeviceError::Start { name: adapter.info.name.clone(), reason };
    match catch_panic(open) {
        Ok(result) => result.map_err(|error| failed(error.to_string())),
        Err(_) => Err(failed("its driver crashed".into())),
    }
}

/// The GPUs of the first API that has a hardware GPU, else of the first API that has any GPU. Listed once: the Vulkan
/// loader handles repeated instance creation badly.
fn adapters() -> &'static [GpuAdapter] {
    static ADAPTERS: OnceLock<Vec<GpuAdapter>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let mut software_only = Vec::new();
        for (backend, name) in GRAPHICS_APIS {
            let adapters = catch_panic(|| list_api_gpus(backend, name)).unwrap_or_default();
            if adapters.iter().any(|adapter| !adapter.info.is_software) {
                return adapters;
            }
            if software_only.is_empty() {
                software_only = adapters;
            }
        }
        software_only
    })
}

/// Whether this adapter computes on the CPU.
#[must_use]
pub fn is_software_adapter(adapter: &wgpu::Adapter) -> bool {
    adapter.get_info().device_type == wgpu::DeviceType::Cpu
}

fn new_instance(backend: wgpu::Backend) -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: backend.into(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

/// Lists the adapters of one API, always in the same order.
fn list_adapters(backend: wgpu::Backend) -> Vec<wgpu::Adapter> {
    pollster::block_on(new_instance(backend).enumerate_adapters(backend.into()))
}

/// The GPUs of one API, hardware GPUs first.
fn list_api_gpus(wgpu_backend: wgpu::Backend, api: &str) -> Vec<GpuAdapter> {
    let adapters = list_adapters(wgpu_backend);
    let listed = adapters.iter().enumerate().map(|(index_in_api, adapter)| {
        let (name, is_software) = (adapter.get_info().name, is_software_adapter(adapter));
        let info = GpuInfo { index: 0, name, api: api.into(), is_software };
        GpuAdapter { info, wgpu_backend, index_in_api }
    });
    let mut adapters: Vec<GpuAdapter> = listed.collect();
    adapters.sort_by_key(|adapter| adapter.info.is_software);
    for (index, adapter) in adapters.iter_mut().enumerate() {
        adapter.info.index = index;
    }
    adapters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opengl_alone_is_refused_with_advice() {
        assert!(matches!(no_gpu_error(&[]), DeviceError::NoGpu));
        let gpu = GpuInfo { index: 0, name: "llvmpipe".into(), api: "OpenGL".into(), is_software: true };
        insta::assert_snapshot!(
            no_gpu_error(&[gpu]),
            @"llvmpipe offers OpenGL alone, and computing needs Vulkan, Metal or DirectX 12: install a Vulkan driver (package mesa-vulkan-drivers on Debian and Ubuntu), or use --device cpu"
        );
        assert!(list_gpus().iter().all(|gpu| gpu.api != "OpenGL"));
    }

    #[test]
    fn a_lost_gpu_is_opened_again() {
        let Some(adapter) = adapters().first() else { return test_gpu::report_skipped_test() };
        let GpuAdapter { info, wgpu_backend, index_in_api } = adapter;
        // An index of its own, because other tests use the GPU at the same time.
        let info = GpuInfo { index: usize::MAX, ..info.clone() };
        let adapter = GpuAdapter { info, wgpu_backend: *wgpu_backend, index_in_api: *index_in_api };
        let first = open_gpu(&adapter).unwrap();
        assert!(Arc::ptr_eq(&first.is_lost, &open_gpu(&adapter).unwrap().is_lost), "the GPU stays open");
        first.device.destroy();
        let _ = first.device.poll(wgpu::PollType::Poll);
        assert!(first.is_lost());
        let second = open_gpu(&adapter).unwrap();
        assert!(!second.is_lost());
        let polled = second.device.poll(wgpu::PollType::wait_indefinitely());
        assert!(polled.is_ok());
    }

    #[test]
    fn device_choices_parse_what_they_print() {
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
