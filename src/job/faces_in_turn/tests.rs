use image::{GenericImageView as _, Rgb, RgbImage, Rgba};

use super::*;
use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::geometry::FaceFrame;
use crate::job::tests::tiny_model;
use crate::job::{FillControl, FillObserver, FillRecord, FillRequest, NetworkCache, SearchStart, run_fill, split_hole};
use crate::search::{Preset, Settings};

/// Two frames side by side; each reaches into the other's fillable area.
const FRAMES: [FaceFrame; 2] = [
    FaceFrame { center_in_photo: [16.0, 16.0], side_px: 28.0, angle_radians: 0.0 },
    FaceFrame { center_in_photo: [44.0, 16.0], side_px: 24.0, angle_radians: 0.1 },
];

fn is_hole(x: u32, y: u32) -> bool {
    (12..20).contains(&y) && ((10..20).contains(&x) || (40..50).contains(&x))
}

fn hole() -> Mask {
    Mask::from_fn(64, 32, is_hole)
}

/// A gradient with one colour under the hole.
fn photo(under_hole: [u8; 3]) -> Arc<Photo> {
    let pixel = |x: u32, y: u32| {
        if is_hole(x, y) { Rgb(under_hole) } else { Rgb([3 * x, 7 * y, 90].map(|value| u8::try_from(value).unwrap())) }
    };
    Arc::new(Photo::from_pixels(RgbImage::from_fn(64, 32, pixel).into()))
}

struct SilentObserver;

impl FillObserver for SilentObserver {
    fn started(&mut self, _: &crate::job::DeviceInfo, _: &crate::model::ModelInfo, _: &[String]) {}

    fn control(&mut self) -> FillControl {
        FillControl::Continue
    }
}

/// Fills both faces. Returns the picture after each, and the layer.
fn fill_both(photo: &Arc<Photo>) -> (Vec<DynamicImage>, DynamicImage) {
    let hole = hole();
    let mut turns = FacesInTurn::new(Arc::clone(photo), hole.clone());
    let (mut pictures, mut networks) = (Vec::new(), NetworkCache::default());
    let parts = split_hole(&hole, &FRAMES);
    assert_eq!(parts.len(), 2);
    for part in parts {
        let request = FillRequest {
            photo: Arc::clone(turns.photo()),
            hole: turns.hole().clone(),
            frame: part.frame,
            settings: Settings { steps: 3, candidates: 2, ..Preset::Best.settings() },
            start: SearchStart::FromSettings,
            blend: Blend::default(),
            model: tiny_model(),
            device: DeviceChoice::Cpu,
        };
        let outcome = run_fill(&mut networks, &request, &mut SilentObserver).unwrap();
        turns.add(&FillRecord::of_best(&request, outcome), &part.hole).unwrap();
        pictures.push(turns.picture(ExportContent::Photo).into_owned());
    }
    assert!(turns.hole().is_empty());
    (pictures, turns.picture(ExportContent::Layer).into_owned())
}

#[test]
fn each_fill_changes_its_own_part_only() {
    let before = photo([255, 0, 0]);
    let (pictures, layer) = fill_both(&before);
    for (x, y, pixel) in before.pixels.pixels() {
        let [first, second] = [0, 1].map(|index| pictures[index].get_pixel(x, y));
        match (is_hole(x, y), x < 30) {
            (false, _) => assert_eq!((first, second), (pixel, pixel), "{x}, {y}"),
            (true, true) => assert!(first == second && first != pixel, "{x}, {y}"),
            (true, false) => assert!(first == pixel && second != pixel, "{x}, {y}"),
        }
        assert_eq!(layer.get_pixel(x, y), if is_hole(x, y) { second } else { Rgba([0; 4]) }, "{x}, {y}");
    }
}

#[test]
fn nothing_under_any_hole_is_read() {
    let [one, other] = [[255, 0, 0], [1, 200, 90]].map(|color| fill_both(&photo(color)));
    assert!(one.0[1] == other.0[1] && one.1 == other.1);
}

#[test]
fn a_missing_candidate_adds_nothing() {
    let (photo, hole) = (photo([0; 3]), hole());
    let request = FillRequest {
        photo: Arc::clone(&photo),
        hole: hole.clone(),
        frame: FRAMES[0],
        settings: Settings { steps: 1, candidates: 1, ..Preset::Best.settings() },
        start: SearchStart::FromSettings,
        blend: Blend::default(),
        model: tiny_model(),
        device: DeviceChoice::Cpu,
    };
    let outcome = run_fill(&mut NetworkCache::default(), &request, &mut SilentObserver).unwrap();
    let mut fill = FillRecord::of_best(&request, outcome);
    fill.look.candidate = 7;
    let mut turns = FacesInTurn::new(Arc::clone(&photo), hole.clone());
    assert_eq!(turns.add(&fill, &hole), None);
    assert_eq!(turns.hole(), &hole);
}
