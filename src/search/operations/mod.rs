//! The three functions of the total loss as differentiable operations of burn: [`generate`] (the generator),
//! [`context_loss`], and [`prior_loss`] (the discriminator and the loss of its logits).
//!
//! Each is one custom operation over our own kernels, forward and backward, on the CPU (`cpu`) and on a GPU (`gpu`).
//! So the loss is written in burn tensors, and `backward()` takes its gradient to the latents. Layer by layer or in
//! plain tensors, a step would take up to twice as long. The weights are frozen: they get no gradients.
//!
//! A [`SearchPass`] keeps the activations of one forward pass: call `backward()` before the next one. It compares each
//! picture with the photo of its own problem, so the latents of several searches can go through it together.

mod autodiff;
mod cpu;
mod gpu;
mod picture_operator;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Shape, Tensor};

use super::context_loss::ContextTarget;
use super::problem::SearchProblem;
use super::{PriorForm, Settings};
use crate::model::gpu::VECTOR_LEN;
use crate::model::{NetworkBackend, Networks};
use cpu::CpuTape;
use gpu::GpuPass;
use picture_operator::PictureOperator;

/// Latents of several searches in one forward pass on a CPU: more do not make it faster (`countenance bench`), and need
/// memory.
const MAX_CPU_BATCH: usize = 16;

/// The networks and the targets of one search or several, with the activations of the newest forward pass.
pub struct SearchPass {
    networks: Arc<Networks>,
    /// The target of each latent of a forward pass; a single one for all.
    targets: Vec<Arc<ContextTarget>>,
    operator: PictureOperator,
    prior: PriorForm,
    /// Number of latents, of which a forward pass may take a part.
    candidates: usize,
    activations: Activations,
    /// Number of the newest forward pass.
    newest: AtomicU64,
}

/// Where the activations are.
enum Activations {
    Cpu(Box<Mutex<CpuTape>>),
    /// Made at the first pass: of searches that are evaluated together, few make their own.
    Gpu(OnceLock<Box<GpuPass>>),
}

impl Activations {
    fn new(networks: &Networks) -> Self {
        match &networks.backend {
            NetworkBackend::Cpu(_) => Self::Cpu(Box::default()),
            NetworkBackend::Gpu(_) => Self::Gpu(OnceLock::new()),
        }
    }

    /// Channels of a picture's pixel: on a GPU, the fourth is zero.
    fn picture_channels(&self) -> usize {
        match self {
            Self::Cpu(_) => 3,
            Self::Gpu(_) => VECTOR_LEN,
        }
    }
}

impl SearchPass {
    /// Prepares a problem.
    pub(super) fn new(networks: Arc<Networks>, problem: &SearchProblem, settings: &Settings) -> Arc<Self> {
        let targets = vec![Arc::new(ContextTarget::new(problem, &settings.context))];
        let activations = Activations::new(&networks);
        let operator = PictureOperator::new(problem, &networks.device(), activations.picture_channels());
        let (prior, candidates, newest) = (settings.prior, settings.candidates as usize, AtomicU64::new(0));
        Arc::new(Self { networks, targets, operator, prior, candidates, activations, newest })
    }

    /// One pass for the latents of several, in their order. They must [match](Self::matches).
    pub(super) fn joint(passes: &[&Self]) -> Arc<Self> {
        let first = passes[0];
        let targets = passes.iter().flat_map(|pass| (0..pass.candidates).map(|row| Arc::clone(pass.target(row))));
        Arc::new(Self {
            networks: Arc::clone(&first.networks),
            targets: targets.collect(),
            operator: first.operator.clone(),
            prior: first.prior,
            candidates: passes.iter().map(|pass| pass.candidates).sum(),
            activations: Activations::new(&first.networks),
            newest: AtomicU64::new(0),
        })
    }

