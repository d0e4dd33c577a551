//! A 4×4 convolution with stride 2 and padding 1, and its transpose.
//!
//! Each is the backward pass of the other. G applies the transposed convolution forward and the convolution backward; D
//! does the reverse.

use super::fold::{TAPS, fold, unfold};
use super::panels::Unit;
use super::product::Weights;
use super::winograd::{self, TilesOfFour, TilesOfTwo};
use super::{Room, room};
use crate::model::{ModelError, ModelFile};

/// The use that weights are prepared for at load.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Many passes: worth more load time and memory.
    Search(Arithmetic),
    /// Few passes, or weights that change.
    Plain,
    /// Few passes, forward only: half the memory. For D and E.
    Guess,
}

/// Number format of the most expensive layers' multiplications. Everything else is in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    Single,
    /// bfloat16 with sums in f32 on processors with AVX-512 BF16, else as `Single`.
    Bf16,
}

impl Arithmetic {
    /// The faster one on this processor.
    #[must_use]
    pub fn fastest() -> Self {
        if Unit::of(Self::Bf16).is_bf16() { Self::Bf16 } else { Self::Single }
    }

    /// The device name of a CPU with this arithmetic.
    #[must_use]
    pub fn host_name(self) -> &'static str {
        match self {
            Self::Single => "CPU",
            Self::Bf16 => "CPU (bf16)",
        }
    }

    /// The inverse of [`host_name`](Self::host_name).
    #[must_use]
    pub fn of_host_named(name: &str) -> Option<Self> {
        [Self::Single, Self::Bf16].into_iter().find(|arithmetic| arithmetic.host_name() == name)
    }
}

pub(super) struct Convolution {
    /// Channels of the larger picture.
    pub(super) large: usize,
    /// Channels of the smaller picture.
    pub(super) small: usize,
    way: Way,
}

enum Way {
    /// One GEMM with weights `[small, 16 · large]`, and im2col or col2im.
    Direct(Weights),
    TilesOfTwo(Box<TilesOfTwo>),
    TilesOfFour(Box<TilesOfFour>),
}

/// Loads a layer's weights `[first, second, 4, 4]` as a matrix `[first, 16 · second]`, taps in row order.
pub(super) fn weights(file: &ModelFile, name: &str, purpose: Purpose) -> Result<Weights, ModelError> {
    let weight = file.tensor(&format!("{name}.weight"))?;
    let (first, second) = (weight.shape[0], weight.shape[1]);
    let value = |row: usize, column: usize| {
        let (tap, channel) = (column / second, column % second);
        weight.values[(row * second + channel) * TAPS + tap]
    };
    Ok(match purpose {
        Purpose::Search(_) | Purpose::Plain => Weights::new(first, TAPS * second, value),
        Purpose::Guess => Weights::for_multiply_back(first, TAPS * second, value),
    })
}

impl Convolution {
    /// Loads the weights `[small, large, 4, 4]`.
    pub(super) fn load(file: &ModelFile, name: &str, purpose: Purpose) -> Result<Self, ModelError> {
        let weight = file.tensor(&format!("{name}.weight"))?;
        let (small, large) = (weight.shape[0], weight.shape[1]);
        let value = |tap: usize, channel: usize, row: usize| weight.values[(row * large + channel) * TAPS + tap];
        let way = match purpose {
            Purpose::Search(arithmetic) if winograd::pays(large, small) => {
                let unit = Unit::of(arithmetic);
                if winograd::large_tiles_pay(unit, large, small) {
                    Way::TilesOfFour(TilesOfFour::new(unit, large, small, value).into())
                } else {
                    Way::TilesOfTwo(TilesOfTwo::new(unit, large, small, value).into())
                }
            }
            _ => Way::Direct(weights(file, name, purpose)?),
        };
        Ok(Self { large, small, way })
    }

    /// Convolution: pictures `[2·side, 2·side, large]` to `[side, side, small]`. The epilogue `finish` gets chunks of
    /// finished pixels.
    pub(super) fn down(
        &self,
        side: usize,
        large: &[f32],
        small: &mut [f32],
        rooms: &mut Room,
        finish: impl Fn(&mut [f32]) + Sync,
    ) {
        match &self.way {
            Way::TilesOfTwo(tiled) => tiled.down(side, large, small, rooms, finish),
            Way::TilesOfFour(tiled) => tiled.down(side, large, small, rooms, finish),
            Way::Direct(weights) => {
                let pixels = small.len() / self.small;
                let columns = room(&mut rooms.columns, pixels * weights.columns());
                unfold(side, self.large, large, columns);
                weights.multiply_back(pixels, columns, small);
                for_pixels(self.small, small, finish);
            }
        }
    }

    /// Transposed convolution: pictures `[side, side, small]` to `[2·side, 2·side, large]`. The epilogue `finish` gets
    /// chunks of finished pixels.
    pub(super) fn up(
        &self,
        side: usize,
        small: &[f32],
        large: &mut [f32],
        rooms: &mut Room,
        finish: impl Fn(&mut [f32]) + Sync,
    ) {
        match &self.way {
            Way::TilesOfTwo(tiled) => tiled.up(side, small, large, rooms, finish),
            Way::TilesOfFour(tiled) => tiled.up(side, small, large, rooms, finish),
            Way::Direct(weights) => {
                let pixels = small.len() / self.small;
                let columns = room(&mut rooms.columns, pixels * weights.columns());
                weights.multiply(pixels, small, columns);
                fold(side, self.large, columns, large, finish);
            }
        }
    }
}

/// Applies the epilogue to chunks of pixels on several threads.
fn for_pixels(channels: usize, pixels: &mut [f32], finish: impl Fn(&mut [f32]) + Sync) {
    use rayon::prelude::*;

    /// Pixels per chunk.
    const GRAIN: usize = 64;
    pixels.par_chunks_mut(GRAIN * channels).for_each(&finish);
}
