//! The networks of a model, and the tensors that its file must hold.

use std::collections::BTreeMap;

use super::ModelError;
use super::plan::{ConvKernel, LayerKind, LayerPlan, NetworkPlan, NetworkRole, inner_layers};

/// The plans of a model's networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    pub generator: NetworkPlan,
    pub discriminator: Option<NetworkPlan>,
    pub encoder: Option<NetworkPlan>,
}

impl Architecture {
    /// The plans of all networks.
    pub fn networks(&self) -> impl Iterator<Item = &NetworkPlan> {
        [Some(&self.generator), self.discriminator.as_ref(), self.encoder.as_ref()].into_iter().flatten()
    }

    /// Floating-point operations (multiplications and additions) of one search step for one candidate: forward and
    /// backward to the latent through G, and through D if there is one. Convolutions count without Winograd.
    #[must_use]
    pub fn flop_per_step(&self) -> usize {
        // One kernel tap is one multiplication per pixel of the smaller picture.
        let multiplications = |layer: &LayerPlan| layer.weight_len() * layer.smaller_side().pow(2);
        let layers = self.generator.layers.iter().chain(self.discriminator.iter().flat_map(|plan| &plan.layers));
        4 * layers.map(multiplications).sum::<usize>()
    }

    /// Reads the channel counts and kernels from the tensor shapes of a file.
    pub(super) fn from_shapes(
        image_size_px: u32,
        latent_dim: usize,
        shapes: &BTreeMap<String, Vec<usize>>,
    ) -> Result<Self, ModelError> {
        let count = inner_layers(image_size_px as usize);
        let plan = |role: NetworkRole| -> Result<NetworkPlan, ModelError> {
            let [inputs, outputs] = role.end_channels(latent_dim);
            // The names do not depend on the channels.
            let named = NetworkPlan::new(role, &vec![0; count + 2]);
            let inner = named.layers.iter().take(count).map(|layer| {
                let name = layer.weight_name();
                let shape = shapes.get(&name).ok_or_else(|| ModelError::MissingTensor { name: name.clone() })?;
                match shape.get(role.output_axis().index()) {
                    Some(&count) if count > 0 => Ok(count),
                    _ => Err(ModelError::Shape { name, found: shape.clone(), expected: vec![0; 4] }),
                }
            });
            let inner = inner.collect::<Result<Vec<_>, _>>()?;
            let mut plan = NetworkPlan::new(role, &[&[inputs][..], &inner, &[outputs]].concat());
            plan.layers.iter_mut().for_each(|layer| adopt_shapes(layer, shapes));
            Ok(plan)
        };
        let optional = |role: NetworkRole| {
            let prefix = format!("{}.", role.name());
            shapes.keys().any(|name| name.starts_with(&prefix)).then(|| plan(role)).transpose()
        };
        Ok(Self {
            generator: plan(NetworkRole::Generator)?,
            discriminator: optional(NetworkRole::Discriminator)?,
            encoder: optional(NetworkRole::Encoder)?,
        })
    }

    /// Name and shape of every tensor in a file of this architecture.
    pub(super) fn expected_tensors(&self) -> BTreeMap<String, Vec<usize>> {
        let tensors = |layer: &LayerPlan| {
            [(layer.weight_name(), layer.weight_shape().to_vec()), (layer.bias_name(), layer.bias_shape())]
        };
        self.networks().flat_map(|plan| &plan.layers).flat_map(tensors).collect()
    }
}

/// Takes the kernel of a layer and the form of its bias from the tensor shapes of a file. Other shapes change nothing.
fn adopt_shapes(layer: &mut LayerPlan, shapes: &BTreeMap<String, Vec<usize>>) {
    let kernel = shapes.get(&layer.weight_name()).and_then(|shape| ConvKernel::new(*shape.get(2)?));
    if let Some(kernel) = kernel.filter(|_| !layer.kind.is_dense()) {
        layer.kernel = kernel;
    }
    layer.has_pixel_bias =
        layer.kind == LayerKind::Project && shapes.get(&layer.bias_name()).is_some_and(|shape| shape.len() > 1);
}

#[cfg(test)]
mod tests {
    use crate::model::{ModelChoice, load};

    #[test]
    fn step_flop_counts_pixels_taps_and_channels() {
        let face_64 = load(&ModelChoice::Face64).unwrap().architecture;
        // G: latent of 100 to 4×4 pixels, three layers that halve the channels, the picture. D: the same, ending in one
        // logit.
        let layers = 3 * 512 * 256 * 16 + 64 * 3 * 1024;
        assert_eq!(face_64.flop_per_step(), 4 * 16 * (100 * 512 + layers + layers + 512));
    }
}
