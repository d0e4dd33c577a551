// The context loss and the gradients of the losses with respect to the pictures. Pictures are [candidates, side, side,
// 4] with a zero in the fourth channel. Values per pixel are [side, side]. Each thread handles one pixel of one
// candidate.

struct Uniforms {
    side: u32,
    candidates: u32,
    // 0: L1, 1: L2.
    norm: u32,
    // Prior loss. 0: non-saturating, 1: saturating.
    prior: u32,
    // Whether there is a prior loss.
    has_prior: u32,
    lambda: f32,
    // Factors of the weighted differences: to the photo, between neighbours.
    scale: f32,
    neighbour_scale: f32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> pictures: array<vec4<f32>>;
// The photo's colour and the weight W. Both are zero in the hole.
@group(0) @binding(2) var<storage, read> photo: array<vec4<f32>>;
// Weights of a pixel's difference to the pixel on its right, and to the pixel below.
@group(0) @binding(3) var<storage, read> pairs: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> gradient: array<vec4<f32>>;
// Partial context losses of the workgroups, [candidates, workgroups].
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read> logits: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> logits_gradient: array<vec4<f32>>;

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
