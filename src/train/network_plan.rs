//! The layers of the networks in training.
//!
//! They follow DCGAN (Radford et al. 2016, arXiv 1511.06434). In [`crate::model`], the same networks have `BatchNorm`
//! folded into the convolutions. Inner layers end in a `BatchNorm`. They have no bias, because `BatchNorm` adds a
//! shift. The first layer of D and E and the last layer of every network have a bias and no `BatchNorm`.

/// Values of a kernel. Every kernel is 4×4.
pub(super) const KERNEL_AREA: usize = 16;
/// Side of the smallest feature map, in pixels.
pub(super) const MIN_FEATURE_SIDE: usize = 4;

/// How a layer changes the side of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerKind {
    /// A transposed convolution from 1 px to 4 px.
    Project,
    /// A transposed convolution that doubles the side.
    Upsample,
    /// A convolution that halves the side.
    Downsample,
    /// A convolution from 4 px to 1 px.
    Collapse,
}

/// The activation function of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerActivation {
    Relu,
    /// Slope 0.2 below zero (DCGAN, section 3).
    LeakyRelu,
    Tanh,
    Identity,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayerPlan {
    /// Name in a model file, without the network's name.
    pub name: String,
    pub kind: LayerKind,
    pub inputs: usize,
    pub outputs: usize,
    /// Whether the layer ends in a `BatchNorm`. Otherwise it has a bias.
    pub has_norm: bool,
    pub activation: LayerActivation,
}

/// One network. The layers are ordered from input to output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NetPlan {
    /// Name in a model file: generator, discriminator or encoder.
    pub name: &'static str,
    pub layers: Vec<LayerPlan>,
    /// Side of the input in pixels.
    pub input_side: usize,
}

impl LayerPlan {
    /// Shape of the weight in `PyTorch`'s layout: `[in, out, 4, 4]` if transposed, otherwise `[out, in, 4, 4]`.
    pub fn weight_shape(&self) -> [usize; 4] {
        match self.kind {
            LayerKind::Project | LayerKind::Upsample => [self.inputs, self.outputs, 4, 4],
            LayerKind::Downsample | LayerKind::Collapse => [self.outputs, self.inputs, 4, 4],
        }
    }

    /// Side of the output for an input of this side.
    pub fn output_side(&self, side: usize) -> usize {
        match self.kind {
            LayerKind::Project => MIN_FEATURE_SIDE,
            LayerKind::Upsample => 2 * side,
            LayerKind::Downsample => side / 2,
            LayerKind::Collapse => 1,
        }
    }

    /// Names and lengths of the trained tensors: weight, bias or shift, and the scale of a `BatchNorm`.
    pub fn parameter_lengths(&self) -> Vec<(String, usize)> {
        let weight = (format!("{}.weight", self.name), self.inputs * self.outputs * KERNEL_AREA);
        let shift = if self.has_norm { "norm.shift" } else { "bias" };
        let mut lengths = vec![weight, (format!("{}.{shift}", self.name), self.outputs)];
        if self.has_norm {
            lengths.push((format!("{}.norm.scale", self.name), self.outputs));
        }
        lengths
    }

    /// Names of the running statistics: mean and variance, or nothing without a `BatchNorm`.
    pub fn statistic_names(&self) -> Vec<String> {
        let full_name = |name: &str| format!("{}.norm.{name}", self.name);
        if self.has_norm { vec![full_name("mean"), full_name("variance")] } else { Vec::new() }
    }
}

/// Number of doublings from [`MIN_FEATURE_SIDE`] to the image's side.
fn upsampling_count(size_px: usize) -> usize {
    (size_px / MIN_FEATURE_SIDE).trailing_zeros() as usize
}

/// Channels of each level, from the outermost inwards: they double from `width` up to eight times the width.
fn channels_by_level(size_px: usize, width: usize) -> Vec<usize> {
    (0..upsampling_count(size_px)).map(|level| width * (1 << level.min(3))).collect()
}

impl NetPlan {
    /// G: latents `[batch, latent_dim, 1, 1]` to images `[batch, 3, size, size]`.
    pub fn generator(size_px: usize, width: usize, latent_dim: usize) -> Self {
        let mut inputs = latent_dim;
        let mut layers = Vec::new();
        for (level, outputs) in channels_by_level(size_px, width).into_iter().rev().enumerate() {
            let (name, kind) = match level {
                0 => ("project".to_string(), LayerKind::Project),
                _ => (format!("up.{}", level - 1), LayerKind::Upsample),
            };
            layers.push(LayerPlan { name, kind, inputs, outputs, has_norm: true, activation: LayerActivation::Relu });
            inputs = outputs;
        }
        let (kind, activation) = (LayerKind::Upsample, LayerActivation::Tanh);
        layers.push(LayerPlan { name: "to_rgb".into(), kind, inputs, outputs: 3, has_norm: false, activation });
        Self { name: "generator", layers, input_side: 1 }
    }

    /// D: images `[batch, 3, size, size]` to logits `[batch, 1, 1, 1]`.
    pub fn discriminator(size_px: usize, width: usize) -> Self {
        Self::convolutional("discriminator", size_px, width, 3, 1)
    }

    /// E: known pixels and known mask `[batch, 4, size, size]` to latents before tanh `[batch, latent_dim, 1, 1]`.
    pub fn encoder(size_px: usize, width: usize, latent_dim: usize) -> Self {
        Self::convolutional("encoder", size_px, (width * 3 / 4).max(1), 4, latent_dim)
    }

    fn convolutional(name: &'static str, size_px: usize, width: usize, mut inputs: usize, outputs: usize) -> Self {
        let mut layers = Vec::new();
        for (level, outputs) in channels_by_level(size_px, width).into_iter().enumerate() {
            let name = if level == 0 { "from_rgb".into() } else { format!("down.{}", level - 1) };
            let (kind, activation) = (LayerKind::Downsample, LayerActivation::LeakyRelu);
            layers.push(LayerPlan { name, kind, inputs, outputs, has_norm: level > 0, activation });
            inputs = outputs;
        }
        let (kind, activation) = (LayerKind::Collapse, LayerActivation::Identity);
        layers.push(LayerPlan { name: "score".into(), kind, inputs, outputs, has_norm: false, activation });
        Self { name, layers, input_side: size_px }
    }

    /// Number of trained values.
    pub fn parameter_count(&self) -> usize {
        self.layers.iter().flat_map(LayerPlan::parameter_lengths).map(|(_, length)| length).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_match_the_built_in_model() {
        let channels = |plan: &NetPlan| plan.layers.iter().map(|layer| layer.outputs).collect::<Vec<_>>();
        assert_eq!(channels(&NetPlan::generator(64, 64, 100)), [512, 256, 128, 64, 3]);
        assert_eq!(channels(&NetPlan::discriminator(64, 64)), [64, 128, 256, 512, 1]);
        assert_eq!(channels(&NetPlan::encoder(64, 64, 100)), [48, 96, 192, 384, 100]);
        assert_eq!(channels(&NetPlan::generator(128, 64, 100)), [512, 512, 256, 128, 64, 3]);
    }

    #[test]
    fn every_network_ends_at_the_expected_side() {
        for (plan, side) in [
            (NetPlan::generator(128, 8, 10), 128),
            (NetPlan::discriminator(128, 8), 1),
            (NetPlan::encoder(16, 8, 10), 1),
        ] {
            let end = plan.layers.iter().fold(plan.input_side, |side, layer| layer.output_side(side));
            assert_eq!(end, side, "{}", plan.name);
        }
    }
}
