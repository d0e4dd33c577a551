//! The record of how a fill was made, its replay, and the layer.

use std::fs;
use std::path::Path;
use std::process::Output;

use countenance::photo::{PngMetadata, encode_png, read_png_text};
use image::DynamicImage;

use super::{assert_code, countenance, folder_with_photo, mask, run_fill_command, stderr_text, tiny_model};

/// Runs `countenance replay` in a folder, with the tiny model.
fn run_replay_command(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = countenance();
    command.current_dir(folder).arg("replay").args(arguments).arg("--model").arg(tiny_model()).output().unwrap()
}

fn stdout_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_fill_can_be_replayed() {
    let folder = folder_with_photo();
    let path = |name: &str| folder.path().join(name);
    assert_code(&run_fill_command(folder.path(), &["photo.png", "--mask", "mask.png", "--out", "filled.png"]), 0);
    fs::remove_file(path("mask.png")).unwrap();
    let output = run_replay_command(folder.path(), &["filled.png", "photo.png", "--out", "again.png"]);
    assert_code(&output, 0);
    assert_eq!(stdout_text(&output), "filled.png: the same, bit for bit\n");
    assert_eq!(fs::read(path("again.png")).unwrap(), fs::read(path("filled.png")).unwrap());

    let output = run_replay_command(folder.path(), &["filled.png", "photo.png", "--out", "again.png"]);
    assert_code(&output, 2);
    assert!(stderr_text(&output).contains("--force"), "{}", stderr_text(&output));

    let record = read_png_text(&fs::read(path("filled.png")).unwrap(), "countenance").unwrap().unwrap();
    let mut pixels = image::open(path("filled.png")).unwrap().to_rgb8();
    pixels.get_pixel_mut(1, 1).0[1] ^= 4;
    let metadata = PngMetadata { texts: vec![("countenance", record)], ..PngMetadata::default() };
    fs::write(path("retouched.png"), encode_png(&pixels.into(), &metadata).unwrap()).unwrap();
    let output = run_replay_command(folder.path(), &["retouched.png", "photo.png"]);
    assert_code(&output, 1);
    assert_eq!(stdout_text(&output), "retouched.png: not the same: 1 of 576 pixels differ, by at most 4 of 255\n");
}

#[test]
fn a_file_without_record_cannot_be_replayed() {
    let folder = folder_with_photo();
    let arguments = ["photo.png", "--mask", "mask.png", "--out", "filled.png", "--layer", "layer.png", "--no-record"];
    assert_code(&run_fill_command(folder.path(), &arguments), 0);
    for name in ["filled.png", "layer.png"] {
        let bytes = fs::read(folder.path().join(name)).unwrap();
        for kind in [b"iTXt", b"tEXt", b"zTXt", b"eXIf"] {
            assert!(!bytes.windows(4).any(|window| window == kind), "{name}");
        }
        let output = run_replay_command(folder.path(), &[name, "photo.png"]);
        assert_code(&output, 1);
        assert!(stderr_text(&output).contains("exported without a record"), "{}", stderr_text(&output));
    }
}

#[test]
fn the_layer_over_the_photo_is_the_fill() {
    let folder = folder_with_photo();
    let arguments = ["photo.png", "--mask", "mask.png", "--out", "filled.png", "--layer", "layer.png"];
    assert_code(&run_fill_command(folder.path(), &arguments), 0);
    let open = |name: &str| image::open(folder.path().join(name)).unwrap();
    let DynamicImage::ImageRgba8(layer) = open("layer.png") else { panic!("no RGBA") };
    let (filled, hole) = (open("filled.png").to_rgba8(), mask(24, 24));
    for (x, y, pixel) in layer.enumerate_pixels() {
        let expected = if hole.get_pixel(x, y).0 == [255] { filled.get_pixel(x, y).0 } else { [0; 4] };
        assert_eq!(pixel.0, expected, "({x}, {y})");
    }
    let output = run_replay_command(folder.path(), &["layer.png", "photo.png"]);
    assert_code(&output, 0);
    assert_eq!(stdout_text(&output), "layer.png: the same, bit for bit\n");
}
