//! Draws one place of a sliding kernel: the grid below it, the kernel, the sum, and the output so far.

use super::convolution::{Convolution, Grid, Place};
use super::drawing::{At, Drawing, Ink, Label, NORMAL, Shape, number, to_f32};

/// Side of the square for the grid over which the kernel slides.
const GRID_SIDE: f32 = 288.0;
/// Side of the square for the output.
const OUTPUT_SIDE: f32 = 200.0;
const KERNEL_CELL: f32 = 24.0;
const MAX_CELL: f32 = 40.0;
/// Products of a sum that are written in one line.
const PRODUCTS_PER_LINE: usize = 10;
const TOP: f32 = 24.0;

/// Draws the place with this index; a larger index means the last place.
#[must_use]
pub fn convolution_figure(convolution: &Convolution, place: usize) -> Drawing {
    let mut drawing = Drawing::new(620.0, 376.0);
    let places = convolution.places();
    let index = place.min(places.len().saturating_sub(1));
    let Some(current) = places.get(index) else { return drawing };
    draw_input(&mut drawing, convolution, current);
    draw_kernel(&mut drawing, convolution);
    draw_output(&mut drawing, convolution, &places, index);
    for (line, text) in sum_lines(current, convolution.divisor()).into_iter().enumerate() {
        drawing.text([8.0, 328.0 + 18.0 * to_f32(line)], [0.0, 0.0], Ink::Strong, text);
    }
    drawing
}

/// The grid with the added zeros, and the kernel's window.
fn draw_input(drawing: &mut Drawing, convolution: &Convolution, current: &Place) {
    let spread = convolution.spread();
    let cell = cell_side(spread.len(), GRID_SIDE);
    let origin = [8.0, TOP];
    let name =
        if convolution.is_transposed { "Input, with zeros between and around" } else { "Input, with zeros around" };
    drawing.small([origin[0], TOP - 4.0], [0.0, 1.0], Ink::Weak, name);
    for (row, values) in spread.iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            let [min, max] = cell_corners(origin, cell, row, column);
            drawing.area(min, max, Ink::Field, 1.0);
            if let Some(value) = value {
                drawing.area(min, max, Ink::Accent, cell_opacity(*value));
            }
            drawing.outline(min, max, 1.0, Ink::Border);
            let ink = if value.is_some() { Ink::Strong } else { Ink::Weak };
            cell_text(drawing, min, cell, ink, value.unwrap_or(0.0));
        }
    }
    let [min, _] = cell_corners(origin, cell, current.corner[0], current.corner[1]);
    let side = cell * to_f32(convolution.kernel.side);
    let max = [min[0] + side, min[1] + side];
    drawing.area(min, max, Ink::Warning, 0.18);
    drawing.outline(min, max, 2.5, Ink::Warning);
}

fn draw_kernel(drawing: &mut Drawing, convolution: &Convolution) {
    let kernel = convolution.laid_kernel();
    let origin = [GRID_SIDE + 20.0, TOP];
    drawing.small([origin[0], TOP - 4.0], [0.0, 1.0], Ink::Weak, "Kernel");
    for row in 0..kernel.side {
        for column in 0..kernel.side {
            let [min, max] = cell_corners(origin, KERNEL_CELL, row, column);
            drawing.area(min, max, Ink::Warning, 0.18);
            drawing.outline(min, max, 1.0, Ink::Border);
            cell_text(drawing, min, KERNEL_CELL, Ink::Strong, kernel.at(row, column));
        }
    }
    let divisor = convolution.divisor();
    if divisor > 1.0 {
        let below = TOP + KERNEL_CELL * to_f32(kernel.side) + 6.0;
        drawing.text([origin[0], below], [0.0, 0.0], Ink::Text, format!("÷ {}", number(divisor)));
    }
}

