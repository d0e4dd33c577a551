//! Compares both recipes with `PyTorch`, step by step.
//!
//! `assets/fixtures/training-16.safetensors` holds the results of a `PyTorch` program in double precision: three steps
//! of each recipe from the same weights and batches (`start`, `real`, `known`, `prior`, `views`, `noise`), with
//! networks of 16×16 pixels, width 4, latents of 8 values and batches of 4. `views` is D's augmentation, `noise` is for
//! its gradient penalty. The learning rates are 0.02 (encoder, during warm-up) and 0.002 (blog, penalty 0.5). `told`
//! holds the metrics of each step, `end` and `average` the networks after the last step. The initial weights of the
//! latent discriminator are sines.

use std::collections::BTreeMap;

use burn::tensor::Device;
use safetensors::SafeTensors;

use crate::device::test_gpu::any_gpu;
use crate::train::batch::Batch;
use crate::train::discriminator_augment::DiscriminatorAugment;
use crate::train::latent_discriminator;
use crate::train::net::{NetState, TensorState, read_values};
use crate::train::settings::{TrainRecipe, TrainSettings};
use crate::train::trainer::{TrainState, Trainer};

static TRACE: &[u8] = include_bytes!("../../../assets/fixtures/training-16.safetensors");
const STEPS: usize = 3;
/// Relative tolerance of losses and gradient norms, in single precision.
const METRIC_TOLERANCE: f32 = 2e-3;
/// Tolerance of a tensor's change, relative to the norm of that change. Adam amplifies the rounding of small gradients.
const CHANGE_TOLERANCE: f64 = 0.03;

struct Trace(BTreeMap<String, Vec<f32>>);

impl Trace {
    fn read() -> Self {
        let file = SafeTensors::deserialize(TRACE).unwrap();
        let values = |data: &[u8]| data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Self(file.iter().map(|(name, view)| (name.to_string(), values(view.data()))).collect())
    }

    /// The values of one step.
    fn of(&self, name: &str, step: usize) -> &[f32] {
        let all = &self.0[name];
        let length = all.len() / STEPS;
        &all[step * length..(step + 1) * length]
    }

    fn batch(&self, settings: &TrainSettings, step: usize) -> Batch {
        let has_encoder = settings.recipe == TrainRecipe::Encoder;
        #[expect(clippy::cast_possible_truncation, reason = "whole pixels")]
        let augment = |values: &[f32]| DiscriminatorAugment {
            brightness: values[0],
            saturation: values[1],
            contrast: values[2],
            shift_px: [values[3] as i32, values[4] as i32],
            ..DiscriminatorAugment::IDENTITY
        };
        let augments: Vec<DiscriminatorAugment> = self.of("views", step).chunks(5).map(augment).collect();
        let (real, prior) = augments.split_at(augments.len() / 2);
        let only_if = |is_used: bool, values: &[f32]| if is_used { values.to_vec() } else { Vec::new() };
        Batch {
            size_px: 16,
            real_faces: self.of("real", step).to_vec(),
            known_masks: only_if(has_encoder, self.of("known", step)),
            prior_latents: self.of("prior", step).to_vec(),
            augments: if has_encoder { [real.to_vec(), prior.to_vec()] } else { Default::default() },
            penalty_noise: only_if(settings.r1 > 0.0, self.of("noise", step)),
        }
    }

    fn start(&self, settings: &TrainSettings) -> TrainState {
        let mut state = TrainState::initial(settings);
        for (net, net_state) in &mut state.nets {
            for (name, tensor) in &mut net_state.tensors {
                if let Some(values) = self.0.get(&format!("start/{net}/{name}")) {
                    *tensor = TensorState::new(values.clone(), tensor.moments.is_some());
                }
            }
        }
        if let Some(critic) = state.nets.get_mut("critic") {
            *critic = latent_discriminator_state();
        }
        state
    }
}

fn latent_discriminator_state() -> NetState {
    let mut state = NetState::default();
    for (name, length) in latent_discriminator::parameter_lengths(8) {
        let layer: f64 = name[..1].parse().unwrap();
        let speed = if name.ends_with("weight") { 0.7 } else { 0.3 };
        #[expect(clippy::cast_possible_truncation, reason = "single precision values, computed in double")]
        let sine = |index: u32| (0.1 * (speed * f64::from(index) + layer).sin()) as f32;
        let values = (0..u32::try_from(length).unwrap()).map(sine).collect();
        state.tensors.insert(name, TensorState::new(values, true));
    }
    state
}

fn settings(recipe: TrainRecipe) -> TrainSettings {
    let (learning_rate, r1) = if recipe == TrainRecipe::Encoder { (0.02, 0.0) } else { (0.002, 0.5) };
    TrainSettings {
        recipe,
        size_px: 16,
        width: 4,
        latent_dim: 8,
        batch: 4,
        learning_rate,
        r1,
        ..TrainSettings::default()
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

fn compare_with_trace(recipe: TrainRecipe, device: &Device) {
    let (trace, settings) = (Trace::read(), settings(recipe));
    let start = trace.start(&settings);
    let mut trainer = Trainer::new(&settings, &start, device, None);
    let id = recipe.id();
    for step in 0..STEPS {
        let metrics = trainer.train_step(&trace.batch(&settings, step));
        assert!(metrics.len() >= 6);
        for (name, value) in metrics {
            let (found, expected) = (read_values(value)[0], trace.of(&format!("{id}/told/{name}"), step)[0]);
            let error = (found - expected).abs();
            assert!(error < METRIC_TOLERANCE * expected.abs(), "{id}, step {step}, {name}: {found} for {expected}");
        }
    }
    let end = trainer.state();
    let mut compared = 0;
    for (key, expected) in &trace.0 {
        let Some((what, rest)) = key.strip_prefix(&format!("{id}/")).and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        let Some((net, name)) = rest.split_once('/') else { continue };
        let tensor = &end.nets[net].tensors[name];
        let found = if what == "end" { &tensor.values } else { &tensor.averaged };
        let start_values = &start.nets[net].tensors[name].values;
        let change = norm(expected.iter().zip(start_values).map(|(end, start)| f64::from(end - start)));
        let error = norm(found.iter().zip(expected).map(|(found, end)| f64::from(found - end)));
        assert!(error < CHANGE_TOLERANCE * change + 1e-6, "{id} {key}: {error} off a change of {change}");
        compared += 1;
    }
    assert!(compared > 15, "{compared} tensors compared");
}

#[test]
fn the_encoder_recipe_matches_pytorch() {
    compare_with_trace(TrainRecipe::Encoder, &Device::flex());
}

#[test]
fn the_blog_recipe_matches_pytorch() {
    compare_with_trace(TrainRecipe::Blog, &Device::flex());
}

#[test]
#[ignore = "tunes the kernels of a GPU for minutes"]
fn both_recipes_match_pytorch_on_a_gpu() {
    let Some(gpu) = any_gpu() else { return };
    compare_with_trace(TrainRecipe::Encoder, &gpu.burn);
    compare_with_trace(TrainRecipe::Blog, &gpu.burn);
}
