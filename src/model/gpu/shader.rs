//! Writes the matrix product's shader: a tile of the output to each workgroup of 64 threads, some rows and columns of it to each
//! thread, in variables of their own, so that every driver keeps them in registers.
//!
//! What would surprise: no picture is ever unfolded. The rows of the input are gathered from the picture as they are loaded, and a
//! transposed convolution is four convolutions with 2×2 kernels, one for each parity of the output's row and column.

use std::fmt::Write as _;

/// The shader that adds up the parts of products.
pub(super) const TOTAL: &str = concat!(include_str!("product.wgsl"), include_str!("total.wgsl"));

/// Threads of a workgroup.
pub(super) const THREADS: usize = 64;

/// What the rows of the input are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Rows {
    /// Rows.
    Plain,
    /// The 4×4 neighbourhoods, with stride 2 and padding 1, of a picture twice as wide as the output.
    Down,
    /// The 2×2 neighbourhoods of a picture half as wide as the output, for each parity of its row and column.
    Up,
}

impl Rows {
    /// Products of different weights that make one output.
    pub fn parities(self) -> usize {
        match self {
            Self::Plain | Self::Down => 1,
            Self::Up => 4,
        }
    }

    /// How a vector of a row is loaded: zero outside of the picture, and beyond the last.
    fn load_input(self) -> &'static str {
        match self {
            Self::Plain => include_str!("plain.wgsl"),
            Self::Down => concat!(include_str!("picture.wgsl"), include_str!("down.wgsl")),
            Self::Up => concat!(include_str!("picture.wgsl"), include_str!("up.wgsl")),
        }
    }
}

/// How much of the output a workgroup computes. Columns are counted in vectors of four.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Tile {
    pub rows: usize,
    pub columns: usize,
    /// Of it, what one thread computes.
    rows_of_thread: usize,
    columns_of_thread: usize,
    /// What is loaded at once of what is multiplied over, in vectors.
    pub depth: usize,
}

/// For many rows.
const TALL: Tile = Tile { rows: 64, columns: 16, rows_of_thread: 8, columns_of_thread: 2, depth: 4 };
/// For few rows.
const FLAT: Tile = Tile { rows: 16, columns: 16, rows_of_thread: 4, columns_of_thread: 1, depth: 8 };
/// For a picture's three channels.
const NARROW: Tile = Tile { rows: 64, columns: 1, rows_of_thread: 1, columns_of_thread: 1, depth: 4 };

impl Tile {
    pub fn of(rows: usize, columns: usize) -> Self {
        if columns == 1 && rows > FLAT.rows {
            NARROW
        } else if rows <= 2 * FLAT.rows {
            FLAT
        } else {
            TALL
        }
    }

    /// Threads beside each other in the columns, and so in memory, and below each other.
    fn threads(self) -> (usize, usize) {
        (self.columns / self.columns_of_thread, self.rows / self.rows_of_thread)
    }

    /// Vectors of the output that one thread computes: row and column.
    fn places(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.rows_of_thread).flat_map(move |row| (0..self.columns_of_thread).map(move |column| (row, column)))
    }

    /// Vectors from one row of the input to the next: one more than needed, so that rows begin in different banks of the memory.
    fn stride(self) -> usize {
        self.depth + 1
    }

    /// Vectors of weights that are loaded at once.
    fn weights(self) -> usize {
        4 * self.depth * self.columns
    }

    /// Vectors of the input that each thread loads at once, and of the weights.
    fn input_loads(self) -> usize {
        (self.rows * self.depth).div_ceil(THREADS)
    }

    fn weight_loads(self) -> usize {
        self.weights().div_ceil(THREADS)
    }

    #[cfg(test)]
    pub const ALL: [Self; 3] = [TALL, FLAT, NARROW];
}

/// How weights are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Precision {
    /// 16 bits.
    Half,
    /// 32 bits.
    Single,
}

impl Precision {
    /// Type of four weights, and how they become a vector.
    fn in_shader(self) -> [&'static str; 2] {
        match self {
            Self::Half => ["vec2<u32>", "vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y))"],
            Self::Single => ["vec4<f32>", "packed"],
        }
    }
}

/// The shader for a tile of rows of that kind.
pub(super) fn product(rows: Rows, tile: Tile, weights: Precision) -> String {
    let mut text = String::from(include_str!("product.wgsl"));
    // Writing to a string cannot fail.
    let _ = write_main(&mut text, rows, tile, weights);
    text
}

