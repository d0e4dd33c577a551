//! What a fill costs on the CPU: `cargo bench --bench search`.

use std::sync::Arc;

use countenance::device::{DeviceChoice, open};
use countenance::model::{ModelChoice, Networks, load};
use countenance::search::{Preset, Problem, Search, Settings};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// Blog mode on a centre hole, as the `PyTorch` yardstick does it.
fn search(candidates: u32) -> Search {
    let opened = open(DeviceChoice::Cpu).expect("the CPU is always there");
    let file = load(&ModelChoice::Embedded).expect("the embedded model is whole");
    let networks = Arc::new(Networks::load(&file, &opened.device).expect("the embedded model is whole"));
    let in_hole = |i: usize| (16..48).contains(&(i % 64)) && (16..48).contains(&(i / 64));
    let problem = Problem {
        size_px: 64,
        pixels: (0..3 * 64 * 64).map(|i| f32::from(i as u8) / 127.5 - 1.0).collect(),
        known: (0..64 * 64).map(|i| if in_hole(i) { 0.0 } else { 1.0 }).collect(),
    };
    Search::new(networks, &problem, Settings { candidates, steps: u32::MAX, ..Preset::Blog.settings() })
}

/// One iteration: generator, discriminator, both backwards, Adam.
#[divan::bench(args = [1, 8, 32], sample_count = 20, sample_size = 1)]
fn step(bencher: Bencher, candidates: u32) {
    let mut search = search(candidates);
    search.advance();
    bencher.counter(ItemsCount::new(candidates)).bench_local(|| {
        search.advance();
        search.take_losses()
    });
}

/// Reading the pictures of all candidates.
#[divan::bench(args = [1, 8], sample_count = 20)]
fn read_pictures(bencher: Bencher, candidates: u32) {
    let mut search = search(candidates);
    search.advance();
    bencher.bench_local(|| search.pictures());
}

/// Reading and checking the embedded model.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn load_model() -> usize {
    load(&ModelChoice::Embedded).map_or(0, |file| file.info.latent_dim)
}
