//! One sheet of all photos of a `fill` run: before, masked and completed, side by side. The blog's code draws its batch
//! as three such pictures, and the completed one again and again during the search.

use std::path::PathBuf;

use anyhow::Context as _;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GenericImageView, Rgb, RgbImage, Rgba};

use crate::fs::Overwrite;
use crate::geometry::{FaceFrame, RectPx};
use crate::mask::Mask;
use crate::photo::{AnimationFormat, AnimationWriter, PngMetadata, save_png};

/// Side of a picture.
const SIDE_PX: u32 = 160;
/// Gap between the pictures of a photo, and between photos.
const GAP_PX: u32 = 2;
const PHOTO_GAP_PX: u32 = 10;
const BACKGROUND: Rgb<u8> = Rgb([24; 3]);
/// Hole pixels: the middle of the generator's range, as in the blog's code.
const HOLE: Rgb<u8> = Rgb([128; 3]);
/// Margin around the faces, as a share of their size.
const MARGIN_SHARE: u32 = 8;

/// The sheet of a run, until all photos are filled.
#[derive(Debug, Default)]
pub(super) struct BatchSheet {
    picture: Option<PathBuf>,
    gif: Option<PathBuf>,
    photos: Vec<SheetPhoto>,
}

/// One photo on the sheet: the part of it with the faces that are filled.
#[derive(Debug)]
pub(super) struct SheetPhoto {
    rect: RectPx,
    before: RgbImage,
    masked: RgbImage,
    /// The photo during the search; empty without a GIF.
    frames: Vec<RgbImage>,
    wants_frames: bool,
    completed: Option<RgbImage>,
}

impl BatchSheet {
    /// An empty sheet for these files.
    pub(super) fn new(picture: Option<PathBuf>, gif: Option<PathBuf>) -> Self {
        Self { picture, gif, photos: Vec::new() }
    }

    /// Whether a file is wanted.
    pub(super) fn is_wanted(&self) -> bool {
        self.picture.is_some() || self.gif.is_some()
    }

    /// Adds a photo, if it is completed.
    pub(super) fn add(&mut self, photo: Option<SheetPhoto>) {
        self.photos.extend(photo.filter(|photo| photo.completed.is_some()));
    }

    /// Writes the files. Without a completed photo there are none.
    pub(super) fn save(&self, overwrite: Overwrite) -> anyhow::Result<()> {
        if self.photos.is_empty() {
            return Ok(());
        }
        if let Some(path) = &self.picture {
            let sheet = DynamicImage::ImageRgb8(self.draw(None));
            save_png(path, &sheet, &PngMetadata::default(), overwrite).context("cannot write --sheet")?;
        }
        if let Some(path) = &self.gif {
            let mut gif = AnimationWriter::new(path.clone(), AnimationFormat::Gif, overwrite)?;
            let count = self.photos.iter().map(|photo| photo.frames.len()).max().unwrap_or(0);
            let rgba = |frame| DynamicImage::ImageRgb8(self.draw(frame)).into_rgba8();
            (0..count).try_for_each(|frame| gif.add_frame(&rgba(Some(frame))))?;
            gif.finish(&rgba(None)).context("cannot write --sheet-gif")?;
        }
        Ok(())
    }

    /// Draws all photos, about as wide as high, with this frame of each search, or completed.
    fn draw(&self, frame: Option<usize>) -> RgbImage {
        let count = u32::try_from(self.photos.len()).unwrap_or(u32::MAX);
        // A photo is about three times as wide as high.
        let across = (count / 3).isqrt().max(1);
        let [width, height] = [3 * SIDE_PX + 2 * GAP_PX + PHOTO_GAP_PX, SIDE_PX + PHOTO_GAP_PX];
        let size = [across * width + PHOTO_GAP_PX, count.div_ceil(across) * height + PHOTO_GAP_PX];
        let mut sheet = RgbImage::from_pixel(size[0], size[1], BACKGROUND);
        for (index, photo) in (0..).zip(&self.photos) {
            let [x, y] = [index % across * width + PHOTO_GAP_PX, index / across * height + PHOTO_GAP_PX];
            let completed = photo.completed.as_ref().unwrap_or(&photo.before);
            let last = frame.and_then(|frame| photo.frames.get(frame)).unwrap_or(completed);
            for (place, picture) in (0..).zip([&photo.before, &photo.masked, last]) {
                imageops::replace(&mut sheet, picture, (x + place * (SIDE_PX + GAP_PX)).into(), y.into());
            }
        }
        sheet
    }
}

