//! What each task keeps of the photo.

use super::jpeg::JpegRounding;
use super::region::{Known, Region};
use crate::restore::{ImageTask, luma};

/// Standard deviation of the low-pass that separates what a block mean tells from what it does not, as a share of the
/// block's side: a mean over the block, then interpolation between blocks.
const BLOCK_DEVIATION: f32 = 0.5;
/// Smooth corrections of the block means, before each block is shifted to its own.
const SMOOTH_ROUNDS: usize = 2;
/// Most shifts of a block: black and white stop a part of each, and the next one shares it among the other pixels.
const MAX_SHIFTS: usize = 32;
/// A mean this near to the photo's, in levels of 255, is the photo's when it is rounded.
const MEAN_TOLERANCE: f32 = 0.02;
/// Rounds of Van Cittert's deconvolution from the generated face. Frequencies that the blur keeps come from the photo.
/// More rounds amplify the photo's noise.
const DEBLUR_ROUNDS: usize = 2;
/// Reach of the window in which noise is told from detail: 7 × 7 pixels.
const NOISE_WINDOW_RADIUS: usize = 3;
/// Standard deviation of the low-pass that stands for a JPEG's rounding in a preview, in photo pixels.
const PREVIEW_JPEG_DEVIATION_PX: f32 = 4.0;

/// How a face is restored, in the pixels of a region.
#[derive(Debug)]
pub(super) enum Method {
    /// The photo itself: nothing to restore.
    Keep,
    /// Detail of the face that the means over blocks of this side do not show. `exact`: the means are made those of the
    /// photo.
    Blocks {
        side_px: f32,
        exact: bool,
    },
    Color,
    Blur {
        deviation_px: f32,
    },
    Noise {
        level: f32,
    },
    Jpeg(Box<JpegRounding>),
    /// The face, with the low frequencies of the photo.
    LowPass {
        deviation_px: f32,
    },
}

impl Method {
    /// The method of a task for pixels that are `step` photo pixels wide.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub(super) fn new(task: ImageTask, step: u32) -> Self {
        let step_px = step as f32;
        match task {
            ImageTask::Fill => Self::Keep,
            ImageTask::SuperResolution { factor } => {
                Self::Blocks { side_px: factor as f32 / step_px, exact: step == 1 }
            }
            ImageTask::Colorize => Self::Color,
            ImageTask::Deblur { radius_px } => Self::Blur { deviation_px: radius_px / step_px },
            ImageTask::Denoise { level } => Self::Noise { level: level / step_px },
            ImageTask::Dejpeg { quality } if step == 1 => Self::Jpeg(Box::new(JpegRounding::of_quality(quality))),
            ImageTask::Dejpeg { .. } => Self::LowPass { deviation_px: PREVIEW_JPEG_DEVIATION_PX / step_px },
        }
    }

    /// Draws whole blocks: a mean says nothing about a part of its block.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "2 to 8")]
    pub(super) fn spread_over_blocks(&self, is_drawn: &mut [bool], width: usize) {
        let Self::Blocks { side_px, exact: true } = self else { return };
        let blocks = Blocks::new(is_drawn.len(), width, *side_px as usize);
        for block in 0..blocks.count() {
            if blocks.pixels(block).any(|index| is_drawn.get(index) == Some(&true)) {
                blocks.pixels(block).for_each(|index| is_drawn[index] = true);
            }
        }
    }

    /// The restored pixels in levels of 255, from the photo (unknown pixels are the generated face's), the generated face,
    /// and the share of the restored face in each pixel.
    pub(super) fn restore(&self, photo: &Region, drawn: &Region, weights: &[f32], known: &[Known]) -> Vec<[f32; 3]> {
        let restored = match self {
            Self::Keep => photo.clone(),
            Self::Color => return colored(photo, drawn, weights).pixels,
            Self::Blocks { side_px, exact } => {
                return with_block_detail(photo, drawn, weights, known, *side_px, *exact).pixels;
            }
            Self::Blur { deviation_px } => {
                (0..DEBLUR_ROUNDS).fold(drawn.clone(), |face, _| face.plus(&photo.minus(&face.blurred(*deviation_px))))
            }
            Self::Noise { level } => denoised(photo, drawn, *level),
            Self::Jpeg(rounding) => rounding.within_rounding(photo, drawn),
            Self::LowPass { deviation_px } => drawn.plus(&photo.minus(drawn).blurred(*deviation_px)),
        };
        mixed(photo, &restored, weights).pixels
    }
}

/// The photo where the weight is 0, the restored face where it is 1.
fn mixed(photo: &Region, restored: &Region, weights: &[f32]) -> Region {
    photo.map(|index, pixel| {
        let (restored, weight) = (restored.pixels[index], weights[index]);
        std::array::from_fn(|channel| {
            let value = pixel[channel] + weight * (restored[channel] - pixel[channel]);
            value.clamp(0.0, 255.0)
        })
    })
}

/// The luminance of the photo with the hue of the face. Where a colour would be too bright or too dark for it, it gets
/// paler, so that the luminance stays.
fn colored(photo: &Region, drawn: &Region, weights: &[f32]) -> Region {
    photo.map(|index, pixel| {
        let (brightness, face, weight) = (luma(pixel), drawn.pixels[index], weights[index]);
        let face_luma = luma(face);
        // Outside the face, the photo keeps what colours it has.
        let hue: [f32; 3] = std::array::from_fn(|channel| {
            let (of_photo, of_face) = (pixel[channel] - brightness, face[channel] - face_luma);
            of_photo + weight * (of_face - of_photo)
        });
        let room = hue.map(|offset| match offset {
            offset if offset > 0.0 => (255.0 - brightness) / offset,
            offset if offset < 0.0 => -brightness / offset,
            _ => 1.0,
        });
        let saturation = room.into_iter().fold(1.0, f32::min);
        hue.map(|offset| brightness + saturation * offset)
    })
}

