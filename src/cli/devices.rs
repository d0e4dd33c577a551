//! `countenance devices`: lists the compute devices of this machine.

use std::fmt::Write as _;

use super::{CommandStatus, write_stdout};
use crate::device::{GpuInfo, auto_gpu, list_gpus, list_opengl_gpus};
use crate::model::cpu::CpuPrecision;

pub(super) fn run() -> anyhow::Result<CommandStatus> {
    let table = device_table(CpuPrecision::fastest(), &list_gpus(), &list_opengl_gpus(), auto_gpu().as_ref());
    write_stdout(&table)?;
    Ok(CommandStatus::Success)
}

/// One line per device, then the device that `auto` picks. `opengl_gpus` cannot be chosen: the table says why.
fn device_table(precision: CpuPrecision, gpus: &[GpuInfo], opengl_gpus: &[GpuInfo], auto: Option<&GpuInfo>) -> String {
    let mut rows = vec![("cpu".to_string(), precision.device_name().to_string(), "")];
    if precision != CpuPrecision::Single {
        rows.push(("cpu:f32".into(), CpuPrecision::Single.device_name().into(), "single precision everywhere, slower"));
    }
    rows.extend(gpus.iter().map(|gpu| {
        let note = if gpu.is_software { "software renderer, not used by auto" } else { "" };
        (format!("gpu:{}", gpu.index), gpu.to_string(), note)
    }));
    rows.extend(opengl_gpus.iter().map(|gpu| ("-".into(), gpu.to_string(), "cannot compute: needs a Vulkan driver")));
    let id_width = rows.iter().map(|(id, ..)| id.chars().count()).max().unwrap_or(0);
    let name_width = rows.iter().map(|(_, name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (id, name, note) in &rows {
        let line = format!("{id:id_width$}  {name:name_width$}  {note}");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let picked = auto.map_or_else(|| "cpu".to_string(), |gpu| format!("gpu:{}", gpu.index));
    let _ = writeln!(text, "\nauto picks {picked}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(index: usize, name: &str, software: bool) -> GpuInfo {
        GpuInfo { index, name: name.into(), api: "Vulkan".into(), is_software: software }
    }

    #[test]
    fn columns_are_aligned_and_software_is_marked() {
        let gpus = [gpu(0, "NVIDIA H100 PCIe", false), gpu(1, "llvmpipe (LLVM 15.0.6)", true)];
        insta::assert_snapshot!(device_table(CpuPrecision::Bf16, &gpus, &[], gpus.first()), @r"
        cpu      CPU (bf16)
        cpu:f32  CPU                              single precision everywhere, slower
        gpu:0    NVIDIA H100 PCIe (Vulkan)
        gpu:1    llvmpipe (LLVM 15.0.6) (Vulkan)  software renderer, not used by auto

        auto picks gpu:0
        ");
    }

    #[test]
    fn without_a_gpu_auto_picks_the_cpu() {
        insta::assert_snapshot!(device_table(CpuPrecision::Single, &[], &[], None), @r"
        cpu  CPU

        auto picks cpu
        ");
    }

    #[test]
    fn opengl_is_listed_with_the_reason() {
        let opengl = GpuInfo { api: "OpenGL".into(), ..gpu(0, "llvmpipe", true) };
        insta::assert_snapshot!(device_table(CpuPrecision::Single, &[], &[opengl], None), @r"
        cpu  CPU
        -    llvmpipe (OpenGL)  cannot compute: needs a Vulkan driver

        auto picks cpu
        ");
    }
}
