//! Finding faces: `YuNet` (Wu et al. 2023, "`YuNet`: A Tiny Millisecond-level Face Detector"), run on the CPU by tract.
//!
//! The network sees 640×640 pixels. A photo is looked at twice: once as large as fits, for small faces, and once small
//! with its border continued, since faces that fill the picture are found better with something around them.

use std::sync::{Arc, OnceLock};

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use serde::Serialize;
use tract_onnx::prelude::*;

use crate::photo::{Photo, Point};

/// `YuNet`, March 2023 (`OpenCV` Zoo, MIT licence).
static YUNET: &[u8] = include_bytes!("../../models/face_detection_yunet_2023mar.onnx");
/// Side of the network's input in pixels; the file fixes it.
const INPUT_PX: usize = 640;
/// Pixels per cell of the three output grids.
const STRIDES: [usize; 3] = [8, 16, 32];
/// Least score of a face. `OpenCV`'s example takes 0.9; turned and partly hidden faces score lower.
const MIN_SCORE: f32 = 0.6;
/// Boxes that overlap more than this (intersection over union) are one face; as `OpenCV`'s `FaceDetectorYN`.
const MAX_OVERLAP: f32 = 0.3;
/// Share of the input's side that the photo takes in the second look.
const SECOND_LOOK: f32 = 0.45;
/// Widths in the input at which faces and landmarks are found best. Of two looks at one face, the one that shows it at such a width is
/// believed.
const GOOD_WIDTH_PX: std::ops::RangeInclusive<f32> = 48.0..=320.0;

/// One face. All in photo pixels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Detection {
    /// 0 to 1.
    pub score: f32,
    /// `[x, y, width, height]`.
    #[serde(rename = "box")]
    pub box_in_photo: [f32; 4],
    /// Right eye (left in the picture), left eye, nose, right and left corner of the mouth.
    #[serde(rename = "landmarks")]
    pub landmarks_in_photo: [Point; 5],
}