impl SheetPhoto {
    /// A photo with its hole, before the faces in these frames are filled.
    pub(super) fn new<'a>(
        photo: &DynamicImage,
        hole: &Mask,
        frames: impl Iterator<Item = &'a FaceFrame>,
        wants_frames: bool,
    ) -> Self {
        let (width, height) = photo.dimensions();
        let faces = frames.map(|frame| frame.bounds_in_photo(width, height)).fold(RectPx::default(), RectPx::union);
        let whole = RectPx { x: 0, y: 0, width, height };
        let rect = faces.grown(faces.width.max(faces.height) / MARGIN_SHARE).intersection(whole);
        let rect = if rect.is_empty() { whole } else { rect };
        let masked = RgbImage::from_fn(rect.width, rect.height, |x, y| {
            let [red, green, blue, _] = photo.get_pixel(rect.x + x, rect.y + y).0;
            if hole.is_hole(rect.x + x, rect.y + y) { HOLE } else { Rgb([red, green, blue]) }
        });
        let masked = thumbnail(&masked);
        Self { rect, before: part(photo, rect), masked, frames: Vec::new(), wants_frames, completed: None }
    }

    /// Whether frames of the search are wanted.
    pub(super) fn wants_frames(&self) -> bool {
        self.wants_frames
    }

    /// Adds the photo as it is during the search.
    pub(super) fn add_frame(&mut self, photo: &impl GenericImageView<Pixel = Rgba<u8>>) {
        self.frames.push(part(photo, self.rect));
    }

    /// Sets the filled photo.
    pub(super) fn complete(&mut self, photo: &DynamicImage) {
        self.completed = Some(part(photo, self.rect));
    }
}

/// A part of a photo as a thumbnail, without its transparency.
fn part(photo: &impl GenericImageView<Pixel = Rgba<u8>>, rect: RectPx) -> RgbImage {
    let pixel = |x: u32, y: u32| {
        let [red, green, blue, _] = photo.get_pixel(rect.x + x, rect.y + y).0;
        Rgb([red, green, blue])
    };
    thumbnail(&RgbImage::from_fn(rect.width, rect.height, pixel))
}

/// A square picture of the sheet, with bars beside a picture that is not square.
fn thumbnail(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height).max(1);
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(SIDE_PX) / u64::from(longer);
        u32::try_from(side).unwrap_or(SIDE_PX).clamp(1, SIDE_PX)
    };
    // Generated faces of few pixels stay sharp; photos become smaller without aliasing.
    let filter = if longer < SIDE_PX { FilterType::Nearest } else { FilterType::Triangle };
    let scaled = imageops::resize(picture, scaled(width), scaled(height), filter);
    let mut square = RgbImage::from_pixel(SIDE_PX, SIDE_PX, BACKGROUND);
    let place = [SIDE_PX - scaled.width(), SIDE_PX - scaled.height()].map(|free| i64::from(free / 2));
    imageops::replace(&mut square, &scaled, place[0], place[1]);
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(value: u8) -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_pixel(400, 300, Rgb([value; 3])))
    }

    fn sheet_of(count: usize) -> BatchSheet {
        let mut sheet = BatchSheet::default();
        for _ in 0..count {
            let frame = FaceFrame { center_in_photo: [200.0, 150.0], side_px: 160.0, angle_radians: 0.0 };
            let mut photo_on_sheet = SheetPhoto::new(&photo(50), &Mask::full(400, 300), [frame].iter(), true);
            photo_on_sheet.add_frame(&photo(90));
            photo_on_sheet.complete(&photo(200));
            sheet.add(Some(photo_on_sheet));
        }
        sheet
    }

    #[test]
    fn a_photo_is_shown_before_masked_and_completed() {
        let sheet = sheet_of(1);
        let values = |picture: &RgbImage| [20, 180, 340].map(|x| picture.get_pixel(x, 90).0[0]);
        assert_eq!(values(&sheet.draw(None)), [50, 128, 200]);
        assert_eq!(values(&sheet.draw(Some(0))), [50, 128, 90]);
        // A search with fewer frames shows its result.
        assert_eq!(values(&sheet.draw(Some(1))), [50, 128, 200]);
    }

    #[test]
    fn many_photos_are_about_as_wide_as_high() {
        for count in [1, 5, 12, 64] {
            let (width, height) = sheet_of(count).draw(None).dimensions();
            let ratio = f64::from(width) / f64::from(height);
            assert!(count < 3 || (0.4..2.5).contains(&ratio), "{count}: {width}×{height}");
        }
    }

    #[test]
    fn photos_that_failed_are_not_on_the_sheet() {
        let mut sheet = BatchSheet::default();
        sheet.add(Some(SheetPhoto::new(&photo(1), &Mask::empty(400, 300), [].iter(), false)));
        sheet.add(None);
        assert!(sheet.photos.is_empty() && sheet.save(Overwrite::Refuse).is_ok());
    }
}
