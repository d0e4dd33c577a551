// Transposed convolution input: patches of a picture with half the output's side, lower right pixel first, for each
// parity of the output's row and column.
fn find_patch(row: u32, parity: u32) -> Patch {
    let area = shape.side * shape.side;
    let reach = (vec2<u32>(parity % 2u, parity / 2u) + PADDING) / 2u;
    let pixel = vec2<u32>(row % shape.side, row % area / shape.side) + reach;
    return Patch(row < shape.rows, vec2<i32>(pixel), row / area * area);
}

fn load_input(input_patch: Patch, depth: u32, end: u32) -> vec4<f32> {
    let tap = depth / shape.channels;
    let pixel = input_patch.first - vec2<i32>(vec2<u32>(tap % PATCH_SIDE, tap / PATCH_SIDE));
    return load_pixel(input_patch, pixel, shape.side, depth, end);
}
