//! Parity with `PyTorch`: f32 arithmetic on the same f16 weights (`assets/fixtures/golden.safetensors`).

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use safetensors::SafeTensors;

use crate::model::cpu::CpuPrecision;
use crate::model::gpu::tests::any_gpu;
use crate::model::{ModelChoice, Networks, load, read_values};
use crate::search::operations::{SearchPass, generate, prior_loss};
use crate::search::problem::SearchProblem;
use crate::search::results::read_pictures;
use crate::search::{ContextSettings, Norm, Preset, PriorForm, Reduction, Search, Settings};

static GOLDEN: &[u8] = include_bytes!("../../../assets/fixtures/golden.safetensors");

/// Relative to the largest magnitude of the compared tensor: sums of several thousand f32 products in another order
/// differ by about 1e-5, and the 50-step trajectory multiplies that by the steps.
const RELATIVE: f32 = 1e-3;

fn golden(name: &str) -> Vec<f32> {
    let file = SafeTensors::deserialize(GOLDEN).unwrap();
    let view = file.tensor(name).unwrap();
    view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn networks() -> Arc<Networks> {
    Arc::new(Networks::load_on_cpu(&load(&ModelChoice::Face64).unwrap(), CpuPrecision::Single).unwrap())
}

/// The networks on each available device.
fn on_every_device() -> Vec<Arc<Networks>> {
    let on_gpu = any_gpu().map(|gpu| Networks::load_on_gpu(&load(&ModelChoice::Face64).unwrap(), &gpu).unwrap());
    std::iter::once(networks()).chain(on_gpu.map(Arc::new)).collect()
}

fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= RELATIVE * scale, "{name}[{i}]: {a} where {b} is expected (scale {scale})");
    }
}

fn problem() -> SearchProblem {
    SearchProblem { size_px: 64, pixels: golden("y"), known: golden("known") }
}

/// A search that starts at the golden latents.
fn search(networks: &Arc<Networks>, settings: Settings) -> Search {
    let mut search = Search::new(Arc::clone(networks), &problem(), Settings { candidates: 4, ..settings });
    search.latents = Tensor::from_data(TensorData::new(golden("z"), [4, 100]), &networks.device());
    search
}

fn mean_form() -> Settings {
    let blog = Preset::Blog.settings();
    let context =
        ContextSettings { reduction: Reduction::Mean, norm: Norm::L1, window_px: 7, focus: 0.0, gradient: 0.0 };
    Settings { context, prior: PriorForm::NonSaturating, lambda: 0.1, ..blog }
}

#[test]
fn pictures_and_prior_losses_agree() {
    for networks in on_every_device() {
        let search = search(&networks, mean_form());
        let pictures = generate(search.latents.clone(), &search.pass);
        let losses = read_values(prior_loss(pictures.clone(), &search.pass));
        assert_close(
            "g",
            &read_pictures(pictures).iter().flat_map(|picture| picture.to_planes()).collect::<Vec<f32>>(),
            &golden("g"),
        );
        // softplus(−D).
        let expected: Vec<f32> = golden("d").iter().map(|logit| (-logit).exp().ln_1p()).collect();
        assert_close("d", &losses, &expected);
    }
}

#[test]
fn the_encoder_agrees() {
    for networks in on_every_device() {
        let pass = SearchPass::new(networks, &problem(), &mean_form());
        assert_close("encoder.z", &pass.encode().unwrap(), &golden("encoder.z"));
    }
}

#[test]
fn paper_weights_agree() {
    let weights = crate::mask::context_weights(&golden("known"), 64, 7, 1.0);
    assert_close("paper_weight", &weights, &golden("paper_weight"));
}

#[test]
fn losses_and_gradients_agree() {
    let forms = [("mean", mean_form()), ("blog", Preset::Blog.settings()), ("paper", Preset::Paper.settings())];
    for (name, settings) in forms {
        let [loss, gradient] = [format!("{name}.loss"), format!("{name}.grad")];
        for networks in on_every_device() {
            let evaluation = search(&networks, settings).evaluate();
            assert_close(&loss, &read_values(evaluation.scored.losses.total), &golden(&loss));
            assert_close(&gradient, &read_values(evaluation.gradient), &golden(&gradient));
        }
    }
}

#[test]
fn fifty_steps_of_adam_agree() {
    on_every_device().iter().for_each(fifty_steps);
}

fn fifty_steps(networks: &Arc<Networks>) {
    let mut search = search(networks, Preset::Blog.settings());
    for _ in 0..50 {
        search.advance();
    }
    let losses: Vec<f32> =
        search.take_iterations().iter().flat_map(|it| it.losses.iter().map(|losses| losses.total)).collect();
    assert_close("blog.adam50.loss", &losses, &golden("blog.adam50.loss"));
    let latents: Vec<f32> = read_values(search.latents);
    let expected = golden("blog.adam50.z");
    let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|value| value * value).sum::<f32>().sqrt();
    let difference = norm(&mut latents.iter().zip(&expected).map(|(a, b)| a - b));
    let scale = norm(&mut expected.iter().copied());
    // L1 has kinks, and Adam divides small gradients by their own size, so single values deviate more than the whole.
    assert!(difference <= RELATIVE * scale, "blog.adam50.z is off by {} of its length", difference / scale);
}

/// The same search in f32 and in bfloat16: the losses and pictures at the end agree.
#[test]
fn bfloat16_search_ends_where_f32_does() {
    if CpuPrecision::fastest() != CpuPrecision::Bf16 {
        return;
    }
    let model = load(&ModelChoice::Face64).unwrap();
    let ends = [CpuPrecision::Single, CpuPrecision::Bf16].map(|arithmetic| {
        let networks = Arc::new(Networks::load_on_cpu(&model, arithmetic).unwrap());
        let mut search = Search::new(networks, &problem(), Preset::Best.settings());
        while !search.is_done() {
            search.advance();
        }
        (search.best().unwrap().losses, search.best_pictures())
    });
    let [(single_losses, single_pictures), (losses, pictures)] = ends;
    for (bf16, single) in losses.iter().zip(&single_losses) {
        assert!((bf16.context / single.context - 1.0).abs() < 0.02, "{bf16:?} where {single:?} is expected");
    }
    for (bf16, single) in pictures.iter().zip(&single_pictures) {
        let values = bf16.to_planes().into_iter().zip(single.to_planes());
        let mean = values.map(|(a, b)| (a - b).abs()).sum::<f32>() / 12_288.0;
        assert!(mean > 0.0, "bfloat16 must change the pictures");
        assert!(mean < 0.005, "{mean} apart");
    }
}
