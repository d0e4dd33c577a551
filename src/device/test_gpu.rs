//! The GPU of the tests that need one, and how a test is skipped where there is none.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use super::{DeviceChoice, Gpu, list_gpus, open};

/// With this environment variable, a test fails where it would be skipped for want of a GPU.
const REQUIRE_GPU: &str = "COUNTENANCE_TESTS_REQUIRE_GPU";

/// The first GPU, hardware or software; `None`, with a message, where there is none.
pub(crate) fn any_gpu() -> Option<Gpu> {
    let Some(gpu) = list_gpus().first().map(|gpu| gpu.index) else {
        report_skipped_test();
        return None;
    };
    open(DeviceChoice::Gpu(Some(gpu))).unwrap().gpu
}

/// Says that the running test, or the part of it that needs a GPU, is skipped.
///
/// # Panics
/// When [`REQUIRE_GPU`] is set.
pub(crate) fn report_skipped_test() {
    static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    assert!(std::env::var_os(REQUIRE_GPU).is_none(), "no Vulkan driver, and {REQUIRE_GPU} is set");
    // The test runner names each thread after its test.
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    if REPORTED.lock().unwrap_or_else(PoisonError::into_inner).insert(test.clone()) {
        // Not `eprintln`, whose text the test runner hides when the test passes.
        let _ = writeln!(std::io::stderr(), "skipped: no Vulkan driver: {test}");
    }
}

/// Runs an ignored test in a program of its own, because it loses the GPU that other tests use at the same time.
pub(crate) fn run_alone(test: &str) {
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program).args([test, "--exact", "--ignored", "--nocapture"]).output();
    let output = output.unwrap();
    let printed = [output.stdout, output.stderr].map(|part| String::from_utf8_lossy(&part).into_owned()).concat();
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
}
