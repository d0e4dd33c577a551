use std::path::Path;

use image::{DynamicImage, Rgb, RgbImage};

use super::*;
use crate::blend::Blend;
use crate::cli::console::CapturedConsole;
use crate::fs::Overwrite;
use crate::geometry::FaceFrame;
use crate::job::{ExportContent, FaceRecord, FillOutcome, SearchStart, png_metadata, split_hole};
use crate::mask::Mask;
use crate::model::ModelChoice;
use crate::photo::{PngMetadata, encode_png, save_png};
use crate::search::{OptimizerKind, Preset, Settings};

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fixtures/tiny-16.safetensors");

/// A temporary folder with `photo.png`, and fills of it with the tiny model.
struct ReplayTestFolder(tempfile::TempDir);

impl ReplayTestFolder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("photo.png", &photo());
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, pixels: &DynamicImage) {
        std::fs::write(self.path(name), encode_png(pixels, &PngMetadata::default()).unwrap()).unwrap();
    }

    fn args(&self, filled: &str, photo: &str) -> ReplayArgs {
        let (filled, photo) = (self.path(filled), self.path(photo));
        ReplayArgs { filled, photo, out: None, device: None, model: Some(TINY.into()), quality: 92, force: false }
    }

    /// Fills and saves `filled.png`. `stop_after` counts evaluations. `change` edits the outcome before it is recorded.
    fn fill(&self, settings: Settings, stop_after: Option<u32>, content: ExportContent, change: fn(&mut FillOutcome)) {
        let photo = Arc::new(Photo::from_pixels(photo()));
        let hole =
            Mask::from_pixels(24, 20, &(0..480).map(|index| if index % 24 > 9 { 255 } else { 0 }).collect::<Vec<u8>>())
                .unwrap();
        let request = FillRequest {
            photo: Arc::clone(&photo),
            hole,
            frame: FaceFrame { center_in_photo: [12.5, 9.5], side_px: 18.5, angle_radians: 0.1 },
            settings,
            start: SearchStart::FromSettings,
            blend: Blend::default(),
            model: ModelChoice::File(TINY.into()),
            device: DeviceChoice::Cpu,
        };
        let mut console = CapturedConsole::default().console();
        let mut observer = ConsoleReplayObserver { console: &mut console, remaining_evaluations: stop_after };
        let mut outcome = run_fill(&mut NetworkCache::default(), &request, &mut observer).unwrap();
        change(&mut outcome);
        // Not the best candidate: the replay must show the recorded one.
        let candidate = 1 - outcome.best;
        self.save(&request, outcome, candidate, content);
    }

    /// Saves a fill with this candidate as `filled.png`.
    fn save(&self, request: &FillRequest, outcome: FillOutcome, candidate: usize, content: ExportContent) {
        let mut fill = FillRecord::of_best(request, outcome);
        fill.look.candidate = candidate;
        let provenance = Provenance::new(&request.photo, &fill).unwrap();
        let metadata = png_metadata(&request.photo, content, Some(&provenance));
        let picture = fill.picture(&request.photo, content, None).unwrap();
        save_png(&self.path("filled.png"), &picture, &metadata, Overwrite::Allow).unwrap();
    }

    /// Repeats `filled.png` and returns the notes and the difference.
    fn replay(&self) -> (Vec<String>, String) {
        Self::repeat(&Replay::new(&self.args("filled.png", "photo.png")).unwrap())
    }

    fn repeat(replay: &Replay) -> (Vec<String>, String) {
        let repetition = replay.repeat(&mut CapturedConsole::default().console()).unwrap();
        let picture = repetition.turns.picture(replay.provenance.content);
        (replay.difference_notes(), compare::compare_pictures(&replay.filled.pixels, &picture).to_string())
    }

    /// The error of a replay, with the folder's path replaced by DIR.
    fn refusal(&self, args: &ReplayArgs) -> String {
        let error = Replay::new(args).err().expect("refused");
        format!("{error:#}").replace(self.0.path().to_str().unwrap(), "DIR")
    }
}

fn photo() -> DynamicImage {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    let pixel = |x: u32, y: u32| Rgb([(x * 9) as u8, (y * 8) as u8, (x * y) as u8]);
    RgbImage::from_fn(24, 20, pixel).into()
}

fn settings() -> Settings {
    Settings { steps: 6, candidates: 2, seed: 5, ..Preset::Best.settings() }
}

const SAME_PIXELS: &str = "the same, bit for bit";

