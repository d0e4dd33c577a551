//! A trained tensor on the CPU, and its Adam step.

use rayon::prelude::*;

use super::AdamSettings;

/// The fewest values per thread. Sums are taken over parts of this length, so that they do not depend on the number of
/// threads.
const GRAIN: usize = 16_384;

/// A trained tensor with its optimiser state; everything flat, in the layer's layout.
#[derive(Clone, Default)]
pub(super) struct Parameter {
    pub values: Vec<f32>,
    /// Sum of the gradients since the last Adam step; empty before the first.
    pub gradient: Vec<f32>,
    /// Adam's first and second moments.
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    /// The moving average of the values, used for export.
    pub averaged: Vec<f32>,
}

impl Parameter {
    /// Adds the gradient of a pass.
    pub fn add_gradient(&mut self, gradient: &[f32]) {
        if self.gradient.is_empty() {
            self.gradient.extend_from_slice(gradient);
            return;
        }
        self.gradient.par_chunks_mut(GRAIN).zip(gradient.par_chunks(GRAIN)).for_each(|(sum, gradient)| {
            for (sum, value) in sum.iter_mut().zip(gradient) {
                *sum += value;
            }
        });
    }

    /// `Σ gradient²`.
    pub fn gradient_square(&self) -> f64 {
        let parts: Vec<f64> = self
            .gradient
            .par_chunks(GRAIN)
            .map(|part| part.iter().map(|value| f64::from(*value).powi(2)).sum())
            .collect();
        parts.into_iter().sum()
    }

    /// One Adam step with the collected gradient, which is then cleared (Kingma & Ba 2015). `count` is the number of
    /// this step, from 1.
    pub fn step(&mut self, adam: &AdamSettings, rate: f32, count: u64) {
        if self.gradient.is_empty() {
            return;
        }
        let adam = adam.at(rate, count);
        let averages = self.first.par_chunks_mut(GRAIN).zip(self.second.par_chunks_mut(GRAIN));
        let values = self.values.par_chunks_mut(GRAIN).zip(self.gradient.par_chunks(GRAIN));
        values.zip(averages).for_each(|((values, gradient), (first, second))| {
            for (((value, gradient), first), second) in values.iter_mut().zip(gradient).zip(first).zip(second) {
                *first = adam.keep1 * *first + adam.take1 * gradient;
                *second = adam.keep2 * *second + adam.take2 * gradient * gradient;
                *value -= adam.rate * *first / (second.sqrt() * adam.inverse_correction + adam.epsilon);
            }
        });
        self.gradient.clear();
    }

    /// Updates the moving average: `averaged = keep·averaged + (1 − keep)·values`.
    pub fn average(&mut self, keep: f32) {
        average(&mut self.averaged, &self.values, keep);
    }
}

/// A running statistic of `BatchNorm` and its moving average.
#[derive(Clone, Default)]
pub(super) struct Statistic {
    pub values: Vec<f32>,
    pub averaged: Vec<f32>,
}

impl Statistic {
    /// As [`Parameter::average`].
    pub fn average(&mut self, keep: f32) {
        average(&mut self.averaged, &self.values, keep);
    }
}

fn average(averaged: &mut [f32], values: &[f32], keep: f32) {
    averaged.par_chunks_mut(GRAIN).zip(values.par_chunks(GRAIN)).for_each(|(averaged, values)| {
        for (averaged, value) in averaged.iter_mut().zip(values) {
            *averaged += (1.0 - keep) * (value - *averaged);
        }
    });
}
