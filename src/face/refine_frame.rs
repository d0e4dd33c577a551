//! Corrects a face frame with a small regression network, on the CPU.
//!
//! The network sees the known pixels of the crop and predicts where the true frame lies. It was trained on frames that
//! are off by as much as the detector's are when parts of the face are hidden.

use std::f32::consts::{PI, TAU};
use std::sync::OnceLock;

use safetensors::SafeTensors;

use super::layers::{Convolution, FeatureMap};
use super::{CropError, DetectError, crop};
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::Photo;

/// The network, trained for this program on faces with holes (see the model card).
static REFINER: &[u8] = include_bytes!("../../models/frame_refiner.safetensors");
/// Side of the network's input in pixels, as given in the model file.
const INPUT_PX: u32 = 96;
/// The network sees the frame without this share on each side.
const CUT_SHARE: f32 = 0.1;
/// How often the frame is corrected. Each time, the network sees it better placed.
const ITERATIONS: usize = 3;
/// With a smaller share of known pixels there is too little to see, and the frame stays.
const MIN_KNOWN_SHARE: f32 = 0.05;
/// Largest shift of one correction, in sides of the frame.
const MAX_SHIFT: f32 = 0.3;
/// Largest change of size of one correction, as a natural logarithm.
const MAX_LN_SCALE: f32 = 0.4;
/// Largest rotation of one correction.
const MAX_RADIANS: f32 = 0.4;

/// The network's layers.
struct FrameRefiner {
    convolutions: [Convolution; 5],
    /// Each sees all that is left of the picture.
    dense: [Convolution; 2],
}

/// The frame, corrected from the known pixels in it. It stays when too few are known.
///
/// # Errors
/// When the mask has another size than the photo.
pub(super) fn refine_frame(photo: &Photo, hole: &Mask, frame: FaceFrame) -> Result<FaceFrame, DetectError> {
    let mut refined = frame;
    for _ in 0..ITERATIONS {
        let Some(input) = network_input(photo, hole, &refined)? else { return Ok(refined) };
        refined = corrected(&refined, FrameRefiner::embedded().forward(input));
    }
    Ok(refined)
}

/// `[96, 96, 4]`: the crop's RGB in [-1, 1], zero where not known, and 1 where known. `None` when the frame is too
/// small or hardly anything in it is known.
fn network_input(photo: &Photo, hole: &Mask, frame: &FaceFrame) -> Result<Option<FeatureMap>, DetectError> {
    let crop = match crop(photo, hole, &frame.grown(-CUT_SHARE), INPUT_PX) {
        Err(CropError::Frame) => return Ok(None),
        crop => crop?,
    };
    #[expect(clippy::cast_precision_loss, reason = "far below 2^24")]
    let known_share = crop.known.iter().sum::<f32>() / crop.known.len() as f32;
    if known_share < MIN_KNOWN_SHARE {
        return Ok(None);
    }
    let area = crop.known.len();
    let pixel = |index: usize| [0, area, 2 * area].map(|plane| crop.pixels[plane + index]);
    let values = (0..area).flat_map(|index| pixel(index).into_iter().chain([crop.known[index]])).collect();
    Ok(Some(FeatureMap { side: INPUT_PX as usize, channels: 4, values }))
}

impl FrameRefiner {
    /// The embedded network. The first call loads it.
    ///
    /// # Panics
    /// If the embedded file is damaged. A test loads it.
    fn embedded() -> &'static Self {
        static NETWORK: OnceLock<FrameRefiner> = OnceLock::new();
        NETWORK.get_or_init(|| {
            let file = SafeTensors::deserialize(REFINER).expect("the embedded network is a safetensors file");
            Self {
                convolutions: std::array::from_fn(|index| Convolution::load(&file, &format!("conv{index}"))),
                dense: std::array::from_fn(|index| Convolution::load(&file, &format!("dense{index}"))),
            }
        })
    }

    /// The true frame's shift along the frame's own axes in sides of the frame, the logarithm of its relative size, and
    /// its relative angle in radians.
    fn forward(&self, input: FeatureMap) -> [f32; 4] {
        let map = self.convolutions.iter().fold(input, |map, layer| layer.halve(&map));
        let hidden: Vec<f32> =
            self.dense[0].at_one_place(&map.values).into_iter().map(|value| value.max(0.0)).collect();
        let values = self.dense[1].at_one_place(&hidden);
        std::array::from_fn(|index| values.get(index).copied().unwrap_or(0.0))
    }
}

