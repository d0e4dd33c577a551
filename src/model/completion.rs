//! The completion network: redraws the hole of a face in one pass.
//!
//! The generator draws 128×128 pixels from a latent of 128 numbers, so it cannot repeat what the known pixels show in
//! detail. The completion network sees these pixels at full sharpness, the mask, and the generator's picture G(ẑ), and
//! draws a picture of 192×192 pixels that belongs to them. What is in the hole still comes from G(ẑ).
//!
//! It is a U-Net (Ronneberger et al. 2015) on blocks of 3×3 pixels, so its layers work on 64, 32 and 16 pixels a side.
//! Its output is added to the enlarged G(ẑ). `models/completion.py` trains it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use burn::tensor::activation::leaky_relu;
use burn::tensor::module::{conv_transpose2d, conv2d, interpolate};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, TensorData};

use super::plan::LEAKY_SLOPE;
use super::weight_file::{WeightTensors, read_tensors};
use super::{ModelError, ModelInfo, WeightTensor, read_values};
use crate::face_picture::FacePicture;
use crate::hash::sha256_of_bytes;

/// The trained network, embedded in the binary.
static EMBEDDED: &[u8] = include_bytes!("../../models/completion.safetensors");
/// Required value of the metadata key `completion`.
const ARCHITECTURE: &str = "unet-1";
/// Side of the blocks that the first layer sees as one pixel.
const BLOCK_PX: usize = 3;
/// Input planes: known RGB, the mask, and the enlarged G(ẑ).
const INPUT_PLANES: usize = 7;
/// Dilations of the first convolution of each middle block. They let the halves of a face see each other.
const MIDDLE_DILATIONS: [usize; 3] = [1, 2, 4];

/// A completion network with its weights.
pub struct CompletionNetwork {
    sha256: String,
    device: Device,
    layers: BTreeMap<String, Layer>,
}

/// Weight and bias of one layer.
struct Layer {
    weight: Tensor<4>,
    bias: Tensor<1>,
}

impl ModelInfo {
    /// Whether the completion network may redraw pictures of this model: faces of 128×128 pixels on the template that
    /// the network was trained with.
    #[must_use]
    pub fn has_completion(&self) -> bool {
        self.image_size_px == 128 && self.metadata.get("alignment").is_some_and(|alignment| alignment == "yunet5-v1")
    }
}

impl CompletionNetwork {
    /// Side of the pictures that it draws.
    pub const SIDE_PX: u32 = 192;