#[test]
fn a_replay_gives_the_same_pixels() {
    let folder = ReplayTestFolder::new();
    for content in [ExportContent::Photo, ExportContent::Layer] {
        folder.fill(settings(), None, content, |_| ());
        assert_eq!(folder.replay(), (Vec::new(), SAME_PIXELS.to_owned()), "{content:?}");
    }
}

#[test]
fn a_replay_stops_where_the_fill_stopped() {
    let folder = ReplayTestFolder::new();
    let mut hmc = Settings { optimizer: OptimizerKind::Hmc, ..settings() };
    hmc.hmc.leapfrog_steps = 4;
    for (settings, stop_after) in [(settings(), 3), (hmc, 7)] {
        folder.fill(settings, Some(stop_after), ExportContent::Photo, |_| ());
        let (notes, difference) = folder.replay();
        assert_eq!(difference, SAME_PIXELS, "{:?}", settings.optimizer);
        assert!(notes[0].starts_with("the search was stopped at iteration"), "{notes:?}");
    }
}

/// Saves a fill with this candidate, and repeats it.
fn saved_and_replayed(
    folder: &ReplayTestFolder,
    request: &FillRequest,
    outcome: &FillOutcome,
    candidate: usize,
) -> (Vec<String>, String) {
    folder.save(request, outcome.clone(), candidate, ExportContent::Photo);
    folder.replay()
}

fn run(request: &FillRequest) -> FillOutcome {
    let mut console = CapturedConsole::default().console();
    let mut observer = ConsoleReplayObserver { console: &mut console, remaining_evaluations: None };
    run_fill(&mut NetworkCache::default(), request, &mut observer).unwrap()
}

#[test]
fn redrawn_and_plain_fills_replay_the_same() {
    let folder = ReplayTestFolder::new();
    folder.fill(settings(), None, ExportContent::Photo, |_| ());
    let Replay { request, .. } = Replay::new(&folder.args("filled.png", "photo.png")).unwrap();
    let settings = Settings { steps: 1, candidates: 1, ..request.settings };
    let request = FillRequest { settings, model: ModelChoice::Face128, ..request };
    let outcome = run(&request);
    let filled = [true, false].map(|completion| {
        let blend = Blend { completion, ..request.blend };
        folder.save(&FillRequest { blend, ..request.clone() }, outcome.clone(), 0, ExportContent::Photo);
        let args = ReplayArgs { model: None, ..folder.args("filled.png", "photo.png") };
        let replay = Replay::new(&args).unwrap();
        let used = completion.then(|| CompletionNetwork::embedded().sha256());
        assert_eq!(replay.provenance.completion.as_ref().map(|id| id.sha256.as_str()), used);
        assert_eq!(ReplayTestFolder::repeat(&replay), (Vec::new(), SAME_PIXELS.to_owned()), "{completion}");
        replay.filled.pixels
    });
    assert_ne!(filled[0], filled[1]);
}

#[test]
fn another_completion_network_is_noted() {
    let folder = ReplayTestFolder::new();
    folder.fill(settings(), None, ExportContent::Photo, |_| ());
    let mut replay = Replay::new(&folder.args("filled.png", "photo.png")).unwrap();
    replay.provenance.completion = Some(CompletionId { sha256: "ab".repeat(32) });
    let note = replay.difference_notes().concat();
    assert!(note.starts_with("this program's completion network is a different one (SHA-256 "), "{note}");
    assert!(note.contains(&"ab".repeat(32)), "{note}");
}

#[test]
fn a_removed_setting_is_noted() {
    let folder = ReplayTestFolder::new();
    folder.fill(settings(), None, ExportContent::Photo, |_| ());
    let Replay { provenance, filled, .. } = Replay::new(&folder.args("filled.png", "photo.png")).unwrap();
    let notes = |symmetry: f64, mixed: bool| {
        let mut json: serde_json::Value = serde_json::from_str(&provenance.to_json()).unwrap();
        json["settings"]["context"]["symmetry"] = symmetry.into();
        json["mixed"] = mixed.into();
        let metadata = PngMetadata { texts: vec![(Provenance::KEYWORD, json.to_string())], ..PngMetadata::default() };
        std::fs::write(folder.path("old.png"), encode_png(&filled.pixels, &metadata).unwrap()).unwrap();
        let replay = Replay::new(&folder.args("old.png", "photo.png")).unwrap();
        assert_eq!(replay.request.settings, settings());
        replay.difference_notes().join("\n")
    };
    let note = notes(1.0, false).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(note, @"made with the setting 'symmetry', which this version no longer has: the repetition leaves it out, so the fill may differ; to repeat it exactly, use the program that made it (version VERSION)");
    assert_eq!(notes(0.0, false), "");
    assert!(!notes(1.0, true).contains("symmetry"));
}

