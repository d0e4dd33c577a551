// The losses and their gradients. Pictures are [candidates, side, side, 4] with a zero in the fourth channel. Photos and
// pairs are [photos, side, side]; several candidates may have the same one. Each thread handles one pixel of one candidate,
// or one candidate.

struct Uniforms {
    side: u32,
    candidates: u32,
    // Prior loss. 0: non-saturating, 1: saturating.
    prior: u32,
    padding: u32,
}

// What a candidate is compared with.
struct Target {
    // Index of its photo's first pixel.
    photo: u32,
    // 0: L1, 1: L2.
    norm: u32,
    // Factors of the weighted differences: to the photo, between neighbours.
    scale: f32,
    neighbour_scale: f32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> pictures: array<vec4<f32>>;
// The photos' colours and the weight W. Both are zero in the hole.
@group(0) @binding(2) var<storage, read> photos: array<vec4<f32>>;
// Weights of a pixel's difference to the pixel on its right, and to the pixel below.
@group(0) @binding(3) var<storage, read> pairs: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> gradient: array<vec4<f32>>;
// Partial context losses of the workgroups, [candidates, workgroups].
@group(0) @binding(5) var<storage, read_write> parts: array<f32>;
@group(0) @binding(6) var<storage, read> logits: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> logits_gradient: array<vec4<f32>>;
// A loss of each candidate, and the gradient with respect to it.
@group(0) @binding(8) var<storage, read_write> losses: array<f32>;
@group(0) @binding(9) var<storage, read> loss_gradient: array<f32>;
// One for each candidate.
@group(0) @binding(10) var<storage, read> targets: array<Target>;

fn cost(difference: vec3<f32>, norm: u32) -> f32 {
    let size = select(abs(difference), difference * difference, norm == 1u);
    return size.x + size.y + size.z;
}

fn cost_gradient(difference: vec3<f32>, norm: u32) -> vec3<f32> {
    return select(sign(difference), 2.0 * difference, norm == 1u);
}

fn prior_of(logit: f32) -> f32 {
    // softplus(-logit), or its negative mirror for the saturating form.
    let x = select(-logit, logit, uniforms.prior == 1u);
    let value = max(x, 0.0) + log(1.0 + exp(-abs(x)));
    return select(value, -value, uniforms.prior == 1u);
}

fn prior_slope(logit: f32) -> f32 {
    return -1.0 / (1.0 + exp(select(logit, -logit, uniforms.prior == 1u)));
}

// The prior loss of each logit.
@compute @workgroup_size(64)
fn prior_loss(@builtin(global_invocation_id) invocation: vec3<u32>) {
    if invocation.x < uniforms.candidates {
        losses[invocation.x] = prior_of(logits[invocation.x].x);
    }
}

// Gradient of the prior losses to the gradient of the logits.
@compute @workgroup_size(64)
fn prior_loss_backward(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let c = invocation.x;
    if c < uniforms.candidates {
        logits_gradient[c] = vec4<f32>(loss_gradient[c] * prior_slope(logits[c].x), 0.0, 0.0, 0.0);
    }
}

// Picture minus photo, at a pixel of each.
fn difference(picture: u32, photo: u32) -> vec3<f32> {
    return pictures[picture].xyz - photos[photo].xyz;
}

var<workgroup> sums: array<f32, 64>;

// The context loss: one partial sum per workgroup.
@compute @workgroup_size(64)
fn context_loss(
    @builtin(global_invocation_id) invocation: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let side = uniforms.side;
    let pixel = invocation.x;
    let own = targets[group.y];
    var loss = 0.0;
    if pixel < side * side {
        let picture = group.y * side * side + pixel;
        let photo = own.photo + pixel;
        let residual = difference(picture, photo);
        loss = own.scale * photos[photo].w * cost(residual, own.norm);
        let pair = own.neighbour_scale * pairs[photo];
        if pair.x > 0.0 {
            loss += pair.x * cost(difference(picture + 1u, photo + 1u) - residual, own.norm);
        }
        if pair.y > 0.0 {
            loss += pair.y * cost(difference(picture + side, photo + side) - residual, own.norm);
        }
    }
    sums[thread] = loss;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half {
            sums[thread] += sums[thread + half];
        }
    }
    if thread == 0u {
        parts[group.y * groups.x + group.x] = sums[0];
    }
}

// Adds up the partial context losses.
@compute @workgroup_size(64)
fn sum_context_loss(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let candidate = invocation.x;
    if candidate < uniforms.candidates {
        let groups = (uniforms.side * uniforms.side + 63u) / 64u;
        var sum = 0.0;
        for (var group = 0u; group < groups; group++) {
            sum += parts[candidate * groups + group];
        }
        losses[candidate] = sum;
    }
}

fn context_slope(candidate: u32, pixel: u32) -> vec3<f32> {
    let side = uniforms.side;
    let own = targets[candidate];
    let picture = candidate * side * side + pixel;
    let photo = own.photo + pixel;
    let residual = difference(picture, photo);
    var sum = own.scale * photos[photo].w * cost_gradient(residual, own.norm);
    let pair = own.neighbour_scale * pairs[photo];
    if pair.x > 0.0 {
        sum -= pair.x * cost_gradient(difference(picture + 1u, photo + 1u) - residual, own.norm);
    }
    if pair.y > 0.0 {
        sum -= pair.y * cost_gradient(difference(picture + side, photo + side) - residual, own.norm);
    }
    if pixel % side > 0u {
        let weight = own.neighbour_scale * pairs[photo - 1u].x;
        if weight > 0.0 {
            sum += weight * cost_gradient(residual - difference(picture - 1u, photo - 1u), own.norm);
        }
    }
    if pixel >= side {
        let weight = own.neighbour_scale * pairs[photo - side].y;
        if weight > 0.0 {
            sum += weight * cost_gradient(residual - difference(picture - side, photo - side), own.norm);
        }
    }
    return sum;
}

// Gradient of the context losses to the gradient of the pictures.
@compute @workgroup_size(64)
fn context_loss_backward(@builtin(global_invocation_id) invocation: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let pixel = invocation.x;
    let area = uniforms.side * uniforms.side;
    if pixel < area {
        let picture = group.y * area + pixel;
        gradient[picture] = vec4<f32>(loss_gradient[group.y] * context_slope(group.y, pixel), 0.0);
    }
}

// Through the tanh of G.
@compute @workgroup_size(64)
fn tanh_backward(@builtin(global_invocation_id) invocation: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let pixel = invocation.x;
    let area = uniforms.side * uniforms.side;
    if pixel < area {
        let picture = group.y * area;
        let generated = pictures[picture + pixel].xyz;
        gradient[picture + pixel] = vec4<f32>(gradient[picture + pixel].xyz * (1.0 - generated * generated), 0.0);
    }
}
