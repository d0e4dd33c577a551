// The patch of an input row.
struct Patch {
    is_row: bool,
    // First pixel of the patch, and first pixel of its picture in the buffer.
    first: vec2<i32>,
    picture: u32,
}

// One vector of a pixel's channels, from a picture of this side. Zero outside the picture.
fn load_pixel(input_patch: Patch, pixel: vec2<i32>, side: u32, depth: u32, end: u32) -> vec4<f32> {
    // A negative coordinate becomes a large unsigned one, which is out of range.
    let index = vec2<u32>(pixel);
    let in_range = input_patch.is_row && depth < end && index.x < side && index.y < side;
    let vector_index = (input_patch.picture + index.y * side + index.x) * shape.channels + depth % shape.channels;
    let vector = input[select(0u, vector_index, in_range)];
    return select(vec4<f32>(), vector, in_range);
}