/// The output up to the current place.
fn draw_output(drawing: &mut Drawing, convolution: &Convolution, places: &[Place], index: usize) {
    let output: Grid = convolution.output();
    let cell = cell_side(output.side, OUTPUT_SIDE);
    let origin = [412.0, TOP];
    let size = format!("{} × {}", output.side, output.side);
    let name = format!("Output, {size}");
    drawing.small([origin[0], TOP - 4.0], [0.0, 1.0], Ink::Weak, name);
    for (at, Place { output: [row, column], .. }) in places.iter().enumerate() {
        let [min, max] = cell_corners(origin, cell, *row, *column);
        drawing.area(min, max, Ink::Field, 1.0);
        if at <= index {
            drawing.area(min, max, Ink::Accent, cell_opacity(output.at(*row, *column)));
        }
        drawing.outline(min, max, 1.0, Ink::Border);
        if at <= index {
            cell_text(drawing, min, cell, Ink::Strong, output.at(*row, *column));
        }
    }
    if let Some(Place { output: [row, column], .. }) = places.get(index) {
        let [min, max] = cell_corners(origin, cell, *row, *column);
        drawing.outline(min, max, 2.5, Ink::Warning);
    }
}

/// The sum of a place as it would be written by hand, without the products that are 0.
fn sum_lines(place: &Place, divisor: f32) -> Vec<String> {
    let counted = place.products.iter().filter(|[weight, value]| *weight != 0.0 && *value != 0.0);
    let products: Vec<String> =
        counted.map(|[weight, value]| format!("{}·{}", number(*weight), number(*value))).collect();
    let result = number(place.sum() / divisor);
    if products.is_empty() {
        return vec!["0 = ".to_owned() + &result];
    }
    let mut lines: Vec<String> = products.chunks(PRODUCTS_PER_LINE).map(|part| part.join(" + ")).collect();
    let last = lines.len() - 1;
    for line in &mut lines[..last] {
        line.push_str(" +");
    }
    let (open, close) = if divisor > 1.0 {
        ("(".to_owned(), format!(") ÷ {}", number(divisor)))
    } else {
        (String::new(), String::new())
    };
    lines[0].insert_str(0, &open);
    lines[last] += &close;
    lines[last] += " = ";
    lines[last] += &result;
    lines
}

/// Brighter numbers have more colour.
fn cell_opacity(value: f32) -> f32 {
    0.12 + 0.05 * value.abs().min(9.0)
}

fn cell_side(cells: usize, room: f32) -> f32 {
    (room / to_f32(cells.max(1))).min(MAX_CELL)
}

fn cell_corners(origin: At, cell: f32, row: usize, column: usize) -> [At; 2] {
    let min = [origin[0] + cell * to_f32(column), origin[1] + cell * to_f32(row)];
    [min, [min[0] + cell, min[1] + cell]]
}

/// A number in the middle of a cell, as small as the cell needs.
fn cell_text(drawing: &mut Drawing, min: At, cell: f32, ink: Ink, value: f32) {
    let text = number(value);
    let size = (cell * 1.45 / to_f32(text.chars().count().max(3))).min(NORMAL);
    let at = [min[0] + cell / 2.0, min[1] + cell / 2.0];
    let label = Label { at, anchor: [0.5, 0.5], size, ink, text };
    drawing.shapes.push(Shape::Text(label));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::convolution::KernelKind;

    fn transposed() -> Convolution {
        let input = Grid::from_fn(3, |row, column| to_f32(3 * row + column + 1));
        Convolution { input, kernel: KernelKind::Smooth.kernel(3), stride: 2, padding: 1, is_transposed: true }
    }

    #[test]
    fn the_sum_is_written_out() {
        let places = transposed().places();
        assert_eq!(sum_lines(&places[0], 4.0), ["(4·1) ÷ 4 = 1"]);
        assert_eq!(sum_lines(&places[1], 4.0), ["(2·1 + 2·2) ÷ 4 = 1.50"]);
        let dense =
            Convolution { is_transposed: false, stride: 1, kernel: Grid::from_fn(3, |_, _| 1.0), ..transposed() };
        assert_eq!(sum_lines(&dense.places()[4], 1.0), ["1·1 + 1·2 + 1·3 + 1·4 + 1·5 + 1·6 + 1·7 + 1·8 + 1·9 = 45"]);
    }

    #[test]
    fn outputs_appear_one_by_one() {
        let numbers = |place| convolution_figure(&transposed(), place).texts().count();
        assert_eq!(numbers(24) - numbers(0), 24);
        assert_eq!(numbers(99), numbers(24));
    }
}
