//! Compute pipelines, dispatches, buffers and readback.

use std::sync::mpsc;
use std::time::Duration;

use wgpu::util::{BufferInitDescriptor, DeviceExt as _};
use wgpu::{Buffer, BufferUsages};

use crate::device::Gpu;

/// Longest wait for the mapping callback after the GPU has finished.
const MAP_CALLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// A compiled compute shader.
#[derive(Clone)]
pub struct Kernel(wgpu::ComputePipeline);

/// A kernel with its bound buffers and workgroup counts.
#[derive(Clone)]
pub struct Dispatch {
    kernel: Kernel,
    bindings: wgpu::BindGroup,
    workgroups: [u32; 3],
}

impl Kernel {
    /// Compiles a function of a shader. The shader must not index out of bounds, whatever values its uniforms hold.
    ///
    /// # Panics
    /// When the shader is not valid.
    #[must_use]
    pub(super) fn new(gpu: &Gpu, source: &str, function: &str) -> Self {
        let descriptor =
            wgpu::ShaderModuleDescriptor { label: Some(function), source: wgpu::ShaderSource::Wgsl(source.into()) };
        // Tests run with checks: a wrong index reads another value of the same buffer, so results differ.
        let runtime_checks =
            if cfg!(test) { wgpu::ShaderRuntimeChecks::checked() } else { wgpu::ShaderRuntimeChecks::unchecked() };
        // SAFETY: our own shaders compare every index that depends on a uniform with the buffer sizes they are given.
        #[expect(unsafe_code, reason = "index checks slow the GEMM down")]
        let module = unsafe { gpu.device.create_shader_module_trusted(descriptor, runtime_checks) };
        Self(gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(function),
            layout: None,
            module: &module,
            entry_point: Some(function),
            // Our shaders write shared memory before they read it.
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        }))
    }

    /// A dispatch of this many workgroups with these buffers, given by binding number.
    ///
    /// # Panics
    /// When the buffers do not match the shader's bindings, or there are too many workgroups.
    #[must_use]
    pub fn dispatch(&self, gpu: &Gpu, buffers: &[(u32, &Buffer)], workgroups: [usize; 3]) -> Dispatch {
        let entries: Vec<_> = buffers
            .iter()
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding: *binding, resource: buffer.as_entire_binding() })
            .collect();
        let bindings = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.0.get_bind_group_layout(0),
            entries: &entries,
        });
        let to_u32 = |count| u32::try_from(count).expect("the number of workgroups must fit in 32 bits");
        Dispatch { kernel: self.clone(), bindings, workgroups: workgroups.map(to_u32) }
    }
}

/// A storage buffer for `length` 32-bit values that shaders read and write.
#[must_use]
pub fn storage_buffer(gpu: &Gpu, label: &str, length: usize) -> Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: 4 * length.max(4) as u64,
        usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// A storage buffer with constant values.
#[must_use]
pub fn constant_buffer<T: bytemuck::NoUninit>(gpu: &Gpu, label: &str, values: &[T]) -> Buffer {
    gpu.device.create_buffer_init(&BufferInitDescriptor {
        label: Some(label),
        contents: bytemuck::cast_slice(values),
        usage: BufferUsages::STORAGE | BufferUsages::COPY_DST,
    })
}

/// A uniform buffer.
#[must_use]
pub fn uniform_buffer<T: bytemuck::NoUninit>(gpu: &Gpu, values: &[T]) -> Buffer {
    gpu.device.create_buffer_init(&BufferInitDescriptor {
        label: None,
        contents: bytemuck::cast_slice(values),
        usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
    })
}

/// Runs the dispatches in order, then reads the first `length` 32-bit values of a buffer.
///
/// # Panics
/// When the GPU is lost.
pub(super) fn run_and_read(gpu: &Gpu, dispatches: &[Dispatch], buffer: &Buffer, length: usize) -> Vec<f32> {
    let size = 4 * length as u64;
    let staging = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("readback"),
        size,
        usage: BufferUsages::COPY_DST | BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    record_dispatches(&mut encoder, dispatches);
    encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, size);
    let index = gpu.queue.submit([encoder.finish()]);
    let (sender, mapped) = mpsc::channel();
    staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        // After a panic the receiver is gone.
        let _ = sender.send(result);
    });
    let polled = gpu.device.poll(wgpu::PollType::Wait { submission_index: Some(index), timeout: None });
    // Another thread that polls the same GPU may be the one that runs the callback.
    let mapped = mapped.recv_timeout(MAP_CALLBACK_TIMEOUT);
    let view = match (polled, mapped) {
        (Ok(_), Ok(Ok(()))) => staging.slice(..).get_mapped_range().ok(),
        _ => None,
    };
    view.map(|view| bytemuck::pod_collect_to_vec(&view)).expect("the GPU was lost")
}

/// Records dispatches in order as one compute pass. Each sees the results of those before it.
pub(super) fn record_dispatches(encoder: &mut wgpu::CommandEncoder, dispatches: &[Dispatch]) {
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    for Dispatch { kernel, bindings, workgroups: [x, y, z] } in dispatches {
        pass.set_pipeline(&kernel.0);
        pass.set_bind_group(0, bindings, &[]);
        pass.dispatch_workgroups(*x, *y, *z);
    }
}
