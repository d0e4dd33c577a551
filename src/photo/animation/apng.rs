//! The frames of an APNG.
//!
//! The first frame is a whole picture, the others are the rectangle that has changed. The number of frames stands near
//! the file's start, before it is known: the encoder writes the largest number, which [`ApngEncoder::finish`] corrects.

use std::time::Duration;

use image::RgbaImage;
use png::{BitDepth, BlendOp, ColorType, Encoder, EncodingError, Writer};

use super::SharedBytes;
use crate::geometry::RectPx;

/// Written until the number of frames is known.
const ANY_FRAMES: u32 = i32::MAX as u32;

/// Encodes an APNG that repeats for ever.
#[derive(Default)]
pub(super) struct ApngEncoder {
    /// `None` before the first frame, which has the size.
    writer: Option<Writer<SharedBytes>>,
    bytes: SharedBytes,
    last: RgbaImage,
    frames: u32,
}

impl ApngEncoder {
    /// Adds a frame. All must have the same size.
    pub(super) fn add(&mut self, picture: RgbaImage, duration: Duration) -> Result<(), EncodingError> {
        let (width, height) = picture.dimensions();
        let changed =
            if self.frames == 0 { RectPx { x: 0, y: 0, width, height } } else { changed_rect(&self.last, &picture) };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            writer => writer.insert(start(self.bytes.clone(), width, height)?),
        };
        writer.set_frame_delay(u16::try_from(duration.as_millis()).unwrap_or(u16::MAX), 1000)?;
        if self.frames > 0 {
            // Back to the corner first: position and size are each checked against the picture.
            writer.set_frame_position(0, 0)?;
            writer.set_frame_dimension(changed.width, changed.height)?;
            writer.set_frame_position(changed.x, changed.y)?;
        }
        let rows = (changed.y..changed.bottom()).flat_map(|y| (changed.x..changed.right()).map(move |x| (x, y)));
        let pixels: Vec<u8> = rows.flat_map(|(x, y)| picture.get_pixel(x, y).0).collect();
        writer.write_image_data(&pixels)?;
        (self.last, self.frames) = (picture, self.frames + 1);
        Ok(())
    }

    /// The file.
    pub(super) fn finish(self) -> Result<Vec<u8>, EncodingError> {
        if let Some(writer) = self.writer {
            writer.finish()?;
        }
        let mut bytes = self.bytes.take();
        set_frame_count(&mut bytes, self.frames);
        Ok(bytes)
    }
}

fn start(bytes: SharedBytes, width: u32, height: u32) -> Result<Writer<SharedBytes>, EncodingError> {
    let mut encoder = Encoder::new(bytes, width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_animated(ANY_FRAMES, 0)?;
    encoder.set_blend_op(BlendOp::Source)?;
    encoder.validate_sequence(false);
    encoder.write_header()
}

/// The smallest rectangle that holds every pixel that differs. One pixel when none does: a frame has a size.
fn changed_rect(before: &RgbaImage, after: &RgbaImage) -> RectPx {
    let changed = before.enumerate_pixels().zip(after.pixels()).filter(|((.., before), after)| before != after);
    let mut bounds: Option<[u32; 4]> = None;
    for ((x, y, _), _) in changed {
        let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
        bounds = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
    }
    let [left, top, right, bottom] = bounds.unwrap_or_default();
    RectPx { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}

/// Writes the number of frames into the chunk `acTL`, with the chunk's checksum.
fn set_frame_count(png: &mut [u8], frames: u32) {
    let Some(name) = png.windows(4).position(|name| name == b"acTL") else { return };
    // The name, four bytes of frames, four of repetitions, and the checksum of them all.
    let Some(chunk) = png.get_mut(name..name + 16) else { return };
    chunk[4..8].copy_from_slice(&frames.to_be_bytes());
    let checksum = crc32fast::hash(&chunk[..12]);
    chunk[12..].copy_from_slice(&checksum.to_be_bytes());
}
