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

/// Name and shape of a tensor.
pub(super) type ExpectedTensor = (String, Vec<usize>);

impl Architecture {
    /// Number of layers between the first and the last layer of each network. Each doubles or halves the side; the
    /// inner side is 4 px.
    #[must_use]
    pub fn inner_layer_count(image_size_px: u32) -> usize {
        (image_size_px.trailing_zeros() as usize).saturating_sub(3)
    }

    /// Floating-point operations (multiplications and additions) of one search step for one candidate: forward and
    /// backward to the latent through G, and through D if there is one. Convolutions count by their definition, without
    /// Winograd.
    #[must_use]
    pub fn flop_per_step(&self) -> usize {
        // One kernel tap is one multiplication per pixel of the smaller picture.
        let stride2_multiplications = |index: usize, pair: [usize; 2]| pair[0] * pair[1] * (4 << index) * (4 << index);
        let network_multiplications = |channels: Vec<usize>| -> usize {
            channels
                .windows(2)
                .enumerate()
                .map(|(index, pair)| stride2_multiplications(index, [pair[0], pair[1]]))
                .sum()
        };
        let with_rgb_channels = |channels: &mut dyn Iterator<Item = &usize>| channels.copied().chain([3]).collect();
        let project = self.latent_dim * self.generator_channels[0];
        let generator = project + network_multiplications(with_rgb_channels(&mut self.generator_channels.iter()));
        let discriminator = self.discriminator_channels.iter().map(|channels| {
            let score = channels.last().copied().unwrap_or_default();
            score + network_multiplications(with_rgb_channels(&mut channels.iter().rev()))
        });
        4 * KERNEL_SIZE * KERNEL_SIZE * (generator + discriminator.sum::<usize>())
    }

    /// Reads the channel counts from the tensor shapes of a file.
    pub(super) fn from_shapes(
        image_size_px: u32,
        latent_dim: usize,
        shapes: &BTreeMap<String, Vec<usize>>,
    ) -> Result<Self, ModelError> {
        let depth = Self::inner_layer_count(image_size_px);
        // Weight shapes: transposed convolution [in, out, h, w], convolution [out, in, h, w].
        let channels = |names: Vec<String>, axis: usize| -> Result<Vec<usize>, ModelError> {
            names
                .into_iter()
                .map(|name| {
                    let shape = shapes.get(&name).ok_or_else(|| ModelError::MissingTensor { name: name.clone() })?;
                    match shape.get(axis) {
                        Some(&count) if count > 0 => Ok(count),
                        _ => Err(ModelError::Shape { name, found: shape.clone(), expected: vec![0; 4] }),
                    }
                })
                .collect()
        };
        let has = |network: &str| shapes.keys().any(|name| name.starts_with(network));
        let conv_weight_names = |network: &str| {
            let mut names = vec![format!("{network}.from_rgb.weight")];
            names.extend((0..depth).map(|i| format!("{network}.down.{i}.weight")));
            names
        };
        let mut generator = vec!["generator.project.weight".to_string()];
        generator.extend((0..depth).map(|i| format!("generator.up.{i}.weight")));
        Ok(Self {
            image_size_px,
            latent_dim,
            generator_channels: channels(generator, 1)?,
            discriminator_channels: has("discriminator.")
                .then(|| channels(conv_weight_names("discriminator"), 0))
                .transpose()?,
            encoder_channels: has("encoder.").then(|| channels(conv_weight_names("encoder"), 0)).transpose()?,
        })
    }

    /// Name and shape of every tensor in a file of this architecture.
    pub(super) fn expected_tensors(&self) -> Vec<ExpectedTensor> {
        let mut all = Vec::new();
        let mut layer = |name: String, first: usize, second: usize, bias: usize| {
            all.push((format!("{name}.weight"), vec![first, second, KERNEL_SIZE, KERNEL_SIZE]));
            all.push((format!("{name}.bias"), vec![bias]));
        };
        let mut previous = self.latent_dim;
        for (i, &out) in self.generator_channels.iter().enumerate() {
            let name = if i == 0 { "generator.project".to_string() } else { format!("generator.up.{}", i - 1) };
            layer(name, previous, out, out);
            previous = out;
        }
        layer("generator.to_rgb".into(), previous, 3, 3);
        let conv_stacks = [
            ("discriminator", &self.discriminator_channels, 3, 1),
            ("encoder", &self.encoder_channels, 4, self.latent_dim),
        ];
        for (network, channels, inputs, outputs) in conv_stacks {
            let Some(channels) = channels else { continue };
            let mut previous = inputs;
            for (i, &out) in channels.iter().enumerate() {
                let name = if i == 0 { format!("{network}.from_rgb") } else { format!("{network}.down.{}", i - 1) };
                layer(name, out, previous, out);
                previous = out;
            }
            layer(format!("{network}.score"), outputs, previous, outputs);
        }
        all
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
