//! One layer on the CPU: a matrix product with col2im after it or im2col before it.
//!
//! Images are channels last, `[batch, side, side, channels]`. The weights are ordered so that a column of the im2col
//! matrix is contiguous in memory (see [`crate::model::host`]).

use rayon::prelude::*;

use super::Wants;
use super::norm::{self, MOMENTUM};
use super::parameter::{Parameter, Statistic};
use crate::model::host::{MatrixStride, fold, matrix_product, unfold};
use crate::train::plan::{Activation, Join, LayerPlan, TAPS};

/// Slope of `LeakyReLU` below zero (DCGAN, section 3).
pub(super) const LEAKY_SLOPE: f32 = 0.2;
/// The fewest pixels per thread.
const PIXELS: usize = 64;
/// The fewest values per thread.
const GRAIN: usize = 4096;

/// A layer with its parameters.
#[derive(Clone)]
pub(super) struct Layer {
    pub plan: LayerPlan,
    /// Row-major matrix: `[inputs, 16 · outputs]` for a transposed convolution, `[16 · inputs, outputs]` for a
    /// convolution. Kernel positions come before channels.
    pub weight: Parameter,
    /// Bias of the convolution, or shift of the `BatchNorm`.
    pub shift: Parameter,
    pub norm: Option<Norm>,
}

/// The `BatchNorm` of a layer.
#[derive(Clone)]
pub(super) struct Norm {
    pub scale: Parameter,
    pub mean: Statistic,
    pub variance: Statistic,
}

/// Activations of a layer that the backward pass needs.
#[derive(Default)]
pub(super) struct Saved {
    /// The normalised values before scale and shift; empty without a `BatchNorm`.
    normalised: Vec<f32>,
    inverse_deviation: Vec<f32>,
    pub output: Vec<f32>,
}

/// Scratch buffers, shared by all passes.
#[derive(Default)]
pub(super) struct Room {
    columns: Vec<f32>,
    weights: Vec<f32>,
}

impl Layer {
    /// Rows and columns of the weight matrix.
    fn matrix(&self) -> [usize; 2] {
        let LayerPlan { inputs, outputs, .. } = self.plan;
        match self.plan.join {
            Join::Project | Join::Up => [inputs, TAPS * outputs],
            Join::Down | Join::Score => [TAPS * inputs, outputs],
        }
    }

    /// Rows of the matrix that is multiplied by the weight, for a batch of images with this side.
    fn rows(&self, batch: usize, side: usize) -> usize {
        match self.plan.join {
            Join::Project | Join::Score => batch,
            Join::Up => batch * side * side,
            Join::Down => batch * (side / 2) * (side / 2),
        }
    }

