// Adds up the partial sums of a GEMM.
@compute @workgroup_size(64)
fn total(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let place = invocation.x;
    if place >= shape.size {
        return;
    }
    var sum = vec4<f32>();
    for (var part = 0u; part < shape.parts; part++) {
        sum += input[part * shape.size + place];
    }
    output[place] = finish(sum, place, place % shape.columns);
}
