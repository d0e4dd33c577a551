// Adds up the partial sums of a GEMM.
@compute @workgroup_size(64)
fn sum_parts(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let index = invocation.x;
    if index >= shape.size {
        return;
    }
    var sum = vec4<f32>();
    for (var part = 0u; part < shape.parts; part++) {
        sum += input[part * shape.size + index];
    }
    output[index] = epilogue(sum, index, index % shape.columns);
}