    /// The embedded network, on the CPU. The first call loads it.
    ///
    /// # Panics
    /// If the embedded file is damaged. A test loads it.
    pub fn embedded() -> &'static Self {
        static NETWORK: OnceLock<CompletionNetwork> = OnceLock::new();
        NETWORK.get_or_init(|| Self::parse(EMBEDDED, &Device::flex()).expect("the embedded network is complete"))
    }

    /// Reads a file with `completion.*` tensors and puts the network on a device.
    ///
    /// # Errors
    /// Names the first tensor that is missing, has a wrong shape or holds a value that is not finite.
    fn parse(bytes: &[u8], device: &Device) -> Result<Self, ModelError> {
        let (metadata, tensors) = read_tensors(bytes)?;
        if metadata.get("completion").is_none_or(|found| found != ARCHITECTURE) {
            let found = metadata.get("completion").cloned().unwrap_or_else(|| "nothing".into());
            return Err(ModelError::Metadata { key: "completion", found, expected: "this program supports unet-1" });
        }
        let width = tensors.get("completion.input.bias").map_or(0, |bias| bias.values.len());
        let layers = layer_shapes(width)
            .into_iter()
            .map(|(name, shape)| {
                let layer = load_layer(&tensors, &name, shape, device)?;
                Ok((name, layer))
            })
            .collect::<Result<_, ModelError>>()?;
        Ok(Self { sha256: sha256_of_bytes(bytes), device: device.clone(), layers })
    }

    /// SHA-256 of the network's file, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Redraws the hole of one face.
    ///
    /// `pixels` is the crop, planar RGB in [-1, 1], `[3, side, side]`, with [`SIDE_PX`](Self::SIDE_PX) as its side; hole
    /// pixels are never read. `known` is `[side, side]`: 1 where known, 0 in the hole. `coarse` is G(ẑ). Returns the crop
    /// where it is known, the drawn picture elsewhere.
    ///
    /// # Panics
    /// If a slice has another length.
    #[must_use]
    pub fn redraw(&self, pixels: &[f32], known: &[f32], coarse: &FacePicture) -> FacePicture {
        let side_px = Self::SIDE_PX as usize;
        let planes = self.redraw_square(side_px, pixels, known, &coarse.to_planes(), coarse.side_px);
        FacePicture::from_planes(&planes)
    }

    /// [`redraw`](Self::redraw) at another side, a multiple of 12.
    fn redraw_square(&self, side: usize, pixels: &[f32], known: &[f32], coarse: &[f32], coarse_px: usize) -> Vec<f32> {
        let area = side * side;
        let is_known = |index: usize| known[index % area] > 0.0;
        let visible: Vec<f32> = (0..3 * area).map(|index| if is_known(index) { pixels[index] } else { 0.0 }).collect();
        let planes = |values: &[f32], planes: usize, side: usize| {
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, planes, side, side]), &self.device)
        };
        let options = InterpolateOptions::new(InterpolateMode::Bicubic).with_align_corners(false);
        let enlarged =
            interpolate(planes(coarse, 3, coarse_px), options.with_output_size([side, side])).clamp(-1.0, 1.0);
        let input = Tensor::cat(vec![planes(&visible, 3, side), planes(known, 1, side), enlarged.clone()], 1);
        let drawn = (enlarged + self.forward(input)).clamp(-1.0, 1.0);
        let mut picture: Vec<f32> = read_values(drawn);
        for (index, value) in picture.iter_mut().enumerate().filter(|(index, _)| is_known(*index)) {
            *value = visible[index];
        }
        picture
    }

    /// `[1, 7, side, side]` to what is added to the enlarged G(ẑ), `[1, 3, side, side]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let full = self.blocks(self.convolve("input", blocks_to_planes(input), 1, 1), "enc0");
        let half = self.blocks(self.convolve("down1", full.clone(), 2, 1), "enc1");
        let mut x = self.convolve("down2", half.clone(), 2, 1);
        for (index, dilation) in MIDDLE_DILATIONS.into_iter().enumerate() {
            x = self.block(x, &format!("middle.{index}"), dilation);
        }
        x = self.blocks(self.enlarge("up2", x) + half, "dec1");
        x = self.blocks(self.enlarge("up1", x) + full, "dec0");
        planes_to_blocks(self.convolve("output", x, 1, 1))
    }

    /// Two residual blocks.
    fn blocks(&self, x: Tensor<4>, name: &str) -> Tensor<4> {
        let x = self.block(x, &format!("{name}.0"), 1);
        self.block(x, &format!("{name}.1"), 1)
    }

    /// A residual block (He et al. 2016): two convolutions, added to their input.
    fn block(&self, x: Tensor<4>, name: &str, dilation: usize) -> Tensor<4> {
        let inner = self.convolve(&format!("{name}.a"), leaky_relu(x.clone(), f64::from(LEAKY_SLOPE)), 1, dilation);
        x + self.convolve(&format!("{name}.b"), leaky_relu(inner, f64::from(LEAKY_SLOPE)), 1, 1)
    }

    /// A convolution. 3×3 kernels keep the side; 4×4 kernels with stride 2 halve it.
    fn convolve(&self, name: &str, x: Tensor<4>, stride: usize, dilation: usize) -> Tensor<4> {
        let Layer { weight, bias } = &self.layers[name];
        let options = ConvOptions::new([stride; 2], [dilation; 2], [dilation; 2], 1);
        conv2d(x, weight.clone(), Some(bias.clone()), options)
    }

    /// A transposed 4×4 convolution with stride 2, which doubles the side.
    fn enlarge(&self, name: &str, x: Tensor<4>) -> Tensor<4> {
        let Layer { weight, bias } = &self.layers[name];
        let options = ConvTransposeOptions::new([2; 2], [1; 2], [0; 2], [1; 2], 1);
        conv_transpose2d(x, weight.clone(), Some(bias.clone()), options)
    }
}

