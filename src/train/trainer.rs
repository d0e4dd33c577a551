//! The networks of a run, their state, and the training step.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};

use super::batch::{Batch, DeviceBatch};
use super::feature_losses::{self, FeatureLosses, ProjectedDiscriminators};
use super::latent_discriminator::{self, LatentDiscriminator};
use super::layer_tensors::{parameter_lengths, statistic_names};
use super::net::{NetState, TrainNet, read_values};
use super::recipe;
use super::rng::{RngStream, rng_for};
use super::settings::{TrainRecipe, TrainSettings};
use crate::model::{NetworkPlan, NetworkRole};
use crate::perceptual::AlexNet;

/// The networks, on a device.
pub(super) struct TrainNets {
    pub generator: TrainNet,
    pub discriminator: TrainNet,
    pub encoder_nets: Option<EncoderNets>,
    /// Losses on pretrained features, with a features file.
    pub feature_losses: Option<FeatureLosses>,
}

/// The networks that only the encoder recipe has.
pub(super) struct EncoderNets {
    pub encoder: TrainNet,
    pub latent_discriminator: LatentDiscriminator,
}

/// The state of a run between two steps, in host memory. A checkpoint holds exactly this.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TrainState {
    /// Steps done.
    pub step: u64,
    /// By name. `critic` is the latent discriminator, `judges` are the discriminators on pretrained features.
    pub nets: BTreeMap<String, NetState>,
    /// Probability of strong discriminator augmentation in the next step ([`super::discriminator_augment`]), 0 to 1.
    pub augment_strength: f32,
}

