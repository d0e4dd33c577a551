//! The networks of a run, their state, and the training step.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::batch::{Batch, DeviceBatch};
use super::critic::{self, Critic};
use super::draws::{Purpose, stream};
use super::net::{Net, NetState, Place, read};
use super::perception::{self, AlexNet, Judges, Perception};
use super::plan::NetPlan;
use super::recipe;
use super::settings::{Recipe, TrainSettings};

/// The networks, on a device.
pub(super) struct Nets {
    pub generator: Net,
    pub discriminator: Net,
    pub encoding: Option<Encoding>,
    /// Discriminators on fixed pretrained features.
    pub perception: Option<Perception>,
}

/// The networks that only the encoder recipe has.
pub(super) struct Encoding {
    pub encoder: Net,
    pub critic: Critic,
}

/// The state of a run between two steps, in host memory. A checkpoint holds exactly this.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TrainState {
    /// Steps done.
    pub step: u64,
    /// By name: generator, discriminator, encoder and critic (encoder recipe), judges (with a features file).
    pub nets: BTreeMap<String, NetState>,
    /// Probability of strong discriminator augmentation in the next step ([`super::views`]), 0 to 1.
    pub strength: f32,
}

/// The metrics of a step by name. Each is `[1]` and still on the device.
pub(super) type Told = Vec<(&'static str, Tensor<1>)>;

/// The plans of G, D and, with the encoder recipe, E.
pub(super) fn plans(settings: &TrainSettings) -> Vec<NetPlan> {
    let (size, width, latent) = (settings.size_px as usize, settings.width as usize, settings.latent_dim as usize);
    let mut plans = vec![NetPlan::generator(size, width, latent), NetPlan::discriminator(size, width)];
    if settings.recipe == Recipe::Encoder {
        plans.push(NetPlan::encoder(size, width, latent));
    }
    plans
}

impl TrainState {
    /// The state before the first step.
    pub fn initial(settings: &TrainSettings) -> Self {
        let mut rng = stream(settings.seed, Purpose::Weights);
        let mut nets: BTreeMap<String, NetState> =
            plans(settings).iter().map(|plan| (plan.name.to_string(), NetState::initial(plan, &mut rng))).collect();
        if settings.recipe == Recipe::Encoder {
            nets.insert("critic".into(), Critic::initial(settings.latent_dim as usize, &mut rng));
        }
        if settings.features.is_some() {
            nets.insert("judges".into(), Judges::initial(&mut rng));
        }
        Self { step: 0, nets, strength: 0.0 }
    }

    /// The tensors of a state: network, name, length, and whether gradients train it.
    pub fn expected(settings: &TrainSettings) -> Vec<(String, String, usize, bool)> {
        let mut all = Vec::new();
        for plan in plans(settings) {
            for layer in &plan.layers {
                let learned = layer.parameters().into_iter().map(|(name, length)| (name, length, true));
                let running = layer.statistics().into_iter().map(|name| (name, layer.outputs, false));
                all.extend(learned.chain(running).map(|(name, length, is)| (plan.name.to_string(), name, length, is)));
            }
        }
        if settings.recipe == Recipe::Encoder {
            let parameters = critic::parameters(settings.latent_dim as usize).into_iter();
            all.extend(parameters.map(|(name, length)| ("critic".to_string(), name, length, true)));
        }
        if settings.features.is_some() {
            let learned = perception::parameters().into_iter().map(|(name, length)| (name, length, true));
            let followed = perception::statistics().into_iter().map(|(name, length)| (name, length, false));
            all.extend(learned.chain(followed).map(|(name, length, is)| ("judges".to_string(), name, length, is)));
        }
        all
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        self.nets.values().all(NetState::is_finite)
    }
}

/// The state of a run between two steps, on a device.
pub(super) struct Trainer {
    pub settings: TrainSettings,
    pub place: Place,
    pub nets: Nets,
    /// Steps done.
    pub step: u64,
    /// See [`TrainState::strength`].
    pub strength: f32,
}

impl Trainer {
    /// Uploads a state, which must match the settings. `features` is the network of the settings' features file.
    pub fn new(settings: &TrainSettings, state: &TrainState, place: &Place, features: Option<AlexNet>) -> Self {
        let nothing = NetState::default();
        let state_of = |name: &str| state.nets.get(name).unwrap_or(&nothing);
        let mut nets = plans(settings).into_iter().map(|plan| Net::new(&plan, state_of(plan.name), place));
        let (generator, discriminator, encoder) = (nets.next(), nets.next(), nets.next());
        let (Some(generator), Some(discriminator)) = (generator, discriminator) else {
            unreachable!("every recipe has a generator and a discriminator")
        };
        let encoding = encoder.map(|encoder| Encoding {
            encoder,
            critic: Critic::new(settings.latent_dim as usize, state_of("critic"), &place.device),
        });
        let perception =
            features.map(|features| Perception::new(features, settings.seed, state_of("judges"), &place.device));
        let nets = Nets { generator, discriminator, encoding, perception };
        Self { settings: settings.clone(), place: place.clone(), nets, step: state.step, strength: state.strength }
    }

    /// Runs one step. The returned metrics stay on the device.
    pub fn advance(&mut self, batch: &Batch) -> Told {
        let batch = DeviceBatch::new(batch, &self.place.device);
        let told = match self.settings.recipe {
            Recipe::Encoder => recipe::encoder::step(self, &batch),
            Recipe::Blog => recipe::blog::step(self, &batch),
        };
        self.step += 1;
        told
    }

    /// Reads the whole state. Waits for the device.
    pub fn state(&self) -> TrainState {
        let mut nets = BTreeMap::from([
            ("generator".to_string(), self.nets.generator.state()),
            ("discriminator".to_string(), self.nets.discriminator.state()),
        ]);
        if let Some(encoding) = &self.nets.encoding {
            nets.insert("encoder".into(), encoding.encoder.state());
            nets.insert("critic".into(), encoding.critic.state());
        }
        if let Some(perception) = &self.nets.perception {
            nets.insert("judges".into(), perception.state());
        }
        TrainState { step: self.step, nets, strength: self.strength }
    }
}

/// Reads the metrics of several steps and returns their means by name. Waits for the device once.
pub(super) fn means(told: &[Told]) -> Vec<(&'static str, f32)> {
    let Some(first) = told.first() else { return Vec::new() };
    let all: Vec<Tensor<1>> = told.iter().flatten().map(|(_, value)| value.clone()).collect();
    let values = read(Tensor::cat(all, 0));
    #[expect(clippy::cast_precision_loss, reason = "counts of steps, far below 2^24")]
    let count = told.len() as f32;
    let mean = |index: usize| values.iter().skip(index).step_by(first.len()).sum::<f32>() / count;
    first.iter().enumerate().map(|(index, (name, _))| (*name, mean(index))).collect()
}
