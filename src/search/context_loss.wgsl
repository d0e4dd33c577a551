// The context loss and the gradients of the losses with respect to the pictures. Pictures are [candidates, side, side,
// 4] with a zero in the fourth channel. Values per pixel are [side, side]. Each thread handles one pixel of one
// candidate.

struct Uniforms {
    side: u32,
    candidates: u32,
    // Radius of the window of the symmetry loss.
    radius: u32,
    // 0: L1, 1: L2.
    norm: u32,
    // Prior loss. 0: non-saturating, 1: saturating.
    prior: u32,
    // Whether there are a prior loss and a symmetry loss.
    has_prior: u32,
    has_symmetry: u32,
    lambda: f32,
    // Factors of the weighted differences: to the photo, between neighbours, to the mirrored photo.
    scale: f32,
    neighbour_scale: f32,
    symmetry_scale: f32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> pictures: array<vec4<f32>>;
// The photo's colour and the weight W. Both are zero in the hole.
@group(0) @binding(2) var<storage, read> photo: array<vec4<f32>>;
// Weights of a pixel's difference to the pixel on its right, and to the pixel below.
@group(0) @binding(3) var<storage, read> pairs: array<vec2<f32>>;
// The mirrored photo's colour and 1 at the compared pixels, else 0.
@group(0) @binding(4) var<storage, read> mirror: array<vec4<f32>>;
// 1 / number of compared pixels in the window around each pixel.
@group(0) @binding(5) var<storage, read> inverse_counts: array<f32>;
// Window sums along rows.
@group(0) @binding(6) var<storage, read_write> rows: array<vec4<f32>>;
// Symmetry loss of each pixel (w), and its gradient with respect to the difference less the mean (xyz).
@group(0) @binding(7) var<storage, read_write> symmetry_gradient: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> gradient: array<vec4<f32>>;
// Partial context losses of the workgroups, [candidates, workgroups].
@group(0) @binding(9) var<storage, read_write> losses: array<f32>;
@group(0) @binding(10) var<storage, read> logits: array<vec4<f32>>;
@group(0) @binding(11) var<storage, read_write> logits_gradient: array<vec4<f32>>;

fn cost(difference: vec3<f32>) -> f32 {
    let size = select(abs(difference), difference * difference, uniforms.norm == 1u);
    return size.x + size.y + size.z;
}

fn cost_gradient(difference: vec3<f32>) -> vec3<f32> {
    return select(sign(difference), 2.0 * difference, uniforms.norm == 1u);
}

// Gradient of lambda times the prior loss with respect to the logits.
@compute @workgroup_size(64)
fn prior_gradient(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let candidate = invocation.x;
    if candidate >= uniforms.candidates {
        return;
    }
    let logit = logits[candidate].x;
    let share = 1.0 / (1.0 + exp(select(logit, -logit, uniforms.prior == 1u)));
    logits_gradient[candidate] = vec4<f32>(-uniforms.lambda * share, 0.0, 0.0, 0.0);
}

// First and last index of the window around an index, along one axis.
fn window(index: u32) -> vec2<u32> {
    return vec2<u32>(index - min(index, uniforms.radius), min(index + uniforms.radius, uniforms.side - 1u));
}

// Window sums, along rows, of the differences to the mirrored photo.
@compute @workgroup_size(64)
fn sum_rows_of_differences(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let side = uniforms.side;
    let pixel = invocation.x;
    if pixel >= side * side {
        return;
    }
    let picture = invocation.y * side * side;
    let range = pixel - pixel % side + window(pixel % side);
    var sum = vec4<f32>();
    for (var other = range.x; other <= range.y; other++) {
        sum += mirror[other].w * (pictures[picture + other] - mirror[other]);
    }
    rows[picture + pixel] = sum;
}

fn sum_columns(picture: u32, pixel: u32) -> vec3<f32> {
    let side = uniforms.side;
    let range = window(pixel / side);
    var sum = vec3<f32>();
    for (var row = range.x; row <= range.y; row++) {
        sum += rows[picture + row * side + pixel % side].xyz;
    }
    return sum;
}

// Symmetry loss: the cost of the differences after subtracting their local means.
@compute @workgroup_size(64)
fn symmetry_loss(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let area = uniforms.side * uniforms.side;
    let pixel = invocation.x;
    if pixel >= area {
        return;
    }
    let picture = invocation.y * area;
    let mean = inverse_counts[pixel] * sum_columns(picture, pixel);
    let difference = pictures[picture + pixel].xyz - mirror[pixel].xyz - mean;
    let scale = uniforms.symmetry_scale * mirror[pixel].w;
    symmetry_gradient[picture + pixel] = scale * vec4<f32>(cost_gradient(difference), cost(difference));
}

// Window sums, along rows, of the gradients: each difference also contributes to the means around it.
@compute @workgroup_size(64)
fn sum_rows_of_gradients(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let side = uniforms.side;
    let pixel = invocation.x;
    if pixel >= side * side {
        return;
    }
    let picture = invocation.y * side * side;
    let range = pixel - pixel % side + window(pixel % side);
    var sum = vec4<f32>();
    for (var other = range.x; other <= range.y; other++) {
        sum += inverse_counts[other] * symmetry_gradient[picture + other];
    }
    rows[picture + pixel] = sum;
}

fn difference(picture: u32, pixel: u32) -> vec3<f32> {
    return pictures[picture + pixel].xyz - photo[pixel].xyz;
}

var<workgroup> sums: array<f32, 64>;

// The context loss, and the gradient of all losses before the generator's tanh.
@compute @workgroup_size(64)
fn context_loss(
    @builtin(global_invocation_id) invocation: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let side = uniforms.side;
    let pixel = invocation.x;
    let picture = group.y * side * side;
    var loss = 0.0;
    if pixel < side * side {
        var sum = vec3<f32>();
        if uniforms.has_prior == 1u {
            sum = gradient[picture + pixel].xyz;
        }
        let residual = difference(picture, pixel);
        let weight = uniforms.scale * photo[pixel].w;
        loss = weight * cost(residual);
        sum += weight * cost_gradient(residual);
        let pair = uniforms.neighbour_scale * pairs[pixel];
        if pair.x > 0.0 {
            let change = difference(picture, pixel + 1u) - residual;
            loss += pair.x * cost(change);
            sum -= pair.x * cost_gradient(change);
        }
        if pair.y > 0.0 {
            let change = difference(picture, pixel + side) - residual;
            loss += pair.y * cost(change);
            sum -= pair.y * cost_gradient(change);
        }
        if pixel % side > 0u {
            let weight = uniforms.neighbour_scale * pairs[pixel - 1u].x;
            if weight > 0.0 {
                sum += weight * cost_gradient(residual - difference(picture, pixel - 1u));
            }
        }
        if pixel >= side {
            let weight = uniforms.neighbour_scale * pairs[pixel - side].y;
            if weight > 0.0 {
                sum += weight * cost_gradient(residual - difference(picture, pixel - side));
            }
        }
        if uniforms.has_symmetry == 1u {
            let mirrored = symmetry_gradient[picture + pixel];
            loss += mirrored.w;
            sum += mirrored.xyz - mirror[pixel].w * sum_columns(picture, pixel);
        }
        let generated = pictures[picture + pixel].xyz;
        gradient[picture + pixel] = vec4<f32>(sum * (1.0 - generated * generated), 0.0);
    }
    sums[thread] = loss;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half {
            sums[thread] += sums[thread + half];
        }
    }
    if thread == 0u {
        losses[group.y * groups.x + group.x] = sums[0];
    }
}