/// The frame after one correction, which is limited so that a bad prediction does little harm.
fn corrected(frame: &FaceFrame, [dx, dy, ln_scale, angle]: [f32; 4]) -> FaceFrame {
    // NaN becomes zero.
    let limited = |value: f32, limit: f32| if value.is_nan() { 0.0 } else { value.clamp(-limit, limit) };
    let (dx, dy) = (limited(dx, MAX_SHIFT), limited(dy, MAX_SHIFT));
    FaceFrame {
        center_in_photo: frame.photo_from_unit().apply([0.5 + dx, 0.5 + dy]),
        side_px: frame.side_px * limited(ln_scale, MAX_LN_SCALE).exp(),
        angle_radians: to_half_turn(frame.angle_radians + limited(angle, MAX_RADIANS)),
    }
}

/// An angle of at most half a turn with the same direction, in radians.
fn to_half_turn(angle_radians: f32) -> f32 {
    if angle_radians.abs() <= PI { angle_radians } else { angle_radians - angle_radians.signum() * TAU }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::FRAC_PI_2;

    use super::*;
    use crate::face::layers::tests::{golden_values, test_map};

    /// A hundred times the rounding of a sum of 1440 products of values near 0.1.
    const TOLERANCE: f32 = 100.0 * f32::EPSILON;

    #[test]
    fn outputs_agree_with_another_implementation() {
        let found = FrameRefiner::embedded().forward(test_map(96, 4, |byte| byte / 127.5 - 1.0));
        for (found, expected) in found.into_iter().zip(golden_values("refiner")) {
            assert!((found - expected).abs() < TOLERANCE, "{found} and {expected}");
        }
    }

    const FRAME: FaceFrame = FaceFrame { center_in_photo: [100.0, 80.0], side_px: 50.0, angle_radians: FRAC_PI_2 };

    #[test]
    fn corrections_follow_the_frames_own_axes() {
        let FaceFrame { center_in_photo: [x, y], side_px, angle_radians } =
            corrected(&FRAME, [0.2, 0.1, 2f32.ln() / 2.0, -0.1]);
        // A quarter turn clockwise: the frame's right points down in the photo, and its down points left.
        assert!((x - 95.0).abs() < 1e-3 && (y - 90.0).abs() < 1e-3, "{x}, {y}");
        assert!((side_px - 50.0 * 2f32.sqrt()).abs() < 1e-3 && (angle_radians - FRAC_PI_2 + 0.1).abs() < 1e-6);
    }

    #[test]
    fn angles_stay_within_half_a_turn() {
        let on_its_head = FaceFrame { angle_radians: 3.1, ..FRAME };
        let angle = corrected(&on_its_head, [0.0, 0.0, 0.0, 0.2]).angle_radians;
        assert!((angle - (3.3 - TAU)).abs() < 1e-5, "{angle}");
        assert!((corrected(&on_its_head, [0.0; 4]).angle_radians - 3.1).abs() < 1e-6);
    }

    #[test]
    fn corrections_are_limited() {
        let upright = FaceFrame { angle_radians: 0.0, ..FRAME };
        let far = corrected(&upright, [9.0, -9.0, 9.0, -9.0]);
        let [x, y] = far.center_in_photo;
        assert!((x - 115.0).abs() < 1e-3 && (y - 65.0).abs() < 1e-3, "{x}, {y}");
        assert!((far.side_px - 50.0 * 0.4f32.exp()).abs() < 1e-3 && (far.angle_radians + 0.4).abs() < 1e-6);
        assert_eq!(corrected(&upright, [f32::NAN; 4]), upright);
    }
}