    /// Whether both can be parts of one joint pass: the same networks and prior loss, and pictures that are compared as
    /// they are.
    pub(super) fn matches(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.networks, &other.networks)
            && self.prior == other.prior
            && self.operator.is_identity()
            && other.operator.is_identity()
    }

    /// Number of latents.
    pub(super) fn candidates(&self) -> usize {
        self.candidates
    }

    /// The most latents that gain from one forward pass.
    pub(super) fn max_batch(&self) -> usize {
        match &self.networks.backend {
            NetworkBackend::Cpu(_) => MAX_CPU_BATCH,
            NetworkBackend::Gpu(gpu) => gpu::max_batch(gpu),
        }
    }

    /// The target of the latent at this row of a forward pass.
    fn target(&self, row: usize) -> &Arc<ContextTarget> {
        if let [target] = self.targets.as_slice() { target } else { &self.targets[row] }
    }

    fn side_px(&self) -> usize {
        self.networks.info.image_size_px as usize
    }

    /// The encoder's guess of the first problem, `[latent_dim]`. `None` without an encoder.
    pub(super) fn encode(&self) -> Option<Vec<f32>> {
        let target = self.target(0);
        self.networks.encode(&target.pixels, &target.known)
    }

    /// The latents `[candidates, latent_dim]` in batches, each for one forward pass.
    pub(super) fn batches(&self, latents: Tensor<2>) -> Vec<Tensor<2>> {
        match &self.activations {
            Activations::Cpu(_) => vec![latents],
            Activations::Gpu(_) => latents.split(self.on_gpu().max_batch(), 0),
        }
    }

    /// Channels of a picture's pixel: on a GPU, the fourth is zero.
    pub(super) fn picture_channels(&self) -> usize {
        self.activations.picture_channels()
    }

    /// What the known pixels show of pictures, in their shape: see [`SearchProblem::operator`].
    pub(super) fn observe(&self, pictures: Tensor<4>) -> Tensor<4> {
        self.operator.apply(pictures)
    }

    fn pictures_shape(&self, rows: &Shape) -> Shape {
        Shape::from([rows[0], self.side_px(), self.side_px(), self.activations.picture_channels()])
    }

    fn latents_shape(&self, pictures: &Shape) -> Shape {
        Shape::from([pictures[0], self.networks.info.latent_dim])
    }
}

/// The shape of one loss for each of these rows.
fn losses_shape(rows: &Shape) -> Shape {
    Shape::from([rows[0]])
}

/// The operations of one backend. Latents are `[batch, latent_dim]`, pictures `[batch, side, side, channels]`, losses
/// `[batch]`. A gradient has the shape of its values.
#[backend_extension(Flex, Cube, Autodiff)]
pub trait SearchOps: Backend {
    /// Latents to pictures.
    fn generate(latents: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self>;

    /// Picture gradient to latent gradient.
    fn generate_backward(gradient: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self>;

    /// Pictures to context losses.
    fn context_loss(pictures: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self>;

    /// Gradient of the context losses to picture gradient.
    fn context_loss_backward(gradient: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self>;

    /// Pictures to prior losses.
    fn prior_loss(pictures: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self>;

    /// Gradient of the prior losses to picture gradient.
    fn prior_loss_backward(gradient: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self>;
}

/// G: latents `[batch, latent_dim]` to pictures `[batch, side, side, channels]`, all in [-1, 1]. The first three
/// channels are red, green and blue. Starts a forward pass.
pub(super) fn generate(latents: Tensor<2>, pass: &Arc<SearchPass>) -> Tensor<4> {
    pass.newest.fetch_add(1, Ordering::Relaxed);
    Tensor::from_dispatch(<Dispatch as SearchOps>::generate(latents.into_dispatch(), pass.clone()))
}

/// The context loss of what is [observed](SearchPass::observe) of each picture of this forward pass: `[batch]`, 0 for a
/// perfect match.
pub(super) fn context_loss(pictures: Tensor<4>, pass: &Arc<SearchPass>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as SearchOps>::context_loss(pictures.into_dispatch(), pass.clone()))
}

/// The prior loss of each picture of this forward pass, by D: `[batch]`.
///
/// # Panics
/// When the model has no discriminator.
pub(super) fn prior_loss(pictures: Tensor<4>, pass: &Arc<SearchPass>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as SearchOps>::prior_loss(pictures.into_dispatch(), pass.clone()))
}
