//! Benchmarks of a fill on the CPU: `cargo bench`.

use std::sync::{Arc, mpsc};

use countenance::blend::{Blend, BlendMode, Composer, apply};
use countenance::device::DeviceChoice;
use countenance::face::detect;
use countenance::face_picture::FacePicture;
use countenance::geometry::FaceFrame;
use countenance::job::{
    CropPreview, DeviceInfo, FillControl, FillObserver, FillRequest, NetworkCache, SearchStart, WorkerCommand,
    WorkerEvent, WorkerHandle, run_fill,
};
use countenance::mask::{Mask, MaskPreset, StrokeKind};
use countenance::model::cpu::CpuPrecision;
use countenance::model::{ModelChoice, ModelInfo, Networks, load};
use countenance::photo::{DecodeLimits, Photo, decode};
use countenance::search::speed::endless_search;
use countenance::search::{Preset, Search, Settings};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// A search with the blog preset on a centre hole, as in the `PyTorch` comparison.
fn blog_search(candidates: u32) -> Search {
    let file = load(&ModelChoice::default()).expect("the embedded model is valid");
    let networks =
        Arc::new(Networks::load_on_cpu(&file, CpuPrecision::fastest()).expect("the embedded model is valid"));
    endless_search(&networks, candidates)
}

/// One iteration: forward and backward pass of generator and discriminator, and Adam.
#[divan::bench(args = [1, 8, 32], sample_count = 20, sample_size = 1)]
fn search_step(bencher: Bencher, candidates: u32) {
    let mut search = blog_search(candidates);
    search.advance();
    bencher.counter(ItemsCount::new(candidates)).bench_local(|| {
        search.advance();
        search.take_iterations()
    });
}

/// Reads the pictures of all candidates.
#[divan::bench(args = [1, 8], sample_count = 20)]
fn read_pictures(bencher: Bencher, candidates: u32) {
    let mut search = blog_search(candidates);
    search.advance();
    bencher.bench_local(|| search.pictures());
}

/// Reads and checks the embedded model.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn load_model() -> usize {
    load(&ModelChoice::default()).map_or(0, |file| file.info.latent_dim)
}

/// A picture with a gradient in each row.
fn stripes(side_px: usize) -> FacePicture {
    let values = (0..=255).cycle().map(|byte: u8| f32::from(byte) / 127.5 - 1.0);
    FacePicture::from_planes(&values.take(3 * side_px * side_px).collect::<Vec<f32>>())
}

/// A portrait of 512×600 pixels, a hole in the middle of its face, the face frame, and a fill.
fn portrait_case() -> (Photo, Mask, FaceFrame, FacePicture) {
    let bytes = include_bytes!("../assets/samples/grace_hopper.jpg");
    let photo = decode(bytes, DecodeLimits::default()).expect("the sample is a photo");
    let frame = FaceFrame { center_in_photo: [266.0, 238.0], side_px: 205.0, angle_radians: 0.0 };
    let hole = MaskPreset::Center.hole_in_photo(photo.width(), photo.height(), &frame, 64, 0);
    let fill = stripes(64);
    (photo, hole, frame, fill)
}

/// Draws a preview of the fill in the photo.
#[divan::bench(args = BlendMode::ALL)]
fn preview(bencher: Bencher, mode: BlendMode) {
    let (photo, hole, frame, fill) = portrait_case();
    let composer = Composer::new(&photo, &hole, &frame, mode, Some(384));
    bencher.bench_local(|| composer.render(&fill));
}

/// Draws the tile of one candidate: its fill in the photo, at the built-in model's size.
#[divan::bench(args = BlendMode::ALL)]
fn candidate_tile(bencher: Bencher, mode: BlendMode) {
    let (photo, hole, frame, _) = portrait_case();
    let fill = stripes(128);
    let preview = CropPreview::new(&photo, &hole, &frame, mode, 128).expect("the frame is valid");
    bencher.bench_local(|| preview.render(&fill));
}

/// Prepares the tiles for a hole.
#[divan::bench(args = BlendMode::ALL)]
fn prepare_candidate_tiles(bencher: Bencher, mode: BlendMode) {
    let (photo, hole, frame, _) = portrait_case();
    bencher.bench_local(|| CropPreview::new(&photo, &hole, &frame, mode, 128).is_ok());
}

/// Blends the fill into the photo.
#[divan::bench(args = BlendMode::ALL, sample_count = 20, sample_size = 1)]
fn blend_result(bencher: Bencher, mode: BlendMode) {
    let (photo, hole, frame, fill) = portrait_case();
    bencher.bench_local(|| apply(&photo, &hole, &frame, mode, &fill));
}

/// A fill request as the editor sends it to its worker. The hole is in the middle of a face; `large`: 1000×1000 pixels.
fn fill_request(large: bool, settings: Settings, start: SearchStart) -> FillRequest {
    let (photo, hole, frame, _) = if large { large_portrait_case() } else { portrait_case() };
    FillRequest {
        photo: Arc::new(photo),
        hole,
        frame,
        settings,
        start,
        blend: Blend::default(),
        model: ModelChoice::default(),
        device: DeviceChoice::Cpu,
    }
}

