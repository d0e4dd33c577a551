//! The degradation operator of a task, in the pixels of the crop.
//!
//! `A(X) = R·X·Rᵀ` over rows and columns, where each row of `R` is the same symmetric kernel, and a matrix of the
//! colours. At the crop's border, the kernel's weights inside the crop count alone.
//!
//! Some targets are filtered too. An enlarged photo has no detail finer than its blocks, and noise and blocks of a JPEG
//! must not be taken for edges. A filtered pixel is known only if every pixel under its kernel is known.

use super::{ImageTask, LUMA};

/// Noise of this many levels is smoothed with a standard deviation of one crop pixel.
const LEVELS_PER_SMOOTHED_PIXEL: f32 = 25.0;
/// Largest smoothing of a noisy target, in crop pixels: more would hide the features of the face.
const MAX_NOISE_SMOOTHING_PX: f32 = 2.0;
/// Smoothing of a JPEG of quality 0, in photo pixels: half of a block. It falls linearly with the quality.
const JPEG_SMOOTHING_PX: f32 = 4.0;
/// Narrower Gaussians change nothing that a crop shows.
const MIN_DEVIATION_PX: f32 = 0.25;

/// The degradation operator in the pixels of one crop.
#[derive(Clone, Debug, PartialEq)]
pub struct CropOperator {
    /// The kernel along rows and columns.
    kernel: Kernel,
    /// The kernel that the photo's own pixels are filtered with.
    target_kernel: Kernel,
    /// Only the luma is compared.
    is_luma: bool,
}

impl Default for CropOperator {
    /// The identity.
    fn default() -> Self {
        Self { kernel: Kernel::identity(), target_kernel: Kernel::identity(), is_luma: false }
    }
}

/// A symmetric kernel: the weights from its centre outwards.
#[derive(Clone, Debug, PartialEq)]
struct Kernel(Vec<f32>);

impl Kernel {
    fn identity() -> Self {
        Self(vec![1.0])
    }

    fn is_identity(&self) -> bool {
        self.0.len() == 1
    }

    /// A Gaussian, cut off at three standard deviations.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few crop pixels")]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn gaussian(deviation_px: f32) -> Self {
        if deviation_px < MIN_DEVIATION_PX {
            return Self::identity();
        }
        let weight = |distance: usize| (-0.5 * (distance as f32 / deviation_px).powi(2)).exp();
        Self((0..=(3.0 * deviation_px).ceil() as usize).map(weight).collect())
    }

    /// The mean over `width_px` pixels, `times` times.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few crop pixels")]
    fn block(width_px: f32, times: u32) -> Self {
        // Pixels under a block that is not wider than they are stay as they are.
        if width_px <= 1.0 {
            return Self::identity();
        }
        let radius = width_px.ceil() as i64 * i64::from(times);
        let box_weight = |distance: i64| {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let distance = distance.unsigned_abs() as f32;
            (width_px / 2.0 + 0.5 - distance).clamp(0.0, 1.0)
        };
        let mut weights: Vec<f32> = (-radius..=radius).map(box_weight).collect();
        for _ in 1..times {
            let at = |position: i64| usize::try_from(position + radius).ok().and_then(|index| weights.get(index));
            let sum = |position: i64| (-radius..=radius).filter_map(|d| Some(box_weight(d) * at(position - d)?)).sum();
            weights = (-radius..=radius).map(sum).collect();
        }
        let last = weights.iter().rposition(|weight| *weight > 0.0).unwrap_or_default();
        Self(weights.get(radius as usize..=last).unwrap_or(&[1.0]).to_vec())
    }

    /// `[size, size]`: the weights of each pixel of a line, for each pixel of the result.
    fn matrix(&self, size: usize) -> Vec<f32> {
        let weight = |row: usize, column: usize| self.0.get(row.abs_diff(column)).copied().unwrap_or_default();
        let row = |row: usize| {
            let sum: f32 = (0..size).map(|column| weight(row, column)).sum();
            (0..size).map(move |column| weight(row, column) / sum)
        };
        (0..size).flat_map(row).collect()
    }

    /// Filters the rows and columns of planes `[size, size]`.
    fn filter(&self, planes: &[f32], size: usize) -> Vec<f32> {
        if self.is_identity() {
            return planes.to_vec();
        }
        let matrix = self.matrix(size);
        let along_rows = |plane: &[f32]| -> Vec<f32> {
            let value = |index: usize| {
                let (line, weights) = (&plane[index / size * size..][..size], &matrix[index % size * size..][..size]);
                line.iter().zip(weights).map(|(value, weight)| value * weight).sum()
            };
            (0..size * size).map(value).collect()
        };
        let transposed = |plane: &[f32]| -> Vec<f32> {
            (0..size * size).map(|index| plane[index % size * size + index / size]).collect()
        };
        let filtered = |plane: &[f32]| transposed(&along_rows(&transposed(&along_rows(plane))));
        planes.chunks_exact(size * size).flat_map(filtered).collect()
    }

    /// Which pixels have only known pixels under the kernel. `known` is `[size, size]`.
    fn known(&self, known: &[f32], size: usize) -> Vec<f32> {
        let reach = self.0.len() - 1;
        let is_known = |index: usize| {
            let around = |at: usize| at.saturating_sub(reach)..(at + reach + 1).min(size);
            around(index / size).all(|y| around(index % size).all(|x| known[y * size + x] > 0.0))
        };
        (0..known.len()).map(|index| f32::from(u8::from(is_known(index)))).collect()
    }
}

