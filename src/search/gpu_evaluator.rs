//! Evaluates losses and gradients on a GPU: the dispatches of the networks with those of the losses between them.
//!
//! The optimizer runs on the CPU, so each evaluation waits for the GPU and reads back a few hundred numbers. The next
//! evaluation is recorded while the GPU works. Pictures are read back only when somebody looks at them.

use std::sync::Arc;

use burn::tensor::Tensor;
use wgpu::Buffer;

use super::context_target::ContextTarget;
use super::prior_loss::prior_loss;
use super::problem::SearchProblem;
use super::results::tensor_values;
use super::total_loss::GradientEvaluation;
use super::{Norm, PriorForm, Settings};
use crate::model::gpu::{
    Dispatch, DispatchPlan, GpuNetworks, ReadbackBuffer, RecordedCommands, VECTOR_LEN, constant_buffer, storage_buffer,
    uniform_buffer, unpad_rows, vector_count,
};

/// Workgroup size in `context_loss.wgsl`.
const WORKGROUP_SIZE: usize = 64;
/// Most candidates per submission. More would not use a GPU better but need memory, and the driver of a slow GPU may
/// take a long submission for a hang.
const MAX_CANDIDATES_PER_SUBMISSION: usize = 64;

/// A problem on a GPU, with buffers.
pub(super) struct GpuEvaluator {
    networks: Arc<GpuNetworks>,
    plan: DispatchPlan,
    target: ContextTarget,
    /// The uniforms of `context_loss.wgsl`.
    uniforms: Buffer,
    /// Partial context losses, one per workgroup.
    partial_losses: Buffer,
    /// Workgroups per candidate.
    workgroups: usize,
    /// D forward, gradient of the prior loss, D backward.
    prior_pass: Vec<Dispatch>,
    context_loss: Dispatch,
    readback: ReadbackBuffer,
    /// The recorded commands of the next evaluation, and whether they include D.
    next_commands: Option<(bool, RecordedCommands)>,
    /// The latents whose pictures are in the buffer. Empty if not all candidates fit.
    generated_latents: Vec<f32>,
}

impl GpuEvaluator {
    pub fn new(networks: Arc<GpuNetworks>, problem: &SearchProblem, settings: &Settings) -> Self {
        let (gpu, target) = (networks.gpu(), ContextTarget::new(problem, &settings.context));
        let all = settings.candidates as usize;
        let candidates = all.div_ceil(all.div_ceil(networks.max_candidates().clamp(1, MAX_CANDIDATES_PER_SUBMISSION)));
        let plan = networks.plan_dispatches(candidates, true);
        let area = target.side_px * target.side_px;
        let workgroups = area.div_ceil(WORKGROUP_SIZE);
        let uniforms = uniform_buffer(gpu, &uniform_values(&target, settings, candidates, false));
        let partial_losses = storage_buffer(gpu, "losses", candidates * workgroups);
        let pixels = target.pixels.as_chunks::<3>().0.iter().zip(&target.weights);
        let photo: Vec<[f32; 4]> = pixels.map(|([red, green, blue], weight)| [*red, *green, *blue, *weight]).collect();
        let [right, below] = &target.pair_weights;
        let pairs: Vec<[f32; 2]> = right.iter().zip(below).map(|(right, below)| [*right, *below]).collect();
        let [photo, pairs] = [constant_buffer(gpu, "photo", &photo), constant_buffer(gpu, "pairs", &pairs)];
        let picture_len = area * VECTOR_LEN;
        let buffers = [
            &uniforms,
            &plan.pictures,
            &photo,
            &pairs,
            &plan.pictures_gradient,
            &partial_losses,
            &plan.logits,
            &plan.logits_gradient,
        ];
        let dispatch = |function: &str, indices: &[u32], workgroups: [usize; 3]| {
            let kernel = networks.kernel(function, function, || include_str!("context_loss.wgsl").into());
            let bindings: Vec<_> = indices.iter().map(|index| (*index, buffers[*index as usize])).collect();
            kernel.dispatch(gpu, &bindings, workgroups)
        };
        let mut prior_pass = plan.discriminator_forward.clone();
        prior_pass.push(dispatch("prior_gradient", &[0, 6, 7], [candidates.div_ceil(WORKGROUP_SIZE), 1, 1]));
        prior_pass.extend_from_slice(&plan.discriminator_backward);
        let context_loss = dispatch("context_loss", &[0, 1, 2, 3, 4, 5], [workgroups, candidates, 1]);
        let dispatches = [&plan.generator_forward, &prior_pass, &plan.generator_backward].map(Vec::len);
        tracing::debug!("one evaluation takes {} dispatches", dispatches.iter().sum::<usize>() + 1);
        let latent_len = vector_count(networks.latent_dim()) * VECTOR_LEN;
        let readback = ReadbackBuffer::new(gpu, candidates * picture_len.max(latent_len + workgroups + VECTOR_LEN));
        Self {
            plan,
            target,
            uniforms,
            partial_losses,
            workgroups,
            prior_pass,
            context_loss,
            readback,
            next_commands: None,
            generated_latents: Vec::new(),
            networks,
        }
    }

