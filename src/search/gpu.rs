//! One evaluation on a GPU: the networks' dispatches, and those of the two losses between them.
//!
//! What would surprise: the optimizer works on the host. A few hundred numbers come back from each evaluation, which costs less than
//! the dispatches that would move them on the GPU; pictures come back only when somebody looks at them.

use std::iter::once;
use std::sync::Arc;

use burn::tensor::Tensor;
use wgpu::Buffer;

use super::mirror::reach;
use super::problem::Problem;
use super::readback::to_host;
use super::run::Evaluation;
use super::terms::Terms;
use super::work::prior;
use super::{Norm, PriorForm, Settings};
use crate::model::gpu::{
    Dispatch, GpuNetworks, Pass, Reader, VECTOR, constants, narrowed, record, room, uniform, vectors,
};

/// Threads of a workgroup of `context.wgsl`.
const THREADS: usize = 64;

/// A problem on a GPU, and room to work in.
pub(super) struct GpuWork {
    networks: Arc<GpuNetworks>,
    pass: Pass,
    terms: Terms,
    /// What `context.wgsl` works by.
    numbers: Buffer,
    /// A context loss for each workgroup.
    losses: Buffer,
    /// Workgroups for each candidate.
    groups: usize,
    judge: Vec<Dispatch>,
    look: Vec<Dispatch>,
    reader: Reader,
    /// The latents whose pictures are there.
    drawn: Vec<f32>,
}

impl GpuWork {
    pub fn new(networks: Arc<GpuNetworks>, problem: &Problem, settings: &Settings) -> Self {
        let (gpu, terms) = (networks.gpu(), Terms::new(problem, &settings.context));
        let candidates = settings.candidates as usize;
        let pass = networks.pass(candidates, true);
        let area = terms.side_px * terms.side_px;
        let groups = area.div_ceil(THREADS);
        let numbers = uniform(gpu, &numbers(&terms, settings, false));
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
        // Without a mirrored photo nothing is read there.
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
        tracing::debug!("an evaluation is {} dispatches", dispatches.iter().sum::<usize>());
        let latent = vectors(networks.latent_dim()) * VECTOR;
        let reader = Reader::new(gpu, candidates * (area * VECTOR).max(latent + groups + VECTOR));
        Self { pass, terms, numbers, losses, groups, judge, look, reader, drawn: Vec::new(), networks }
    }

    /// The encoder's guess, `[latent_dim]`.
    pub fn encode(&self) -> Option<Vec<f32>> {
        self.networks.encode(1, &self.terms.pixels, &self.terms.known)
    }

    /// Draws the latents and differentiates the total loss to them.
    pub fn evaluate(&mut self, settings: &Settings, latents: &Tensor<2>) -> Evaluation {
        let Self { networks, pass, terms, numbers: on_gpu, losses, groups, judge, look, reader, drawn } = self;
        let (gpu, [candidates, latent_dim]) = (networks.gpu(), latents.dims());
        let is_judged = settings.asks_discriminator() && networks.has_discriminator();
        *drawn = to_host(latents.clone());
        pass.set_latents(networks, drawn);
        gpu.queue.write_buffer(on_gpu, 0, bytemuck::cast_slice(&numbers(terms, settings, is_judged)));
        let judge = if is_judged { judge.as_slice() } else { &[] };
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        record(&mut encoder, pass.draw.iter().chain(judge).chain(&*look).chain(&pass.draw_back));
        let lengths = [candidates * vectors(latent_dim) * VECTOR, candidates * *groups, candidates * VECTOR];
        let values = reader.read(
            gpu,
            encoder,
            &[(&pass.latents_gradient, lengths[0]), (losses, lengths[1]), (&pass.logits, lengths[2])],
        );
        let (gradient, rest) = values.split_at(lengths[0]);
        let (parts, logits) = rest.split_at(lengths[1]);
        let context: Vec<f32> = parts.chunks(*groups).map(sum).collect();
        let prior: Vec<f32> =
            logits.chunks(VECTOR).map(|logit| if is_judged { prior(logit[0], settings.prior) } else { 0.0 }).collect();
        let gradient = narrowed(gradient, latent_dim);
        Evaluation::new(latents, gradient, context, prior, settings.lambda)
    }

    /// G of the latents, `[candidates, side, side, 3]`.
    pub fn draw(&mut self, latents: &Tensor<2>) -> Vec<f32> {
        let Self { networks, pass, terms, reader, drawn, .. } = self;
        let wanted = to_host(latents.clone());
        let mut encoder = networks.gpu().device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        if wanted != *drawn {
            pass.set_latents(networks, &wanted);
            record(&mut encoder, &pass.draw);
            *drawn = wanted;
        }
        let length = pass.candidates * terms.side_px * terms.side_px * VECTOR;
        narrowed(&reader.read(networks.gpu(), encoder, &[(&pass.pictures, length)]), 3)
    }
}

/// `Numbers` of `context.wgsl`.
fn numbers(terms: &Terms, settings: &Settings, is_judged: bool) -> [u32; 12] {
    let side = u32::try_from(terms.side_px).unwrap_or(u32::MAX);
    let reach = u32::try_from(reach(terms.side_px)).unwrap_or(u32::MAX);
    [
        side,
        settings.candidates,
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
    #[expect(clippy::cast_possible_truncation, reason = "summed in double precision, needed in single")]
    let sum = parts.iter().map(|part| f64::from(*part)).sum::<f64>() as f32;
    sum
}
