//! Linear layers between a latent or a score and 4×4 pixels, as the dense convolutions that they are.
//!
//! `PyTorch` flattens channels before pixels, so the values of a weight only need another shape and, in a generator, to
//! be transposed.

use std::borrow::Cow;

use super::layout::SourceLayer;
use crate::model::WeightTensor;
use crate::model::plan::{DENSE_TAPS, RGB_CHANNELS};

/// Adds a linear layer `[outputs, inputs]` before the convolutions of a generator or after those of another network.
/// The error describes the problem.
pub(super) fn add_linear<'a, 'b>(
    layers: &mut Vec<(&'b str, SourceLayer<'a>)>,
    path: &'b str,
    weight: &'a WeightTensor,
    bias: Option<&'a WeightTensor>,
) -> Result<(), String> {
    let shapes = layers.first().zip(layers.last());
    let ends = shapes.map(|((_, first), (_, last))| (first.weight.shape.clone(), last.weight.shape.clone()));
    let (&[outputs, inputs], Some((first, last))) = (&weight.shape[..], ends) else {
        return Err(format!("{path} is linear, but there are no convolutions"));
    };
    if outputs == DENSE_TAPS * first[0] && last[1] == RGB_CHANNELS {
        let transposed = (0..outputs * inputs).map(|i| weight.values[i % outputs * inputs + i / outputs]).collect();
        let weight = WeightTensor { shape: vec![inputs, first[0], 4, 4], values: transposed };
        layers.insert(0, (path, SourceLayer { weight: Cow::Owned(weight), bias, norm: None, pixels: DENSE_TAPS }));
        return Ok(());
    }
    if inputs == DENSE_TAPS * last[0] {
        let weight = WeightTensor { shape: vec![outputs, last[0], 4, 4], values: weight.values.clone() };
        layers.push((path, SourceLayer { weight: Cow::Owned(weight), bias, norm: None, pixels: 1 }));
        return Ok(());
    }
    Err(format!(
        "{path} is linear with {inputs} inputs and {outputs} outputs: it needs 4×4 pixels of the next convolution's \
        channels as output, or of the previous one's as input"
    ))
}
