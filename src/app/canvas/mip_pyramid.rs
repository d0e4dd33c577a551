//! The photo's mip pyramid in egui's colours.
//!
//! Level 0 is converted tile by tile when it becomes visible. A thread builds the smaller levels, which together take a
//! third of the photo's size as RGBA. Colours are premultiplied, so that halving averages transparent pixels correctly.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use egui::{Color32, ColorImage};
use image::GenericImageView;
use rayon::prelude::*;

use super::color_conversion::append_row_as_color32;
use super::tile_grid::{TileGrid, level_count};
use crate::geometry::RectPx;
use crate::photo::Photo;

/// Photos of up to this many pixels are built without a thread, in less than a frame, so the first frame is sharp.
const MAX_SYNC_PIXELS: u64 = 1 << 20;

/// Shared by the canvas and the thread that builds the levels.
pub(super) struct MipPyramid {
    photo: Arc<Photo>,
    /// Levels 1 and up, row by row.
    smaller_levels: Vec<OnceLock<Vec<Color32>>>,
    is_cancelled: AtomicBool,
}

impl MipPyramid {
    /// Starts building; `on_level_built` is called after each level.
    pub fn start_build(photo: &Arc<Photo>, on_level_built: impl Fn() + Send + 'static) -> Arc<Self> {
        let level_count = level_count(photo.width(), photo.height());
        let pyramid = Arc::new(Self {
            photo: Arc::clone(photo),
            smaller_levels: (1..level_count).map(|_| OnceLock::new()).collect(),
            is_cancelled: AtomicBool::new(false),
        });
        let is_small = u64::from(photo.width()) * u64::from(photo.height()) <= MAX_SYNC_PIXELS;
        let shared = Arc::clone(&pyramid);
        let build = move || shared.build_levels(on_level_built);
        if is_small {
            build();
        } else if let Err(error) = std::thread::Builder::new().name("pyramid".into()).spawn(build) {
            // The coarse overview is still shown.
            tracing::warn!(%error, "cannot start the thread that scales the photo: it stays coarse when zoomed out");
        }
        pyramid
    }

    /// Stops building, because the photo is no longer shown.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    pub fn photo(&self) -> &Arc<Photo> {
        &self.photo
    }

    pub fn grid(&self, level: u32) -> TileGrid {
        TileGrid::new(self.photo.width(), self.photo.height(), level)
    }

    pub fn level_count(&self) -> u32 {
        self.smaller_levels.len() as u32 + 1
    }

    /// Whether a level is built.
    pub fn is_built(&self, level: u32) -> bool {
        level == 0 || self.smaller_levels.get(level as usize - 1).is_some_and(|pixels| pixels.get().is_some())
    }

    /// The pixels of a part of a level; the part must lie inside the level. `None` until the level is built.
    pub fn texels(&self, level: u32, part: RectPx) -> Option<ColorImage> {
        let mut pixels = Vec::with_capacity(part.width as usize * part.height as usize);
        if let Some(index) = level.checked_sub(1) {
            let all = self.smaller_levels.get(index as usize)?.get()?;
            let stride = self.grid(level).bounds().width as usize;
            for row in all.chunks_exact(stride).skip(part.y as usize).take(part.height as usize) {
                pixels.extend_from_slice(&row[part.x as usize..][..part.width as usize]);
            }
        } else {
            for y in part.y..part.y + part.height {
                append_row_as_color32(&self.photo.pixels, y, part.x, part.width, &mut pixels);
            }
        }
        Some(ColorImage::new([part.width as usize, part.height as usize], pixels))
    }

    /// The whole photo, subsampled to at most `max_side` pixels along its longer side; fast enough for the first frame.
    pub fn overview(&self, max_side: u32) -> ColorImage {
        let (width, height) = (self.photo.width(), self.photo.height());
        let step = width.max(height).div_ceil(max_side).max(1);
        let [columns, rows] = [width, height].map(|side| side.div_ceil(step));
        let sample = |index: u32, side: u32| (index * step + step / 2).min(side - 1);
        let pixels = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (column, row)))
            .map(|(column, row)| {
                let image::Rgba([r, g, b, a]) = self.photo.pixels.get_pixel(sample(column, width), sample(row, height));
                Color32::from_rgba_unmultiplied(r, g, b, a)
            })
            .collect();
        ColorImage::new([columns as usize, rows as usize], pixels)
    }

    fn build_levels(&self, on_level_built: impl Fn()) {
        for (index, halved_level) in self.smaller_levels.iter().enumerate() {
            let level = index as u32;
            let [source, target] = [self.grid(level).bounds(), self.grid(level + 1).bounds()];
            let finer = index.checked_sub(1).and_then(|finer| self.smaller_levels.get(finer)?.get());
            let mut halved = vec![Color32::TRANSPARENT; target.width as usize * target.height as usize];
            halved.par_chunks_exact_mut(target.width as usize).enumerate().for_each_init(Vec::new, |rows, (y, out)| {
                if self.is_cancelled.load(Ordering::Relaxed) {
                    return;
                }
                let first = 2 * y as u32;
                let second = (first + 1).min(source.height - 1);
                if let Some(finer) = finer {
                    let row = |y: u32| &finer[y as usize * source.width as usize..][..source.width as usize];
                    halve_rows(row(first), row(second), out);
                } else {
                    rows.clear();
                    append_row_as_color32(&self.photo.pixels, first, 0, source.width, rows);
                    append_row_as_color32(&self.photo.pixels, second, 0, source.width, rows);
                    let (above, below) = rows.split_at(source.width as usize);
                    halve_rows(above, below, out);
                }
            });
            if self.is_cancelled.load(Ordering::Relaxed) || halved_level.set(halved).is_err() {
                return;
            }
            on_level_built();
        }
    }
}

