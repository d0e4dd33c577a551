//! Fills saved as JPEG, TIFF and WebP.

use image::{DynamicImage, Rgba, RgbaImage};

use super::*;
use crate::photo::{DecodeLimits, decode};

#[test]
fn the_extension_decides_the_format() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let mut messages = String::new();
    for name in ["out.png", "out.tif", "out.webp", "out.jpg"] {
        let line = format!("DIR/ann.png --mask center --blend none --steps 1 --out DIR/{name}");
        let run = folder.fill(&mut FakeBackend::default(), &line).unwrap();
        assert_eq!(run.status, CommandStatus::Success);
        messages.extend(run.messages.lines().filter(|line| line.contains("DIR/out")).map(|line| format!("{line}\n")));
        let again = folder.fill(&mut FakeBackend::default(), &line).err().unwrap().to_string();
        assert!(again.ends_with("already exists: choose another name, or add --force"), "{again}");
    }
    insta::assert_snapshot!(messages, @r"
    DIR/ann.png → DIR/out.png: 1 step in 1.5 s on Fake device, total loss 1.5000 → 1.5000
    note: DIR/out.tif: TIFF: every pixel outside the fill is exactly the photo's
    note: DIR/out.tif: Only a PNG keeps the record that `countenance replay` needs
    DIR/ann.png → DIR/out.tif: 1 step in 1.5 s on Fake device, total loss 1.5000 → 1.5000
    note: DIR/out.webp: WebP: every pixel outside the fill is exactly the photo's
    note: DIR/out.webp: Only a PNG keeps the record that `countenance replay` needs
    DIR/ann.png → DIR/out.webp: 1 step in 1.5 s on Fake device, total loss 1.5000 → 1.5000
    note: DIR/out.jpg: JPEG: pixels outside the fill differ by 0.7 levels on average, at most 3
    note: DIR/out.jpg: Only a PNG keeps the record that `countenance replay` needs
    DIR/ann.png → DIR/out.jpg: 1 step in 1.5 s on Fake device, total loss 1.5000 → 1.5000
    ");
    let read = |name: &str| decode(&std::fs::read(folder.path(name)).unwrap(), DecodeLimits::default()).unwrap().pixels;
    assert!(read("out.tif") == read("out.png") && read("out.webp") == read("out.png"));
    assert!(read("out.jpg") != read("out.png"));
    assert!(std::fs::read(folder.path("out.jpg")).unwrap().starts_with(b"\xFF\xD8"));
}

#[test]
fn quality_decides_the_size_of_a_jpeg() {
    let folder = FillTestFolder::new();
    folder.add_photo("ann.png");
    let size = |quality: &str| {
        let line = format!("DIR/ann.png --mask center --steps 1 --force --out DIR/out.jpg {quality}");
        folder.fill(&mut FakeBackend::default(), &line).unwrap();
        std::fs::metadata(folder.path("out.jpg")).unwrap().len()
    };
    assert!(size("--quality 20") < size(""));
    assert_eq!(size("--quality 92"), size(""));
    for quality in ["0", "101", "high"] {
        let line = format!("DIR/ann.png --mask center --out DIR/new.jpg --quality {quality}");
        assert!(folder.fill(&mut FakeBackend::default(), &line).is_err(), "{quality}");
    }
}

#[test]
fn a_transparent_photo_is_no_jpeg() {
    let folder = FillTestFolder::new();
    let cut_out = |transparent: (u32, u32)| {
        let mut pixels = RgbaImage::from_pixel(SIDE_PX, SIDE_PX, Rgba([90, 80, 70, 255]));
        pixels.get_pixel_mut(transparent.0, transparent.1).0[3] = 10;
        DynamicImage::from(pixels).save(folder.path("cut.png")).unwrap();
    };
    let fill = |backend: &mut FakeBackend, name: &str| {
        folder.fill(backend, &format!("DIR/cut.png --mask center --steps 1 --out DIR/{name}")).unwrap()
    };
    cut_out((0, 0));
    let mut backend = FakeBackend::default();
    let run = fill(&mut backend, "out.jpg");
    insta::assert_snapshot!(run.messages, @"error: DIR/cut.png: a JPEG cannot hold transparency: choose .png, .tif or .webp");
    assert_eq!((run.status, backend.searches, folder.path("out.jpg").exists()), (CommandStatus::SomeFailed, 0, false));
    assert_eq!(fill(&mut backend, "out.webp").status, CommandStatus::Success);
    let saved = decode(&std::fs::read(folder.path("out.webp")).unwrap(), DecodeLimits::default()).unwrap();
    assert_eq!(saved.pixels.to_rgba8().get_pixel(0, 0).0, [90, 80, 70, 10]);
    // Transparency that the fill replaces does no harm.
    cut_out((SIDE_PX / 2, SIDE_PX / 2));
    assert_eq!(fill(&mut backend, "out.jpg").status, CommandStatus::Success);
}
