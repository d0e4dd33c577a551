//! Writes frames of the running search (the photo with the current fill) as PNG files and as a GIF.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use image::{DynamicImage, GenericImageView as _, Rgba, RgbaImage};

use super::fill_observer::SearchOutputs;
use super::fill_plan::FillPlan;
use super::gif::GifWriter;
use crate::blend::{Restorer, part_with_edge};
use crate::face_picture::FacePicture;
use crate::fs::Overwrite;
use crate::job::{FillComposer, FillRequest};
use crate::mask::Mask;
use crate::photo::{ColorEncoding, Photo, PngMetadata, save_png};

/// Prefix of the frames' file names.
pub(super) const FRAME_PREFIX: &str = "frame-";

/// Draws and writes the frames of one search.
pub(super) struct FrameRecorder {
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
    gif: Option<GifWriter>,
    frame_interval: u32,
}

impl FrameRecorder {
    /// `None` when neither frames nor a GIF were requested.
    pub(super) fn new(
        plan: &FillPlan,
        outputs: &SearchOutputs,
        request: &FillRequest,
        part: &Mask,
    ) -> anyhow::Result<Option<Self>> {
        if outputs.frames.is_none() && outputs.gif.is_none() {
            return Ok(None);
        }
        if let Some(folder) = &outputs.frames {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        }
        let gif = outputs.gif.clone().map(|path| GifWriter::new(path, plan.overwrite)).transpose()?;
        let photo = &request.photo;
        let color = photo.pixels.color();
        let task = request.settings.task;
        let mut part = part_with_edge(part, &request.hole, request.blend.soft_edge_px);
        if !task.is_fill() {
            let restorer = Restorer::new(photo, &request.hole, &request.frame, task, None, false);
            part.add(&restorer.changed_pixels(photo));
        }
        Ok(Some(Self {
            composer: FillComposer::new(photo, &request.hole, &request.frame, request.blend, task, None),
            part,
            photo: Arc::clone(photo),
            frame: photo.pixels.to_rgba8(),
            has_alpha: color.has_alpha(),
            // Frames are in colour, so a grey photo's profile does not fit them.
            icc_profile: photo.metadata.icc_profile.clone().filter(|_| color.has_color()),
            color_encoding: photo.metadata.color_encoding,
            folder: outputs.frames.clone(),
            gif,
            frame_interval: plan.frame_interval.max(1),
        }))
    }

    /// Whether an iteration (from 1) gets a frame: the first, and every N-th.
    pub(super) fn is_frame_due(&self, iteration: u32) -> bool {
        iteration == 1 || iteration.is_multiple_of(self.frame_interval)
    }

    /// Adds a frame with the fill of an iteration.
    pub(super) fn record(&mut self, iteration: u32, fill: &FacePicture) -> anyhow::Result<()> {
        self.draw_fill(fill)?;
        self.write_frame(iteration)?;
        match &mut self.gif {
            Some(gif) => gif.add_frame(&self.frame),
            None => Ok(()),
        }
    }

    /// Adds the result, which replaces the last iteration's frame, and completes the GIF.
    pub(super) fn finish(mut self, steps: u32, result: &DynamicImage) -> anyhow::Result<()> {
        self.frame = result.to_rgba8();
        self.write_frame(steps)?;
        match self.gif {
            Some(gif) => gif.finish(&self.frame),
            None => Ok(()),
        }
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
