//! The three functions of the total loss as differentiable operations of burn: [`generate`] (the generator),
//! [`context_loss`], and [`prior_loss`] (the discriminator and the loss of its logits).
//!
//! Each is one custom operation over our own kernels, forward and backward, on the CPU (`cpu`) and on a GPU (`gpu`).
//! So the loss is written in burn tensors, and `backward()` takes its gradient to the latents. Layer by layer or in
//! plain tensors, a step would take up to twice as long. The weights are frozen: they get no gradients.
//!
//! A [`SearchPass`] keeps the activations of one forward pass: call `backward()` before the next one.

mod autodiff;
mod cpu;
mod gpu;
mod picture_operator;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

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

/// The networks and the target of one search, with the activations of the newest forward pass.
pub struct SearchPass {
    networks: Arc<Networks>,
    target: ContextTarget,
    operator: PictureOperator,
    prior: PriorForm,
    activations: Activations,
    /// Number of the newest forward pass.
    newest: AtomicU64,
}

/// Where the activations are.
enum Activations {
    Cpu(Box<Mutex<CpuTape>>),
    Gpu(Box<GpuPass>),
}

impl Activations {
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
        let target = ContextTarget::new(problem, &settings.context);
        let activations = match &networks.backend {
            NetworkBackend::Cpu(_) => Activations::Cpu(Box::default()),
            NetworkBackend::Gpu(gpu) => Activations::Gpu(Box::new(GpuPass::new(gpu, &target, settings))),
        };
        let operator = PictureOperator::new(problem, &networks.device(), activations.picture_channels());
        Arc::new(Self { networks, target, operator, prior: settings.prior, activations, newest: AtomicU64::new(0) })
    }

    /// The encoder's guess, `[latent_dim]`. `None` without an encoder.
    pub(super) fn encode(&self) -> Option<Vec<f32>> {
        self.networks.encode(&self.target.pixels, &self.target.known)
    }

    /// The latents `[candidates, latent_dim]` in batches, each for one forward pass.
    pub(super) fn batches(&self, latents: Tensor<2>) -> Vec<Tensor<2>> {
        match &self.activations {
            Activations::Cpu(_) => vec![latents],
            Activations::Gpu(gpu) => latents.split(gpu.max_batch(), 0),
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
        Shape::from([rows[0], self.target.side_px, self.target.side_px, self.activations.picture_channels()])
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
