//! One layer on the CPU: a matrix product with col2im after it or im2col before it.
//!
//! Images are channels last, `[batch, side, side, channels]`. The weights are ordered so that a column of the im2col
//! matrix is contiguous in memory (see [`crate::model::cpu`]).

use rayon::prelude::*;

use super::GradientTargets;
use super::batch_norm::{self, MOMENTUM};
use super::cpu_parameter::{CpuParameter, RunningStatistic};
use crate::model::cpu::{MatrixStride, col2im, im2col, matmul};
use crate::train::network_plan::{KERNEL_AREA, LayerActivation, LayerKind, LayerPlan};

/// Slope of `LeakyReLU` below zero (DCGAN, section 3).
pub(super) const LEAKY_SLOPE: f32 = 0.2;
/// The fewest pixels per thread.
const MIN_PIXELS_PER_THREAD: usize = 64;
/// The fewest values per thread.
const MIN_VALUES_PER_THREAD: usize = 4096;

/// A layer with its parameters.
#[derive(Clone)]
pub(super) struct CpuTrainLayer {
    pub plan: LayerPlan,
    /// Row-major matrix: `[inputs, 16 · outputs]` for a transposed convolution, `[16 · inputs, outputs]` for a
    /// convolution. Kernel positions come before channels.
    pub weight: CpuParameter,
    /// Bias of the convolution, or shift of the `BatchNorm`.
    pub shift: CpuParameter,
    pub norm: Option<CpuBatchNorm>,
}

/// The `BatchNorm` of a layer.
#[derive(Clone)]
pub(super) struct CpuBatchNorm {
    pub scale: CpuParameter,
    pub mean: RunningStatistic,
    pub variance: RunningStatistic,
}

/// Activations of a layer that the backward pass needs.
#[derive(Default)]
pub(super) struct LayerContext {
    /// The normalised values before scale and shift; empty without a `BatchNorm`.
    normalised: Vec<f32>,
    inverse_deviation: Vec<f32>,
    pub output: Vec<f32>,
}

/// Scratch buffers, shared by all passes.
#[derive(Default)]
pub(super) struct LayerScratch {
    im2col: Vec<f32>,
    weight_gradient: Vec<f32>,
}

impl CpuTrainLayer {
    /// Rows and columns of the weight matrix.
    fn weight_matrix_shape(&self) -> [usize; 2] {
        let LayerPlan { inputs, outputs, .. } = self.plan;
        match self.plan.kind {
            LayerKind::Project | LayerKind::Upsample => [inputs, KERNEL_AREA * outputs],
            LayerKind::Downsample | LayerKind::Collapse => [KERNEL_AREA * inputs, outputs],
        }
    }

    /// Rows of the matrix that is multiplied by the weight, for a batch of images with this side.
    fn matrix_rows(&self, batch: usize, side: usize) -> usize {
        match self.plan.kind {
            LayerKind::Project | LayerKind::Collapse => batch,
            LayerKind::Upsample => batch * side * side,
            LayerKind::Downsample => batch * (side / 2) * (side / 2),
        }
    }

