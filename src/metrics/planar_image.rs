//! The picture type of the metrics.

/// A planar RGB picture, `[3, height, width]`, each value 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanarImage {
    width: usize,
    height: usize,
    values: Vec<f64>,
}

impl PlanarImage {
    /// Converts interleaved 8-bit RGB, row by row. An incomplete last row is dropped.
    #[must_use]
    pub fn from_rgb8(width: usize, samples: &[u8]) -> Self {
        let height = samples.len().checked_div(3 * width).unwrap_or(0);
        let samples = &samples[..3 * width * height];
        let plane = |channel| samples.iter().skip(channel).step_by(3).map(|&sample| f64::from(sample) / 255.0);
        Self { width, height, values: (0..3).flat_map(plane).collect() }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Number of pixels of one plane.
    pub(super) fn area(&self) -> usize {
        self.width * self.height
    }

    /// The red, green and blue planes, `[height, width]` each.
    pub(super) fn planes(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.area().max(1))
    }

    /// Pairs of values at the same pixel and channel of two pictures, with the pixel's index in its plane.
    ///
    /// # Panics
    /// When the pictures differ in size.
    pub(super) fn value_pairs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (usize, f64, f64)> + 'a {
        assert_eq!((self.width, self.height), (other.width, other.height), "the pictures differ in size");
        let area = self.area().max(1);
        self.values.iter().zip(&other.values).enumerate().map(move |(index, (&one, &two))| (index % area, one, two))
    }
}
