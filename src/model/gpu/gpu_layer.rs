//! A layer's weights on the GPU, laid out for the GEMM shaders.
//!
//! Weights that f16 represents exactly are stored in f16, which halves the memory traffic of a step. Sums are in f32.
//! Channels are padded with zeros to whole vectors of four.

use half::f16;
use half::slice::HalfFloatSliceExt as _;
use half::vec::HalfFloatVecExt as _;
use wgpu::Buffer;

use super::gemm_shader::ShaderPrecision;
use super::kernel::constant_buffer;
use super::{VECTOR_LEN, pad_rows, vector_count};
use crate::device::Gpu;
use crate::model::plan::DENSE_TAPS;
use crate::model::{LayerKind, LayerPlan, ModelError, ModelFile, NetworkRole};

/// G applies a transposed convolution forward and a convolution backward, D the reverse, E a convolution forward only.
pub(super) struct GpuLayer {
    pub plan: LayerPlan,
    pub precision: ShaderPrecision,
    /// Channels of the smaller and of the larger picture, in vectors.
    pub small_vectors: usize,
    pub large_vectors: usize,
    /// Weights of the transposed convolution (`None` if unused) and of the convolution.
    pub conv_transpose_weights: Option<Buffer>,
    pub conv_weights: Buffer,
    /// Added in the forward pass.
    pub bias: Buffer,
}

impl GpuLayer {
    /// Loads the weights `[small, large, size, size]` of a layer.
    pub fn load(gpu: &Gpu, file: &ModelFile, plan: &LayerPlan) -> Result<Self, ModelError> {
        let name = plan.weight_name();
        let weight = file.tensor(&name)?;
        let (small, large, kernel) = (weight.shape[0], weight.shape[1], plan.kernel);
        let taps = kernel.taps();
        let (small_vectors, large_vectors) = (vector_count(small), vector_count(large));
        let (padded_small, padded_large) = (small_vectors * VECTOR_LEN, large_vectors * VECTOR_LEN);
        let is_half = to_f16(&weight.values).to_f32_vec() == weight.values;
        let precision = if is_half { ShaderPrecision::Half } else { ShaderPrecision::Single };
        let value = |row: usize, column: usize, tap: usize| {
            if row < small && column < large { weight.values[(row * large + column) * taps + tap] } else { 0.0 }
        };
        let upload = |rows: usize, columns: usize, value: &dyn Fn(usize, usize) -> f32| {
            let indices = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
            let values: Vec<f32> = indices.map(|(row, column)| value(row, column)).collect();
            match precision {
                ShaderPrecision::Half => constant_buffer(gpu, &name, to_f16(&values).reinterpret_cast()),
                ShaderPrecision::Single => constant_buffer(gpu, &name, &values),
            }
        };
        let conv_transpose_weights = || match plan.kind {
            LayerKind::Project | LayerKind::Collapse => upload(padded_small, taps * padded_large, &|row, column| {
                value(row, column % padded_large, column / padded_large)
            }),
            LayerKind::Upsample | LayerKind::Downsample => {
                let (across, lines) = (kernel.neighbours(), kernel.neighbours().pow(2) * padded_small);
                upload(4 * lines, padded_large, &|row, column| {
                    let (parity, line) = (row / lines, row % lines);
                    let (neighbour, channel) = (line / padded_small, line % padded_small);
                    // Along each axis, a pixel of the larger picture meets every other kernel tap.
                    let tap = |parity: usize, neighbour: usize| (parity + kernel.padding()) % 2 + 2 * neighbour;
                    let (y, x) = (tap(parity / 2, neighbour / across), tap(parity % 2, neighbour % across));
                    // A kernel with an odd side has one tap less for one of the parities.
                    if y.max(x) < kernel.size() { value(channel, column, y * kernel.size() + x) } else { 0.0 }
                })
            }
        };
        let conv_weights = upload(taps * padded_large, padded_small, &|row, column| {
            value(column, row % padded_large, row / padded_large)
        });
        let bias = file.channels_last_bias(plan)?;
        // A projection is one row of 4×4 pixels for the shader.
        let copies = if plan.kind == LayerKind::Project && !plan.has_pixel_bias { DENSE_TAPS } else { 1 };
        Ok(Self {
            plan: plan.clone(),
            precision,
            small_vectors,
            large_vectors,
            conv_transpose_weights: (plan.role != NetworkRole::Encoder).then(conv_transpose_weights),
            conv_weights,
            bias: constant_buffer(gpu, &plan.bias_name(), &pad_rows(&bias, plan.outputs).repeat(copies)),
        })
    }

    /// Values per candidate in the layer's output.
    pub fn output_len(&self) -> usize {
        self.plan.output_side.pow(2) * vector_count(self.plan.outputs) * VECTOR_LEN
    }
}

fn to_f16(values: &[f32]) -> Vec<f16> {
    Vec::from_f32_slice(values)
}
