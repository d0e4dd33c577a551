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
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
// The output of a layer, where its gradient is taken through the activation.
@group(0) @binding(4) var<storage, read> drawn: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> output: array<vec4<f32>>;

const LEAKY_SLOPE = 0.2;

fn finish(sum: vec4<f32>, place: u32, column: u32) -> vec4<f32> {
    switch shape.finish {
        case 1u: { return sum + bias[column]; }
        case 2u: { return max(sum + bias[column], vec4<f32>()); }
        case 3u: {
            let value = sum + bias[column];
            return max(value, LEAKY_SLOPE * value);
        }
        // Some drivers' tanh overflows.
        case 4u: { return tanh(clamp(sum + bias[column], vec4<f32>(-10.0), vec4<f32>(10.0))); }
        case 5u: { return select(vec4<f32>(), sum, drawn[place] > vec4<f32>()); }
        case 6u: { return select(LEAKY_SLOPE * sum, sum, drawn[place] > vec4<f32>()); }
        default: { return sum; }
    }
}