/// Writes the means of two by two pixels. An odd last column is averaged with itself.
pub(super) fn halve_rows(above: &[Color32], below: &[Color32], out: &mut [Color32]) {
    for ((a, b), out) in above.chunks(2).zip(below.chunks(2)).zip(out) {
        let [a0, a1] = [a[0], a[a.len() - 1]].map(|color| color.to_array());
        let [b0, b1] = [b[0], b[b.len() - 1]].map(|color| color.to_array());
        let mean = |c: usize| {
            let sum = u16::from(a0[c]) + u16::from(a1[c]) + u16::from(b0[c]) + u16::from(b1[c]);
            ((sum + 2) / 4) as u8
        };
        *out = Color32::from_rgba_premultiplied(mean(0), mean(1), mean(2), mean(3));
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba};

    use super::*;

    fn texels(pixels: impl Into<DynamicImage>, level: u32) -> ColorImage {
        let photo = Arc::new(Photo::from_pixels(pixels.into()));
        let pyramid = MipPyramid::start_build(&photo, || ());
        pyramid.texels(level, pyramid.grid(level).bounds()).unwrap()
    }

    #[test]
    fn halving_ignores_the_colour_of_transparent_pixels() {
        let mut pixels: ImageBuffer<Rgba<u8>, _> = ImageBuffer::from_pixel(600, 600, Rgba([255, 0, 0, 0]));
        pixels.enumerate_pixels_mut().filter(|(x, ..)| x % 2 == 0).for_each(|(_, _, p)| *p = Rgba([0, 0, 200, 255]));
        assert_eq!(texels(pixels, 1).pixels[0], Color32::from_rgba_premultiplied(0, 0, 100, 128));
    }

    #[test]
    fn odd_sides_keep_their_last_row_and_column() {
        let mut pixels = GrayImage::new(601, 515);
        pixels.put_pixel(600, 514, Luma([200]));
        let level = texels(pixels, 1);
        assert_eq!(level.size, [301, 258]);
        assert_eq!(level.pixels.last(), Some(&Color32::from_gray(200)), "the corner is averaged with itself");
    }

    #[test]
    fn partial_levels_start_at_the_requested_pixel() {
        let pixels = GrayImage::from_fn(40, 30, |x, y| Luma([(x + 6 * y) as u8]));
        let photo = Arc::new(Photo::from_pixels(pixels.into()));
        let pyramid = MipPyramid::start_build(&photo, || ());
        let part = pyramid.texels(0, RectPx { x: 7, y: 5, width: 2, height: 2 }).unwrap();
        assert_eq!(part.pixels, [37, 38, 43, 44].map(Color32::from_gray));
    }

    #[test]
    fn large_photos_are_built_in_the_background() {
        let photo = Arc::new(Photo::from_pixels(RgbImage::from_pixel(1500, 1100, Rgb([9, 80, 200])).into()));
        let (sender, levels) = std::sync::mpsc::channel();
        let pyramid = MipPyramid::start_build(&photo, move || sender.send(()).unwrap());
        let overview = pyramid.overview(512);
        assert_eq!(overview.size, [500, 367]);
        assert!(overview.pixels.iter().all(|&pixel| pixel == Color32::from_rgb(9, 80, 200)));
        for _ in 1..pyramid.level_count() {
            levels.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        }
        let last = pyramid.level_count() - 1;
        assert!(pyramid.texels(last, pyramid.grid(last).bounds()).is_some());
    }
}