/// Why faces could not be looked for.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    #[error("the face detector does not work here: place the face frame by hand")]
    Network(#[source] tract_onnx::prelude::TractError),
    #[error("the photo could not be scaled down: place the face frame by hand")]
    Resize(#[source] Box<dyn std::error::Error + Send + Sync>),
}

type Plan = Arc<TypedRunnableModel>;

/// Every face of a photo, the largest first. Takes some 100 to 200 ms.
///
/// # Errors
/// When the network cannot be run.
pub fn detect(photo: &Photo) -> Result<Vec<Detection>, DetectError> {
    let plan = plan()?;
    let mut found = Vec::new();
    for share in [1.0, SECOND_LOOK] {
        let look = Look::new(photo, share)?;
        let scale = look.scale;
        let faces = look.run(&plan)?.into_iter();
        found.extend(faces.map(|face| (GOOD_WIDTH_PX.contains(&(face.box_in_photo[2] / scale)), face)));
    }
    found.sort_by(|(good_a, a), (good_b, b)| good_b.cmp(good_a).then(b.score.total_cmp(&a.score)));
    let mut kept: Vec<Detection> = Vec::new();
    for (_, face) in found {
        if kept.iter().all(|other| overlap(&face.box_in_photo, &other.box_in_photo) <= MAX_OVERLAP) {
            kept.push(face);
        }
    }
    kept.sort_by(|a, b| (b.box_in_photo[2] * b.box_in_photo[3]).total_cmp(&(a.box_in_photo[2] * a.box_in_photo[3])));
    Ok(kept)
}

/// The network, read once.
fn plan() -> Result<Plan, DetectError> {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    if let Some(plan) = PLAN.get() {
        return Ok(plan.clone());
    }
    let plan = tract_onnx::onnx()
        .model_for_read(&mut &*YUNET)
        .and_then(tract_onnx::prelude::InferenceModelExt::into_optimized)
        .and_then(tract_onnx::prelude::IntoRunnable::into_runnable)
        .map_err(DetectError::Network)?;
    Ok(PLAN.get_or_init(|| plan).clone())
}

/// The photo as the network sees it.
struct Look {
    /// `[1, 3, 640, 640]`: BGR, 0 to 255.
    input: Tensor,
    /// Photo pixels per input pixel.
    scale: f32,
    /// Where the photo's corner lies in the input.
    offset_px: usize,
}

impl Look {
    /// Scales the photo so that its longer side takes `share` of the input, and continues its border around it.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sides are small and positive"
    )]
    fn new(photo: &Photo, share: f32) -> Result<Self, DetectError> {
        let longer = photo.width().max(photo.height()) as f32;
        let fit = (INPUT_PX as f32 * share / longer).min(4.0);
        let side = |length: u32| ((length as f32 * fit).round() as usize).clamp(1, INPUT_PX);
        let (width, height) = (side(photo.width()), side(photo.height()));
        let small = scale_down(photo, width as u32, height as u32)?;
        let offset_px = if share < 1.0 { (INPUT_PX - width.max(height)) / 2 } else { 0 };
        let plane = INPUT_PX * INPUT_PX;
        let mut values = vec![0.0f32; 3 * plane];
        for y in 0..INPUT_PX {
            let from_y = y.saturating_sub(offset_px).min(height - 1);
            for x in 0..INPUT_PX {
                let from_x = x.saturating_sub(offset_px).min(width - 1);
                let pixel = small.get_pixel(from_x as u32, from_y as u32).0;
                for (channel, plane_start) in [(2, 0), (1, plane), (0, 2 * plane)] {
                    values[plane_start + y * INPUT_PX + x] = f32::from(pixel[channel]);
                }
            }
        }
        let input = Tensor::from_shape(&[1, 3, INPUT_PX, INPUT_PX], &values).map_err(DetectError::Network)?;
        Ok(Self { input, scale: longer / width.max(height) as f32, offset_px })
    }

    fn run(self, plan: &Plan) -> Result<Vec<Detection>, DetectError> {
        let outputs = plan.run(tvec!(self.input.clone().into())).map_err(DetectError::Network)?;
        let mut found = Vec::new();
        for (level, stride) in STRIDES.into_iter().enumerate() {
            let values = |group: usize| {
                outputs[3 * group + level].view().as_slice::<f32>().map(<[f32]>::to_vec).map_err(DetectError::Network)
            };
            let (class, object, boxes, points) = (values(0)?, values(1)?, values(2)?, values(3)?);
            let columns = INPUT_PX / stride;
            for cell in 0..columns * columns {
                let score = (class[cell].clamp(0.0, 1.0) * object[cell].clamp(0.0, 1.0)).sqrt();
                if score >= MIN_SCORE {
                    let at = (cell % columns, cell / columns, stride);
                    found.push(self.decode(score, at, &boxes[4 * cell..], &points[10 * cell..]));
                }
            }
        }
        Ok(found)
    }

    /// One cell's answer in photo pixels.
    #[expect(clippy::cast_precision_loss, reason = "cell numbers are small")]
    fn decode(
        &self,
        score: f32,
        (column, row, stride): (usize, usize, usize),
        values: &[f32],
        points: &[f32],
    ) -> Detection {
        let (column, row, stride) = (column as f32, row as f32, stride as f32);
        let photo = |input: f32| (input - self.offset_px as f32) * self.scale;
        let (width, height) = (values[2].exp() * stride, values[3].exp() * stride);
        let (x, y) = ((column + values[0]) * stride - width / 2.0, (row + values[1]) * stride - height / 2.0);
        Detection {
            score,
            box_in_photo: [photo(x), photo(y), width * self.scale, height * self.scale],
            landmarks_in_photo: std::array::from_fn(|k| {
                [photo((column + points[2 * k]) * stride), photo((row + points[2 * k + 1]) * stride)]
            }),
        }
    }
}

/// The photo at this size, area-averaged, in 8-bit RGB.
fn scale_down(photo: &Photo, width: u32, height: u32) -> Result<RgbImage, DetectError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| DetectError::Resize(error);
    // Borrowed where the photo is of that type already, since a copy of a large one costs more than the rest.
    let converted;
    let rgb = if let Some(rgb) = photo.pixels.as_rgb8() {
        rgb
    } else {
        converted = photo.pixels.to_rgb8();
        &converted
    };
    let source = ImageRef::new(rgb.width(), rgb.height(), rgb.as_raw(), PixelType::U8x3)
        .map_err(|error| failed(Box::new(error)))?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| failed(Box::new(error)))?;
    RgbImage::from_raw(width, height, target.into_vec())
        .ok_or_else(|| failed("the scaled picture has another size than asked for".into()))
}

/// Intersection over union of two boxes.
fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let side = |start_a: f32, length_a: f32, start_b: f32, length_b: f32| {
        ((start_a + length_a).min(start_b + length_b) - start_a.max(start_b)).max(0.0)
    };
    let both = side(a[0], a[2], b[0], b[2]) * side(a[1], a[3], b[1], b[3]);
    both / (a[2] * a[3] + b[2] * b[3] - both).max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests;
