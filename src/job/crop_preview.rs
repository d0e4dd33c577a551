//! A fill as it looks in the photo, drawn in the crop: a small picture for choosing among the candidates.
//!
//! The crop is treated as a small photo with a small hole, and blended as the photo is. So the cost of a picture depends
//! on its own size and not on the photo's, and it can be drawn for every candidate while the search runs. It has no
//! added detail and is not redrawn by the completion network: at this size neither shows.

use image::{DynamicImage, Rgba, RgbaImage};

use super::FillComposer;
use crate::blend::{BlendMode, Composer, Restorer};
use crate::face::{Crop, CropError, crop};
use crate::face_picture::FacePicture;
use crate::geometry::{CropGrid, FaceFrame, clip_range};
use crate::mask::Mask;
use crate::photo::Photo;
use crate::restore::ImageTask;

/// Everything about one hole or face that does not depend on the generated picture.
pub struct CropPreview {
    /// The crop's pixels outside the hole, opaque. The hole and what lies outside the photo are transparent.
    kept: RgbaImage,
    composer: FillComposer,
}

impl CropPreview {
    /// Prepares for one hole; pictures will have a side of `size_px`. No photo pixel under the hole is read.
    ///
    /// # Errors
    /// When the mask has another size than the photo, or the frame is unusable.
    pub fn new(
        photo: &Photo,
        hole: &Mask,
        frame: &FaceFrame,
        mode: BlendMode,
        size_px: u32,
    ) -> Result<Self, CropError> {
        let kept = crop(photo, &hole.without_ignored(), frame, size_px)?;
        let known = crop(photo, hole, frame, size_px)?.known;
        let grid = CropGrid::new(frame, size_px).ok_or(CropError::Frame)?;
        let kept_pixels = opaque_pixels(&kept);
        let pixels = DynamicImage::ImageRgba8(kept_pixels.clone());
        // The fill of a grey photo is grey.
        let is_grey = !photo.pixels.color().has_color();
        let pixels = if is_grey { DynamicImage::ImageLumaA8(pixels.into_luma_alpha8()) } else { pixels };
        let ignored = Mask::from_fn(size_px, size_px, |column, row| {
            let index = row as usize * size_px as usize + column as usize;
            kept.known[index] > known[index]
        });
        let small_photo = Photo::from_pixels(pixels);
        let small_mask = hole_in_crop(&kept, hole, grid).with_ignored(&ignored);
        let whole_crop = FaceFrame::centered(size_px, size_px);
        let composer = Composer::new(&small_photo, &small_mask, &whole_crop, mode, None);
        Ok(Self { kept: kept_pixels, composer: FillComposer::Hole(Box::new(composer)) })
    }

    /// Prepares for the restored face in a frame, in an upright square around it.
    #[must_use]
    pub fn of_face(photo: &Photo, hole: &Mask, frame: &FaceFrame, task: ImageTask, size_px: u32) -> Self {
        let restorer = Restorer::new(photo, hole, frame, task, Some(size_px), true);
        let kept = RgbaImage::new(size_px, size_px);
        Self { kept, composer: FillComposer::Face(Box::new(restorer)) }
    }

    /// Draws a generated picture in the hole. The result is opaque, except outside the photo.
    #[must_use]
    pub fn render(&self, picture: &FacePicture) -> RgbaImage {
        let patch = self.composer.render(picture);
        let mut drawn = self.kept.clone();
        if let FillComposer::Face(_) = self.composer {
            // A frame that is turned or leaves the photo does not fill the square.
            let colors =
                patch.rgba.as_chunks::<4>().0.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue, 255]);
            let face = RgbaImage::from_raw(patch.width, patch.height, colors.collect()).unwrap_or_default();
            let offset = |free: u32| i64::from(free / 2);
            let left = offset(drawn.width().saturating_sub(face.width()));
            image::imageops::replace(&mut drawn, &face, left, offset(self.kept.height().saturating_sub(face.height())));
            return drawn;
        }
        let rect = patch.rect_in_photo;
        let pixels = (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)));
        for ((x, y), [red, green, blue, alpha]) in pixels.zip(patch.rgba.as_chunks::<4>().0) {
            if *alpha != 0
                && let Some(pixel) = drawn.get_pixel_mut_checked(x, y)
            {
                *pixel = Rgba([*red, *green, *blue, 255]);
            }
        }
        drawn
    }
}

fn opaque_pixels(crop: &Crop) -> RgbaImage {
    let colors = crop.to_rgb8();
    let pixels = colors
        .as_chunks::<3>()
        .0
        .iter()
        .zip(&crop.known)
        .flat_map(|([red, green, blue], known)| if *known > 0.0 { [*red, *green, *blue, 255] } else { [0; 4] });
    RgbaImage::from_raw(crop.size_px, crop.size_px, pixels.collect()).unwrap_or_default()
}

