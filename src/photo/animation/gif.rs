//! The frames of a GIF.

use std::time::Duration;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, ImageResult, RgbaImage};

use super::SharedBytes;

/// Trade-off between quality and speed, 1 (best quality) to 30. The encoder's authors recommend 10.
const QUANTIZER_SPEED: i32 = 10;

/// Encodes a GIF that repeats for ever.
pub(super) struct GifFrames {
    encoder: GifEncoder<SharedBytes>,
    bytes: SharedBytes,
}

impl GifFrames {
    pub(super) fn new() -> ImageResult<Self> {
        let bytes = SharedBytes::default();
        let mut encoder = GifEncoder::new_with_speed(bytes.clone(), QUANTIZER_SPEED);
        encoder.set_repeat(Repeat::Infinite)?;
        Ok(Self { encoder, bytes })
    }

    pub(super) fn add(&mut self, picture: RgbaImage, duration: Duration) -> ImageResult<()> {
        self.encoder.encode_frame(Frame::from_parts(picture, 0, 0, Delay::from_saturating_duration(duration)))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        // The encoder ends the file when it is dropped.
        drop(self.encoder);
        self.bytes.take()
    }
}
