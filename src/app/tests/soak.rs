//! Many hours of work in some minutes: fills, opens, undo, saves and exports, one after the other in one editor.
//! Nothing may stay behind: no memory, no thread, no open file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::{ColorType, DynamicImage};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::TestWindow;
use super::end_to_end::editor_with_real_engine;
use super::export_and_close::{choose_path, wait_until_saved};
use crate::app::Editor;
use crate::app::dialogs::{DocumentSource, SaveAnswer};
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::fill::FrameSearchMode;
use crate::app::preferences::Preferences;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::app::tasks::PathPurpose;
use crate::app::toasts::Severity;
use crate::blend::{Blend, BlendMode, MAX_SOFT_EDGE_PX};
use crate::device::{DeviceChoice, list_gpus};
use crate::fuzz::heap::held_bytes;
use crate::job::trim_heap;
use crate::mask::{Stroke, StrokeKind};
use crate::model::ModelChoice;
use crate::photo::test_pictures::to_color_type;
use crate::search::{Preset, Settings};

/// Fills of one photo, before another one is opened.
const FILLS_PER_PHOTO: u32 = 10;
/// Rounds until all caches are filled: every model was used with every device, setting and size of photo.
const WARM_UP_ROUNDS: usize = 50;
/// Rounds at the start and the end of which the fewest threads and files are compared: some threads live shortly.
const COMPARED_ROUNDS: usize = 10;
/// Largest growth per fill, in bytes.
const MAX_BYTES_PER_FILL: f64 = 1000.0;

