//! Generates the GEMM shader. A workgroup of 64 threads computes one tile of the output. Each thread computes some rows
//! and columns of it in named variables, so that every driver keeps them in registers.
//!
//! The im2col is implicit: the shader gathers the input rows from the picture as it loads them. A transposed
//! convolution is computed as four convolutions of the smaller picture (with 2×2 kernels for a 4×4 one), one for each
//! parity of the output's row and column.

use std::fmt::Write as _;

use crate::model::plan::ConvKernel;

/// The shader that adds up the partial sums of a GEMM.
pub(super) const SUM_PARTS_SHADER: &str = concat!(include_str!("gemm.wgsl"), include_str!("sum_parts.wgsl"));

/// Threads per workgroup.
pub(super) const WORKGROUP_SIZE: usize = 64;

/// How the rows of the input matrix are made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum GemmKind {
    /// Matrix rows, for a dense layer.
    Dense,
    /// Convolution: patches with stride 2 of a picture with twice the output's side.
    Conv(ConvKernel),
    /// Transposed convolution: patches of a picture with half the output's side, for each row and column parity.
    ConvTranspose(ConvKernel),
}

impl GemmKind {
    /// Number of GEMMs, with different weights, that make one output.
    pub fn parity_count(self) -> usize {
        match self {
            Self::Dense | Self::Conv(_) => 1,
            Self::ConvTranspose(_) => 4,
        }
    }

    /// WGSL that loads one vector of an input row, or zero outside the picture or the matrix.
    fn input_loader(self) -> String {
        let (patch_side, padding, loader) = match self {
            Self::Dense => return include_str!("dense.wgsl").into(),
            Self::Conv(kernel) => (kernel.size(), kernel.padding(), include_str!("conv.wgsl")),
            Self::ConvTranspose(kernel) => (kernel.neighbours(), kernel.padding(), include_str!("conv_transpose.wgsl")),
        };
        let load_pixel = include_str!("load_pixel.wgsl");
        format!("const PATCH_SIDE = {patch_side}u;\nconst PADDING = {padding}u;\n{load_pixel}{loader}")
    }
}

/// The part of the output that one workgroup computes. Columns are counted in vectors of four.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct GemmTile {
    pub rows: usize,
    pub columns: usize,
    /// The part of the tile that one thread computes.
    thread_rows: usize,
    thread_columns: usize,
    /// Vectors of the inner dimension that are loaded at once.
    pub depth: usize,
}

const MANY_ROWS_TILE: GemmTile = GemmTile { rows: 64, columns: 16, thread_rows: 8, thread_columns: 2, depth: 4 };
const FEW_ROWS_TILE: GemmTile = GemmTile { rows: 16, columns: 16, thread_rows: 4, thread_columns: 1, depth: 8 };
const RGB_TILE: GemmTile = GemmTile { rows: 64, columns: 1, thread_rows: 1, thread_columns: 1, depth: 4 };

impl GemmTile {
    pub fn for_size(rows: usize, columns: usize) -> Self {
        if columns == 1 && rows > FEW_ROWS_TILE.rows {
            RGB_TILE
        } else if rows <= 2 * FEW_ROWS_TILE.rows {
            FEW_ROWS_TILE
        } else {
            MANY_ROWS_TILE
        }
    }

    /// Thread layout: threads along the columns (adjacent in memory), threads along the rows.
    fn thread_grid(self) -> (usize, usize) {
        (self.columns / self.thread_columns, self.rows / self.thread_rows)
    }

    /// Row and column of each output vector of a thread.
    fn thread_outputs(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.thread_rows).flat_map(move |row| (0..self.thread_columns).map(move |column| (row, column)))
    }

    /// Vectors from one input row to the next in shared memory: one more than needed, to avoid bank conflicts.
    fn input_stride(self) -> usize {
        self.depth + 1
    }

    /// Weight vectors per load of the workgroup.
    fn weight_vectors(self) -> usize {
        4 * self.depth * self.columns
    }

    /// Vectors that each thread loads at once: of the input, and of the weights.
    fn input_loads(self) -> usize {
        (self.rows * self.depth).div_ceil(WORKGROUP_SIZE)
    }

    fn weight_loads(self) -> usize {
        self.weight_vectors().div_ceil(WORKGROUP_SIZE)
    }

    #[cfg(test)]
    pub const ALL: [Self; 3] = [MANY_ROWS_TILE, FEW_ROWS_TILE, RGB_TILE];
}

/// Number format of the weights.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum ShaderPrecision {
    /// f16.
    Half,
    /// f32.
    Single,
}

impl ShaderPrecision {
    /// WGSL type of four packed weights, and the expression that unpacks them.
    fn wgsl_type_and_unpack(self) -> [&'static str; 2] {
        match self {
            Self::Half => ["vec2<u32>", "vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y))"],
            Self::Single => ["vec4<f32>", "packed"],
        }
    }
}

/// The GEMM shader for one kind of input rows and one tile size.
pub(super) fn gemm_shader(kind: GemmKind, tile: GemmTile, precision: ShaderPrecision) -> String {
    let mut text = String::from(include_str!("gemm.wgsl"));
    // Writing to a string cannot fail.
    let _ = write_main(&mut text, kind, tile, precision);
    text
}

