use image::{Rgb, RgbImage};

use super::*;
use crate::blend::{Blend, BlendMode};
use crate::device::DeviceChoice;
use crate::job::tests::tiny_model;
use crate::job::{DeviceInfo, FillControl, FillObserver, FillRequest, NetworkCache, SearchStart, run_fill, split_hole};
use crate::model::ModelInfo;
use crate::search::{Preset, Settings};

/// Two frames so near to each other that each search sees the other's part of the hole.
const FRAMES: [FaceFrame; 2] = [
    FaceFrame { center_in_photo: [16.0, 16.0], side_px: 30.0, angle_radians: 0.0 },
    FaceFrame { center_in_photo: [40.0, 16.0], side_px: 30.0, angle_radians: 0.1 },
];

struct SilentObserver;

impl FillObserver for SilentObserver {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}

    fn control(&mut self) -> FillControl {
        FillControl::Continue
    }
}

fn photo() -> Arc<Photo> {
    let pixel = |x: u32, y: u32| Rgb([3 * x, 7 * y, 90].map(|value| u8::try_from(value).unwrap()));
    Arc::new(Photo::from_pixels(RgbImage::from_fn(64, 32, pixel).into()))
}

fn hole() -> Mask {
    Mask::from_fn(64, 32, |x, y| (12..20).contains(&y) && ((18..27).contains(&x) || (33..42).contains(&x)))
}

/// Both faces, filled in turn as the editor does.
fn fill_both(photo: &Arc<Photo>) -> PhotoFill {
    let hole = hole();
    let mut turns = FacesInTurn::new(Arc::clone(photo), hole.clone());
    let (mut faces, mut networks) = (Vec::new(), NetworkCache::default());
    for part in split_hole(&hole, &FRAMES) {
        let request = FillRequest {
            photo: Arc::clone(turns.photo()),
            hole: turns.hole().clone(),
            frame: part.frame,
            settings: Settings { steps: 4, candidates: 3, ..Preset::Best.settings() },
            start: SearchStart::FromSettings,
            blend: Blend::from(BlendMode::Feather),
            model: tiny_model(),
            device: DeviceChoice::Cpu,
        };
        let record = FillRecord::of_best(&request, run_fill(&mut networks, &request, &mut SilentObserver).unwrap());
        let search_input = search_input(turns.photo(), turns.hole(), &part.frame, 16);
        turns.add(&record, &part.hole).unwrap();
        faces.push(FaceFill { record, part: part.hole, search_input });
    }
    assert_eq!(faces.len(), 2);
    PhotoFill { hole, faces }
}

fn finish(fill: &PhotoFill, photo: &Arc<Photo>) -> FinishedPhoto {
    fill.finish(photo, ExportContent::Photo, None, true).unwrap().unwrap()
}

/// For each face, whether the record draws it instead of a search.
fn drawn(fill: &PhotoFill) -> Vec<bool> {
    let finished = finish(fill, &photo());
    let fills = &finished.provenance().unwrap().fills;
    fills.iter().map(|fill| fill.drawn_from.is_some()).collect()
}

#[test]
fn patches_over_the_photo_give_the_exported_picture() {
    let photo = photo();
    let fill = fill_both(&photo);
    let paste = |patches: &[Arc<FillPatch>]| {
        let filled = patches.iter().fold(photo.pixels.clone(), |pixels, patch| {
            patch.paste(&Photo::from_pixels(pixels)).expect("8 bits at full size")
        });
        filled.into_rgb8()
    };
    let patches = fill.compose(&photo, None).unwrap();
    let finished = finish(&fill, &photo);
    assert!(paste(&patches) == finished.pixels.to_rgb8() && finished.filled == hole());
    // Another candidate of the second face: the patch of the first is used again.
    let mut changed = fill.clone();
    changed.faces[1].record.look.candidate = (fill.faces[1].record.look.candidate + 1) % 3;
    let again = changed.compose(&photo, Some((&fill.looks(), &patches))).unwrap();
    assert!(Arc::ptr_eq(&again[0], &patches[0]) && again[1] != patches[1]);
    // Another one of the first face: both are blended again.
    let mut changed = fill.clone();
    changed.faces[0].record.look.candidate = (fill.faces[0].record.look.candidate + 1) % 3;
    let again = changed.compose(&photo, Some((&fill.looks(), &patches))).unwrap();
    assert!(again[0] != patches[0] && !Arc::ptr_eq(&again[1], &patches[1]));
    assert!(paste(&again) == finish(&changed, &photo).pixels.to_rgb8());
}

#[test]
fn searches_that_saw_other_pixels_are_drawn() {
    let fill = fill_both(&photo());
    assert_eq!(drawn(&fill), [false, false]);
    let mut second = fill.clone();
    second.faces[1].record.look.candidate = (fill.faces[1].record.look.candidate + 1) % 3;
    assert_eq!(drawn(&second), [false, false], "a search finds all of its candidates");
    let mut first = fill.clone();
    first.faces[0].record.look.candidate = (fill.faces[0].record.look.candidate + 1) % 3;
    assert_eq!(drawn(&first), [false, true], "the second search saw another first fill");
    let mut swapped = fill.clone();
    swapped.faces.reverse();
    assert_eq!(drawn(&swapped), [true, true]);
    let mut other_seed = fill.clone();
    Arc::make_mut(&mut other_seed.faces[1].record.outcome).settings.seed += 1;
    assert_eq!(drawn(&other_seed), [false, true]);
    let provenance = finish(&swapped, &photo()).provenance().unwrap().to_json();
    assert!(provenance.contains("countenance-recipe-4"), "{provenance}");
}

#[test]
fn one_face_has_the_record_of_a_single_fill() {
    let photo = photo();
    let record = fill_both(&photo).faces.swap_remove(0).record;
    let fill = PhotoFill::of_one_face(record.clone());
    let finished = finish(&fill, &photo);
    assert_eq!(finished.provenance(), Some(&Provenance::new(&photo, &record).unwrap()));
    assert!(finished.pixels == record.picture(&photo, ExportContent::Photo, None).unwrap());
    // With a part of its hole only, the rest of the hole stays as it is.
    let part = Mask::from_fn(64, 32, |x, y| (12..20).contains(&y) && (18..22).contains(&x));
    let faces = vec![FaceFill { record, part: part.clone(), search_input: None }];
    let finished = finish(&PhotoFill { hole: hole(), faces }, &photo);
    assert_eq!((finished.filled.clone(), finished.provenance().unwrap().fills.len()), (part, 1));
}
