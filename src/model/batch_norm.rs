//! Folds a trained `BatchNorm` (a scale and a shift per channel) into the convolution before it.

use super::WeightTensor;

/// `PyTorch`'s default ε.
pub const BATCH_NORM_EPSILON: f32 = 1e-5;

/// The parameters and running statistics of one `BatchNorm`, all `[channels]`.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm<'a> {
    pub weight: &'a [f32],
    pub bias: &'a [f32],
    pub running_mean: &'a [f32],
    pub running_variance: &'a [f32],
    pub epsilon: f32,
}

/// The output axis of a convolution weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputAxis {
    /// `[out, in, 4, 4]`: a convolution.
    First,
    /// `[in, out, 4, 4]`: a transposed convolution.
    Second,
}

impl OutputAxis {
    /// The axis index.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

impl BatchNorm<'_> {
    /// Folds the normalisation into the convolution before it, in double precision: the weight becomes `s·W` and the
    /// bias `β + (b − μ)·s` with `s = γ / √(σ² + ε)`. All slices must have one value per output channel.
    pub fn fold_into(&self, weight: &mut WeightTensor, axis: OutputAxis, bias: &mut [f32]) {
        let scale: Vec<f64> = self
            .weight
            .iter()
            .zip(self.running_variance)
            .map(|(gamma, variance)| f64::from(*gamma) / (f64::from(*variance) + f64::from(self.epsilon)).sqrt())
            .collect();
        let values_per_output: usize = weight.shape.iter().skip(axis.index() + 1).product();
        for (index, value) in weight.values.iter_mut().enumerate() {
            *value = to_f32(f64::from(*value) * scale[index / values_per_output.max(1) % scale.len()]);
        }
        for (channel, bias) in bias.iter_mut().enumerate() {
            let centred = f64::from(*bias) - f64::from(self.running_mean[channel]);
            *bias = to_f32(f64::from(self.bias[channel]) + centred * scale[channel]);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "weights are stored in f32")]
fn to_f32(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORM: BatchNorm<'_> = BatchNorm {
        weight: &[2.0, 3.0],
        bias: &[10.0, 20.0],
        running_mean: &[1.0, -1.0],
        running_variance: &[4.0, 9.0],
        epsilon: 0.0,
    };

    #[test]
    fn each_channel_gets_its_own_scale_and_shift() {
        // The variances of NORM give scales of 1, which would hide an error.
        let norm = BatchNorm { running_variance: &[0.25, 9.0], ..NORM };
        let values: Vec<f32> = (1..=12).map(|value: u8| f32::from(value)).collect();
        let mut convolution = WeightTensor { shape: vec![2, 3, 1, 2], values: values.clone() };
        let mut bias = [0.5, 7.0];
        norm.fold_into(&mut convolution, OutputAxis::First, &mut bias);
        assert_eq!(convolution.values[..7], [4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 7.0]);
        // 10 + (0.5 − 1)·4 and 20 + (7 + 1)·1.
        assert_eq!(bias.to_vec(), [8.0, 28.0]);

        let mut transposed = WeightTensor { shape: vec![3, 2, 1, 2], values };
        norm.fold_into(&mut transposed, OutputAxis::Second, &mut [0.0; 2]);
        assert_eq!(transposed.values, [4.0, 8.0, 3.0, 4.0, 20.0, 24.0, 7.0, 8.0, 36.0, 40.0, 11.0, 12.0]);
    }

    #[test]
    fn epsilon_is_added_to_the_variance() {
        let norm = BatchNorm { epsilon: 12.0, ..NORM };
        let mut weight = WeightTensor { shape: vec![2, 1, 1, 1], values: vec![1.0, 1.0] };
        norm.fold_into(&mut weight, OutputAxis::First, &mut [0.0; 2]);
        assert!((weight.values[0] - 0.5).abs() < 1e-6 && (weight.values[1] - 3.0 / 21_f32.sqrt()).abs() < 1e-6);
    }
}