#[test]
fn variations_and_mixes_replay_the_same() {
    let folder = ReplayTestFolder::new();
    folder.fill(settings(), None, ExportContent::Photo, |_| ());
    let Replay { request, .. } = Replay::new(&folder.args("filled.png", "photo.png")).unwrap();
    let first = run(&request);
    let latent = first.candidates[first.best].latent.clone();
    let variation_request = FillRequest {
        settings: request.settings.for_variations(),
        start: SearchStart::Around(latent),
        ..request.clone()
    };
    let variations = run(&variation_request);
    let last = variations.candidates.len() - 1;
    assert_eq!(
        saved_and_replayed(&folder, &variation_request, &variations, last),
        (Vec::new(), SAME_PIXELS.to_owned())
    );

    let halfway = variations.candidates[0]
        .latent
        .iter()
        .zip(&variations.candidates[1].latent)
        .map(|(a, b)| (a + b) / 2.0)
        .collect();
    let mix = run(&variation_request.clone().into_latent_drawing(halfway)).candidates.remove(0);
    let mut with_mix = variations;
    let index = with_mix.store_mix(mix, None);
    let (notes, difference) = saved_and_replayed(&folder, &variation_request, &with_mix, index);
    assert_eq!(difference, SAME_PIXELS);
    assert_eq!(notes, ["a mix of candidates: drawn from its latent without a search"]);
}

#[test]
fn settings_changed_during_the_search_are_noted() {
    let folder = ReplayTestFolder::new();
    folder.fill(settings(), None, ExportContent::Photo, |outcome| outcome.changed_during_search = true);
    insta::assert_snapshot!(folder.replay().0.join("\n"), @"lambda, the number of steps or the hole was changed during the search: this repetition uses the final values from the start and may find a different face");
}

#[test]
fn a_changed_seed_gives_different_pixels() {
    let folder = ReplayTestFolder::new();
    folder.fill(settings(), None, ExportContent::Photo, |outcome| outcome.settings.seed += 1);
    let difference = folder.replay().1;
    assert!(difference.starts_with("not the same: ") && difference.contains("of 480 pixels differ"), "{difference}");
}

#[test]
fn a_different_photo_is_refused() {
    let folder = ReplayTestFolder::new();
    folder.fill(settings(), None, ExportContent::Photo, |_| ());
    let mut edited = photo().to_rgb8();
    edited.get_pixel_mut(3, 3).0[0] ^= 1;
    folder.write("edited.png", &edited.into());
    folder.write("larger.png", &RgbImage::new(30, 20).into());
    let refusal = |photo| folder.refusal(&folder.args("filled.png", photo));
    insta::assert_snapshot!(refusal("edited.png"), @"DIR/edited.png is not the photo that was filled: some pixels have other values; use the file that was filled, not an edited or recompressed copy");
    insta::assert_snapshot!(refusal("larger.png"), @"DIR/larger.png is not the photo that was filled: it has 30×20 pixels of type rgb8, the filled photo had 24×20 pixels of type rgb8");
    assert!(refusal("none.png").starts_with("the photo DIR/none.png cannot be opened"));
}

#[test]
fn files_without_a_record_are_refused() {
    let folder = ReplayTestFolder::new();
    std::fs::write(folder.path("a.jpg"), b"\xFF\xD8\xFF").unwrap();
    insta::assert_snapshot!(folder.refusal(&folder.args("a.jpg", "photo.png")), @"DIR/a.jpg: this is not a PNG: choose the exported PNG");
    insta::assert_snapshot!(folder.refusal(&folder.args("photo.png", "photo.png")), @"DIR/photo.png: the file has no fill record: it was exported without a record or by another program, or a program removed it; use the PNG that Countenance wrote");
    assert!(folder.refusal(&folder.args("none.png", "photo.png")).starts_with("cannot read DIR/none.png"));
}

#[test]
fn a_missing_model_is_named() {
    let folder = ReplayTestFolder::new();
    folder.fill(settings(), None, ExportContent::Photo, |_| ());
    let mut args = folder.args("filled.png", "photo.png");
    args.model = None;
    let text = folder.refusal(&args);
    assert!(text.starts_with("the model of the fill was not found: give the file of tiny-16 (SHA-256 "), "{text}");
    args.model = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/face-64.safetensors"));
    let text = folder.refusal(&args);
    assert!(text.contains("face-64.safetensors is a different model") && text.contains("made with tiny-16"), "{text}");
}

