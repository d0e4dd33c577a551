//! Compares the search on a GPU with that on the CPU, with the tiny networks. Without a GPU, lavapipe is used.

use std::sync::Arc;

use super::rules::{SIZE_PX, problem, settings};
use crate::model::cpu::CpuPrecision;
use crate::model::gpu::tests::any_gpu;
use crate::model::{ModelFile, Networks, TINY_MODEL, read_values};
use crate::restore::ImageTask;
use crate::search::{OptimizerKind, Search, SearchProblem, Settings};

/// Relative to the largest value. WGSL's transcendental functions are less exact than the CPU's, and the error grows
/// over the search steps.
const RELATIVE: f32 = 1e-3;

fn trace(networks: &Arc<Networks>, problem: &SearchProblem, settings: Settings) -> (Vec<f32>, Vec<f32>) {
    let mut search = Search::new(Arc::clone(networks), problem, settings);
    let pictures = {
        search.advance();
        search.pictures().iter().flat_map(|picture| picture.to_planes()).collect()
    };
    for _ in 0..4 {
        search.advance();
    }
    let losses = search.take_iterations().iter().flat_map(|it| it.losses.iter().map(|losses| losses.total)).collect();
    (pictures, losses)
}

#[test]
fn gpu_and_cpu_searches_agree() {
    let Some(gpu) = any_gpu() else { return };
    let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
    let gpu = Arc::new(Networks::load_on_gpu(&file, &gpu).unwrap());
    let cpu = Arc::new(Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap());
    let colorize = SearchProblem::of_task(ImageTask::Colorize, SIZE_PX, &problem().pixels, &problem().known, 1.0);
    let adam = settings(OptimizerKind::Adam);
    let noisy = |settings: Settings| Settings { noise: 0.2, ..settings };
    for (problem, settings) in [
        (problem(), adam),
        (problem(), noisy(adam)),
        (problem(), noisy(settings(OptimizerKind::Momentum))),
        (problem(), settings(OptimizerKind::Hmc)),
        (colorize, adam),
    ] {
        let (pictures, losses) = trace(&gpu, &problem, settings);
        let (expected_pictures, expected_losses) = trace(&cpu, &problem, settings);
        assert_near(&pictures, &expected_pictures);
        assert_near(&losses, &expected_losses);
    }
}

fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let error = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(error <= RELATIVE * scale, "{}: off by {error}, scale {scale}", found.len());
}

#[test]
fn several_gpu_batches_agree_with_the_cpu() {
    let Some(gpu) = any_gpu() else { return };
    let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
    let settings = Settings { candidates: 130, ..settings(OptimizerKind::Adam) };
    let evaluated = |networks: Networks| {
        let mut search = Search::new(Arc::new(networks), &problem(), settings);
        search.advance();
        let pictures = search.best_pictures().iter().flat_map(|picture| picture.to_planes()).collect();
        let evaluation = search.evaluation.as_ref().unwrap();
        [read_values(evaluation.gradient.clone()), read_values(evaluation.scored.losses.total.clone()), pictures]
    };
    let found = evaluated(Networks::load_on_gpu(&file, &gpu).unwrap());
    let expected = evaluated(Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap());
    for (found, expected) in found.iter().zip(&expected) {
        assert_near(found, expected);
    }
}

/// A long search keeps neither tensors nor buffers of its steps.
#[test]
#[ignore = "takes a minute"]
fn ten_thousand_gpu_steps_keep_memory_flat() {
    /// Bytes that a step may keep, for the allocator's own growth.
    const BYTES_PER_STEP: usize = 200;
    let Some(gpu) = any_gpu() else { return };
    let networks = Arc::new(Networks::load_on_gpu(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), &gpu).unwrap());
    let settings = Settings { steps: u32::MAX, ..settings(OptimizerKind::Adam) };
    let mut search = Search::new(networks, &problem(), settings);
    let mut resident_after = |steps: u32| {
        for step in 1..=steps {
            search.advance();
            if step % 32 == 0 {
                search.take_iterations();
            }
        }
        let status = std::fs::read_to_string("/proc/self/statm").unwrap();
        4096 * status.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
    };
    let sizes: Vec<usize> = (0..10).map(|_| resident_after(1000)).collect();
    eprintln!("resident MB after each 1000 steps: {:?}", sizes.iter().map(|size| size >> 20).collect::<Vec<_>>());
    assert!(sizes[9].saturating_sub(sizes[1]) < 8000 * BYTES_PER_STEP, "{sizes:?}");
}