    /// Runs the layer on `input` `[batch, side, side, inputs]`. `BatchNorm` uses batch statistics and updates the
    /// running ones.
    pub fn forward(&mut self, batch: usize, side: usize, input: &[f32], room: &mut Room, saved: &mut Saved) {
        let after = self.plan.side_after(side);
        let length = batch * after * after * self.plan.outputs;
        let mut sums = std::mem::take(if self.norm.is_some() { &mut saved.normalised } else { &mut saved.output });
        sums.resize(length, 0.0);
        self.sum(batch, side, input, room, &mut sums);
        let (channels, activation) = (self.plan.outputs, self.plan.activation);
        let Some(norm) = &mut self.norm else {
            let shift = &self.shift.values;
            for_pixels(&mut sums, channels, |pixel| {
                for (value, shift) in pixel.iter_mut().zip(shift) {
                    *value = activate(activation, *value + shift);
                }
            });
            saved.output = sums;
            return;
        };
        let moments = norm::normalise(&mut sums, channels);
        move_towards(&mut norm.mean.values, &moments.mean);
        move_towards(&mut norm.variance.values, &moments.variance);
        saved.output.resize(length, 0.0);
        let (scale, shift) = (&norm.scale.values, &self.shift.values);
        let parts = saved.output.par_chunks_mut(PIXELS * channels).zip(sums.par_chunks(PIXELS * channels));
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
    fn sum(&self, batch: usize, side: usize, input: &[f32], room: &mut Room, out: &mut [f32]) {
        let (rows, [height, width]) = (self.rows(batch, side), self.matrix());
        let weight = (&self.weight.values[..], MatrixStride::rows_of(width));
        let left = MatrixStride::rows_of(height);
        match self.plan.join {
            Join::Project | Join::Score => matrix_product([rows, width, height], (input, left), weight, out),
            Join::Up => {
                let columns = sized(&mut room.columns, rows * width);
                matrix_product([rows, width, height], (input, left), weight, columns);
                fold(side, self.plan.outputs, columns, out, |_| {});
            }
            Join::Down => {
                let columns = sized(&mut room.columns, rows * height);
                unfold(side / 2, self.plan.inputs, input, columns);
                matrix_product([rows, width, height], (columns, left), weight, out);
            }
        }
    }

    /// Backward pass. Takes the gradient to the output and returns the one to the input if requested. Adds the
    /// parameters' gradients if requested.
    pub fn backward(
        &mut self,
        (batch, side): (usize, usize),
        input: &[f32],
        saved: &Saved,
        mut gradient: Vec<f32>,
        wants: Wants,
        room: &mut Room,
    ) -> Option<Vec<f32>> {
        let channels = self.plan.outputs;
        through(self.plan.activation, &mut gradient, &saved.output);
        match &mut self.norm {
            Some(norm) => {
                let inverse = &saved.inverse_deviation;
                let (scale, shift) = norm::back(&mut gradient, &saved.normalised, &norm.scale.values, inverse);
                if wants.parameters {
                    norm.scale.add_gradient(&scale);
                    self.shift.add_gradient(&shift);
                }
            }
            None if wants.parameters => self.shift.add_gradient(&norm::channel_sums(&gradient, channels)),
            None => {}
        }
        self.back_through_sum((batch, side), input, &gradient, wants, room)
    }

    /// Backward pass of the convolution.
    fn back_through_sum(
        &mut self,
        (batch, side): (usize, usize),
        input: &[f32],
        gradient: &[f32],
        wants: Wants,
        room: &mut Room,
    ) -> Option<Vec<f32>> {
        let (rows, [height, width]) = (self.rows(batch, side), self.matrix());
        let LayerPlan { inputs, outputs, join, .. } = self.plan;
        let Room { columns, weights } = room;
        let mut to_input = wants.input.then(|| vec![0.0; input.len()]);
        let transposed = MatrixStride::columns_of(width);
        let weights = sized(weights, height * width);
        if join == Join::Down {
            let (columns, gradient) = (sized(columns, rows * height), (gradient, MatrixStride::rows_of(width)));
            if wants.parameters {
                unfold(side / 2, inputs, input, columns);
                matrix_product([height, width, rows], (columns, MatrixStride::columns_of(height)), gradient, weights);
                self.weight.add_gradient(weights);
            }
            if let Some(to_input) = &mut to_input {
                matrix_product([rows, height, width], gradient, (&self.weight.values, transposed), columns);
                fold(side / 2, inputs, columns, to_input, |_| {});
            }
            return to_input;
        }
        let product = if join == Join::Up {
            let columns = sized(columns, rows * width);
            unfold(side, outputs, gradient, columns);
            columns
        } else {
            gradient
        };
        let product = (product, MatrixStride::rows_of(width));
        if wants.parameters {
            matrix_product([height, width, rows], (input, MatrixStride::columns_of(height)), product, weights);
            self.weight.add_gradient(weights);
        }
        if let Some(to_input) = &mut to_input {
            matrix_product([rows, height, width], product, (&self.weight.values, transposed), to_input);
        }
        to_input
    }

    /// All parameters, in the order of [`LayerPlan::parameters`].
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        [&self.weight, &self.shift].into_iter().chain(self.norm.as_ref().map(|norm| &norm.scale))
    }

    /// As [`parameters`](Self::parameters).
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter> {
        [&mut self.weight, &mut self.shift].into_iter().chain(self.norm.as_mut().map(|norm| &mut norm.scale))
    }

    /// Mean and variance, in the order of [`LayerPlan::statistics`].
    pub fn statistics(&self) -> impl Iterator<Item = &Statistic> {
        self.norm.iter().flat_map(|norm| [&norm.mean, &norm.variance])
    }

    /// As [`statistics`](Self::statistics).
    pub fn statistics_mut(&mut self) -> impl Iterator<Item = &mut Statistic> {
        self.norm.iter_mut().flat_map(|norm| [&mut norm.mean, &mut norm.variance])
    }
}

fn activate(activation: Activation, value: f32) -> f32 {
    match activation {
        Activation::Relu => value.max(0.0),
        Activation::Leaky => value.max(LEAKY_SLOPE * value),
        Activation::Tanh => value.tanh(),
        Activation::Identity => value,
    }
}

/// Backward pass of an activation function, in place. `output` is the activation's output.
fn through(activation: Activation, gradient: &mut [f32], output: &[f32]) {
    let back = move |gradient: f32, output: f32| match activation {
        Activation::Relu if output <= 0.0 => 0.0,
        Activation::Leaky if output <= 0.0 => LEAKY_SLOPE * gradient,
        Activation::Tanh => gradient * (1.0 - output * output),
        Activation::Relu | Activation::Leaky | Activation::Identity => gradient,
    };
    gradient.par_chunks_mut(GRAIN).zip(output.par_chunks(GRAIN)).for_each(|(gradient, output)| {
        for (gradient, output) in gradient.iter_mut().zip(output) {
            *gradient = back(*gradient, *output);
        }
    });
}

fn for_pixels(values: &mut [f32], channels: usize, work: impl Fn(&mut [f32]) + Sync) {
    values.par_chunks_mut(PIXELS * channels).for_each(|part| part.chunks_exact_mut(channels).for_each(&work));
}

/// Updates a running statistic with that of a batch.
fn move_towards(running: &mut [f32], batch: &[f32]) {
    for (running, batch) in running.iter_mut().zip(batch) {
        *running += MOMENTUM * (batch - *running);
    }
}

/// The first `length` values of a buffer, which grows if needed. The values are unspecified.
fn sized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}
