//! Photos with several faces, found by the detector and filled by the fake search.

use image::{GenericImage as _, imageops};

use super::*;
use crate::photo::{DecodeLimits, open};

/// The photo: a portrait on the left, and one on the right whose face is larger.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 340;
/// Rectangles `[x, y, width, height]` over the mouth of each face, and one beside both.
const LEFT_MOUTH: [u32; 4] = [128, 94, 28, 14];
const RIGHT_MOUTH: [u32; 4] = [488, 108, 36, 16];
const BESIDE: [u32; 4] = [300, 4, 40, 6];

/// A folder with `group.png`.
fn group_folder() -> FillTestFolder {
    let folder = FillTestFolder::new();
    let mut group = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([110, 120, 100]));
    for (name, side, x) in [("astronaut.png", 320, 0), ("grace_hopper.jpg", 220, 390)] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples").join(name);
        let portrait = open(&path, DecodeLimits::default()).unwrap().pixels.to_rgb8();
        let portrait = imageops::thumbnail(&portrait, side, side);
        group.copy_from(&portrait, x, 10).unwrap();
    }
    group.save(folder.path("group.png")).unwrap();
    folder
}

fn contains([x0, y0, width, height]: [u32; 4], x: u32, y: u32) -> bool {
    (x0..x0 + width).contains(&x) && (y0..y0 + height).contains(&y)
}

fn save_rects(folder: &FillTestFolder, rects: &[[u32; 4]]) {
    let mask = Mask::from_fn(WIDTH, HEIGHT, |x, y| rects.iter().any(|rect| contains(*rect, x, y)));
    save_mask(&folder.path("mask.png"), &mask, Overwrite::Allow).unwrap();
}

/// How many percent of a rectangle differ between photo and fill.
fn filled_percent(folder: &FillTestFolder, rect: [u32; 4]) -> usize {
    let (before, after) = (folder.pixels("group.png"), folder.pixels("out.png"));
    let pixels = || before.enumerate_pixels().filter(|(x, y, _)| contains(rect, *x, *y));
    100 * pixels().filter(|(x, y, pixel)| after.get_pixel(*x, *y) != *pixel).count() / pixels().count()
}

fn fill(folder: &FillTestFolder, options: &str) -> fake_backend::FillTestRun {
    let line = format!(
        "DIR/group.png --mask DIR/mask.png --out DIR/out.png --blend none --detail 0 --steps 2 --force {options}"
    );
    folder.fill(&mut FakeBackend::default(), &line).unwrap()
}

