//! The operations on a GPU: the dispatches of the networks with those of the losses.

use std::sync::Arc;

use burn_wgpu::{CubeBackend, CubeTensor};
use wgpu::Buffer;

use super::{Activations, SearchOps, SearchPass, losses_shape};
use crate::model::NetworkBackend;
use crate::model::gpu::{
    Dispatch, DispatchPlan, GpuNetworks, TensorDispatches, VECTOR_LEN, constant_buffer, storage_buffer, uniform_buffer,
};
use crate::search::context_loss::ContextTarget;
use crate::search::{Norm, PriorForm};

/// Workgroup size in `losses.wgsl`.
const WORKGROUP_SIZE: usize = 64;
/// Most latents in a pass. More would not use a GPU better but need memory, and the driver of a slow GPU may take a
/// long submission for a hang.
const MAX_BATCH: usize = 64;

/// The most latents in a pass.
pub(super) fn max_batch(networks: &GpuNetworks) -> usize {
    networks.max_candidates().clamp(1, MAX_BATCH)
}

/// The operations for a number of latents, in buffers that they share.
pub(super) struct GpuPass {
    batch: usize,
    generate: Arc<TensorDispatches>,
    generate_backward: Arc<TensorDispatches>,
    context_loss: Arc<TensorDispatches>,
    context_loss_backward: Arc<TensorDispatches>,
    prior_loss: Arc<TensorDispatches>,
    prior_loss_backward: Arc<TensorDispatches>,
}

impl GpuPass {
    /// For `all` latents, in batches. `targets`: that of each latent, or one for all.
    pub fn new(networks: &Arc<GpuNetworks>, targets: &[Arc<ContextTarget>], prior: PriorForm, all: usize) -> Self {
        let batch = all.div_ceil(all.div_ceil(max_batch(networks)));
        let plan = networks.plan_dispatches(batch, true);
        let losses = LossDispatches::new(networks, targets, prior, &plan);
        let latent = networks.latent_dim();
        let side_px = targets[0].side_px;
        let picture = VECTOR_LEN * side_px * side_px;
        let operation = |input: (&Buffer, usize), parts: &[&[Dispatch]], output: (&Buffer, usize)| {
            Arc::new(TensorDispatches::new(networks, batch, input, parts.concat(), output))
        };
        let (pictures, gradients) = ((&plan.pictures, picture), (&plan.pictures_gradient, picture));
        let (loss, loss_gradient) = ((&losses.losses, 1), (&losses.gradient, 1));
        let latents = (&plan.latents, latent);
        let latents_gradient = (&plan.latents_gradient, latent);
        Self {
            batch,
            generate: operation(latents, &[&plan.generator_forward], pictures),
            generate_backward: operation(
                gradients,
                &[&losses.tanh_backward, &plan.generator_backward],
                latents_gradient,
            ),
            context_loss: operation((&losses.observed, picture), &[&losses.context_loss], loss),
            context_loss_backward: operation(loss_gradient, &[&losses.context_loss_backward], gradients),
            prior_loss: operation(pictures, &[&plan.discriminator_forward, &losses.prior_loss], loss),
            prior_loss_backward: operation(
                loss_gradient,
                &[&losses.prior_loss_backward, &plan.discriminator_backward],
                gradients,
            ),
        }
    }

    /// The most latents in one pass.
    pub fn max_batch(&self) -> usize {
        self.batch
    }
}

/// The dispatches of `losses.wgsl`.
struct LossDispatches {
    /// `[batch, side, side, 4]`: what is compared with the photo. The generator's own pictures stay in the plan's buffer,
    /// because the backward pass needs both.
    observed: Buffer,
    /// `[batch]`: output of either loss.
    losses: Buffer,
    /// `[batch]`: input of either backward pass.
    gradient: Buffer,
    context_loss: Vec<Dispatch>,
    context_loss_backward: Vec<Dispatch>,
    prior_loss: Vec<Dispatch>,
    prior_loss_backward: Vec<Dispatch>,
    tanh_backward: Vec<Dispatch>,
}