/// The crop pixels with a hole pixel in their footprint. Pixels that are unknown for another reason, outside the photo or
/// fully transparent, are no hole.
pub(super) fn hole_in_crop(crop: &Crop, hole: &Mask, grid: CropGrid) -> Mask {
    let size_px = crop.size_px;
    let touches_hole = |column: u32, row: u32| {
        let [x, y] = grid.center_in_photo(column, row);
        let is_inside = |at: f64, size: u32| (0.0..f64::from(size)).contains(&at);
        let columns = clip_range(grid.footprint_along_axis(x), hole.width());
        let mut rows = clip_range(grid.footprint_along_axis(y), hole.height());
        is_inside(x, hole.width()) && is_inside(y, hole.height()) && rows.any(|y| hole.row_has_hole(y, columns.clone()))
    };
    let is_known = |column: u32, row: u32| crop.known[row as usize * size_px as usize + column as usize] > 0.0;
    Mask::from_fn(size_px, size_px, |column, row| !is_known(column, row) && touches_hole(column, row))
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, Rgb, RgbImage};

    use super::*;
    use crate::blend::apply;
    use crate::mask::{Stroke, StrokeKind};

    const SIZE_PX: u32 = 32;
    /// One crop pixel for each photo pixel.
    const FRAME: FaceFrame = FaceFrame { center_in_photo: [40.0, 30.0], side_px: 32.0, angle_radians: 0.0 };

    fn photo() -> Photo {
        let color = |x: u32, y: u32| Rgb([x * 3, y * 4, (x * y) % 256].map(|value| u8::try_from(value).unwrap_or(255)));
        Photo::from_pixels(RgbImage::from_fn(80, 60, color).into())
    }

    fn hole() -> Mask {
        let mut hole = Mask::empty(80, 60);
        let points_in_photo = vec![[36.0, 28.0], [44.0, 33.0]];
        hole.draw_stroke(&Stroke { kind: StrokeKind::Paint, radius_px: 5.0, points_in_photo });
        hole
    }

    /// A picture of one grey value.
    fn picture(value: f32) -> FacePicture {
        FacePicture::uniform(16, [value; 3])
    }

    #[test]
    fn equals_the_photo_at_one_to_one() {
        let pixels = (0..16 * 16u16).map(|index| [f32::from(index % 16) / 8.0 - 1.0; 3]).collect();
        let gradient = FacePicture { side_px: 16, pixels };
        for mode in BlendMode::ALL {
            let preview = CropPreview::new(&photo(), &hole(), &FRAME, mode, SIZE_PX).unwrap().render(&gradient);
            let filled = apply(&photo(), &hole(), &FRAME, mode, &gradient).crop_imm(24, 14, SIZE_PX, SIZE_PX);
            let largest = preview.iter().zip(filled.to_rgba8().iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            // The solver and the cells of the feather start at other corners.
            assert!(largest <= 2, "{mode:?}: {largest}");
        }
    }

    #[test]
    fn ignored_pixels_show_the_photo_and_change_no_fill() {
        let mut mask = hole();
        mask.draw_segment([44.0, 20.0], [46.0, 36.0], 4.0, StrokeKind::Ignore);
        let red = {
            let mut pixels = photo().pixels.to_rgb8();
            pixels.enumerate_pixels_mut().filter(|(x, y, _)| mask.is_ignored(*x, *y)).for_each(|(.., pixel)| {
                *pixel = Rgb([255, 0, 0]);
            });
            Photo::from_pixels(pixels.into())
        };
        for mode in BlendMode::ALL {
            let render = |photo| CropPreview::new(photo, &mask, &FRAME, mode, SIZE_PX).unwrap().render(&picture(0.3));
            let (of_photo, of_red) = (render(&photo()), render(&red));
            for (x, y, pixel) in of_red.enumerate_pixels() {
                let is_ignored = mask.is_ignored(x + 24, y + 14);
                let expected = if is_ignored { [255, 0, 0, 255] } else { of_photo.get_pixel(x, y).0 };
                assert_eq!(pixel.0, expected, "{mode:?} at {x}, {y}");
            }
        }
    }

    #[test]
    fn hole_pixels_do_not_change_the_preview() {
        let noisy = {
            let mut pixels = photo().pixels.to_rgb8();
            for (x, y, pixel) in pixels.enumerate_pixels_mut().filter(|(x, y, _)| hole().is_hole(*x, *y)) {
                *pixel = Rgb([255, x, y].map(|value| u8::try_from(value).unwrap_or(0)));
            }
            Photo::from_pixels(pixels.into())
        };
        for frame in [FRAME, FaceFrame { side_px: 47.0, angle_radians: 0.4, ..FRAME }] {
            for mode in BlendMode::ALL {
                let [clean, noisy] = [&photo(), &noisy].map(|photo| {
                    CropPreview::new(photo, &hole(), &frame, mode, SIZE_PX).unwrap().render(&picture(0.3))
                });
                assert!(clean == noisy, "{mode:?} {frame:?}");
            }
        }
    }

    #[test]
    fn outside_the_photo_is_transparent() {
        let at_corner = FaceFrame { center_in_photo: [0.0, 0.0], ..FRAME };
        let mut hole = Mask::empty(80, 60);
        hole.draw_stroke(&Stroke { kind: StrokeKind::Paint, radius_px: 6.0, points_in_photo: vec![[0.0, 0.0]] });
        let preview = CropPreview::new(&photo(), &hole, &at_corner, BlendMode::None, SIZE_PX).unwrap();
        let drawn = preview.render(&picture(1.0));
        assert_eq!(drawn.get_pixel(12, 12).0, [0; 4], "the hole ends at the photo's border");
        assert_eq!(drawn.get_pixel(17, 17).0, [255; 4], "filled");
        assert_eq!(drawn.get_pixel(30, 29).0[3], 255, "known");
    }

    #[test]
    fn the_fill_of_a_grey_photo_is_grey() {
        let photo = Photo::from_pixels(GrayImage::from_pixel(80, 60, Luma([90])).into());
        let preview = CropPreview::new(&photo, &hole(), &FRAME, BlendMode::None, SIZE_PX).unwrap();
        let red = FacePicture::uniform(16, [1.0, -1.0, -1.0]);
        let [red, green, blue, _] = preview.render(&red).get_pixel(16, 16).0;
        assert!(red == green && green == blue && red != 90, "{red} {green} {blue}");
    }
}
