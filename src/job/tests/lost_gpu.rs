//! The GPU is lost before a fill, in the middle of a search, and while pictures are read back.

use super::*;
use crate::device::Gpu;
use crate::device::test_gpu::{any_gpu, run_alone};

/// When the GPU is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Search,
    ReadBack,
}

/// Loses the GPU at this moment of iteration 6.
struct LosingObserver {
    gpu: Gpu,
    moment: Moment,
    iteration: u32,
}

impl FillObserver for LosingObserver {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}

    fn control(&mut self) -> FillControl {
        if self.moment == Moment::Search && self.iteration == 6 {
            self.gpu.device.destroy();
        }
        FillControl::Continue
    }

    fn wants_pictures(&mut self, iteration: u32) -> bool {
        self.iteration = iteration;
        if self.moment == Moment::ReadBack && iteration == 6 {
            self.gpu.device.destroy();
            return true;
        }
        false
    }
}

fn gpu_request() -> FillRequest {
    let mut request = request();
    (request.device, request.settings.steps) = (DeviceChoice::Gpu(Some(0)), 40);
    request
}

fn assert_fills(cache: &mut NetworkCache, request: &FillRequest) {
    let outcome = run_fill(cache, request, &mut RecordingObserver::default()).unwrap();
    assert_eq!((outcome.stopped, outcome.steps), (None, request.settings.steps));
}

#[test]
#[ignore = "loses the GPU: `a_lost_gpu_keeps_the_best_so_far` runs it alone"]
fn loses_the_gpu_again_and_again() {
    let mut cache = NetworkCache::default();
    let request = gpu_request();

    // Before the first fill, and between two fills: it is noticed, and the GPU is opened anew.
    for _ in 0..2 {
        any_gpu().unwrap().device.destroy();
        assert_fills(&mut cache, &request);
    }

    for moment in [Moment::Search, Moment::ReadBack] {
        let mut observer = LosingObserver { gpu: any_gpu().unwrap(), moment, iteration: 0 };
        let outcome = run_fill(&mut cache, &request, &mut observer).unwrap();
        let Some(StopReason::Failed(reason)) = &outcome.stopped else { panic!("{moment:?}: {:?}", outcome.stopped) };
        assert!(reason.contains("stopped working"), "{reason}");
        assert_eq!(outcome.candidates.len(), 2);
        let is_picture = |candidate: &Candidate| candidate.picture.to_planes().iter().any(|value| *value != 0.0);
        assert!(outcome.candidates.iter().all(is_picture), "{moment:?}: the best so far is a picture");
        // The next fill: on the CPU, as the message says, and again on the GPU, which is opened anew.
        assert_fills(&mut cache, &FillRequest { device: DeviceChoice::Cpu, ..request.clone() });
        assert_fills(&mut cache, &request);
    }
}

#[test]
fn a_lost_gpu_keeps_the_best_so_far() {
    if any_gpu().is_some() {
        run_alone("job::tests::lost_gpu::loses_the_gpu_again_and_again");
    }
}
