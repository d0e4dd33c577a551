// Dense input: rows of a matrix.
fn find_patch(row: u32, parity: u32) -> u32 {
    return row;
}

fn load_input(row: u32, depth: u32, end: u32) -> vec4<f32> {
    let in_range = row < shape.rows && depth < end;
    let vector = input[select(0u, row * shape.depth + depth, in_range)];
    return select(vec4<f32>(), vector, in_range);
}