    /// The encoder's guess, `[latent_dim]`.
    pub fn encode(&self) -> Option<Vec<f32>> {
        self.networks.encode(1, &self.target.pixels, &self.target.known)
    }

    /// Generates the pictures and computes the losses and the gradient of the total loss with respect to the latents.
    pub fn evaluate(&mut self, settings: &Settings, latents: &Tensor<2>) -> GradientEvaluation {
        let latent_dim = latents.dims()[1];
        let has_prior = settings.uses_discriminator() && self.networks.has_discriminator();
        let uniforms = uniform_values(&self.target, settings, self.plan.candidates, has_prior);
        self.networks.gpu().queue.write_buffer(&self.uniforms, 0, bytemuck::cast_slice(&uniforms));
        let values = tensor_values(latents.clone());
        let lengths = self.readback_lengths();
        let (mut gradient, mut context, mut prior) = (Vec::new(), Vec::new(), Vec::new());
        for batch in values.chunks(self.plan.candidates * latent_dim) {
            let next = self.next_commands.take().filter(|(had_prior, _)| *had_prior == has_prior);
            let commands = next.map_or_else(|| self.record_commands(has_prior), |(_, commands)| commands);
            self.plan.set_latents(&self.networks, batch);
            let submitted = self.readback.submit(self.networks.gpu(), commands);
            self.next_commands = Some((has_prior, self.record_commands(has_prior)));
            let results = self.readback.wait(self.networks.gpu(), submitted);
            let (latent_gradients, losses_and_logits) = results.split_at(lengths[0]);
            let (partial_losses, logits) = losses_and_logits.split_at(lengths[1]);
            gradient.extend(unpad_rows(latent_gradients, latent_dim));
            context.extend(partial_losses.chunks(self.workgroups).map(sum));
            let logits = logits.iter().step_by(VECTOR_LEN);
            prior.extend(logits.map(|logit| if has_prior { prior_loss(*logit, settings.prior) } else { 0.0 }));
        }
        // The last batch may be padded.
        let candidates = latents.dims()[0];
        gradient.truncate(candidates * latent_dim);
        context.truncate(candidates);
        prior.truncate(candidates);
        self.remember_generated(values);
        GradientEvaluation::new(latents, gradient, context, prior, settings.lambda)
    }

    /// Lengths of the values read back: gradients, context losses, logits.
    fn readback_lengths(&self) -> [usize; 3] {
        let lengths = [vector_count(self.networks.latent_dim()) * VECTOR_LEN, self.workgroups, VECTOR_LEN];
        lengths.map(|length| self.plan.candidates * length)
    }

    fn record_commands(&self, has_prior: bool) -> RecordedCommands {
        let Self { networks, plan, partial_losses, prior_pass, context_loss, readback, .. } = self;
        let prior_pass = if has_prior { prior_pass.as_slice() } else { &[] };
        let dispatches =
            plan.generator_forward.iter().chain(prior_pass).chain([context_loss]).chain(&plan.generator_backward);
        let [gradient, context, logits] = self.readback_lengths();
        let buffers = [(&plan.latents_gradient, gradient), (partial_losses, context), (&plan.logits, logits)];
        readback.record(networks.gpu(), dispatches, &buffers)
    }

    /// Generator forward: `[candidates, side, side, 3]`.
    pub fn generate(&mut self, latents: &Tensor<2>) -> Vec<f32> {
        let latent_dim = latents.dims()[1];
        let values = tensor_values(latents.clone());
        let mut pictures = Vec::new();
        for batch in values.chunks(self.plan.candidates * latent_dim) {
            let Self { networks, plan, target, readback, generated_latents, .. } = &*self;
            let dispatches = if batch == generated_latents { &[] } else { plan.generator_forward.as_slice() };
            plan.set_latents(networks, batch);
            let length = batch.len() / latent_dim * target.side_px * target.side_px * VECTOR_LEN;
            let commands = readback.record(networks.gpu(), dispatches, &[(&plan.pictures, length)]);
            let submitted = readback.submit(networks.gpu(), commands);
            pictures.extend(unpad_rows(&readback.wait(networks.gpu(), submitted), 3));
        }
        self.remember_generated(values);
        pictures
    }

    /// Notes which latents' pictures are in the buffer.
    fn remember_generated(&mut self, latents: Vec<f32>) {
        let all_fit = latents.len() <= self.plan.candidates * self.networks.latent_dim();
        self.generated_latents = if all_fit { latents } else { Vec::new() };
    }
}

/// The values of the struct `Uniforms` in `context_loss.wgsl`.
fn uniform_values(target: &ContextTarget, settings: &Settings, candidates: usize, has_prior: bool) -> [u32; 8] {
    let [side, candidates] = [target.side_px, candidates].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    [
        side,
        candidates,
        u32::from(settings.context.norm == Norm::L2),
        u32::from(settings.prior == PriorForm::Saturating),
        u32::from(has_prior),
        settings.lambda.to_bits(),
        target.pixel_scale.to_bits(),
        target.pair_scale.to_bits(),
    ]
}

fn sum(parts: &[f32]) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "summed in f64, returned in f32")]
    let sum = parts.iter().map(|part| f64::from(*part)).sum::<f64>() as f32;
    sum
}
