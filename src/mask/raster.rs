//! The hole as pixels, and strokes drawn into it.

use serde::{Deserialize, Serialize};

use crate::photo::{Point, RectPx};

/// Whether a stroke adds to the hole or takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrokeKind {
    Paint,
    Erase,
}

/// One drag of the round brush, kept as drawn so that it can be undone, saved and drawn again at any size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    pub kind: StrokeKind,
    /// Radius in photo pixels.
    pub radius_px: f32,
    /// The path of the brush's middle; a single point is a dab.
    pub points_in_photo: Vec<Point>,
}

/// One byte a photo pixel: 255 in the hole, 0 elsewhere, nothing between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Mask {
    /// The value of a hole pixel, in memory and in mask files.
    pub const HOLE: u8 = 255;

    /// A mask with no hole.
    #[must_use]
    pub fn empty(width: u32, height: u32) -> Self {
        Self { width, height, pixels: vec![0; width as usize * height as usize] }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Row by row, 255 or 0.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Whether a pixel is hole; `false` outside.
    #[must_use]
    pub fn is_hole(&self, x: u32, y: u32) -> bool {
        x < self.width && y < self.height && self.pixels[y as usize * self.width as usize + x as usize] != 0
    }
}
