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
use super::{VECTOR_LEN, vector_count};
use crate::device::Gpu;
use crate::model::architecture::KERNEL_SIZE;
use crate::model::{ModelError, ModelFile};

/// The geometry of a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerGeometry {
    /// A dense layer between one pixel and 4×4 pixels.
    Dense,
    /// Doubles or halves the side: stride 2, padding 1.
    Stride2,
}

/// How a network uses a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerUse {
    /// G: transposed convolution forward, convolution backward.
    Generator,
    /// D: convolution forward, transposed convolution backward.
    Discriminator,
    /// E: convolution forward only.
    Encoder,
}

pub(super) struct GpuLayer {
    pub geometry: LayerGeometry,
    pub precision: ShaderPrecision,
    /// Channels of the smaller and of the larger picture, in vectors.
    pub small_vectors: usize,
    pub large_vectors: usize,
    /// Weights of the transposed convolution (smaller picture to larger; `None` if unused) and of the convolution
    /// (larger to smaller).
    pub conv_transpose_weights: Option<Buffer>,
    pub conv_weights: Buffer,
    /// Added in the forward pass.
    pub bias: Buffer,
}

const TAPS: usize = KERNEL_SIZE * KERNEL_SIZE;

impl GpuLayer {
    /// Loads the weights `[small, large, 4, 4]` of a layer.
    pub fn load(
        gpu: &Gpu,
        file: &ModelFile,
        name: &str,
        side: LayerGeometry,
        ways: LayerUse,
    ) -> Result<Self, ModelError> {
        let weight = file.tensor(&format!("{name}.weight"))?;
        let (small, large) = (weight.shape[0], weight.shape[1]);
        let (wide_small, wide_large) = (vector_count(small) * VECTOR_LEN, vector_count(large) * VECTOR_LEN);
        let is_half = to_f16(&weight.values).to_f32_vec() == weight.values;
        let precision = if is_half { ShaderPrecision::Half } else { ShaderPrecision::Single };
        let value = |from: usize, to: usize, tap: usize| {
            if from < small && to < large { weight.values[(from * large + to) * TAPS + tap] } else { 0.0 }
        };
        let constants_of = |rows: usize, columns: usize, value: &dyn Fn(usize, usize) -> f32| {
            let values = (0..rows).flat_map(|row| (0..columns).map(move |column| value(row, column)));
            let values: Vec<f32> = values.collect();
            match precision {
                ShaderPrecision::Half => constant_buffer(gpu, name, to_f16(&values).reinterpret_cast()),
                ShaderPrecision::Single => constant_buffer(gpu, name, &values),
            }
        };
        let spread = || match side {
            LayerGeometry::Dense => constants_of(wide_small, TAPS * wide_large, &|row, column| {
                value(row, column % wide_large, column / wide_large)
            }),
            LayerGeometry::Stride2 => constants_of(4 * 4 * wide_small, wide_large, &|row, column| {
                let (parity, line) = (row / (4 * wide_small), row % (4 * wide_small));
                let (neighbour, channel) = (line / wide_small, line % wide_small);
                // Along each axis, a pixel of the larger picture meets every other kernel tap.
                let tap = |parity: usize, neighbour: usize| 1 - parity + 2 * neighbour;
                let (y, x) = (tap(parity / 2, neighbour / 2), tap(parity % 2, neighbour % 2));
                value(channel, column, y * KERNEL_SIZE + x)
            }),
        };
        let gather = constants_of(TAPS * wide_large, wide_small, &|row, column| {
            value(column, row % wide_large, row / wide_large)
        });
        let bias = &file.tensor(&format!("{name}.bias"))?.values;
        let (width, times) = match (ways, side) {
            (LayerUse::Generator, LayerGeometry::Dense) => (wide_large, TAPS),
            (LayerUse::Generator, LayerGeometry::Stride2) => (wide_large, 1),
            (LayerUse::Discriminator | LayerUse::Encoder, _) => (wide_small, 1),
        };
        let mut wide = bias.clone();
        wide.resize(width, 0.0);
        Ok(Self {
            geometry: side,
            precision,
            small_vectors: vector_count(small),
            large_vectors: vector_count(large),
            conv_transpose_weights: (ways != LayerUse::Encoder).then(spread),
            conv_weights: gather,
            bias: constant_buffer(gpu, name, &wide.repeat(times)),
        })
    }
}

fn to_f16(values: &[f32]) -> Vec<f16> {
    Vec::from_f32_slice(values)
}