/// Runs 1,500 fills, or as many as `COUNTENANCE_SOAK_FILLS` says:
///
/// ```sh
/// cargo test --lib app::tests::soak -- --ignored --nocapture
/// ```
#[test]
#[ignore = "takes long"]
fn fills_leave_no_memory_threads_or_files_behind() {
    let fills = std::env::var("COUNTENANCE_SOAK_FILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(1500);
    let mut soak = Soak::new();
    let mut rounds = vec![soak.measure()];
    while soak.fills < fills {
        soak.work_on_one_photo();
        rounds.push(soak.measure());
        let Usage { fills, held, resident, threads, files } = rounds[rounds.len() - 1];
        eprintln!("{fills} fills: {held} bytes held, {resident} resident, {threads} threads, {files} files");
    }
    eprintln!("{} exports compared, {:?}", soak.exports, soak.started.elapsed());
    let warm = &rounds[WARM_UP_ROUNDS.min(rounds.len() / 2)..];
    let held = growth_per_fill(warm, |usage| usage.held);
    let resident = growth_per_fill(warm, |usage| usage.resident);
    eprintln!("growth per fill: {held:.0} bytes held, {resident:.0} resident");
    let compared = COMPARED_ROUNDS.min(warm.len());
    let fewest = |rounds: &[Usage], count: fn(&Usage) -> usize| rounds.iter().map(count).min();
    let grew = |count| fewest(&warm[warm.len() - compared..], count) > fewest(&warm[..compared], count);
    assert!(held < MAX_BYTES_PER_FILL, "{held} bytes stay behind each fill");
    assert!(!grew(|usage| usage.threads), "threads stay behind");
    assert!(!grew(|usage| usage.files), "open files stay behind");
}

/// What the process holds between two photos.
struct Usage {
    fills: u32,
    /// Allocated bytes.
    held: f64,
    /// Resident bytes.
    resident: f64,
    threads: usize,
    files: usize,
}

/// The median slope between two rounds (Theil and Sen): which model is loaded changes a round by tens of megabytes.
fn growth_per_fill(rounds: &[Usage], value: impl Fn(&Usage) -> f64) -> f64 {
    let slope = |a: &Usage, b: &Usage| (value(b) - value(a)) / (f64::from(b.fills) - f64::from(a.fills));
    let pairs = rounds.iter().enumerate().flat_map(|(at, a)| rounds[at + 1..].iter().map(move |b| (a, b)));
    let mut slopes: Vec<f64> = pairs.filter(|(a, b)| a.fills < b.fills).map(|(a, b)| slope(a, b)).collect();
    slopes.sort_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied().unwrap_or_default()
}

struct Soak {
    window: TestWindow<'static>,
    rng: ChaCha8Rng,
    folder: tempfile::TempDir,
    photos: Vec<PathBuf>,
    /// The index of a GPU, which may be a software one.
    gpu: Option<usize>,
    fills: u32,
    exports: u32,
    started: Instant,
}

impl Soak {
    fn new() -> Self {
        let window = editor_with_real_engine("tiny-16.safetensors", 2);
        let folder = tempfile::tempdir().expect("a folder");
        let photos = write_photos(folder.path());
        Self {
            window,
            rng: ChaCha8Rng::seed_from_u64(1),
            folder,
            photos,
            gpu: list_gpus().first().map(|gpu| gpu.index),
            fills: 0,
            exports: 0,
            started: Instant::now(),
        }
    }

    fn act(&mut self, action: Action) {
        self.window.state_mut().state.handle(action);
        self.window.step();
    }

    fn run(&mut self, command: EditorCommand) {
        self.act(Action::RunCommand(command));
    }

    /// Waits as long as the slowest fill takes without optimisation.
    fn wait_for(&mut self, what: &str, condition: impl Fn(&Editor) -> bool) {
        let deadline = Instant::now() + Duration::from_mins(5);
        while !condition(self.window.state()) {
            assert!(Instant::now() < deadline, "timeout: {what}");
            std::thread::sleep(Duration::from_millis(2));
            self.window.step();
        }
        self.window.step();
    }

    /// Opens a photo without saving the work on the last one.
    fn open(&mut self, source: DocumentSource) {
        self.act(Action::Open(source));
        if self.window.state().state.dialogs.save_question.is_some() {
            self.act(Action::AnswerSaveQuestion(SaveAnswer::Discard));
        }
        self.wait_for("the photo", |editor| !editor.state.files.is_opening && editor.state.document.is_some());
    }

    fn work_on_one_photo(&mut self) {
        let source = match self.rng.random_range(0..=self.photos.len()) {
            0 => DocumentSource::Sample(SamplePortrait::Astronaut),
            index => DocumentSource::File(self.photos[index - 1].clone()),
        };
        // The detector takes most of the time, so only some photos use it.
        let is_searching = self.rng.random_range(0..10) == 0;
        self.window.state_mut().state.fill.frame_search.mode =
            if is_searching { FrameSearchMode::Detector } else { FrameSearchMode::Off };
        self.open(source);
        for _ in 0..FILLS_PER_PHOTO {
            self.change_settings();
            self.paint();
            self.fill();
            match self.rng.random_range(0..6) {
                0 | 1 => self.export(),
                2 => self.undo_and_redo(),
                3 => self.run(EditorCommand::ShowCandidate(1)),
                4 => self.save_and_open_project(),
                _ => {}
            }
        }
    }

    /// Another preset, model and blend; sometimes another device.
    fn change_settings(&mut self) {
        let rng = &mut self.rng;
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
        let model = match rng.random_range(0..40) {
            0 => ModelChoice::Face128,
            1 | 2 => ModelChoice::Face64,
            _ => ModelChoice::File(fixture),
        };
        let device = match rng.random_range(0..10) {
            0 if self.gpu.is_some() && matches!(model, ModelChoice::File(_)) => DeviceChoice::Gpu(self.gpu),
            1 => DeviceChoice::CpuF32,
            _ => DeviceChoice::Cpu,
        };
        let preset = Preset::ALL[rng.random_range(0..Preset::ALL.len())].settings();
        let hmc = crate::search::HmcSettings { leapfrog_steps: 2, ..preset.hmc };
        let (steps, candidates) = (rng.random_range(1..=3), rng.random_range(1..=3));
        let settings = Settings { steps, candidates, hmc, seed: rng.random(), ..preset };
        let blend_modes = [BlendMode::Poisson, BlendMode::Feather, BlendMode::None];
        let blend = Blend {
            mode: blend_modes[rng.random_range(0..blend_modes.len())],
            detail_percent: rng.random_range(0..=100),
            completion: rng.random(),
            soft_edge_px: rng.random_range(0..=MAX_SOFT_EDGE_PX),
        };
        let preferences = self.window.state().state.preferences.clone();
        let preferences = Preferences { settings, blend, device, model, ..preferences };
        self.act(Action::SetPreferences(Box::new(preferences)));
    }

    /// Replaces the hole by some strokes in the frame.
    fn paint(&mut self) {
        self.run(EditorCommand::ClearMask);
        for _ in 0..self.rng.random_range(1..=3) {
            let frame = self.window.state().state.document.as_ref().expect("open").face_frame();
            let mut point =
                || [0, 1].map(|axis| frame.center_in_photo[axis] + frame.side_px * self.rng.random_range(-0.3..0.3));
            let (from, to) = (point(), point());
            let radius_px = frame.side_px * self.rng.random_range(0.03..0.12);
            let stroke = Stroke { kind: StrokeKind::Paint, radius_px, points_in_photo: vec![from] };
            self.act(Action::Document(DocumentAction::BeginStroke(stroke)));
            self.act(Action::Document(DocumentAction::ExtendStroke(to)));
            self.act(Action::Document(DocumentAction::EndStroke));
        }
    }

    /// Fills the hole; sometimes stops before the end.
    fn fill(&mut self) {
        let shown = |editor: &Editor| editor.state.document.as_ref().and_then(PhotoDocument::shown_fill_index);
        let before = shown(self.window.state());
        self.run(EditorCommand::Fill);
        if self.rng.random_range(0..10) == 0 {
            self.run(EditorCommand::Stop);
        }
        self.wait_for("the fill", |editor| {
            let is_waiting = editor.state.fill.is_running() || editor.state.fill.is_waiting();
            let fill = editor.state.document.as_ref().and_then(|document| document.shown_fill());
            !is_waiting && fill.is_none_or(|fill| fill.composition.key().is_some())
        });
        let newest = self.window.state().widgets.toaster.latest();
        let error = newest.filter(|message| message.severity == Severity::Error);
        assert!(error.is_none(), "{error:?}");
        // A fill that was stopped before its first step leaves none.
        self.fills += u32::from(shown(self.window.state()) != before);
    }

    /// Exports the fill, and compares every known pixel.
    fn export(&mut self) {
        if !self.window.state().state.has_fill() {
            return;
        }
        let path = self.folder.path().join("filled.png");
        choose_path(&mut self.window, PathPurpose::Export, &path, true);
        wait_until_saved(&mut self.window);
        let exported = image::open(&path).expect("a picture");
        let document = self.window.state().state.document.as_ref().expect("open");
        let photo = &document.photo.pixels;
        assert_eq!((exported.color(), exported.width()), (photo.color(), photo.width()));
        let fill = document.shown_fill().expect("shown");
        let bytes_per_pixel = usize::from(photo.color().bytes_per_pixel());
        let pixels = photo.as_bytes().chunks(bytes_per_pixel).zip(exported.as_bytes().chunks(bytes_per_pixel));
        let known = fill.hole.to_bytes().into_iter().zip(pixels).filter(|(hole, _)| *hole == 0);
        let changed = known.filter(|(_, (before, after))| before != after).count();
        assert_eq!(changed, 0, "known pixels have changed");
        self.exports += 1;
    }

    fn undo_and_redo(&mut self) {
        let steps = self.rng.random_range(1..=4);
        for _ in 0..steps {
            self.run(EditorCommand::Undo);
        }
        for _ in 0..self.rng.random_range(0..=steps) {
            self.run(EditorCommand::Redo);
        }
    }

    fn save_and_open_project(&mut self) {
        let path = self.folder.path().join("work.countenance");
        choose_path(&mut self.window, PathPurpose::SaveProject, &path, true);
        wait_until_saved(&mut self.window);
        self.open(DocumentSource::File(path));
    }

    /// Opens a small photo, so that nothing of the last one is needed, waits for all background work, and measures.
    fn measure(&mut self) -> Usage {
        self.open(DocumentSource::File(self.photos[0].clone()));
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut usage = self.usage();
        while Instant::now() < deadline {
            self.window.run_steps(4);
            std::thread::sleep(Duration::from_millis(50));
            let next = self.usage();
            let is_settled = (next.threads, next.files) == (usage.threads, usage.files);
            usage = next;
            if is_settled {
                break;
            }
        }
        usage
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 bytes")]
    fn usage(&self) -> Usage {
        trim_heap();
        let entries = |folder: &str| std::fs::read_dir(folder).map_or(0, Iterator::count);
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(0.0);
        Usage {
            fills: self.fills,
            held: held_bytes() as f64,
            resident: 4096.0 * resident,
            threads: entries("/proc/self/task"),
            files: entries("/proc/self/fd"),
        }
    }
}

/// Photos of several kinds. The first is small.
fn write_photos(folder: &Path) -> Vec<PathBuf> {
    let portrait = image::load_from_memory(SamplePortrait::Astronaut.image_bytes()).expect("a sample");
    let face = portrait.crop_imm(130, 20, 200, 220);
    let write = |name: &str, picture: &DynamicImage| {
        let path = folder.join(name);
        picture.save(&path).expect("room for a photo");
        path
    };
    vec![
        write("small.png", &face.thumbnail(100, 100)),
        write("deep.png", &to_color_type(DynamicImage::ImageRgba16(face.to_rgba16()), ColorType::Rgb16)),
        write("grey.jpg", &DynamicImage::ImageLuma8(face.to_luma8())),
        write("photo.jpg", &DynamicImage::ImageRgb8(portrait.to_rgb8())),
        write("photo.tif", &face),
        write("alpha.webp", &DynamicImage::ImageRgba8(face.to_rgba8())),
    ]
}
