//! What opening, painting and filling cost at 24 and 100 megapixels. The tests print numbers, which mean something only
//! in an optimised build: `cargo test --release --lib costs -- --ignored --nocapture --test-threads 1`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::epaint::text::{FallbackRequest, FontProvider as _};
use egui::{Key, Modifiers};
use egui_system_font_provider::SystemFontProvider;
use image::{DynamicImage, Rgb, RgbImage};

use super::{TestWindow, editor, press, wait_for};
use crate::app::dialogs::DocumentSource;
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::state::Action;
use crate::fuzz::heap::held_bytes;
use crate::mask::{MaskPreset, Stroke, StrokeKind};
use crate::photo::Photo;
use crate::project::PhotoOrigin;

const SIZES: [(u32, u32); 2] = [(6000, 4000), (12_000, 8334)];
const STROKES: u16 = 200;
const STROKES_PER_FILL: u16 = 10;
/// Frames that are measured of each kind.
const FRAMES: u16 = 100;

#[test]
#[ignore = "prints numbers"]
fn costs_of_strokes() {
    for (width, height) in SIZES {
        let photo = Arc::new(Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::new(width, height))));
        let mut document = PhotoDocument::new(photo, "photo".to_owned(), None, PhotoOrigin::Sample("blank".to_owned()));
        let held_before = held_bytes();
        let (mut ends, mut undos, mut filled_masks) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..STROKES {
            document.update(DocumentAction::BeginStroke(stroke_at(number, number)), false);
            for index in number..number + 30 {
                document.update(DocumentAction::ExtendStroke(point(number, index)), false);
            }
            // What the editor does after a stroke: it looks at the hole, and sends a copy of it.
            let started = Instant::now();
            document.update(DocumentAction::EndStroke, false);
            assert!(document.has_hole());
            let copy = document.mask().clone();
            ends.push(started.elapsed());
            if number % STROKES_PER_FILL == 0 {
                filled_masks.push(copy);
            }
        }
        let held = held_bytes() - held_before;
        for _ in 0..STROKES {
            let started = Instant::now();
            document.update(DocumentAction::Undo, false);
            undos.push(started.elapsed());
        }
        assert!(!document.has_hole());
        eprintln!(
            "{width}×{height}: {:?} for a stroke's end, {:?} for undo, {} MB after {STROKES} strokes and {} fills",
            median(&mut ends),
            median(&mut undos),
            held / 1_000_000,
            filled_masks.len(),
        );
    }
}

#[test]
#[ignore = "prints numbers"]
fn costs_of_opening_and_frames() {
    let folder = tempfile::tempdir().expect("a folder");
    for (width, height) in SIZES {
        let path = folder.path().join(format!("{width}.jpg"));
        #[expect(clippy::cast_possible_truncation, reason = "any pixels will do")]
        let pixel = |x: u32, y: u32| Rgb([(x / 16) as u8, (y / 16) as u8, (x * y / 4096) as u8]);
        RgbImage::from_fn(width, height, pixel).save(&path).expect("written");
        let (mut window, engine) = editor();
        let started = Instant::now();
        window.state_mut().state.handle(Action::Open(DocumentSource::File(path)));
        let mut frames = Vec::new();
        while window.state().state.document.is_none() {
            frames.push(frame(&mut window));
            std::thread::sleep(Duration::from_millis(2));
        }
        frames.push(frame(&mut window));
        eprintln!("{width}×{height}: {:?} to open; frames meanwhile: {}", started.elapsed(), summary(frames));
        let has_faces = |editor: &crate::app::Editor| {
            editor.state.document.as_ref().is_some_and(|document| document.detected_faces().is_some())
        };
        wait_for(&mut window, "the faces", has_faces);
        let idle = (0..FRAMES).map(|_| frame(&mut window)).collect();
        eprintln!("  idle frames: {}", summary(idle));
        act(&mut window, DocumentAction::BeginStroke(stroke_at(0, 0)));
        let painting = (0..FRAMES).map(|index| {
            act(&mut window, DocumentAction::ExtendStroke(point(0, index)));
            frame(&mut window)
        });
        eprintln!("  frames of a stroke: {}", summary(painting.collect()));
        act(&mut window, DocumentAction::EndStroke);
        window.state_mut().state.handle(Action::AddShape(MaskPreset::Center));
        press(&mut window, Modifiers::NONE, Key::Enter);
        engine.report_start();
        let filling = (0..u32::from(FRAMES)).map(|index| {
            engine.report_progress(index + 1, index + 1);
            engine.set_preview();
            frame(&mut window)
        });
        eprintln!("  frames of a fill: {}", summary(filling.collect()));
    }
}

#[test]
#[ignore = "prints numbers"]
fn costs_of_system_fonts() {
    let started = Instant::now();
    let provider = SystemFontProvider::new();
    let spawned = started.elapsed();
    let first = |cluster: &str| {
        let started = Instant::now();
        let family = &egui::FontFamily::Proportional;
        let found = provider.font_for(&FallbackRequest { cluster, family }).map(|font| font.name);
        (started.elapsed(), found)
    };
    eprintln!("{spawned:.1?} to start, {:.1?} for the first character, {:.1?} for another", first("照"), first("片"));
}

fn act(window: &mut TestWindow<'_>, action: DocumentAction) {
    window.state_mut().state.handle(Action::Document(action));
}

fn point(number: u16, index: u16) -> [f32; 2] {
    [f32::from(index * 37 % 4000 + 1000), f32::from(number * 17 % 3000 + 500)]
}

fn stroke_at(number: u16, index: u16) -> Stroke {
    Stroke { kind: StrokeKind::Paint, radius_px: 40.0, points_in_photo: vec![point(number, index)] }
}

/// The CPU time of one frame: state and layout, without tessellation and the GPU.
fn frame(window: &mut TestWindow<'_>) -> Duration {
    let started = Instant::now();
    window.step();
    started.elapsed()
}

fn summary(mut frames: Vec<Duration>) -> String {
    let median = median(&mut frames);
    let longest = frames.last().copied().unwrap_or_default();
    format!("median {median:.1?}, longest {longest:.1?} of {}", frames.len())
}

fn median(durations: &mut [Duration]) -> Duration {
    durations.sort();
    durations[durations.len() / 2]
}
