//! Figure 3: a convolution and a transposed (fractionally strided) convolution of a small grid, place by place.
//!
//! The transposed one is drawn as what it computes: a convolution with stride 1 over the grid with zeros between its
//! numbers (Dumoulin & Visin 2016, arXiv 1603.07285). Its kernel then lies turned by half a turn.

/// A square grid of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub side: usize,
    /// Row by row.
    pub values: Vec<f32>,
}

impl Grid {
    #[must_use]
    pub fn from_fn(side: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let values = (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
        Self { side, values: values.map(|(row, column)| value(row, column)).collect() }
    }

    /// The number in a row and column; 0 outside.
    #[must_use]
    pub fn at(&self, row: usize, column: usize) -> f32 {
        let is_inside = row < self.side && column < self.side;
        if is_inside { self.values.get(row * self.side + column).copied().unwrap_or(0.0) } else { 0.0 }
    }
}

/// Which kernel is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KernelKind {
    /// Weights that fall off to all sides: it blurs, and the transposed one interpolates.
    #[default]
    Smooth,
    /// Right minus left: it finds vertical edges.
    Edge,
}

impl KernelKind {
    pub const ALL: [Self; 2] = [Self::Smooth, Self::Edge];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Smooth => "Smooth",
            Self::Edge => "Edge",
        }
    }

    /// The kernel of this side, 2 to 4, in whole numbers.
    #[must_use]
    pub fn kernel(self, side: usize) -> Grid {
        let smooth: &[f32] = match side {
            2 => &[1.0, 1.0],
            3 => &[1.0, 2.0, 1.0],
            _ => &[1.0, 3.0, 3.0, 1.0],
        };
        let weight = |index: usize| smooth.get(index).copied().unwrap_or(0.0);
        Grid::from_fn(side, |row, column| match self {
            Self::Smooth => weight(row) * weight(column),
            Self::Edge if column == 0 => -1.0,
            Self::Edge if column + 1 == side => 1.0,
            Self::Edge => 0.0,
        })
    }
}

/// A convolution of one grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    pub input: Grid,
    /// Whole numbers. Each product sum is divided by [`divisor`](Self::divisor).
    pub kernel: Grid,
    pub stride: usize,
    pub padding: usize,
    pub is_transposed: bool,
}

/// One place of the sliding kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Row and column of the kernel's upper left corner in the [spread](Convolution::spread) grid.
    pub corner: [usize; 2],
    /// Row and column of its number in the output.
    pub output: [usize; 2],
    /// Weight and number of each product, row by row.
    pub products: Vec<[f32; 2]>,
}

impl Convolution {
    /// Side of the output.
    #[must_use]
    pub fn output_side(&self) -> usize {
        let (input, kernel) = (self.input.side, self.kernel.side);
        if self.is_transposed {
            ((input - 1) * self.stride + kernel).saturating_sub(2 * self.padding)
        } else {
            (input + 2 * self.padding).checked_sub(kernel).map_or(0, |rest| rest / self.stride + 1)
        }
    }

    /// Zeros around the grid over which the kernel slides.
    fn border(&self) -> usize {
        if self.is_transposed { (self.kernel.side - 1).saturating_sub(self.padding) } else { self.padding }
    }

    /// Distance between two numbers of the input in the grid over which the kernel slides.
    fn spacing(&self) -> usize {
        if self.is_transposed { self.stride } else { 1 }
    }

    /// The grid over which the kernel slides: the input with zeros around it and, transposed, between its numbers.
    /// `None` marks an added zero.
    #[must_use]
    pub fn spread(&self) -> Vec<Vec<Option<f32>>> {
        let (border, spacing) = (self.border(), self.spacing());
        let side = (self.input.side - 1) * spacing + 1 + 2 * border;
        let index = |at: usize| {
            let inside = at.checked_sub(border)?;
            (inside % spacing == 0 && inside / spacing < self.input.side).then_some(inside / spacing)
        };
        let value = |row: usize, column: usize| Some(self.input.at(index(row)?, index(column)?));
        (0..side).map(|row| (0..side).map(|column| value(row, column)).collect()).collect()
    }

    /// The kernel as it lies on the grid.
    #[must_use]
    pub fn laid_kernel(&self) -> Grid {
        let last = self.kernel.side - 1;
        Grid::from_fn(self.kernel.side, |row, column| {
            if self.is_transposed { self.kernel.at(last - row, last - column) } else { self.kernel.at(row, column) }
        })
    }

    /// What the sum of products is divided by: the kernel's sum, so that an even grid keeps its value. A transposed
    /// convolution spreads it over `stride²` numbers.
    #[must_use]
    pub fn divisor(&self) -> f32 {
        let sum: f32 = self.kernel.values.iter().sum();
        let spread = self.spacing() * self.spacing();
        if sum > 0.0 { (sum / super::drawing::to_f32(spread)).max(1.0) } else { 1.0 }
    }

