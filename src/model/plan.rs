//! The plan of the networks: what each layer is. The weight files, the `PyTorch` names, the CPU, the GPU and the training
//! read it.
//!
//! The networks follow DCGAN (Radford et al. 2016, arXiv 1511.06434). G makes 4×4 pixels of a latent and doubles the side
//! with each further layer. D and E halve the side down to 4 pixels; their last layer sees all of them. Kernels are 4×4;
//! an imported network may have larger ones between pictures ([`ConvKernel`]).

use super::batch_norm::OutputAxis;

/// Number of pixels of G's first output, and so the number of taps of a dense layer.
pub(crate) const DENSE_TAPS: usize = BASE_SIDE_PX * BASE_SIDE_PX;
/// Side of G's first output and of the input of D's last layer, in pixels.
const BASE_SIDE_PX: usize = 4;
/// Slope of `LeakyReLU` below zero (DCGAN, section 3).
pub(crate) const LEAKY_SLOPE: f32 = 0.2;

/// Channels of a picture, and of a picture with its known mask.
pub(crate) const RGB_CHANNELS: usize = 3;
pub(crate) const RGB_AND_MASK_CHANNELS: usize = 4;

/// The networks of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NetworkRole {
    Generator,
    Discriminator,
    Encoder,
}

/// How a layer changes the side of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// A transposed convolution from 1 pixel to 4×4 pixels.
    Project,
    /// A transposed convolution with stride 2: doubles the side.
    Upsample,
    /// A convolution with stride 2: halves the side.
    Downsample,
    /// A convolution from 4×4 pixels to 1 pixel.
    Collapse,
}

/// The kernel of a convolution with stride 2, or of its transpose. The side of the larger picture is exactly twice that
/// of the smaller one.
///
/// Along each axis, the pixel `2i + k − padding` of the larger picture meets tap `k` at pixel `i` of the smaller one.
/// `PyTorch` has these paddings for exactly doubled sides. TensorFlow's SAME padding of a 5×5 kernel begins one pixel
/// later, so such a kernel is a 6×6 kernel here, whose first row and column are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvKernel {
    size: usize,
}

/// The activation function of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    Relu,
    LeakyRelu,
    Tanh,
    Identity,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerPlan {
    pub role: NetworkRole,
    /// Name within the network, as in `up.0`.
    pub name: String,
    pub kind: LayerKind,
    /// 4×4 in a dense layer.
    pub kernel: ConvKernel,
    /// Channels of the input and of the output.
    pub inputs: usize,
    pub outputs: usize,
    pub activation: Activation,
    /// Whether a `BatchNorm` follows the convolution in training and in `PyTorch`; a bias otherwise. A model file has it
    /// folded in.
    pub has_norm: bool,
    /// Whether each pixel of the output has its own bias: that of a linear projection to 4×4 pixels.
    pub has_pixel_bias: bool,
    /// Side of the input and of the output, in pixels.
    pub input_side: usize,
    pub output_side: usize,
}

/// One network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkPlan {
    pub role: NetworkRole,
    /// From input to output, at least two.
    pub layers: Vec<LayerPlan>,
}

impl NetworkRole {
    pub const ALL: [Self; 3] = [Self::Generator, Self::Discriminator, Self::Encoder];

    /// Name in a model file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Discriminator => "discriminator",
            Self::Encoder => "encoder",
        }
    }

    /// The output axis of the weights: G has transposed convolutions, D and E have convolutions.
    #[must_use]
    pub fn output_axis(self) -> OutputAxis {
        match self {
            Self::Generator => OutputAxis::Second,
            Self::Discriminator | Self::Encoder => OutputAxis::First,
        }
    }

    /// Channels of the network's input and output.
    #[must_use]
    pub fn end_channels(self, latent_dim: usize) -> [usize; 2] {
        match self {
            Self::Generator => [latent_dim, RGB_CHANNELS],
            Self::Discriminator => [RGB_CHANNELS, 1],
            Self::Encoder => [RGB_AND_MASK_CHANNELS, latent_dim],
        }
    }

    /// Name, kind and activation of the layer at `index` of `count`.
    fn layer(self, index: usize, count: usize) -> (String, LayerKind, Activation) {
        let is_last = index + 1 == count;
        match (self, index) {
            (Self::Generator, 0) => ("project".into(), LayerKind::Project, Activation::Relu),
            (Self::Generator, _) if is_last => ("to_rgb".into(), LayerKind::Upsample, Activation::Tanh),
            (Self::Generator, _) => (format!("up.{}", index - 1), LayerKind::Upsample, Activation::Relu),
            (Self::Discriminator, _) if is_last => ("score".into(), LayerKind::Collapse, Activation::Identity),
            (Self::Encoder, _) if is_last => ("score".into(), LayerKind::Collapse, Activation::Tanh),
            (_, 0) => ("from_rgb".into(), LayerKind::Downsample, Activation::LeakyRelu),
            (_, _) => (format!("down.{}", index - 1), LayerKind::Downsample, Activation::LeakyRelu),
        }
    }

    /// Whether a `BatchNorm` follows the layer at `index` of `count`. None follows the first layer of D and E and the
    /// last of every network.
    fn has_norm(self, index: usize, count: usize) -> bool {
        index + 1 < count && (index > 0 || self == Self::Generator)
    }
}

