// What a matrix product and the sum of its parts share: what they read and write, and what is done with each finished value.

struct Shape {
    // Rows of the input, [rows, depth]; where those are pixels, their picture is `side` wide.
    rows: u32,
    side: u32,
    // In vectors of four values: what a row is multiplied over, in all and in one part of it.
    depth: u32,
    depth_of_part: u32,
    // In vectors: columns of the weights, and channels of the picture that is read.
    columns: u32,
    channels: u32,
    parts: u32,
    // Vectors of the output.
    size: u32,
    finish: u32,
    // Of an activation, below zero.
    slope: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
// The output of a layer, where its gradient is taken through the activation.
@group(0) @binding(4) var<storage, read> drawn: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> output: array<vec4<f32>>;

// 0: nothing. 1: the bias is added and negative values are multiplied by the slope. 2: the bias is added, and tanh applied.
// 3: a gradient is multiplied by the slope where the layer's output is not positive.
fn finish(sum: vec4<f32>, place: u32, column: u32) -> vec4<f32> {
    switch shape.finish {
        case 1u: {
            let value = sum + bias[column];
            return max(value, shape.slope * value);
        }
        // Some drivers' tanh overflows.
        case 2u: { return tanh(clamp(sum + bias[column], vec4<f32>(-10.0), vec4<f32>(10.0))); }
        case 3u: { return select(shape.slope * sum, sum, drawn[place] > vec4<f32>()); }
        default: { return sum; }
    }
}
