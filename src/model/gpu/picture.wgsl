// Where a row's neighbourhood lies.
struct Source {
    is_row: bool,
    // Its first pixel, and where its picture begins.
    first: vec2<i32>,
    picture: u32,
}

// A vector of a pixel's channels, for a picture so wide.
fn load_pixel(source: Source, pixel: vec2<i32>, side: u32, depth: u32, end: u32) -> vec4<f32> {
    // A pixel before the first is one far behind the last.
    let place = vec2<u32>(pixel);
    let is_there = source.is_row && depth < end && place.x < side && place.y < side;
    let vector_place = (source.picture + place.y * side + place.x) * shape.channels + depth % shape.channels;
    let vector = input[select(0u, vector_place, is_there)];
    return select(vec4<f32>(), vector, is_there);
}