fn write_main(text: &mut String, kind: Rows, tile: Tile, precision: Precision) -> std::fmt::Result {
    let Tile { rows, columns, depth, .. } = tile;
    let (across, _) = tile.threads();
    let parities = kind.parities();
    let [packed, unpacked] = precision.in_shader();
    write!(
        text,
        "
@group(0) @binding(2) var<storage, read> weights: array<{packed}>;

var<workgroup> input_tile: array<vec4<f32>, {input_size}>;
var<workgroup> weight_tile: array<vec4<f32>, {weight_size}>;

{load_input}
// Zero beyond the last; `line` counts single values of what is multiplied over.
fn load_weight(line: u32, column: u32, end: u32, parity: u32) -> vec4<f32> {{
    let is_there = line < end && column < shape.columns;
    let place = (parity * 4u * shape.depth + line) * shape.columns + column;
    let packed = weights[select(0u, place, is_there)];
    return select(vec4<f32>(), {unpacked}, is_there);
}}

@compute @workgroup_size({THREADS})
fn product(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {{
    let first_row = group.y * {rows}u;
    let first_column = group.x * {columns}u;
    let parity = group.z % {parities}u;
    let part = group.z / {parities}u;
    let lower = part * shape.depth_of_part;
    let upper = min(lower + shape.depth_of_part, shape.depth);
    let across = thread % {across}u;
    let down = thread / {across}u;
    let lane = thread % {depth}u;
",
        input_size = rows * tile.stride(),
        weight_size = tile.weights(),
        load_input = kind.load_input(),
    )?;
    for load in 0..tile.input_loads() {
        let row = format!("first_row + thread / {depth}u + {}u", load * THREADS / depth);
        writeln!(text, "    let source_{load} = find({row}, parity);")?;
        writeln!(text, "    var loaded_{load} = vec4<f32>();")?;
    }
    for load in 0..tile.weight_loads() {
        writeln!(text, "    var weight_{load} = vec4<f32>();")?;
    }
    for (r, c) in tile.places() {
        writeln!(text, "    var sum_{r}_{c} = vec4<f32>();")?;
    }
    // What is multiplied next is on its way from memory meanwhile.
    write_loads(text, tile, "lower")?;
    writeln!(text, "    for (var begin = lower; begin < upper; begin += {depth}u) {{")?;
    writeln!(text, "        workgroupBarrier();")?;
    for load in 0..tile.input_loads() {
        let place = format!("(thread / {depth}u + {}u) * {}u + lane", load * THREADS / depth, tile.stride());
        writeln!(text, "        input_tile[{place}] = loaded_{load};")?;
    }
    for load in 0..tile.weight_loads() {
        let guard = if tile.weights() < THREADS { format!("if thread < {}u ", tile.weights()) } else { String::new() };
        writeln!(text, "        {guard}{{ weight_tile[thread + {}u] = weight_{load}; }}", load * THREADS)?;
    }
    writeln!(text, "        workgroupBarrier();\n        let next = begin + {depth}u;\n        if next < upper {{")?;
    write_loads(text, tile, "next")?;
    writeln!(text, "        }}")?;
    write_multiply(text, tile)?;
    writeln!(text, "    }}")?;
    write_output(text, kind, tile)?;
    text.push_str("}\n");
    Ok(())
}

/// Loads each thread's share of the next tiles.
fn write_loads(text: &mut String, tile: Tile, begin: &str) -> std::fmt::Result {
    for load in 0..tile.input_loads() {
        writeln!(text, "        loaded_{load} = load_input(source_{load}, {begin} + lane, upper);")?;
    }
    let columns = tile.columns;
    for load in 0..tile.weight_loads() {
        let index = format!("(thread + {}u)", load * THREADS);
        let [line, column] =
            [format!("4u * {begin} + {index} / {columns}u"), format!("first_column + {index} % {columns}u")];
        writeln!(text, "        weight_{load} = load_weight({line}, {column}, 4u * upper, parity);")?;
    }
    Ok(())
}

/// Multiplies what was loaded, and adds it to each thread's sums.
fn write_multiply(text: &mut String, tile: Tile) -> std::fmt::Result {
    let Tile { columns, depth, rows_of_thread, columns_of_thread, .. } = tile;
    let (across, down) = tile.threads();
    writeln!(text, "        for (var k = 0u; k < {depth}u; k++) {{")?;
    for r in 0..rows_of_thread {
        writeln!(text, "            let row_{r} = input_tile[(down + {}u) * {}u + k];", r * down, tile.stride())?;
    }
    for (k, axis) in ["x", "y", "z", "w"].into_iter().enumerate() {
        for c in 0..columns_of_thread {
            let place = format!("(4u * k + {k}u) * {columns}u + across + {}u", c * across);
            writeln!(text, "            let line_{k}_{c} = weight_tile[{place}];")?;
            for r in 0..rows_of_thread {
                let (sum, row) = (format!("sum_{r}_{c}"), format!("row_{r}"));
                writeln!(text, "            {sum} = fma(vec4<f32>({row}.{axis}), line_{k}_{c}, {sum});")?;
            }
        }
    }
    writeln!(text, "        }}")
}

/// Writes each thread's sums where they belong.
fn write_output(text: &mut String, kind: Rows, tile: Tile) -> std::fmt::Result {
    let (across, down) = tile.threads();
    let output_row = match kind {
        Rows::Plain | Rows::Down => "row",
        Rows::Up => "(row / shape.side * 4u + parity / 2u * 2u) * shape.side + row % shape.side * 2u + parity % 2u",
    };
    for (r, c) in tile.places() {
        write!(
            text,
            "    {{
        let row = first_row + down + {row_offset}u;
        let column = first_column + across + {column_offset}u;
        if row < shape.rows && column < shape.columns {{
            let place = ({output_row}) * shape.columns + column;
            output[part * shape.size + place] = finish(sum_{r}_{c}, place, column);
        }}
    }}
",
            row_offset = r * down,
            column_offset = c * across,
        )?;
    }
    Ok(())
}
