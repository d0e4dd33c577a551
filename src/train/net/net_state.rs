//! The state of a network in host memory, the same for every device. Checkpoints hold it.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::model::NetworkPlan;
use crate::train::layer_tensors::{parameter_lengths, statistic_names};
use crate::train::rng::standard_normal;

/// Standard deviation of the initial weights (DCGAN, section 3), and of the `BatchNorm` scales around 1.
const INITIAL_STD: f32 = 0.02;

/// One tensor: flat lists in `PyTorch`'s layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::train) struct TensorState {
    pub values: Vec<f32>,
    /// The moving average of the values.
    pub averaged: Vec<f32>,
    /// Adam's first and second moments; `None` for values that gradients do not train.
    pub moments: Option<[Vec<f32>; 2]>,
}

/// The tensors of a network by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::train) struct NetState {
    pub tensors: BTreeMap<String, TensorState>,
    /// Adam steps done.
    pub adam_steps: u64,
}

impl TensorState {
    /// A tensor before the first step.
    pub fn new(values: Vec<f32>, is_learned: bool) -> Self {
        let zeros = || vec![0.0; values.len()];
        Self { moments: is_learned.then(|| [zeros(), zeros()]), averaged: values.clone(), values }
    }

    /// All value lists with their names in a checkpoint.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &[f32])> {
        let moments = self.moments.iter().flat_map(|[first, second]| [("first", &first[..]), ("second", &second[..])]);
        [("value", &self.values[..]), ("average", &self.averaged[..])].into_iter().chain(moments)
    }
}

impl NetState {
    /// The state before the first step: weights normal around 0 with deviation 0.02, `BatchNorm` scales around 1
    /// (DCGAN, section 3), running variances 1, everything else 0.
    pub fn initial(plan: &NetworkPlan, rng: &mut ChaCha8Rng) -> Self {
        let mut tensors = BTreeMap::new();
        for layer in &plan.layers {
            for (name, length) in parameter_lengths(layer) {
                let is_scale = name.ends_with("norm.scale");
                let (mean, is_random) = (if is_scale { 1.0 } else { 0.0 }, is_scale || name.ends_with("weight"));
                let mut value = || if is_random { mean + INITIAL_STD * standard_normal(rng) } else { mean };
                let values = (0..length).map(|_| value()).collect();
                tensors.insert(name, TensorState::new(values, true));
            }
            for (name, value) in statistic_names(layer).into_iter().zip([0.0, 1.0]) {
                tensors.insert(name, TensorState::new(vec![value; layer.outputs], false));
            }
        }
        Self { tensors, adam_steps: 0 }
    }

    /// Adds a linear layer `[inputs, outputs]` before the first step: uniform within ±1/√inputs, `PyTorch`'s default.
    pub fn add_linear(&mut self, name: &str, [inputs, outputs]: [usize; 2], rng: &mut ChaCha8Rng) {
        #[expect(clippy::cast_precision_loss, reason = "counts of inputs, far below 2^24")]
        let bound = 1.0 / (inputs as f32).sqrt();
        for (what, length) in [("weight", inputs * outputs), ("bias", outputs)] {
            let values = (0..length).map(|_| rng.random_range(-bound..bound)).collect();
            self.tensors.insert(format!("{name}.{what}"), TensorState::new(values, true));
        }
    }

    /// The tensor with this name, or zeros if it is missing. A checked state has every tensor.
    pub fn tensor(&self, name: &str, length: usize) -> TensorState {
        self.tensors.get(name).cloned().unwrap_or_else(|| TensorState::new(vec![0.0; length], true))
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        let mut parts = self.tensors.values().flat_map(TensorState::parts);
        parts.all(|(_, values)| values.iter().all(|value| value.is_finite()))
    }
}
