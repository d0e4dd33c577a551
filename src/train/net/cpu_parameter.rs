//! A trained tensor on the CPU, and its Adam step.

use rayon::prelude::*;

use super::{ADAM_EPSILON, AdamSettings};

/// Values per parallel task. Fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 16_384;

/// A trained tensor with its optimiser state. Every list is flat, in the layer's layout.
#[derive(Clone, Default)]
pub(super) struct CpuParameter {
    pub values: Vec<f32>,
    /// Sum of the gradients since the last Adam step; empty before the first.
    pub gradient: Vec<f32>,
    /// Adam's first and second moments.
    pub first_moment: Vec<f32>,
    pub second_moment: Vec<f32>,
    /// The moving average of the values, used for export.
    pub averaged: Vec<f32>,
}

impl CpuParameter {
    /// Adds the gradient of a pass.
    pub fn add_gradient(&mut self, gradient: &[f32]) {
        if self.gradient.is_empty() {
            self.gradient.extend_from_slice(gradient);
            return;
        }
        update_pairs(&mut self.gradient, gradient, |sum, value| *sum += value);
    }

    /// `Σ gradient²`.
    pub fn gradient_square_sum(&self) -> f64 {
        let chunks = self.gradient.par_chunks(CHUNK);
        let parts: Vec<f64> = chunks.map(|part| part.iter().map(|value| f64::from(*value).powi(2)).sum()).collect();
        parts.into_iter().sum()
    }

    /// One Adam step (Kingma & Ba 2015) with the collected gradient, which is then cleared. `count` is the number of
    /// this step, from 1.
    pub fn adam_step(&mut self, adam: &AdamSettings, rate: f32, count: u64) {
        if self.gradient.is_empty() {
            return;
        }
        let adam = adam.coefficients(rate, count);
        let moments = self.first_moment.par_chunks_mut(CHUNK).zip(self.second_moment.par_chunks_mut(CHUNK));
        let values = self.values.par_chunks_mut(CHUNK).zip(self.gradient.par_chunks(CHUNK));
        values.zip(moments).for_each(|((values, gradient), (first, second))| {
            for (((value, gradient), first), second) in values.iter_mut().zip(gradient).zip(first).zip(second) {
                *first = adam.beta1 * *first + adam.one_minus_beta1 * gradient;
                *second = adam.beta2 * *second + adam.one_minus_beta2 * gradient * gradient;
                *value -= adam.rate * *first / (second.sqrt() * adam.inverse_bias_correction + ADAM_EPSILON);
            }
        });
        self.gradient.clear();
    }

    /// Updates the moving average: `averaged = keep·averaged + (1 − keep)·values`.
    pub fn update_average(&mut self, keep: f32) {
        update_average(&mut self.averaged, &self.values, keep);
    }
}

/// A running statistic of `BatchNorm` and its moving average.
#[derive(Clone, Default)]
pub(super) struct RunningStatistic {
    pub values: Vec<f32>,
    pub averaged: Vec<f32>,
}

impl RunningStatistic {
    /// As [`CpuParameter::update_average`].
    pub fn update_average(&mut self, keep: f32) {
        update_average(&mut self.averaged, &self.values, keep);
    }
}

fn update_average(averaged: &mut [f32], values: &[f32], keep: f32) {
    update_pairs(averaged, values, |averaged, value| *averaged += (1.0 - keep) * (value - *averaged));
}

/// Updates each value from the one at the same index in `others`, in parallel.
pub(super) fn update_pairs(values: &mut [f32], others: &[f32], update: impl Fn(&mut f32, f32) + Sync) {
    values.par_chunks_mut(CHUNK).zip(others.par_chunks(CHUNK)).for_each(|(values, others)| {
        for (value, other) in values.iter_mut().zip(others) {
            update(value, *other);
        }
    });
}
