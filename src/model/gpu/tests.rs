//! Compares the networks on a GPU with those on the CPU, forward and backward. Without a GPU, lavapipe is used.

use super::gemm_shader::{GemmKind, GemmTile, ShaderPrecision, gemm_shader};
use super::*;
use crate::device::{DeviceChoice, list_gpus, open};
use crate::model::cpu::tests::{assert_close, noise};
use crate::model::cpu::{CpuActivations, CpuNetworks, LoadMode};
use crate::model::{ModelChoice, TINY_MODEL, load};

/// Tolerance relative to the largest value: sums of several thousand products in another order, and the driver's tanh.
const RELATIVE: f32 = 3e-4;

/// `None` without a GPU.
pub(crate) fn any_gpu() -> Option<Gpu> {
    let Some(gpu) = list_gpus().first().map(|gpu| gpu.index) else {
        eprintln!("no GPU here: the shaders are not tested");
        return None;
    };
    open(DeviceChoice::Gpu(Some(gpu))).unwrap().device
}

/// Compares pictures, logits, the latent gradient of `Σ logits·a + Σ pictures·b`, and the encoder's output.
fn compare(file: &ModelFile, batch: usize) {
    let Some(gpu) = any_gpu() else { return };
    let networks = GpuNetworks::load(file, &gpu).unwrap();
    let host = CpuNetworks::load(file, LoadMode::Direct).unwrap();
    let (side, latent_dim) = (networks.side_px(), networks.latent_dim());
    let area = side * side;
    let latents = noise(batch * latent_dim, 1);
    let (a, b) = (noise(batch, 2), noise(batch * area * 3, 3));

    let pass = networks.plan_dispatches(batch, true);
    pass.set_latents(&networks, &latents);
    let drawn = networks.run_and_read(&pass.generator_forward, &pass.pictures, batch * area * VECTOR_LEN);
    let pictures = unpad_rows(&drawn, 3);
    let mut tape = CpuActivations::default();
    host.generate(batch, &latents, &mut tape);
    assert_close("pictures", &pictures, tape.pictures(), RELATIVE);
    assert!(drawn.iter().skip(3).step_by(4).all(|value| *value == 0.0));

    let logits = networks.run_and_read(&pass.discriminator_forward, &pass.logits, batch * VECTOR_LEN);
    let expected = host.discriminate(batch, &mut tape).unwrap();
    assert_close("logits", &unpad_rows(&logits, 1), &expected, RELATIVE);

    gpu.queue.write_buffer(&pass.logits_gradient, 0, bytemuck::cast_slice(&pad_rows(&a, 1)));
    let judged = unpad_rows(
        &networks.run_and_read(&pass.discriminator_backward, &pass.pictures_gradient, batch * area * VECTOR_LEN),
        3,
    );
    let through_tanh = |((gradient, b), picture): ((&f32, &f32), &f32)| (gradient + b) * (1.0 - picture * picture);
    let gradient: Vec<f32> = judged.iter().zip(&b).zip(&pictures).map(through_tanh).collect();
    gpu.queue.write_buffer(&pass.pictures_gradient, 0, bytemuck::cast_slice(&pad_rows(&gradient, 3)));
    let length = batch * vector_count(latent_dim) * VECTOR_LEN;
    let gradient =
        unpad_rows(&networks.run_and_read(&pass.generator_backward, &pass.latents_gradient, length), latent_dim);
    let images = tape.pictures().to_vec();
    let (_, expected) = host.backward(batch, Some(&a), &mut tape, |picture, gradient| {
        let image = images.chunks_exact(3 * area).position(|other| other == picture).unwrap();
        gradient.iter_mut().zip(&b[image * 3 * area..]).for_each(|(gradient, b)| *gradient += b);
        0.0
    });
    assert_close("gradient", &gradient, &expected, RELATIVE);

    assert_eq!(networks.generate(batch, &latents), pictures);
    let known: Vec<f32> = noise(batch * area, 4).iter().map(|value| f32::from(*value > -0.3)).collect();
    let seen = noise(batch * area * 3, 5);
    let guess = networks.encode(batch, &seen, &known).unwrap();
    assert_close("guess", &guess, &host.encode(batch, &seen, &known).unwrap(), RELATIVE);
}

#[test]
fn tiny_networks_agree_with_the_cpu() {
    for batch in [1, 3, 5] {
        compare(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), batch);
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
    for rows in [GemmKind::Dense, GemmKind::Conv, GemmKind::ConvTranspose] {
        for (tile, weights) in
            GemmTile::ALL.iter().flat_map(|tile| [ShaderPrecision::Half, ShaderPrecision::Single].map(|w| (*tile, w)))
        {
            let _ = Kernel::new(&gpu, &gemm_shader(rows, tile, weights), "gemm");
        }
    }
}

#[test]
fn rows_are_padded_to_vectors_and_back() {
    let rows = noise(15, 1);
    let wide = pad_rows(&rows, 5);
    assert_eq!((wide.len(), wide[5], &wide[8..13]), (24, 0.0, &rows[5..10]));
    assert_eq!(unpad_rows(&wide, 5), rows);
}
