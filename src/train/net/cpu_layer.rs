//! One layer on the CPU: a matrix product with col2im after it or im2col before it.
//!
//! Images are channels last, `[batch, side, side, channels]`. The weights are ordered so that a column of the im2col
//! matrix is contiguous in memory (see [`crate::model::cpu`]).

use rayon::prelude::*;

use super::GradientTargets;
use super::batch_norm::{self, MOMENTUM};
use super::cpu_parameter::{CpuParameter, RunningStatistic, update_pairs};
use crate::model::cpu::{MatrixStride, col2im, im2col, matmul};
use crate::train::network_plan::{KERNEL_AREA, LayerActivation, LayerKind, LayerPlan};

/// Slope of `LeakyReLU` below zero (DCGAN, section 3).
pub(super) const LEAKY_SLOPE: f32 = 0.2;
/// Pixels per parallel task.
const CHUNK: usize = 64;

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
    inverse_std: Vec<f32>,
    pub output: Vec<f32>,
}

/// Scratch buffers, shared by all passes.
#[derive(Default)]
pub(super) struct Scratch {
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
        scratch: &mut Scratch,
        context: &mut LayerContext,
    ) {
        let length = batch * self.plan.output_side(side).pow(2) * self.plan.outputs;
        let mut sums = std::mem::take(if self.norm.is_some() { &mut context.normalised } else { &mut context.output });
        sums.resize(length, 0.0);
        self.convolve(batch, side, input, scratch, &mut sums);
        let (channels, activation) = (self.plan.outputs, self.plan.activation);
        let Some(norm) = &mut self.norm else {
            let shift = &self.shift.values;
            sums.par_chunks_mut(CHUNK * channels).for_each(|sums| {
                for sums in sums.chunks_exact_mut(channels) {
                    for (sum, shift) in sums.iter_mut().zip(shift) {
                        *sum = activate(activation, *sum + shift);
                    }
                }
            });
            context.output = sums;
            return;
        };
        let moments = batch_norm::normalise(&mut sums, channels);
        update_running(&mut norm.mean.values, &moments.mean);
        update_running(&mut norm.variance.values, &moments.variance);
        context.output.resize(length, 0.0);
        let (scale, shift) = (&norm.scale.values, &self.shift.values);
        let parts = context.output.par_chunks_mut(CHUNK * channels).zip(sums.par_chunks(CHUNK * channels));
        parts.for_each(|(output, sums)| {
            for (output, sums) in output.chunks_exact_mut(channels).zip(sums.chunks_exact(channels)) {
                for (((output, sum), scale), shift) in output.iter_mut().zip(sums).zip(scale).zip(shift) {
                    *output = activate(activation, scale * sum + shift);
                }
            }
        });
        context.inverse_std = moments.inverse_std;
        context.normalised = sums;
    }

    /// The convolution without bias, `BatchNorm` and activation.
    fn convolve(&self, batch: usize, side: usize, input: &[f32], scratch: &mut Scratch, output: &mut [f32]) {
        let (rows, [height, width]) = (self.matrix_rows(batch, side), self.weight_matrix_shape());
        let weight = (&self.weight.values[..], MatrixStride::row_major(width));
        let left = MatrixStride::row_major(height);
        match self.plan.kind {
            LayerKind::Project | LayerKind::Collapse => matmul([rows, width, height], (input, left), weight, output),
            LayerKind::Upsample => {
                let columns = buffer_prefix(&mut scratch.im2col, rows * width);
                matmul([rows, width, height], (input, left), weight, columns);
                col2im(side, self.plan.outputs, columns, output, |_| {});
            }
            LayerKind::Downsample => {
                let columns = buffer_prefix(&mut scratch.im2col, rows * height);
                im2col(side / 2, self.plan.inputs, input, columns);
                matmul([rows, width, height], (columns, left), weight, output);
            }
        }
    }

    /// Backward pass: takes the output gradient and returns the input gradient, if requested. Adds the parameters'
    /// gradients, if requested.
    pub fn backward(
        &mut self,
        (batch, side): (usize, usize),
        input: &[f32],
        context: &LayerContext,
        mut gradient: Vec<f32>,
        targets: GradientTargets,
        scratch: &mut Scratch,
    ) -> Option<Vec<f32>> {
        let channels = self.plan.outputs;
        backward_activation(self.plan.activation, &mut gradient, &context.output);
        match &mut self.norm {
            Some(norm) => {
                let (normalised, scale) = (&context.normalised, &norm.scale.values);
                let (to_scale, to_shift) = batch_norm::backward(&mut gradient, normalised, scale, &context.inverse_std);
                if targets.parameters {
                    norm.scale.add_gradient(&to_scale);
                    self.shift.add_gradient(&to_shift);
                }
            }
            None if targets.parameters => self.shift.add_gradient(&batch_norm::channel_sums(&gradient, channels)),
            None => {}
        }
        self.backward_convolution((batch, side), input, &gradient, targets, scratch)
    }

    /// Backward pass of the convolution.
    fn backward_convolution(
        &mut self,
        (batch, side): (usize, usize),
        input: &[f32],
        gradient: &[f32],
        targets: GradientTargets,
        scratch: &mut Scratch,
    ) -> Option<Vec<f32>> {
        let (rows, [height, width]) = (self.matrix_rows(batch, side), self.weight_matrix_shape());
        let LayerPlan { inputs, outputs, kind, .. } = self.plan;
        let Scratch { im2col: columns, weight_gradient } = scratch;
        let mut to_input = targets.input.then(|| vec![0.0; input.len()]);
        let transposed = MatrixStride::transposed(width);
        let weight_gradient = buffer_prefix(weight_gradient, height * width);
        if kind == LayerKind::Downsample {
            let columns = buffer_prefix(columns, rows * height);
            let gradient = (gradient, MatrixStride::row_major(width));
            if targets.parameters {
                im2col(side / 2, inputs, input, columns);
                matmul([height, width, rows], (columns, MatrixStride::transposed(height)), gradient, weight_gradient);
                self.weight.add_gradient(weight_gradient);
            }
            if let Some(to_input) = &mut to_input {
                matmul([rows, height, width], gradient, (&self.weight.values, transposed), columns);
                col2im(side / 2, inputs, columns, to_input, |_| {});
            }
            return to_input;
        }
        let output_gradient = if kind == LayerKind::Upsample {
            let columns = buffer_prefix(columns, rows * width);
            im2col(side, outputs, gradient, columns);
            columns
        } else {
            gradient
        };
        let output_gradient = (output_gradient, MatrixStride::row_major(width));
        if targets.parameters {
            matmul([height, width, rows], (input, MatrixStride::transposed(height)), output_gradient, weight_gradient);
            self.weight.add_gradient(weight_gradient);
        }
        if let Some(to_input) = &mut to_input {
            matmul([rows, height, width], output_gradient, (&self.weight.values, transposed), to_input);
        }
        to_input
    }

    /// All parameters, in the order of [`LayerPlan::parameter_lengths`].
    pub fn parameters(&self) -> impl Iterator<Item = &CpuParameter> {
        [&self.weight, &self.shift].into_iter().chain(self.norm.as_ref().map(|norm| &norm.scale))
    }

    /// As [`parameters`](Self::parameters).
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut CpuParameter> {
        [&mut self.weight, &mut self.shift].into_iter().chain(self.norm.as_mut().map(|norm| &mut norm.scale))
    }

    /// Mean and variance, in the order of [`LayerPlan::statistic_names`].
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
    update_pairs(gradient, output, |gradient, output| match activation {
        LayerActivation::Relu if output <= 0.0 => *gradient = 0.0,
        LayerActivation::LeakyRelu if output <= 0.0 => *gradient *= LEAKY_SLOPE,
        LayerActivation::Tanh => *gradient *= 1.0 - output * output,
        LayerActivation::Relu | LayerActivation::LeakyRelu | LayerActivation::Identity => {}
    });
}

/// Moves a running statistic towards that of a batch.
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
