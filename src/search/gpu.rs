//! Evaluates losses and gradients on a GPU: the dispatches of the networks with those of the losses between them.
//!
//! The optimizer runs on the CPU, so each evaluation is waited for and a few hundred numbers are read back. The next
//! evaluation is recorded while the GPU works. Pictures are read back only when somebody looks at them.

use std::iter::once;
use std::sync::Arc;

use burn::tensor::Tensor;
use wgpu::Buffer;

use super::mirror::reach;
use super::problem::Problem;
use super::readback::to_host;
use super::run::Evaluation;
use super::terms::{Terms, prior};
use super::{Norm, PriorForm, Settings};
use crate::model::gpu::{
    Dispatch, GpuNetworks, Pass, Reader, Recorded, VECTOR, constants, narrowed, room, uniform, vectors,
};

/// Workgroup size in `context.wgsl`.
const THREADS: usize = 64;
/// Most candidates per submission. More would not use a GPU better but need memory, and the driver of a slow GPU may
/// take a long submission for a hang.
const AT_ONCE: usize = 64;

/// A problem on a GPU, with buffers.
pub(super) struct GpuWork {
    networks: Arc<GpuNetworks>,
    pass: Pass,
    terms: Terms,
    /// The uniforms of `context.wgsl`.
    numbers: Buffer,
    /// Partial context losses, one per workgroup.
    losses: Buffer,
    /// Workgroups per candidate.
    groups: usize,
    judge: Vec<Dispatch>,
    look: Vec<Dispatch>,
    reader: Reader,
    /// The recorded commands of the next evaluation, and whether they include D.
    next: Option<(bool, Recorded)>,
    /// The latents whose pictures are in the buffer. Empty if not all candidates fit.
    drawn: Vec<f32>,
}

impl GpuWork {
    pub fn new(networks: Arc<GpuNetworks>, problem: &Problem, settings: &Settings) -> Self {
        let (gpu, terms) = (networks.gpu(), Terms::new(problem, &settings.context));
        let all = settings.candidates as usize;
        let candidates = all.div_ceil(all.div_ceil(networks.most_candidates().clamp(1, AT_ONCE)));
        let pass = networks.pass(candidates, true);
        let area = terms.side_px * terms.side_px;
        let groups = area.div_ceil(THREADS);
        let numbers = uniform(gpu, &numbers(&terms, settings, candidates, false));
        let losses = room(gpu, "losses", candidates * groups);
        let photo: Vec<[f32; 4]> = terms
            .pixels
            .as_chunks::<3>()
            .0
            .iter()
            .zip(&terms.weights)
            .map(|([red, green, blue], weight)| [*red, *green, *blue, *weight])
            .collect();
        let pairs: Vec<[f32; 2]> =
            terms.pair_weights[0].iter().zip(&terms.pair_weights[1]).map(|(right, below)| [*right, *below]).collect();
        let [photo, pairs] = [constants(gpu, "photo", &photo), constants(gpu, "pairs", &pairs)];
        // Without symmetry loss the shader reads none of these.
        let (mirror, per_count, sums) = match &terms.mirror {
            Some(mirror) => (mirror.in_vectors(), mirror.per_count().to_vec(), candidates * area * VECTOR),
            None => (vec![[0.0; 4]], vec![0.0; VECTOR], 0),
        };
        let [mirror, per_count] = [constants(gpu, "mirror", &mirror), constants(gpu, "counts", &per_count)];
        let [rows, slopes] = ["rows", "slopes"].map(|label| room(gpu, label, sums));
        let buffers = [
            &numbers,
            &pass.pictures,
            &photo,
            &pairs,
            &mirror,
            &per_count,
            &rows,
            &slopes,
            &pass.pictures_gradient,
            &losses,
            &pass.logits,
            &pass.logits_gradient,
        ];
        let dispatch = |function: &str, bindings: &[u32], groups: [usize; 3]| {
            let kernel = networks.kernel(function, function, || include_str!("context.wgsl").into());
            let bound: Vec<_> = bindings.iter().map(|binding| (*binding, buffers[*binding as usize])).collect();
            kernel.dispatch(gpu, &bound, groups)
        };
        let each = [groups, candidates, 1];
        let judge = dispatch("judge", &[0, 10, 11], [candidates.div_ceil(THREADS), 1, 1]);
        let mut look = Vec::new();
        if terms.mirror.is_some() {
            look.push(dispatch("add_rows_of_differences", &[0, 1, 4, 6], each));
            look.push(dispatch("compare_with_mirror", &[0, 1, 4, 5, 6, 7], each));
            look.push(dispatch("add_rows_of_slopes", &[0, 5, 6, 7], each));
        }
        look.push(dispatch("look", &[0, 1, 2, 3, 4, 6, 7, 8, 9], each));
        let judge: Vec<_> = pass.judge.iter().chain(once(&judge)).chain(&pass.judge_back).cloned().collect();
        let dispatches = [&pass.draw, &judge, &look, &pass.draw_back].map(Vec::len);
        tracing::debug!("one evaluation takes {} dispatches", dispatches.iter().sum::<usize>());
        let latent = vectors(networks.latent_dim()) * VECTOR;
        let reader = Reader::new(gpu, candidates * (area * VECTOR).max(latent + groups + VECTOR));
        Self { pass, terms, numbers, losses, groups, judge, look, reader, next: None, drawn: Vec::new(), networks }
    }

