//! What a search has come to, read back from the device.
//!
//! What would surprise: every call here waits until the device has done all that was asked of it, which is why steps never
//! read anything.

use burn::tensor::{Tensor, TensorData};

use super::Losses;
use super::run::Search;

/// The best that each candidate reached, read back.
#[derive(Clone, Debug)]
pub struct Best {
    pub latents: Vec<Vec<f32>>,
    pub losses: Vec<Losses>,
}

impl Search {
    /// The losses of all iterations since the last call, oldest first: `(iteration from 1, one per candidate)`.
    /// Waits for the device.
    pub fn take_losses(&mut self) -> Vec<(u32, Vec<Losses>)> {
        if self.unread.is_empty() {
            return Vec::new();
        }
        let (iterations, tensors): (Vec<_>, Vec<_>) = self.unread.drain(..).unzip();
        let [_, candidates] = tensors[0].dims();
        let values = to_host(Tensor::cat(tensors, 0));
        let rows = values.chunks(3 * candidates).map(|row| {
            (0..candidates)
                .map(|k| Losses { context: row[k], prior: row[candidates + k], total: row[2 * candidates + k] })
                .collect()
        });
        iterations.into_iter().zip(rows).collect()
    }

    /// G(z) of every candidate at the newest evaluation: planar RGB in [-1, 1]. Waits for the device.
    #[must_use]
    pub fn pictures(&self) -> Vec<Vec<f32>> {
        self.evaluation.as_ref().map_or_else(Vec::new, |evaluation| split(evaluation.pictures.clone()))
    }

    /// The best latents so far with their losses. Waits for the device.
    #[must_use]
    pub fn best(&self) -> Option<Best> {
        let best = self.best.as_ref()?;
        let latent_dim = best.latents.dims()[1];
        let latents = to_host(best.latents.clone()).chunks(latent_dim).map(<[f32]>::to_vec).collect();
        let context = to_host(best.context.clone());
        let prior = to_host(best.prior.clone());
        let total = to_host(best.total.clone());
        let losses = context
            .into_iter()
            .zip(prior)
            .zip(total)
            .map(|((context, prior), total)| Losses { context, prior, total })
            .collect();
        Some(Best { latents, losses })
    }

    /// What the best latents draw: planar RGB in [-1, 1]. Waits for the device.
    #[must_use]
    pub fn best_pictures(&self) -> Vec<Vec<f32>> {
        self.best.as_ref().map_or_else(Vec::new, |best| split(best.pictures.clone()))
    }
}

/// Each picture of a batch as planar RGB.
fn split(pictures: Tensor<4>) -> Vec<Vec<f32>> {
    let [_, channels, height, width] = pictures.dims();
    to_host(pictures).chunks(channels * height * width).map(<[f32]>::to_vec).collect()
}

/// Waits for the device and reads a tensor's values, row by row.
///
/// # Panics
/// When the device is lost; [`crate::job`] catches that and keeps the best so far.
pub(super) fn to_host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data: TensorData = tensor.into_data();
    data.iter::<f32>().collect()
}
