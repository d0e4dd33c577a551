//! Compares the networks on a GPU with those on the CPU, forward and backward. Without a GPU, lavapipe is used.

use super::gemm_shader::{GemmKind, GemmTile, ShaderPrecision, gemm_shader};
use super::kernel::run_and_read;
use super::*;
pub(crate) use crate::device::test_gpu::any_gpu;
use crate::model::cpu::tests::{assert_close, noise, with_kernel};
use crate::model::cpu::{CpuActivations, CpuNetworks, LoadMode};
use crate::model::plan::ConvKernel;
use crate::model::{ModelChoice, TINY_MODEL, load};

/// Tolerance relative to the largest value: sums of several thousand products in another order, and the driver's tanh.
const RELATIVE: f32 = 3e-4;

/// Compares pictures, logits, the latent gradient of `Σ logits·a + Σ pictures·b`, and the encoder's output.
fn compare(file: &ModelFile, batch: usize) {
    let Some(gpu) = any_gpu() else { return };
    let networks = GpuNetworks::load(file, &gpu).unwrap();
    let cpu = CpuNetworks::load(file, LoadMode::Direct).unwrap();
    let (side, latent_dim) = (networks.side_px(), networks.latent_dim());
    let area = side * side;
    let latents = noise(batch * latent_dim, 1);
    let (a, b) = (noise(batch, 2), noise(batch * area * 3, 3));

    let plan = networks.plan_dispatches(batch, true);
    plan.set_latents(&networks, &latents);
    let padded_pictures = run_and_read(&gpu, &plan.generator_forward, &plan.pictures, batch * area * VECTOR_LEN);
    let pictures = unpad_rows(&padded_pictures, 3);
    let mut activations = CpuActivations::default();
    let cpu_pictures = cpu.generate(batch, &latents, &mut activations);
    assert_close("pictures", &pictures, &cpu_pictures, RELATIVE);
    assert!(padded_pictures.iter().skip(3).step_by(4).all(|value| *value == 0.0));

    let logits = run_and_read(&gpu, &plan.discriminator_forward, &plan.logits, batch * VECTOR_LEN);
    let expected = cpu.discriminate(batch, &cpu_pictures, &mut activations).unwrap();
    assert_close("logits", &unpad_rows(&logits, 1), &expected, RELATIVE);

    gpu.queue.write_buffer(&plan.logits_gradient, 0, bytemuck::cast_slice(&pad_rows(&a, 1)));
    let d_gradient = unpad_rows(
        &run_and_read(&gpu, &plan.discriminator_backward, &plan.pictures_gradient, batch * area * VECTOR_LEN),
        3,
    );
    let through_tanh = |((gradient, b), picture): ((&f32, &f32), &f32)| (gradient + b) * (1.0 - picture * picture);
    let gradient: Vec<f32> = d_gradient.iter().zip(&b).zip(&pictures).map(through_tanh).collect();
    gpu.queue.write_buffer(&plan.pictures_gradient, 0, bytemuck::cast_slice(&pad_rows(&gradient, 3)));
    let length = batch * vector_count(latent_dim) * VECTOR_LEN;
    let gradient =
        unpad_rows(&run_and_read(&gpu, &plan.generator_backward, &plan.latents_gradient, length), latent_dim);
    let mut expected = cpu.discriminate_backward(&a, &mut activations).unwrap();
    expected.iter_mut().zip(&b).for_each(|(gradient, b)| *gradient += b);
    let expected = cpu.generate_backward(batch, &cpu_pictures, &mut expected, &mut activations);
    assert_close("gradient", &gradient, &expected, RELATIVE);

    assert_eq!(networks.generate(batch, &latents), pictures);
    let known: Vec<f32> = noise(batch * area, 4).iter().map(|value| f32::from(*value > -0.3)).collect();
    let inputs = noise(batch * area * 3, 5);
    let guess = networks.encode(batch, &inputs, &known).unwrap();
    assert_close("guess", &guess, &cpu.encode(batch, &inputs, &known).unwrap(), RELATIVE);
}

#[test]
fn tiny_networks_agree_with_the_cpu() {
    for batch in [1, 3, 5] {
        compare(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), batch);
    }
}

#[test]
fn large_kernels_agree_with_the_cpu() {
    for size in 4..=6 {
        for batch in [1, 3] {
            compare(&with_kernel(size), batch);
        }
    }
}

#[test]
fn built_in_networks_agree_with_the_cpu() {
    for choice in ModelChoice::BUILT_IN {
        compare(&load(&choice).unwrap(), 2);
    }
}

#[test]
fn every_generated_shader_compiles() {
    let Some(gpu) = any_gpu() else { return };
    let kernels = (4..=6).filter_map(ConvKernel::new);
    let kinds = kernels.flat_map(|kernel| [GemmKind::Conv(kernel), GemmKind::ConvTranspose(kernel)]);
    for kind in std::iter::once(GemmKind::Dense).chain(kinds) {
        for (tile, precision) in
            GemmTile::ALL.iter().flat_map(|tile| [ShaderPrecision::Half, ShaderPrecision::Single].map(|w| (*tile, w)))
        {
            let _ = Kernel::new(&gpu, &gemm_shader(kind, tile, precision), "gemm");
        }
    }
}

#[test]
fn rows_are_padded_to_vectors_and_back() {
    let rows = noise(15, 1);
    let padded = pad_rows(&rows, 5);
    assert_eq!((padded.len(), padded[5], &padded[8..13]), (24, 0.0, &rows[5..10]));
    assert_eq!(unpad_rows(&padded, 5), rows);
}
