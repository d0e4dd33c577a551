// Bindings and epilogue of the GEMM, and of the dispatch that adds up its partial sums.

struct Shape {
    // Rows of the input matrix [rows, depth]. If they are pixels, `side` is the side of their picture.
    rows: u32,
    side: u32,
    // Inner dimension, and the length of one split-K part of it, in vectors of four values.
    depth: u32,
    depth_of_part: u32,
    // Columns of the weights, and channels of the input picture, in vectors.
    columns: u32,
    channels: u32,
    parts: u32,
    // Output size in vectors.
    size: u32,
    epilogue: u32,
    // Slope of the activation below zero.
    slope: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
// Output of the activation, for its derivative.
@group(0) @binding(4) var<storage, read> activations: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> output: array<vec4<f32>>;

// Epilogues. 0: none. 1: add the bias, then multiply negative values by the slope. 2: add the bias, then tanh. 3:
// multiply a gradient by the slope where the activation's output is not positive.
fn epilogue(sum: vec4<f32>, index: u32, column: u32) -> vec4<f32> {
    switch shape.epilogue {
        case 1u: {
            let value = sum + bias[column];
            return max(value, shape.slope * value);
        }
        // Some drivers' tanh overflows.
        case 2u: { return tanh(clamp(sum + bias[column], vec4<f32>(-10.0), vec4<f32>(10.0))); }
        case 3u: { return select(shape.slope * sum, sum, activations[index] > vec4<f32>()); }
        default: { return sum; }
    }
}