    /// Runs the layer on `input` `[batch, side, side, inputs]`. `BatchNorm` uses batch statistics and updates the
    /// running ones.
    pub fn forward(
        &mut self,
        batch: usize,
        side: usize,
        input: &[f32],
        scratch: &mut LayerScratch,
        saved: &mut LayerContext,
    ) {
        let after = self.plan.output_side(side);
        let length = batch * after * after * self.plan.outputs;
        let mut sums = std::mem::take(if self.norm.is_some() { &mut saved.normalised } else { &mut saved.output });
        sums.resize(length, 0.0);
        self.convolve(batch, side, input, scratch, &mut sums);
        let (channels, activation) = (self.plan.outputs, self.plan.activation);
        let Some(norm) = &mut self.norm else {
            let shift = &self.shift.values;
            for_each_pixel(&mut sums, channels, |pixel| {
                for (value, shift) in pixel.iter_mut().zip(shift) {
                    *value = activate(activation, *value + shift);
                }
            });
            saved.output = sums;
            return;
        };
        let moments = batch_norm::normalise(&mut sums, channels);
        update_running(&mut norm.mean.values, &moments.mean);
        update_running(&mut norm.variance.values, &moments.variance);
        saved.output.resize(length, 0.0);
        let (scale, shift) = (&norm.scale.values, &self.shift.values);
        let parts = saved
            .output
            .par_chunks_mut(MIN_PIXELS_PER_THREAD * channels)
            .zip(sums.par_chunks(MIN_PIXELS_PER_THREAD * channels));
        parts.for_each(|(output, sums)| {
            for (output, sums) in output.chunks_exact_mut(channels).zip(sums.chunks_exact(channels)) {
                for (((output, sum), scale), shift) in output.iter_mut().zip(sums).zip(scale).zip(shift) {
                    *output = activate(activation, scale * sum + shift);
                }
            }
        });
        saved.inverse_deviation = moments.inverse_deviation;
        saved.normalised = sums;
    }

    /// The convolution without bias, `BatchNorm` and activation.
    fn convolve(&self, batch: usize, side: usize, input: &[f32], scratch: &mut LayerScratch, out: &mut [f32]) {
        let (rows, [height, width]) = (self.matrix_rows(batch, side), self.weight_matrix_shape());
        let weight = (&self.weight.values[..], MatrixStride::row_major(width));
        let left = MatrixStride::row_major(height);
        match self.plan.kind {
            LayerKind::Project | LayerKind::Collapse => matmul([rows, width, height], (input, left), weight, out),
            LayerKind::Upsample => {
                let columns = buffer_prefix(&mut scratch.im2col, rows * width);
                matmul([rows, width, height], (input, left), weight, columns);
                col2im(side, self.plan.outputs, columns, out, |_| {});
            }
            LayerKind::Downsample => {
                let columns = buffer_prefix(&mut scratch.im2col, rows * height);
                im2col(side / 2, self.plan.inputs, input, columns);
                matmul([rows, width, height], (columns, left), weight, out);
            }
        }
    }

    /// Backward pass. Takes the gradient to the output and returns the one to the input if requested. Adds the
    /// parameters' gradients if requested.
    pub fn backward(
        &mut self,
        (batch, side): (usize, usize),
        input: &[f32],
        saved: &LayerContext,
        mut gradient: Vec<f32>,
        wants: GradientTargets,
        room: &mut LayerScratch,
    ) -> Option<Vec<f32>> {
        let channels = self.plan.outputs;
        backward_activation(self.plan.activation, &mut gradient, &saved.output);
        match &mut self.norm {
            Some(norm) => {
                let inverse = &saved.inverse_deviation;
                let (scale, shift) =
                    batch_norm::backward(&mut gradient, &saved.normalised, &norm.scale.values, inverse);
                if wants.parameters {
                    norm.scale.add_gradient(&scale);
                    self.shift.add_gradient(&shift);
                }
            }
            None if wants.parameters => self.shift.add_gradient(&batch_norm::channel_sums(&gradient, channels)),
            None => {}
        }
        self.backward_convolution((batch, side), input, &gradient, wants, room)
    }

