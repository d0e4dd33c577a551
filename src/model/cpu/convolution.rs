//! A convolution with stride 2, and its transpose.
//!
//! Each is the backward pass of the other. G applies the transposed convolution forward and the convolution backward; D
//! does the reverse.

use super::gemm::GemmWeights;
use super::im2col::{col2im, im2col};
use super::packed_gemm::SimdUnit;
use super::winograd::{self, WinogradF2, WinogradF4};
use super::{CpuScratch, scratch_slice};
use crate::model::plan::{ConvKernel, LayerPlan};
use crate::model::{ModelError, ModelFile};

/// How weights are prepared at load.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LoadMode {
    /// Many passes: worth more load time and memory.
    Optimized(CpuPrecision),
    /// Few passes, or weights that change.
    Direct,
    /// Few passes, forward only: half the memory. For D and E.
    ForwardOnly,
}

/// Number format of the most expensive layers' multiplications. Everything else is in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CpuPrecision {
    Single,
    /// bfloat16 with sums in f32 on processors with AVX-512 BF16, else as `Single`.
    Bf16,
}

impl CpuPrecision {
    /// The faster one on this processor.
    #[must_use]
    pub fn fastest() -> Self {
        if SimdUnit::for_precision(Self::Bf16).is_bf16() { Self::Bf16 } else { Self::Single }
    }

    /// The device name of a CPU with this precision.
    #[must_use]
    pub fn device_name(self) -> &'static str {
        match self {
            Self::Single => "CPU",
            Self::Bf16 => "CPU (bf16)",
        }
    }

    /// The inverse of [`device_name`](Self::device_name).
    #[must_use]
    pub fn from_device_name(name: &str) -> Option<Self> {
        [Self::Single, Self::Bf16].into_iter().find(|precision| precision.device_name() == name)
    }
}

pub(super) struct Convolution {
    /// Channels of the larger picture.
    pub(super) large_channels: usize,
    /// Channels of the smaller picture.
    pub(super) small_channels: usize,
    kernel: ConvKernel,
    algorithm: ConvAlgorithm,
}

enum ConvAlgorithm {
    /// One GEMM with weights `[small, taps · large]`, and im2col or col2im.
    Im2col(GemmWeights),
    WinogradF2(Box<WinogradF2>),
    WinogradF4(Box<WinogradF4>),
}

/// Loads a layer's weights `[first, second, size, size]` as a matrix `[first, taps · second]`, taps in row order.
pub(super) fn load_gemm_weights(
    file: &ModelFile,
    layer: &LayerPlan,
    mode: LoadMode,
) -> Result<GemmWeights, ModelError> {
    let weight = file.tensor(&layer.weight_name())?;
    let (first, second, taps) = (weight.shape[0], weight.shape[1], layer.kernel.taps());
    let value = |row: usize, column: usize| {
        let (tap, channel) = (column / second, column % second);
        weight.values[(row * second + channel) * taps + tap]
    };
    Ok(match mode {
        LoadMode::Optimized(_) | LoadMode::Direct => GemmWeights::new(first, taps * second, value),
        LoadMode::ForwardOnly => GemmWeights::new_transpose_only(first, taps * second, value),
    })
}

impl Convolution {
    /// Loads the weights `[small, large, size, size]`. Winograd's algorithm has transforms for 4×4 kernels only.
    pub(super) fn load(file: &ModelFile, layer: &LayerPlan, mode: LoadMode) -> Result<Self, ModelError> {
        let weight = file.tensor(&layer.weight_name())?;
        let (small, large, kernel) = (weight.shape[0], weight.shape[1], layer.kernel);
        let value =
            |tap: usize, channel: usize, row: usize| weight.values[(row * large + channel) * kernel.taps() + tap];
        let algorithm = match mode {
            LoadMode::Optimized(precision) if kernel == ConvKernel::DCGAN && winograd::is_faster(large, small) => {
                let unit = SimdUnit::for_precision(precision);
                if winograd::prefers_f4(unit, large, small) {
                    ConvAlgorithm::WinogradF4(WinogradF4::new(unit, large, small, value).into())
                } else {
                    ConvAlgorithm::WinogradF2(WinogradF2::new(unit, large, small, value).into())
                }
            }
            _ => ConvAlgorithm::Im2col(load_gemm_weights(file, layer, mode)?),
        };
        Ok(Self { large_channels: large, small_channels: small, kernel, algorithm })
    }

    /// Convolution: `[2·side, 2·side, large]` to `[side, side, small]`. The epilogue gets chunks of finished pixels.
    pub(super) fn conv(
        &self,
        side: usize,
        large: &[f32],
        small: &mut [f32],
        scratch: &mut CpuScratch,
        epilogue: impl Fn(&mut [f32]) + Sync,
    ) {
        match &self.algorithm {
            ConvAlgorithm::WinogradF2(winograd) => winograd.conv(side, large, small, scratch, epilogue),
            ConvAlgorithm::WinogradF4(winograd) => winograd.conv(side, large, small, scratch, epilogue),
            ConvAlgorithm::Im2col(weights) => {
                let pixels = small.len() / self.small_channels;
                let columns = scratch_slice(&mut scratch.columns, pixels * weights.columns());
                im2col(self.kernel, side, self.large_channels, large, columns);
                weights.multiply_transposed(pixels, columns, small);
                for_each_pixel_chunk(self.small_channels, small, epilogue);
            }
        }
    }

    /// Transposed convolution: `[side, side, small]` to `[2·side, 2·side, large]`. The epilogue gets finished pixels.
    pub(super) fn conv_transpose(
        &self,
        side: usize,
        small: &[f32],
        large: &mut [f32],
        scratch: &mut CpuScratch,
        epilogue: impl Fn(&mut [f32]) + Sync,
    ) {
        match &self.algorithm {
            ConvAlgorithm::WinogradF2(winograd) => winograd.conv_transpose(side, small, large, scratch, epilogue),
            ConvAlgorithm::WinogradF4(winograd) => winograd.conv_transpose(side, small, large, scratch, epilogue),
            ConvAlgorithm::Im2col(weights) => {
                let pixels = small.len() / self.small_channels;
                let columns = scratch_slice(&mut scratch.columns, pixels * weights.columns());
                weights.multiply(pixels, small, columns);
                col2im(self.kernel, side, self.large_channels, columns, large, epilogue);
            }
        }
    }
}

/// Applies the epilogue to chunks of pixels on several threads.
fn for_each_pixel_chunk(channels: usize, pixels: &mut [f32], epilogue: impl Fn(&mut [f32]) + Sync) {
    use rayon::prelude::*;

    /// Pixels per chunk.
    const PIXELS_PER_CHUNK: usize = 64;
    pixels.par_chunks_mut(PIXELS_PER_CHUNK * channels).for_each(&epilogue);
}
