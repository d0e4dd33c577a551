//! The operations on a GPU: the dispatches of the networks with those of the losses.

use std::sync::Arc;

use burn_wgpu::{CubeBackend, CubeTensor};
use wgpu::Buffer;

use super::{Activations, SearchOps, SearchPass, losses_shape};
use crate::model::gpu::{
    Dispatch, DispatchPlan, GpuNetworks, TensorDispatches, VECTOR_LEN, constant_buffer, storage_buffer, uniform_buffer,
};
use crate::search::context_loss::ContextTarget;
use crate::search::{Norm, PriorForm, Settings};

/// Workgroup size in `losses.wgsl`.
const WORKGROUP_SIZE: usize = 64;
/// Most latents in a pass. More would not use a GPU better but need memory, and the driver of a slow GPU may take a
/// long submission for a hang.
const MAX_BATCH: usize = 64;

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
    pub fn new(networks: &Arc<GpuNetworks>, target: &ContextTarget, settings: &Settings) -> Self {
        let all = settings.candidates as usize;
        let batch = all.div_ceil(all.div_ceil(networks.max_candidates().clamp(1, MAX_BATCH)));
        let plan = networks.plan_dispatches(batch, true);
        let losses = LossDispatches::new(networks, target, settings, &plan);
        let latent = networks.latent_dim();
        let picture = VECTOR_LEN * target.side_px * target.side_px;
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
    fn new(networks: &GpuNetworks, target: &ContextTarget, settings: &Settings, plan: &DispatchPlan) -> Self {
        let (gpu, batch) = (networks.gpu(), plan.candidates);
        let workgroups = (target.side_px * target.side_px).div_ceil(WORKGROUP_SIZE);
        let pixels = target.pixels.as_chunks::<3>().0.iter().zip(&target.weights);
        let photo: Vec<[f32; 4]> = pixels.map(|([red, green, blue], weight)| [*red, *green, *blue, *weight]).collect();
        let [right, below] = &target.pair_weights;
        let pairs: Vec<[f32; 2]> = right.iter().zip(below).map(|(right, below)| [*right, *below]).collect();
        let uniforms = uniform_buffer(gpu, &uniform_values(target, settings.prior, batch));
        let [photo, pairs] = [constant_buffer(gpu, "photo", &photo), constant_buffer(gpu, "pairs", &pairs)];
        let partial_losses = storage_buffer(gpu, "partial losses", batch * workgroups);
        let observed = storage_buffer(gpu, "observed pictures", batch * VECTOR_LEN * target.side_px * target.side_px);
        let [losses, gradient] = ["losses", "loss gradients"].map(|label| storage_buffer(gpu, label, batch));
        let buffers = [
            &uniforms,
            &plan.pictures,
            &photo,
            &pairs,
            &plan.pictures_gradient,
            &partial_losses,
            &plan.logits,
            &plan.logits_gradient,
            &losses,
            &gradient,
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
                dispatch_observed("context_loss", &[0, 1, 2, 3, 5], per_pixel),
                dispatch("sum_context_loss", &[0, 5, 8], per_candidate),
            ],
            context_loss_backward: vec![dispatch_observed("context_loss_backward", &[0, 1, 2, 3, 4, 9], per_pixel)],
            prior_loss: vec![dispatch("prior_loss", &[0, 6, 8], per_candidate)],
            prior_loss_backward: vec![dispatch("prior_loss_backward", &[0, 6, 7, 9], per_candidate)],
            tanh_backward: vec![dispatch("tanh_backward", &[0, 1, 4], per_pixel)],
            observed,
            losses,
            gradient,
        }
    }
}

/// The values of the struct `Uniforms` in `losses.wgsl`.
fn uniform_values(target: &ContextTarget, prior: PriorForm, batch: usize) -> [u32; 6] {
    let [side, batch] = [target.side_px, batch].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    [
        side,
        batch,
        u32::from(target.norm == Norm::L2),
        u32::from(prior == PriorForm::Saturating),
        target.pixel_scale.to_bits(),
        target.pair_scale.to_bits(),
    ]
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
    fn on_gpu(&self) -> &GpuPass {
        match &self.activations {
            Activations::Gpu(gpu) => gpu,
            Activations::Cpu(_) => unreachable!("tensors on a GPU, networks on the CPU"),
        }
    }
}
