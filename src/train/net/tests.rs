//! Compares gradients with finite differences. The recipes' tests compare whole steps with `PyTorch`.

use burn::tensor::{Device, Tensor, TensorData};

use super::*;
use crate::model::{NetworkPlan, NetworkRole};
use crate::train::rng::{RngStream, rng_for, sample_prior};

fn plans() -> [NetworkPlan; 3] {
    [
        NetworkPlan::with_width(NetworkRole::Generator, 16, 3, 5),
        NetworkPlan::with_width(NetworkRole::Discriminator, 32, 2, 5),
        NetworkPlan::with_width(NetworkRole::Encoder, 16, 4, 5),
    ]
}

/// Initial weights with large random changes, so that every part of a network affects the output.
fn state(plan: &NetworkPlan) -> NetState {
    let mut rng = rng_for(4, RngStream::InitialWeights);
    let mut state = NetState::initial(plan, &mut rng);
    for (name, tensor) in &mut state.tensors {
        let scale = if name.ends_with("weight") { 0.3 } else { 0.1 };
        let changes = sample_prior(&mut rng, tensor.values.len());
        tensor.values.iter_mut().zip(changes).for_each(|(value, change)| *value += scale * change);
    }
    state
}

fn input(plan: &NetworkPlan, batch: usize, seed: u64) -> Tensor<4> {
    let (side, channels) = (plan.layers[0].input_side, plan.layers[0].inputs);
    let values = sample_prior(&mut rng_for(seed, RngStream::Samples), batch * channels * side * side);
    Tensor::from_data(TensorData::new(values, [batch, channels, side, side]), &Device::flex())
}

#[test]
fn a_state_round_trips() {
    for plan in plans() {
        let state = NetState { adam_steps: 7, ..state(&plan) };
        assert_eq!(TrainNet::new(&plan, &state, &Device::flex()).state(), state, "{}", plan.role.name());
    }
}

#[test]
fn only_the_requested_gradients_are_computed() {
    let plan = NetworkPlan::with_width(NetworkRole::Discriminator, 16, 2, 5);
    for (targets, has_norm, has_input) in
        [(GradientTargets::PARAMETERS, true, false), (GradientTargets::INPUT, false, true)]
    {
        let mut net = TrainNet::new(&plan, &state(&plan), &Device::flex());
        let pass = net.forward(input(&plan, 3, 1), targets);
        let gradient = pass.output.ones_like();
        let to_input = net.backward(pass, gradient, Vec::new());
        assert_eq!((read_values(net.gradient_norm())[0] > 0.0, to_input.is_some()), (has_norm, has_input));
    }
}

/// `Σ output·pull` after one forward pass with this state.
fn value(plan: &NetworkPlan, state: &NetState, input: &Tensor<4>, pull: &[f32]) -> f64 {
    let mut net = TrainNet::new(plan, state, &Device::flex());
    let output = read_values(net.forward(input.clone(), GradientTargets::NONE).output);
    output.iter().zip(pull).map(|(output, pull)| f64::from(*output) * f64::from(*pull)).sum()
}

/// Step of the finite differences: well above single-precision rounding, and small enough for the curvature.
const SMALL: f32 = 2e-3;

#[test]
fn gradients_match_finite_differences() {
    for plan in plans() {
        let (state, at) = (state(&plan), input(&plan, 4, 1));
        let mut net = TrainNet::new(&plan, &state, &Device::flex());
        let pass = net.forward(at.clone(), GradientTargets::BOTH);
        let dims = pass.output.dims();
        let pull = sample_prior(&mut rng_for(9, RngStream::Samples), dims.iter().product());
        let gradient = Tensor::from_data(TensorData::new(pull.clone(), dims), &Device::flex());
        let to_input = read_values(net.backward(pass, gradient, Vec::new()).unwrap());
        // With these betas, Adam's first moment after a step is the gradient itself.
        net.adam_step(&AdamSettings { beta1: 0.0, beta2: 0.0 }, 0.0);
        let gradients = net.state();

        for (name, tensor) in &state.tensors {
            let Some(moments) = &gradients.tensors[name].moments else { continue };
            let direction: Vec<f32> = moments[0].iter().map(|value| value.signum()).collect();
            let slope: f64 = moments[0].iter().map(|value| f64::from(value.abs())).sum();
            let moved = |by: f32| {
                let mut state = state.clone();
                let values =
                    tensor.values.iter().zip(&direction).map(|(value, direction)| value + by * direction).collect();
                state.tensors.get_mut(name).unwrap().values = values;
                value(&plan, &state, &at, &pull)
            };
            check(&format!("{} {name}", plan.role.name()), slope, moved);
        }
        let slope = to_input.iter().map(|value| f64::from(value.abs())).sum();
        check(&format!("{} input", plan.role.name()), slope, |by| {
            let values = read_values(at.clone())
                .iter()
                .zip(&to_input)
                .map(|(value, direction)| value + by * direction.signum())
                .collect::<Vec<f32>>();
            value(&plan, &state, &Tensor::from_data(TensorData::new(values, at.dims()), &Device::flex()), &pull)
        });
    }
}

/// Compares a slope with the difference quotient. Kinks and rounding cause errors of some percent.
fn check(name: &str, slope: f64, moved: impl Fn(f32) -> f64) {
    let found = (moved(SMALL) - moved(-SMALL)) / (2.0 * f64::from(SMALL));
    assert!((found - slope).abs() < 0.05 * slope.abs() + 1e-2, "{name}: {slope}, by differences {found}");
}