impl LayerKind {
    /// Whether the layer is between 1 pixel and 4×4 pixels: a matrix product.
    #[must_use]
    pub fn is_dense(self) -> bool {
        matches!(self, Self::Project | Self::Collapse)
    }
}

impl ConvKernel {
    /// The kernel of DCGAN.
    pub const DCGAN: Self = Self { size: 4 };

    /// A kernel of this side, from 4 to 6.
    #[must_use]
    pub fn new(size: usize) -> Option<Self> {
        (4..=6).contains(&size).then_some(Self { size })
    }

    /// Side of the kernel.
    #[must_use]
    pub fn size(self) -> usize {
        self.size
    }

    /// Number of taps.
    #[must_use]
    pub fn taps(self) -> usize {
        self.size * self.size
    }

    /// Pixels that the kernel reaches beyond the larger picture, at its upper left.
    #[must_use]
    pub fn padding(self) -> usize {
        (self.size - 1) / 2
    }

    /// Most pixels of the smaller picture, along an axis, that contribute to one pixel of the larger one.
    #[must_use]
    pub fn neighbours(self) -> usize {
        self.size.div_ceil(2)
    }
}

impl Activation {
    /// The factor of negative values; `None` for tanh.
    #[must_use]
    pub fn negative_slope(self) -> Option<f32> {
        match self {
            Self::Relu => Some(0.0),
            Self::LeakyRelu => Some(LEAKY_SLOPE),
            Self::Identity => Some(1.0),
            Self::Tanh => None,
        }
    }
}

impl LayerPlan {
    /// Name of the weight in a model file, as in `generator.up.0.weight`.
    #[must_use]
    pub fn weight_name(&self) -> String {
        format!("{}.{}.weight", self.role.name(), self.name)
    }

    /// Name of the bias in a model file.
    #[must_use]
    pub fn bias_name(&self) -> String {
        format!("{}.{}.bias", self.role.name(), self.name)
    }

    /// Shape of the weight in `PyTorch`'s layout: `[in, out, size, size]` if transposed, otherwise `[out, in, size, size]`.
    #[must_use]
    pub fn weight_shape(&self) -> [usize; 4] {
        let [first, second] = match self.role.output_axis() {
            OutputAxis::First => [self.outputs, self.inputs],
            OutputAxis::Second => [self.inputs, self.outputs],
        };
        [first, second, self.kernel.size(), self.kernel.size()]
    }

    /// Number of weights.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.weight_shape().iter().product()
    }

    /// Shape of the bias: `[out]`, or `[out, 4, 4]` if each pixel has its own.
    #[must_use]
    pub fn bias_shape(&self) -> Vec<usize> {
        let sides = if self.has_pixel_bias { &[BASE_SIDE_PX; 2][..] } else { &[] };
        [&[self.outputs], sides].concat()
    }

    /// The smaller of both sides, in pixels.
    #[must_use]
    pub fn smaller_side(&self) -> usize {
        self.input_side.min(self.output_side)
    }
}