impl LossDispatches {
    fn new(networks: &GpuNetworks, targets: &[Arc<ContextTarget>], prior: PriorForm, plan: &DispatchPlan) -> Self {
        let (gpu, batch) = (networks.gpu(), plan.candidates);
        let TargetBuffers { photos, pairs, of_candidates } = TargetBuffers::new(networks, targets, batch);
        let side_px = targets[0].side_px;
        let workgroups = (side_px * side_px).div_ceil(WORKGROUP_SIZE);
        let uniforms = uniform_buffer(gpu, &uniform_values(side_px, prior, batch));
        let partial_losses = storage_buffer(gpu, "partial losses", batch * workgroups);
        let observed = storage_buffer(gpu, "observed pictures", batch * VECTOR_LEN * side_px * side_px);
        let [losses, gradient] = ["losses", "loss gradients"].map(|label| storage_buffer(gpu, label, batch));
        let buffers = [
            &uniforms,
            &plan.pictures,
            &photos,
            &pairs,
            &plan.pictures_gradient,
            &partial_losses,
            &plan.logits,
            &plan.logits_gradient,
            &losses,
            &gradient,
            &of_candidates,
        ];
        let dispatch = |function: &str, indices: &[u32], workgroups: [usize; 3]| {
            let kernel = networks.kernel(function, function, || include_str!("losses.wgsl").into());
            let bindings: Vec<_> = indices.iter().map(|index| (*index, buffers[*index as usize])).collect();
            kernel.dispatch(gpu, &bindings, workgroups)
        };
        let dispatch_observed = |function: &str, indices: &[u32], workgroups: [usize; 3]| {
            let kernel = networks.kernel(function, function, || include_str!("losses.wgsl").into());
            let buffer = |index: u32| if index == 1 { &observed } else { buffers[index as usize] };
            let bindings: Vec<_> = indices.iter().map(|index| (*index, buffer(*index))).collect();
            kernel.dispatch(gpu, &bindings, workgroups)
        };
        let (per_pixel, per_candidate) = ([workgroups, batch, 1], [batch.div_ceil(WORKGROUP_SIZE), 1, 1]);
        Self {
            context_loss: vec![
                dispatch_observed("context_loss", &[0, 1, 2, 3, 5, 10], per_pixel),
                dispatch("sum_context_loss", &[0, 5, 8], per_candidate),
            ],
            context_loss_backward: vec![dispatch_observed("context_loss_backward", &[0, 1, 2, 3, 4, 9, 10], per_pixel)],
            prior_loss: vec![dispatch("prior_loss", &[0, 6, 8], per_candidate)],
            prior_loss_backward: vec![dispatch("prior_loss_backward", &[0, 6, 7, 9], per_candidate)],
            tanh_backward: vec![dispatch("tanh_backward", &[0, 1, 4], per_pixel)],
            observed,
            losses,
            gradient,
        }
    }
}

/// The targets in the form of `losses.wgsl`.
struct TargetBuffers {
    photos: Buffer,
    pairs: Buffer,
    /// `[batch]`: the values of the struct `Target`.
    of_candidates: Buffer,
}

impl TargetBuffers {
    /// A target that several candidates in a row share is stored once.
    fn new(networks: &GpuNetworks, targets: &[Arc<ContextTarget>], batch: usize) -> Self {
        let gpu = networks.gpu();
        let (mut photos, mut pairs, mut of_candidates) = (Vec::new(), Vec::new(), Vec::new());
        let mut last = None;
        for row in 0..batch {
            let target = &targets[row.min(targets.len() - 1)];
            if !last.is_some_and(|last| Arc::ptr_eq(last, target)) {
                let pixels = target.pixels.as_chunks::<3>().0.iter().zip(&target.weights);
                photos.extend(pixels.map(|([red, green, blue], weight)| [*red, *green, *blue, *weight]));
                let [right, below] = &target.pair_weights;
                pairs.extend(right.iter().zip(below).map(|(right, below)| [*right, *below]));
                last = Some(target);
            }
            let first_pixel = u32::try_from(photos.len() - target.weights.len()).unwrap_or(u32::MAX);
            let norm = u32::from(target.norm == Norm::L2);
            of_candidates.push([first_pixel, norm, target.pixel_scale.to_bits(), target.pair_scale.to_bits()]);
        }
        Self {
            photos: constant_buffer(gpu, "photos", &photos),
            pairs: constant_buffer(gpu, "pairs", &pairs),
            of_candidates: constant_buffer(gpu, "targets", &of_candidates),
        }
    }
}

/// The values of the struct `Uniforms` in `losses.wgsl`.
fn uniform_values(side_px: usize, prior: PriorForm, batch: usize) -> [u32; 4] {
    let [side, batch] = [side_px, batch].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    [side, batch, u32::from(prior == PriorForm::Saturating), 0]
}

impl SearchOps for CubeBackend {
    fn generate(latents: CubeTensor, pass: Arc<SearchPass>) -> CubeTensor {
        let shape = pass.pictures_shape(latents.meta.shape());
        pass.on_gpu().generate.run(latents, shape)
    }

    fn generate_backward(gradient: CubeTensor, pass: Arc<SearchPass>) -> CubeTensor {
        let shape = pass.latents_shape(gradient.meta.shape());
        pass.on_gpu().generate_backward.run(gradient, shape)
    }

    fn context_loss(pictures: CubeTensor, pass: Arc<SearchPass>) -> CubeTensor {
        let shape = losses_shape(pictures.meta.shape());
        pass.on_gpu().context_loss.run(pictures, shape)
    }

    fn context_loss_backward(gradient: CubeTensor, pass: Arc<SearchPass>) -> CubeTensor {
        let shape = pass.pictures_shape(gradient.meta.shape());
        pass.on_gpu().context_loss_backward.run(gradient, shape)
    }

    fn prior_loss(pictures: CubeTensor, pass: Arc<SearchPass>) -> CubeTensor {
        let shape = losses_shape(pictures.meta.shape());
        pass.on_gpu().prior_loss.run(pictures, shape)
    }

    fn prior_loss_backward(gradient: CubeTensor, pass: Arc<SearchPass>) -> CubeTensor {
        let shape = pass.pictures_shape(gradient.meta.shape());
        pass.on_gpu().prior_loss_backward.run(gradient, shape)
    }
}

impl SearchPass {
    pub(super) fn on_gpu(&self) -> &GpuPass {
        match (&self.networks.backend, &self.activations) {
            (NetworkBackend::Gpu(networks), Activations::Gpu(pass)) => {
                pass.get_or_init(|| Box::new(GpuPass::new(networks, &self.targets, self.prior, self.candidates)))
            }
            _ => unreachable!("tensors on a GPU, networks on the CPU"),
        }
    }
}