/// The photo with the detail of the face that the means over blocks do not show.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "2 to 8")]
fn with_block_detail(
    photo: &Region,
    drawn: &Region,
    weights: &[f32],
    known: &[Known],
    side_px: f32,
    exact: bool,
) -> Region {
    let detail = drawn.minus(&drawn.blurred(BLOCK_DEVIATION * side_px));
    let mut restored = photo.map(|index, pixel| {
        std::array::from_fn(|channel| {
            (pixel[channel] + weights[index] * detail.pixels[index][channel]).clamp(0.0, 255.0)
        })
    });
    if exact {
        let blocks = Blocks::new(photo.pixels.len(), photo.width, side_px as usize);
        let is_known = |block: &usize| blocks.pixels(*block).all(|index| known[index] == Known::Yes);
        let known_blocks: Vec<usize> = (0..blocks.count()).filter(is_known).collect();
        // Smooth corrections first, so that the blocks do not show.
        for _ in 0..SMOOTH_ROUNDS {
            let mut correction = photo.map(|_, _| [0.0; 3]);
            for &block in &known_blocks {
                let (of_photo, of_restored) = (blocks.mean(photo, block), blocks.mean(&restored, block));
                let difference = std::array::from_fn(|channel| of_photo[channel] - of_restored[channel]);
                blocks.pixels(block).for_each(|index| correction.pixels[index] = difference);
            }
            let correction = correction.blurred(BLOCK_DEVIATION * side_px);
            restored = restored.plus(&correction).map(|_, pixel| pixel.map(|value| value.clamp(0.0, 255.0)));
        }
        for &block in &known_blocks {
            blocks.set_mean(&mut restored, block, blocks.mean(photo, block));
        }
    }
    restored
}

/// The face, and what differs from it more than noise of this level does: the local means, and detail with a larger
/// variance (Lee 1980, with the face as the local mean).
fn denoised(photo: &Region, drawn: &Region, level: f32) -> Region {
    let residual = photo.minus(drawn);
    let mean = residual.window_mean(NOISE_WINDOW_RADIUS);
    let square = residual.map(|_, pixel| pixel.map(|value| value * value)).window_mean(NOISE_WINDOW_RADIUS);
    let noise = level * level;
    drawn.map(|index, face| {
        let (residual, mean, square) = (residual.pixels[index], mean.pixels[index], square.pixels[index]);
        // The channels share one share, so that no hue appears.
        let variance: f32 = (0..3).map(|c| (square[c] - mean[c] * mean[c]).max(0.0)).sum::<f32>() / 3.0;
        let kept = (variance - noise).max(0.0) / variance.max(f32::MIN_POSITIVE);
        std::array::from_fn(|channel| face[channel] + mean[channel] + kept * (residual[channel] - mean[channel]))
    })
}

/// The square blocks of a region, from its corner on.
struct Blocks {
    width: usize,
    height: usize,
    side_px: usize,
}

impl Blocks {
    fn new(pixels: usize, width: usize, side_px: usize) -> Self {
        Self { width, height: pixels / width.max(1), side_px: side_px.max(1) }
    }

    fn count(&self) -> usize {
        self.width.div_ceil(self.side_px) * self.height.div_ceil(self.side_px)
    }

    /// The indices of the pixels of a block.
    fn pixels(&self, block: usize) -> impl Iterator<Item = usize> + use<> {
        let Self { width, height, side_px } = *self;
        let columns = width.div_ceil(side_px).max(1);
        let (left, top) = (block % columns * side_px, block / columns * side_px);
        (top..(top + side_px).min(height))
            .flat_map(move |y| (left..(left + side_px).min(width)).map(move |x| y * width + x))
    }

    /// Shifts the pixels of a block so that their mean is this one.
    fn set_mean(&self, region: &mut Region, block: usize, mean: [f32; 3]) {
        for (channel, wanted) in mean.into_iter().enumerate() {
            for _ in 0..MAX_SHIFTS {
                let missing = wanted - self.mean(region, block)[channel];
                let can_move = |value: f32| if missing > 0.0 { value < 255.0 } else { value > 0.0 };
                let values = self.pixels(block).map(|index| region.pixels[index][channel]);
                let (movable, count) = values.fold((0.0, 0.0), |(movable, count), value| {
                    (movable + f32::from(u8::from(can_move(value))), count + 1.0)
                });
                if missing.abs() < MEAN_TOLERANCE || movable == 0.0 {
                    break;
                }
                for index in self.pixels(block) {
                    let value = &mut region.pixels[index][channel];
                    if can_move(*value) {
                        *value = (*value + missing * count / movable).clamp(0.0, 255.0);
                    }
                }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 64 pixels")]
    fn mean(&self, region: &Region, block: usize) -> [f32; 3] {
        let (mut sums, mut count) = ([0.0; 3], 0_usize);
        for index in self.pixels(block) {
            for (sum, value) in sums.iter_mut().zip(region.pixels[index]) {
                *sum += value;
            }
            count += 1;
        }
        sums.map(|sum| sum / count.max(1) as f32)
    }
}
