// Convolution input: patches, with stride 2, of a picture with twice the output's side.
fn find_patch(row: u32, parity: u32) -> Patch {
    let area = shape.side * shape.side;
    let pixel = vec2<i32>(vec2<u32>(row % shape.side, row % area / shape.side));
    return Patch(row < shape.rows, 2 * pixel - i32(PADDING), row / area * 4u * area);
}

fn load_input(input_patch: Patch, depth: u32, end: u32) -> vec4<f32> {
    let tap = depth / shape.channels;
    let pixel = input_patch.first + vec2<i32>(vec2<u32>(tap % PATCH_SIDE, tap / PATCH_SIDE));
    return load_pixel(input_patch, pixel, 2u * shape.side, depth, end);
}