#[test]
fn every_face_under_the_mask_is_filled() {
    let folder = group_folder();
    save_rects(&folder, &[LEFT_MOUTH, RIGHT_MOUTH]);
    let run = fill(&folder, "--face auto --layer DIR/layer.png --gif DIR/a.gif --log DIR/a.csv --frames DIR/frames");
    assert_eq!(run.status, CommandStatus::Success, "{}", run.messages);
    insta::assert_snapshot!(run.messages, @r"
    DIR/group.png: 2 faces found: filling numbers 1 and 2
    note: fake device notice
    note: fake model note
    DIR/group.png, face 1: 2 steps in 1.5 s on Fake device, total loss 1.5000 → 1.0000
    DIR/group.png, face 2: 2 steps in 1.5 s on Fake device, total loss 1.5000 → 1.0000
    DIR/group.png → DIR/out.png: 2 of 2 faces filled
    ");
    let (before, after) = (folder.pixels("group.png"), folder.pixels("out.png"));
    let layer = image::open(folder.path("layer.png")).unwrap().to_rgba8();
    for (x, y, pixel) in after.enumerate_pixels() {
        let is_hole = contains(LEFT_MOUTH, x, y) || contains(RIGHT_MOUTH, x, y);
        assert_eq!(*pixel, if is_hole { Rgb([255; 3]) } else { *before.get_pixel(x, y) }, "{x}, {y}");
        assert_eq!(layer.get_pixel(x, y).0, if is_hole { [255; 4] } else { [0; 4] }, "{x}, {y}");
    }
    assert_eq!(folder.files("frames"), ["face2", "frame-00001.png", "frame-00002.png"]);
    assert_eq!(folder.pixels("frames/face2/frame-00002.png"), after);
    for name in ["a.gif", "a-face2.gif", "a.csv", "a-face2.csv"] {
        assert!(folder.path(name).is_file(), "{name}");
    }
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    let photo = &report["photos"][0];
    assert_eq!((photo["unfilled_share"].as_f64(), &photo["frame"]), (Some(0.0), &photo["fills"][0]["frame"]));
    let face = |index: usize| (photo["fills"][index]["face"].as_u64(), photo["fills"][index]["hole_share"].as_f64());
    assert_eq!((face(0), face(1)), ((Some(1), Some(576.0 / 968.0)), (Some(2), Some(392.0 / 968.0))));
    let record = Provenance::read(&std::fs::read(folder.path("out.png")).unwrap()).unwrap();
    assert_eq!((record.hole().unwrap().hole_count(), record.fills.len()), (968, 2));
    assert_eq!(record.part(&record.fills[1]).unwrap().hole_count(), 392);
}

#[test]
fn the_face_under_the_hole_is_filled() {
    let folder = group_folder();
    save_rects(&folder, &[LEFT_MOUTH]);
    let run = fill(&folder, "--face auto");
    assert_eq!((run.status, filled_percent(&folder, LEFT_MOUTH)), (CommandStatus::Success, 100), "{}", run.messages);
    assert!(run.messages.contains("2 faces found: filling number 2 (choose"), "{}", run.messages);
}

#[test]
fn what_stays_unfilled_is_said() {
    let folder = group_folder();
    save_rects(&folder, &[LEFT_MOUTH, BESIDE]);
    let run = fill(&folder, "--face auto");
    assert_eq!(run.status, CommandStatus::SomeFailed);
    assert_eq!([LEFT_MOUTH, BESIDE].map(|rect| filled_percent(&folder, rect)), [100, 0]);
    insta::assert_snapshot!(run.messages.lines().last().unwrap(), @"warning: DIR/group.png: 38 % of the hole lies outside every face frame that was found and stayed as before: to fill it too, run again with --frame and a mask of that part only");
    let report: serde_json::Value = serde_json::from_str(&run.report).unwrap();
    let photo = &report["photos"][0];
    assert_eq!(
        (photo["unfilled_share"].as_f64(), photo["warnings"].as_array().unwrap().len()),
        (Some(240.0 / 632.0), 1)
    );
    assert!(photo["error"].is_null() && photo["out"].is_string());
}

#[test]
fn a_chosen_face_is_the_only_one() {
    let folder = group_folder();
    save_rects(&folder, &[LEFT_MOUTH, RIGHT_MOUTH]);
    let run = fill(&folder, "--face 2");
    assert_eq!([LEFT_MOUTH, RIGHT_MOUTH].map(|rect| filled_percent(&folder, rect)), [100, 0], "{}", run.messages);
    insta::assert_snapshot!(run.messages.lines().last().unwrap(), @"warning: DIR/group.png: 60 % of the hole lies outside the face frame and stayed as before: leave --face and --frame out to fill every face under the hole");
    save_rects(&folder, &[BESIDE]);
    let run = fill(&folder, "--face auto");
    insta::assert_snapshot!(run.messages, @"error: DIR/group.png: the hole lies in none of the 2 faces found: place the face frame over it with --frame");
}

#[test]
fn a_few_stray_pixels_are_no_failure() {
    let folder = group_folder();
    save_rects(&folder, &[LEFT_MOUTH, [300, 4, 2, 1]]);
    let run = fill(&folder, "--face auto");
    assert_eq!(run.status, CommandStatus::Success);
    assert!(run.messages.contains("warning: DIR/group.png: 2 pixels of the hole lie outside"), "{}", run.messages);
}
