//! Pictures side by side, for looking.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

/// Small crops are enlarged, by whole pixels, to at least about this.
const SHOWN_SIDE_PX: u32 = 128;
/// Between pictures.
const GAP_PX: u32 = 2;
/// Behind pictures, and where one is missing.
const BACKGROUND: Rgb<u8> = Rgb([24; 3]);

/// Rows of pictures of one size: a face each, with the truth, and for each hole the face with the hole blanked, then every
/// method.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    rows: Vec<Vec<Option<RgbImage>>>,
}

impl Sheet {
    /// Adds a row; pictures that could not be made are `None`.
    pub fn add_row(&mut self, pictures: Vec<Option<RgbImage>>) {
        self.rows.push(pictures);
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows as one picture.
    #[must_use]
    pub fn draw(&self) -> RgbImage {
        let side = self.rows.iter().flatten().flatten().map(RgbImage::width).max().unwrap_or(1);
        let side = side * (SHOWN_SIDE_PX / side).max(1);
        let pitch = side + GAP_PX;
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(pitch) + GAP_PX;
        let mut sheet = RgbImage::from_pixel(length(columns), length(self.rows.len()), BACKGROUND);
        for (row, y) in self.rows.iter().zip((GAP_PX..).step_by(pitch as usize)) {
            for (picture, x) in row.iter().zip((GAP_PX..).step_by(pitch as usize)) {
                if let Some(picture) = picture {
                    let shown = imageops::resize(picture, side, side, FilterType::Nearest);
                    imageops::replace(&mut sheet, &shown, x.into(), y.into());
                }
            }
        }
        sheet
    }

    /// What the columns show.
    #[must_use]
    pub fn columns(holes: &[&str], methods: &[String]) -> Vec<String> {
        let of_hole = |hole: &&str| {
            let blanked = format!("{hole}: hole");
            std::iter::once(blanked)
                .chain(methods.iter().map(move |method| format!("{hole}: {method}")))
                .collect::<Vec<_>>()
        };
        std::iter::once("truth".to_string()).chain(holes.iter().flat_map(of_hole)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_in_rows_enlarged_with_gaps() {
        let plain = |value| Some(RgbImage::from_pixel(64, 64, Rgb([value; 3])));
        let mut sheet = Sheet::default();
        assert!(sheet.is_empty());
        sheet.add_row(vec![plain(200), None, plain(90)]);
        sheet.add_row(vec![plain(10)]);
        let picture = sheet.draw();
        assert_eq!(picture.dimensions(), (3 * 130 + 2, 2 * 130 + 2));
        let at = |x, y| picture.get_pixel(x, y).0[0];
        assert_eq!([at(0, 0), at(2, 2), at(129, 129), at(130, 60)], [24, 200, 200, 24]);
        assert_eq!([at(140, 60), at(262, 2), at(389, 129), at(60, 132)], [24, 90, 90, 10]);
    }

    #[test]
    fn columns_are_named_in_the_order_they_stand() {
        let columns = Sheet::columns(&["center", "eyes"], &["mean".into(), "best".into()]);
        assert_eq!(
            columns.join(", "),
            "truth, center: hole, center: mean, center: best, eyes: hole, eyes: mean, eyes: best"
        );
    }
}
