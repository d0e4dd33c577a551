//! Programs on a GPU, and what is asked of them.

use std::sync::mpsc;
use std::time::Duration;

use wgpu::util::{BufferInitDescriptor, DeviceExt as _};
use wgpu::{Buffer, BufferUsages};

use crate::device::Gpu;

/// A GPU that has done its work says so within this time.
const CALL_BACK_WITHIN: Duration = Duration::from_secs(5);

/// A compiled shader.
#[derive(Clone)]
pub struct Kernel(wgpu::ComputePipeline);

/// A shader with what it reads and writes.
#[derive(Clone)]
pub struct Dispatch {
    kernel: Kernel,
    bindings: wgpu::BindGroup,
    groups: [u32; 3],
}

impl Kernel {
    /// Compiles a function of a shader. It must not index anything out of its bounds, whatever the numbers in its uniforms.
    ///
    /// # Panics
    /// When it is not valid.
    #[must_use]
    pub(super) fn new(gpu: &Gpu, source: &str, function: &str) -> Self {
        let descriptor =
            wgpu::ShaderModuleDescriptor { label: Some(function), source: wgpu::ShaderSource::Wgsl(source.into()) };
        // In tests a wrong index reads another value of the same buffer, which they notice.
        let checks =
            if cfg!(test) { wgpu::ShaderRuntimeChecks::checked() } else { wgpu::ShaderRuntimeChecks::unchecked() };
        // SAFETY: our own shaders compare every index that depends on what is asked of them with the sizes they are given.
        #[expect(unsafe_code, reason = "checks of indices take a third of a product's instructions")]
        let module = unsafe { gpu.device.create_shader_module_trusted(descriptor, checks) };
        Self(gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(function),
            layout: None,
            module: &module,
            entry_point: Some(function),
            // What is shared within a workgroup is written before it is read.
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        }))
    }

    /// So many groups of threads, with these buffers by their numbers in the shader.
    ///
    /// # Panics
    /// When the buffers are not those that the shader names, or there are more groups than a dispatch may have.
    #[must_use]
    pub fn dispatch(&self, gpu: &Gpu, buffers: &[(u32, &Buffer)], groups: [usize; 3]) -> Dispatch {
        let entries: Vec<_> = buffers
            .iter()
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding: *binding, resource: buffer.as_entire_binding() })
            .collect();
        let bindings = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.0.get_bind_group_layout(0),
            entries: &entries,
        });
        let groups = groups.map(|count| u32::try_from(count).expect("so many groups fit no memory"));
        Dispatch { kernel: self.clone(), bindings, groups }
    }
}

/// Room for so many values of 32 bits that shaders read and write.
#[must_use]
pub fn room(gpu: &Gpu, label: &str, length: usize) -> Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: 4 * length.max(4) as u64,
        usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// Values that shaders read.
#[must_use]
pub fn constants<T: bytemuck::NoUninit>(gpu: &Gpu, label: &str, values: &[T]) -> Buffer {
    gpu.device.create_buffer_init(&BufferInitDescriptor {
        label: Some(label),
        contents: bytemuck::cast_slice(values),
        usage: BufferUsages::STORAGE | BufferUsages::COPY_DST,
    })
}

/// The numbers that a shader works by.
#[must_use]
pub fn uniform<T: bytemuck::NoUninit>(gpu: &Gpu, values: &[T]) -> Buffer {
    gpu.device.create_buffer_init(&BufferInitDescriptor {
        label: None,
        contents: bytemuck::cast_slice(values),
        usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
    })
}

/// Brings what shaders have written back to the host.
pub struct Reader {
    landing: Buffer,
}

/// Dispatches that were recorded, with what is to be read after them.
pub struct Recorded {
    commands: wgpu::CommandBuffer,
    bytes: u64,
}

/// Dispatches under way.
pub struct Submitted {
    index: wgpu::SubmissionIndex,
    bytes: u64,
    landed: mpsc::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

impl Reader {
    /// For at most so many values of 32 bits at once.
    #[must_use]
    pub fn new(gpu: &Gpu, length: usize) -> Self {
        let landing = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("read back"),
            size: 4 * length as u64,
            usage: BufferUsages::COPY_DST | BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        Self { landing }
    }

    /// Records dispatches in their order, each of which sees what those before it have written, and the reading of the first values
    /// of these buffers, one after the other.
    #[must_use]
    pub fn record<'a>(
        &self,
        gpu: &Gpu,
        dispatches: impl IntoIterator<Item = &'a Dispatch>,
        buffers: &[(&Buffer, usize)],
    ) -> Recorded {
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for Dispatch { kernel, bindings, groups: [x, y, z] } in dispatches {
            pass.set_pipeline(&kernel.0);
            pass.set_bind_group(0, bindings, &[]);
            pass.dispatch_workgroups(*x, *y, *z);
        }
        drop(pass);
        let mut bytes = 0;
        for (buffer, length) in buffers {
            let own = 4 * *length as u64;
            encoder.copy_buffer_to_buffer(buffer, 0, &self.landing, bytes, own);
            bytes += own;
        }
        Recorded { commands: encoder.finish(), bytes }
    }

    /// Has the GPU begin. What was submitted before with this reader must have been waited for.
    #[must_use]
    pub fn submit(&self, gpu: &Gpu, Recorded { commands, bytes }: Recorded) -> Submitted {
        let index = gpu.queue.submit([commands]);
        let (sender, landed) = mpsc::channel();
        self.landing.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| {
            // Nobody waits any more after a panic.
            let _ = sender.send(result);
        });
        Submitted { index, bytes, landed }
    }

    /// Waits until it is done, and reads.
    ///
    /// # Panics
    /// When the GPU is lost.
    #[must_use]
    pub fn wait(&self, gpu: &Gpu, Submitted { index, bytes, landed }: Submitted) -> Vec<f32> {
        let polled = gpu.device.poll(wgpu::PollType::Wait { submission_index: Some(index), timeout: None });
        // Another thread that waits for the same GPU may be about to call back.
        let landed = landed.recv_timeout(CALL_BACK_WITHIN);
        let view = match (polled, landed) {
            (Ok(_), Ok(Ok(()))) => self.landing.slice(..bytes).get_mapped_range().ok(),
            _ => None,
        };
        let values = view.as_ref().map(|view| bytemuck::pod_collect_to_vec(view));
        drop(view);
        self.landing.unmap();
        values.expect("the GPU was lost")
    }
}