impl NetworkPlan {
    /// The network with these channels: those of its input, and those after each layer. Its kernels are 4×4.
    #[must_use]
    pub fn new(role: NetworkRole, channels: &[usize]) -> Self {
        let count = channels.len().saturating_sub(1);
        let layer = |(index, pair): (usize, &[usize])| {
            let (name, kind, activation) = role.layer(index, count);
            let (input_side, output_side) = match kind {
                LayerKind::Project => (1, BASE_SIDE_PX),
                LayerKind::Upsample => (side_after_doublings(index - 1), side_after_doublings(index)),
                LayerKind::Downsample => {
                    (side_after_doublings(count - 1 - index), side_after_doublings(count - 2 - index))
                }
                LayerKind::Collapse => (BASE_SIDE_PX, 1),
            };
            let (inputs, outputs, has_norm) = (pair[0], pair[1], role.has_norm(index, count));
            let (kernel, has_pixel_bias) = (ConvKernel::DCGAN, false);
            LayerPlan {
                role,
                name,
                kind,
                kernel,
                inputs,
                outputs,
                activation,
                has_norm,
                has_pixel_bias,
                input_side,
                output_side,
            }
        };
        Self { role, layers: channels.windows(2).enumerate().map(layer).collect() }
    }

    /// The network for pictures of this side, a power of two from 16. The channels double from `width` at the picture
    /// towards 4×4 pixels, up to eight times the width. E has three quarters of the width.
    #[must_use]
    pub fn with_width(role: NetworkRole, size_px: usize, width: usize, latent_dim: usize) -> Self {
        let width = if role == NetworkRole::Encoder { (width * 3 / 4).max(1) } else { width };
        let mut inner: Vec<usize> = (0..inner_layers(size_px)).map(|level| width * (1 << level.min(3))).collect();
        if role == NetworkRole::Generator {
            inner.reverse();
        }
        let [inputs, outputs] = role.end_channels(latent_dim);
        Self::new(role, &[&[inputs][..], &inner, &[outputs]].concat())
    }
}

/// 4 pixels, doubled this many times. Saturates: a damaged file may have any number of layers.
fn side_after_doublings(doublings: usize) -> usize {
    let factor = u32::try_from(doublings).map_or(usize::MAX, |doublings| 2_usize.saturating_pow(doublings));
    BASE_SIDE_PX.saturating_mul(factor)
}

/// Number of layers of a network for pictures of this side, without the last one: the doublings from 4 pixels, or the
/// halvings to 4 pixels.
pub(super) fn inner_layers(size_px: usize) -> usize {
    (size_px / BASE_SIDE_PX).trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(role: NetworkRole, size_px: usize) -> NetworkPlan {
        NetworkPlan::with_width(role, size_px, 64, 100)
    }

    #[test]
    fn channels_match_the_built_in_model() {
        let channels = |plan: NetworkPlan| plan.layers.iter().map(|layer| layer.outputs).collect::<Vec<_>>();
        assert_eq!(channels(plan(NetworkRole::Generator, 64)), [512, 256, 128, 64, 3]);
        assert_eq!(channels(plan(NetworkRole::Discriminator, 64)), [64, 128, 256, 512, 1]);
        assert_eq!(channels(plan(NetworkRole::Encoder, 64)), [48, 96, 192, 384, 100]);
        assert_eq!(channels(plan(NetworkRole::Generator, 128)), [512, 512, 256, 128, 64, 3]);
    }

    #[test]
    fn each_layer_starts_where_the_previous_ends() {
        for (role, ends) in NetworkRole::ALL.into_iter().zip([[1, 128], [128, 1], [128, 1]]) {
            let layers = plan(role, 128).layers;
            let last = &layers[layers.len() - 1];
            assert_eq!([layers[0].input_side, last.output_side], ends, "{role:?}");
            for pair in layers.windows(2) {
                assert_eq!((pair[0].output_side, pair[0].outputs), (pair[1].input_side, pair[1].inputs), "{role:?}");
            }
            let dense = layers.iter().filter(|layer| layer.kind.is_dense());
            assert_eq!(dense.map(LayerPlan::smaller_side).collect::<Vec<_>>(), [1]);
        }
    }

    #[test]
    fn inner_layers_have_a_batch_norm() {
        let norms = |role| plan(role, 16).layers.iter().map(|layer| layer.has_norm).collect::<Vec<_>>();
        assert_eq!(norms(NetworkRole::Generator), [true, true, false]);
        assert_eq!(norms(NetworkRole::Discriminator), [false, true, false]);
    }
}
