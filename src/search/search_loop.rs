//! The search loop, one gradient evaluation at a time.
//!
//! Only the pictures of the newest evaluation are kept. Those of the best latents are generated when they are needed.

use std::f32::consts::PI;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::evaluation::Evaluation;
use super::initial_latents::SearchRng;
use super::operations::SearchPass;
use super::optimizer::Optimizer;
use super::problem::SearchProblem;
use super::total_loss::ScoredLatents;
use super::{Schedule, Settings, Starts};
use crate::model::Networks;

/// A running search.
pub struct Search {
    pub(super) networks: Arc<Networks>,
    pub(super) settings: Settings,
    pub(super) pass: Arc<SearchPass>,
    /// The pass of all searches that are evaluated together with this one.
    pub(super) joint_pass: Option<Arc<SearchPass>>,
    pub(super) problem: SearchProblem,
    /// See [`SearchProblem::deep_hole_share`].
    pub(super) deep_share: f32,
    pub(super) rng: SearchRng,
    /// `[candidates, latent_dim]`, on the networks' device like every tensor here.
    pub(super) latents: Tensor<2>,
    /// Starts of the candidates, to which the latents are held. `None` for starts from the prior, which carry no
    /// information.
    pub(super) anchors: Option<Tensor<2>>,
    /// Orthonormal directions `[count, latent_dim]` along which no step moves the latents.
    pub(super) held: Option<Tensor<2>>,
    /// The latent before an edit, `[1, latent_dim]`.
    pub(super) edited_from: Option<Tensor<2>>,
    pub(super) optimizer: Optimizer,
    iterations_begun: u32,
    pub(super) iterations_done: u32,
    /// Number of iterations by which edits of the problem have rewound the schedules.
    pub(super) schedule_rewind: u32,
    /// Whether the result is the last latent of each candidate instead of its best one, as for variations.
    pub(super) uses_last_latents: bool,
    /// The newest evaluation. With HMC it may belong to a leapfrog step within an iteration.
    pub(super) evaluation: Option<Evaluation>,
    pub(super) best: Option<ScoredLatents>,
    /// Iterations that were not read yet, oldest first.
    pub(super) unread: Vec<(u32, ScoredLatents)>,
}

/// A step whose evaluation is still to come.
pub(super) struct Step {
    rate: f32,
    /// The latents before noise is added.
    latents: Tensor<2>,
}

/// The noise has decayed to zero after this share of the steps (`StyleGAN2`'s projector).
const NOISE_STEP_SHARE: f32 = 0.75;

impl Search {
    /// Sets up a search.
    #[must_use]
    pub fn new(networks: Arc<Networks>, problem: &SearchProblem, settings: Settings) -> Self {
        let mut rng = SearchRng::new(settings.seed, networks.device());
        let pass = SearchPass::new(networks.clone(), problem, &settings);
        let guess = encoder_guess(&networks, &pass, &settings);
        let candidates = settings.candidates as usize;
        let anchors = guess.map(|guess| rng.starts_around(&guess, candidates, settings.start_spread));
        let latents = anchors.clone().unwrap_or_else(|| rng.sample_prior([candidates, networks.info.latent_dim]));
        let optimizer = Optimizer::new(&settings, &latents);
        Self {
            networks,
            settings,
            pass,
            joint_pass: None,
            problem: problem.clone(),
            deep_share: problem.deep_hole_share(),
            rng,
            latents,
            anchors,
            held: None,
            edited_from: None,
            optimizer,
            iterations_begun: 0,
            iterations_done: 0,
            schedule_rewind: 0,
            uses_last_latents: false,
            evaluation: None,
            best: None,
            unread: Vec::new(),
        }
    }

    /// Number of complete iterations.
    #[must_use]
    pub fn iterations_done(&self) -> u32 {
        self.iterations_done
    }

    /// The iteration (from 1) of the newest losses and pictures.
    #[must_use]
    pub fn iterations_begun(&self) -> u32 {
        self.iterations_begun
    }

