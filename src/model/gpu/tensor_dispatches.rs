//! Runs dispatches on tensors of burn.
//!
//! The dispatches work in fixed buffers. The input is copied there from burn's memory, and the output back into burn's
//! memory, so that no bind group depends on where burn keeps a tensor. All of it runs on burn's device and queue, in
//! burn's order: nothing waits for the GPU.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::StreamId;
use burn::cubecl::device_handle::DeviceHandle;
use burn::cubecl::server::{Server as _, ServerStorage as _};
use burn::cubecl::wgpu::{AutoCompiler, WgpuServer};
use burn::tensor::{DType, Shape};
use burn_wgpu::{CubeTensor, WgpuResource};
use wgpu::Buffer;

use super::kernel::{Dispatch, record_dispatches};
use super::{GpuNetworks, VECTOR_LEN, vector_count};

/// burn's worker thread of a GPU.
type GpuWorker = WgpuServer<AutoCompiler>;

/// Dispatches from an input to an output.
pub struct TensorDispatches {
    networks: Arc<GpuNetworks>,
    worker: Mutex<Option<DeviceHandle<GpuWorker>>>,
    max_batch: usize,
    input: RowBuffer,
    dispatches: Vec<Dispatch>,
    output: RowBuffer,
}

/// A buffer of one row per latent.
struct RowBuffer {
    buffer: Buffer,
    /// Bytes of a row in a tensor, and of a row in the buffer, which may be padded.
    tensor_bytes: u64,
    buffer_bytes: u64,
}

impl RowBuffer {
    /// `length` is the number of values in a row of the tensor. Rows of single values are not padded, longer ones to
    /// whole vectors.
    fn new((buffer, length): (&Buffer, usize)) -> Self {
        let padded = if length == 1 { 1 } else { vector_count(length) * VECTOR_LEN };
        let bytes = |values: usize| 4 * values as u64;
        Self { buffer: buffer.clone(), tensor_bytes: bytes(length), buffer_bytes: bytes(padded) }
    }

    /// Offsets in the tensor and in the buffer, and bytes, of the copies for `rows` rows.
    fn copies(&self, rows: u64) -> impl Iterator<Item = [u64; 3]> {
        let Self { tensor_bytes, buffer_bytes, .. } = *self;
        let (count, rows_each) = if tensor_bytes == buffer_bytes { (1, rows) } else { (rows, 1) };
        (0..count).map(move |row| [row * tensor_bytes, row * buffer_bytes, rows_each * tensor_bytes])
    }
}

impl TensorDispatches {
    /// Dispatches for at most `max_batch` rows. Input and output are a buffer and the values in a row of its tensor.
    #[must_use]
    pub fn new(
        networks: &Arc<GpuNetworks>,
        max_batch: usize,
        input: (&Buffer, usize),
        dispatches: Vec<Dispatch>,
        output: (&Buffer, usize),
    ) -> Self {
        let (input, output) = (RowBuffer::new(input), RowBuffer::new(output));
        Self { networks: networks.clone(), worker: Mutex::default(), max_batch, input, dispatches, output }
    }

    /// The output for a tensor with one row per latent, as a tensor of this shape.
    ///
    /// # Panics
    /// When the tensor has more than `max_batch` rows.
    pub fn run(self: &Arc<Self>, input: CubeTensor, shape: Shape) -> CubeTensor {
        let rows = shape[0];
        assert!(rows <= self.max_batch && input.is_contiguous() && input.dtype == DType::F32);
        let client = input.client.clone();
        let output = client.empty(shape.num_elements() * size_of::<f32>());
        let bindings = [input.handle.binding(), output.clone().binding()];
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = worker.get_or_insert_with(|| DeviceHandle::new(client.service_id().device));
        let (dispatches, stream) = (self.clone(), StreamId::current());
        worker.submit(move |worker: &mut GpuWorker| {
            // After an error, the tensor cannot be read, which reports it.
            let [Ok(input), Ok(output)] = bindings.map(|binding| worker.get_resource(binding, stream)) else { return };
            if worker.flush(stream).is_ok() {
                dispatches.submit(rows as u64, input.resource(), output.resource());
            }
        });
        CubeTensor::new_contiguous(client, input.device, shape, output, DType::F32)
    }

    fn submit(&self, rows: u64, input: &WgpuResource, output: &WgpuResource) {
        let gpu = self.networks.gpu();
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for [from, to, bytes] in self.input.copies(rows) {
            encoder.copy_buffer_to_buffer(&input.buffer, input.offset + from, &self.input.buffer, to, bytes);
        }
        record_dispatches(&mut encoder, &self.dispatches);
        for [to, from, bytes] in self.output.copies(rows) {
            encoder.copy_buffer_to_buffer(&self.output.buffer, from, &output.buffer, output.offset + to, bytes);
        }
        gpu.queue.submit([encoder.finish()]);
    }
}
