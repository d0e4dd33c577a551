//! A network's state as plain numbers, the same for every device: what checkpoints hold.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::train::draws::normal;
use crate::train::plan::NetPlan;

/// Standard deviation of the first weights (DCGAN, section 3), and of the scales around 1.
const SPREAD: f32 = 0.02;

/// One tensor, flat in `PyTorch`'s layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::train) struct TensorState {
    pub values: Vec<f32>,
    /// The running average of the values.
    pub averaged: Vec<f32>,
    /// Adam's averages of the gradient and of its square; none for what is not learned by gradients.
    pub moments: Option<[Vec<f32>; 2]>,
}

/// A whole network, by the names of its plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::train) struct NetState {
    pub tensors: BTreeMap<String, TensorState>,
    /// Steps of Adam.
    pub steps: u64,
}

impl TensorState {
    /// A tensor that nothing has been learned for yet.
    pub fn new(values: Vec<f32>, is_learned: bool) -> Self {
        let nothing = || vec![0.0; values.len()];
        Self { moments: is_learned.then(|| [nothing(), nothing()]), averaged: values.clone(), values }
    }

    /// All of its rows of numbers, with what they are called in a checkpoint.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &[f32])> {
        let moments = self.moments.iter().flat_map(|[first, second]| [("first", &first[..]), ("second", &second[..])]);
        [("value", &self.values[..]), ("average", &self.averaged[..])].into_iter().chain(moments)
    }
}

impl NetState {
    /// Before the first step: weights normal around 0 with deviation 0.02, scales around 1 (DCGAN, section 3), all else 0.
    pub fn initial(plan: &NetPlan, rng: &mut ChaCha8Rng) -> Self {
        let mut tensors = BTreeMap::new();
        for layer in &plan.layers {
            for (name, length) in layer.parameters() {
                let is_scale = name.ends_with("norm.scale");
                let (mean, is_drawn) = (if is_scale { 1.0 } else { 0.0 }, is_scale || name.ends_with("weight"));
                let values = (0..length).map(|_| if is_drawn { mean + SPREAD * normal(rng) } else { mean }).collect();
                tensors.insert(name, TensorState::new(values, true));
            }
            for (name, value) in layer.statistics().into_iter().zip([0.0, 1.0]) {
                tensors.insert(name, TensorState::new(vec![value; layer.outputs], false));
            }
        }
        Self { tensors, steps: 0 }
    }

    /// A linear layer `[inputs, outputs]` before the first step: uniform within ±1/√inputs, as `PyTorch` has it.
    pub fn add_linear(&mut self, name: &str, [inputs, outputs]: [usize; 2], rng: &mut ChaCha8Rng) {
        #[expect(clippy::cast_precision_loss, reason = "counts of inputs, far below 2^24")]
        let bound = 1.0 / (inputs as f32).sqrt();
        for (what, length) in [("weight", inputs * outputs), ("bias", outputs)] {
            let values = (0..length).map(|_| rng.random_range(-bound..bound)).collect();
            self.tensors.insert(format!("{name}.{what}"), TensorState::new(values, true));
        }
    }

    /// The tensor with this name, which a checked state has; else zeros.
    pub fn tensor(&self, name: &str, length: usize) -> TensorState {
        self.tensors.get(name).cloned().unwrap_or_else(|| TensorState::new(vec![0.0; length], true))
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        let mut parts = self.tensors.values().flat_map(TensorState::parts);
        parts.all(|(_, values)| values.iter().all(|value| value.is_finite()))
    }
}