    /// Whether all steps are done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.schedule_step() >= self.settings.steps
    }

    /// Position in the schedules: the complete iterations, less those that edits have rewound.
    pub(super) fn schedule_step(&self) -> u32 {
        self.iterations_done.saturating_sub(self.schedule_rewind)
    }

    /// The current problem.
    #[must_use]
    pub fn problem(&self) -> &SearchProblem {
        &self.problem
    }

    /// The current settings, including changes made during the search.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Waits until the device has done all evaluations so far.
    ///
    /// # Panics
    /// When the device is lost.
    pub fn wait(&self) {
        self.networks.device().sync().expect("the device is working");
    }

    /// Changes λ from the next evaluation on, and recomputes the best losses.
    pub fn set_lambda(&mut self, lambda: f32) {
        if lambda.to_bits() == self.settings.lambda.to_bits() {
            return;
        }
        let had_prior_loss = self.settings.uses_discriminator();
        self.settings.lambda = lambda;
        if !had_prior_loss {
            self.rescore_best();
        } else if let Some(best) = &mut self.best {
            best.losses.set_lambda(lambda);
        }
    }

    /// Changes the number of steps from the next iteration on.
    pub fn set_steps(&mut self, steps: u32) {
        self.settings.steps = steps;
    }

    /// Does one gradient evaluation and the optimizer step after it. Returns whether this began a new iteration, whose
    /// pictures and losses are now available. Except for HMC, every evaluation is one iteration.
    pub fn advance(&mut self) -> bool {
        let step = self.begin_step();
        let evaluation = self.evaluate();
        self.end_step(step, evaluation)
    }

    /// Prepares the latents for an evaluation.
    pub(super) fn begin_step(&mut self) -> Step {
        let step = Step { rate: self.learning_rate(), latents: self.latents.clone() };
        if !self.optimizer.is_hmc() {
            self.add_noise();
        }
        step
    }

    /// Does the optimizer step after an evaluation. Returns whether it began an iteration.
    pub(super) fn end_step(&mut self, Step { rate, latents }: Step, evaluation: Evaluation) -> bool {
        let begins_iteration = self.optimizer.begins_iteration();
        if begins_iteration {
            self.record_losses(&evaluation);
        }
        let Settings { hmc: hmc_settings, clipping, .. } = self.settings;
        let (gradient, total) = (evaluation.gradient.clone(), evaluation.scored.losses.total.clone());
        let (moved, ends_iteration) = match &mut self.optimizer {
            Optimizer::Adam(adam) => (adam.step(latents.clone(), gradient, rate), true),
            Optimizer::Momentum(momentum) => (momentum.step(latents.clone(), gradient, rate), true),
            Optimizer::Hmc(hmc) => hmc.step(latents.clone(), (gradient, total), &hmc_settings, clipping, &mut self.rng),
        };
        self.latents = self.hold_attributes(latents, moved);
        if !self.optimizer.is_hmc() {
            let decayed = self.apply_anchor_decay(self.latents.clone(), rate);
            self.latents = self.rng.clip_to_prior(decayed, clipping);
        }
        self.evaluation = Some(evaluation);
        self.iterations_done += u32::from(ends_iteration);
        begins_iteration
    }

    /// Adds noise to the latents. Its standard deviation falls over the steps.
    fn add_noise(&mut self) {
        let Settings { noise, steps, .. } = self.settings;
        #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^24")]
        let remaining = 1.0 - self.schedule_step() as f32 / (NOISE_STEP_SHARE * steps.max(1) as f32);
        if noise > 0.0 && remaining > 0.0 {
            let samples = self.rng.sample_normal(self.latents.dims()).mul_scalar(noise * remaining * remaining);
            self.latents = self.rng.clip_to_prior(self.latents.clone() + samples, self.settings.clipping);
        }
    }

    /// Pulls each latent towards its start. This is separate from the gradient, like decoupled weight decay (Loshchilov
    /// & Hutter 2019, arXiv 1711.05101). An Adam step is about `rate` per value, so a latent value moves at most about
    /// `1 / (anchor_decay · deep share)` away, whatever the scale of the losses.
    fn apply_anchor_decay(&self, latents: Tensor<2>, rate: f32) -> Tensor<2> {
        let share = (self.settings.anchor_decay * self.deep_share * rate).min(1.0);
        match &self.anchors {
            Some(anchors) if share > 0.0 => latents.clone() + (anchors.clone() - latents).mul_scalar(share),
            _ => latents,
        }
    }

    /// Records an iteration's losses and keeps latents that are better than all before.
    pub(super) fn record_losses(&mut self, evaluation: &Evaluation) {
        let scored = evaluation.scored.clone();
        self.iterations_begun = self.iterations_done + 1;
        self.unread.push((self.iterations_begun, scored.clone()));
        self.best = Some(match self.best.take() {
            Some(best) if !self.uses_last_latents => best.min_by_total(scored),
            _ => scored,
        });
    }

    fn learning_rate(&self) -> f32 {
        let Settings { learning_rate, schedule, steps, .. } = self.settings;
        match schedule {
            Schedule::Constant => learning_rate,
            Schedule::Cosine => {
                #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^24")]
                let share = self.schedule_step() as f32 / steps.max(1) as f32;
                learning_rate * 0.5 * (1.0 + (PI * share.min(1.0)).cos())
            }
        }
    }
}

/// The encoder's guess, `[1, latent_dim]`. `None` if the settings do not start from it or the model has no encoder.
fn encoder_guess(networks: &Networks, pass: &SearchPass, settings: &Settings) -> Option<Tensor<2>> {
    let guess = (settings.starts == Starts::Encoder).then(|| pass.encode()).flatten()?;
    let shape = [1, guess.len()];
    Some(Tensor::from_data(TensorData::new(guess, shape), &networks.device()))
}
