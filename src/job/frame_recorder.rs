//! Writes frames of a search (the photo with the fill of an iteration) as PNG files, a GIF or an APNG.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use image::{DynamicImage, GenericImageView as _, Rgba, RgbaImage};

use super::FillComposer;
use crate::blend::{Blend, Restorer, part_with_edge};
use crate::face_picture::FacePicture;
use crate::fs::Overwrite;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::{AnimationFormat, AnimationWriter, ColorEncoding, Photo, PngMetadata, save_png};
use crate::restore::ImageTask;

/// Prefix of the frames' file names.
pub const FRAME_PREFIX: &str = "frame-";

/// Where the frames of one search go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameOutputs {
    /// A folder for PNG files.
    pub folder: Option<PathBuf>,
    pub gif: Option<PathBuf>,
    pub apng: Option<PathBuf>,
}

/// The hole that is filled, and how.
#[derive(Clone, Copy)]
pub struct FramePlace<'a> {
    pub photo: &'a Arc<Photo>,
    pub hole: &'a Mask,
    /// The part of the hole that is filled.
    pub part: &'a Mask,
    pub frame: &'a FaceFrame,
    pub blend: Blend,
    pub task: ImageTask,
}

/// Draws and writes the frames of one search.
pub struct FrameRecorder {
    composer: FillComposer,
    /// The pixels that the fill covers.
    part: Mask,
    photo: Arc<Photo>,
    /// The photo with the newest fill. Every fill covers the same pixels, so it replaces the previous one completely.
    frame: RgbaImage,
    has_alpha: bool,
    icc_profile: Option<Vec<u8>>,
    color_encoding: ColorEncoding,
    folder: Option<PathBuf>,
    animations: Vec<AnimationWriter>,
}

impl FrameOutputs {
    /// Whether no frames are wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn animations(&self, overwrite: Overwrite) -> anyhow::Result<Vec<AnimationWriter>> {
        let all = [(&self.gif, AnimationFormat::Gif), (&self.apng, AnimationFormat::Apng)];
        let wanted = all.into_iter().filter_map(|(path, format)| Some((path.clone()?, format)));
        wanted.map(|(path, format)| AnimationWriter::new(path, format, overwrite)).collect()
    }
}

impl FrameRecorder {
    /// Prepares for the frames of one fill. PNG files are always replaced; animations as `overwrite` says.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn new(place: &FramePlace<'_>, outputs: &FrameOutputs, overwrite: Overwrite) -> anyhow::Result<Self> {
        let &FramePlace { photo, hole, part, frame, blend, task } = place;
        if let Some(folder) = &outputs.folder {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        }
        let color = photo.pixels.color();
        let mut part = part_with_edge(part, hole, blend.soft_edge_px);
        if !task.is_fill() {
            part.add(&Restorer::new(photo, hole, frame, task, None, false).changed_pixels(photo));
        }
        Ok(Self {
            composer: FillComposer::new(photo, hole, frame, blend, task, None),
            part,
            photo: Arc::clone(photo),
            frame: photo.pixels.to_rgba8(),
            has_alpha: color.has_alpha(),
            // Frames are in colour, so a grey photo's profile does not fit them.
            icc_profile: photo.metadata.icc_profile.clone().filter(|_| color.has_color()),
            color_encoding: photo.metadata.color_encoding,
            folder: outputs.folder.clone(),
            animations: outputs.animations(overwrite)?,
        })
    }

    /// Adds a frame with the fill of an iteration.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, iteration: u32, fill: &FacePicture) -> anyhow::Result<()> {
        self.draw_fill(fill)?;
        self.write_frame(iteration)?;
        self.animations.iter_mut().try_for_each(|animation| animation.add_frame(&self.frame))
    }

    /// The photo with the newest fill.
    #[must_use]
    pub fn frame(&self) -> &RgbaImage {
        &self.frame
    }

    /// Adds the result, which replaces the last iteration's frame, and completes the animations.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(mut self, steps: u32, result: &DynamicImage) -> anyhow::Result<()> {
        self.frame = result.to_rgba8();
        self.write_frame(steps)?;
        let Self { animations, frame, .. } = self;
        animations.into_iter().try_for_each(|animation| animation.finish(&frame))
    }

    fn draw_fill(&mut self, fill: &FacePicture) -> anyhow::Result<()> {
        let patch = self.composer.render(fill);
        let rect = patch.rect_in_photo;
        ensure!(
            (patch.width, patch.height) == (rect.width, rect.height),
            "the fill does not have the size of its region in the photo"
        );
        let places = (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)));
        for (index, (x, y)) in places.enumerate() {
            if self.part.is_hole(x, y)
                && let Some(Rgba(pixel)) = self.frame.get_pixel_mut_checked(x, y)
            {
                *pixel = self.photo.pixels.get_pixel(x, y).0;
                patch.fill_pixel(index, pixel);
            }
        }
        Ok(())
    }

    fn write_frame(&self, iteration: u32) -> anyhow::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let picture = DynamicImage::ImageRgba8(self.frame.clone());
        let picture = if self.has_alpha { picture } else { DynamicImage::ImageRgb8(picture.into_rgb8()) };
        let color_encoding = self.color_encoding;
        let metadata = PngMetadata { color_encoding, ..PngMetadata::only_profile(self.icc_profile.as_deref()) };
        Ok(save_png(&frame_path(folder, iteration), &picture, &metadata, Overwrite::Allow)?)
    }
}

/// `frame-00010.png`. Sorting by name gives the order up to 99999 iterations.
fn frame_path(folder: &Path, iteration: u32) -> PathBuf {
    folder.join(format!("{FRAME_PREFIX}{iteration:05}.png"))
}
