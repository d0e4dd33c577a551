//! Writes the frames of a search as an animated GIF.
//!
//! A GIF has 256 colours per frame. That is enough to watch a face converge, not to judge its quality.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage, imageops};

use crate::fs::{Overwrite, write_atomically};

/// Longest side of the GIF: wide enough for a web page, small enough to send in a message.
pub(super) const MAX_SIDE_PX: u32 = 512;
/// 12.5 frames per second. Browsers slow down GIFs with more than 50.
const FRAME_DURATION: Duration = Duration::from_millis(80);
/// How long the result stays before the GIF repeats.
const RESULT_DURATION: Duration = Duration::from_secs(2);
/// Trade-off between quality and speed, 1 (best quality) to 30. The encoder's authors recommend 10.
const QUANTIZER_SPEED: i32 = 10;

/// Encodes frames one by one. The file is written when the GIF is complete.
pub(super) struct GifWriter {
    path: PathBuf,
    overwrite: Overwrite,
    encoder: GifEncoder<SharedBuffer>,
    bytes: SharedBuffer,
}

impl GifWriter {
    pub(super) fn new(path: PathBuf, overwrite: Overwrite) -> anyhow::Result<Self> {
        let bytes = SharedBuffer::default();
        let mut encoder = GifEncoder::new_with_speed(bytes.clone(), QUANTIZER_SPEED);
        encoder.set_repeat(Repeat::Infinite).context("cannot start the GIF")?;
        Ok(Self { path, overwrite, encoder, bytes })
    }

    /// Adds a picture of the running search.
    pub(super) fn add_frame(&mut self, picture: &RgbaImage) -> anyhow::Result<()> {
        self.add_frame_for(picture, FRAME_DURATION)
    }

    /// Adds the result and writes the file.
    pub(super) fn finish(mut self, result: &RgbaImage) -> anyhow::Result<()> {
        self.add_frame_for(result, RESULT_DURATION)?;
        // The encoder ends the file when it is dropped.
        drop(self.encoder);
        write_atomically(&self.path, &self.bytes.take(), self.overwrite)?;
        Ok(())
    }

    fn add_frame_for(&mut self, picture: &RgbaImage, duration: Duration) -> anyhow::Result<()> {
        let frame = Frame::from_parts(shrink_to_limit(picture), 0, 0, Delay::from_saturating_duration(duration));
        self.encoder.encode_frame(frame).with_context(|| format!("cannot encode {}", self.path.display()))
    }
}

/// At most [`MAX_SIDE_PX`] on the longer side; smaller pictures stay as they are.
fn shrink_to_limit(picture: &RgbaImage) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= MAX_SIDE_PX {
        return picture.clone();
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(MAX_SIDE_PX) / u64::from(longer)).max(1);
    // At most `MAX_SIDE_PX`, so the conversion cannot fail.
    let scaled = |side: u32| u32::try_from(scaled(side)).unwrap_or(MAX_SIDE_PX);
    imageops::thumbnail(picture, scaled(width), scaled(height))
}

/// A shared buffer. The encoder owns its writer, so the bytes must be reachable from outside.
#[derive(Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use image::codecs::gif::GifDecoder;
    use image::{AnimationDecoder as _, Rgba};

    use super::*;

    #[test]
    fn the_gif_has_every_frame_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("search.gif");
        let mut gif = GifWriter::new(path.clone(), Overwrite::Refuse).unwrap();
        gif.add_frame(&RgbaImage::from_pixel(8, 6, Rgba([255, 0, 0, 255]))).unwrap();
        gif.add_frame(&RgbaImage::from_pixel(8, 6, Rgba([0, 255, 0, 255]))).unwrap();
        assert!(!path.exists(), "nothing is written before the end");
        gif.finish(&RgbaImage::from_pixel(8, 6, Rgba([0, 0, 255, 255]))).unwrap();

        let bytes = std::fs::read(&path).unwrap();
        let frames = GifDecoder::new(io::Cursor::new(bytes)).unwrap().into_frames().collect_frames().unwrap();
        let delays_and_colors: Vec<_> = frames
            .iter()
            .map(|frame| (Duration::from(frame.delay()).as_millis(), frame.buffer().get_pixel(4, 3).0))
            .collect();
        assert_eq!(delays_and_colors, [(80, [255, 0, 0, 255]), (80, [0, 255, 0, 255]), (2000, [0, 0, 255, 255])]);
        assert_eq!(frames[0].buffer().dimensions(), (8, 6));
    }

    #[test]
    fn large_pictures_shrink_and_keep_their_aspect_ratio() {
        assert_eq!(shrink_to_limit(&RgbaImage::new(1024, 300)).dimensions(), (512, 150));
        assert_eq!(shrink_to_limit(&RgbaImage::new(3, 2000)).dimensions(), (1, 512));
        assert_eq!(shrink_to_limit(&RgbaImage::new(512, 512)).dimensions(), (512, 512));
    }
}