    /// Backward pass of the convolution.
    fn backward_convolution(
        &mut self,
        (batch, side): (usize, usize),
        input: &[f32],
        gradient: &[f32],
        wants: GradientTargets,
        room: &mut LayerScratch,
    ) -> Option<Vec<f32>> {
        let (rows, [height, width]) = (self.matrix_rows(batch, side), self.weight_matrix_shape());
        let LayerPlan { inputs, outputs, kind: join, .. } = self.plan;
        let LayerScratch { im2col: columns, weight_gradient: weights } = room;
        let mut to_input = wants.input.then(|| vec![0.0; input.len()]);
        let transposed = MatrixStride::transposed(width);
        let weights = buffer_prefix(weights, height * width);
        if join == LayerKind::Downsample {
            let (columns, gradient) =
                (buffer_prefix(columns, rows * height), (gradient, MatrixStride::row_major(width)));
            if wants.parameters {
                im2col(side / 2, inputs, input, columns);
                matmul([height, width, rows], (columns, MatrixStride::transposed(height)), gradient, weights);
                self.weight.add_gradient(weights);
            }
            if let Some(to_input) = &mut to_input {
                matmul([rows, height, width], gradient, (&self.weight.values, transposed), columns);
                col2im(side / 2, inputs, columns, to_input, |_| {});
            }
            return to_input;
        }
        let product = if join == LayerKind::Upsample {
            let columns = buffer_prefix(columns, rows * width);
            im2col(side, outputs, gradient, columns);
            columns
        } else {
            gradient
        };
        let product = (product, MatrixStride::row_major(width));
        if wants.parameters {
            matmul([height, width, rows], (input, MatrixStride::transposed(height)), product, weights);
            self.weight.add_gradient(weights);
        }
        if let Some(to_input) = &mut to_input {
            matmul([rows, height, width], product, (&self.weight.values, transposed), to_input);
        }
        to_input
    }

    /// All parameters, in the order of [`LayerPlan::parameters`].
    pub fn parameters(&self) -> impl Iterator<Item = &CpuParameter> {
        [&self.weight, &self.shift].into_iter().chain(self.norm.as_ref().map(|norm| &norm.scale))
    }

    /// As [`parameters`](Self::parameters).
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut CpuParameter> {
        [&mut self.weight, &mut self.shift].into_iter().chain(self.norm.as_mut().map(|norm| &mut norm.scale))
    }

    /// Mean and variance, in the order of [`LayerPlan::statistics`].
    pub fn statistics(&self) -> impl Iterator<Item = &RunningStatistic> {
        self.norm.iter().flat_map(|norm| [&norm.mean, &norm.variance])
    }

    /// As [`statistics`](Self::statistics).
    pub fn statistics_mut(&mut self) -> impl Iterator<Item = &mut RunningStatistic> {
        self.norm.iter_mut().flat_map(|norm| [&mut norm.mean, &mut norm.variance])
    }
}

fn activate(activation: LayerActivation, value: f32) -> f32 {
    match activation {
        LayerActivation::Relu => value.max(0.0),
        LayerActivation::LeakyRelu => value.max(LEAKY_SLOPE * value),
        LayerActivation::Tanh => value.tanh(),
        LayerActivation::Identity => value,
    }
}

/// Backward pass of an activation function, in place. `output` is the activation's output.
fn backward_activation(activation: LayerActivation, gradient: &mut [f32], output: &[f32]) {
    let back = move |gradient: f32, output: f32| match activation {
        LayerActivation::Relu if output <= 0.0 => 0.0,
        LayerActivation::LeakyRelu if output <= 0.0 => LEAKY_SLOPE * gradient,
        LayerActivation::Tanh => gradient * (1.0 - output * output),
        LayerActivation::Relu | LayerActivation::LeakyRelu | LayerActivation::Identity => gradient,
    };
    gradient.par_chunks_mut(MIN_VALUES_PER_THREAD).zip(output.par_chunks(MIN_VALUES_PER_THREAD)).for_each(
        |(gradient, output)| {
            for (gradient, output) in gradient.iter_mut().zip(output) {
                *gradient = back(*gradient, *output);
            }
        },
    );
}

fn for_each_pixel(values: &mut [f32], channels: usize, work: impl Fn(&mut [f32]) + Sync) {
    values
        .par_chunks_mut(MIN_PIXELS_PER_THREAD * channels)
        .for_each(|part| part.chunks_exact_mut(channels).for_each(&work));
}

/// Updates a running statistic with that of a batch.
fn update_running(running: &mut [f32], batch: &[f32]) {
    for (running, batch) in running.iter_mut().zip(batch) {
        *running += MOMENTUM * (batch - *running);
    }
}

/// The first `length` values of a buffer, which grows if needed. The values are unspecified.
fn buffer_prefix(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}
