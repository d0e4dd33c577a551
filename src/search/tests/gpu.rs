//! The wgpu path against the CPU path, with the tiny networks: on lavapipe where there is no GPU.

use std::sync::Arc;

use super::rules::{problem, settings};
use crate::model::host::Arithmetic;
use crate::model::{ModelFile, Networks, TINY};
use crate::search::{OptimizerKind, Search};

/// WGSL allows transcendental functions an error of some units in the last place, a thousand times f32's own; losses
/// average that over hundreds of pixels.
const RELATIVE: f32 = 1e-3;

fn trace(networks: Networks) -> (Vec<f32>, Vec<f32>) {
    let mut search = Search::new(Arc::new(networks), &problem(), settings(OptimizerKind::Adam));
    let pictures = {
        search.advance();
        search.pictures().concat()
    };
    for _ in 0..4 {
        search.advance();
    }
    let losses = search.take_losses().iter().flat_map(|(_, row)| row.iter().map(|losses| losses.total)).collect();
    (pictures, losses)
}

#[test]
fn the_gpu_searches_as_the_cpu_does() {
    let Some(gpu) = crate::device::list_gpus().first().map(|gpu| gpu.index) else {
        eprintln!("no Vulkan, Metal or DirectX here: the wgpu path was not tried");
        return;
    };
    let opened = crate::device::open(crate::device::DeviceChoice::Gpu(Some(gpu))).unwrap();
    assert!(opened.is_gpu);
    let file = ModelFile::parse("tiny", TINY).unwrap();
    let (pictures, losses) = trace(Networks::load(&file, &opened.device).unwrap());
    let (expected_pictures, expected_losses) = trace(Networks::load_on_host(&file, Arithmetic::Single).unwrap());
    for (found, expected) in [(pictures, expected_pictures), (losses, expected_losses)] {
        let scale = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let error = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error <= RELATIVE * scale, "{} on {}: off by {error}, scale {scale}", found.len(), opened.name);
    }
}