#[test]
fn the_recorded_device_is_found_by_name() {
    assert_eq!(device_with_name("CPU"), DeviceChoice::CpuF32);
    assert_eq!(device_with_name("CPU (bf16)"), DeviceChoice::Cpu);
    assert_eq!(device_with_name("a GPU of long ago"), DeviceChoice::Auto);
}

/// Fills two faces in turn and saves `filled.png`. The search of the second stops after `stop_after` evaluations.
fn fill_two_faces(folder: &ReplayTestFolder, content: ExportContent, stop_after: Option<u32>) {
    folder.fill(settings(), None, ExportContent::Photo, |_| ());
    let Replay { request, .. } = Replay::new(&folder.args("filled.png", "photo.png")).unwrap();
    let frames = [[6.5, 9.5], [18.0, 10.0]].map(|center_in_photo| FaceFrame {
        center_in_photo,
        side_px: 16.5,
        angle_radians: 0.1,
    });
    let pixels = (0..480).map(|at| if (8..12).contains(&(at / 24)) && at % 24 % 12 > 3 { 255 } else { 0 });
    let hole = Mask::from_pixels(24, 20, &pixels.collect::<Vec<u8>>()).unwrap();
    let parts = split_hole(&hole, &frames);
    assert_eq!(parts.len(), 2);
    let mut turns = FacesInTurn::new(Arc::clone(&request.photo), hole.clone());
    let mut fills = Vec::new();
    for (part, stop_after) in parts.iter().zip([None, stop_after]) {
        let (photo, hole, frame) = (Arc::clone(turns.photo()), turns.hole().clone(), part.frame);
        let request = FillRequest { photo, hole, frame, ..request.clone() };
        let mut console = CapturedConsole::default().console();
        let mut observer = ConsoleReplayObserver { console: &mut console, remaining_evaluations: stop_after };
        let outcome = run_fill(&mut NetworkCache::default(), &request, &mut observer).unwrap();
        let fill = FillRecord::of_best(&request, outcome);
        turns.add(&fill, &part.hole).unwrap();
        fills.push(fill);
    }
    let records = parts.iter().zip(&fills).map(|(part, fill)| FaceRecord::new(fill, &part.hole).unwrap());
    let provenance = Provenance::new(&request.photo, &fills[0]).unwrap().with_fills(records.collect());
    let metadata = png_metadata(&request.photo, content, Some(&provenance));
    save_png(&folder.path("filled.png"), &turns.picture(content), &metadata, Overwrite::Allow).unwrap();
}

#[test]
fn several_faces_replay_the_same() {
    let folder = ReplayTestFolder::new();
    for content in [ExportContent::Photo, ExportContent::Layer] {
        fill_two_faces(&folder, content, None);
        assert_eq!(folder.replay(), (Vec::new(), SAME_PIXELS.to_owned()), "{content:?}");
    }
    fill_two_faces(&folder, ExportContent::Photo, Some(3));
    let (notes, difference) = folder.replay();
    assert_eq!((notes.len(), difference.as_str()), (1, SAME_PIXELS), "{notes:?}");
    assert!(notes[0].starts_with("the search was stopped at iteration"), "{notes:?}");
}

#[test]
fn a_repetition_of_several_faces_replays_too() {
    let folder = ReplayTestFolder::new();
    fill_two_faces(&folder, ExportContent::Photo, None);
    let replay = Replay::new(&folder.args("filled.png", "photo.png")).unwrap();
    let repetition = replay.repeat(&mut CapturedConsole::default().console()).unwrap();
    repetition.save(&replay, &folder.path("again.png"), 92, Overwrite::Refuse).unwrap();
    let notes = repetition.save(&replay, &folder.path("again.tif"), 92, Overwrite::Refuse).unwrap();
    let record = "Only a PNG keeps the record that `countenance replay` needs";
    assert_eq!(notes, ["TIFF: every pixel outside the fill is exactly the photo's", record]);
    let again = Replay::new(&folder.args("again.png", "photo.png")).unwrap();
    assert_eq!(again.provenance, replay.provenance);
    assert_eq!(ReplayTestFolder::repeat(&again), (Vec::new(), SAME_PIXELS.to_owned()));
}
