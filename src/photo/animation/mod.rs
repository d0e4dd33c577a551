//! Animated pictures: the frames of a search as a GIF or an APNG.
//!
//! A GIF has 256 colours per frame: enough to watch a face converge, not to judge it. An APNG has all of them, and most
//! programs that show PNGs play it; the others show its first frame.

mod apng;
mod gif;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use image::{RgbaImage, imageops};

use crate::fs::{Overwrite, write_atomically};
use apng::ApngEncoder;
use gif::GifFrames;

/// Longest side of an animation: wide enough for a web page, small enough to send in a message.
pub const MAX_ANIMATION_SIDE_PX: u32 = 512;
/// 12.5 frames per second. Browsers slow down GIFs with more than 50.
const FRAME_DURATION: Duration = Duration::from_millis(80);
/// How long the result stays before the animation repeats.
const RESULT_DURATION: Duration = Duration::from_secs(2);

/// The format of an animation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnimationFormat {
    Gif,
    Apng,
}

impl AnimationFormat {
    /// The format that a file's extension names.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "gif" => Some(Self::Gif),
            "png" | "apng" => Some(Self::Apng),
            _ => None,
        }
    }
}

/// Encodes frames of one size one by one. The file is written when the animation is complete.
pub struct AnimationWriter {
    path: PathBuf,
    overwrite: Overwrite,
    encoder: Encoder,
    max_side_px: u32,
}

enum Encoder {
    Gif(Box<GifFrames>),
    Apng(Box<ApngEncoder>),
}

impl AnimationWriter {
    /// Starts an animation.
    ///
    /// # Errors
    /// When its first bytes cannot be encoded.
    pub fn new(path: PathBuf, format: AnimationFormat, overwrite: Overwrite) -> anyhow::Result<Self> {
        let encoder = match format {
            AnimationFormat::Gif => Encoder::Gif(Box::new(GifFrames::new().context("cannot start the GIF")?)),
            AnimationFormat::Apng => Encoder::Apng(Box::default()),
        };
        Ok(Self { path, overwrite, encoder, max_side_px: MAX_ANIMATION_SIDE_PX })
    }

    /// Allows larger pictures than [`MAX_ANIMATION_SIDE_PX`].
    #[must_use]
    pub fn with_max_side(self, max_side_px: u32) -> Self {
        Self { max_side_px, ..self }
    }

    /// Adds a picture of the running search.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn add_frame(&mut self, picture: &RgbaImage) -> anyhow::Result<()> {
        self.add_frame_for(picture, FRAME_DURATION)
    }

    /// Adds the result and writes the file.
    ///
    /// # Errors
    /// When the picture cannot be encoded, or the file cannot be written.
    pub fn finish(mut self, result: &RgbaImage) -> anyhow::Result<()> {
        self.add_frame_for(result, RESULT_DURATION)?;
        let Self { path, overwrite, encoder, .. } = self;
        let bytes = match encoder {
            Encoder::Gif(gif) => gif.finish(),
            Encoder::Apng(apng) => apng.finish().with_context(|| format!("cannot encode {}", path.display()))?,
        };
        write_atomically(&path, &bytes, overwrite)?;
        Ok(())
    }

    /// Adds a picture that stays for a time.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn add_frame_for(&mut self, picture: &RgbaImage, duration: Duration) -> anyhow::Result<()> {
        let picture = shrink_to_limit(picture, self.max_side_px);
        let added = match &mut self.encoder {
            Encoder::Gif(gif) => gif.add(picture, duration).map_err(anyhow::Error::from),
            Encoder::Apng(apng) => apng.add(picture, duration).map_err(anyhow::Error::from),
        };
        added.with_context(|| format!("cannot encode {}", self.path.display()))
    }
}

/// At most `max_side_px` on the longer side; smaller pictures stay as they are.
fn shrink_to_limit(picture: &RgbaImage, max_side_px: u32) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= max_side_px {
        return picture.clone();
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(max_side_px) / u64::from(longer)).max(1);
    // At most `max_side_px`, so the conversion cannot fail.
    let scaled = |side: u32| u32::try_from(scaled(side)).unwrap_or(max_side_px);
    imageops::thumbnail(picture, scaled(width), scaled(height))
}

/// Bytes that an encoder writes. It owns its writer, so they must be reachable from outside.
#[derive(Clone, Default)]
struct SharedBytes(Arc<Mutex<Vec<u8>>>);

impl SharedBytes {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for SharedBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::codecs::gif::GifDecoder;
    use image::codecs::png::PngDecoder;
    use image::{AnimationDecoder, Frame, Rgba};

    use super::*;

    /// Red, then green with a blue pixel, then that for longer.
    fn write(format: AnimationFormat) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("search");
        let mut animation = AnimationWriter::new(path.clone(), format, Overwrite::Refuse).unwrap();
        let mut picture = RgbaImage::from_pixel(8, 6, Rgba([255, 0, 0, 255]));
        animation.add_frame(&picture).unwrap();
        for (_, y, pixel) in picture.enumerate_pixels_mut() {
            *pixel = if y > 1 { Rgba([0, 255, 0, 255]) } else { *pixel };
        }
        picture.put_pixel(4, 3, Rgba([0, 0, 255, 255]));
        animation.add_frame(&picture).unwrap();
        assert!(!path.exists(), "nothing is written before the end");
        animation.finish(&picture).unwrap();
        std::fs::read(path).unwrap()
    }

    fn check(frames: &[Frame]) {
        let delay = |frame: &Frame| Duration::from(frame.delay()).as_millis();
        let colors = |frame: &Frame| [(0, 0), (0, 5), (4, 3)].map(|(x, y)| frame.buffer().get_pixel(x, y).0);
        let [red, green, blue] = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]];
        let seen: Vec<_> = frames.iter().map(|frame| (delay(frame), colors(frame))).collect();
        assert_eq!(seen, [(80, [red; 3]), (80, [red, green, blue]), (2000, [red, green, blue])]);
        assert!(frames.iter().all(|frame| frame.buffer().dimensions() == (8, 6)));
    }

    #[test]
    fn a_gif_has_every_frame_in_order() {
        let decoder = GifDecoder::new(Cursor::new(write(AnimationFormat::Gif))).unwrap();
        check(&decoder.into_frames().collect_frames().unwrap());
    }

    #[test]
    fn an_apng_has_every_frame_in_order() {
        let decoder = PngDecoder::new(Cursor::new(write(AnimationFormat::Apng))).unwrap();
        assert!(decoder.is_apng().unwrap());
        check(&decoder.apng().unwrap().into_frames().collect_frames().unwrap());
    }

    #[test]
    fn extensions_name_the_format() {
        let format = |name: &str| AnimationFormat::from_path(Path::new(name));
        assert_eq!(format("a.GIF"), Some(AnimationFormat::Gif));
        assert_eq!([format("a.png"), format("a.apng")], [Some(AnimationFormat::Apng); 2]);
        assert_eq!([format("a.jpg"), format("gif")], [None; 2]);
    }

    #[test]
    fn large_pictures_shrink_and_keep_their_aspect_ratio() {
        assert_eq!(shrink_to_limit(&RgbaImage::new(1024, 300), 512).dimensions(), (512, 150));
        assert_eq!(shrink_to_limit(&RgbaImage::new(3, 2000), 512).dimensions(), (1, 512));
        assert_eq!(shrink_to_limit(&RgbaImage::new(512, 512), 512).dimensions(), (512, 512));
    }
}
