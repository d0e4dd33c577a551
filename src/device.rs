//! The one place that picks a compute device.

use std::fmt;
use std::str::FromStr;

/// What the user asked for. Written `auto`, `cpu`, `gpu` or `gpu:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceChoice {
    /// The first real GPU, else the CPU.
    #[default]
    Auto,
    Cpu,
    /// The first real GPU, or the one with this number in [`list_gpus`].
    Gpu(Option<usize>),
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
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
            "gpu" => Ok(Self::Gpu(None)),
            _ => text
                .strip_prefix("gpu:")
                .and_then(|index| index.parse().ok())
                .map(|index| Self::Gpu(Some(index)))
                .ok_or_else(|| {
                    format!("'{text}' is not a device: use auto, cpu, gpu or gpu:N (see `countenance devices`)")
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
    /// Computes on the CPU (lavapipe, SwiftShader, WARP): counted as no GPU by `auto`.
    pub software: bool,
}

/// Every GPU that this machine offers. Takes some tenths of a second: not for the UI thread.
#[must_use]
pub fn list_gpus() -> Vec<GpuInfo> {
    unimplemented!()
}