    /// The encoder's guess, `[latent_dim]`.
    pub fn encode(&self) -> Option<Vec<f32>> {
        self.networks.encode(1, &self.terms.pixels, &self.terms.known)
    }

    /// Generates the pictures and computes the losses and the gradient of the total loss with respect to the latents.
    pub fn evaluate(&mut self, settings: &Settings, latents: &Tensor<2>) -> Evaluation {
        let latent_dim = latents.dims()[1];
        let is_judged = settings.uses_discriminator() && self.networks.has_discriminator();
        let numbers = numbers(&self.terms, settings, self.pass.candidates, is_judged);
        self.networks.gpu().queue.write_buffer(&self.numbers, 0, bytemuck::cast_slice(&numbers));
        let values = to_host(latents.clone());
        let lengths = self.lengths();
        let (mut gradient, mut context, mut priors) = (Vec::new(), Vec::new(), Vec::new());
        for some in values.chunks(self.pass.candidates * latent_dim) {
            let next = self.next.take().filter(|(judges, _)| *judges == is_judged).map(|(_, recorded)| recorded);
            let recorded = next.unwrap_or_else(|| self.record(is_judged));
            self.pass.set_latents(&self.networks, some);
            let submitted = self.reader.submit(self.networks.gpu(), recorded);
            self.next = Some((is_judged, self.record(is_judged)));
            let read = self.reader.wait(self.networks.gpu(), submitted);
            let (slopes, rest) = read.split_at(lengths[0]);
            let (parts, logits) = rest.split_at(lengths[1]);
            gradient.extend(narrowed(slopes, latent_dim));
            context.extend(parts.chunks(self.groups).map(sum));
            let logits = logits.iter().step_by(VECTOR);
            priors.extend(logits.map(|logit| if is_judged { prior(*logit, settings.prior) } else { 0.0 }));
        }
        // The last batch may be padded.
        let candidates = latents.dims()[0];
        gradient.truncate(candidates * latent_dim);
        context.truncate(candidates);
        priors.truncate(candidates);
        self.note(values);
        Evaluation::new(latents, gradient, context, priors, settings.lambda)
    }

    /// Lengths of the values read back: gradients, context losses, logits.
    fn lengths(&self) -> [usize; 3] {
        let of_one = [vectors(self.networks.latent_dim()) * VECTOR, self.groups, VECTOR];
        of_one.map(|length| self.pass.candidates * length)
    }

    fn record(&self, is_judged: bool) -> Recorded {
        let Self { networks, pass, losses, judge, look, reader, .. } = self;
        let judge = if is_judged { judge.as_slice() } else { &[] };
        let dispatches = pass.draw.iter().chain(judge).chain(look).chain(&pass.draw_back);
        let [gradient, context, logits] = self.lengths();
        let buffers = [(&pass.latents_gradient, gradient), (losses, context), (&pass.logits, logits)];
        reader.record(networks.gpu(), dispatches, &buffers)
    }

    /// Generator forward: `[candidates, side, side, 3]`.
    pub fn draw(&mut self, latents: &Tensor<2>) -> Vec<f32> {
        let latent_dim = latents.dims()[1];
        let wanted = to_host(latents.clone());
        let mut pictures = Vec::new();
        for some in wanted.chunks(self.pass.candidates * latent_dim) {
            let Self { networks, pass, terms, reader, drawn, .. } = &*self;
            let draw = if some == drawn { &[] } else { pass.draw.as_slice() };
            pass.set_latents(networks, some);
            let length = some.len() / latent_dim * terms.side_px * terms.side_px * VECTOR;
            let recorded = reader.record(networks.gpu(), draw, &[(&pass.pictures, length)]);
            let submitted = reader.submit(networks.gpu(), recorded);
            pictures.extend(narrowed(&reader.wait(networks.gpu(), submitted), 3));
        }
        self.note(wanted);
        pictures
    }

    /// Notes which latents' pictures are in the buffer.
    fn note(&mut self, latents: Vec<f32>) {
        let is_whole = latents.len() <= self.pass.candidates * self.networks.latent_dim();
        self.drawn = if is_whole { latents } else { Vec::new() };
    }
}

/// The struct `Numbers` of `context.wgsl`.
fn numbers(terms: &Terms, settings: &Settings, candidates: usize, is_judged: bool) -> [u32; 12] {
    let [side, candidates, reach] =
        [terms.side_px, candidates, reach(terms.side_px)].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    [
        side,
        candidates,
        reach,
        u32::from(settings.context.norm == Norm::L2),
        u32::from(settings.prior == PriorForm::Saturating),
        u32::from(is_judged),
        u32::from(terms.mirror.is_some()),
        settings.lambda.to_bits(),
        terms.scale.to_bits(),
        terms.pair_scale.to_bits(),
        terms.mirror_scale.to_bits(),
        0,
    ]
}

fn sum(parts: &[f32]) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "summed in f64, returned in f32")]
    let sum = parts.iter().map(|part| f64::from(*part)).sum::<f64>() as f32;
    sum
}
