//! The trained tensors of a layer, as checkpoints name them.
//!
//! In [`crate::model`], `BatchNorm` is folded into the convolutions. In training it has tensors of its own. A layer with
//! a `BatchNorm` has no bias, because `BatchNorm` adds a shift.

use crate::model::{LayerPlan, NetworkPlan};

/// Names and lengths of the trained tensors: weight, bias or shift, and the scale of a `BatchNorm`.
pub(super) fn parameter_lengths(layer: &LayerPlan) -> Vec<(String, usize)> {
    let LayerPlan { name, outputs, has_norm, .. } = layer;
    let shift = if *has_norm { "norm.shift" } else { "bias" };
    let weight = (format!("{name}.weight"), layer.weight_len());
    let mut lengths = vec![weight, (format!("{name}.{shift}"), *outputs)];
    if *has_norm {
        lengths.push((format!("{name}.norm.scale"), *outputs));
    }
    lengths
}

/// Names of the running statistics: mean and variance, or nothing without a `BatchNorm`.
pub(super) fn statistic_names(layer: &LayerPlan) -> Vec<String> {
    let full_name = |name: &str| format!("{}.norm.{name}", layer.name);
    if layer.has_norm { vec![full_name("mean"), full_name("variance")] } else { Vec::new() }
}

/// Number of trained values of a network.
pub(super) fn parameter_count(plan: &NetworkPlan) -> usize {
    plan.layers.iter().flat_map(parameter_lengths).map(|(_, length)| length).sum()
}