/// Names of all layers and shapes of their weights, for a network of this width.
fn layer_shapes(width: usize) -> Vec<(String, [usize; 4])> {
    let block_planes = BLOCK_PX * BLOCK_PX;
    let mut shapes = vec![
        ("input".to_string(), [width, INPUT_PLANES * block_planes, 3, 3]),
        ("down1".to_string(), [2 * width, width, 4, 4]),
        ("down2".to_string(), [4 * width, 2 * width, 4, 4]),
        ("up2".to_string(), [4 * width, 2 * width, 4, 4]),
        ("up1".to_string(), [2 * width, width, 4, 4]),
        ("output".to_string(), [3 * block_planes, width, 3, 3]),
    ];
    let groups =
        [("enc0", 2, 1), ("enc1", 2, 2), ("middle", MIDDLE_DILATIONS.len(), 4), ("dec1", 2, 2), ("dec0", 2, 1)];
    for (group, count, factor) in groups {
        let channels = factor * width;
        for (index, layer) in (0..count).flat_map(|index| [(index, "a"), (index, "b")]) {
            shapes.push((format!("{group}.{index}.{layer}"), [channels, channels, 3, 3]));
        }
    }
    shapes
}

fn load_layer(tensors: &WeightTensors, name: &str, shape: [usize; 4], device: &Device) -> Result<Layer, ModelError> {
    let get = |part: &str, expected: Vec<usize>| -> Result<&WeightTensor, ModelError> {
        let name = format!("completion.{name}.{part}");
        let tensor = tensors.get(&name).ok_or_else(|| ModelError::MissingTensor { name: name.clone() })?;
        if tensor.shape == expected {
            Ok(tensor)
        } else {
            Err(ModelError::Shape { name, found: tensor.shape.clone(), expected })
        }
    };
    // A transposed convolution, `up`, has its outputs on the second axis.
    let outputs = if name.starts_with("up") { shape[1] } else { shape[0] };
    let (weight, bias) = (get("weight", shape.to_vec())?, get("bias", vec![outputs])?);
    Ok(Layer {
        weight: Tensor::from_data(TensorData::new(weight.values.clone(), shape), device),
        bias: Tensor::from_data(TensorData::new(bias.values.clone(), [outputs]), device),
    })
}

/// Moves each block of 3×3 pixels into the channels of one pixel: `[1, c, side, side]` to `[1, 9c, side/3, side/3]`.
fn blocks_to_planes(x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let (rows, columns) = (height / BLOCK_PX, width / BLOCK_PX);
    let split: Tensor<6> = x.reshape([batch, channels, rows, BLOCK_PX, columns, BLOCK_PX]);
    split.permute([0, 1, 3, 5, 2, 4]).reshape([batch, channels * BLOCK_PX * BLOCK_PX, rows, columns])
}

/// The inverse of [`blocks_to_planes`].
fn planes_to_blocks(x: Tensor<4>) -> Tensor<4> {
    let [batch, planes, rows, columns] = x.dims();
    let channels = planes / (BLOCK_PX * BLOCK_PX);
    let split: Tensor<6> = x.reshape([batch, channels, BLOCK_PX, BLOCK_PX, rows, columns]);
    split.permute([0, 1, 4, 2, 5, 3]).reshape([batch, channels, rows * BLOCK_PX, columns * BLOCK_PX])
}

#[cfg(test)]
mod tests;