/// From the end of a stroke to the encoder's first guess in the photo. Every run has a new hole.
#[divan::bench(args = [false, true], sample_count = 20, sample_size = 1)]
fn first_guess(bencher: Bencher, large: bool) {
    let (sender, receiver) = mpsc::channel();
    let worker = WorkerHandle::spawn(Arc::new(move |_| {
        // The receiver is gone at the last wake-up.
        let _ = sender.send(());
    }));
    let request = fill_request(large, Preset::Best.settings(), SearchStart::FromSettings).into_first_guess();
    let guess = |request: FillRequest| {
        worker.send(WorkerCommand::QuickPreview(1, Box::new(request)));
        while !worker.take_events().iter().any(|event| matches!(event, WorkerEvent::QuickPreview(_))) {
            receiver.recv().expect("the worker answers");
        }
    };
    guess(request.clone());
    let mut number = 0_u8;
    bencher
        .with_inputs(|| {
            number += 1;
            let mut hole = request.hole.clone();
            let [x, y] = request.frame.center_in_photo;
            hole.draw_segment([x, y], [x + f32::from(number), y], 1.0, StrokeKind::Erase);
            FillRequest { hole, ..request.clone() }
        })
        .bench_local_values(guess);
}

/// An observer that ignores all progress.
struct IgnoringObserver;

impl FillObserver for IgnoringObserver {
    fn started(&mut self, _device: &DeviceInfo, _model: &ModelInfo, _notes: &[String]) {}

    fn control(&mut self) -> FillControl {
        FillControl::Continue
    }
}

/// Variations of one latent, as the editor makes them.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn more_like_this(bencher: Bencher) {
    let mut networks = NetworkCache::default();
    let best = fill_request(false, Preset::Best.settings(), SearchStart::FromSettings);
    let outcome = run_fill(&mut networks, &best, &mut IgnoringObserver).expect("the sample is filled");
    let start = SearchStart::Around(outcome.candidates[outcome.best].latent.clone());
    let request = FillRequest { settings: best.settings.for_variations(), start, ..best };
    bencher.bench_local(|| run_fill(&mut networks, &request, &mut IgnoringObserver));
}

/// A large portrait whose hole has 1000×1000 pixels.
fn large_portrait_case() -> (Photo, Mask, FaceFrame, FacePicture) {
    let (photo, _, frame, fill) = portrait_case();
    let scale = 2000.0 / frame.side_px;
    let (width, height) = (photo.width() * 10, photo.height() * 10);
    let pixels = photo.pixels.resize_exact(width, height, image::imageops::FilterType::Triangle);
    let [x, y] = frame.center_in_photo;
    let frame = FaceFrame { center_in_photo: [x * scale, y * scale], side_px: 2000.0, angle_radians: 0.0 };
    let hole = MaskPreset::Center.hole_in_photo(width, height, &frame, 64, 0);
    (Photo::from_pixels(pixels), hole, frame, fill)
}

/// Sets up the equations for a hole of one megapixel.
#[divan::bench(args = BlendMode::ALL, sample_count = 10, sample_size = 1)]
fn prepare_megapixel(bencher: Bencher, mode: BlendMode) {
    let (photo, hole, frame, _) = large_portrait_case();
    bencher.bench_local(|| Composer::new(&photo, &hole, &frame, mode, None));
}

/// Solves the equations for a fill of one megapixel and draws it.
#[divan::bench(args = BlendMode::ALL, sample_count = 10, sample_size = 1)]
fn draw_megapixel(bencher: Bencher, mode: BlendMode) {
    let (photo, hole, frame, fill) = large_portrait_case();
    let composer = Composer::new(&photo, &hole, &frame, mode, None);
    bencher.bench_local(|| composer.render(&fill));
}

/// A hole of one megapixel in a face of 1800 pixels. The time for detail is the difference between 100 and 0 percent.
#[divan::bench(args = [0, 100], sample_count = 10, sample_size = 1)]
fn large_hole(bencher: Bencher, detail_percent: u8) {
    let (photo, _, _, fill) = portrait_case();
    let large = photo.pixels.resize_exact(4096, 4800, image::imageops::FilterType::CatmullRom);
    let photo = Photo::from_pixels(large);
    let frame = FaceFrame { center_in_photo: [2128.0, 1904.0], side_px: 1800.0, angle_radians: 0.0 };
    let mut hole = Mask::empty(photo.width(), photo.height());
    hole.draw_segment(frame.center_in_photo, frame.center_in_photo, 564.0, StrokeKind::Paint);
    let blend = Blend { mode: BlendMode::Feather, detail_percent, completion: false, soft_edge_px: 0 };
    bencher.bench_local(|| Composer::new(&photo, &hole, &frame, blend, None).render(&fill));
}

/// Detects faces in a photo of 24 megapixels.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn find_faces(bencher: Bencher) {
    let (photo, ..) = portrait_case();
    let large = photo.pixels.resize_exact(4525, 5303, image::imageops::FilterType::Nearest);
    let photo = Photo::from_pixels(large);
    bencher.bench_local(|| detect(&photo));
}