    /// All places of the kernel, row by row.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let (spread, kernel, side) = (self.spread(), self.laid_kernel(), self.output_side());
        let step = if self.is_transposed { 1 } else { self.stride };
        let outputs = (0..side).flat_map(|row| (0..side).map(move |column| [row, column]));
        let place = |output: [usize; 2]| {
            let corner = output.map(|index| index * step);
            let taps = (0..kernel.side).flat_map(|row| (0..kernel.side).map(move |column| (row, column)));
            let value = |row: usize, column: usize| spread.get(row).and_then(|row| *row.get(column)?).unwrap_or(0.0);
            let product = |(row, column)| [kernel.at(row, column), value(corner[0] + row, corner[1] + column)];
            Place { corner, output, products: taps.map(product).collect() }
        };
        outputs.map(place).collect()
    }

    /// The output.
    #[must_use]
    pub fn output(&self) -> Grid {
        let divisor = self.divisor();
        Grid { side: self.output_side(), values: self.places().iter().map(|place| place.sum() / divisor).collect() }
    }
}

impl Place {
    /// The sum of the products.
    #[must_use]
    pub fn sum(&self) -> f32 {
        self.products.iter().map(|[weight, value]| weight * value).sum()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact")]

    use super::*;
    use crate::explain::drawing::to_f32;

    fn counted(side: usize) -> Grid {
        Grid::from_fn(side, |row, column| to_f32(row * side + column + 1))
    }

    #[test]
    fn a_convolution_matches_the_sum_by_hand() {
        let convolution =
            Convolution { input: counted(5), kernel: counted(3), stride: 2, padding: 1, is_transposed: false };
        assert_eq!((convolution.output_side(), convolution.divisor()), (3, 45.0));
        // Upper left: 5·1 + 6·2 + 8·6 + 9·7, the rest lies on padding.
        let sums: Vec<f32> = convolution.places().iter().map(Place::sum).collect();
        assert_eq!(sums[0], 128.0);
        // Centre: rows 2 to 4 and columns 2 to 4 of the numbers 1 to 25.
        let numbers = [7.0, 8.0, 9.0, 12.0, 13.0, 14.0, 17.0, 18.0, 19.0];
        let by_hand: f32 = numbers.iter().zip(1u8..).map(|(number, weight)| number * f32::from(weight)).sum();
        assert_eq!(sums[4], by_hand);
    }

    #[test]
    fn a_transposed_convolution_makes_5_of_3() {
        let kernel = KernelKind::Smooth.kernel(3);
        let convolution = Convolution { input: counted(3), kernel, stride: 2, padding: 1, is_transposed: true };
        let output = convolution.output();
        assert_eq!((output.side, convolution.spread().len(), convolution.divisor()), (5, 7, 4.0));
        // Bilinear interpolation: the numbers themselves, and means of neighbours between them.
        assert_eq!(output.values[..5], [1.0, 1.5, 2.0, 2.5, 3.0]);
        assert_eq!(output.values[5..10], [2.5, 3.0, 3.5, 4.0, 4.5]);
        let added = convolution.spread().concat().iter().filter(|value| value.is_none()).count();
        assert_eq!(added, 49 - 9);
    }

    /// `⟨conv(x), y⟩ = ⟨x, transposed(y)⟩` for all sizes: one is the transpose of the other.
    #[test]
    fn the_transposed_convolution_is_the_transpose() {
        let wave =
            |side: usize, shift: f32| Grid::from_fn(side, |row, column| (to_f32(row * 7 + column) * shift).sin());
        for (kernel, stride, padding) in [(3, 2, 1), (4, 2, 1), (2, 3, 0), (3, 1, 2), (4, 1, 0)] {
            let kernel = wave(kernel, 1.3);
            let small = wave(3, 0.9);
            let transposed =
                Convolution { input: small.clone(), kernel: kernel.clone(), stride, padding, is_transposed: true };
            let large = wave(transposed.output_side(), 0.4);
            let convolution = Convolution { input: large.clone(), kernel, stride, padding, is_transposed: false };
            assert_eq!(convolution.output_side(), 3);
            let sums = |convolution: &Convolution| convolution.places().iter().map(Place::sum).collect::<Vec<_>>();
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            let (left, right) = (dot(&sums(&convolution), &small.values), dot(&large.values, &sums(&transposed)));
            assert!((left - right).abs() < 1e-4, "stride {stride}, padding {padding}: {left} {right}");
        }
    }

    #[test]
    fn edges_are_found_where_columns_differ() {
        let input = Grid::from_fn(5, |_, column| if column < 3 { 0.0 } else { 8.0 });
        let kernel = KernelKind::Edge.kernel(3);
        let convolution = Convolution { input, kernel, stride: 1, padding: 0, is_transposed: false };
        assert_eq!(convolution.output().values, [0.0, 24.0, 24.0].repeat(3));
    }
}