/// The metrics of a step by name. Each is `[1]` and still on the device.
pub(super) type StepMetrics = Vec<(&'static str, Tensor<1>)>;

/// Values of the last step for histograms, flat and still on the device.
pub(super) struct StepValues {
    /// Latents from the prior.
    pub latents: Tensor<1>,
    /// D's probabilities of "real" for the real faces, and for those generated from the latents. With augmentation, as D
    /// saw them.
    pub real_probabilities: Tensor<1>,
    pub fake_probabilities: Tensor<1>,
}

/// The plans of G, D and, with the encoder recipe, E.
pub(super) fn network_plans(settings: &TrainSettings) -> Vec<NetworkPlan> {
    let (size, width, latent) = (settings.size_px as usize, settings.width as usize, settings.latent_dim as usize);
    let has_encoder = settings.recipe == TrainRecipe::Encoder;
    let roles = NetworkRole::ALL.into_iter().filter(|role| has_encoder || *role != NetworkRole::Encoder);
    roles.map(|role| NetworkPlan::with_width(role, size, width, latent)).collect()
}

impl TrainState {
    /// The state before the first step.
    pub fn initial(settings: &TrainSettings) -> Self {
        let mut rng = rng_for(settings.seed, RngStream::InitialWeights);
        let initial = |plan: &NetworkPlan| (plan.role.name().to_string(), NetState::initial(plan, &mut rng));
        let mut nets: BTreeMap<String, NetState> = network_plans(settings).iter().map(initial).collect();
        if settings.recipe == TrainRecipe::Encoder {
            nets.insert("critic".into(), LatentDiscriminator::initial(settings.latent_dim as usize, &mut rng));
        }
        if settings.features.is_some() {
            nets.insert("judges".into(), ProjectedDiscriminators::initial(&mut rng));
        }
        Self { step: 0, nets, augment_strength: 0.0 }
    }

    /// The tensors of a state: network, name, length, and whether gradients train it.
    pub fn expected_tensors(settings: &TrainSettings) -> Vec<(String, String, usize, bool)> {
        let mut expected = Vec::new();
        let mut add = |net: &str, is_learned: bool, tensors: Vec<(String, usize)>| {
            expected.extend(tensors.into_iter().map(|(name, length)| (net.to_string(), name, length, is_learned)));
        };
        for plan in network_plans(settings) {
            for layer in &plan.layers {
                add(plan.role.name(), true, parameter_lengths(layer));
                let statistics = statistic_names(layer).into_iter();
                add(plan.role.name(), false, statistics.map(|name| (name, layer.outputs)).collect());
            }
        }
        if settings.recipe == TrainRecipe::Encoder {
            add("critic", true, latent_discriminator::parameter_lengths(settings.latent_dim as usize));
        }
        if settings.features.is_some() {
            add("judges", true, feature_losses::parameter_lengths());
            add("judges", false, feature_losses::statistic_lengths());
        }
        expected
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        self.nets.values().all(NetState::is_finite)
    }
}

/// The state of a run between two steps, on a device.
pub(super) struct Trainer {
    pub settings: TrainSettings,
    /// Without autodiff.
    pub device: Device,
    pub nets: TrainNets,
    /// Steps done.
    pub step: u64,
    /// See [`TrainState::augment_strength`].
    pub augment_strength: f32,
    /// Of the last step of this session.
    pub last_values: Option<StepValues>,
}

impl Trainer {
    /// Uploads a state, which must match the settings. `alexnet` is the network of the settings' features file.
    pub fn new(settings: &TrainSettings, state: &TrainState, device: &Device, alexnet: Option<AlexNet>) -> Self {
        let empty = NetState::default();
        let state_of = |name: &str| state.nets.get(name).unwrap_or(&empty);
        let plans = network_plans(settings).into_iter();
        let mut nets = plans.map(|plan| TrainNet::new(&plan, state_of(plan.role.name()), device));
        let (generator, discriminator, encoder) = (nets.next(), nets.next(), nets.next());
        let (Some(generator), Some(discriminator)) = (generator, discriminator) else {
            unreachable!("every recipe has a generator and a discriminator")
        };
        let latent_dim = settings.latent_dim as usize;
        let encoder_nets = encoder.map(|encoder| EncoderNets {
            encoder,
            latent_discriminator: LatentDiscriminator::new(latent_dim, state_of("critic"), device),
        });
        let feature_losses =
            alexnet.map(|alexnet| FeatureLosses::new(alexnet, settings.seed, state_of("judges"), device));
        Self {
            settings: settings.clone(),
            device: device.clone(),
            nets: TrainNets { generator, discriminator, encoder_nets, feature_losses },
            step: state.step,
            augment_strength: state.augment_strength,
            last_values: None,
        }
    }

    /// Runs one step. The returned metrics stay on the device.
    pub fn train_step(&mut self, batch: &Batch) -> StepMetrics {
        let batch = DeviceBatch::new(batch, &self.device);
        let metrics = match self.settings.recipe {
            TrainRecipe::Encoder => recipe::encoder::step(self, &batch),
            TrainRecipe::Blog => recipe::blog::step(self, &batch),
        };
        self.step += 1;
        metrics
    }

    /// Reads the whole state. Waits for the device.
    pub fn state(&self) -> TrainState {
        let mut nets = BTreeMap::from([
            ("generator".to_string(), self.nets.generator.state()),
            ("discriminator".to_string(), self.nets.discriminator.state()),
        ]);
        if let Some(encoder_nets) = &self.nets.encoder_nets {
            nets.insert("encoder".into(), encoder_nets.encoder.state());
            nets.insert("critic".into(), encoder_nets.latent_discriminator.state());
        }
        if let Some(feature_losses) = &self.nets.feature_losses {
            nets.insert("judges".into(), feature_losses.state());
        }
        TrainState { step: self.step, nets, augment_strength: self.augment_strength }
    }
}

/// Reads the metrics of several steps and returns their means by name. Waits for the device once.
pub(super) fn mean_metrics(step_metrics: &[StepMetrics]) -> Vec<(&'static str, f32)> {
    let Some(first) = step_metrics.first() else { return Vec::new() };
    let all: Vec<Tensor<1>> = step_metrics.iter().flatten().map(|(_, value)| value.clone()).collect();
    let values = read_values(Tensor::cat(all, 0));
    #[expect(clippy::cast_precision_loss, reason = "counts of steps, far below 2^24")]
    let count = step_metrics.len() as f32;
    let mean = |index: usize| values.iter().skip(index).step_by(first.len()).sum::<f32>() / count;
    first.iter().enumerate().map(|(index, (name, _))| (*name, mean(index))).collect()
}
