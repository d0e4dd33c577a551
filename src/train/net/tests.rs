//! Compares both network implementations with each other, and gradients with finite differences.

use burn::tensor::{Device, Tensor, TensorData};

use super::*;
use crate::train::network_plan::NetPlan;
use crate::train::rng::{RngStream, rng_for, sample_prior};

/// Tolerance relative to the largest value. The implementations sum some hundred products in different orders.
const RELATIVE: f32 = 2e-4;

fn backend(uses_cpu_net: bool) -> TrainBackend {
    TrainBackend { device: Device::flex(), uses_cpu_net }
}

fn plans() -> [NetPlan; 3] {
    [NetPlan::generator(16, 3, 5), NetPlan::discriminator(32, 2), NetPlan::encoder(16, 4, 5)]
}

/// Initial weights with large random changes, so that every part of a network affects the output.
fn state(plan: &NetPlan) -> NetState {
    let mut rng = rng_for(4, RngStream::InitialWeights);
    let mut state = NetState::initial(plan, &mut rng);
    for (name, tensor) in &mut state.tensors {
        let scale = if name.ends_with("weight") { 0.3 } else { 0.1 };
        let changes = sample_prior(&mut rng, tensor.values.len());
        tensor.values.iter_mut().zip(changes).for_each(|(value, change)| *value += scale * change);
    }
    state
}

fn input(plan: &NetPlan, batch: usize, seed: u64) -> Tensor<4> {
    let (side, channels) = (plan.input_side, plan.layers[0].inputs);
    let values = sample_prior(&mut rng_for(seed, RngStream::Samples), batch * channels * side * side);
    Tensor::from_data(TensorData::new(values, [batch, channels, side, side]), &Device::flex())
}

fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= RELATIVE * scale + 1e-7, "{name}[{index}]: {found} for {expected}");
    }
}

/// Sorted values, because the order depends on the layout.
fn sorted(tensor: &Tensor<2>) -> Vec<f32> {
    let mut values = read_values(tensor.clone());
    values.sort_by(f32::total_cmp);
    values
}

#[test]
fn both_implementations_agree() {
    let adam = AdamSettings { beta1: 0.5, beta2: 0.99 };
    for plan in plans() {
        let state = state(&plan);
        let mut nets = [true, false].map(|uses_cpu_net| TrainNet::new(&plan, &state, &backend(uses_cpu_net)));
        for step in 0..2 {
            let results = nets.each_mut().map(|net| {
                // Two passes per step, as for D. The larger one comes first, so that stale buffer contents would show.
                let first = net.forward(input(&plan, 5, 10 + step));
                let second = net.forward_with_feature_maps(input(&plan, 3, 20 + step));
                let output = second.output.clone();
                let levels: Vec<Vec<f32>> = second.feature_maps.iter().map(sorted).collect();
                let pull = |tensor: &Tensor<4>| tensor.clone().mul_scalar(0.7).add_scalar(0.1);
                let to_levels = second.feature_maps.iter().map(|level| level.clone().mul_scalar(0.3)).collect();
                let gradient = pull(&first.output);
                net.backward(first, gradient, Vec::new(), GradientTargets::PARAMETERS);
                let gradient = pull(&output);
                let to_input = net.backward(second, gradient, to_levels, GradientTargets::BOTH).unwrap();
                let norm = read_values(net.gradient_norm(&Device::flex()));
                net.adam_step(&adam, 0.01);
                net.update_averages(0.9, 0.5);
                (read_values(output), levels, read_values(to_input), norm)
            });
            let [cpu, burn] = &results;
            assert_close("output", &cpu.0, &burn.0);
            cpu.1.iter().zip(&burn.1).for_each(|(cpu, burn)| assert_close("level", cpu, burn));
            assert_close("gradient to the input", &cpu.2, &burn.2);
            assert_close("norm of the gradient", &cpu.3, &burn.3);
        }
        let [cpu, burn] = nets.map(|net| net.state());
        assert_eq!((cpu.adam_steps, burn.adam_steps), (2, 2));
        for (name, burn) in &burn.tensors {
            let cpu = &cpu.tensors[name];
            // Adam turns rounding errors of a near-zero gradient into full steps. Then only the moments agree.
            let is_moved = name.ends_with("weight");
            for ((part, cpu), (_, burn)) in
                cpu.parts().zip(burn.parts()).filter(|((part, _), _)| is_moved || *part != "value")
            {
                assert_close(&format!("{} {name} {part}", plan.name), cpu, burn);
            }
        }
    }
}

#[test]
fn a_state_round_trips() {
    for plan in plans() {
        let state = NetState { adam_steps: 7, ..state(&plan) };
        for uses_cpu_net in [true, false] {
            assert_eq!(TrainNet::new(&plan, &state, &backend(uses_cpu_net)).state(), state, "{}", plan.name);
        }
    }
}

/// `Σ output·pull` after one forward pass with this state.
fn value(plan: &NetPlan, state: &NetState, input: &Tensor<4>, pull: &[f32]) -> f64 {
    let mut net = TrainNet::new(plan, state, &backend(true));
    let output = read_values(net.forward(input.clone()).output);
    output.iter().zip(pull).map(|(output, pull)| f64::from(*output) * f64::from(*pull)).sum()
}

/// Step of the finite differences: well above single-precision rounding, and small enough for the curvature.
const SMALL: f32 = 2e-3;

#[test]
fn cpu_gradients_match_finite_differences() {
    for plan in plans() {
        let (state, at) = (state(&plan), input(&plan, 4, 1));
        let mut net = TrainNet::new(&plan, &state, &backend(true));
        let pass = net.forward(at.clone());
        let dims = pass.output.dims();
        let pull = sample_prior(&mut rng_for(9, RngStream::Samples), dims.iter().product());
        let gradient = Tensor::from_data(TensorData::new(pull.clone(), dims), &Device::flex());
        let to_input = read_values(net.backward(pass, gradient, Vec::new(), GradientTargets::BOTH).unwrap());
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
            check(&format!("{} {name}", plan.name), slope, moved);
        }
        let slope = to_input.iter().map(|value| f64::from(value.abs())).sum();
        check(&format!("{} input", plan.name), slope, |by| {
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