fn write_main(text: &mut String, kind: GemmKind, tile: GemmTile, precision: ShaderPrecision) -> std::fmt::Result {
    let GemmTile { rows, columns, depth, .. } = tile;
    let (across, _) = tile.thread_grid();
    let (parities, stride, weight_size) = (kind.parity_count(), tile.input_stride(), tile.weight_vectors());
    let [packed, unpacked] = precision.wgsl_type_and_unpack();
    write!(
        text,
        "
@group(0) @binding(2) var<storage, read> weights: array<{packed}>;

var<workgroup> input_tile: array<vec4<f32>, {input_size}>;
var<workgroup> weight_tile: array<vec4<f32>, {weight_size}>;

{load_input}
// Zero outside the matrix. `line` counts single values of the inner dimension.
fn load_weight(line: u32, column: u32, end: u32, parity: u32) -> vec4<f32> {{
    let in_range = line < end && column < shape.columns;
    let index = (parity * 4u * shape.depth + line) * shape.columns + column;
    let packed = weights[select(0u, index, in_range)];
    return select(vec4<f32>(), {unpacked}, in_range);
}}

@compute @workgroup_size({WORKGROUP_SIZE})
fn gemm(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {{
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
        input_size = rows * stride,
        load_input = kind.input_loader(),
    )?;
    for load in 0..tile.input_loads() {
        let row = format!("first_row + thread / {depth}u + {}u", load * WORKGROUP_SIZE / depth);
        writeln!(text, "    let patch_{load} = find_patch({row}, parity);")?;
        writeln!(text, "    var loaded_{load} = vec4<f32>();")?;
    }
    for load in 0..tile.weight_loads() {
        writeln!(text, "    var weight_{load} = vec4<f32>();")?;
    }
    for (r, c) in tile.thread_outputs() {
        writeln!(text, "    var sum_{r}_{c} = vec4<f32>();")?;
    }
    // The next values are loaded from memory while these are multiplied.
    write_loads(text, tile, "lower")?;
    writeln!(text, "    for (var begin = lower; begin < upper; begin += {depth}u) {{")?;
    writeln!(text, "        workgroupBarrier();")?;
    for load in 0..tile.input_loads() {
        let index = format!("(thread / {depth}u + {}u) * {stride}u + lane", load * WORKGROUP_SIZE / depth);
        writeln!(text, "        input_tile[{index}] = loaded_{load};")?;
    }
    for load in 0..tile.weight_loads() {
        let guard = if weight_size < WORKGROUP_SIZE { format!("if thread < {weight_size}u ") } else { String::new() };
        writeln!(text, "        {guard}{{ weight_tile[thread + {}u] = weight_{load}; }}", load * WORKGROUP_SIZE)?;
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

/// Loads each thread's share of the next input and weight tiles.
fn write_loads(text: &mut String, tile: GemmTile, begin: &str) -> std::fmt::Result {
    for load in 0..tile.input_loads() {
        writeln!(text, "        loaded_{load} = load_input(patch_{load}, {begin} + lane, upper);")?;
    }
    let columns = tile.columns;
    for load in 0..tile.weight_loads() {
        let index = format!("(thread + {}u)", load * WORKGROUP_SIZE);
        let [line, column] =
            [format!("4u * {begin} + {index} / {columns}u"), format!("first_column + {index} % {columns}u")];
        writeln!(text, "        weight_{load} = load_weight({line}, {column}, 4u * upper, parity);")?;
    }
    Ok(())
}

/// Multiplies the loaded tiles and adds the products to each thread's sums.
fn write_multiply(text: &mut String, tile: GemmTile) -> std::fmt::Result {
    let GemmTile { columns, depth, thread_rows, thread_columns, .. } = tile;
    let (across, down) = tile.thread_grid();
    writeln!(text, "        for (var k = 0u; k < {depth}u; k++) {{")?;
    for r in 0..thread_rows {
        writeln!(text, "            let row_{r} = input_tile[(down + {}u) * {}u + k];", r * down, tile.input_stride())?;
    }
    for (k, axis) in ["x", "y", "z", "w"].into_iter().enumerate() {
        for c in 0..thread_columns {
            let index = format!("(4u * k + {k}u) * {columns}u + across + {}u", c * across);
            writeln!(text, "            let line_{k}_{c} = weight_tile[{index}];")?;
            for r in 0..thread_rows {
                let (sum, row) = (format!("sum_{r}_{c}"), format!("row_{r}"));
                writeln!(text, "            {sum} = fma(vec4<f32>({row}.{axis}), line_{k}_{c}, {sum});")?;
            }
        }
    }
    writeln!(text, "        }}")
}

/// Writes each thread's sums to the output.
fn write_output(text: &mut String, kind: GemmKind, tile: GemmTile) -> std::fmt::Result {
    let (across, down) = tile.thread_grid();
    let output_row = if matches!(kind, GemmKind::ConvTranspose(_)) {
        "(row / shape.side * 4u + parity / 2u * 2u) * shape.side + row % shape.side * 2u + parity % 2u"
    } else {
        "row"
    };
    for (r, c) in tile.thread_outputs() {
        write!(
            text,
            "    {{
        let row = first_row + down + {row_offset}u;
        let column = first_column + across + {column_offset}u;
        if row < shape.rows && column < shape.columns {{
            let index = ({output_row}) * shape.columns + column;
            output[part * shape.size + index] = epilogue(sum_{r}_{c}, index, column);
        }}
    }}
",
            row_offset = r * down,
            column_offset = c * across,
        )?;
    }
    Ok(())
}
