//! The layer sizes of a model, and the tensors that its file must hold.

use std::collections::BTreeMap;

use super::ModelError;

/// The sizes that define a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// Side of the pictures: a power of two from 16 to 256.
    pub image_size_px: u32,
    pub latent_dim: usize,
    /// Channels after `project` and after each `up`, as in `[512, 256, 128, 64]`.
    pub generator_channels: Vec<usize>,
    /// Channels after `from_rgb` and after each `down`, as in `[64, 128, 256, 512]`.
    pub discriminator_channels: Option<Vec<usize>>,
    /// As the discriminator's.
    pub encoder_channels: Option<Vec<usize>>,
}

/// Every kernel is 4×4 (DCGAN).
pub(super) const KERNEL_SIZE: usize = 4;
/// Number of kernel taps.
pub(super) const TAPS: usize = KERNEL_SIZE * KERNEL_SIZE;

/// The networks of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NetworkRole {
    Generator,
    Discriminator,
    Encoder,
}

impl NetworkRole {
    /// Names of the network's layers in a model file, in order.
    pub fn layer_names(self, layers: usize) -> impl Iterator<Item = String> {
        let (network, first, inner, last) = match self {
            Self::Generator => ("generator", "project", "up", "to_rgb"),
            Self::Discriminator => ("discriminator", "from_rgb", "down", "score"),
            Self::Encoder => ("encoder", "from_rgb", "down", "score"),
        };
        (0..layers).map(move |index| match index {
            0 => format!("{network}.{first}"),
            index if index + 1 == layers => format!("{network}.{last}"),
            index => format!("{network}.{inner}.{}", index - 1),
        })
    }
}

impl Architecture {
    /// Floating-point operations (multiplications and additions) of one search step for one candidate: forward and
    /// backward to the latent through G, and through D if there is one. Convolutions count without Winograd.
    #[must_use]
    pub fn flop_per_step(&self) -> usize {
        // One kernel tap is one multiplication per pixel of the smaller picture.
        let multiplications = |channels: Vec<usize>| -> usize {
            channels.windows(2).enumerate().map(|(index, pair)| pair[0] * pair[1] * (4 << index) * (4 << index)).sum()
        };
        let with_rgb = |channels: &mut dyn Iterator<Item = &usize>| channels.copied().chain([3]).collect();
        let project = self.latent_dim * self.generator_channels[0];
        let generator = project + multiplications(with_rgb(&mut self.generator_channels.iter()));
        let discriminator = self.discriminator_channels.iter().map(|channels| {
            let score = channels.last().copied().unwrap_or_default();
            score + multiplications(with_rgb(&mut channels.iter().rev()))
        });
        4 * TAPS * (generator + discriminator.sum::<usize>())
    }

    /// Reads the channel counts from the tensor shapes of a file.
    pub(super) fn from_shapes(
        image_size_px: u32,
        latent_dim: usize,
        shapes: &BTreeMap<String, Vec<usize>>,
    ) -> Result<Self, ModelError> {
        // Number of layers of G that double the side, starting at 4 px. D and E have as many that halve it.
        let count = (image_size_px.trailing_zeros() as usize).saturating_sub(2);
        // Weight shapes: transposed convolution [in, out, h, w], convolution [out, in, h, w].
        let channels = |role: NetworkRole, axis: usize| -> Result<Vec<usize>, ModelError> {
            let channels = role.layer_names(count + 1).take(count).map(|layer| {
                let name = format!("{layer}.weight");
                let shape = shapes.get(&name).ok_or_else(|| ModelError::MissingTensor { name: name.clone() })?;
                match shape.get(axis) {
                    Some(&count) if count > 0 => Ok(count),
                    _ => Err(ModelError::Shape { name, found: shape.clone(), expected: vec![0; 4] }),
                }
            });
            channels.collect()
        };
        let optional = |prefix: &str, role: NetworkRole| {
            let exists = shapes.keys().any(|name| name.starts_with(prefix));
            exists.then(|| channels(role, 0)).transpose()
        };
        Ok(Self {
            image_size_px,
            latent_dim,
            generator_channels: channels(NetworkRole::Generator, 1)?,
            discriminator_channels: optional("discriminator.", NetworkRole::Discriminator)?,
            encoder_channels: optional("encoder.", NetworkRole::Encoder)?,
        })
    }

    /// Name and shape of every tensor in a file of this architecture.
    pub(super) fn expected_tensors(&self) -> BTreeMap<String, Vec<usize>> {
        let mut tensors = BTreeMap::new();
        let mut add_network = |role: NetworkRole, inputs: usize, channels: &[usize], outputs: usize| {
            let channels = [&[inputs][..], channels, &[outputs]].concat();
            for (name, pair) in role.layer_names(channels.len() - 1).zip(channels.windows(2)) {
                let (input, output) = (pair[0], pair[1]);
                let (first, second) = if role == NetworkRole::Generator { (input, output) } else { (output, input) };
                tensors.insert(format!("{name}.weight"), vec![first, second, KERNEL_SIZE, KERNEL_SIZE]);
                tensors.insert(format!("{name}.bias"), vec![output]);
            }
        };
        add_network(NetworkRole::Generator, self.latent_dim, &self.generator_channels, 3);
        if let Some(channels) = &self.discriminator_channels {
            add_network(NetworkRole::Discriminator, 3, channels, 1);
        }
        if let Some(channels) = &self.encoder_channels {
            add_network(NetworkRole::Encoder, 4, channels, self.latent_dim);
        }
        tensors
    }
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
