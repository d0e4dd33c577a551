//! A layer's weights on the GPU, laid out for the GEMM shaders.
//!
//! Weights that f16 represents exactly are stored in f16, which halves the memory traffic of a step. Sums are in f32.
//! Channels are padded with zeros to whole vectors of four.

use half::f16;
use half::slice::HalfFloatSliceExt as _;
use half::vec::HalfFloatVecExt as _;
use wgpu::Buffer;

use super::kernel::constants;
use super::shader::Precision;
use super::{VECTOR, vectors};
use crate::device::Gpu;
use crate::model::architecture::KERNEL;
use crate::model::{ModelError, ModelFile};

/// The geometry of a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A dense layer between one pixel and 4×4 pixels.
    Whole,
    /// Doubles or halves the side: stride 2, padding 1.
    Twofold,
}

/// How a network uses a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    /// G: transposed convolution forward, convolution backward.
    Spread,
    /// D: convolution forward, transposed convolution backward.
    Gather,
    /// E: convolution forward only.
    GatherOnly,
}

pub(super) struct Layer {
    pub side: Side,
    pub precision: Precision,
    /// Channels of the smaller and of the larger picture, in vectors.
    pub small: usize,
    pub large: usize,
    /// Weights of the transposed convolution (smaller picture to larger; `None` if unused) and of the convolution
    /// (larger to smaller).
    pub spread: Option<Buffer>,
    pub gather: Buffer,
    /// Added in the forward pass.
    pub bias: Buffer,
}

const TAPS: usize = KERNEL * KERNEL;

impl Layer {
    /// Loads the weights `[small, large, 4, 4]` of a layer.
    pub fn load(gpu: &Gpu, file: &ModelFile, name: &str, side: Side, ways: Ways) -> Result<Self, ModelError> {
        let weight = file.tensor(&format!("{name}.weight"))?;
        let (small, large) = (weight.shape[0], weight.shape[1]);
        let (wide_small, wide_large) = (vectors(small) * VECTOR, vectors(large) * VECTOR);
        let is_half = in_half(&weight.values).to_f32_vec() == weight.values;
        let precision = if is_half { Precision::Half } else { Precision::Single };
        let value = |from: usize, to: usize, tap: usize| {
            if from < small && to < large { weight.values[(from * large + to) * TAPS + tap] } else { 0.0 }
        };
        let constants_of = |rows: usize, columns: usize, value: &dyn Fn(usize, usize) -> f32| {
            let values = (0..rows).flat_map(|row| (0..columns).map(move |column| value(row, column)));
            let values: Vec<f32> = values.collect();
            match precision {
                Precision::Half => constants(gpu, name, in_half(&values).reinterpret_cast()),
                Precision::Single => constants(gpu, name, &values),
            }
        };
        let spread = || match side {
            Side::Whole => constants_of(wide_small, TAPS * wide_large, &|row, column| {
                value(row, column % wide_large, column / wide_large)
            }),
            Side::Twofold => constants_of(4 * 4 * wide_small, wide_large, &|row, column| {
                let (parity, line) = (row / (4 * wide_small), row % (4 * wide_small));
                let (neighbour, channel) = (line / wide_small, line % wide_small);
                // Along each axis, a pixel of the larger picture meets every other kernel tap.
                let tap = |parity: usize, neighbour: usize| 1 - parity + 2 * neighbour;
                let (y, x) = (tap(parity / 2, neighbour / 2), tap(parity % 2, neighbour % 2));
                value(channel, column, y * KERNEL + x)
            }),
        };
        let gather = constants_of(TAPS * wide_large, wide_small, &|row, column| {
            value(column, row % wide_large, row / wide_large)
        });
        let bias = &file.tensor(&format!("{name}.bias"))?.values;
        let (width, times) = match (ways, side) {
            (Ways::Spread, Side::Whole) => (wide_large, TAPS),
            (Ways::Spread, Side::Twofold) => (wide_large, 1),
            (Ways::Gather | Ways::GatherOnly, _) => (wide_small, 1),
        };
        let mut wide = bias.clone();
        wide.resize(width, 0.0);
        Ok(Self {
            side,
            precision,
            small: vectors(small),
            large: vectors(large),
            spread: (ways != Ways::GatherOnly).then(spread),
            gather,
            bias: constants(gpu, name, &wide.repeat(times)),
        })
    }
}

fn in_half(values: &[f32]) -> Vec<f16> {
    Vec::from_f32_slice(values)
}