impl CropOperator {
    /// The operator of a task in a crop whose pixels are this many photo pixels wide.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub fn new(task: ImageTask, photo_px_per_crop_px: f32) -> Self {
        let in_crop = |photo_px: f32| photo_px / photo_px_per_crop_px.max(f32::MIN_POSITIVE);
        let smoothing = |deviation_px: f32| {
            let kernel = Kernel::gaussian(deviation_px);
            Self { kernel: kernel.clone(), target_kernel: kernel, is_luma: false }
        };
        match task {
            ImageTask::Fill => Self::default(),
            ImageTask::Colorize => Self { is_luma: true, ..Self::default() },
            ImageTask::SuperResolution { factor } => {
                let block = |times| Kernel::block(in_crop(factor as f32), times);
                Self { kernel: block(2), target_kernel: block(1), is_luma: false }
            }
            ImageTask::Deblur { radius_px } => Self { kernel: Kernel::gaussian(in_crop(radius_px)), ..Self::default() },
            ImageTask::Denoise { level } => {
                // The crop's own mean over photo pixels takes away its part.
                let level_in_crop = in_crop(level).min(level);
                smoothing((level_in_crop / LEVELS_PER_SMOOTHED_PIXEL).min(MAX_NOISE_SMOOTHING_PX))
            }
            ImageTask::Dejpeg { quality } => {
                let share = 1.0 - quality as f32 / 100.0;
                smoothing(in_crop(JPEG_SMOOTHING_PX * share.max(0.0)).min(MAX_NOISE_SMOOTHING_PX))
            }
        }
    }

    /// Whether pictures are compared as they are.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        *self == Self::default()
    }

    /// The matrix `R` of a line of this many pixels, `[size, size]`. `None` if it is the identity.
    #[must_use]
    pub fn line_matrix(&self, size: usize) -> Option<Vec<f32>> {
        (!self.kernel.is_identity()).then(|| self.kernel.matrix(size))
    }

    /// The matrix of the colours, `[channels, channels]`: a row for each channel of the picture, a column for each of the
    /// result. `channels` is 3, or 4 with a fourth that is always zero. `None` if it is the identity.
    #[must_use]
    pub fn color_matrix(&self, channels: usize) -> Option<Vec<f32>> {
        let weight = |index: usize| {
            let (from, to) = (index / channels, index % channels);
            if to < LUMA.len() { LUMA.get(from).copied().unwrap_or_default() } else { 0.0 }
        };
        self.is_luma.then(|| (0..channels * channels).map(weight).collect())
    }

    /// `A` of a picture: planes `[3, size, size]` to planes of the same size.
    #[must_use]
    pub fn apply(&self, planes: &[f32], size: usize) -> Vec<f32> {
        self.to_compared_colors(self.kernel.filter(planes, size), size)
    }

    /// What `A` of a picture is compared with, from the crop of the photo: planes `[3, size, size]` and which pixels are
    /// known, `[size, size]`. Values of unknown pixels are not read.
    #[must_use]
    pub fn target(&self, planes: &[f32], known: &[f32], size: usize) -> (Vec<f32>, Vec<f32>) {
        if self.is_identity() {
            return (planes.to_vec(), known.to_vec());
        }
        let area = known.len();
        let value = |(index, value): (usize, &f32)| if known[index % area] > 0.0 { *value } else { 0.0 };
        let readable: Vec<f32> = planes.iter().enumerate().map(value).collect();
        let filtered = self.target_kernel.filter(&readable, size);
        (self.to_compared_colors(filtered, size), self.target_kernel.known(known, size))
    }

    fn to_compared_colors(&self, planes: Vec<f32>, size: usize) -> Vec<f32> {
        if !self.is_luma {
            return planes;
        }
        let area = size * size;
        let luma = |pixel: usize| (0..3).map(|channel| LUMA[channel] * planes[channel * area + pixel]).sum::<f32>();
        let plane: Vec<f32> = (0..area).map(luma).collect();
        plane.repeat(3)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: usize = 16;

    fn any_task() -> impl Strategy<Value = ImageTask> {
        prop_oneof![
            Just(ImageTask::Fill),
            Just(ImageTask::Colorize),
            prop::sample::select(vec![2, 4, 8]).prop_map(|factor| ImageTask::SuperResolution { factor }),
            (0.5f32..6.0).prop_map(|radius_px| ImageTask::Deblur { radius_px }),
            (1.0f32..100.0).prop_map(|level| ImageTask::Denoise { level }),
            (1u32..95).prop_map(|quality| ImageTask::Dejpeg { quality }),
        ]
    }

    fn planes(seed: u32) -> Vec<f32> {
        let value = |index: u32| f32::from((index ^ seed).wrapping_mul(2_654_435_761).to_be_bytes()[0]) / 127.5 - 1.0;
        (0..3 * 256).map(value).collect()
    }

    proptest! {
        #[test]
        fn unknown_pixels_change_no_known_target(
            task in any_task(),
            scale in 0.3f32..4.0,
            bits in prop::collection::vec(0u8..10, SIZE * SIZE),
            seeds in [any::<u32>(), any::<u32>()],
        ) {
            let operator = CropOperator::new(task, scale);
            let known: Vec<f32> = bits.iter().map(|&bit| f32::from(u8::from(bit > 0))).collect();
            let clean = planes(seeds[0]);
            let noise = planes(seeds[1]);
            let noisy: Vec<f32> =
                (0..clean.len()).map(|i| if known[i % known.len()] > 0.0 { clean[i] } else { noise[i] }).collect();
            let ((clean, clean_known), (noisy, noisy_known)) =
                (operator.target(&clean, &known, SIZE), operator.target(&noisy, &known, SIZE));
            prop_assert_eq!(&clean_known, &noisy_known);
            for index in 0..clean.len() {
                let is_known = clean_known[index % known.len()] > 0.0;
                prop_assert!(!is_known || clean[index].to_bits() == noisy[index].to_bits());
                prop_assert!(!is_known || known[index % known.len()] > 0.0, "no hole becomes known");
            }
        }

        #[test]
        fn one_colour_stays(task in any_task(), scale in 0.3f32..4.0, grey in -1.0f32..1.0) {
            let operator = CropOperator::new(task, scale);
            let picture = vec![grey; 3 * SIZE * SIZE];
            for value in operator.apply(&picture, SIZE) {
                prop_assert!((value - grey).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn matrices_do_what_apply_does() {
        let picture = planes(5);
        for task in
            [ImageTask::Colorize, ImageTask::Deblur { radius_px: 2.0 }, ImageTask::SuperResolution { factor: 4 }]
        {
            let operator = CropOperator::new(task, 1.0);
            let lines = operator.line_matrix(SIZE);
            let colors = operator.color_matrix(4);
            let at = |channel: usize, y: usize, x: usize| picture[channel * 256 + y * SIZE + x];
            let line = |to: usize, from: usize| match &lines {
                Some(lines) => lines[to * SIZE + from],
                None => f32::from(u8::from(to == from)),
            };
            let blurred = |channel: usize, y: usize, x: usize| -> f32 {
                (0..SIZE)
                    .flat_map(|j| (0..SIZE).map(move |i| (j, i)))
                    .map(|(j, i)| line(y, j) * line(x, i) * at(channel, j, i))
                    .sum()
            };
            let expected = |channel: usize, y: usize, x: usize| match &colors {
                Some(colors) => (0..3).map(|from| colors[from * 4 + channel] * blurred(from, y, x)).sum(),
                None => blurred(channel, y, x),
            };
            let applied = operator.apply(&picture, SIZE);
            for (channel, y, x) in [(0, 0, 0), (1, 7, 3), (2, 15, 9)] {
                let (found, expected) = (applied[channel * 256 + y * SIZE + x], expected(channel, y, x));
                assert!((found - expected).abs() < 1e-5, "{task:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn a_block_is_its_mean() {
        let weights = |kernel: &Kernel| kernel.0.iter().map(|weight| weight / kernel.0[0]).collect::<Vec<f32>>();
        assert_eq!(weights(&Kernel::block(3.0, 1)), [1.0, 1.0]);
        assert_eq!(weights(&Kernel::block(4.0, 1)), [1.0, 1.0, 0.5]);
        assert_eq!(weights(&Kernel::block(3.0, 2)), [1.0, 2.0 / 3.0, 1.0 / 3.0]);
        assert!(Kernel::block(0.7, 2).is_identity());
    }
}
