// The 4×4 neighbourhoods, with stride 2 and padding 1, of a picture twice as wide as the output.
struct Source {
    is_row: bool,
    // Where the neighbourhood begins in its picture, and where the picture begins.
    first: vec2<i32>,
    picture: u32,
}

fn find(row: u32, parity: u32) -> Source {
    let area = shape.side * shape.side;
    let pixel = vec2<i32>(vec2<u32>(row % shape.side, row % area / shape.side));
    return Source(row < shape.rows, 2 * pixel - 1, row / area * 4u * area);
}

fn load_input(source: Source, depth: u32, end: u32) -> vec4<f32> {
    let tap = depth / shape.channels;
    let side = 2u * shape.side;
    // A pixel before the first is one far behind the last.
    let pixel = vec2<u32>(source.first + vec2<i32>(vec2<u32>(tap % 4u, tap / 4u)));
    let is_there = source.is_row && depth < end && pixel.x < side && pixel.y < side;
    let place = (source.picture + pixel.y * side + pixel.x) * shape.channels + depth % shape.channels;
    let vector = input[select(0u, place, is_there)];
    return select(vec4<f32>(), vector, is_there);
}
