//! The operations on the CPU.

use std::sync::{Arc, MutexGuard, PoisonError};

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata as _};
use burn::tensor::TensorData;
use rayon::prelude::*;

use super::{Activations, SearchOps, SearchPass};
use crate::model::NetworkBackend;
use crate::model::cpu::{CpuActivations, CpuNetworks};
use crate::search::prior_loss::{prior_gradient, prior_loss};

/// What the backward pass needs of the newest forward pass.
#[derive(Default)]
pub(super) struct CpuTape {
    networks: CpuActivations,
    /// `[batch, side, side, 3]`.
    pictures: Option<FloatTensor<Flex>>,
    /// The gradient of the context losses, `[batch, side, side, 3]`: computed with them, as both need the differences.
    context_gradient: Option<FloatTensor<Flex>>,
    logits: Vec<f32>,
}

impl SearchOps for Flex {
    fn generate(latents: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        let latents = contiguous(latents);
        let [batch, _] = latents.shape().dims();
        let (networks, mut tape) = pass.on_cpu();
        let pictures = networks.generate(batch, latents.storage(), &mut tape.networks);
        let side = pass.side_px();
        let pictures = flex_tensor(pictures, [batch, side, side, 3]);
        tape.pictures = Some(pictures.clone());
        pictures
    }

    fn generate_backward(gradient: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        let mut gradient = contiguous(gradient);
        let (networks, mut tape) = pass.on_cpu();
        let pictures = tape.pictures.clone().expect(FORWARD_FIRST);
        let [batch, ..]: [usize; 4] = pictures.shape().dims();
        let (pictures, gradient) = (pictures.storage(), gradient.storage_mut());
        let gradient = networks.generate_backward(batch, pictures, gradient, &mut tape.networks);
        flex_tensor(gradient, [batch, pass.networks.info.latent_dim])
    }

    fn context_loss(pictures: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        let pictures = contiguous(pictures);
        let shape: [usize; 4] = pictures.shape().dims();
        let mut gradients = vec![0.0; pictures.storage::<f32>().len()];
        let length = gradients.len() / shape[0];
        let rows = pictures.storage().par_chunks_exact(length).zip(gradients.par_chunks_exact_mut(length)).enumerate();
        let losses = rows.map(|(row, (picture, gradient))| pass.target(row).loss(picture, gradient)).collect();
        pass.on_cpu().1.context_gradient = Some(flex_tensor(gradients, shape));
        flex_tensor(losses, [shape[0]])
    }

    fn context_loss_backward(gradient: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        let factors = contiguous(gradient);
        let mut gradients = pass.on_cpu().1.context_gradient.take().expect(FORWARD_FIRST);
        let factors = factors.storage::<f32>();
        let length = gradients.storage::<f32>().len() / factors.len();
        let rows = gradients.storage_mut::<f32>().par_chunks_exact_mut(length);
        rows.zip(factors).for_each(|(gradient, factor)| {
            for value in gradient {
                *value *= factor;
            }
        });
        gradients
    }

    fn prior_loss(pictures: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        let pictures = contiguous(pictures);
        let [batch, ..]: [usize; 4] = pictures.shape().dims();
        let (networks, mut tape) = pass.on_cpu();
        let logits = networks.discriminate(batch, pictures.storage(), &mut tape.networks).expect(NO_DISCRIMINATOR);
        let losses = logits.iter().map(|logit| prior_loss(*logit, pass.prior)).collect();
        tape.logits = logits;
        flex_tensor(losses, [batch])
    }

    fn prior_loss_backward(gradient: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        let gradient = contiguous(gradient);
        let (networks, mut tape) = pass.on_cpu();
        let rows = gradient.storage::<f32>().iter().zip(&tape.logits);
        let gradient: Vec<f32> = rows.map(|(factor, logit)| factor * prior_gradient(*logit, pass.prior)).collect();
        let gradients = networks.discriminate_backward(&gradient, &mut tape.networks).expect(NO_DISCRIMINATOR);
        let side = pass.side_px();
        flex_tensor(gradients, [gradient.len(), side, side, 3])
    }
}

const NO_DISCRIMINATOR: &str = "the model has no discriminator";
const FORWARD_FIRST: &str = "a forward pass comes before its backward pass";

impl SearchPass {
    fn on_cpu(&self) -> (&CpuNetworks, MutexGuard<'_, CpuTape>) {
        match (&self.networks.backend, &self.activations) {
            (NetworkBackend::Cpu(networks), Activations::Cpu(tape)) => {
                (networks, tape.lock().unwrap_or_else(PoisonError::into_inner))
            }
            _ => unreachable!("tensors on the CPU, networks on a GPU"),
        }
    }
}

/// A tensor whose storage is exactly its values, row-major.
#[expect(clippy::needless_pass_by_value, reason = "so that the result may be the only owner, and is written in place")]
fn contiguous(tensor: FloatTensor<Flex>) -> FloatTensor<Flex> {
    tensor.to_contiguous()
}

/// A tensor of these values, row-major.
fn flex_tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Flex> {
    FloatTensor::<Flex>::from_data(TensorData::new(values, shape))
}
