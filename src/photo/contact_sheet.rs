//! Contact sheets: pictures side by side.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

/// Gap between pictures.
const GAP_PX: u32 = 2;
/// Colour of gaps and missing pictures.
const BACKGROUND: Rgb<u8> = Rgb([24; 3]);

/// A contact sheet: rows of pictures of one size.
#[derive(Clone, Debug, Default)]
pub struct ContactSheet {
    rows: Vec<Vec<Option<RgbImage>>>,
}

impl ContactSheet {
    /// Side at which the details of single crops are visible.
    pub const LARGE_SIDE_PX: u32 = 128;

    /// Adds a row. Missing pictures are `None`.
    pub fn add_row(&mut self, pictures: Vec<Option<RgbImage>>) {
        self.rows.push(pictures);
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Draws all rows as one picture. Small pictures are enlarged by a whole factor, to at most `max_side_px`.
    #[must_use]
    pub fn render(&self, max_side_px: u32) -> RgbImage {
        let side = self.rows.iter().flatten().flatten().map(RgbImage::width).max().unwrap_or(1);
        let side = side * (max_side_px / side).max(1);
        let pitch = side + GAP_PX;
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(pitch) + GAP_PX;
        let mut sheet = RgbImage::from_pixel(length(columns), length(self.rows.len()), BACKGROUND);
        for (row, y) in self.rows.iter().zip((GAP_PX..).step_by(pitch as usize)) {
            for (picture, x) in row.iter().zip((GAP_PX..).step_by(pitch as usize)) {
                if let Some(picture) = picture {
                    let enlarged = imageops::resize(picture, side, side, FilterType::Nearest);
                    imageops::replace(&mut sheet, &enlarged, x.into(), y.into());
                }
            }
        }
        sheet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_enlarged_in_rows_with_gaps() {
        let plain = |value| Some(RgbImage::from_pixel(64, 64, Rgb([value; 3])));
        let mut sheet = ContactSheet::default();
        assert!(sheet.is_empty());
        sheet.add_row(vec![plain(200), None, plain(90)]);
        sheet.add_row(vec![plain(10)]);
        let picture = sheet.render(ContactSheet::LARGE_SIDE_PX);
        assert_eq!(picture.dimensions(), (3 * 130 + 2, 2 * 130 + 2));
        let at = |x, y| picture.get_pixel(x, y).0[0];
        assert_eq!([at(0, 0), at(2, 2), at(129, 129), at(130, 60)], [24, 200, 200, 24]);
        assert_eq!([at(140, 60), at(262, 2), at(389, 129), at(60, 132)], [24, 90, 90, 10]);
    }
}
