//! Compares the gradient of the context loss with finite differences, on every device.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::{SearchPass, context_loss, generate};
use crate::model::cpu::CpuPrecision;
use crate::model::gpu::tests::any_gpu;
use crate::model::{ModelFile, Networks, TINY_MODEL, read_values};
use crate::restore::ImageTask;
use crate::search::tests::rules::{SIZE_PX, one_sided};
use crate::search::{ContextSettings, Norm, Preset, Reduction, Search, SearchProblem, Settings, Starts};

const BATCH: usize = 3;
/// Factors of the losses of the pictures.
const FACTORS: [f32; BATCH] = [1.0, 0.5, -2.0];

fn context_settings() -> impl Iterator<Item = ContextSettings> {
    let forms = [
        (Reduction::Mean, Norm::L1, 0.0),
        (Reduction::Sum, Norm::L2, 0.0),
        (Reduction::Mean, Norm::L1, 3.0),
        (Reduction::Sum, Norm::L2, 0.5),
    ];
    let settings =
        |(reduction, norm, gradient)| ContextSettings { reduction, norm, gradient, window_px: 5, focus: 0.5 };
    forms.into_iter().map(settings)
}

/// The tiny networks on each available device.
fn on_every_device() -> impl Iterator<Item = Arc<Networks>> {
    let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
    let on_gpu = any_gpu().map(|gpu| Networks::load_on_gpu(&file, &gpu).unwrap());
    std::iter::once(Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap()).chain(on_gpu).map(Arc::new)
}

/// Losses of pictures `[BATCH, side, side, 3]`, and the gradient of their sum with the [`FACTORS`].
fn losses_and_gradient(pictures: &[f32], networks: &Networks, pass: &Arc<SearchPass>) -> [Vec<f32>; 2] {
    let device = &networks.device();
    let channels = pass.activations.picture_channels();
    let pad = |pixel: &[f32]| [pixel, &[0.0][..channels - 3]].concat();
    let padded: Vec<f32> = pictures.chunks(3).flat_map(pad).collect();
    let shape = [BATCH, SIZE_PX, SIZE_PX, channels];
    let pictures = Tensor::<4>::from_data(TensorData::new(padded, shape), device).autodiff().require_grad();
    let factors = Tensor::<1>::from_data(FACTORS, device).autodiff();
    let losses = context_loss(pictures.clone(), pass);
    let gradient = pictures.grad(&(losses.clone() * factors).backward()).unwrap();
    let gradient = read_values(gradient).chunks(channels).flat_map(|pixel| pixel[..3].to_vec()).collect();
    [read_values(losses.inner()), gradient]
}

#[test]
fn context_gradient_matches_finite_differences() {
    const STEP: f32 = 0.01;
    let length = SIZE_PX * SIZE_PX * 3;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let pictures: Vec<f32> = (0..BATCH * length).map(|index| (index as f32 * 0.7).sin()).collect();
    for (networks, context) in
        on_every_device().flat_map(|networks| context_settings().map(move |c| (networks.clone(), c)))
    {
        let settings = Settings { context, candidates: 3, ..Preset::Blog.settings() };
        let pass = SearchPass::new(networks.clone(), &one_sided(), &settings);
        let [losses, gradient] = losses_and_gradient(&pictures, &networks, &pass);
        let scale = gradient.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        assert!(losses.iter().all(|loss| *loss > 0.0) && scale > 0.0);
        let mut compared = 0;
        for index in (0..pictures.len()).step_by(17) {
            let moved = |offset: f32| {
                let mut pictures = pictures.clone();
                pictures[index] += offset;
                losses_and_gradient(&pictures, &networks, &pass)[0][index / length]
            };
            let [below, above] = [moved(-STEP), moved(STEP)];
            // L1 has a kink between the points.
            if context.norm == Norm::L1
                && (above - 2.0 * losses[index / length] + below).abs() > 0.1 * (above - below).abs()
            {
                continue;
            }
            let slope = FACTORS[index / length] * (above - below) / (2.0 * STEP);
            assert!(
                (slope - gradient[index]).abs() < 0.02 * scale,
                "{index}: {slope} and {}, {context:?}",
                gradient[index]
            );
            compared += 1;
        }
        assert!(compared > 80, "{compared}");
    }
}

/// The operator of a task in gradients: `backward()` through it is the gradient of the whole loss.
#[test]
fn gradients_go_through_the_degradation() {
    const STEP: f32 = 0.004;
    for networks in on_every_device() {
        for task in
            [ImageTask::Colorize, ImageTask::SuperResolution { factor: 4 }, ImageTask::Deblur { radius_px: 1.5 }]
        {
            let base = one_sided();
            let problem = SearchProblem::of_task(task, SIZE_PX, &base.pixels, &base.known, 1.0);
            let context = ContextSettings { norm: Norm::L2, gradient: 0.5, ..Preset::Best.settings().context };
            let settings =
                Settings { context, lambda: 0.0, candidates: 1, starts: Starts::Prior, ..Preset::Blog.settings() };
            let search = Search::new(networks.clone(), &problem, settings);
            let latents: Vec<f32> = read_values(search.latents.clone());
            let loss_at = |latents: &[f32]| {
                let mut search = Search::new(networks.clone(), &problem, settings);
                search.start_at(latents);
                let evaluation = search.evaluate();
                (read_values(evaluation.scored.losses.total)[0], read_values(evaluation.gradient))
            };
            let gradient = loss_at(&latents).1;
            let scale = gradient.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            for index in 0..latents.len() {
                let moved = |offset: f32| {
                    let mut latents = latents.clone();
                    latents[index] += offset;
                    loss_at(&latents).0
                };
                let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                assert!(
                    (slope - gradient[index]).abs() < 0.05 * scale,
                    "{task:?} {index}: {slope} {}",
                    gradient[index]
                );
            }
        }
    }
}

#[test]
#[should_panic(expected = "backward() came after the next forward pass")]
fn overwritten_activations_are_not_used() {
    let networks = on_every_device().next().unwrap();
    let pass = SearchPass::new(networks.clone(), &one_sided(), &Preset::Blog.settings());
    let latents = Tensor::<2>::ones([1, networks.info.latent_dim], &networks.device()).autodiff().require_grad();
    let losses = context_loss(generate(latents.clone(), &pass), &pass);
    let _ = generate(latents, &pass);
    losses.backward();
}
