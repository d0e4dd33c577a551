//! The degradation operator of a problem on pictures of a device, in tensors of burn: autodiff gives its gradient.

use burn::tensor::{Device, Tensor, TensorData};

use crate::search::problem::SearchProblem;

/// The matrices of a [`CropOperator`](crate::restore::CropOperator) on a device. `None` is the identity.
#[derive(Clone)]
pub(super) struct PictureOperator {
    /// `[side, side]`: for rows and columns.
    lines: Option<Tensor<2>>,
    /// `[channels, channels]`.
    colors: Option<Tensor<2>>,
}

impl PictureOperator {
    pub fn new(problem: &SearchProblem, device: &Device, channels: usize) -> Self {
        let matrix = |values: Vec<f32>, size: usize| Tensor::from_data(TensorData::new(values, [size, size]), device);
        let size = problem.size_px;
        Self {
            lines: problem.operator.line_matrix(size).map(|values| matrix(values, size)),
            colors: problem.operator.color_matrix(channels).map(|values| matrix(values, channels)),
        }
    }

    pub fn is_identity(&self) -> bool {
        self.lines.is_none() && self.colors.is_none()
    }

    /// `A` of pictures `[batch, side, side, channels]`, which are on the autodiff backend. Same shape.
    pub fn apply(&self, pictures: Tensor<4>) -> Tensor<4> {
        let shape @ [batch, side, _, channels] = pictures.dims();
        let pictures = match &self.lines {
            Some(lines) => {
                let lines = lines.clone().autodiff();
                let transposed = combine_rows(pictures, &lines).swap_dims(1, 2);
                let observed = combine_rows(transposed, &lines).swap_dims(1, 2);
                // Our kernels on a GPU need the pixels in order: another shape makes burn copy them.
                observed.reshape([batch, side * side, channels]).reshape(shape)
            }
            None => pictures,
        };
        match &self.colors {
            Some(colors) => {
                let pixels = pictures.reshape([batch * side * side, channels]);
                pixels.matmul(colors.clone().autodiff()).reshape(shape)
            }
            None => pictures,
        }
    }
}

/// Each row of the result is a weighted sum of the rows. Pictures are `[batch, side, side, channels]`, the weights `[side,
/// side]`.
fn combine_rows(pictures: Tensor<4>, weights: &Tensor<2>) -> Tensor<4> {
    let shape @ [batch, side, _, channels] = pictures.dims();
    let weights = weights.clone().unsqueeze::<3>().expand([batch, side, side]);
    weights.matmul(pictures.reshape([batch, side, side * channels])).reshape(shape)
}
